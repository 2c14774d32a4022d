"""What an upstream wants back of an answer that called tools, although Ollama's protocol has no place for it.

Reasoning models go on from their own reasoning while tools are called: the Responses API takes it back encrypted,
Gemini as a signature at each call, OpenRouter as `reasoning_details`, DeepSeek and Moonshot as text. A client of
Ollama's sends back the calls at most. So such a turn is kept when it is answered, and found again when a conversation
goes on from it: by the id of its first call where that is unique, else by all that was said before it; and then its
calls must be the same.
"""

import hashlib
import json
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from translators.events import ToolCall
from translators.loose_json import read_json
from translators.pairing import is_derived_id
from translators.profiles import Profile

_LENGTH_OF_RANDOM_IDS: Final = 20
"""OpenAI's have 29 characters."""

_STRING_OR_NUMBER: Final = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|-?\d+(?:\.\d+)?(?:e[+-]?\d+)?')

_STREAMED: Final = frozenset({"text", "summary", "data"})
"""Fields of `reasoning_details` that come in pieces."""


@dataclass(frozen=True, slots=True)
class ToolTurn:
    """One answer that called tools, as its upstream wants it back.

    Attributes:
        calls: Its calls, at least one, under the names and ids that the upstream knows. What they have as
            `extra_content` goes back with them.
        items: For the Responses API: its reasoning, as items.
        reasoning: For Chat Completions: the reasoning as text.
        fields: For Chat Completions: what else belongs into the assistant's message.
    """

    calls: tuple[ToolCall, ...]
    items: Sequence[dict[str, Any]] = ()
    reasoning: str = ""
    fields: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_needed(self) -> bool:
        """Whether there is anything in it that an Ollama client does not send back."""
        return bool(self.items or self.reasoning or self.fields or any(call.extra_content for call in self.calls))

    @property
    def size(self) -> int:
        """About how many bytes it takes."""
        calls = [[call.arguments, call.extra_content] for call in self.calls]
        try:
            return len(json.dumps([calls, self.items, self.reasoning, self.fields]))
        except RecursionError:  # they cannot be sent back either
            return sys.maxsize


UNKNOWN: Final = ToolTurn(())
"""A turn of which only the client's word is known."""

_NO_SIGNATURE: Final = {"google": {"thought_signature": "skip_thought_signature_validator"}}
"""What Google gives for calls whose signature is lost (Gemini API, "Thought signatures", frequently asked)."""


def key_of_answer(messages: Iterable[dict[str, Any]]) -> str:
    """The key under which the answer to these messages will be looked for: all that was said before it.

    Args:
        messages: Of the request, in the form of Chat Completions.
    """
    said = _Said()
    for message in messages:
        said.add(message)
    return said.key()


def key_by_id(call_id: str) -> str:
    """The key of a turn by the id of its first call; empty for an id that may be another turn's as well.

    Some servers count from 0 in each answer; those of the Responses API are long and random.
    """
    return f"id {call_id}" if len(call_id) >= _LENGTH_OF_RANDOM_IDS else ""


def keys_in_conversation(messages: Sequence[dict[str, Any]]) -> Iterator[tuple[int, tuple[str, str]]]:
    """The index of each message that calls tools, and the keys of its turn, one of which may be empty.

    Args:
        messages: Of a request, in the form of Chat Completions.
    """
    said = _Said()
    last = max((index for index, message in enumerate(messages) if message.get("tool_calls")), default=-1)
    for index, message in enumerate(messages[: last + 1]):
        if calls := message.get("tool_calls"):
            yield index, (key_by_id(calls[0]["id"]), said.key())
        said.add(message)


def parts_in(messages: Sequence[dict[str, Any]], start: int, turn: ToolTurn) -> dict[int, ToolTurn]:
    """The turn by the index of the message that says it again; nothing where another turn is said.

    A client that keeps each line of a stream as a message has one for each of several parallel calls: then each gets
    its part of the turn.

    Args:
        messages: Of a request, in the form of Chat Completions.
        start: Where its first call is said.
        turn: All of it.
    """
    found: dict[int, ToolTurn] = {}
    begin = 0
    for index in range(start, len(messages)):
        calls = messages[index].get("tool_calls", ())
        if not calls and messages[index]["role"] != "tool":
            break
        own = turn.calls[begin : begin + len(calls)]
        if len(own) < len(calls) or not all(map(_says, calls, own)):
            break
        if calls:
            found[index] = _part(turn, begin, begin + len(calls))
            begin += len(calls)
        if begin == len(turn.calls):
            return found
    return {}


