"""The listener on the Ollama port: when it is added, and what is said when the port is taken."""

import errno
import socket
import threading
from contextlib import AbstractContextManager
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler

import pytest
from mitmproxy.proxy.mode_specs import ProxyMode

from addon import own_port
from tests.http_server import http_server
from tests.in_process import running_proxy
from tests.process import LOOPBACK, free_port

LISTEN = (LOOPBACK, 11434)


def has_ipv6() -> bool:
    try:
        with socket.create_server(("::1", 0), family=socket.AF_INET6):
            return True
    except OSError:
        return False


needs_ipv6 = pytest.mark.skipif(not has_ipv6(), reason="this machine has no ::1, as many containers")


def test_the_untouched_default_mode_gets_a_listener_on_the_ollama_port() -> None:
    assert own_port.extra_mode(["regular"], True, LISTEN, [("0.0.0.0", 8080)]) == "regular@127.0.0.1:11434"


def test_no_listener_is_added_when_modes_were_given() -> None:
    assert own_port.extra_mode(["regular@127.0.0.1:8080"], True, LISTEN, []) is None
    assert own_port.extra_mode(["regular", "socks5"], True, LISTEN, []) is None


def test_no_listener_is_added_when_mitmproxy_serves_nobody() -> None:
    assert own_port.extra_mode(["regular"], False, LISTEN, []) is None


def test_no_listener_is_added_when_one_of_ours_has_the_port() -> None:
    assert own_port.extra_mode(["regular"], True, LISTEN, [("0.0.0.0", 11434)]) is None


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "[::1]", "localhost", "0.0.0.0", "::"])
def test_the_mode_says_to_mitmproxy_what_was_meant(host: str) -> None:
    mode = ProxyMode.parse(own_port.mode_spec(host, 11434))
    assert mode.listen_host() == host.strip("[]")
    assert mode.listen_port() == 11434


@needs_ipv6
def test_mitmproxy_listens_where_the_mode_says() -> None:
    with running_proxy(mode=own_port.mode_spec("[::1]", 0)) as proxy:
        [address] = proxy.call(proxy.master.addons.get("proxyserver").listen_addrs)
        assert address[0] == "::1"


@pytest.mark.parametrize(
    "host",
    [
        "",
        "127.0.0.1",
        "localhost",
        "0.0.0.0",
        *(pytest.param(host, marks=needs_ipv6) for host in ("::1", "[::1]", "::")),
    ],
)
def test_a_free_port_is_found_free_and_left_free(host: str) -> None:
    port = free_port()
    assert own_port.probe(host, port) is None
    assert own_port.probe(host, port) is None


def test_a_port_whose_connections_are_still_closing_is_free() -> None:
    with socket.create_server((LOOPBACK, 0)) as server:
        port = server.getsockname()[1]
        with socket.create_connection((LOOPBACK, port)) as client:
            accepted, _ = server.accept()
            accepted.close()  # the side that closes first waits
            assert client.recv(1) == b""
    assert own_port.probe(LOOPBACK, port) is None


