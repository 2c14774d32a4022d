"""Live response bodies: a response whose body is an async iterator of bytes.

mitmproxy streams a response that it *forwards*, but sends one that an addon *makes* in one piece. This module adds what
is missing, and is the only one that touches mitmproxy's internals (`mitmproxy.proxy.layers.http`).

How it works: an addon hands `LiveBodies.answer` a coroutine function, from the `request` hook. When mitmproxy then asks
for a server connection, `LiveStream` starts that function as a task (a *pump*) in its place, and the pump speaks to the
stream in the events of a server: `ResponseHeaders`, `ResponseData`, `ResponseEndOfMessage`. So all hooks, buffering and
framing behind it are mitmproxy's own. No hook runs while the pump waits, hence a client that leaves is noticed at once,
also before the first byte, and its pump is cancelled.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass
from typing import Final, override
from weakref import WeakValueDictionary

from mitmproxy import ctx, flow, http
from mitmproxy.proxy import context, events, layer
from mitmproxy.proxy.layers.http import DropStream, HttpLayer, HttpStream, SendHttp
from mitmproxy.proxy.layers.http._events import (
    ErrorCode,
    HttpEvent,
    RequestHeaders,
    RequestProtocolError,
    ResponseData,
    ResponseEndOfMessage,
    ResponseHeaders,
    ResponseProtocolError,
)
from mitmproxy.proxy.layers.http._hooks import HttpErrorHook, HttpResponseHeadersHook
from mitmproxy.proxy.server import ConnectionHandler
from mitmproxy.utils import asyncio_utils

from addon.framing import frame
from translators.errors import OllamaError

KEPT_BODY_BYTES: Final = 4 * 1024 * 1024
"""How much of a live body is kept for `flow.response`, that is for mitmweb, HAR and `-w`."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class LiveResponse:
    """A response whose body is still being made.

    Attributes:
        head: Status and headers, without content and without framing headers.
        body: The body in pieces, none of them empty. It is closed whatever happens.
    """

    head: http.Response
    body: AsyncGenerator[bytes]


type Answer = Callable[[], Awaitable[http.Response | LiveResponse]]
"""Makes the response to one request. It is cancelled when the client goes away."""

type LastWords = Callable[[Exception], http.Response]
"""Turns an exception that an answer let through into a response; after the head, its content becomes the last line."""


class LiveEvent(events.Event):
    """Something that a pump has for its stream."""

    def __init__(self, stream: "LiveStream", event: HttpEvent) -> None:
        self.stream = stream
        self.event = event


class LiveStream(HttpStream):
    """An HTTP stream whose server may be a pump."""

    def __init__(self, ctx: context.Context, stream_id: int, bodies: "LiveBodies") -> None:
        super().__init__(ctx, stream_id)
        self.bodies = bodies
        self.ours = False
        self.answer: Answer | None = None
        self.pump: Pump | None = None
        self.kept = bytearray()
        self.sent = 0

    # mitmproxy assigns the flow in the middle of a method; this is where its stream can be found by it from then on.
    @property
    @override
    def flow(self) -> http.HTTPFlow:
        return self._flow

    @flow.setter
    def flow(self, value: http.HTTPFlow) -> None:
        self._flow = value
        self.bodies.streams[value.id] = self

    @override
    def state_wait_for_request_headers(self, event: RequestHeaders) -> layer.CommandGenerator[None]:
        """HTTP/1.0 needs no Host header: such a request is for whoever it came to. mitmproxy would refuse it."""
        request = event.request
        if request.http_version == "HTTP/1.0" and not request.host and not request.host_header:
            request.data.host, request.data.port = self.context.client.sockname[:2]
            request.data.scheme = b"http"
        yield from super().state_wait_for_request_headers(event)

    @override
    def check_body_size(self, request: bool) -> layer.CommandGenerator[bool]:
        """A request that is ours is read whole: `stream_large_bodies` would pass it on unseen."""
        if self.ours:
            return False
        return (yield from super().check_body_size(request))

    @override
    def make_server_connection(self) -> layer.CommandGenerator[bool]:
        if self.answer is None:
            return (yield from super().make_server_connection())
        self.pump = self.bodies.start(self, self.answer)
        return False

    @override
    def state_wait_for_response_headers(self, event: ResponseHeaders) -> layer.CommandGenerator[None]:
        if self.pump is None or event.response.stream:
            yield from super().state_wait_for_response_headers(event)
            return
        self.flow.response = event.response  # whole: what mitmproxy does with a response that an addon set
        yield HttpResponseHeadersHook(self.flow)
        if not (yield from self.check_killed(True)):
            yield from self.send_response()

    @override
    def state_stream_response_body(self, event: events.Event) -> layer.CommandGenerator[None]:
        if self.pump is None:
            yield from super().state_stream_response_body(event)
        elif isinstance(event, ResponseData):
            self.sent += len(event.data)
            if room := KEPT_BODY_BYTES - len(self.kept):
                self.kept += event.data[:room]
            yield SendHttp(event, self.context.client)
        elif isinstance(event, ResponseEndOfMessage):
            self.keep_body()
            yield from self.send_response(already_streamed=True)

    def keep_body(self) -> None:
        """Put what was sent into the flow, whatever `store_streamed_bodies` says."""
        if self.flow.response is not None:
            self.flow.response.data.content = bytes(self.kept)
            if self.sent > len(self.kept):
                self.flow.comment = (
                    f"{self.flow.comment} (first {len(self.kept)} of {self.sent} body bytes kept)".strip()
                )
        self.kept.clear()

    @override
    def handle_protocol_error(
        self, event: RequestProtocolError | ResponseProtocolError
    ) -> layer.CommandGenerator[None]:
        if self.pump is None:
            yield from super().handle_protocol_error(event)
            return
        # The client is gone, or the flow was killed. mitmproxy would tell the server connection, and there is none.
        self.pump.cancel()
        if self.server_state not in (self.state_done, self.state_errored):
            self.keep_body()
            self.flow.error = self.flow.error or flow.Error(event.message)
            yield HttpErrorHook(self.flow)
        if isinstance(event, ResponseProtocolError):
            yield SendHttp(event, self.context.client)
        self.client_state = self.server_state = self.state_errored
        self.flow.live = False
        yield DropStream(self.stream_id)


