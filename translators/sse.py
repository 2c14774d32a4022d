"""Server-sent events out of bytes, by the EventSource grammar of the WHATWG HTML standard.

What the standard leaves to browsers and a proxy needs otherwise: data stays bytes, for the JSON parser to read; a last
event counts although its closing blank line never came (servers forget it), and so does one before the last, when its
only line is a whole JSON object that the next line could not continue; `id` and `retry` are of no use here.
"""

from codecs import BOM_UTF8
from typing import NamedTuple

from translators.loose_json import read_json


class ServerSentEvent(NamedTuple):
    """One event.

    Attributes:
        event: Its name; empty when it gave none.
        data: The `data` lines joined by a line feed, as they came: UTF-8 if the server keeps to the standard.
    """

    event: str
    data: bytes

    def is_all_of(self, data: bytes) -> bool:
        """Whether these bytes are this event and nothing else, written in the usual way."""
        return not self.event and data == b"data: %s\n\n" % self.data


class SSEDecoder:
    """Push decoder: bytes in, cut anywhere; whole events out, as soon as they are complete."""

    def __init__(self) -> None:
        self._line: list[bytes] = []  # pieces of a line whose end has not come; joined once, however long it grows
        self._event = ""
        self._data: list[bytes] = []
        self._after_cr = False
        self._at_start = True

    def feed(self, data: bytes) -> list[ServerSentEvent]:
        """Take the next bytes; returns the events that they complete."""
        if not data:
            return []
        if self._after_cr:  # a CRLF that was split between two feeds is one line end
            data = data.removeprefix(b"\n")
        self._after_cr = data.endswith(b"\r")
        if b"\r" in data:
            data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        first, *others = data.split(b"\n")
        self._line.append(first)
        if not others:
            return []
        lines = [b"".join(self._line), *others[:-1]]
        self._line = [others[-1]]
        return self._read(lines)

    @property
    def is_idle(self) -> bool:
        """Whether the last event is complete, and the next byte begins a new one."""
        return not (self._at_start or self._after_cr or self._data or self._event or any(self._line))

    def close(self) -> list[ServerSentEvent]:
        """The body has ended; returns the event that was still open, if there was one."""
        lines = [b"".join(self._line), b""]
        self._line = []
        return self._read(lines)

    def _read(self, lines: list[bytes]) -> list[ServerSentEvent]:
        if self._at_start:
            self._at_start = False
            lines[0] = lines[0].removeprefix(BOM_UTF8)
        events = []
        for line in lines:
            if not line:
                if self._data:
                    events.append(ServerSentEvent(self._event, b"\n".join(self._data)))
                    self._data = []
                self._event = ""
                continue
            field, _, value = line.partition(b":")
            if field == b"data":
                if self._data and _is_object(self._data):
                    events.append(ServerSentEvent(self._event, self._data.pop()))
                self._data.append(value.removeprefix(b" "))
            elif field == b"event":
                self._event = value.removeprefix(b" ").decode("utf-8", "replace")
            elif field == b"error":  # older llama.cpp writes `error: {...}`, a field that the standard does not know
                self._event = "error"
                self._data.append(value.removeprefix(b" "))
        return events


def _is_object(lines: list[bytes]) -> bool:
    """Whether these lines are one, and a whole JSON object."""
    if len(lines) > 1 or not (lines[0].startswith(b"{") and lines[0].endswith(b"}")):
        return False
    try:
        read_json(lines[0])
    except ValueError:
        return False
    return True
