"""Responses API answers, streamed or whole, read into events.

A stream tells everything several times: in pieces, when a part is done, when its item is done, and in the response that
ends it; a whole answer is that response alone. Servers leave out one or another of these (vLLM's last response can be
empty, gateways send no pieces), so each is read, and nothing is told again. `response.content_part.*` is not read: vLLM
calls the parts of its reasoning `output_text` there, and what they hold is told elsewhere. What is of no use here
(hosted tools, audio, annotations) is nothing, as is any field that is missing or of another type.

Source: the events of OpenAI's API reference, "Streaming events" of Responses.
"""

from collections.abc import Callable
from typing import Any, Final, Literal, NamedTuple

from translators.errors import UpstreamBroken, UpstreamError
from translators.events import Event, Failure, Finish, Logprobs, Text, Thinking, ToolCall, Usage
from translators.function_call_items import FunctionCallItems
from translators.openai_errors import error_from_event, sentence_in
from translators.openai_logprobs import logprobs_to_ollama
from translators.openai_tool_turns import ToolTurn

type _Kind = Literal["text", "reasoning", "summary"]


class _Telling(NamedTuple):
    """How an event tells a piece of text, or the whole text of a part."""

    kind: _Kind
    text_key: str
    index_key: str
    whole: bool


_TELLINGS: Final = {
    "response.output_text.delta": _Telling("text", "delta", "content_index", whole=False),
    "response.output_text.done": _Telling("text", "text", "content_index", whole=True),
    "response.refusal.delta": _Telling("text", "delta", "content_index", whole=False),
    "response.refusal.done": _Telling("text", "refusal", "content_index", whole=True),
    "response.reasoning_text.delta": _Telling("reasoning", "delta", "content_index", whole=False),
    "response.reasoning_text.done": _Telling("reasoning", "text", "content_index", whole=True),
    "response.reasoning_summary_text.delta": _Telling("summary", "delta", "summary_index", whole=False),
    "response.reasoning_summary_text.done": _Telling("summary", "text", "summary_index", whole=True),
}

_STATUS_OF_END: Final = {
    "response.completed": "completed",
    "response.incomplete": "incomplete",
    "response.failed": "failed",
    "response.cancelled": "cancelled",
}
_STATUSES_AT_END: Final = frozenset(_STATUS_OF_END.values())
_STATUSES_BEFORE_END: Final = frozenset({"queued", "in_progress"})

_FINISH_REASONS: Final[dict[str, Literal["stop", "length"]]] = {
    "max_output_tokens": "length",
    "content_filter": "stop",
}
"""Ollama's `done_reason` by `incomplete_details.reason`; any other reason is `length`, because something is missing."""

_NEW_PART: Final = "\n\n"
"""Between two parts of a summary or two pieces of reasoning, each of which is a paragraph, often with a title."""


