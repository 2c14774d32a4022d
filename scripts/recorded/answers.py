"""What an answer says when it is put together: text, thinking, tool calls, how it ended and what it cost.

An upstream's answer is read by the proxy's own readers, so this is what the proxy understood.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from addon.generation import APIS
from addon.recordings.recording import Recording, Response, UpstreamCall
from scripts.recorded.events import DOCUMENT, events_of, header_of
from addon.inspecting.transcript import call_text
from translators.answer import AnswerTranslator
from translators.events import Event, Text, Thinking, ToolCall
from translators.ollama_answers import Moment
from translators.openai_errors import error_from_response

_READERS: Final = dict(APIS.values())
_OLLAMA_GENERATION: Final = frozenset({"/api/chat", "/api/generate"})
_V1: Final = "/v1"

_UNTIMED: Final = Moment(0, 0)


@dataclass(slots=True)
class Said:
    """An answer, put together.

    Attributes:
        text: All of its text.
        thinking: All of its reasoning.
        calls: Its tool calls, each as `name(arguments)`.
        end: Ollama's `done_reason`; empty when it did not finish.
        tokens: Of the prompt and of the answer; None for what was not told.
        error: The sentence of an error; empty when there was none.
        document: The JSON value, where the answer is no text of a model.
    """

    text: str = ""
    thinking: str = ""
    calls: list[str] = field(default_factory=list)
    end: str = ""
    tokens: tuple[int | None, int | None] = (None, None)
    error: str = ""
    document: Any = None


def said_by_upstream(call: UpstreamCall) -> Said:
    """What the answer to a call says."""
    if call.response is None:
        return Said(error=call.error or "")
    said = _said_by_openai(call.request.path, call.response)
    said.error = call.error or said.error
    return said


def said_to_client(recording: Recording) -> Said:
    """What the client was told."""
    request, response = recording.client.request, recording.client.response
    if response is None:
        return Said()
    path = request.path.partition("?")[0]
    if recording.protocol == "openai":
        return _said_by_openai(path.removeprefix(_V1), response)
    return _said_by_ollama(response, is_generation=path in _OLLAMA_GENERATION)


class _Collector:
    """Keeps the events of an answer in the place of writing them."""

    def __init__(self) -> None:
        self.said = Said()

    def feed(self, events: Sequence[Event], moment: Moment) -> list[bytes]:
        for event in events:
            match event:
                case Text(text):
                    self.said.text += text
                case Thinking(text):
                    self.said.thinking += text
                case ToolCall(name=name, arguments=arguments):
                    self.said.calls.append(call_text({"function": {"name": name, "arguments": arguments}}))
        return []

    def feed_plain(self, text: str, moment: Moment) -> list[bytes]:
        self.said.text += text
        return []


def _said_by_openai(path: str, response: Response) -> Said:
    content_type = header_of(response, "content-type")
    if response.status >= 400:
        return Said(error=error_from_response(response.status, content_type, response.body, None).message)
    reader = _READERS.get(path.partition("?")[0])
    if reader is None:
        return Said(document=_document(response))
    collector = _Collector()
    translator = AnswerTranslator(reader(0), collector, content_type)
    for _, piece in response.chunks:
        translator.feed(piece, _UNTIMED)
    translator.close(_UNTIMED)
    said = collector.said
    said.end = translator.finish_reason or ""
    if translator.usage:
        said.tokens = translator.usage.prompt_tokens, translator.usage.output_tokens
    if translator.failure:
        said.error = translator.failure.message
    return said


def _said_by_ollama(response: Response, *, is_generation: bool) -> Said:
    lines = [event.value for event in events_of(response) if isinstance(event.value, dict)]
    said = Said(error=next((str(line["error"]) for line in lines if line.get("error")), ""))
    if not is_generation:
        said.document = None if said.error else _document(response)
        return said
    for line in lines:
        message = line.get("message")
        message = message if isinstance(message, dict) else {}
        said.text += message.get("content") or line.get("response") or ""
        said.thinking += message.get("thinking") or line.get("thinking") or ""
        said.calls += map(call_text, message.get("tool_calls") or line.get("tool_calls") or ())
        if line.get("done"):
            said.end = line.get("done_reason", "")
            said.tokens = line.get("prompt_eval_count"), line.get("eval_count")
    return said


def _document(response: Response) -> Any:
    events = events_of(response)
    values = [event.value for event in events]
    return values[0] if [event.kind for event in events] == [DOCUMENT] else values
