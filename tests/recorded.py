"""Recordings for tests, and a loop that plays them without waiting."""

import asyncio
import json
import selectors
from collections.abc import Callable, Coroutine
from concurrent.futures import Executor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from mitmproxy import http
from mitmproxy.test import tflow

from addon.call import Call
from addon.exchange import Exchange
from addon.recordings.files import RecordingFiles
from addon.recordings.layout import recording_text
from addon.recordings.matching import asked_of
from addon.recordings.recording import Client, Recording, Request, Response, UpstreamCall
from addon.recordings.replayer import Replayer
from addon.redaction.redactor import Redactor

HELLO = {"model": "gpt-4o", "messages": [{"role": "user", "content": "Hello"}]}
SENT = HELLO | {"stream": True, "stream_options": {"include_usage": True}}
CHUNKS = ((10.0, b"data: 1\n\n"), (50.0, b"data: 2\n\n"))


def compact(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


CALL = Call("POST", "/chat/completions", compact(SENT))
NO_DEADLINE = float("inf")


def request(body: Any = HELLO, method: str = "POST", path: str = "/api/chat") -> Request:
    content = body if isinstance(body, bytes) else compact(body)
    return Request(method=method, path=path, headers=(("Content-Type", "application/json"),), body=content)


def response(*chunks: tuple[float, bytes], status: int = 200, t_ms: float = 5.0, **headers: str) -> Response:
    pairs = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return Response(t_ms=t_ms, status=status, headers=pairs, chunks=chunks)


def upstream_call(**changes: Any) -> UpstreamCall:
    parts: dict[str, Any] = {
        "t_ms": 1.0,
        "provider": "default",
        "url": "http://127.0.0.1:9100/v1",
        "attempt": 1,
        "request": request(SENT, path="/chat/completions"),
        "response": response(*CHUNKS, content_type="text/event-stream"),
        "error": None,
        "end": "complete",
        "end_ms": 60.0,
    }
    return UpstreamCall(**parts | changes)


def recording(*calls: UpstreamCall, name: str = "hello-1", body: Any = HELLO, **changes: Any) -> Recording:
    """A recording of a short chat, which is else as given."""
    answer = response((12.0, b'{"done":false}\n'), (55.0, b'{"done":true}\n'), content_type="application/x-ndjson")
    parts: dict[str, Any] = {
        "name": name,
        "about": "",
        "recorded_at": datetime(2026, 11, 21, 7, 30, tzinfo=UTC),
        "protocol": "ollama",
        "client": Client(request=request(body), response=answer, end="complete", end_ms=55.0),
        "upstream": calls or (upstream_call(),),
    }
    return Recording(**parts | changes)


def exchange(body: Any = HELLO, path: str = "/api/chat", method: str = "POST") -> Exchange:
    """An exchange whose client has asked this."""
    flow = tflow.tflow()
    content = body if isinstance(body, bytes) else compact(body)
    flow.request = http.Request.make(method, f"http://127.0.0.1:11434{path}", content)
    return Exchange(flow, "", "")


def replayer_of(folder: Path, *recordings: Recording, remedy: str = "", **how: Any) -> Replayer:
    """A replayer of these recordings, which are written into a folder."""
    files = RecordingFiles(folder)
    for each in recordings:
        files.add(each, each.name, "0123456789abcdef")
    return Replayer(folder, Redactor(), remedy, **how)


def record(replayer: Replayer, made: Recording) -> None:
    """Let a replayer know of a recording that was made since it was started."""
    (replayer.library.folder / f"{made.name}.json").write_text(recording_text(made), "utf-8")
    replayer.add(made, asked_of(made).digest)


async def played(replayer: Replayer, asked: Exchange, call: Call = CALL) -> list[tuple[float, bytes]]:
    """The pieces of the answer to a call, each with the milliseconds since the call."""
    clock = asyncio.get_running_loop().time
    start = clock()
    reply = await replayer.send(call, asked, NO_DEADLINE)
    return [(round((clock() - start) * 1000, 1), chunk) async for chunk in reply.chunks]


def milliseconds() -> int:
    """Since the loop began."""
    return round(asyncio.get_running_loop().time() * 1000)


class _Hasty(selectors.DefaultSelector):
    """Does not wait for a time, but moves the clock on by it; for threads it waits, and they take no time."""

    now = 0.0
    threads = 0

    def select(self, timeout: float | None = None) -> list[Any]:
        if timeout is None or (timeout > 0 and self.threads):
            return super().select()
        self.now += timeout
        return super().select(0)


class HastyLoop(asyncio.SelectorEventLoop):
    """A loop on which every sleep is over at once, in order, and its clock says that it was not."""

    def __init__(self) -> None:
        self._hasty = _Hasty()
        super().__init__(self._hasty)

    def time(self) -> float:
        return self._hasty.now

    def run_in_executor[*Args, Result](
        self, executor: Executor | None, func: Callable[[*Args], Result], *args: *Args
    ) -> asyncio.Future[Result]:
        future = super().run_in_executor(executor, func, *args)
        self._hasty.threads += 1
        future.add_done_callback(lambda _: self._thread_is_over())
        return future

    def _thread_is_over(self) -> None:
        self._hasty.threads -= 1

    async def shutdown_default_executor(self, timeout: float | None = None) -> None:  # noqa: ASYNC109  # not ours
        await super().shutdown_default_executor()


def run[Result](coroutine: Coroutine[Any, Any, Result]) -> Result:
    """What a coroutine returns, run without waiting."""
    with asyncio.Runner(loop_factory=HastyLoop) as runner:
        return runner.run(coroutine)
