"""The client's side of an HTTP/1 connection to a listener of ours, where mitmproxy and Go's server differ.

mitmproxy tells a client what was wrong with its request in an HTML page, has no place for the trailers of a chunked
body, and answers nothing where such a body is malformed. Part of the live layers: it stands on mitmproxy's internals.
"""

from collections.abc import Callable
from typing import Final, override

from h11 import Data, EndOfMessage
from h11._readers import ChunkedReader
from h11._receivebuffer import ReceiveBuffer
from mitmproxy import http
from mitmproxy.net.http import http1
from mitmproxy.net.http.url import parse_authority
from mitmproxy.proxy import context, events, layer
from mitmproxy.proxy.commands import CloseConnection, CloseTcpConnection, Log, RequestWakeup, SendData
from mitmproxy.proxy.layers.http._base import ReceiveHttp
from mitmproxy.proxy.layers.http._events import RequestHeaders
from mitmproxy.proxy.layers.http._http1 import Http1Server
from mitmproxy.utils import human

from addon.framing import frame
from addon.go_heads import BAD_REQUEST, refusal
from translators.errors import RequestError

LINGER_SECONDS: Final = 5
"""How long a client may go on sending what nobody reads, so that it comes to read its answer."""

type LastWords = Callable[[Exception, http.Request, bool], http.Response]
"""Turns an exception that the answer to a request let through into a response; with True, as its head has been sent
already, into one whose content is the end of the body."""


class GoHttp1Server(Http1Server):
    """An HTTP/1 server that answers, or passes over, what Go's does.

    Attributes:
        last_words: Makes the answer to a body that is malformed.
        after_post: The last request was a POST: a line break may follow its body, which old clients sent.
        judged: How many bytes of a head that is not complete were looked at.
        lingering: Nothing more is answered.
    """

    def __init__(self, ctx: context.Context, last_words: LastWords) -> None:
        super().__init__(ctx)
        self.last_words = last_words
        self.after_post = False
        self.judged = 0
        self.lingering = False

    @override
    def read_headers(self, event: events.ConnectionEvent) -> layer.CommandGenerator[None]:
        if isinstance(event, events.DataReceived):
            received = bytes(self.buf)
            if self.after_post and (breaks := len(received) - len(received.lstrip(b"\r\n"))):
                self.buf.maybe_extract_at_most(breaks)
                received = received[breaks:]
            if answer := refusal(received, self.judged):
                yield from self.refuse(answer)
                return
            self.judged = len(received)
        head_read = False  # then its body is, in the same call
        for command in super().read_headers(event):
            if isinstance(command, SendData) and not head_read:  # a page about something that Go would have taken
                yield from self.refuse(BAD_REQUEST)
                return
            if isinstance(command, ReceiveHttp) and isinstance(command.event, RequestHeaders):
                head_read = True
                self.judged = 0
                self.after_post = command.event.request.method == "POST"
                read_as_go(command.event, self.conn.sockname or ("", 0))
            yield command
        if self.lingering:  # the answer was sent meanwhile, and mitmproxy goes on to read the body
            self.state = self.drop

    @override
    def read_body(self, event: events.Event) -> layer.CommandGenerator[None]:
        if type(self.body_reader) is ChunkedReader:
            self.body_reader = _WithoutTrailers()
        for command in super().read_body(event):
            broken = isinstance(command, CloseConnection) and not self.response_done
            if broken and isinstance(event, events.DataReceived) and self.request is not None:
                response = self.last_words(RequestError("invalid byte in chunk length"), self.request, False)
                frame(response, self.request, closing=True)
                yield from self.refuse(http1.assemble_response(response))
            else:
                yield command

    @override
    def mark_done(self, *, request: bool = False, response: bool = False) -> layer.CommandGenerator[None]:
        yield from super().mark_done(request=request, response=response)
        if self.response_done and not self.request_done:  # the answer is sent, its request is not read
            yield from self.linger()

    def refuse(self, answer: bytes) -> layer.CommandGenerator[None]:
        """Send the answer to a request that is not taken, and nothing more.

        Args:
            answer: All of it, with its head.
        """
        status = answer.partition(b"\r\n")[0].partition(b" ")[2].decode()
        yield Log(f"{human.format_address(self.conn.peername)}: malformed request: {status}")
        yield SendData(self.conn, answer)
        yield from self.linger()

    def linger(self) -> layer.CommandGenerator[None]:
        """Say that this was all, and let the client send on, until it closes or has had its time.

        A connection that is closed with bytes unread is reset, and some systems then drop the answer too. In a CONNECT
        tunnel mitmproxy closes at once.
        """
        self.lingering = True
        self.state = self.drop
        yield CloseTcpConnection(self.conn, half_close=True)
        yield RequestWakeup(LINGER_SECONDS)

    def drop(self, event: events.Event) -> layer.CommandGenerator[None]:
        """Keep nothing of what still comes."""
        if isinstance(event, events.DataReceived):
            self.buf.maybe_extract_at_most(len(self.buf))
        else:
            self.state = self.done
            yield CloseConnection(self.conn)


class _WithoutTrailers(ChunkedReader):
    """Reads a chunked body, and passes over its trailers, as all handlers of Ollama's do."""

    @override
    def __call__(self, buf: ReceiveBuffer) -> Data | EndOfMessage | None:
        event = super().__call__(buf)
        return EndOfMessage() if isinstance(event, EndOfMessage) else event


def read_as_go(event: RequestHeaders, listener: tuple[str, int]) -> None:
    """Change a head where Go's server reads it otherwise than mitmproxy.

    Args:
        event: Has the head.
        listener: Where it came in, which is where it goes when it names no host that can be one.
    """
    request = event.request
    if request.authority and request.method != "CONNECT":
        request.headers["Host"] = request.authority  # of an absolute target, which wins over the header
    if not request.host:
        try:
            parse_authority(request.host_header or "", check=True)
        except ValueError:
            request.data.host, request.data.port = listener[:2]
            request.data.scheme = b"http"
    if "transfer-encoding" in request.headers:
        request.headers.pop("content-length", None)  # nothing is passed on, so nobody can read it otherwise
    if connection := request.headers.get("connection"):
        request.headers["Connection"] = connection.lower()  # Close, Keep-Alive
    if event.end_stream or request.http_version == "HTTP/1.0":
        request.headers.pop("expect", None)  # nothing is waited for
