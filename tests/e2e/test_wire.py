"""What stands on the wire: status, headers, order of keys, framing."""

import gzip
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.process import KEY, Process, serving
from tests.upstream import Upstream
from tests.wire import ask, send

PLAIN = "text/plain"
JSON = "application/json; charset=utf-8"
METRICS = [
    "total_duration",
    "load_duration",
    "prompt_eval_count",
    "prompt_eval_duration",
    "eval_count",
    "eval_duration",
]


def chat(text: str, **more: Any) -> dict[str, Any]:
    return {"model": "gpt-4o", "messages": [{"role": "user", "content": text}], **more}


@pytest.mark.parametrize(
    ("method", "path", "status", "content_type", "body"),
    [
        ("GET", "/", 200, "text/plain; charset=utf-8", b"Ollama is running"),
        ("HEAD", "/", 200, "text/plain; charset=utf-8", b""),
        ("GET", "/api/version", 200, JSON, b'{"version":"0.33.0"}'),
        ("HEAD", "/api/version", 200, JSON, b""),
        ("GET", "/api/version?ts=1", 200, JSON, b'{"version":"0.33.0"}'),
        ("GET", "/favicon.ico", 404, PLAIN, b"404 page not found"),
        ("GET", "/API/tags", 404, PLAIN, b"404 page not found"),
        ("GET", "/api", 404, PLAIN, b"404 page not found"),
        ("GET", "/api/show", 405, PLAIN, b"405 method not allowed"),
        ("POST", "/", 405, PLAIN, b"405 method not allowed"),
        ("POST", "/api/chat", 400, JSON, b'{"error":"missing request body"}'),
        ("POST", "/api/show", 400, JSON, b'{"error":"missing request body"}'),
        ("POST", "/api/pull", 400, JSON, b'{"error":"missing request body"}'),
    ],
)
def test_fixed_answers(proxy: Process, method: str, path: str, status: int, content_type: str, body: bytes) -> None:
    got = ask(proxy.port, method, path)
    assert (got.status, got.header("Content-Type"), got.body) == (status, content_type, body)
    assert [name for name, _ in got.headers[-3:]] == ["Date", "Content-Length", "Connection"]


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [("GET", "/api/show", "POST"), ("POST", "/api/tags", "HEAD, GET"), ("PUT", "/api/chat", "POST")],
)
def test_a_wrong_method_is_told_the_right_ones(proxy: Process, method: str, path: str, allow: str) -> None:
    got = ask(proxy.port, method, path)
    assert (got.status, got.header("Allow")) == (405, allow)


@pytest.mark.parametrize(
    ("method", "path", "status", "location"),
    [
        ("GET", "/api/tags/", 301, "/api/tags"),
        ("POST", "/api/chat/", 307, "/api/chat"),
        ("GET", "//api/tags", 307, "/api/tags"),
        ("GET", "/api/../api/tags", 307, "/api/tags"),
    ],
)
def test_an_unclean_path_is_redirected(proxy: Process, method: str, path: str, status: int, location: str) -> None:
    got = ask(proxy.port, method, path)
    assert (got.status, got.header("Location")) == (status, location)


def test_openai_health_is_well_when_the_upstream_takes_our_key(proxy: Process, upstream: Upstream) -> None:
    got = ask(proxy.port, "GET", "/openai/health")
    assert (got.status, json.loads(got.body)) == (200, {"status": "healthy", "upstream": upstream.base_url})


@pytest.mark.parametrize(
    ("key", "sentence"),
    [
        ("bad-key-secret-1234567", "Incorrect API key provided: "),
        ("fault-500", "The server had an error"),
        ("fault-html-200", "the upstream's model list is not JSON"),
    ],
)
def test_openai_health_is_503_with_the_upstreams_reason_and_without_the_key(
    upstream: Upstream, tmp_path: Path, key: str, sentence: str
) -> None:
    with serving(upstream.base_url, tmp_path, OPENAI_API_KEY=key) as proxy:
        got = ask(proxy.port, "GET", "/openai/health")
    told = json.loads(got.body)
    assert (got.status, told["status"], sentence in told["error"]) == (503, "unhealthy", True)
    assert key not in told["error"]


