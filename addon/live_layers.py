"""mitmproxy's HTTP layer and stream, in which a pump can stand in the server's place.

The part of live bodies (`live.py`) that stands on mitmproxy's internals, `mitmproxy.proxy.layers.http`.
"""

import asyncio
from collections.abc import Callable
from typing import Final, Protocol, override
from weakref import WeakValueDictionary

from mitmproxy import flow, http
from mitmproxy.proxy import context, events, layer
from mitmproxy.proxy.commands import SendData
from mitmproxy.proxy.layers.http import DropStream, HttpLayer, SendHttp, is_h3_alpn
from mitmproxy.proxy.layers.http._events import (
    HttpEvent,
    RequestProtocolError,
    ResponseData,
    ResponseEndOfMessage,
    ResponseHeaders,
    ResponseProtocolError,
)
from mitmproxy.proxy.layers.http._hooks import HttpErrorHook, HttpResponseHeadersHook

from addon.go_server import GoHttp1Server
from addon.live_requests import Judge, RequestStream

KEPT_BODY_BYTES: Final = 4 * 1024 * 1024
"""How much of a live body is kept for `flow.response`, that is for mitmweb, HAR and `-w`."""


CUT: Final = "(first "
"""How the comment begins that says that not all of a body is kept."""


def tell_cut(flow: http.HTTPFlow, kept: int, sent: int) -> None:
    """Say in a flow's comment that it does not hold all of its response.

    Args:
        flow: Which.
        kept: How many bytes of the body it holds.
        sent: How many there were.
    """
    if sent > kept:
        flow.comment = f"{flow.comment} {CUT}{kept} of {sent} body bytes kept)".strip()


def worth_showing(kept: int, shown: int) -> bool:
    """Whether so much more has come of a running answer that it is shown.

    A program that shows it renders all of it again: 60 ms for a megabyte, in which nobody else is served.

    Args:
        kept: Bytes that are there.
        shown: Bytes that are shown.
    """
    return kept - shown > shown // 32


class Server(Protocol):
    """What stands in a server's place: a pump.

    Attributes:
        writable: Cleared while HTTP/2 flow control holds back what was sent.
    """

    writable: asyncio.Event

    def cancel(self) -> None:
        """Stop at once; nothing more is sent."""


class Registry(Judge, Protocol):
    """Whoever gives streams their servers.

    Attributes:
        streams: Where each stream puts itself, under its flow's id.
        stopping: mitmproxy is about to end.
        apart: A whole answer is sent before the `response` hooks.
    """

    streams: "WeakValueDictionary[str, LiveStream]"
    stopping: bool
    apart: bool


class LiveEvent(events.Event):
    """Something that a pump has for its stream."""

    def __init__(self, stream: "LiveStream", event: HttpEvent) -> None:
        self.stream = stream
        self.event = event


