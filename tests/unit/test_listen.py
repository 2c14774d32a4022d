"""Which requests are ours."""

import http.client
import socket

import pytest
from mitmproxy import http as mitm
from mitmproxy.proxy.mode_specs import ProxyMode
from mitmproxy.test import tflow

from addon import listen
from addon.listen import Destination, Listener, Rules, Verdict
from addon.machine import plain_host
from tests.in_process import running_proxy
from tests.process import LOOPBACK

OWN = "0a1b"
OLLAMA = 11434
RULES = Rules(frozenset({OLLAMA}), frozenset(), OWN)
PROXY = Listener(LOOPBACK, 8080)
OLLAMA_LISTENER = Listener(LOOPBACK, OLLAMA)
CAPTURE = Listener("", None)


def is_here(host: str) -> bool:
    """A made-up machine."""
    return plain_host(host) in {"localhost", "127.0.0.1", "::1", "0.0.0.0", "mybox", "192.168.1.5"}


def decide(
    listener: Listener,
    host: str,
    port: int,
    *,
    name: str = "",
    path: str = "/api/chat",
    hosts: tuple[str, ...] = (),
    came_through: tuple[str, ...] = (),
) -> Verdict:
    rules = Rules(RULES.ports, frozenset(hosts), OWN)
    return listen.verdict(listener, Destination(host, name or host, port, path), came_through, rules, is_here)


@pytest.mark.parametrize(
    ("host", "port"), [("127.0.0.1", OLLAMA), ("evil.example", OLLAMA), ("api.openai.com", 443), ("127.0.0.1", 1)]
)
def test_what_comes_in_on_the_ollama_port_is_ours_wherever_it_goes(host: str, port: int) -> None:
    assert decide(OLLAMA_LISTENER, host, port) == "ours"


@pytest.mark.parametrize("listener", [PROXY, CAPTURE, Listener("", 8080)])
@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "[::1]", "0.0.0.0", "mybox", "MyBox.", "192.168.1.5"])
def test_on_another_listener_what_goes_to_the_ollama_port_of_this_machine_is_ours(
    listener: Listener, host: str
) -> None:
    assert decide(listener, host, OLLAMA) == "ours"


@pytest.mark.parametrize("listener", [PROXY, CAPTURE])
def test_on_another_listener_other_requests_pass(listener: Listener) -> None:
    assert decide(listener, "api.openai.com", 443) == "pass"
    assert decide(listener, "localhost", 3000) == "pass"
    assert decide(listener, "mybox", 80, hosts=("*",)) == "pass"


@pytest.mark.parametrize("hosts", [("gpu-box",), ("10.0.0.9", "gpu-box"), ("*",)])
def test_a_host_in_ollama_hosts_is_ours(hosts: tuple[str, ...]) -> None:
    assert decide(PROXY, "GPU-box.", OLLAMA, hosts=hosts) == "ours"
    assert decide(PROXY, "gpu-box", OLLAMA) == "foreign"


def test_an_address_in_ollama_hosts_is_ours_however_it_is_written() -> None:
    assert decide(PROXY, "[2001:DB8:0::7]", OLLAMA, hosts=("2001:db8::7",)) == "ours"


def test_a_captured_request_to_a_listed_name_is_ours_by_its_host_header() -> None:
    assert decide(CAPTURE, "10.0.0.9", OLLAMA, name="gpu-box", hosts=("gpu-box",)) == "ours"


def test_a_host_header_that_says_localhost_does_not_make_a_foreign_ollama_ours() -> None:
    assert decide(CAPTURE, "10.0.0.9", OLLAMA, name="localhost") == "foreign"


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "::1", "LOCALHOST.", "app.localhost", "0.0.0.0"])
def test_a_request_to_the_listener_itself_by_a_loopback_name_is_ours(host: str) -> None:
    assert decide(PROXY, host, 8080) == "ours"


@pytest.mark.parametrize("host", ["mybox", "192.168.1.5", "evil.example"])
def test_a_request_to_the_listener_itself_by_another_name_passes(host: str) -> None:
    assert decide(PROXY, host, 8080) == "pass"


def test_the_destination_of_a_captured_request_is_not_taken_for_the_listener() -> None:
    assert decide(CAPTURE, "localhost", 8080) == "pass"


@pytest.mark.parametrize(
    ("path", "expected"),
    [("/", "foreign"), ("/?x", "foreign"), ("/api/tags", "foreign"), ("/v1/models?a=b", "foreign")]
    + [(path, "pass") for path in ("/metrics", "/apis/x", "", "/api", "/index.html?/api/")],
)
def test_a_request_to_a_foreign_ollama_is_known_by_its_path(path: str, expected: Verdict) -> None:
    assert decide(PROXY, "gpu-box", OLLAMA, path=path) == expected


