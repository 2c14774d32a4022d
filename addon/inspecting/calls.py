"""Upstream calls as flows show them: where they lead, what of a flow makes a call, and what is shown of an answer."""

import time
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from mitmproxy import http
from mitmproxy.net.http import status_codes

from addon.call import Call, Reply
from addon.listen import DEFAULT_PORTS, LOOP_HEADER
from addon.redaction.redactor import MARK
from addon.redaction.secret_shapes import SECRET_HEADERS
from addon.setting_values import masked

NOT_SENT: Final = frozenset(
    {
        *("authorization", "openai-organization", "openai-project", LOOP_HEADER.lower()),
        *("connection", "content-length", "host", "keep-alive", "proxy-authorization", "transfer-encoding"),
    }
)
"""Headers of a companion that are not taken over into a call: our client writes its own."""

RECORDED_URL: Final = "http://recording/v1"
"""Stands for the base URL where recordings are replayed and there is none."""

UNPACKED: Final = frozenset({"content-encoding", "content-length", "transfer-encoding"})
"""Headers of an answer that say how its body came."""

RAW: Final = ("utf-8", "surrogateescape")


class Address(NamedTuple):
    """Where an upstream is.

    Attributes:
        scheme: `http` or `https`.
        host: In lower case; of an IPv6 address without brackets.
        port: Also where the URL leaves it out.
        path: Without a slash at its end.
        netloc: Host and port as they stand in the URL.
    """

    scheme: str
    host: str
    port: int
    path: str
    netloc: str

    @staticmethod
    def of(base_url: str) -> "Address":
        """That of a base URL; of none that stands for recordings."""
        url = urlsplit(base_url or RECORDED_URL)
        return Address(url.scheme, url.hostname or "", url.port or DEFAULT_PORTS[url.scheme], url.path, url.netloc)


def call_of(request: http.Request, base_url: str) -> Call | None:
    """The call that a companion's request asks for, as it is now; None when it does not lead to the upstream.

    Args:
        request: Of a companion.
        base_url: The upstream's; empty where there is none.
    """
    address = Address.of(base_url)
    leads_to = request.scheme, request.host.lower(), request.port
    path = request.path.removeprefix(address.path)
    below = len(path) + len(address.path) == len(request.path) and path.startswith("/")
    if leads_to != address[:3] or not below or ".." in path.partition("?")[0].split("/"):
        return None
    headers = {name: value for name, value in request.headers.items() if name.lower() not in NOT_SENT}
    return Call(request.method, path, request.raw_content or b"", headers, complete=True)


def head_of(reply: Reply, key: str) -> http.Response:
    """The head of an answer, as a flow shows it: bodies are decompressed, and nothing tells whose the call was.

    Args:
        reply: The answer.
        key: The upstream's.
    """
    reason = status_codes.RESPONSES.get(reply.status, "").encode()
    fields = [
        (name.encode(), MARK.encode() if name.lower() in SECRET_HEADERS else masked(key, value.encode(*RAW)))
        for name, value in reply.headers.items()
        if name.lower() not in UNPACKED
    ]
    return http.Response(b"HTTP/1.1", reply.status, reason, http.Headers(fields), b"", None, time.time(), None)
