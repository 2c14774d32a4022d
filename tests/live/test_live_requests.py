"""Request bodies through a real mitmproxy: the largest, larger ones, broken ones, with trailers."""

import socket
from pathlib import Path

import pytest
from mitmproxy import http

from addon.flow_metadata import BODY_LEFT
from addon.live import Answer, LiveBodies
from tests.in_process import running_proxy
from tests.live.test_live import MOST, Answers, answering, last_words, whole
from tests.live.test_live_http2 import tunnelled
from tests.process import LOOPBACK
from tests.wire import send


def length(flow: http.HTTPFlow) -> Answer:
    """Answers with the number of bytes that the request's body has."""

    async def answer() -> http.Response:
        return http.Response.make(200, str(len(flow.request.raw_content or b"")))

    return answer


class OwnPort(Answers):
    """The same, where everything that comes to the listener is answered."""

    def __init__(self) -> None:
        super().__init__(length)
        self.bodies.is_ours = lambda _: True


def post(body: bytes, *fields: str, version: str = "HTTP/1.1") -> bytes:
    head = "".join(f"{field}\r\n" for field in (f"POST /x {version}", "Host: x", "Connection: close", *fields, ""))
    return head.encode() + body


def chunked(*chunks: bytes) -> bytes:
    return b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks)


LENGTH = post(b"x" * (MOST + 1), f"Content-Length: {MOST + 1}")
CHUNKS = post(chunked(b"x" * MOST, b"x") + b"0\r\n\r\n", "Transfer-Encoding: chunked")


@pytest.mark.parametrize("own_port", [True, False])
@pytest.mark.parametrize("request_bytes", [LENGTH, CHUNKS], ids=["length", "chunks"])
def test_a_body_that_is_too_large_is_left_and_nothing_of_it_is_kept(own_port: bool, request_bytes: bytes) -> None:
    answers = OwnPort() if own_port else Answers(length)
    with running_proxy(answers.bodies, answers) as proxy:
        got = send(proxy.port, request_bytes)
        (flow,) = proxy.watcher.wait_for(1)
    assert got.startswith(b"HTTP/1.1 200 OK\r\n")
    assert got.endswith(b"\r\nContent-Length: 1\r\nConnection: close\r\n\r\n0")
    assert flow.metadata[BODY_LEFT] is True
    assert flow.request.raw_content == b""


@pytest.mark.parametrize("options", [{}, {"stream_large_bodies": "1k"}, {"body_size_limit": "900k"}])
def test_the_largest_body_is_read_whole(options: dict[str, str]) -> None:
    """mitmproxy's own limits are for requests that travel on; whoever claims a request has looked at them."""
    answers = OwnPort()
    with running_proxy(answers.bodies, answers, **options) as proxy:
        got = send(proxy.port, post(b"x" * MOST, f"Content-Length: {MOST}"))
        got_chunked = send(proxy.port, post(chunked(b"x" * MOST) + b"0\r\n\r\n", "Transfer-Encoding: chunked"))
        flows = proxy.watcher.wait_for(2)
    assert got.endswith(b"\r\n\r\n%d" % MOST)
    assert got_chunked.endswith(b"\r\n\r\n%d" % MOST)
    assert not any(BODY_LEFT in flow.metadata for flow in flows)


def test_a_body_that_is_too_large_is_left_in_http_2_too(tmp_path: Path) -> None:
    with answering(length, connection_strategy="lazy", confdir=str(tmp_path)) as proxy, tunnelled(proxy) as client:
        got = client.post("/x", content=b"x" * (MOST + 1))
        got_unannounced = client.post("/x", content=iter([b"x" * MOST, b"x"]))
        flows = proxy.watcher.wait_for(2)
    assert (got.http_version, got.text, got_unannounced.text) == ("HTTP/2", "0", "0")
    assert all(flow.metadata[BODY_LEFT] for flow in flows)


def test_a_body_that_is_announced_as_too_large_is_not_waited_for_and_not_asked_for() -> None:
    answers = OwnPort()
    with (
        running_proxy(answers.bodies, answers) as proxy,
        socket.create_connection((LOOPBACK, proxy.port), timeout=30) as connection,
    ):
        connection.sendall(post(b"", f"Content-Length: {MOST + 1}", "Expect: 100-continue"))
        got = b"".join(iter(lambda: connection.recv(65536), b""))
    assert got.startswith(b"HTTP/1.1 200 OK\r\n")


