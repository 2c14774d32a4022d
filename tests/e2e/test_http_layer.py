"""HTTP as Go's server speaks it, byte by byte: heads, paths, connections, bodies; and never an HTML page."""

import gzip
import json
from pathlib import Path

import httpx
import ollama
import pytest

from tests.e2e.test_listening import proxying
from tests.process import Process, serving
from tests.upstream import Upstream
from tests.wire import ask, send

JSON = "application/json; charset=utf-8"
CHAT = {"model": "gpt-4o", "messages": [{"role": "user", "content": "hello"}], "stream": False}
TOO_LARGE = "the request body is larger than 1 MiB: send less, or raise ollama_max_body (PROXY_MAX_BODY)"


def get(target: str, *fields: str, host: str = "Host: 127.0.0.1", method: str = "GET", version: str = "1.1") -> bytes:
    return "".join(f"{line}\r\n" for line in (f"{method} {target} HTTP/{version}", host, *fields, "")).encode()


def plain(status: str) -> bytes:
    head = f"HTTP/1.1 {status}\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n"
    return f"{head}{status}".encode()


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (b"GET /api/version HTTP/1.1\r\n\r\n", "400 Bad Request: missing required Host header"),
        (get("/api /version"), "400 Bad Request"),
        (b"hello\r\n", "400 Bad Request"),
        (get("/api/version", "nocolon"), "400 Bad Request"),
        (get("/api/version", "Content-Length: abc"), "400 Bad Request"),
        (get("/api/version", "X Y: 1"), "400 Bad Request: invalid header name"),
        (get("/api/version", host="Host: a/b"), "400 Bad Request: malformed Host header"),
        (get("/%zz"), "400 Bad Request"),
        (get("/", f"X: {'a' * 1_100_000}"), "431 Request Header Fields Too Large"),
    ],
)
def test_a_head_that_go_refuses_gets_gos_plain_answer(proxy: Process, request_bytes: bytes, status: str) -> None:
    assert send(proxy.port, request_bytes) == plain(status)
    assert "malformed request: 4" in proxy.output


def test_a_client_of_another_listener_never_gets_a_page_about_a_request_that_is_ours(
    upstream: Upstream, tmp_path: Path
) -> None:
    with proxying(upstream, tmp_path, "--set", "body_size_limit=1k") as (process, port):
        answers = [
            send(
                process.port,
                get(f"http://127.0.0.1:{port}{path}", *fields, method="POST", host="Host: localhost") + body,
            )
            for path in ("/api/chat", "/v1/chat/completions")
            for fields, body in ((["X Y: 1"], b""), (["Content-Length: 2000"], b" " * 2000))
        ]
        foreign = send(process.port, get("/api /version"))
    for answer, status in zip(answers, (400, 413, 400, 413), strict=True):
        head, _, body = answer.partition(b"\r\n\r\n")
        assert head.startswith(f"HTTP/1.1 {status} ".encode())
        assert b"\r\nConnection: close" in head
        assert json.loads(body)["error"]
    assert json.loads(answers[3].partition(b"\r\n\r\n")[2])["error"]["type"] == "invalid_request_error"
    assert b"<title>400 Bad Request</title>" in foreign  # whose request this was, nobody knows


@pytest.mark.parametrize(
    ("target", "location"),
    [("/api/tags/", "/api/tags"), ("//api/tags", "/api/tags"), ("/api//ta%67s", "/api/ta%2567s")],
)
def test_a_redirect_of_head_has_no_length_and_asks_neither_origin_nor_host(
    proxy: Process, target: str, location: str
) -> None:
    got = ask(proxy.port, "HEAD", target, Origin="http://evil.com", Host="evil.com")
    assert got.status == 307
    assert [name for name, _ in got.headers] == ["Content-Type", "Location", "Date", "Connection"]
    assert (got.header("Content-Type"), got.header("Location")) == ("text/html; charset=utf-8", location)


def test_a_redirect_of_get_has_gos_page(proxy: Process) -> None:
    got = ask(proxy.port, "GET", "/api/tags/?a=<b>")
    assert got.status == 301
    assert got.body == b'<a href="/api/tags?a=&lt;b&gt;">Moved Permanently</a>.\n\n'


@pytest.mark.parametrize("path", ["/api/%76ersion", "/api%2Fversion", "/api/version?a=1;b=2", "/api/version?"])
def test_a_path_is_read_decoded_and_a_query_not_at_all(proxy: Process, path: str) -> None:
    assert ask(proxy.port, "GET", path).body == b'{"version":"0.33.0"}'


@pytest.mark.parametrize(
    ("target", "host", "status"),
    [
        ("http://foo.local/api/version", "evil.com", b"200 OK"),
        ("http://evil.com/api/version", "foo.local", b"403 Forbidden"),
        ("/api/version", "", b"200 OK"),
        ("/api/version", "localhost:abc", b"200 OK"),
        ("/api/version", "evil.com:abc", b"403 Forbidden"),
    ],
)
def test_the_host_is_that_of_an_absolute_target_before_that_of_the_header(
    proxy: Process, target: str, host: str, status: bytes
) -> None:
    got = send(proxy.port, get(target, "Connection: close", host=f"Host: {host}"))
    assert got.startswith(b"HTTP/1.1 " + status)


