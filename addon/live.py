"""Live response bodies: a response whose body is an async iterator of bytes.

mitmproxy streams a response that it *forwards*, but sends one that an addon *makes* in one piece. This module, with the
layers in `live_layers.py`, `live_requests.py` and `go_server.py`, adds what is missing; nothing else here touches
mitmproxy's proxy core.

How it works: an addon hands `LiveBodies.answer` a coroutine function, from the `request` hook. When mitmproxy then asks
for a server connection, `LiveStream` starts that function as a task (a *pump*) in its place, and the pump speaks to the
stream in the events of a server: `ResponseHeaders`, `ResponseData`, `ResponseEndOfMessage`. So all hooks, buffering and
framing behind it are mitmproxy's own. No hook runs while the pump waits, hence a client that leaves is noticed at once,
also before the first byte, and its pump is cancelled.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Final
from weakref import WeakValueDictionary

from mitmproxy import connection, ctx, http
from mitmproxy.proxy import layer
from mitmproxy.proxy.layers.http import HttpLayer
from mitmproxy.proxy.layers.http._events import (
    ErrorCode,
    HttpEvent,
    ResponseData,
    ResponseEndOfMessage,
    ResponseHeaders,
    ResponseProtocolError,
)
from mitmproxy.proxy.server import ConnectionHandler
from mitmproxy.utils import asyncio_utils

from addon.flow_metadata import BODY_LEFT
from addon.framing import frame
from addon.go_server import LastWords
from addon.live_layers import LiveEvent, LiveHttpLayer, LiveStream
from translators.errors import OllamaError

logger = logging.getLogger(__name__)

UNSENT_BYTES: Final = 64 * 1024
"""What may wait in a connection's buffer before its pump waits too; asyncio's own limit, asked without a lock."""


@dataclass(frozen=True, slots=True)
class LiveResponse:
    """A response whose body is still being made.

    Attributes:
        head: Status and headers, without content and without framing headers.
        body: The body in pieces, none of them empty. It is closed whatever happens.
        over: Called once when it is over, also when the body was never begun: with None when all of it was sent, else
            with what ended it, which is a CancelledError when the client has gone.
    """

    head: http.Response
    body: AsyncGenerator[bytes]
    over: Callable[[BaseException | None], None] = lambda _: None

    @asynccontextmanager
    async def opened(self) -> AsyncGenerator[AsyncGenerator[bytes]]:
        """The body, for a block at whose end it is over: all of it was sent, unless the block raises."""
        ended: BaseException | None = None
        try:
            async with aclosing(self.body) as body:
                yield body
        except BaseException as error:
            ended = error
            raise
        finally:
            self.over(ended)


type Answer = Callable[[], Awaitable[http.Response | LiveResponse]]
"""Makes the response to one request. It is cancelled when the client goes away."""


class Pump:
    """Carries one answer to the client: a task, and what it needs to speak to its stream."""

    def __init__(self, stream: LiveStream, handler: ConnectionHandler, last_words: LastWords) -> None:
        self.stream = stream
        self.handler = handler
        self.last_words = last_words
        self.head_sent = False
        self.writable = asyncio.Event()
        self.writable.set()
        self.task: asyncio.Task[None] | None = None
        self.cancelled = False

    def cancel(self) -> None:
        """Stop at once; nothing more is sent."""
        self.cancelled = True
        if self.task is not None:
            self.task.cancel()

    async def kill(self) -> None:
        """Break off, as mitmproxy does with flows that are killed; it then cancels this."""
        await self._send(ResponseProtocolError(self.stream.stream_id, "killed", ErrorCode.KILL))

    async def run(self, answer: Answer) -> None:
        """Make the response and send it, whatever happens on the way."""
        with self.handler.timeout_watchdog.disarm():  # the upstream's silence has its own time limit
            try:
                response = await answer()
                if isinstance(response, LiveResponse):
                    async with response.opened() as body:
                        await self._send_live(response.head, body)
                else:
                    await self._send_whole(response)
            except Exception as error:
                logger.exception("An answer has crashed")
                await self.end_with(error)

    async def end_with(self, error: Exception) -> None:
        """Tell the client of an error: as its whole answer, or at the end of one that has begun."""
        begun = self.head_sent and not self.stream.awaits_head  # it may have been cancelled on the way there
        response = self.last_words(error, self.stream.flow.request, begun)
        if not begun:
            await self._send_whole(response)
        else:
            await self._send(ResponseData(self.stream.stream_id, response.raw_content or b""))
            await self._send(ResponseEndOfMessage(self.stream.stream_id))

    async def _send_whole(self, response: http.Response) -> None:
        self.head_sent = True
        frame(response, self.stream.flow.request, closing=BODY_LEFT in self.stream.flow.metadata)
        await self._send(ResponseHeaders(self.stream.stream_id, response))

    async def _send_live(self, head: http.Response, body: AsyncGenerator[bytes]) -> None:
        """Send a body as it comes.

        Raises:
            asyncio.CancelledError: There is nobody any more to send it to.
        """
        stream_id, flow = self.stream.stream_id, self.stream.flow
        head.stream = True
        frame(head, flow.request)
        self.head_sent = True
        await self._send(ResponseHeaders(stream_id, head))
        async for chunk in body:
            if flow.error is not None:  # killed in mitmweb or by another addon
                await self.kill()
                raise asyncio.CancelledError
            await self._send(ResponseData(stream_id, chunk))
            transport = self.handler.transports.get(self.handler.client)
            writer = None if transport is None else transport.writer
            if writer is None or writer.is_closing():
                raise asyncio.CancelledError  # mitmproxy tells the stream, unless a body that never waits keeps it busy
            if not isinstance(writer, asyncio.StreamWriter) or writer.transport.get_write_buffer_size() > UNSENT_BYTES:
                await self.handler.drain_writers()
            if not self.writable.is_set():
                await self.writable.wait()
        await self._send(ResponseEndOfMessage(stream_id))

    async def _send(self, event: HttpEvent) -> None:
        if not self.cancelled:
            await self.handler.server_event(LiveEvent(self.stream, event))


class LiveBodies:
    """The addon that makes live responses possible; others call `answer` from their `request` hook.

    Attributes:
        is_ours: Whether everything that a client sends will be answered here, by the listener that it came to; for
            others to set.
        apart: Whether a whole answer is sent before the `response` hooks, so that they change only what is kept of it;
            for others to set.
    """

    name = "live-bodies"

    def __init__(self, last_words: LastWords) -> None:
        self.streams: WeakValueDictionary[str, LiveStream] = WeakValueDictionary()
        self.last_words = last_words
        self.is_ours: Callable[[connection.Client], bool] = lambda _: False
        self.apart = False
        self.pumps: set[Pump] = set()
        self.stopping = False

    def next_layer(self, nextlayer: layer.NextLayer) -> None:
        """Let mitmproxy choose, then make the HTTP layers that it chose live ones."""
        ctx.master.addons.get("nextlayer").next_layer(nextlayer)
        for chosen in nextlayer.context.layers:
            # Nothing has run in it yet. A new layer would have to take the old one's place in the context and in the
            # stack of layers round it; the same object under the subclass is in its place already.
            if type(chosen) is HttpLayer:
                chosen.__class__ = LiveHttpLayer
                chosen.bodies = self  # type: ignore[attr-defined]  # mypy cannot follow the assignment above

    def claim(self, flow: http.HTTPFlow, most: int) -> None:
        """From the `requestheaders` hook: this request will be answered here, so read its body whole.

        Args:
            flow: With its request's headers.
            most: The largest body that is read, in bytes; a request with a larger one is answered without its body,
                and has `BODY_LEFT` in the flow's metadata.
        """
        flow.request.stream = False
        if stream := self.streams.get(flow.id):
            stream.ours = True
            stream.most = most

    async def answer(self, flow: http.HTTPFlow, answer: Answer) -> None:
        """Answer this flow with what `answer` makes, instead of asking a server.

        To be called from the `request` hook. Returns at once; `answer` runs when all `request` hooks are through, so
        that it sees the request as the user and other addons left it. Where mitmproxy replays a flow there is nobody
        to stream to: there it waits, and sets `flow.response` whole.
        """
        stream = self.streams.get(flow.id)
        handler: ConnectionHandler | None = ctx.master.addons.get("proxyserver").connections.get(flow.client_conn.id)
        if stream is not None and flow.is_replay is None and handler is not None:
            stream.start_pump = partial(self._start, Pump(stream, handler, self.last_words), answer)
        else:
            flow.response = await self._collect(flow, answer)

    def end_killed(self) -> None:
        """End the answers whose flows were killed, though nothing comes by which they would notice it."""
        for pump in self.pumps:
            if pump.stream.flow.error is not None and not pump.cancelled:
                asyncio_utils.create_task(pump.kill(), name="killed live body", keep_ref=True)

    def show_running(self) -> list[http.HTTPFlow]:
        """Put into the flows of running answers what was sent of them by now; those that have changed."""
        return [pump.stream.flow for pump in self.pumps if pump.stream.show_kept()]

    def _start(self, pump: Pump, answer: Answer) -> Pump:
        self.pumps.add(pump)
        client = pump.stream.flow.client_conn.peername
        pump.task = asyncio_utils.create_task(pump.run(answer), name="live body", keep_ref=True, client=client)
        pump.task.add_done_callback(lambda _: self.pumps.discard(pump))
        return pump

    def done(self) -> None:
        """Tell the clients that are being served, then stop."""
        self.stopping = True
        for pump in tuple(self.pumps):
            if pump.task is not None:
                pump.task.cancel()
            # mitmproxy's tasks start eagerly and nobody holds the connection's lock here: the line is written now.
            asyncio_utils.create_task(
                pump.end_with(OllamaError("the proxy is shutting down", status=503)), name="last words", keep_ref=True
            )

    async def _collect(self, flow: http.HTTPFlow, answer: Answer) -> http.Response:
        try:
            response = await answer()
            if isinstance(response, LiveResponse):
                async with response.opened() as body:
                    response.head.raw_content = b"".join([chunk async for chunk in body])
                response = response.head
        except Exception as error:
            logger.exception("An answer has crashed")
            response = self.last_words(error, flow.request, False)
        frame(response, flow.request)
        return response