def _says(call: dict[str, Any], own: ToolCall) -> bool:
    """Whether a call of a conversation is this one: its id is the same, or was made up here because there was none."""
    function = call["function"]
    if function["name"] != own.name or (call["id"] != own.id and not is_derived_id(call["id"])):
        return False
    return _bytes(read_json(function["arguments"].encode())) == _bytes(own.arguments)


def _part(turn: ToolTurn, begin: int, end: int) -> ToolTurn:
    """The turn with some of its calls; its items stand before the first."""
    return replace(turn, calls=turn.calls[begin:end], items=() if begin else turn.items)


def with_turns(
    messages: Sequence[dict[str, Any]], turns: Mapping[int, ToolTurn], profile: Profile
) -> list[dict[str, Any]]:
    """The messages of a Chat Completions request, with what their upstream wants back of them.

    Args:
        messages: They stay as they are.
        turns: By the index of the message.
        profile: Of the model: what is wanted back, whether it is known or not.
    """
    return [
        _with_turn(message, turns.get(index, UNKNOWN), profile) if message.get("tool_calls") else message
        for index, message in enumerate(messages)
    ]


def _with_turn(message: dict[str, Any], turn: ToolTurn, profile: Profile) -> dict[str, Any]:
    back = profile.reasoning_back
    # Of a turn that is not known a blank is taken for the reasoning, where nothing is refused.
    reasoning: dict[str, Any] = {back: turn.reasoning or " "} if back else {}
    extras = [call.extra_content for call in turn.calls] or [None] * len(message["tool_calls"])
    if profile.signatures_back:
        extras[0] = extras[0] or _NO_SIGNATURE
    calls = [
        {**call, "extra_content": extra} if extra else call
        for call, extra in zip(message["tool_calls"], extras, strict=True)
    ]
    return {**reasoning, **turn.fields, **message, "tool_calls": calls}


def joined_details(details: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """OpenRouter's `reasoning_details` as they are wanted back: the pieces of one entry, which stream, as one.

    Args:
        details: In the order in which they came.
    """
    joined: list[dict[str, Any]] = []
    for detail in details:
        last = joined[-1] if joined else {}
        if last and all(last.get(key) == detail.get(key) for key in ("type", "index")):
            pieces = {
                key: last[key] + value
                for key, value in detail.items()
                if key in _STREAMED and isinstance(value, str) and isinstance(last.get(key), str)
            }
            joined[-1] = {**last, **{key: value for key, value in detail.items() if value is not None}, **pieces}
        else:
            joined.append(detail)
    return joined


class _Said:
    """What was said so far, as a key."""

    def __init__(self) -> None:
        self._hash = hashlib.blake2b(digest_size=16)

    def key(self) -> str:
        return f"said {self._hash.hexdigest()}"

    def add(self, message: dict[str, Any]) -> None:
        content = message.get("content")
        text = content if isinstance(content, str) else json.dumps(content)
        self._hash.update(f"{message['role']} {len(text)} {text}".encode("utf-8", "replace"))
        # The ids of calls are the client's, or made up: in both cases those of the next request may differ.
        for call in message.get("tool_calls", ()):
            function = call["function"]
            self._hash.update(_bytes([function["name"], read_json(function["arguments"].encode())]))


def _bytes(value: Any) -> bytes:
    """What is the same for equal values: a client may sort keys, and reads 1.0 as 1."""
    try:
        text = json.dumps(value, sort_keys=True, separators=(",", ":"))
    except RecursionError:  # it cannot be sent either
        return b""
    return _STRING_OR_NUMBER.sub(_number_as_float, text).encode()


def _number_as_float(token: re.Match[str]) -> str:
    return token[0] if token[0].startswith('"') else repr(float(token[0]) + 0.0)  # -0.0 becomes 0.0
