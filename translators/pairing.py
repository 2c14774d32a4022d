"""Tool calls and their results, with the ids and in the order that OpenAI demands.

Ollama takes calls without ids and results without any reference, in any order. OpenAI refuses the whole request
unless every assistant message with tool calls is followed at once by one tool message for each call, and no other
tool message exists. What is done:

* A call keeps the client's id. Without one, or when an earlier call has the same, it gets an id derived from its
  number in the conversation, name and arguments: the same beginning of a conversation gives the same ids again, so
  the upstream's prompt cache keeps working.
* A result answers the open call that its `tool_call_id` names, else the first open call of its turn with its
  `tool_name`, else the first open call of its turn. A turn is a run of assistant messages, because clients that
  keep a stream's lines as messages have one message for each of several parallel calls.
* Results move up behind their calls; messages that stood between follow after.
* A call without a result gets an empty one. A result without a call becomes a user message, so that its text stays.
"""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from translators.notes import Note
from translators.ollama_requests import Message, ToolCall

_ID_ALPHABET = "0123456789abcdefghijklmnopqrstuvwxyz"
_ID_LENGTH = 9  # Mistral takes no other length, and nothing but letters and digits; the others take any

_NO_ID = Note("messages.tool_calls.id", "defaulted", "derived from the call's place, name and arguments")
_SAME_ID = Note("messages.tool_calls.id", "converted", "made unique: an earlier call has the same id")
_NO_RESULT = Note("messages.tool_calls", "defaulted", "an empty result for a call that has none")
_NO_CALL = Note("messages.role", "converted", "a tool result that answers no call is sent as a user message")
_MOVED = Note("messages", "converted", "tool results moved to directly behind their calls")


@dataclass(slots=True)
class _Call:
    """A call of the history: the id that it is sent with, the one that the client gave, and its result once found."""

    id: str
    given_id: str
    name: str
    turn: int
    result: int | None = None


@dataclass(frozen=True, slots=True)
class _Calls:
    """The calls of a conversation, by the index of their message, and for each message the turn it may answer."""

    by_message: dict[int, list[_Call]]
    turn_at: list[int]


def pair_tool_calls(messages: Sequence[Message]) -> tuple[list[Message], list[Note]]:
    """Bring a conversation into the form that OpenAI accepts, as this file's docstring tells.

    Args:
        messages: Of roles system, user, assistant and tool; only assistant messages have tool calls.

    Returns:
        The conversation in which every call has a unique id, and every tool message has the `tool_call_id` and
        `tool_name` of its call and stands right behind it; and what a person should know. Messages that need no
        change are the same objects.
    """
    calls, notes = _calls_of(messages)
    _find_results(messages, calls)
    return _in_order(messages, calls, notes)


def _calls_of(messages: Sequence[Message]) -> tuple[_Calls, list[Note]]:
    by_message: dict[int, list[_Call]] = {}
    turn_at: list[int] = []
    notes: list[Note] = []
    used: set[str] = set()
    run = answerable = 0
    for index, message in enumerate(messages):
        if message.role == "assistant":
            if index == 0 or messages[index - 1].role != "assistant":
                run += 1
            for call in message.tool_calls:
                call_id = call.id
                if not call_id or call_id in used:
                    notes.append(_SAME_ID if call_id else _NO_ID)
                    call_id = _derived_id(len(used), call)
                used.add(call_id)
                by_message.setdefault(index, []).append(_Call(call_id, call.id, call.function.name, run))
                answerable = run
        turn_at.append(answerable)
    return _Calls(by_message, turn_at), notes


def _derived_id(number: int, call: ToolCall) -> str:
    identity = json.dumps([number, call.function.name, call.function.arguments], sort_keys=True)
    digest = hashlib.sha256(identity.encode()).digest()
    return "".join(_ID_ALPHABET[byte % len(_ID_ALPHABET)] for byte in digest[:_ID_LENGTH])


def is_derived_id(call_id: str) -> bool:
    """Whether an id may be one that was derived here; some servers' own look alike."""
    return len(call_id) == _ID_LENGTH and all(character in _ID_ALPHABET for character in call_id)


def _find_results(messages: Sequence[Message], calls: _Calls) -> None:
    by_id: dict[str, list[_Call]] = {}
    by_turn: dict[int, list[_Call]] = {}
    for of_message in calls.by_message.values():
        for call in of_message:
            by_id.setdefault(call.given_id, []).append(call)
            by_turn.setdefault(call.turn, []).append(call)

    def named_by_id(message: Message, turn: int) -> list[_Call]:
        return [call for call in by_id.get(message.tool_call_id, []) if message.tool_call_id and call.turn <= turn]

    def of_that_name(message: Message, turn: int) -> list[_Call]:
        return [call for call in by_turn.get(turn, []) if call.name == message.tool_name]

    def of_the_turn(_message: Message, turn: int) -> list[_Call]:
        return by_turn.get(turn, [])

    rules: tuple[Callable[[Message, int], list[_Call]], ...] = (named_by_id, of_that_name, of_the_turn)
    results = [index for index, message in enumerate(messages) if message.role == "tool"]
    # The surest rule goes first for all results: a result without a name must not take the call that another names.
    for rule in rules:
        unmatched = []
        for index in results:
            open_calls = [call for call in rule(messages[index], calls.turn_at[index]) if call.result is None]
            if open_calls:
                # The latest turn, and within it the first call.
                max(open_calls, key=lambda call: call.turn).result = index
            else:
                unmatched.append(index)
        results = unmatched


def _in_order(messages: Sequence[Message], calls: _Calls, notes: list[Note]) -> tuple[list[Message], list[Note]]:
    paired: list[Message] = []
    order: list[int] = []
    answers = {call.result for of_message in calls.by_message.values() for call in of_message}
    for index, message in enumerate(messages):
        of_message = calls.by_message.get(index, [])
        if index in answers:
            continue
        order.append(index)
        if of_message:
            paired.append(_with_ids(message, of_message))
            order += [call.result for call in of_message if call.result is not None]
            paired += [_result(messages, call) for call in of_message]
            notes += [_NO_RESULT for call in of_message if call.result is None]
        elif message.role == "tool":
            paired.append(_as_user(message))
            notes.append(_NO_CALL)
        else:
            paired.append(message)
    if order != sorted(order):
        notes.append(_MOVED)
    return paired, notes


def _with_ids(message: Message, calls: list[_Call]) -> Message:
    with_ids = [
        call.model_copy(update={"id": settled.id}) for call, settled in zip(message.tool_calls, calls, strict=True)
    ]
    return message.model_copy(update={"tool_calls": with_ids})


def _result(messages: Sequence[Message], call: _Call) -> Message:
    result = Message.model_construct(role="tool") if call.result is None else messages[call.result]
    return result.model_copy(update={"tool_call_id": call.id, "tool_name": call.name})


def _as_user(result: Message) -> Message:
    tool = f"tool {result.tool_name}" if result.tool_name else "a tool"
    return result.model_copy(update={"role": "user", "content": f"Result of {tool}: {result.content}"})
