"""Who may ask: clients, hosts, origins."""

from ipaddress import ip_address, ip_network

import pytest

from addon.access import (
    ALLOW_HEADERS,
    ALLOW_METHODS,
    DEFAULT_ORIGINS,
    Admission,
    Asked,
    admission,
    client_allowed,
    cors,
    host_kind,
    origins_from,
)
from addon.machine import Address

LOOPBACK = (ip_network("127.0.0.0/8"), ip_network("::1/128"))
HOST = "127.0.0.1:11434"
GOOD = "http://localhost:3000"
EVIL = "http://evil.com"


def is_own(address: Address) -> bool:
    """A made-up machine with one public address of each family."""
    return address in {ip_address("203.0.113.9"), ip_address("2001:db8::9")}


def asked(method: str = "GET", origin: str = "", host: str = HOST, known: tuple[str, ...] = ("HEAD", "GET")) -> Asked:
    return Asked(method, origin, host, known)


def admit(request: Asked, *, guarded: bool = True) -> Admission:
    return admission(request, DEFAULT_ORIGINS, guarded=guarded, hostname="MyBox", is_own=is_own)


@pytest.mark.parametrize("peer", ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"])
def test_clients_on_this_machine_may_ask_by_default(peer: str) -> None:
    assert client_allowed(peer, LOOPBACK)


@pytest.mark.parametrize("peer", ["192.168.1.7", "::ffff:192.168.1.7", "fe80::1%eth0", "203.0.113.1", "", "nobody"])
def test_other_clients_may_not_ask_by_default(peer: str) -> None:
    assert not client_allowed(peer, LOOPBACK)


@pytest.mark.parametrize(
    ("peer", "network"),
    [
        ("192.168.1.7", "192.168.1.0/24"),
        ("::ffff:192.168.1.7", "192.168.1.0/24"),
        ("fe80::1%eth0", "fe80::/10"),
        ("203.0.113.1", "0.0.0.0/0"),
        ("2001:db8::1", "::/0"),
    ],
)
def test_clients_of_an_allowed_network_may_ask(peer: str, network: str) -> None:
    assert client_allowed(peer, [*LOOPBACK, ip_network(network)])


@pytest.mark.parametrize(
    ("host", "kind"),
    [
        *((host, "name") for host in ("", "localhost", "LOCALHOST:11434", "mybox", "MYBOX:1", "localhost:")),
        *((host, "name") for host in ("x.localhost", "foo.local", "a.internal:99", "A.B.LOCAL")),
        *((host, "address") for host in ("127.0.0.1", "127.1.2.3:11434", "[::1]:11434", "::1", "0.0.0.0", "[::]:1")),
        *((host, "address") for host in ("192.168.1.5:11434", "10.1.1.1", "172.31.0.1", "[fd00::1]:11434")),
        *((host, "address") for host in ("[::ffff:127.0.0.1]:1", "203.0.113.9:11434", "[2001:db8::9]:11434")),
        *((host, "foreign") for host in ("evil.com", "evil.com:11434", "localhost.", "localhost.evil.com", "local")),
        *(
            (host, "foreign")
            for host in ("8.8.8.8", "172.32.0.1", "169.254.169.254", "[2001:db8::1]:11434", "mybox.org")
        ),
        *((host, "foreign") for host in ("[::1]", "[localhost]x:1", "a:b:c", "internal:11434", "notlocalhost")),
    ],
)
def test_a_host_header_names_this_machine_its_network_or_something_foreign(host: str, kind: str) -> None:
    assert host_kind(host, "MyBox", is_own) == kind


@pytest.mark.parametrize("method", ["GET", "POST", "HEAD"])
def test_a_foreign_host_is_403_on_a_loopback_listener_only(method: str) -> None:
    request = asked(method, host="evil.com", known=())
    assert admit(request) == Admission(403, ())
    assert admit(request, guarded=False) == Admission(None, ())


def test_a_foreign_host_is_403_even_for_an_allowed_origin() -> None:
    answer = admit(asked(origin=GOOD, host="evil.com"))
    assert answer == Admission(403, (("Access-Control-Allow-Origin", GOOD), ("Vary", "Origin")))


def test_options_without_origin_is_204_for_a_name_and_goes_on_for_an_address() -> None:
    assert admit(asked("OPTIONS", host="localhost:11434")) == Admission(204, (("Allow", "HEAD, GET"),))
    assert admit(asked("OPTIONS", host="localhost:11434", known=())) == Admission(204, ())
    assert admit(asked("OPTIONS", host="127.0.0.1:11434")) == Admission(None, ())


def test_options_without_origin_goes_on_where_hosts_are_not_guarded() -> None:
    assert admit(asked("OPTIONS", host="localhost:11434"), guarded=False) == Admission(None, ())


def test_options_to_a_foreign_host_is_403_that_lists_the_methods() -> None:
    assert admit(asked("OPTIONS", host="evil.com")) == Admission(403, (("Allow", "HEAD, GET"),))


@pytest.mark.parametrize(
    "origin",
    [
        *(
            f"{s}://{h}{p}"
            for s in ("http", "https")
            for h in ("localhost", "127.0.0.1", "0.0.0.0")
            for p in ("", ":81")
        ),
        *("app://obsidian.md", "file://", "tauri://localhost", "vscode-webview://abc", "vscode-file://vscode-app"),
    ],
)
def test_an_allowed_origin_is_named_in_the_answer(origin: str) -> None:
    expected = Admission(None, (("Access-Control-Allow-Origin", origin), ("Vary", "Origin")))
    assert cors(asked(origin=origin), DEFAULT_ORIGINS) == expected


@pytest.mark.parametrize(
    "origin",
    [
        *(EVIL, "null", "chrome-extension://abcdef", "moz-extension://abcdef", "http://[::1]:3000"),
        *("http://localhost.evil.com", "http://LOCALHOST:3000", "http://192.168.1.5", "ws://localhost", "localhost"),
    ],
)
@pytest.mark.parametrize("method", ["GET", "OPTIONS"])
def test_any_other_origin_is_403_on_every_path_and_listener(origin: str, method: str) -> None:
    for guarded in (True, False):
        assert admit(asked(method, origin, known=()), guarded=guarded) == Admission(403, ())


def test_a_refused_origin_learns_the_methods_when_it_asked_for_another() -> None:
    assert cors(asked("OPTIONS", EVIL), DEFAULT_ORIGINS) == Admission(403, (("Allow", "HEAD, GET"),))
    assert cors(asked("POST", EVIL), DEFAULT_ORIGINS) == Admission(403, (("Allow", "HEAD, GET"),))
    assert cors(asked("GET", EVIL), DEFAULT_ORIGINS) == Admission(403, ())


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_page_of_this_server_is_not_cross_origin(scheme: str) -> None:
    for host in ("192.168.1.5:11434", "evil.com"):
        assert cors(asked(origin=f"{scheme}://{host}", host=host), DEFAULT_ORIGINS) == Admission(None, ())


def test_a_page_that_had_its_name_point_here_is_stopped_by_its_host() -> None:
    assert admit(asked("POST", "http://evil.com:11434", "evil.com:11434", ("POST",))) == Admission(403, ())


def test_a_preflight_is_204_with_everything_a_browser_asks() -> None:
    assert cors(asked("OPTIONS", GOOD, known=("POST",)), DEFAULT_ORIGINS) == Admission(
        204,
        (
            ("Access-Control-Allow-Headers", ALLOW_HEADERS),
            ("Access-Control-Allow-Methods", ALLOW_METHODS),
            ("Access-Control-Allow-Origin", GOOD),
            ("Access-Control-Max-Age", "43200"),
            ("Allow", "POST"),
            ("Vary", "Origin"),
            ("Vary", "Access-Control-Request-Method"),
            ("Vary", "Access-Control-Request-Headers"),
        ),
    )


def test_a_preflight_for_an_unknown_path_is_204_without_allow() -> None:
    answer = cors(asked("OPTIONS", GOOD, known=()), DEFAULT_ORIGINS)
    assert answer.status == 204
    assert "Allow" not in dict(answer.headers)


def test_with_all_origins_allowed_the_answer_names_none() -> None:
    everyone = origins_from(["*"])
    assert cors(asked(origin=EVIL), everyone) == Admission(None, (("Access-Control-Allow-Origin", "*"),))
    preflight = cors(asked("OPTIONS", EVIL), everyone)
    assert preflight.status == 204
    assert ("Access-Control-Allow-Origin", "*") in preflight.headers
    assert "Vary" not in dict(preflight.headers)


@pytest.mark.parametrize(
    ("entry", "origin", "allowed"),
    [
        ("http://my.site", "http://my.site", True),
        ("http://My.Site", "http://my.site", True),
        ("http://my.site", "http://my.site:80", False),
        ("chrome-extension://*", "chrome-extension://abc", True),
        ("http://*.my.site", "http://a.my.site", True),
        ("http://*.my.site", "http://my.site", False),
        ("*://my.site", "https://my.site", True),
        ("http://my.site:*", "http://my.site:1", True),
        ("http://my.site:*", "http://my.site", False),
    ],
)
def test_origins_are_added_to_those_that_ollama_allows(entry: str, origin: str, allowed: bool) -> None:
    origins = origins_from([entry])
    assert (cors(asked(origin=origin), origins).status is None) is allowed
    assert cors(asked(origin=GOOD), origins).status is None


@pytest.mark.parametrize("entry", ["my.site", "http://*.my.*", "http://my.site/", "https://my.site/page", "http://*/x"])
def test_an_origin_that_no_browser_sends_is_refused_with_what_to_give(entry: str) -> None:
    with pytest.raises(ValueError, match="give scheme://host or scheme://host:port"):
        origins_from(["http://fine.site", entry])
