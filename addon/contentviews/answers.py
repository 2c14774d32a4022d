"""What an answer says when it is put together: text, thinking, tool calls, how it ended and what it cost.

An upstream's answer is read by the proxy's own readers, so this is what the proxy understood.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from addon.contentviews.events import DOCUMENT, events_of
from addon.contentviews.events import Event as BodyEvent
from addon.generation import APIS
from translators.answer import AnswerTranslator
from translators.events import Event, Text, Thinking, ToolCall
from translators.ollama_answers import Moment
from translators.openai_errors import error_from_response, sentence_in

_READERS: Final = dict(APIS.values())
_OLLAMA_GENERATION: Final = ("/api/chat", "/api/generate")

_UNTIMED: Final = Moment(0, 0)


@dataclass(slots=True)
class Said:
    """An answer, put together.

    Attributes:
        text: All of its text.
        thinking: All of its reasoning.
        calls: Its tool calls, as Ollama's messages hold them; what an odd server sent in their place is any JSON.
        end: Ollama's `done_reason`; empty when it did not finish.
        tokens: Of the prompt and of the answer; None for what was not told.
        error: The sentence of an error; empty when there was none.
        document: The JSON value, where the answer is no text of a model.
    """

    text: str = ""
    thinking: str = ""
    calls: list[Any] = field(default_factory=list)
    end: str = ""
    tokens: tuple[int | None, int | None] = (None, None)
    error: str = ""
    document: Any = None


def said_by_openai(path: str, status: int, content_type: str, body: bytes, *, ended: bool = True) -> Said:
    """What an answer of an OpenAI-style server says.

    Args:
        path: Of the request, which tells the API by how it ends: `/v1/chat/completions`.
        status: The HTTP status.
        content_type: The `Content-Type`, or an empty string.
        body: Decompressed.
        ended: Whether more may come; that there is no end then is no error.
    """
    if status >= 400:
        return Said(error=error_from_response(status, content_type, body, None).message)
    plain = path.partition("?")[0]
    reader = next((reader for ending, reader in _READERS.items() if plain.endswith(ending)), None)
    if reader is None:
        return Said(document=_document(events_of(body, content_type)))
    collector = _Collector()
    translator = AnswerTranslator(reader(0), collector, content_type)
    translator.feed(body, _UNTIMED)
    failure = translator.failure
    translator.close(_UNTIMED)
    if ended:
        failure = translator.failure
    usage = translator.usage
    return Said(
        text="".join(collector.texts),
        thinking="".join(collector.thoughts),
        calls=collector.calls,
        end=translator.finish_reason or "",
        tokens=(usage.prompt_tokens, usage.output_tokens) if usage else (None, None),
        error=failure.message if failure else "",
    )


def said_by_ollama(path: str, events: Sequence[BodyEvent]) -> Said:
    """What an answer of Ollama says, or one to its client.

    Args:
        path: Of the request: `/api/chat`.
        events: Of its body.
    """
    lines = [event.value for event in events if isinstance(event.value, dict)]
    wrong = next((error for line in lines if (error := line.get("error"))), None)
    error = sentence_in({"error": wrong}) or _text(wrong)
    if not path.partition("?")[0].endswith(_OLLAMA_GENERATION):
        return Said(error=error, document=None if error else _document(events))
    texts, thoughts, calls = list[str](), list[str](), list[Any]()
    said = Said(error=error, calls=calls)
    for line in lines:
        message = line.get("message")
        message = message if isinstance(message, dict) else {}
        texts.append(_text(message.get("content") or line.get("response")))
        thoughts.append(_text(message.get("thinking") or line.get("thinking")))
        called = message.get("tool_calls") or line.get("tool_calls") or []
        calls += called if isinstance(called, list) else [called]
        if line.get("done"):
            said.end = _text(line.get("done_reason"))
            said.tokens = _count(line.get("prompt_eval_count")), _count(line.get("eval_count"))
    said.text, said.thinking = "".join(texts), "".join(thoughts)
    return said


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


def _document(events: Sequence[BodyEvent]) -> Any:
    values = [event.value for event in events]
    return values[0] if [event.name for event in events] == [DOCUMENT] else values


def _text(value: Any) -> str:
    """A text, also of what should be one."""
    return value if isinstance(value, str) else "" if value is None else str(value)


def _count(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None
