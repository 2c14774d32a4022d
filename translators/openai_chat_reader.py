"""Chat Completions answers, streamed or whole, read into events.

A whole completion is one chunk whose `message` stands where a chunk has `delta`. Nothing about a chunk is taken for
granted: compatible servers leave out or empty every field there is, and none of that may end an answer.
"""

import json
import math
from typing import Any, Final, Literal

from translators.errors import UpstreamBroken, UpstreamError
from translators.events import Event, Failure, Finish, Logprobs, Text, Thinking, ToolCall, Usage
from translators.openai_errors import error_from_event
from translators.tool_call_deltas import ToolCallAssembler

FINISH_REASONS: Final[dict[str, Literal["stop", "length"]]] = {
    "length": "length",
    "model_length": "length",  # Mistral: the context is full
    "max_tokens": "length",  # gateways that pass Anthropic's own word on
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

_FAILED: Final = "error"  # OpenRouter, Mistral: the answer broke; their error object, when there is one, comes apart


class ChatCompletionReader:
    """Reads one answer: choice 0, the only one that is ever asked for.

    Attributes:
        bare: The last chunk was nothing but text.
    """

    def __init__(self, top_logprobs: int = 0) -> None:
        """Begin an answer.

        Args:
            top_logprobs: How many alternatives for each token the client wants; more may have been asked for.
        """
        self.bare = False
        self._top_logprobs = top_logprobs
        self._calls = ToolCallAssembler()
        self._usage: dict[str, int] = {}
        self._finish = ""
        self._answered = False
        self._has_content = False
        self._has_reasoning = False
        self._over = False

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
            self._answered = self._has_content = True
            return [Text(text)]
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
            return
        if error := error_from_event(choice):  # OpenRouter puts a provider's failure into the choice
            raise error
        self._answered = True
        delta = choice.get("delta")
        if isinstance(delta, dict):
            calls = _calls(delta)
        else:  # in a whole message each element is a call, whatever index it claims
            message = choice.get("message")
            delta = message if isinstance(message, dict) else {}
            calls = [{**call, "index": position} for position, call in enumerate(_calls(delta))]
        self._read_text(choice, delta, events)
        for call in calls:
            events += self._calls.feed(call)
        reason = choice.get("finish_reason")
        if reason and isinstance(reason, str):
            self._finish = reason
            events += self._close_calls()

    def _read_text(self, choice: dict[str, Any], delta: dict[str, Any], events: list[Event]) -> None:
        text, thinking = _content(delta.get("content"))
        if text:
            self._has_content = True
        elif not self._has_content:  # a refusal stands where the content would; both at once would say it twice
            text = _text(delta.get("refusal"))
        thinking = thinking or self._reasoning(delta)
        pieces: list[Event] = []
        if thinking:
            pieces.append(Thinking(thinking))
        if text:
            pieces.append(Text(text))
        if choice.get("logprobs") and (entries := _logprobs(choice["logprobs"], self._top_logprobs)):
            pieces.insert(len(pieces) - 1 if pieces else 0, Logprobs(entries))
        events += pieces

    def _reasoning(self, delta: dict[str, Any]) -> str:
        """Reasoning in either of its two spellings; `reasoning_details` repeats it where a server sends both."""
        if text := _text(delta.get("reasoning_content")) or _text(delta.get("reasoning")):
            self._has_reasoning = True
            return text
        details = delta.get("reasoning_details")
        if self._has_reasoning or not isinstance(details, list):
            return ""
        return "".join(_text(d.get("text")) or _text(d.get("summary")) for d in details if isinstance(d, dict))

    def _count(self, chunk: dict[str, Any]) -> None:
        """Keep the newest numbers; some servers count in every chunk and begin with nulls."""
        found = chunk.get("usage")
        if not found and isinstance(groq := chunk.get("x_groq"), dict):
            found = groq.get("usage")
        if isinstance(found, dict):
            numbers = {key: found.get(key) for key in ("prompt_tokens", "completion_tokens")}
            self._usage |= {key: number for key, number in numbers.items() if type(number) is int and number >= 0}

    def _close_calls(self) -> list[ToolCall]:
        return self._calls.close(at_limit=FINISH_REASONS.get(self._finish) == "length")

    def _ending(self, complete: bool) -> list[Event]:
        if not self._answered and complete:
            raise UpstreamBroken("the upstream's answer has no choices: is this an OpenAI-style server?")
        if not self._finish and not complete:
            raise UpstreamBroken("the upstream's answer ended without finishing")
        if self._finish == _FAILED:
            raise UpstreamBroken("the upstream's answer broke off with finish_reason 'error' and no message")
        return [*self._close_calls(), *self._end(Finish(FINISH_REASONS.get(self._finish, "stop")))]

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
    return next((c for c in choices if isinstance(c, dict) and not c.get("index")), None)


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


def _logprobs(logprobs: Any, most: int) -> list[dict[str, Any]]:
    """`logprobs.content` in Ollama's form, with at most so many alternatives."""
    content = logprobs.get("content") if isinstance(logprobs, dict) else None
    entries = []
    for item in content if isinstance(content, list) else []:
        if entry := _logprob(item):
            top = item.get("top_logprobs")
            if found := [e for e in map(_logprob, top if isinstance(top, list) else []) if e][:most]:
                entry["top_logprobs"] = found
            entries.append(entry)
    return entries


def _logprob(item: Any) -> dict[str, Any] | None:
    """One token in Ollama's form; None without a number, which clients require."""
    if not isinstance(item, dict):
        return None
    token, logprob = _text(item.get("token")), item.get("logprob")
    if not isinstance(logprob, int | float) or not -math.inf < logprob < math.inf:
        return None
    octets = list(token.encode("utf-8", "replace"))
    return {"token": token, "logprob": logprob} | ({"bytes": octets} if octets else {})


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