def test_a_client_may_go_on_sending_after_its_answer_which_is_dropped() -> None:
    answers = OwnPort()
    with (
        running_proxy(answers.bodies, answers) as proxy,
        socket.create_connection((LOOPBACK, proxy.port), timeout=30) as connection,
    ):
        connection.sendall(post(b"", f"Content-Length: {100 * MOST}"))
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
        for _ in range(20):
            connection.sendall(b"x" * MOST)  # a connection that was reset would raise
    assert answer.endswith(b"\r\n\r\n0")


def test_trailers_of_a_chunked_body_are_passed_over() -> None:
    answers = OwnPort()
    body = chunked(b"{}") + b"0\r\nX-Checksum: 1\r\n\r\n"
    with running_proxy(answers.bodies, answers) as proxy:
        got = send(proxy.port, post(body, "Transfer-Encoding: chunked", "Trailer: X-Checksum"))
    assert got.endswith(b"\r\n\r\n2")


def test_the_length_of_a_chunked_body_is_passed_over() -> None:
    answers = OwnPort()
    with running_proxy(answers.bodies, answers) as proxy:
        got = send(proxy.port, post(chunked(b"{}") + b"0\r\n\r\n", "Transfer-Encoding: chunked", "Content-Length: 9"))
    assert got.startswith(b"HTTP/1.1 200 OK\r\n")
    assert got.endswith(b"\r\n\r\n2")


@pytest.mark.parametrize("body", [b"zz\r\n{}\r\n0\r\n\r\n", chunked(b"{}") + b"zz\r\n", b"2\r\n{}}}0\r\n\r\n"])
def test_a_chunked_body_that_is_malformed_is_told(body: bytes) -> None:
    answers = OwnPort()
    with running_proxy(answers.bodies, answers) as proxy:
        got = send(proxy.port, post(body, "Transfer-Encoding: chunked"))
    assert got.startswith(b"HTTP/1.1 500 Internal Server Error\r\n")  # as this test's last_words have it
    assert got.endswith(b'\r\nConnection: close\r\n\r\n{"error": "invalid byte in chunk length"}')


@pytest.mark.parametrize(
    ("fields", "version"),
    [(["Content-Length: 0"], "HTTP/1.1"), ([], "HTTP/1.1"), (["Content-Length: 1"], "HTTP/1.0")],
)
def test_a_client_that_waits_for_nothing_is_not_told_to_continue(fields: list[str], version: str) -> None:
    answers = OwnPort()
    with running_proxy(answers.bodies, answers) as proxy:
        got = send(proxy.port, post(b"x" * (version == "HTTP/1.0"), *fields, "Expect: 100-continue", version=version))
    assert got.startswith(f"{version} 200 OK\r\n".encode())


def test_a_line_break_after_the_body_of_a_post_is_passed_over() -> None:
    answers = OwnPort()
    first = post(b"{}\r\n", "Content-Length: 2").replace(b"Connection: close\r\n", b"")
    with running_proxy(answers.bodies, answers) as proxy:
        got = send(proxy.port, first + post(b"12345", "Content-Length: 5"))
    assert got.count(b"HTTP/1.1 200 OK") == 2
    assert got.endswith(b"\r\n\r\n5")


def test_requests_of_others_are_left_to_mitmproxy() -> None:
    bodies = LiveBodies(last_words)

    class Passing:
        def request(self, flow: http.HTTPFlow) -> None:
            flow.response = http.Response.make(200, str(len(flow.request.raw_content or b"")))

    with running_proxy(bodies, Passing(), body_size_limit="2k") as proxy:
        bad = send(proxy.port, b"GET /api /version HTTP/1.1\r\nHost: x\r\n\r\n")
        large = send(proxy.port, post(b"x" * 3000, "Content-Length: 3000"))
        small = send(proxy.port, post(b"x" * 1000, "Content-Length: 1000"))
    assert b"<title>400 Bad Request</title>" in bad
    assert b"body exceeds mitmproxy&#x27;s body_size_limit" in large
    assert small.endswith(b"\r\n\r\n1000")


def test_an_answer_before_the_hooks_are_through_is_no_page_for_a_client_of_ours() -> None:
    with answering(whole(b"fine"), body_size_limit="2k") as proxy:
        large = send(proxy.port, post(b"x" * 3000, "Content-Length: 3000"))
        invalid = send(proxy.port, b"GET / HTTP/1.1\r\nHost: x\r\nX Y: 1\r\nConnection: close\r\n\r\n")
    assert b"exceeds mitmproxy's body_size_limit" in large
    assert b'{"error": "Received invalid header name' in invalid
    for got in (large, invalid):
        assert b"<html>" not in got
        assert b"\r\nConnection: close\r\n" in got
