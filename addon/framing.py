"""How a response is framed for the client that asked: HTTP version, length, connection, date.

Go's `net/http` writes the handler's headers sorted by name, then Date, Content-Length, Transfer-Encoding and
Connection; a body of up to 2048 bytes has a length, a longer one is sent chunked.
"""

from email.utils import formatdate
from typing import Final

from mitmproxy import http

BUFFERED_BYTES: Final = 2048
"""Go's response buffer: what fits is sent with its length."""

REASONS: Final = {
    408: "Request Timeout",
    413: "Request Entity Too Large",
    414: "Request URI Too Long",
    422: "Unprocessable Entity",
    499: "status code 499",
    504: "Gateway Timeout",
    507: "Insufficient Storage",
}
"""Go's reason phrases, where mitmproxy has others (Go 1.26, `net/http/status.go` and `writeStatusLine`)."""

FRAMING_HEADERS: Final = ("date", "content-length", "transfer-encoding", "connection")


def frame(response: http.Response, request: http.Request, *, closing: bool = False) -> None:
    """Give a response the version and the framing headers that its request asks for.

    Args:
        response: Changed in place. With `stream` set its body has no known length; else `raw_content` is the body, and
            is taken away where HEAD wants the headers only.
        request: What is being answered; HTTP/1.0, HTTP/1.1 or HTTP/2.
        closing: Whether the connection ends with this answer, whatever the request says.
    """
    headers = response.headers
    response.reason = REASONS.get(response.status_code, response.reason)
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
    elif response.status_code >= 200 and response.status_code != 204 and (body or request.method != "HEAD"):
        framing.append((b"Content-Length", str(len(body)).encode()))
    if request.method == "HEAD":
        response.raw_content = b""
        framing = [(name, value) for name, value in framing if name != b"Transfer-Encoding"]
    unframed = old and bool(response.stream)
    if not multiplexed and (connection := _connection(request, unframed=unframed, closing=closing)):
        framing.append((b"Connection", connection))
    fields = sorted(headers.fields, key=lambda field: field[0].lower()) + framing
    headers.fields = tuple((name.lower(), value) for name, value in fields) if multiplexed else tuple(fields)


def _connection(request: http.Request, *, unframed: bool, closing: bool) -> bytes:
    """The `Connection` header, where the answer's is not the default of the client's HTTP version."""
    asked = {token.strip() for token in request.headers.get("connection", "").lower().split(",")}
    if request.http_version == "HTTP/1.0":
        return b"keep-alive" if "keep-alive" in asked and not (unframed or closing) else b""
    return b"close" if closing or "close" in asked else b""
