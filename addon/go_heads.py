"""What Go's HTTP/1 server, and so Ollama, answers to the head of a request that it does not take.

Sources: Go 1.26, `net/http` (`server.go`, `request.go`, `transfer.go`), `net/textproto` (`reader.go`) and
`golang.org/x/net/http/httpguts`; the rules are in its order, and each was compared with a running Go server.
"""

import re
from collections.abc import Callable
from typing import Final

MAX_HEAD_BYTES: Final = 1024 * 1024 + 4096
"""Go's `DefaultMaxHeaderBytes`, and what it reads ahead."""


def _answer(status: str, text: str = "") -> bytes:
    """One of Go's answers without a handler: no Date, no length, and the connection is closed."""
    head = f"HTTP/1.1 {status}\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n"
    return f"{head}{text or status}".encode()


BAD_REQUEST: Final = _answer("400 Bad Request")
TOO_LARGE: Final = _answer("431 Request Header Fields Too Large")
UNKNOWN_ENCODING: Final = _answer("501 Not Implemented", "Unsupported transfer encoding")
UNKNOWN_VERSION: Final = _answer("505 HTTP Version Not Supported: unsupported protocol version")
NO_HOST: Final = _answer("400 Bad Request: missing required Host header")
BAD_HOST: Final = _answer("400 Bad Request: malformed Host header")
BAD_NAME: Final = _answer("400 Bad Request: invalid header name")

_TOKEN: Final = rb"!#$%&'*+\-.^_`|~0-9A-Za-z"
_VALUE: Final = rb"[\t\x20-\x7e\x80-\xff]*+"
_REQUEST_LINE: Final = re.compile(
    rb"[" + _TOKEN + rb"]++ "
    # A path, in which a percent sign must begin an escape; or what only mitmproxy's own parser has to understand.
    rb"(?:/(?:[^\x00-\x20\x7f%?]++|%[0-9A-Fa-f]{2})*+(?:\?[^\x00-\x20\x7f]*+)?|[^\x00-\x20\x7f/][^\x00-\x20\x7f]*+) "
    rb"HTTP/[0-9]\.[0-9]\r?\n"
)
# Go takes a blank in a name for now, to refuse it with a text of its own later.
_FIELDS: Final = re.compile(
    rb"(?:[" + _TOKEN + rb"][" + _TOKEN + rb" ]*+:" + _VALUE + rb"\r?\n(?:[ \t]" + _VALUE + rb"\r?\n)*+)*+\r?\n"
)
_FIELD: Final = re.compile(rb"^([^\s:][^:\n]*+):([^\n]*+)", re.MULTILINE)
_BLANK_LINE: Final = re.compile(rb"\n\r?\n")
_HOST: Final = re.compile(rb"[!$%&'()*+,\-.:;=\[\]_~0-9A-Za-z]*")
_LENGTH: Final = re.compile(rb"[0-9]+")
_MAX_LENGTH: Final = 2**63 - 1


class _Head:
    """A head whose lines are well formed.

    Attributes:
        method: As sent.
        version: Two digits.
        names: Of all fields, as sent.
    """

    def __init__(self, line: bytes, fields: bytes) -> None:
        self.method = line.partition(b" ")[0]
        self.version = int(line.rstrip()[-3:].replace(b".", b""))
        found = _FIELD.findall(fields)
        self.names = [name for name, _ in found]
        self._values: dict[bytes, list[bytes]] = {}
        for name, value in found:
            self._values.setdefault(name.lower(), []).append(value.strip())

    def values(self, name: bytes) -> list[bytes]:
        """All values of a field, which is named in lower case."""
        return self._values.get(name, [])


def _has_wrong_encoding(head: _Head) -> bool:
    encodings = head.values(b"transfer-encoding")
    return bool(encodings) and head.version > 10 and [each.lower() for each in encodings] != [b"chunked"]


def _has_wrong_length(head: _Head) -> bool:
    lengths = set(head.values(b"content-length"))
    return len(lengths) > 1 or any(not _LENGTH.fullmatch(each) or _is_too_long(each) for each in lengths)


def _is_too_long(digits: bytes) -> bool:
    telling = digits.lstrip(b"0") or b"0"
    return len(telling) > len(str(_MAX_LENGTH)) or int(telling) > _MAX_LENGTH


RULES: Final[tuple[tuple[Callable[[_Head], bool], bytes], ...]] = (
    (lambda head: len(head.values(b"host")) > 1, BAD_REQUEST),  # request.go readRequest
    (_has_wrong_encoding, UNKNOWN_ENCODING),  # transfer.go parseTransferEncoding
    (_has_wrong_length, BAD_REQUEST),  # transfer.go fixLength, parseContentLength
    (lambda head: not 10 <= head.version < 20, UNKNOWN_VERSION),  # server.go readRequest, and so the following
    (lambda head: head.version > 10 and head.method != b"CONNECT" and not head.values(b"host"), NO_HOST),
    (lambda head: not all(_HOST.fullmatch(each) for each in head.values(b"host")), BAD_HOST),
    (lambda head: any(b" " in name for name in head.names), BAD_NAME),
)
"""When a head whose lines are well formed is refused all the same, and with what; the first that holds is told."""


def refusal(received: bytes, judged: int = 0) -> bytes | None:
    """The answer to a head that is not taken, in full; None as long as nothing is wrong with it.

    Args:
        received: What has come, from the first byte of the request on: a part of a head, all of it, or more.
        judged: How many bytes of it an earlier call was asked about, and found nothing wrong with.
    """
    line_end = received.find(b"\n") + 1
    if line_end > judged and not _REQUEST_LINE.fullmatch(received, 0, line_end):
        return BAD_REQUEST
    blank = _BLANK_LINE.search(received, max(0, judged - 2))  # its line feeds may have come apart
    if (blank.end() if blank else len(received)) > MAX_HEAD_BYTES:
        return TOO_LARGE
    if blank is None:
        return None
    if not _FIELDS.fullmatch(received, line_end, blank.end()):
        return BAD_REQUEST
    head = _Head(received[:line_end], received[line_end : blank.end()])
    return next((answer for is_wrong, answer in RULES if is_wrong(head)), None)