class LiveStream(RequestStream):
    """An HTTP stream whose server may be a pump.

    Attributes:
        start_pump: Starts its pump, when the request is complete.
        pump: What stands in the server's place.
        chunked: A live body is being sent in HTTP/1.1 chunks, and nothing else can happen to it than an error.
        kept: What is kept of the body.
        sent: How many bytes of it were sent.
    """

    def __init__(self, ctx: context.Context, stream_id: int, bodies: Registry) -> None:
        super().__init__(ctx, stream_id, bodies)
        self.bodies = bodies
        self.start_pump: Callable[[], Server] | None = None
        self.pump: Server | None = None
        self.chunked = False
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

    @property
    def awaits_head(self) -> bool:
        """Whether no answer has begun."""
        return bool(self.server_state == self.state_wait_for_response_headers)

    @override
    def make_server_connection(self) -> layer.CommandGenerator[bool]:
        if self.start_pump is None:
            return (yield from super().make_server_connection())
        self.pump = self.start_pump()
        return False

    @override
    def state_wait_for_response_headers(self, event: ResponseHeaders) -> layer.CommandGenerator[None]:
        if self.pump is None or event.response.stream:
            yield from super().state_wait_for_response_headers(event)
            return
        self.flow.response = event.response
        if self.bodies.stopping:  # there is no time left for hooks
            yield from self.send_whole(event.response)
            yield SendHttp(ResponseEndOfMessage(self.stream_id), self.context.client)
            self.server_state = self.state_done
            return
        # whole: what mitmproxy does with a response that an addon set
        yield HttpResponseHeadersHook(self.flow)
        if not (yield from self.check_killed(True)):
            if self.bodies.apart:
                yield from self.send_whole(event.response)
            yield from self.send_response(already_streamed=self.bodies.apart)

    def send_whole(self, response: http.Response) -> layer.CommandGenerator[None]:
        """Send head and body, but not yet their end."""
        yield SendHttp(ResponseHeaders(self.stream_id, response, end_stream=False), self.context.client)
        if response.raw_content:
            yield SendHttp(ResponseData(self.stream_id, response.raw_content), self.context.client)

    @override
    def start_response_stream(self) -> layer.CommandGenerator[None]:
        if self.pump is None:
            yield from super().start_response_stream()
        elif self.flow.response is not None:  # without the log line that names the client's Host as the server
            yield SendHttp(ResponseHeaders(self.stream_id, self.flow.response, end_stream=False), self.context.client)
            self.server_state = self.state_stream_response_body
            self.chunked = self.flow.response.headers.get("transfer-encoding") == "chunked"

    @override
    def state_stream_response_body(self, event: events.Event) -> layer.CommandGenerator[None]:
        if self.pump is None:
            yield from super().state_stream_response_body(event)
        elif isinstance(event, ResponseData):
            self.keep(event.data)
            yield SendHttp(event, self.context.client)
        elif isinstance(event, ResponseEndOfMessage):
            self.keep_body()
            yield from self.send_response(already_streamed=True)

    def keep(self, data: bytes) -> None:
        """Remember a piece of the body that is being sent, as far as there is room."""
        self.sent += len(data)
        if room := KEPT_BODY_BYTES - len(self.kept):
            self.kept += data[:room]

    def show_kept(self) -> bool:
        """Put what is kept by now into the flow, while the answer runs; whether that is more than before."""
        response = self.flow.response
        if response is None or not worth_showing(len(self.kept), len(response.raw_content or b"")):
            return False
        response.data.content = bytes(self.kept)
        return True

    def keep_body(self) -> None:
        """Put what was sent into the flow, whatever `store_streamed_bodies` says."""
        if self.flow.response is not None:
            self.flow.response.data.content = bytes(self.kept)
            tell_cut(self.flow, len(self.kept), self.sent)
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
        self.chunked = False
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

    bodies: Registry

    @override
    def make_stream(self, stream_id: int) -> layer.CommandGenerator[None]:
        self.streams[stream_id] = LiveStream(self.context.fork(), stream_id, self.bodies)
        yield from self.event_to_child(self.streams[stream_id], events.Start())

    @override
    def _handle_event(self, event: events.Event) -> layer.CommandGenerator[None]:
        if not isinstance(event, LiveEvent):
            if isinstance(event, events.Start):
                self.serve_as_go()
            yield from super()._handle_event(event)
        elif self.streams.get(event.stream.stream_id) is event.stream:
            if event.stream.chunked and isinstance(event.event, ResponseData):
                # What stream and connection would make of it, without their eight generators: half of a chunk's cost.
                event.stream.keep(event.event.data)
                yield SendData(self.context.client, b"%x\r\n%s\r\n" % (len(event.event.data), event.event.data))
                return
            yield from self.event_to_child(event.stream, event.event)
        else:  # it lives in a CONNECT tunnel, inside one of ours, or not any more
            for stream in tuple(self.streams.values()):
                if stream in event.stream.context.layers:
                    yield from self.event_to_child(stream, event)
        self._set_writable()

    def serve_as_go(self) -> None:
        """Put Go's manners in the place of mitmproxy's where all requests of an HTTP/1 connection are ours."""
        client = self.context.client
        if self.bodies.is_ours(client) and client.alpn != b"h2" and not is_h3_alpn(client.alpn):
            self.connections[client] = GoHttp1Server(self.context.fork(), self.bodies.last_words)

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