class ResponseReader:
    """Reads one answer.

    Attributes:
        bare: Never: no event is read in the fast way.
        reasoning_items: Reasoning that only the upstream can read, as items for the next request's `input`, in order;
            complete after `Finish`.
    """

    def __init__(self, top_logprobs: int = 0) -> None:
        """Begin an answer.

        Args:
            top_logprobs: How many alternatives for each token the client wants; more may have been asked for.
        """
        self.bare = False
        self.reasoning_items: list[dict[str, Any]] = []
        self._given: list[ToolCall] = []
        self._top_logprobs = top_logprobs
        self._calls = FunctionCallItems()
        self._told: set[tuple[_Kind, int, int]] = set()  # parts, by their item's place and their own
        self._thinking: dict[int, _Kind] = {}
        self._last_thought: tuple[_Kind, int, int] | None = None
        self._place = 0
        self._items_added = 0
        self._usage = Usage(None, None)
        self._status = ""
        self._instead = ""  # a sentence that stood where a response should be
        self._over = False

    @property
    def turn(self) -> ToolTurn | None:
        """What the upstream wants back, if it called tools; complete after `Finish`."""
        return ToolTurn(tuple(self._given), items=self.reasoning_items) if self._given else None

    def feed(self, payload: dict[str, Any]) -> list[Event]:
        """Take one parsed event, or one whole response.

        Returns:
            What it says; `Finish` or `Failure` comes last, and nothing comes after it.
        """
        if self._over:
            return []
        kind = _text(payload.get("type"))
        if telling := _TELLINGS.get(kind):
            part = (telling.kind, self._place_of(payload), _index(payload.get(telling.index_key)) or 0)
            if telling.whole and part in self._told:
                return []
            return self._tell(part, payload.get(telling.text_key), payload.get("logprobs"))
        events: list[Event] = []
        try:
            if read := _READERS.get(kind):
                read(self, payload, events)
            else:
                self._read_other(payload, events)
        except UpstreamError as error:
            events += self._end(Failure(error))
        return events

    def close(self, *, complete: bool) -> list[Event]:
        """The upstream sends no more; returns what was pending, then one `Finish` or `Failure` unless one came already.

        Args:
            complete: The upstream itself said that this is all: by `[DONE]`, which gateways add, or by sending one
                whole document. Without it a stream must have ended with its last event.
        """
        if self._over:
            return []
        try:
            return self._ending_without_status(complete)
        except UpstreamError as error:
            return self._end(Failure(error))

    def _tell(self, part: tuple[_Kind, int, int], text: Any, logprobs: Any = None) -> list[Event]:
        """The events of a piece of a part."""
        entries = logprobs_to_ollama(logprobs, self._top_logprobs) if logprobs else []
        events: list[Event] = [Logprobs(entries)] if entries else []
        if not isinstance(text, str) or not text:
            return events
        kind, place, _ = part
        if kind != "text":
            if self._thinking.setdefault(place, kind) != kind:  # Grok and others send the same as text and as summary
                return []
            if self._last_thought not in (None, part):
                text = _NEW_PART + text
            self._last_thought = part
        self._told.add(part)
        return [*events, Text(text) if kind == "text" else Thinking(text)]

    def _read_added(self, event: dict[str, Any], events: list[Event]) -> None:
        place = _index(event.get("output_index"))
        self._place = self._items_added if place is None else place
        self._items_added += 1
        item = event.get("item")
        if isinstance(item, dict) and item.get("type") == "function_call":
            events += self._note(self._calls.feed(item, self._place, done=False))

    def _read_item_done(self, event: dict[str, Any], events: list[Event]) -> None:
        place = self._place_of(event)
        item = event.get("item")
        if not isinstance(item, dict):
            return
        self._read_item(item, place, {kind for kind, told_at, _ in self._told if told_at == place}, events)
        if item.get("type") == "function_call":
            events += self._note(self._calls.feed(item, place, done=True))
        self.reasoning_items += _encrypted([item])

    def _read_arguments(self, event: dict[str, Any], events: list[Event]) -> None:
        events += self._note(self._calls.feed(event, self._place_of(event), done=False))

    def _read_arguments_done(self, event: dict[str, Any], events: list[Event]) -> None:
        told = bool(event.get("arguments"))  # where they are not repeated here, the item that is done may tell them
        events += self._note(self._calls.feed(event, self._place_of(event), done=told))

    def _read_end(self, event: dict[str, Any], events: list[Event]) -> None:
        response = event.get("response")
        response = response if isinstance(response, dict) else event
        status = _STATUS_OF_END[event["type"]]
        told = _text(response.get("status"))
        if status == "completed" and told in _STATUSES_AT_END:  # vLLM calls the event so whatever the status is
            status = told
        self._read_response(response, status, events)

    def _read_other(self, payload: dict[str, Any], events: list[Event]) -> None:
        """A whole response, an error, or an event that is of no use."""
        untyped = "type" not in payload and isinstance(payload.get("output"), list)
        if untyped or payload.get("object") == "response":
            self._read_response(payload, _text(payload.get("status")), events)
        elif error := error_from_event(payload):
            raise error
        elif "type" not in payload:
            self._instead = self._instead or sentence_in(payload)

    def _read_response(self, response: dict[str, Any], status: str, events: list[Event]) -> None:
        self._status = status
        self._count(response.get("usage"))
        if error := error_from_event({"error": response.get("error")}):
            raise error
        if status in ("failed", "cancelled"):
            raise UpstreamBroken(f"the upstream's answer broke off with status {status!r} and no message")
        output = response.get("output")
        items = [item for item in output if isinstance(item, dict)] if isinstance(output, list) else []
        told = {kind for kind, _, _ in self._told}  # of the answer: places here need not be those of the stream
        for place, item in enumerate(items):
            self._read_item(item, place, told, events)
        calls = [item for item in items if item.get("type") == "function_call"]
        events += self._note(self._calls.feed_final(calls))
        self.reasoning_items = self.reasoning_items or _encrypted(items)
        if status in _STATUSES_AT_END:
            events += self._finish(_finish_reason(status, response.get("incomplete_details")))

    def _read_item(self, item: dict[str, Any], place: int, told: set[_Kind], events: list[Event]) -> None:
        """The text of a whole item, unless text of its kind has been told."""
        kind = item.get("type")
        texts: list[tuple[str, Any]] = []
        telling: _Kind = "text"
        if kind == "message" and "text" not in told:
            texts = _parts(item.get("content"))
        elif kind == "reasoning" and told.isdisjoint(("reasoning", "summary")):
            telling, texts = "reasoning", _parts(item.get("content"))
            if not any(text for text, _ in texts):
                telling, texts = "summary", _parts(item.get("summary"))
        for index, (text, logprobs) in enumerate(texts):
            events += self._tell((telling, place, index), text, logprobs)

    def _place_of(self, event: dict[str, Any]) -> int:
        """The place of an event's item; without one, the event is about the item of the event before it."""
        place = _index(event.get("output_index"))
        if place is not None:
            self._place = place
        return self._place

    def _note(self, calls: list[ToolCall]) -> list[ToolCall]:
        self._given += calls
        return calls

    def _count(self, usage: Any) -> None:
        if isinstance(usage, dict):
            self._usage = Usage(_index(usage.get("input_tokens")), _index(usage.get("output_tokens")))

    def _ending_without_status(self, complete: bool) -> list[Event]:
        if not complete or self._status in _STATUSES_BEFORE_END:
            raise UpstreamBroken("the upstream's answer ended without finishing")
        if not self._told and not self._calls:
            raise UpstreamBroken(
                f"the upstream's answer has no output: {self._instead or 'is this an OpenAI-style server?'}"
            )
        return self._finish("stop")

    def _finish(self, reason: Literal["stop", "length"]) -> list[Event]:
        calls = self._calls.close(at_limit=reason == "length")
        return [*self._note(calls), *self._end(Finish(reason))]

    def _end(self, last: Finish | Failure) -> list[Event]:
        self._over = True
        return [last] if self._usage == Usage(None, None) else [self._usage, last]


