"""Chat Completions answers, streamed or whole, read into events.

A whole completion is one chunk whose `message` stands where a chunk has `delta`. Nothing about a chunk is taken for
granted: compatible servers leave out or empty every field there is, and none of that may end an answer.
"""

import json
from typing import Any, Final, Literal

from translators.errors import UpstreamBroken, UpstreamError
from translators.events import Event, Failure, Finish, Logprobs, Text, Thinking, ToolCall, Usage
from translators.openai_errors import error_from_event, sentence_in
from translators.openai_logprobs import logprobs_to_ollama
from translators.openai_tool_turns import ToolTurn, joined_details
from translators.think_tags import ThinkTagSplitter
from translators.tool_call_deltas import ToolCallAssembler

FINISH_REASONS: Final[dict[str, Literal["stop", "length"]]] = {
    "length": "length",
    "model_length": "length",  # Mistral: the context is full
    "max_tokens": "length",  # gateways that pass Anthropic's own words on, this and the next
    "model_context_window_exceeded": "length",  # z.ai too
}
"""Ollama's `done_reason`; any other reason that is not empty is `stop`: tool_calls, content_filter, eos …"""

_BARE_CHUNK: Final = frozenset({"id", "object", "created", "model", "choices", "usage"}) | {
    "obfuscation",
    "service_tier",
    "system_fingerprint",
}
_BARE_CHOICE: Final = frozenset({"index", "delta", "finish_reason", "logprobs"})
_BARE_DELTA: Final = frozenset({"role", "content", "refusal"})
"""The keys of chunks that are nothing but text, at each of their three levels."""

_SAYING: Final = (
    *("content", "refusal", "reasoning_content", "reasoning", "reasoning_details"),
    *("tool_calls", "function_call"),
)
"""The keys of a delta that say something."""

_FIRST: Final = (0, "0", "", None)
"""How servers write the index of the only choice."""

_FAILED: Final = "error"  # OpenRouter, Mistral: the answer broke; their error object, when there is one, comes apart


