"""How a response is framed for the client that asked: HTTP version, length, connection, date.

Go's `net/http` writes the handler's headers sorted by name, then Date, Content-Length, Transfer-Encoding and
Connection; a body of up to 2048 bytes has a length, a longer one is sent chunked.
"""

from email.utils import formatdate
from typing import Final

from mitmproxy import http

BUFFERED_BYTES: Final = 2048
"""Go's response buffer: what fits is sent with its length."""

FRAMING_HEADERS: Final = ("date", "content-length", "transfer-encoding", "connection")


def frame(response: http.Response, request: http.Request) -> None:
    """Give a response the version and the framing headers that its request asks for.

    Args:
        response: Changed in place. With `stream` set its body has no known length; else `raw_content` is the body, and
            is taken away where HEAD wants the headers only.
        request: What is being answered; HTTP/1.0, HTTP/1.1 or HTTP/2.
    """
    headers = response.headers
    for name in FRAMING_HEADERS:
        headers.pop(name, None)
    framing = [(b"Date", formatdate(usegmt=True).encode())]
    response.http_version = request.http_version
    old = request.http_version == "HTTP/1.0"
    multiplexed = request.is_http2 or request.is_http3
    body = response.raw_content or b""
    long = response.stream or (len(body) > BUFFERED_BYTES and not old and not multiplexed)
    if long:
        if not old and not multiplexed:
            framing.append((b"Transfer-Encoding", b"chunked"))
    elif response.status_code >= 200 and response.status_code != 204:
        framing.append((b"Content-Length", str(len(body)).encode()))
    if request.method == "HEAD":
        response.raw_content = b""
        framing = [(name, value) for name, value in framing if name != b"Transfer-Encoding"]
    if not multiplexed and (connection := _connection(request, unframed=old and bool(response.stream))):
        framing.append((b"Connection", connection))
    fields = sorted(headers.fields, key=lambda field: field[0].lower()) + framing
    headers.fields = tuple((name.lower(), value) for name, value in fields) if multiplexed else tuple(fields)


def _connection(request: http.Request, *, unframed: bool) -> bytes:
    """The `Connection` header, where the answer's is not the default of the client's HTTP version."""
    asked = request.headers.get("connection", "").lower()
    if request.http_version == "HTTP/1.0":
        return b"keep-alive" if "keep-alive" in asked and not unframed else b""
    return b"close" if "close" in asked else b""