class LiveHttpLayer(HttpLayer):
    """An HTTP layer with live streams, which routes their pumps' events to them."""

    bodies: "LiveBodies"

    @override
    def make_stream(self, stream_id: int) -> layer.CommandGenerator[None]:
        self.streams[stream_id] = LiveStream(self.context.fork(), stream_id, self.bodies)
        yield from self.event_to_child(self.streams[stream_id], events.Start())

    @override
    def _handle_event(self, event: events.Event) -> layer.CommandGenerator[None]:
        if not isinstance(event, LiveEvent):
            yield from super()._handle_event(event)
        elif self.streams.get(event.stream.stream_id) is event.stream:
            yield from self.event_to_child(event.stream, event.event)
        else:  # a CONNECT tunnel: the stream lives in the layer inside it, if it still does
            for stream in tuple(self.streams.values()):
                if stream.child_layer is not None:
                    yield from self.event_to_child(stream, event)
        self._set_writable()

    def _set_writable(self) -> None:
        """Let each pump know whether HTTP/2 flow control holds back what it has sent."""
        h2_conn = getattr(self.connections.get(self.context.client), "h2_conn", None)
        if h2_conn is None:
            return
        for stream_id, stream in self.streams.items():
            if isinstance(stream, LiveStream) and stream.pump is not None:
                if h2_conn.stream_buffers.get(stream_id):
                    stream.pump.writable.clear()
                else:
                    stream.pump.writable.set()


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

    async def run(self, answer: Answer) -> None:
        """Make the response and send it, whatever happens on the way."""
        with self.handler.timeout_watchdog.disarm():  # the upstream's silence has its own time limit
            try:
                response = await answer()
                if isinstance(response, LiveResponse):
                    async with aclosing(response.body) as body:
                        await self._send_live(response.head, body)
                else:
                    await self._send_whole(response)
            except Exception as error:
                logger.exception("An answer has crashed")
                await self.end_with(error)

    async def end_with(self, error: Exception) -> None:
        """Tell the client of an error: as its whole answer, or as the last line of one that has begun."""
        response = self.last_words(error)
        if not self.head_sent:
            await self._send_whole(response)
        else:
            await self._send(ResponseData(self.stream.stream_id, (response.raw_content or b"") + b"\n"))
            await self._send(ResponseEndOfMessage(self.stream.stream_id))

    async def _send_whole(self, response: http.Response) -> None:
        self.head_sent = True
        frame(response, self.stream.flow.request)
        await self._send(ResponseHeaders(self.stream.stream_id, response))

    async def _send_live(self, head: http.Response, body: AsyncGenerator[bytes]) -> None:
        stream_id = self.stream.stream_id
        head.stream = True
        frame(head, self.stream.flow.request)
        self.head_sent = True
        await self._send(ResponseHeaders(stream_id, head))
        async for chunk in body:
            if self.stream.flow.error is not None:  # killed in mitmweb or by another addon
                await self._send(ResponseProtocolError(stream_id, "killed", ErrorCode.KILL))
                return
            await self._send(ResponseData(stream_id, chunk))
            await self.handler.drain_writers()
            await self.writable.wait()
            if self._connection_lost():  # mitmproxy tells the stream ; a body that never waits would prevent that
                return
        await self._send(ResponseEndOfMessage(stream_id))

    def _connection_lost(self) -> bool:
        transport = self.handler.transports.get(self.handler.client)
        return transport is None or transport.writer is None or transport.writer.is_closing()

    async def _send(self, event: HttpEvent) -> None:
        if not self.cancelled:
            await self.handler.server_event(LiveEvent(self.stream, event))