class ChatCompletionReader:
    """Reads one answer: choice 0, the only one that is ever asked for.

    Attributes:
        bare: The last chunk was nothing but text.
    """

    def __init__(self, top_logprobs: int = 0, *, think_tags: bool = True) -> None:
        """Begin an answer.

        Args:
            top_logprobs: How many alternatives for each token the client wants; more may have been asked for.
            think_tags: Whether what stands between think tags at the beginning of the text is thinking.
        """
        self.bare = False
        self._top_logprobs = top_logprobs
        self._tags = ThinkTagSplitter() if think_tags else None  # None: no tag can come any more
        self._calls = ToolCallAssembler()
        self._usage: dict[str, int] = {}
        self._finish = ""
        self._answered = False  # there was a choice
        self._begun = False  # it said something
        self._has_content = False
        self._has_reasoning = False
        self._instead = ""  # a sentence that stood where choices should be
        self._over = False
        self._given: list[ToolCall] = []
        self._thoughts: list[str] = []
        self._details: list[dict[str, Any]] = []

    @property
    def turn(self) -> ToolTurn | None:
        """What the upstream wants back, if it called tools; complete after `Finish`."""
        if not self._given:
            return None
        return ToolTurn(
            tuple(self._given),
            reasoning="".join(self._thoughts),
            fields={"reasoning_details": joined_details(self._details)} if self._details else {},
        )

    def feed(self, chunk: dict[str, Any]) -> list[Event]:
        """Take one parsed chunk, or one whole completion.

        Returns:
            What it says; a `Failure` comes last, and nothing comes after it.
        """
        if self._over:
            return []
        text = _bare_text(chunk)
        self.bare = bool(text)
        if text:
            self._answered = self._begun = self._has_content = True
            return [Text(text)] if self._tags is None else self._split(text)
        events: list[Event] = []
        try:
            self._read(chunk, events)
        except UpstreamError as error:
            events += self._end(Failure(error))
        return events

    def close(self, *, complete: bool) -> list[Event]:
        """The upstream sends no more; returns what was pending, then one `Finish` or `Failure` unless one came already.

        Args:
            complete: The upstream itself said that this is all: by `[DONE]`, or by sending one whole document. Some
                servers never give a finish_reason, so without it only this tells an end from a cut.
        """
        if self._over:
            return []
        try:
            return self._ending(complete)
        except UpstreamError as error:
            return self._end(Failure(error))

    def _read(self, chunk: dict[str, Any], events: list[Event]) -> None:
        self._count(chunk)
        if error := error_from_event(chunk):
            raise error
        choice = _choice(chunk)
        if choice is None:
            self._instead = self._instead or sentence_in(chunk)
            return
        if error := error_from_event(choice):  # OpenRouter puts a provider's failure into the choice
            raise error
        self._answered = True
        delta, whole = _delta(choice, begun=self._begun)
        calls = _calls(delta)
        if whole:  # each element is a call, whatever index it claims
            calls = [{**call, "index": position} for position, call in enumerate(calls)]
        self._read_text(choice, delta, events)
        if calls:
            events += self._held()
        for call in calls:
            events += self._give(self._calls.feed(call))
        self._begun = self._begun or bool(events or calls)
        reason = choice.get("finish_reason")
        if reason and isinstance(reason, str):
            self._finish = reason
            events += self._close_calls()

    def _read_text(self, choice: dict[str, Any], delta: dict[str, Any], events: list[Event]) -> None:
        text, thinking = _content(delta.get("content"))
        thinking = thinking or self._reasoning(delta)
        if thinking and self._tags:  # where reasoning is told apart, tags in the text are the text's own
            events += self._held()
            self._tags = None
        if text:
            self._has_content = True
        elif not self._has_content:  # a refusal stands where the content would; both at once would say it twice
            text = _text(delta.get("refusal"))
        if thinking:
            self._thoughts.append(thinking)
        said = self._split(text) if text else []
        thought: list[Event] = [Thinking(thinking)] if thinking else []
        probable: list[Event] = []
        logprobs = choice.get("logprobs")
        if isinstance(logprobs, dict) and (entries := logprobs_to_ollama(logprobs.get("content"), self._top_logprobs)):
            probable.append(Logprobs(entries))
        events += [*thought, *probable, *said] if text else [*probable, *thought]

    def _split(self, text: str) -> list[Event]:
        """Text, the beginning of which may be thinking between tags."""
        if self._tags is None:
            return [Text(text)]
        pieces = self._tags.feed(text)
        if self._tags.done:
            self._tags = None
        else:
            self.bare = False
        return [*pieces]

    def _held(self) -> list[Event]:
        """Text that was held back as the possible beginning of a tag, and that nothing completes."""
        pieces = self._tags.flush() if self._tags else []
        if self._tags and self._tags.done:
            self._tags = None
        return [*pieces]

    def _reasoning(self, delta: dict[str, Any]) -> str:
        """Reasoning in either of its two spellings; `reasoning_details` repeats it where a server sends both."""
        found = delta.get("reasoning_details")
        details = [detail for detail in found if isinstance(detail, dict)] if isinstance(found, list) else []
        self._details += details
        if text := _text(delta.get("reasoning_content")) or _text(delta.get("reasoning")):
            self._has_reasoning = True
            return text
        if self._has_reasoning:
            return ""
        return "".join(_text(detail.get("text")) or _text(detail.get("summary")) for detail in details)

    def _count(self, chunk: dict[str, Any]) -> None:
        """Keep the newest numbers; some servers count in every chunk and begin with nulls."""
        found = chunk.get("usage")
        if not found and isinstance(groq := chunk.get("x_groq"), dict):
            found = groq.get("usage")
        if isinstance(found, dict):
            numbers = {key: found.get(key) for key in ("prompt_tokens", "completion_tokens")}
            self._usage |= {key: number for key, number in numbers.items() if type(number) is int and number >= 0}

    def _close_calls(self) -> list[ToolCall]:
        return self._give(self._calls.close(at_limit=FINISH_REASONS.get(self._finish) == "length"))

    def _give(self, calls: list[ToolCall]) -> list[ToolCall]:
        self._given += calls
        return calls

    def _ending(self, complete: bool) -> list[Event]:
        if not self._answered and complete:
            raise UpstreamBroken(
                f"the upstream's answer has no choices: {self._instead or 'is this an OpenAI-style server?'}"
            )
        if not self._finish and not complete:
            raise UpstreamBroken("the upstream's answer ended without finishing")
        if self._finish == _FAILED:
            raise UpstreamBroken("the upstream's answer broke off with finish_reason 'error' and no message")
        return [*self._held(), *self._close_calls(), *self._end(Finish(FINISH_REASONS.get(self._finish, "stop")))]

    def _end(self, last: Finish | Failure) -> list[Event]:
        self._over = True
        if not self._usage:
            return [last]
        return [Usage(self._usage.get("prompt_tokens"), self._usage.get("completion_tokens")), last]


