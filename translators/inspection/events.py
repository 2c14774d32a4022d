"""What an answer's body consists of: the events of a stream, its lines, or one document, and what each of them is.

The events of Chat Completions and Ollama's lines have no names. They are named for what they say (`content`,
`tool_calls`, `finish_reason`), so that those of one name are alike and their order means something.
"""

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from translators.loose_json import read_json
from translators.sse import SSEDecoder

DOCUMENT: Final = "document"
"""The kind of a body that is one JSON value."""
TEXT: Final = "text"
"""The kind of a body, or of an event, that is no JSON."""

_NDJSON: Final = ("ndjson", "jsonl")
_SSE_STARTS: Final = (b"data:", b"event:", b":")
_DONE: Final = b"[DONE]"
_SILENT: Final[tuple[Any, ...]] = (None, "", [], {})

# The members that say what an object without a name is, in the order in which they are told; the first five are of
# deltas and messages. Sources: OpenAI's API reference, Ollama's docs/api.md, and the spellings of other servers.
_SAYING: Final = (
    *("reasoning_content", "reasoning", "thinking", "content", "refusal", "tool_calls", "function_call", "audio"),
    "text",  # legacy Completions
    "response",  # Ollama's generate
    "status",  # Ollama's progress
    "finish_reason",
)


class Event(NamedTuple):
    """A part of a body.

    Attributes:
        name: That it came with, or one of its own; empty where what it says tells what it is.
        value: JSON; the text of what is none.
    """

    name: str
    value: Any

    @property
    def kind(self) -> str:
        """What it is."""
        return self.name or _kind_of(self.value)


def is_ndjson(content_type: str) -> bool:
    """Whether a body of this type is JSON line by line."""
    return any(name in content_type.lower() for name in _NDJSON)


def is_sse(body: bytes, content_type: str) -> bool:
    """Whether a body is a stream of server-sent events; some servers give it another type."""
    return "event-stream" in content_type.lower() or body.lstrip().startswith(_SSE_STARTS)


def events_of(body: bytes, content_type: str) -> list[Event]:
    """The events of an answer in their order; an empty body has none.

    Args:
        body: Decompressed.
        content_type: Its `Content-Type`, or an empty string.
    """
    if not body.strip():
        return []
    if is_ndjson(content_type):
        return [_event("", line) for line in body.splitlines() if line.strip()]
    try:
        return [Event(DOCUMENT, read_json(body))]
    except ValueError:
        decoder = SSEDecoder()
        events = [_event(*event) for event in (*decoder.feed(body), *decoder.close())]
        return events or [Event(TEXT, body.decode("utf-8", "replace"))]


def parts_of(value: Any) -> Iterator[dict[str, Any]]:
    """The objects in which an event says something: itself, its choices, and their deltas and messages."""
    if not isinstance(value, dict):
        return
    choices = value.get("choices")
    for outer in (value, *(choices if isinstance(choices, list) else ())):
        if isinstance(outer, dict):
            yield outer
            yield from (inner for key in ("delta", "message") if isinstance(inner := outer.get(key), dict))


def sayings(value: Any) -> Iterator[tuple[str, Any]]:
    """The members by which an event without a name is known, and their values."""
    parts = list(parts_of(value))
    for key in _SAYING:
        told = next((part[key] for part in parts if part.get(key) not in _SILENT), None)
        if told is not None:
            yield key, told


def _event(name: str, data: bytes) -> Event:
    try:
        value = read_json(data)
    except ValueError:
        text = data.decode("utf-8", "replace")
        return Event(text if data.strip() == _DONE else name or TEXT, text)
    return Event(name, value)


def _kind_of(value: Any) -> str:
    if not isinstance(value, dict):
        return "value"
    if value.get("error"):
        return "error"
    if isinstance(kind := value.get("type"), str):  # Responses, where a server leaves out the event's name
        return kind
    if value.get("done") is True:  # Ollama's last line
        return "done"
    said = "+".join(key for key, _ in sayings(value))
    return said or next((key for key in ("usage", "role") if _tells(value, key)), "empty")


def _tells(value: dict[str, Any], key: str) -> bool:
    return any(part.get(key) not in _SILENT for part in parts_of(value))