def program(answers: dict[str, tuple[int, bytes]]) -> AbstractContextManager[int]:
    """A program that has a port, and answers GET so."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, body = answers.get(self.path, (404, b"404 page not found"))
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    return http_server(Handler)


VERSION = {"/api/version": (200, b'{"version":"0.12.3"}')}


@pytest.mark.parametrize(
    ("answers", "owner"),
    [
        (VERSION, "a real Ollama 0.12.3"),
        (VERSION | {"/health": (200, b'{"status":"healthy","version":"1"}')}, "another ollama-openai-proxy"),
        ({"/health": (200, b'{"status":"ok"}')}, "another program"),
        ({"/api/version": (500, b'{"version":"0.12.3"}')}, "another program"),
        ({"/api/version": (200, b'{"version":["x"]}')}, "another program"),
        ({"/api/version": (200, b'{"version":"x\\n\\u001b[31m"}')}, "another program"),
        ({"/api/version": (200, b"[" * 100_000)}, "another program"),
        ({"/api/version": (200, b'["version"]')}, "another program"),
        ({"/api/version": (200, b"\xff\xfe")}, "another program"),
        ({}, "another program"),
    ],
)
def test_a_taken_port_is_one_sentence_that_names_the_owner_and_what_to_do(
    answers: dict[str, tuple[int, bytes]], owner: str
) -> None:
    with program(answers) as port:
        sentence = own_port.probe(LOOPBACK, port)
    assert sentence is not None
    assert sentence.startswith(f"Cannot listen on 127.0.0.1:{port}: {owner} has that port.")
    assert "Stop it, or choose another port with --set ollama_port=PORT or PROXY_PORT" in sentence


@pytest.mark.parametrize(
    ("host", "asked"), [("", "127.0.0.1"), ("0.0.0.0", "127.0.0.1"), ("::", "::1"), ("127.0.0.2", "127.0.0.2")]
)
def test_the_owner_of_a_port_on_all_addresses_is_asked_on_loopback(
    monkeypatch: pytest.MonkeyPatch, host: str, asked: str
) -> None:
    hosts: list[str] = []

    class Recorded(HTTPConnection):  # Linux would connect to 0.0.0.0 as well; Windows does not
        def connect(self) -> None:
            hosts.append(self.host)
            raise ConnectionRefusedError

    monkeypatch.setattr(own_port, "HTTPConnection", Recorded)
    assert own_port.owner_of(host, 11434) == "another program"
    assert hosts == [asked]


def test_an_owner_that_does_not_speak_http_is_another_program() -> None:
    def greet(server: socket.socket) -> None:
        connection, _ = server.accept()
        with connection:
            connection.sendall(b"SSH-2.0-OpenSSH\r\n")
            connection.recv(1000)

    with socket.create_server((LOOPBACK, 0)) as server:
        thread = threading.Thread(target=greet, args=(server,))
        thread.start()
        assert own_port.owner_of(LOOPBACK, server.getsockname()[1]) == "another program"
        thread.join()


def test_all_addresses_are_shown_as_a_star() -> None:
    with program(VERSION) as port:
        sentence = own_port.probe("", port)
    assert sentence is not None
    assert sentence.startswith(f"Cannot listen on *:{port}: a real Ollama 0.12.3 has that port.")


@needs_ipv6
def test_a_port_that_is_taken_on_ipv4_only_is_free_on_all_ipv6_addresses() -> None:
    with socket.create_server((LOOPBACK, 0)) as server:
        assert own_port.probe("::", server.getsockname()[1]) is None


def test_an_owner_that_says_nothing_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(own_port, "OWNER_SECONDS", 0.05)
    with socket.create_server((LOOPBACK, 0)) as silent:
        sentence = own_port.probe(LOOPBACK, silent.getsockname()[1])
    assert sentence is not None
    assert "another program has that port" in sentence


@needs_ipv6
def test_an_owner_on_ipv6_is_found_and_shown_in_brackets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(own_port, "OWNER_SECONDS", 0.05)
    with socket.create_server(("::1", 0), family=socket.AF_INET6) as server:
        port = server.getsockname()[1]
        sentence = own_port.probe("::1", port)
    assert sentence is not None
    assert f"Cannot listen on [::1]:{port}: another program" in sentence


def test_an_address_of_another_machine_is_named_with_the_system_s_reason() -> None:
    sentence = own_port.probe("203.0.113.9", 11434)
    assert sentence is not None
    assert sentence.startswith("Cannot listen on 203.0.113.9:11434: ")
    assert "--set ollama_port=PORT" in sentence


def test_a_localhost_that_does_not_resolve_is_a_sentence_too(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    sentence = own_port.probe("localhost", 11434)
    assert sentence is not None
    assert sentence.startswith("Cannot listen on localhost:11434: Name or service not known; choose another port")


def test_localhost_without_ipv6_is_free_when_ipv4_is(monkeypatch: pytest.MonkeyPatch) -> None:
    port = free_port()
    bound: list[object] = []

    class OnlyIPv4(socket.socket):
        def bind(self, address: object) -> None:
            if self.family == socket.AF_INET6:
                raise OSError(errno.EADDRNOTAVAIL, "Cannot assign requested address")
            bound.append(address)

    monkeypatch.setattr(socket, "socket", OnlyIPv4)
    monkeypatch.setattr(
        socket,
        "getaddrinfo",
        lambda *_, **__: [
            (socket.AF_INET6, socket.SOCK_STREAM, 6, "", ("::1", port, 0, 0)),
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", (LOOPBACK, port)),
        ],
    )
    assert own_port.probe("localhost", port) is None
    assert bound == [(LOOPBACK, port)]