class LiveBodies:
    """The addon that makes live responses possible; others call `answer` from their `request` hook."""

    name = "live-bodies"

    def __init__(self, last_words: LastWords) -> None:
        self.streams: WeakValueDictionary[str, LiveStream] = WeakValueDictionary()
        self.last_words = last_words
        self.pumps: set[Pump] = set()

    def next_layer(self, nextlayer: layer.NextLayer) -> None:
        """Let mitmproxy choose, then make the HTTP layers that it chose live ones."""
        ctx.master.addons.get("nextlayer").next_layer(nextlayer)
        for chosen in nextlayer.context.layers:
            # Nothing has run in it yet. A new layer would have to take the old one's place in the context and in the
            # stack of layers round it; the same object under the subclass is in its place already.
            if type(chosen) is HttpLayer:
                chosen.__class__ = LiveHttpLayer
                chosen.bodies = self  # type: ignore[attr-defined]  # mypy cannot follow the assignment above

    def claim(self, flow: http.HTTPFlow) -> None:
        """From the `requestheaders` hook: this request will be answered here, so read its body whole."""
        flow.request.stream = False
        if stream := self.streams.get(flow.id):
            stream.ours = True

    async def answer(self, flow: http.HTTPFlow, answer: Answer) -> None:
        """Answer this flow with what `answer` makes, instead of asking a server.

        To be called from the `request` hook. Returns at once; `answer` runs when all `request` hooks are through, so
        that it sees the request as the user and other addons left it. Where mitmproxy replays a flow there is nobody
        to stream to: there it waits, and sets `flow.response` whole.
        """
        stream = self.streams.get(flow.id)
        if stream is not None and flow.is_replay is None and self._handler(flow) is not None:
            stream.answer = answer
        else:
            flow.response = await self._collect(flow, answer)

    def start(self, stream: LiveStream, answer: Answer) -> Pump:
        """Run `answer` as the server of `stream`."""
        handler = self._handler(stream.flow)
        assert handler is not None  # `answer` has looked
        pump = Pump(stream, handler, self.last_words)
        self.pumps.add(pump)
        pump.task = asyncio_utils.create_task(
            pump.run(answer),
            name=f"live body of {stream.flow.id}",
            keep_ref=True,
            client=stream.flow.client_conn.peername,
        )
        pump.task.add_done_callback(lambda _: self.pumps.discard(pump))
        return pump

    def done(self) -> None:
        """Tell the clients that are being served, then stop."""
        for pump in tuple(self.pumps):
            if pump.task is not None:
                pump.task.cancel()
            # mitmproxy's tasks start eagerly and nobody holds the connection's lock here: the line is written now.
            asyncio_utils.create_task(
                pump.end_with(OllamaError("the proxy is shutting down", status=503)), name="last words", keep_ref=True
            )

    def _handler(self, flow: http.HTTPFlow) -> ConnectionHandler | None:
        handler: ConnectionHandler | None = ctx.master.addons.get("proxyserver").connections.get(flow.client_conn.id)
        return handler

    async def _collect(self, flow: http.HTTPFlow, answer: Answer) -> http.Response:
        try:
            response = await answer()
            if isinstance(response, LiveResponse):
                async with aclosing(response.body) as body:
                    response.head.raw_content = b"".join([chunk async for chunk in body])
                response = response.head
        except Exception as error:
            logger.exception("An answer has crashed")
            response = self.last_words(error)
        frame(response, flow.request)
        return response
