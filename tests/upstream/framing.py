"""How the events of a stream are put on the wire: as OpenAI does, and in every other way that SSE allows."""

import json
from dataclasses import dataclass

from tests.upstream.chat import Event


@dataclass(frozen=True, slots=True)
class Framing:
    """One way to write server-sent events.

    Attributes:
        newline: What ends a line.
        prefix: What stands before the data.
        before: Text before each event, such as comments.
        lead: Bytes before the first event.
        indented: The JSON is spread over several `data:` lines.
        last_blank: The last event is closed by its blank line; without it even its newline is left out.
        bytewise: Each byte is a write of its own.
    """

    newline: str = "\n"
    prefix: str = "data: "
    before: str = ""
    lead: bytes = b""
    indented: bool = False
    last_blank: bool = True
    bytewise: bool = False

    def writes(self, event: Event, *, first: bool, last: bool) -> list[bytes]:
        """The bytes of one event, as they are written one after the other."""
        data = event.data
        if not isinstance(data, str):
            indent, separators = (1, None) if self.indented else (None, (",", ":"))
            data = json.dumps(data, ensure_ascii=False, indent=indent, separators=separators)
        name = [f"event: {event.name}"] if event.name else []
        lines = name + [f"{self.prefix}{line}" for line in data.split("\n")]
        text = self.before + self.newline.join(lines)
        if self.last_blank or not last:
            text += 2 * self.newline
        written = (self.lead if first else b"") + text.encode()
        return [bytes([byte]) for byte in written] if self.bytewise else [written]


OPENAI = Framing()
CRLF = Framing(newline="\r\n")
CR = Framing(newline="\r")
NO_SPACE = Framing(prefix="data:")
BYTEWISE = Framing(bytewise=True)
SEVERAL_DATA_LINES = Framing(indented=True)
BYTE_ORDER_MARK = Framing(lead=b"\xef\xbb\xbf")
NO_LAST_BLANK = Framing(last_blank=False)
# OpenRouter's comment; then what the SSE format allows beside data.
COMMENTS = Framing(before=": OPENROUTER PROCESSING\n\nevent: ping\n\nretry: 3000\n\nid: 7\n: a comment after an id\n\n")