def test_openai_health_says_why_the_upstream_cannot_be_reached_and_is_asked_once_for_many(tmp_path: Path) -> None:
    with Upstream.in_thread() as gone, serving(gone.base_url, tmp_path) as proxy:
        assert [ask(proxy.port, "GET", "/openai/health").status for _ in range(3)] == [200] * 3
        assert len(gone.requests) == 1
    with serving(gone.base_url, tmp_path) as proxy:
        got = ask(proxy.port, "GET", "/openai/health")
    assert got.status == 503
    assert f"127.0.0.1:{gone.port} cannot be reached: Connection refused" in json.loads(got.body)["error"]


def test_health_tells_this_proxys_version(proxy: Process) -> None:
    got = ask(proxy.port, "GET", "/health")
    assert got.status == 200
    assert json.loads(got.body)["status"] == "healthy"
    assert json.loads(got.body)["version"]


def test_a_chat_stream_has_ollamas_lines(proxy: Process) -> None:
    got = ask(proxy.port, "POST", "/api/chat", chat("hello there"))
    assert [name for name, _ in got.headers] == ["Content-Type", "Date", "Transfer-Encoding", "Connection"]
    assert got.header("Content-Type") == "application/x-ndjson"
    *pieces, last = got.lines
    assert all(list(line) == ["model", "created_at", "message", "done"] for line in pieces)
    assert all(list(line["message"]) == ["role", "content"] for line in pieces)
    assert list(last) == ["model", "created_at", "message", "done", "done_reason", *METRICS]
    assert last["message"] == {"role": "assistant", "content": ""}
    assert all(chunk.endswith(b"\n") for chunk in got.chunks)  # a line is never split over two writes


def test_a_generate_stream_has_ollamas_lines(proxy: Process) -> None:
    got = ask(proxy.port, "POST", "/api/generate", {"model": "gpt-4o", "prompt": "hello there"})
    *pieces, last = got.lines
    assert all(list(line) == ["model", "created_at", "response", "done"] for line in pieces)
    assert list(last) == ["model", "created_at", "response", "done", "done_reason", "context", *METRICS]


@pytest.mark.parametrize("path", ["/api/chat", "/api/generate"])
@pytest.mark.parametrize(("keep_alive", "reason"), [(None, "load"), (0, "unload"), ("0s", "unload"), (-1, "load")])
def test_nothing_to_say_loads_or_unloads_in_one_plain_object(
    proxy: Process, path: str, keep_alive: object, reason: str
) -> None:
    got = ask(proxy.port, "POST", path, {"model": "gpt-4o", "keep_alive": keep_alive})
    answer = json.loads(got.body)
    assert (got.status, got.header("Content-Type")) == (200, JSON)
    assert (answer["done"], answer["done_reason"]) == (True, reason)
    assert not set(METRICS) & set(answer)


def test_an_error_that_ends_a_stream_before_its_first_line_is_sent_chunked(proxy: Process) -> None:
    got = ask(proxy.port, "POST", "/api/chat", chat("[[fault:500]]"))
    assert (got.status, got.header("Content-Type")) == (500, "application/json")
    assert json.loads(b"".join(got.chunks))["error"].startswith("The server had an error")


def test_a_format_that_is_none_fails_when_generation_begins(proxy: Process) -> None:
    got = ask(proxy.port, "POST", "/api/chat", chat("hi", format="xml"))
    assert (got.status, got.header("Content-Type")) == (500, "application/json")
    told = 'invalid format: "\\"xml\\""; expected "json" or a valid JSON Schema object'
    assert json.loads(b"".join(got.chunks))["error"] == told


def test_an_error_of_a_whole_answer_has_its_length(proxy: Process) -> None:
    got = ask(proxy.port, "POST", "/api/chat", chat("[[fault:500]]", stream=False))
    assert (got.status, got.header("Content-Type")) == (500, JSON)
    assert got.header("Content-Length") == str(len(got.body))


def test_an_unknown_model_is_a_plain_404_also_where_a_stream_was_asked(proxy: Process) -> None:
    got = ask(proxy.port, "POST", "/api/chat", {**chat("hi"), "model": "nope"})
    assert (got.status, got.header("Content-Type")) == (404, JSON)
    assert got.body == b'{"error":"model \'nope\' not found"}'