_READERS: Final[dict[str, Callable[[ResponseReader, dict[str, Any], list[Event]], None]]] = {
    "response.output_item.added": ResponseReader._read_added,
    "response.output_item.done": ResponseReader._read_item_done,
    "response.function_call_arguments.delta": ResponseReader._read_arguments,
    "response.function_call_arguments.done": ResponseReader._read_arguments_done,
    **dict.fromkeys(_STATUS_OF_END, ResponseReader._read_end),
}


def _finish_reason(status: str, details: Any) -> Literal["stop", "length"]:
    reason = _text(details.get("reason")) if isinstance(details, dict) else ""
    if reason or status == "incomplete":
        return _FINISH_REASONS.get(reason, "length")
    return "stop"


def _parts(content: Any) -> list[tuple[str, Any]]:
    """(text, logprobs) of each part of an item's `content` or `summary`."""
    if isinstance(content, str):
        return [(content, None)]
    parts = [part if isinstance(part, dict) else {} for part in content] if isinstance(content, list) else []
    return [(_text(part.get("text")) or _text(part.get("refusal")), part.get("logprobs")) for part in parts]


def _encrypted(items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The reasoning items among these that can be sent back, with the fields that a request may have."""
    found = []
    for item in items:
        content, summary = item.get("encrypted_content"), item.get("summary")
        if item.get("type") == "reasoning" and content and isinstance(content, str):
            id_ = {"id": item["id"]} if _text(item.get("id")) else {}
            summary = summary if isinstance(summary, list) else []
            found.append({"type": "reasoning", **id_, "summary": summary, "encrypted_content": content})
    return found


def _index(value: Any) -> int | None:
    return value if type(value) is int and value >= 0 else None


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
