"""Live bodies through a real mitmproxy: HTTP/1.0, HTTP/1.1, HTTP/2, clients that leave, stall and pipeline."""

import asyncio
import contextlib
import json
import queue
import socket
import threading
from collections import deque
from collections.abc import AsyncGenerator, Callable, Iterator
from typing import Any

import httpx
import pytest
from mitmproxy import http

from addon.live import Answer, LiveBodies, LiveResponse
from addon.live_layers import KEPT_BODY_BYTES
from tests.in_process import Running, running_proxy
from tests.process import LOOPBACK
from tests.wire import send


def last_words(error: Exception, _request: http.Request, begun: bool) -> http.Response:
    text = json.dumps({"error": str(error)}) + "\n" * begun
    return http.Response.make(500, text, {"content-type": "application/json"})


MOST = 1024 * 1024


class Gate:
    """Lets an answer go on, one step for each time that the test opens it from its own thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open = 0
        self._waiting: deque[tuple[asyncio.AbstractEventLoop, asyncio.Future[None]]] = deque()

    def open(self) -> None:
        with self._lock:
            if not self._waiting:
                self._open += 1
                return
            loop, waiter = self._waiting.popleft()
        loop.call_soon_threadsafe(self._let_through, waiter)

    @staticmethod
    def _let_through(waiter: asyncio.Future[None]) -> None:
        if not waiter.done():  # its answer may have been cancelled
            waiter.set_result(None)

    async def wait(self) -> None:
        loop = asyncio.get_running_loop()
        with self._lock:
            if self._open:
                self._open -= 1
                return
            waiter = loop.create_future()
            self._waiting.append((loop, waiter))
        await waiter


class Answers:
    """The addon under test's user: every request is answered by one function."""

    def __init__(self, make: Callable[[http.HTTPFlow], Answer]) -> None:
        self.make = make
        self.bodies = LiveBodies(last_words)

    def requestheaders(self, flow: http.HTTPFlow) -> None:
        self.bodies.claim(flow, MOST)

    async def request(self, flow: http.HTTPFlow) -> None:
        await self.bodies.answer(flow, self.make(flow))


@contextlib.contextmanager
def answering(make: Callable[[http.HTTPFlow], Answer], **options: Any) -> Iterator[Running]:
    answers = Answers(make)
    with running_proxy(answers.bodies, answers, **options) as proxy:
        yield proxy


def streaming(*chunks: bytes, status: int = 200) -> Callable[[http.HTTPFlow], Answer]:
    """Answers that stream these chunks."""

    def make(flow: http.HTTPFlow) -> Answer:
        async def body() -> AsyncGenerator[bytes]:
            for chunk in chunks:
                yield chunk

        async def answer() -> LiveResponse:
            return LiveResponse(head(status), body())

        return answer

    return make


def head(status: int = 200) -> http.Response:
    return http.Response.make(status, b"", {"Content-Type": "application/x-ndjson"})


def whole(content: bytes) -> Callable[[http.HTTPFlow], Answer]:
    def make(flow: http.HTTPFlow) -> Answer:
        async def answer() -> http.Response:
            return http.Response.make(200, content, {"Content-Type": "text/plain"})

        return answer

    return make


def test_bytes_reach_the_client_as_they_are_produced() -> None:
    acknowledged = Gate()

    def make(flow: http.HTTPFlow) -> Answer:
        async def body() -> AsyncGenerator[bytes]:
            for number in range(20):
                yield b"piece %d\n" % number
                await acknowledged.wait()  # the next piece exists only once the client has this one

        async def answer() -> LiveResponse:
            return LiveResponse(head(), body())

        return answer

    with answering(make) as proxy, httpx.stream("GET", proxy.url) as response:
        got = []
        for line in response.iter_lines():
            got.append(line)
            acknowledged.open()
    assert got == [f"piece {number}" for number in range(20)]