def test_the_sentence_about_a_foreign_ollama_names_the_host_and_the_option() -> None:
    sentence = listen.foreign_sentence(Destination("10.0.0.9", "gpu-box", OLLAMA, "/"))
    assert "'gpu-box:11434'" in sentence
    assert "--set ollama_hosts=gpu-box" in sentence


def test_the_ports_are_that_of_the_setting_and_that_of_the_listener() -> None:
    assert listen.ollama_ports(11434, ("127.0.0.1", 12000)) == {11434, 12000}
    assert listen.ollama_ports(11434, ("127.0.0.1", 11434)) == {11434}


def test_our_own_upstream_call_passes_another_listener_of_ours() -> None:
    assert decide(PROXY, "localhost", OLLAMA, came_through=(OWN,)) == "pass"
    assert decide(PROXY, "localhost", OLLAMA, came_through=("ffff", OWN)) == "pass"


def test_our_own_call_to_an_ollama_elsewhere_passes_without_a_word() -> None:
    assert decide(PROXY, "gpu-box", OLLAMA, came_through=(OWN,)) == "pass"


@pytest.mark.parametrize("came_through", [(OWN,), (OWN, "ffff"), ("ffff", OWN)])
def test_a_request_that_comes_back_to_the_ollama_port_is_a_loop(came_through: tuple[str, ...]) -> None:
    assert decide(OLLAMA_LISTENER, "127.0.0.1", OLLAMA, came_through=came_through) == "loop"


def test_a_request_that_comes_back_through_another_process_is_a_loop_on_any_listener() -> None:
    assert decide(PROXY, "localhost", OLLAMA, came_through=(OWN, "ffff")) == "loop"


def test_a_request_of_another_process_that_passes_us_on_its_way_out_is_no_loop() -> None:
    assert decide(PROXY, "api.openai.com", 443, came_through=(OWN, "ffff")) == "pass"


def test_a_request_of_another_process_is_ours_as_any_other() -> None:
    assert decide(OLLAMA_LISTENER, "127.0.0.1", OLLAMA, came_through=("ffff",)) == "ours"


def test_each_process_adds_its_own_token_last() -> None:
    assert listen.next_hops("", OWN) == OWN
    assert listen.next_hops("aa,  bb", OWN) == f"aa, bb, {OWN}"
    assert listen.hops(listen.next_hops("aa", OWN)) == ("aa", OWN)


def test_what_cannot_be_a_token_does_not_go_upstream() -> None:
    assert listen.next_hops(f'a b, "x", {"z" * 65}, ,\x7f, ok', OWN) == f"ok, {OWN}"


def test_tokens_are_tokens_and_differ() -> None:
    first, second = listen.new_token(), listen.new_token()
    assert first != second
    assert listen.hops(f"{first},{second}") == (first, second)


@pytest.mark.parametrize(
    ("mode", "listen_host", "expected"),
    [
        ("regular", "", Listener("", 4711)),
        ("regular", "10.0.0.1", Listener("10.0.0.1", 4711)),
        ("regular@127.0.0.1:0", "10.0.0.1", Listener("127.0.0.1", 4711)),
        ("regular@::1:8080", "", Listener("::1", 4711)),
        ("upstream:http://proxy:3128", "", Listener("", 4711)),
        ("reverse:http://gpu-box:11434@localhost:8080", "", Listener("localhost", 4711)),
        ("socks5", "", Listener("", 4711)),
        ("transparent", "", Listener("", None)),
        ("local", "", Listener("", None)),
        ("wireguard", "", Listener("", None)),
    ],
)
def test_a_listener_has_a_port_of_its_own_where_clients_connect_to_it(
    mode: str, listen_host: str, expected: Listener
) -> None:
    flow = tflow.tflow()
    flow.client_conn.proxy_mode = ProxyMode.parse(mode)
    flow.client_conn.sockname = ("127.0.0.1", 4711)
    assert listen.listener_of(flow, listen_host) == expected


@pytest.mark.parametrize(
    ("host", "expected"),
    [("127.0.0.1", True), ("::1", True), ("localhost", True), ("", False), ("0.0.0.0", False), ("192.168.1.5", False)],
)
def test_a_listener_is_on_loopback_when_only_this_machine_reaches_it(host: str, expected: bool) -> None:
    assert Listener(host, 1).on_loopback is expected


class Judge:
    """Answers each request with what was decided about it."""

    def __init__(self, *hosts: str) -> None:
        self.rules = Rules(frozenset(), frozenset(hosts), OWN)

    def request(self, flow: mitm.HTTPFlow) -> None:
        flow.response = mitm.Response.make(200, listen.verdict_of(flow, "", self.rules))


def ask(port: int, target: str, **headers: str) -> str:
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=30)
    try:
        connection.request("GET", target, headers=headers)
        return connection.getresponse().read().decode()
    finally:
        connection.close()


