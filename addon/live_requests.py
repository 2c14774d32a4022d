"""How the requests that are answered here are read: whole, up to a size, and without mitmproxy's HTML pages.

Part of the live layers: it stands on mitmproxy's internals, `mitmproxy.proxy.layers.http`.
"""

from collections.abc import Callable
from typing import Protocol, override

from mitmproxy import connection, http
from mitmproxy.net.http.http1 import expected_http_body_size
from mitmproxy.proxy import context, events, layer
from mitmproxy.proxy.layers.http import HttpStream, SendHttp
from mitmproxy.proxy.layers.http._events import (
    RequestData,
    RequestEndOfMessage,
    RequestHeaders,
    ResponseData,
    ResponseEndOfMessage,
    ResponseHeaders,
    ResponseProtocolError,
)

from addon.flow_metadata import BODY_LEFT
from addon.framing import frame
from addon.go_server import LastWords
from translators.errors import RequestError


class Judge(Protocol):
    """Whoever says what is answered here.

    Attributes:
        last_words: Makes the answer to a request that mitmproxy refuses.
        is_ours: Whether everything that a client sends will be answered here, by the listener that it came to.
    """

    last_words: LastWords
    is_ours: Callable[[connection.Client], bool]


class RequestStream(HttpStream):
    """An HTTP stream whose request may be for us.

    Attributes:
        ours: Its request will be answered here.
        most: The largest body of its request that is read, in bytes; None as long as nobody has said.
    """

    def __init__(self, ctx: context.Context, stream_id: int, judge: Judge) -> None:
        super().__init__(ctx, stream_id)
        self.last_words = judge.last_words
        self.ours = judge.is_ours(ctx.client)
        self.most: int | None = None

    @override
    def state_wait_for_request_headers(self, event: RequestHeaders) -> layer.CommandGenerator[None]:
        """HTTP/1.0 needs no Host header: such a request is for whoever it came to. mitmproxy would refuse it."""
        request = event.request
        if request.http_version == "HTTP/1.0" and not request.host and not request.host_header:
            request.data.host, request.data.port = self.context.client.sockname[:2]
            request.data.scheme = b"http"
        yield from self.without_pages(super().state_wait_for_request_headers(event))

    def without_pages(self, commands: layer.CommandGenerator[None]) -> layer.CommandGenerator[None]:
        """The same commands, in which a client of ours gets an answer of ours instead of an HTML page."""
        reply = None
        while True:
            try:
                command = commands.send(reply)
            except StopIteration:
                return
            reply = None
            error = command.event if isinstance(command, SendHttp) else None
            if self.ours and isinstance(error, ResponseProtocolError) and (status := error.code.http_status_code()):
                yield from self.refuse(RequestError(error.message, status=status))
            else:
                reply = yield command

    def refuse(self, error: RequestError) -> layer.CommandGenerator[None]:
        """Answer a request that goes no further."""
        response = self.last_words(error, self.flow.request, False)
        frame(response, self.flow.request, closing=True)
        yield SendHttp(ResponseHeaders(self.stream_id, response), self.context.client)
        if response.raw_content:
            yield SendHttp(ResponseData(self.stream_id, response.raw_content), self.context.client)
        yield SendHttp(ResponseEndOfMessage(self.stream_id), self.context.client)

    @override
    def check_body_size(self, request: bool) -> layer.CommandGenerator[bool]:
        """A request that is ours is read whole, and has a limit of its own."""
        return False if request and self.ours else (yield from super().check_body_size(request))

    @override
    def check_killed(self, emit_error_hook: bool) -> layer.CommandGenerator[bool]:
        """The first place at which it is known whose the request is, and the last before `100 Continue`."""
        if (yield from super().check_killed(emit_error_hook)):
            return True
        if self.client_state != self.state_wait_for_request_headers or self.most is None:
            return False
        if declared_size(self.flow.request) <= self.most:
            return False
        self.server_state = self.state_wait_for_response_headers
        yield from self.leave_body()
        return True

    @override
    def state_consume_request_body(self, event: events.Event) -> layer.CommandGenerator[None]:
        size = len(self.request_body_buf) + len(event.data) if isinstance(event, RequestData) else 0
        if self.most is not None and size > self.most:
            yield from self.leave_body()
        else:
            yield from super().state_consume_request_body(event)

    def leave_body(self) -> layer.CommandGenerator[None]:
        """Have the request answered as it is, without a body: what has come of that, and will come, is dropped."""
        self.request_body_buf.clear()
        self.flow.metadata[BODY_LEFT] = True
        yield from super().state_consume_request_body(RequestEndOfMessage(self.stream_id))

    @override
    def state_done(self, event: events.Event) -> layer.CommandGenerator[None]:
        """Drop what still comes of a body that was left."""
        yield from ()


def declared_size(request: http.Request) -> int:
    """The size of a body in bytes, as its head tells it; 0 where it does not, or tells nonsense."""
    try:
        return expected_http_body_size(request) or 0
    except ValueError:
        return 0