@pytest.mark.parametrize("encoding", ["gzip", "zstd", "foo"])
def test_a_content_encoding_is_not_looked_at(proxy: Process, encoding: str) -> None:
    got = ask(proxy.port, "POST", "/api/chat", chat("hi", stream=False), Content_Encoding=encoding)
    assert got.status == 200
    got = ask(proxy.port, "POST", "/api/chat", gzip.compress(b"{}"), Content_Encoding=encoding)
    assert (got.status, got.body[:28]) == (400, b'{"error":"invalid character ')


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"template": "x"}, 200),  # nothing to say: a load, which looks at no template
        ({"suffix": "x", "prompt": "p", "options": {"num_ctx": "x"}}, 400),  # the model is known to lack it
        ({"raw": True, "prompt": "p", "options": {"num_ctx": "x"}}, 500),
        ({"raw": True, "prompt": "p"}, 404),  # the upstream: a chat model
    ],
)
def test_what_the_model_cannot_do_is_told_in_ollamas_order(proxy: Process, body: dict[str, Any], status: int) -> None:
    assert ask(proxy.port, "POST", "/api/generate", {"model": "gpt-4o", **body}).status == status


def test_retry_after_is_passed_on(proxy: Process) -> None:
    got = ask(proxy.port, "POST", "/api/chat", chat("[[fault:429-forever]]", stream=False))
    assert got.status == 429
    assert got.header("Retry-After")


def test_a_long_whole_answer_is_chunked_as_ollama_does_it(proxy: Process) -> None:
    got = ask(proxy.port, "POST", "/api/chat", chat("word " * 1000, stream=False))
    assert got.header("Transfer-Encoding") == "chunked"
    assert json.loads(b"".join(got.chunks))["done"] is True


def test_http_1_0_gets_an_unframed_stream(proxy: Process) -> None:
    body = json.dumps(chat("hello")).encode()
    sent_head = f"POST /api/chat HTTP/1.0\r\nHost: x.localhost\r\nContent-Length: {len(body)}\r\n\r\n"
    got = send(proxy.port, sent_head.encode() + body)
    head, _, rest = got.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.0 200 OK")
    assert json.loads(rest.splitlines()[-1])["done"] is True


def test_curl_prints_each_token_while_the_next_does_not_exist(proxy: Process, upstream: Upstream) -> None:
    body = json.dumps(chat("a b c [[gate:curl]]"))
    command = ["curl", "-sN", "--noproxy", "*", f"{proxy.url}/api/chat", "-d", body]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as curl:
        assert curl.stdout is not None
        lines: list[dict[str, Any]] = []
        while not (lines and lines[-1]["done"]):
            upstream.release("curl")  # the upstream makes one token, and waits for the next release
            lines.append(json.loads(curl.stdout.readline()))
    assert len(lines) > 3


def test_a_client_that_leaves_before_the_first_byte_of_a_whole_answer_stops_the_upstream(
    proxy: Process, upstream: Upstream
) -> None:
    body = json.dumps(chat("[[gate-head:never]] leaving early", stream=False))
    command = ["curl", "-s", "--noproxy", "*", f"{proxy.url}/api/chat", "-d", body]
    with subprocess.Popen(command) as curl:
        upstream.wait_received("leaving early")
        curl.kill()
    assert upstream.wait_aborted("leaving early").end == "aborted"
    assert "the client has gone" in proxy.wait_for("POST /api/chat gpt-4o 499")  # one line for each exchange


def test_an_upstream_that_is_silent_for_too_long_is_given_up(upstream: Upstream, tmp_path: Path) -> None:
    with serving(upstream.base_url, tmp_path, PROXY_REQUEST_TIMEOUT="1") as proxy:
        before = ask(proxy.port, "POST", "/api/chat", chat("[[fault:stall]]"))
        during = ask(proxy.port, "POST", "/api/chat", chat("one two three [[fault:stall-mid]]"))
    assert before.status == 504
    assert "ollama_request_timeout" in json.loads(b"".join(before.chunks))["error"]
    assert during.status == 200
    assert "ollama_request_timeout" in during.lines[-1]["error"]


def test_an_upstream_that_nobody_runs_is_named(tmp_path: Path) -> None:
    with serving("http://127.0.0.1:1/v1", tmp_path) as proxy:
        got = ask(proxy.port, "POST", "/api/chat", chat("hi", stream=False))
    assert got.status == 502
    assert "127.0.0.1:1 cannot be reached" in json.loads(got.body)["error"]
    assert KEY not in proxy.output
