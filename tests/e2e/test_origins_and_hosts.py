"""Origins, preflights and hosts through a real listener: what `access.py` decides, as it stands on the wire."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.process import KEY, LOOPBACK, Process, free_port, serving, start
from tests.upstream import Upstream
from tests.wire import Raw, ask

GOOD = "http://localhost:3000"
PREFLIGHT_VARY = ["Origin", "Access-Control-Request-Method", "Access-Control-Request-Headers"]
ALLOW_METHODS = "GET,POST,PUT,PATCH,DELETE,HEAD,OPTIONS"


@pytest.fixture(scope="module")
def everyone(upstream: Upstream, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    """One that allows all origins."""
    with serving(upstream.base_url, tmp_path_factory.mktemp("home"), OLLAMA_ORIGINS="*") as process:
        yield process


@pytest.fixture(scope="module")
def wildcard(upstream: Upstream, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    """One that listens on all addresses."""
    port = free_port()
    settings = {"OPENAI_BASE_URL": upstream.base_url, "OPENAI_API_KEY": KEY, "PROXY_PORT": str(port)}
    process = start(["--mode", f"regular@0.0.0.0:{port}"], tmp_path_factory.mktemp("home"), settings, port=port)
    try:
        process.wait_for("listening at")
        yield process
    finally:
        process.stop()


def vary(got: Raw) -> list[str]:
    return [value for name, value in got.headers if name == "Vary"]


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/api/version", None, 200),
        ("POST", "/api/chat", b"{", 400),
        ("GET", "/nope", None, 404),
        ("GET", "/api/chat", None, 405),
        ("GET", "/v1/nope", None, 404),
        ("POST", "/api/chat", {"model": "nope", "messages": [{"role": "user", "content": "hi"}]}, 404),
    ],
)
def test_every_answer_to_an_allowed_origin_names_it(
    proxy: Process, method: str, path: str, body: object, status: int
) -> None:
    got = ask(proxy.port, method, path, body, Origin=GOOD)
    assert (got.status, got.header("Access-Control-Allow-Origin"), vary(got)) == (status, GOOD, ["Origin"])
    assert got.header("Access-Control-Allow-Credentials") is None
    assert got.header("Access-Control-Expose-Headers") is None


def test_a_stream_names_its_origin_too(proxy: Process) -> None:
    body = {"model": "gpt-4o", "messages": [{"role": "user", "content": "hello"}]}
    got = ask(proxy.port, "POST", "/api/chat", body, Origin="tauri://localhost")
    assert got.header("Access-Control-Allow-Origin") == "tauri://localhost"
    assert got.lines[-1]["done"] is True


@pytest.mark.parametrize(("method", "path"), [("GET", "/api/version"), ("POST", "/nope"), ("OPTIONS", "/api/chat")])
@pytest.mark.parametrize("fields", [{"Origin": "http://evil.com"}, {"Host": "evil.com"}])
def test_a_foreign_origin_or_host_is_403_without_a_body(
    proxy: Process, method: str, path: str, fields: dict[str, str]
) -> None:
    got = ask(proxy.port, method, path, **fields)
    assert (got.status, got.body, got.header("Content-Type")) == (403, b"", None)
    assert got.header("Content-Length") == "0"
    assert got.header("Allow") == ("POST" if method == "OPTIONS" else None)


def test_a_403_of_head_has_no_length(proxy: Process) -> None:
    got = ask(proxy.port, "HEAD", "/api/version", Host="evil.com")
    assert (got.status, [name for name, _ in got.headers]) == (403, ["Date", "Connection"])


@pytest.mark.parametrize(
    ("path", "allow"), [("/api/chat", "POST"), ("/api/tags", "HEAD, GET"), ("/v1/models", "GET"), ("/nope", None)]
)
def test_a_preflight_of_an_allowed_origin_is_204(proxy: Process, path: str, allow: str | None) -> None:
    asked = {"Access_Control_Request_Method": "BREW", "Access_Control_Request_Headers": "x-strange"}
    got = ask(proxy.port, "OPTIONS", path, Origin=GOOD, **asked)
    assert (got.status, got.body, got.header("Content-Length")) == (204, b"", None)
    assert got.header("Access-Control-Allow-Origin") == GOOD
    assert got.header("Access-Control-Allow-Methods") == ALLOW_METHODS
    assert (got.header("Access-Control-Max-Age"), got.header("Allow"), vary(got)) == ("43200", allow, PREFLIGHT_VARY)


def test_options_without_an_origin_is_204_for_a_name_and_no_route_for_an_address(proxy: Process) -> None:
    named = ask(proxy.port, "OPTIONS", "/api/tags", Host=f"localhost:{proxy.port}")
    assert (named.status, named.body, named.header("Allow")) == (204, b"", "HEAD, GET")
    assert ask(proxy.port, "OPTIONS", "/api/tags").status == 405
    assert ask(proxy.port, "OPTIONS", "/nope").status == 404


def test_a_page_of_this_server_is_no_other_origin(proxy: Process) -> None:
    own = f"http://{LOOPBACK}:{proxy.port}"
    got = ask(proxy.port, "GET", "/api/version", Origin=own)
    assert (got.status, got.header("Access-Control-Allow-Origin")) == (200, None)
    assert ask(proxy.port, "OPTIONS", "/api/version", Origin=own).status == 405


@pytest.mark.parametrize("origin", ["http://evil.com", "null", "chrome-extension://abc"])
def test_with_all_origins_allowed_none_is_named(everyone: Process, origin: str) -> None:
    got = ask(everyone.port, "GET", "/api/version", Origin=origin)
    assert (got.status, got.header("Access-Control-Allow-Origin"), vary(got)) == (200, "*", [])
    preflight = ask(everyone.port, "OPTIONS", "/api/chat", Origin=origin)
    assert (preflight.status, preflight.header("Access-Control-Allow-Origin"), vary(preflight)) == (204, "*", [])
    assert ask(everyone.port, "GET", "/api/version", Origin=origin, Host="evil.com").status == 403


def test_a_listener_beyond_loopback_takes_any_host(wildcard: Process) -> None:
    for host in ("evil.com", "8.8.8.8", "localhost."):
        assert ask(wildcard.port, "GET", "/api/version", Host=host).status == 200
    assert ask(wildcard.port, "GET", "/api/version", Origin="http://evil.com").status == 403
    assert ask(wildcard.port, "OPTIONS", "/api/tags", Host="localhost").status == 405


def test_origins_of_ones_own_are_added(upstream: Upstream, tmp_path: Path) -> None:
    with serving(upstream.base_url, tmp_path, OLLAMA_ORIGINS="http://my.site,http://*.corp.example") as proxy:
        answers = {
            origin: ask(proxy.port, "GET", "/api/version", Origin=origin).status
            for origin in ("http://my.site", "http://a.corp.example", GOOD, "http://my.site:81", "http://corp.example")
        }
    assert list(answers.values()) == [200, 200, 200, 403, 403]
