"""What an answer's body consists of: the events of a stream, its lines, or one document, and what each of them is.

The events of Chat Completions and Ollama's lines have no names. They are named for what they say (`content`,
`tool_calls`, `finish_reason`), so that those of one name are alike and their order means something.
"""

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from addon.recordings.recording import Response
from translators.loose_json import read_json
from translators.sse import SSEDecoder

DOCUMENT: Final = "document"
"""The kind of a body that is one JSON value."""
TEXT: Final = "text"
"""The kind of a body, or of an event, that is no JSON."""

_NDJSON: Final = "ndjson"
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
        kind: What it is.
        value: JSON; the text of what is none.
    """

    kind: str
    value: Any


def header_of(response: Response, name: str) -> str:
    """The value of a header, its name in lower case; empty when there is none."""
    return next((value for key, value in response.headers if key.lower() == name), "")


def events_of(response: Response) -> list[Event]:
    """The events of an answer in their order; an empty body has none."""
    body, content_type = response.body, header_of(response, "content-type")
    if not body.strip():
        return []
    if _NDJSON in content_type:
        return [_event("", line) for line in body.splitlines() if line.strip()]
    try:
        return [Event(DOCUMENT, read_json(body))]
    except ValueError:
        decoder = SSEDecoder()
        events = [_event(*event) for event in (*decoder.feed(body), *decoder.close())]
        return events or [Event(TEXT, body.decode("utf-8", "replace"))]


def _event(name: str, data: bytes) -> Event:
    try:
        value = read_json(data)
    except ValueError:
        text = data.decode("utf-8", "replace")
        return Event(text if data.strip() == _DONE else name or TEXT, text)
    return Event(name or _kind_of(value), value)


def _kind_of(value: Any) -> str:
    if not isinstance(value, dict):
        return "value"
    if value.get("error"):
        return "error"
    if isinstance(kind := value.get("type"), str):  # Responses, where a server leaves out the event's name
        return kind
    if value.get("done") is True:  # Ollama's last line
        return "done"
    said = "+".join(_said(value))
    return said or next((key for key in ("usage", "role") if _tells(value, key)), "empty")


def _said(value: dict[str, Any]) -> Iterator[str]:
    parts = list(_parts(value))
    return (key for key in _SAYING if any(part.get(key) not in _SILENT for part in parts))


def _tells(value: dict[str, Any], key: str) -> bool:
    return any(part.get(key) not in _SILENT for part in _parts(value))


def _parts(value: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The objects in which an event says something: itself, its choices, and their deltas and messages."""
    choices = value.get("choices")
    for outer in (value, *(choices if isinstance(choices, list) else ())):
        if isinstance(outer, dict):
            yield outer
            yield from (inner for key in ("delta", "message") if isinstance(inner := outer.get(key), dict))
