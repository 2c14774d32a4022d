"""What an answer says when it is put together: text, thinking, tool calls, and what it tells of itself.

An upstream's answer is read by the proxy's own readers, so this is what the proxy understood.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from translators.answer import AnswerTranslator, Reader
from translators.events import Event, Text, Thinking, ToolCall
from translators.inspection.answer_facts import AT_EITHER_END, Facts, facts_of
from translators.inspection.events import DOCUMENT, events_of
from translators.inspection.events import Event as BodyEvent
from translators.inspection.recognising import GENERATION
from translators.inspection.transcript import content_text
from translators.inspection.values import json_text
from translators.ollama_answers import Moment
from translators.openai_apis import READERS, Api
from translators.openai_errors import error_from_response, sentence_in

_UNTIMED: Final = Moment(0, 0)


@dataclass(slots=True)
class Said:
    """An answer, put together.

    Attributes:
        text: All of its text.
        thinking: All of its reasoning.
        calls: Its tool calls, as Ollama's messages hold them; what an odd server sent in their place is any JSON.
        error: The sentence of an error; empty when there was none.
        document: The JSON value, where the answer is no text of a model; None where it is, or an error.
        facts: What it says of itself.
    """

    text: str = ""
    thinking: str = ""
    calls: list[Any] = field(default_factory=list)
    error: str = ""
    document: Any = None
    facts: Facts = field(default_factory=Facts)


def said_by_openai(api: Api | None, status: int, content_type: str, body: bytes, *, ended: bool = True) -> Said:
    """What an answer of an OpenAI-style server says.

    Args:
        api: That was asked; None where it is none of those that are known.
        status: The HTTP status.
        content_type: The `Content-Type`, or an empty string.
        body: Decompressed.
        ended: Whether more may come; that there is no end then is no error.
    """
    if status >= 400:
        return Said(error=error_from_response(status, content_type, body, None).message)
    if api is None or api == "embeddings":
        events = events_of(body, content_type)
        return Said(document=_document(events), facts=_facts_in(events))
    reader, collector = _NotingReader(READERS[api](0)), _Collector()
    translator = AnswerTranslator(reader, collector, content_type)
    translator.feed(body, _UNTIMED)
    failure = translator.failure
    translator.close(_UNTIMED)
    if ended:
        failure = translator.failure
    return Said(
        text="".join(collector.texts),
        thinking="".join(collector.thoughts),
        calls=collector.calls,
        error=failure.message if failure else "",
        facts=facts_of([*reader.first, *reader.last]),
    )


def said_by_ollama(route: str, events: Sequence[BodyEvent]) -> Said:
    """What an answer of Ollama says, or one to its client.

    Args:
        route: Of the request: `/api/chat`.
        events: Of its body.
    """
    lines = [event.value for event in events if isinstance(event.value, dict)]
    wrong = next((error for line in lines if (error := line.get("error"))), None)
    error = "" if wrong is None else sentence_in({"error": wrong}) or json_text(wrong)
    said = Said(error=error, facts=_facts_in(events))
    if route not in GENERATION:
        said.document = None if error else _document(events)
        return said
    texts, thoughts = list[str](), list[str]()
    for line in lines:
        message = line.get("message")
        message = message if isinstance(message, dict) else {}
        if text := message.get("content") or line.get("response"):
            texts.append(content_text(text))
        if thought := message.get("thinking") or line.get("thinking"):
            thoughts.append(content_text(thought))
        if called := message.get("tool_calls") or line.get("tool_calls"):
            said.calls += called if isinstance(called, list) else [called]
    said.text, said.thinking = "".join(texts), "".join(thoughts)
    return said


class _NotingReader:
    """A reader that keeps the first and the last of what it reads, where an answer tells of itself.

    So a body is parsed once, which mitmproxy waits for.
    """

    bare = False  # of a `Reader`: what this shortens is for bodies that come piece by piece
    turn: Final = None

    def __init__(self, reader: Reader) -> None:
        self.first: list[Any] = []
        self.last = deque[Any](maxlen=AT_EITHER_END)
        self._reader = reader

    def feed(self, chunk: dict[str, Any]) -> list[Event]:
        if len(self.first) < AT_EITHER_END:
            self.first.append(chunk)
        else:
            self.last.append(chunk)
        return self._reader.feed(chunk)

    def close(self, *, complete: bool) -> list[Event]:
        return self._reader.close(complete=complete)


class _Collector:
    """Keeps the events of an answer in the place of writing them."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.thoughts: list[str] = []
        self.calls: list[Any] = []

    def feed(self, events: Sequence[Event], moment: Moment) -> list[bytes]:
        for event in events:
            match event:
                case Text(text):
                    self.texts.append(text)
                case Thinking(text):
                    self.thoughts.append(text)
                case ToolCall(name=name, arguments=arguments):
                    self.calls.append({"function": {"name": name, "arguments": arguments}})
        return []

    def feed_plain(self, text: str, moment: Moment) -> list[bytes]:  # of a `Writer`; not for whole bodies
        self.texts.append(text)
        return []


def _facts_in(events: Sequence[BodyEvent]) -> Facts:
    return facts_of([event.value for event in events])


def _document(events: Sequence[BodyEvent]) -> Any:
    """The JSON value of a body; those of its events where it is a stream, and None where it is empty."""
    values = [event.value for event in events]
    return values[0] if [event.name for event in events] == [DOCUMENT] else values or None
