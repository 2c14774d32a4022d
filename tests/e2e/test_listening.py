"""Which requests are answered, through real listeners: direct, proxied, tunnelled, foreign, from elsewhere."""

import http.server
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.http_server import http_server
from tests.process import KEY, LOOPBACK, Process, free_port, start
from tests.upstream import Upstream
from tests.wire import ask


class Foreign(http.server.BaseHTTPRequestHandler):
    """Some other server, whose traffic is none of our business."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "7")
        self.end_headers()
        self.wfile.write(b"foreign")

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""


@contextmanager
def proxying(upstream: Upstream, home: Path, *arguments: str, **variables: str) -> Iterator[tuple[Process, int]]:
    """A mitmdump whose only listener is not on the Ollama port; the process, and that port."""
    own, ollama = free_port(), free_port()
    settings = {"OPENAI_BASE_URL": upstream.base_url, "OPENAI_API_KEY": KEY, "PROXY_PORT": str(ollama), **variables}
    process = start(["--mode", f"regular@{LOOPBACK}:{own}", *arguments], home, settings, port=own)
    try:
        process.wait_for("listening at")
        yield process, ollama
    finally:
        process.stop()


def test_through_a_proxy_only_the_ollama_port_of_this_machine_is_answered(upstream: Upstream, tmp_path: Path) -> None:
    with (
        http_server(Foreign) as foreign,
        proxying(upstream, tmp_path) as (process, ollama),
        httpx.Client(proxy=process.url, trust_env=False) as client,
    ):
        for host in ("localhost", LOOPBACK):
            assert client.get(f"http://{host}:{ollama}/").text == "Ollama is running"
        assert client.get(f"http://{LOOPBACK}:{foreign}/api/tags").text == "foreign"
        assert ask(process.port, "GET", "/").body == b"Ollama is running"  # addressed to the listener itself


def test_a_foreign_ollama_is_left_alone_and_the_option_is_named(upstream: Upstream, tmp_path: Path) -> None:
    with http_server(Foreign) as port:
        settings = {"PROXY_PORT": str(port)}
        with (
            proxying(upstream, tmp_path, **settings) as (process, _),
            httpx.Client(proxy=process.url, trust_env=False) as client,
        ):
            client.get(f"http://ollama.invalid:{port}/api/tags")  # fails beyond us: nobody has that name
            told = process.wait_for("passes untouched")
    assert "ollama_hosts=ollama.invalid" in told


@pytest.mark.parametrize("hosts", ["ollama.invalid", "*"])
def test_a_host_in_ollama_hosts_is_answered(upstream: Upstream, tmp_path: Path, hosts: str) -> None:
    with (
        proxying(upstream, tmp_path, PROXY_HOSTS=hosts) as (process, ollama),
        httpx.Client(proxy=process.url, trust_env=False) as client,
    ):
        assert client.get(f"http://ollama.invalid:{ollama}/").text == "Ollama is running"


def test_a_tls_tunnel_to_the_ollama_port_is_answered_over_http_2_too(upstream: Upstream, tmp_path: Path) -> None:
    with (
        proxying(upstream, tmp_path) as (process, ollama),
        httpx.Client(proxy=process.url, verify=False, trust_env=False) as client,
    ):
        body = {"model": "gpt-4o", "messages": [{"role": "user", "content": "hello"}]}
        lines = client.post(f"https://localhost:{ollama}/api/chat", json=body).text.splitlines()
    assert json.loads(lines[-1])["done"] is True


def test_on_the_ollama_port_a_foreign_host_is_refused_direct_and_proxied_alike(proxy: Process) -> None:
    assert ask(proxy.port, "GET", "/api/tags", None, Host="evil.example").status == 403
    assert ask(proxy.port, "GET", "http://evil.example/api/tags", None, Host="evil.example").status == 403
    assert ask(proxy.port, "GET", "http://evil.example/api/tags", None, Host="localhost").status == 403
    assert ask(proxy.port, "GET", f"http://localhost:{proxy.port}/api/version", None, Host="localhost").status == 200
    assert ask(proxy.port, "CONNECT", "evil.example:443", None, Host="evil.example:443").status == 403


def test_a_client_of_a_network_that_is_not_allowed_is_refused_with_the_remedy_before_its_body_is_read(
    upstream: Upstream, tmp_path: Path
) -> None:
    port = free_port()
    settings = {"OPENAI_BASE_URL": upstream.base_url, "OPENAI_API_KEY": KEY, "PROXY_PORT": str(port)}
    arguments = ["--mode", f"regular@{LOOPBACK}:{port}", "--set", "ollama_allow=192.168.77.0/24"]
    process = start(arguments, tmp_path, settings, port=port)
    try:
        process.wait_for("listening at")
        got = ask(port, "POST", "/api/chat", {"model": "gpt-4o"})
        unread = ask(port, "POST", "/api/chat", Content_Length="1000000")  # of which nothing is ever sent
    finally:
        process.stop()
    for refused in (got, unread):
        assert refused.status == 403
        assert "ollama_allow" in json.loads(refused.body)["error"]


def test_a_wildcard_listener_is_told(upstream: Upstream, tmp_path: Path) -> None:
    port = free_port()
    settings = {
        "OPENAI_BASE_URL": upstream.base_url,
        "OPENAI_API_KEY": KEY,
        "PROXY_PORT": str(port),
        "PROXY_LISTEN": "0.0.0.0",
        "PROXY_ALLOW": "127.0.0.0/8,192.168.77.0/24",
    }
    process = start(["--set", "listen_host=127.0.0.1", "-p", str(free_port())], tmp_path, settings)
    try:
        process.wait_for(f"listening at *:{port}")
        assert "all addresses of this machine" in process.output
        assert ask(port, "GET", "/api/version", None, Host="any.example").status == 200  # no Host check beyond loopback
    finally:
        process.stop()


def test_a_variable_of_ollamas_clients_that_points_elsewhere_is_told(upstream: Upstream, tmp_path: Path) -> None:
    with proxying(upstream, tmp_path, OLLAMA_HOST="10.1.2.3:11434", HTTPS_PROXY="http://u:secret@p:1") as (process, _):
        process.wait_for("OLLAMA_HOST")
        process.wait_for("ollama_upstream_proxy")
    assert "secret" not in process.output