def _bare_text(chunk: dict[str, Any]) -> str:
    """The text of a chunk that holds nothing else, as nearly all chunks do; empty for every other chunk.

    It says what the careful reading would say, in a quarter of its time: whatever could change that makes it empty.
    """
    if chunk.get("object") != "chat.completion.chunk" or not chunk.keys() <= _BARE_CHUNK or chunk.get("usage"):
        return ""
    choices = chunk.get("choices")
    if type(choices) is not list or len(choices) != 1 or type(choices[0]) is not dict:
        return ""
    (choice,) = choices
    if not choice.keys() <= _BARE_CHOICE or choice.get("finish_reason") or choice.get("logprobs"):
        return ""
    delta = choice.get("delta")
    if choice.get("index") or type(delta) is not dict or not delta.keys() <= _BARE_DELTA:
        return ""
    text = delta.get("content")
    return text if type(text) is str else ""


def _choice(chunk: dict[str, Any]) -> dict[str, Any] | None:
    choices = chunk.get("choices")
    if not isinstance(choices, list):
        return None
    return next((c for c in choices if isinstance(c, dict) and c.get("index") in _FIRST), None)


def _delta(choice: dict[str, Any], *, begun: bool) -> tuple[dict[str, Any], bool]:
    """What a choice says, and whether it says it whole.

    Perplexity sends both: in a stream the message so far beside each delta, in a whole answer an empty delta beside
    the message.

    Args:
        choice: Choice 0 of a chunk or a whole completion.
        begun: Whether the answer said something before.
    """
    delta, message = choice.get("delta"), choice.get("message")
    delta = delta if isinstance(delta, dict) else None
    if isinstance(message, dict) and not (delta is not None and (begun or any(delta.get(key) for key in _SAYING))):
        return message, True
    return delta or {}, False


def _calls(delta: dict[str, Any]) -> list[dict[str, Any]]:
    """The tool calls in a delta, those of the old `function_call` included."""
    calls = delta.get("tool_calls")
    if isinstance(calls, list) and calls:
        return [call for call in calls if isinstance(call, dict)]
    legacy = delta.get("function_call")
    return [{"function": legacy}] if isinstance(legacy, dict) and any(legacy.values()) else []


def _content(content: Any) -> tuple[str, str]:
    """(text, thinking) of `content`: a string, a list of parts (Mistral), a JSON object (Cloudflare's schema mode)."""
    if isinstance(content, str):
        return content, ""
    if isinstance(content, dict):
        return json.dumps(content, ensure_ascii=False, separators=(",", ":")), ""
    text = thinking = ""
    for part in content if isinstance(content, list) else []:
        if not isinstance(part, dict):
            continue
        if part.get("type") == "thinking":
            inner = part.get("thinking")
            thinking += inner if isinstance(inner, str) else _content(inner)[0]
        else:
            text += _text(part.get("text"))
    return text, thinking


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