@pytest.mark.parametrize("mode", ["regular", "reverse:http://127.0.0.1:1"])
def test_through_a_proxy_its_own_port_decides_whatever_the_request_says(mode: str) -> None:
    judge = Judge()
    with running_proxy(judge, mode=f"{mode}@{LOOPBACK}:0", connection_strategy="lazy") as proxy:
        judge.rules = Rules(frozenset({proxy.port}), frozenset(), OWN)
        assert ask(proxy.port, "/api/tags", Host="evil.example") == "ours"
        assert ask(proxy.port, "/api/tags", **{listen.LOOP_HEADER: OWN}) == "loop"


def test_through_a_proxy_the_destination_decides_on_another_port() -> None:
    judge = Judge("gpu-box")
    with running_proxy(judge) as proxy:
        judge.rules = Rules(frozenset({OLLAMA}), judge.rules.hosts, OWN)
        assert ask(proxy.port, "http://localhost:11434/api/tags") == "ours"
        assert ask(proxy.port, "http://gpu-box:11434/api/tags") == "ours"
        assert ask(proxy.port, "http://gpu-box.example:11434/api/tags") == "foreign"
        assert ask(proxy.port, "http://example.com/api/tags") == "pass"
        assert ask(proxy.port, "/api/tags") == "ours"  # addressed to the listener itself
        assert ask(proxy.port, "http://localhost:11434/v1/models", **{listen.LOOP_HEADER: OWN}) == "pass"


def test_a_reverse_proxy_for_another_port_is_judged_by_its_target() -> None:
    judge = Judge()
    with running_proxy(
        judge, mode=f"reverse:http://127.0.0.1:{OLLAMA}@{LOOPBACK}:0", connection_strategy="lazy"
    ) as proxy:
        assert ask(proxy.port, "/api/tags") == "pass"
        judge.rules = RULES
        assert ask(proxy.port, "/api/tags") == "ours"


@pytest.mark.parametrize(
    ("base_url", "addresses"),
    [
        ("http://127.0.0.1:11434/v1", [("127.0.0.1", 11434)]),
        ("http://localhost:11434/v1", [("127.0.0.1", 11434)]),
        ("http://[::1]:11434", [("::1", 11434)]),
        ("http://127.0.0.1:8080", [("0.0.0.0", 8080), ("127.0.0.1", 11434)]),
        ("http://127.0.0.9:8080", [("0.0.0.0", 8080)]),
        ("http://0.0.0.0:11434", [("127.0.0.1", 11434)]),
        ("http://127.0.0.1", [("127.0.0.1", 80)]),
        ("https://127.0.0.1/v1", [("127.0.0.1", 443)]),
        ("http://[::ffff:127.0.0.1]:11434", [("127.0.0.1", 11434)]),
    ],
)
def test_a_base_url_that_leads_to_a_listener_of_ours_is_found(base_url: str, addresses: list[tuple[str, int]]) -> None:
    problem = listen.own_address(base_url, addresses)
    assert problem is not None
    assert repr(base_url) in problem
    assert "ollama_base_url (OPENAI_BASE_URL)" in problem


@pytest.mark.parametrize(
    ("base_url", "addresses"),
    [
        ("http://127.0.0.1:9100/v1", [("127.0.0.1", 11434)]),
        ("http://127.0.0.2:11434", [("127.0.0.1", 11434)]),
        ("http://203.0.113.9:11434", [("0.0.0.0", 11434), ("::", 11434)]),
        (f"http://{'x' * 64}.example:11434", [("127.0.0.1", 11434)]),
        ("http://127.0.0.1:11434", []),
        ("", [("127.0.0.1", 11434)]),
    ],
)
def test_a_base_url_that_leads_elsewhere_is_left_alone(base_url: str, addresses: list[tuple[str, int]]) -> None:
    assert listen.own_address(base_url, addresses) is None


def test_a_base_url_whose_host_does_not_resolve_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    assert not listen.is_self("http://no-such-host.invalid:11434", [("127.0.0.1", 11434)])


def test_no_name_is_resolved_when_no_listener_has_its_port(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("asked a name server")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    assert not listen.is_self("https://api.openai.com/v1", [("0.0.0.0", 8080), ("127.0.0.1", 11434)])


def test_a_wildcard_listener_is_told_of() -> None:
    sentence = listen.wildcard_sentence([("0.0.0.0", 8080), ("::", 8080), ("127.0.0.1", 11434), ("::", 9)])
    assert sentence is not None
    assert "port 9, 8080)" in sentence
    assert "--listen-host 127.0.0.1" in sentence
    assert listen.wildcard_sentence([("127.0.0.1", 8080), ("::1", 11434)]) is None