def test_http_1_1_is_chunked_and_ends_with_the_terminator() -> None:
    with answering(streaming(b"one\n", b"two\n")) as proxy:
        got = send(proxy.port, b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    sent_head, _, body = got.partition(b"\r\n\r\n")
    assert sent_head.startswith(b"HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\nDate: ")
    assert sent_head.endswith(b"\r\nTransfer-Encoding: chunked\r\nConnection: close")
    assert body == b"4\r\none\n\r\n4\r\ntwo\n\r\n0\r\n\r\n"


def test_http_1_0_is_unframed_and_ends_with_the_connection() -> None:
    with answering(streaming(b"one\n", b"two\n")) as proxy:
        got = send(proxy.port, b"GET / HTTP/1.0\r\nHost: x\r\n\r\n")
    sent_head, _, body = got.partition(b"\r\n\r\n")
    assert sent_head.startswith(b"HTTP/1.0 200 OK\r\n")
    assert b"Transfer-Encoding" not in sent_head
    assert b"Content-Length" not in sent_head
    assert b"Connection" not in sent_head
    assert body == b"one\ntwo\n"


def test_http_1_0_needs_no_host_header() -> None:
    with answering(whole(b"hello")) as proxy:
        got = send(proxy.port, b"GET / HTTP/1.0\r\n\r\n")
    assert got.startswith(b"HTTP/1.0 200 OK\r\n")
    assert got.endswith(b"\r\n\r\nhello")


def test_http_1_0_keep_alive_is_honoured_for_a_whole_answer() -> None:
    request = b"GET / HTTP/1.0\r\nHost: x\r\nConnection: keep-alive\r\n\r\n"
    last = b"GET / HTTP/1.0\r\nHost: x\r\n\r\n"
    with answering(whole(b"hello")) as proxy:
        got = send(proxy.port, request + last)
    assert got.count(b"\r\n\r\nhello") == 2
    assert b"\r\nConnection: keep-alive\r\n\r\nhello" in got


def test_a_pipelined_request_on_the_same_connection_is_answered_next() -> None:
    first = b"GET /1 HTTP/1.1\r\nHost: x\r\n\r\n"
    second = b"GET /2 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"

    def make(flow: http.HTTPFlow) -> Answer:
        return streaming(b"answer to " + flow.request.path.encode() + b"\n")(flow)

    with answering(make) as proxy:
        got = send(proxy.port, first + second)
    assert got.index(b"answer to /1") < got.index(b"answer to /2")
    assert got.count(b"0\r\n\r\n") == 2


def test_a_connection_is_kept_for_the_next_request() -> None:
    with answering(streaming(b"a\n")) as proxy, httpx.Client(base_url=proxy.url) as client:
        assert [client.get("/").text for _ in range(5)] == ["a\n"] * 5
        flows = proxy.watcher.wait_for(5)
    assert len({flow.client_conn.id for flow in flows}) == 1


@pytest.mark.parametrize("size", [5, 5000])
def test_head_has_the_headers_and_no_body(size: int) -> None:
    with answering(whole(b"x" * size)) as proxy:
        got = send(proxy.port, b"HEAD / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert got.endswith(b"\r\n\r\n")
    assert (b"Content-Length: 5\r\n" in got) == (size == 5)
    assert b"Transfer-Encoding" not in got


def test_a_short_whole_answer_has_its_length_and_a_long_one_is_chunked() -> None:
    with answering(whole(b"x" * 2048)) as proxy:
        short = httpx.get(proxy.url)
    with answering(whole(b"x" * 2049)) as proxy:
        long = httpx.get(proxy.url)
    assert short.headers["content-length"] == "2048"
    assert "content-length" not in long.headers
    assert long.headers["transfer-encoding"] == "chunked"
    assert len(long.content) == 2049


class Cancelled:
    """An answer that waits for ever and tells when it is cancelled."""

    def __init__(self) -> None:
        self.begun = threading.Event()
        self.ended = threading.Event()

    async def wait(self) -> None:
        self.begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            self.ended.set()


@pytest.mark.parametrize("when", ["before the first byte", "in mid-stream", "in a whole answer"])
def test_a_client_that_leaves_cancels_its_answer_at_once(when: str) -> None:
    waiting = Cancelled()

    def make(flow: http.HTTPFlow) -> Answer:
        async def body() -> AsyncGenerator[bytes]:
            yield b"first\n"
            await waiting.wait()

        async def answer() -> LiveResponse | http.Response:
            if when != "in mid-stream":
                await waiting.wait()
            return LiveResponse(head(), body())

        return answer

    with answering(make) as proxy:
        with socket.create_connection((LOOPBACK, proxy.port), timeout=30) as connection:
            connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            assert waiting.begun.wait(30)
            if when == "in mid-stream":
                connection.recv(65536)
        assert waiting.ended.wait(30)
        (flow,) = proxy.watcher.wait_for(1)
        assert flow.error is not None
        assert "disconnected" in flow.error.msg
        assert not proxy.call(lambda: proxy.master.addons.get("live-bodies").pumps)


def test_a_client_that_stops_reading_stops_the_answer() -> None:
    produced = 0

    def make(flow: http.HTTPFlow) -> Answer:
        async def body() -> AsyncGenerator[bytes]:
            nonlocal produced
            while True:
                produced += 1
                yield b"x" * 65536

        async def answer() -> LiveResponse:
            return LiveResponse(head(), body())

        return answer

    with answering(make) as proxy:
        with socket.create_connection((LOOPBACK, proxy.port), timeout=30) as connection:
            connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            connection.recv(1)
            held_back = settled(lambda: produced, proxy)
            read = 0
            while read < (held_back + 100) * 65536:  # more than there was: it goes on where it stopped
                read += len(connection.recv(65536))
        assert held_back < 400  # 25 MiB: what the kernel's two socket buffers may take at most
        proxy.watcher.wait_for(1)


def settled(value: Callable[[], int], proxy: Running) -> int:
    """The value once a thousand turns of the proxy's loop leave it as it is."""
    seen, turns = -1, 0
    while turns < 1000:
        now = proxy.call(value)
        turns = turns + 1 if now == seen else 0
        seen = now
    return seen


def test_an_answer_that_raises_before_its_head_is_an_error_answer() -> None:
    def make(flow: http.HTTPFlow) -> Answer:
        async def answer() -> http.Response:
            raise RuntimeError("broken")

        return answer

    with answering(make) as proxy:
        response = httpx.get(proxy.url)
    assert (response.status_code, response.json()) == (500, {"error": "broken"})


def test_an_answer_that_raises_in_mid_stream_ends_with_an_error_line() -> None:
    def make(flow: http.HTTPFlow) -> Answer:
        async def body() -> AsyncGenerator[bytes]:
            yield b"fine\n"
            raise RuntimeError("broken")

        async def answer() -> LiveResponse:
            return LiveResponse(head(), body())

        return answer

    with answering(make) as proxy:
        response = httpx.get(proxy.url)
    assert response.text == 'fine\n{"error": "broken"}\n'


def test_the_finished_body_is_in_the_flow() -> None:
    with answering(streaming(b"one\n", b"two\n")) as proxy:
        httpx.get(proxy.url)
        (flow,) = proxy.watcher.wait_for(1)
    assert flow.response is not None
    assert flow.response.content == b"one\ntwo\n"


def test_a_body_beyond_the_bound_is_sent_whole_and_kept_in_part() -> None:
    chunk = b"x" * 1_000_000
    with answering(streaming(*[chunk] * 6)) as proxy:
        assert len(httpx.get(proxy.url).content) == 6_000_000
        (flow,) = proxy.watcher.wait_for(1)
    assert flow.response is not None
    assert len(flow.response.content or b"") == KEPT_BODY_BYTES
    assert "of 6000000 body bytes kept" in flow.comment


def test_a_request_is_read_whole_whatever_stream_large_bodies_says() -> None:
    def make(flow: http.HTTPFlow) -> Answer:
        async def answer() -> http.Response:
            return http.Response.make(200, str(len(flow.request.content or b"")))

        return answer

    with answering(make, stream_large_bodies="1k") as proxy:
        assert httpx.post(proxy.url, content=b"y" * 5000).text == "5000"
        assert httpx.post(proxy.url, content=iter([b"y" * 1000] * 10)).text == "10000"


def test_shutting_down_tells_the_client_in_mid_stream() -> None:
    def make(flow: http.HTTPFlow) -> Answer:
        async def body() -> AsyncGenerator[bytes]:
            yield b"first\n"
            await asyncio.Event().wait()

        async def answer() -> LiveResponse:
            return LiveResponse(head(), body())

        return answer

    with answering(make) as proxy, httpx.stream("GET", proxy.url) as response:
        got = []
        with contextlib.suppress(httpx.RemoteProtocolError):
            for line in response.iter_lines():
                got.append(line)
                if len(got) == 1:
                    proxy.master.shutdown()
    assert got == ["first", '{"error": "the proxy is shutting down"}']


def test_a_killed_flow_ends_the_stream() -> None:
    acknowledged = Gate()

    def make(flow: http.HTTPFlow) -> Answer:
        async def body() -> AsyncGenerator[bytes]:
            yield b"first\n"
            await acknowledged.wait()
            flow.kill()
            yield b"second\n"

        async def answer() -> LiveResponse:
            return LiveResponse(head(), body())

        return answer

    got = []

    def read(response: httpx.Response) -> None:
        for line in response.iter_lines():
            got.append(line)
            acknowledged.open()

    with answering(make) as proxy, httpx.stream("GET", proxy.url) as response, pytest.raises(httpx.RemoteProtocolError):
        read(response)
    assert got == ["first"]


def test_a_replayed_flow_gets_its_body_whole() -> None:
    with answering(streaming(b"one\n", b"two\n")) as proxy:
        httpx.get(proxy.url)
        (flow,) = proxy.watcher.wait_for(1)
        proxy.call(proxy.master.commands.call, "replay.client", [flow])
        proxy.watcher.wait_for(2)
    assert flow.response is not None
    assert flow.response.content == b"one\ntwo\n"
    assert flow.response.headers["content-length"] == "8"


def test_a_reverse_proxy_listener_streams_too() -> None:
    mode = f"reverse:http://{LOOPBACK}:1@{LOOPBACK}:0"
    with answering(streaming(b"one\n"), mode=mode, connection_strategy="lazy") as proxy:
        assert httpx.get(proxy.url).text == "one\n"


class Ends:
    """Answers that stream what `body` makes; how each ended is told to the test."""

    def __init__(self, body: Callable[[], AsyncGenerator[bytes]]) -> None:
        self.body = body
        self.told: queue.Queue[BaseException | None] = queue.Queue()

    def make(self, _flow: http.HTTPFlow) -> Answer:
        async def answer() -> LiveResponse:
            return LiveResponse(head(), self.body(), self.told.put)

        return answer


async def two_lines() -> AsyncGenerator[bytes]:
    yield b"one\n"
    yield b"two\n"


async def breaking() -> AsyncGenerator[bytes]:
    yield b"one\n"
    raise ValueError("broken")


async def endless() -> AsyncGenerator[bytes]:
    yield b"one\n"
    await asyncio.Event().wait()


@pytest.mark.parametrize(("body", "ended"), [(two_lines, None), (breaking, ValueError)])
def test_the_end_of_a_body_is_told_with_what_ended_it(
    body: Callable[[], AsyncGenerator[bytes]], ended: type[BaseException] | None
) -> None:
    ends = Ends(body)
    with answering(ends.make) as proxy:
        send(proxy.port, b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        told = ends.told.get(timeout=30)
    assert told is None if ended is None else isinstance(told, ended)
    assert ends.told.empty()


def test_a_client_that_leaves_is_told_as_the_end_of_the_body() -> None:
    ends = Ends(endless)
    with answering(ends.make) as proxy:
        with socket.create_connection((LOOPBACK, proxy.port)) as connection:
            connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            while b"one" not in connection.recv(65536):
                pass
        assert isinstance(ends.told.get(timeout=30), asyncio.CancelledError)
    assert ends.told.empty()