def test_http_1_0_is_kept_alive_where_asked_in_whatever_case(proxy: Process) -> None:
    first = get("/api/version", "Connection: Keep-Alive", version="1.0")
    got = send(proxy.port, first + get("/", host="", version="1.0"))
    assert got.count(b"HTTP/1.0 200 OK\r\n") == 2
    assert got.count(b"\r\nConnection: keep-alive\r\n") == 1


def test_pipelined_requests_are_answered_in_their_order(proxy: Process) -> None:
    post = get("/api/show", "Content-Length: 2", method="POST") + b"{}"
    got = send(proxy.port, get("/api/version") + post + get("/nope") + get("/", "Connection: close"))
    statuses = [part[:3] for part in got.split(b"HTTP/1.1 ")[1:]]
    assert statuses == [b"200", b"400", b"404", b"200"]


def test_a_client_that_waits_to_send_its_body_is_told_to_continue(proxy: Process) -> None:
    head = get("/api/show", "Content-Length: 2", "Expect: 100-continue", "Connection: close", method="POST")
    got = send(proxy.port, head + b"{}")
    assert got.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 400 Bad Request\r\n")


def test_trailers_and_broken_chunks_are_taken_as_go_takes_them(proxy: Process) -> None:
    head = get("/api/show", "Transfer-Encoding: chunked", "Connection: close", method="POST")
    with_trailers = send(proxy.port, head + b"2\r\n{}\r\n0\r\nX-Checksum: 1\r\n\r\n")
    broken = send(proxy.port, head + b"zz\r\n{}\r\n0\r\n\r\n")
    assert with_trailers.endswith(b'\r\n\r\n{"error":"model is required"}')
    assert broken.startswith(b"HTTP/1.1 400 Bad Request\r\nContent-Type: application/json; charset=utf-8\r\nDate: ")
    assert broken.endswith(
        b'\r\nContent-Length: 40\r\nConnection: close\r\n\r\n{"error":"invalid byte in chunk length"}'
    )


def test_a_compressed_body_is_no_json(proxy: Process) -> None:
    got = ask(proxy.port, "POST", "/api/chat", gzip.compress(b"{}"), Content_Encoding="gzip")
    assert (got.status, got.header("Content-Type")) == (400, JSON)
    assert got.body == b'{"error":"invalid character \'\\\\x1f\' looking for beginning of value"}'


@pytest.mark.parametrize(
    "fields",
    [
        {"Content_Type": "text/plain"},
        {"Content_Type": "application/x-www-form-urlencoded"},
        {"Content_Type": "multipart/form-data; boundary=x"},
        {"Content_Type": ""},
        {"Authorization": "Bearer sk-nobody"},
        {"Authorization": "nonsense", "x_api_key": "any", "anthropic_version": "1"},
        {"Accept": "text/html", "Accept_Encoding": "gzip, br"},
    ],
)
def test_content_types_and_credentials_are_not_looked_at(proxy: Process, fields: dict[str, str]) -> None:
    got = ask(proxy.port, "POST", "/api/chat", CHAT, **fields)
    assert (got.status, got.header("Content-Type"), got.header("Content-Encoding")) == (200, JSON, None)


def test_a_body_that_is_too_large_is_413_in_the_words_of_the_route(upstream: Upstream, tmp_path: Path) -> None:
    large = {**CHAT, "messages": [{"role": "user", "content": "x" * 1024 * 1024}]}
    with (
        serving(upstream.base_url, tmp_path, PROXY_MAX_BODY="1") as proxy,
        httpx.Client(base_url=proxy.url, trust_env=False) as client,
        ollama.Client(proxy.url, trust_env=False) as package,
    ):
        native = ask(proxy.port, "POST", "/api/chat", large, Origin="http://localhost")
        openai = ask(proxy.port, "POST", "/v1/chat/completions", large)
        unknown = ask(proxy.port, "POST", "/nope", large)
        refused = ask(proxy.port, "POST", "/api/chat", large, Origin="http://evil.com")
        chunked = client.post("/api/chat", content=iter([b" " * 65536] * 400))
        with pytest.raises(ollama.ResponseError) as told:
            package.chat("gpt-4o", [{"role": "user", "content": "x" * 30 * 1024 * 1024}])
        fits = ask(proxy.port, "POST", "/api/chat", b" " * 1024 * 1024)
        logged = proxy.wait_for("POST /api/chat 413")
    assert (native.status, native.header("Content-Type"), json.loads(native.body)) == (413, JSON, {"error": TOO_LARGE})
    assert native.header("Access-Control-Allow-Origin") == "http://localhost"
    assert native.header("Connection") == "close"
    assert (openai.status, json.loads(openai.body)["error"]["message"]) == (413, TOO_LARGE)
    assert (unknown.status, unknown.header("Connection"), refused.status) == (404, "close", 403)
    assert (chunked.status_code, chunked.json()) == (413, {"error": TOO_LARGE})
    assert (told.value.status_code, told.value.error) == (413, TOO_LARGE)
    assert (fits.status, fits.body) == (400, b'{"error":"missing request body"}')
    assert TOO_LARGE in logged


def test_a_smaller_limit_of_mitmproxys_own_is_told_in_the_same_way(upstream: Upstream, tmp_path: Path) -> None:
    with serving(upstream.base_url, tmp_path, "--set", "body_size_limit=1k") as proxy:
        got = ask(proxy.port, "POST", "/api/chat", b" " * 2000)
    assert got.status == 413
    assert "larger than '1k' bytes" in json.loads(got.body)["error"]
