import re
from collections.abc import Sequence

import pytest
from hypothesis import given, settings

from tests.conversations import CONVERSATIONS, assistant, call, tool, user
from translators.ollama_requests import Message
from translators.pairing import pair_tool_calls


def answers(messages: Sequence[Message]) -> dict[str, str]:
    """Call name and number -> the content of its result."""
    paired, _ = pair_tool_calls(messages)
    calls = [call for message in paired for call in message.tool_calls]
    contents = {message.tool_call_id: message.content for message in paired if message.role == "tool"}
    return {f"{number}.{call.function.name}": contents[call.id] for number, call in enumerate(calls, 1)}


def shape(messages: Sequence[Message]) -> list[str]:
    return [message.role + (f":{message.content}" if message.content else "") for message in messages]


def openai_fault(messages: Sequence[Message]) -> str:
    """OpenAI's complaint about tool messages, written from its error texts; empty when it would accept."""
    waiting: list[str] = []
    seen: set[str] = set()
    for message in messages:
        if message.role == "tool":
            if message.tool_call_id not in waiting:
                return "messages with role 'tool' must be a response to a preceeding message with 'tool_calls'"
            waiting.remove(message.tool_call_id)
            continue
        if waiting:
            return f"these tool_call_ids did not have response messages: {waiting}"
        for tool_call in message.tool_calls:
            if not tool_call.id or tool_call.id in seen:
                return f"missing or duplicate id {tool_call.id!r}"
            seen.add(tool_call.id)
            waiting.append(tool_call.id)
    return f"these tool_call_ids did not have response messages: {waiting}" if waiting else ""


def test_a_tool_result_without_an_id_takes_the_id_of_the_call_at_its_position() -> None:
    messages = [user(), assistant(call("a"), call("b")), tool("of a"), tool("of b")]
    assert answers(messages) == {"1.a": "of a", "2.b": "of b"}


def test_parallel_calls_of_one_tool_pair_in_order() -> None:
    messages = [assistant(call("f", x=1), call("f", x=2)), tool("one", "f"), tool("two", "f")]
    assert answers(messages) == {"1.f": "one", "2.f": "two"}


def test_a_tool_call_id_wins_over_name_and_position() -> None:
    messages = [assistant(call("f", "c1"), call("g", "c2")), tool("of g", "f", "c2"), tool("of f", "g", "c1")]
    assert answers(messages) == {"1.f": "of f", "2.g": "of g"}


def test_a_tool_name_wins_over_position() -> None:
    messages = [assistant(call("f"), call("g")), tool("of g", "g"), tool("of f", "f")]
    assert answers(messages) == {"1.f": "of f", "2.g": "of g"}


def test_a_result_without_any_reference_does_not_take_the_call_that_a_later_one_names() -> None:
    messages = [assistant(call("f", "c1"), call("g", "c2")), tool("of g"), tool("of f", call_id="c1")]
    assert answers(messages) == {"1.f": "of f", "2.g": "of g"}


@pytest.mark.parametrize("reference", [{"name": "unheard"}, {"call_id": "unheard"}])
def test_an_unknown_reference_falls_back_to_the_position(reference: dict[str, str]) -> None:
    assert answers([assistant(call("f")), tool("found", **reference)]) == {"1.f": "found"}


def test_results_answer_calls_that_a_client_spread_over_several_assistant_messages() -> None:
    messages = [assistant(call("f")), assistant(call("g")), assistant(), tool("of f"), tool("of g")]
    assert answers(messages) == {"1.f": "of f", "2.g": "of g"}


def test_a_result_answers_the_latest_turn_when_an_older_one_has_an_open_call_too() -> None:
    messages = [assistant(call("f")), user(), assistant(call("f")), tool("late", "f")]
    assert answers(messages) == {"1.f": "", "2.f": "late"}


def test_of_open_calls_with_one_id_the_latest_turn_s_gets_the_result() -> None:
    messages = [assistant(call("f", "c0")), user(), assistant(call("f", "c0")), tool("late", call_id="c0")]
    assert answers(messages) == {"1.f": "", "2.f": "late"}


def test_an_id_reaches_a_call_of_an_older_turn() -> None:
    messages = [assistant(call("f", "old")), user(), assistant(call("f", "new")), tool("1", call_id="old"), tool("2")]
    assert answers(messages) == {"1.f": "1", "2.f": "2"}


def test_a_result_never_answers_a_later_call() -> None:
    messages = [tool("early", "f", "c1"), assistant(call("f", "c1"))]
    assert answers(messages) == {"1.f": ""}


def test_ids_that_repeat_from_turn_to_turn_are_made_unique_and_results_stay_with_their_turn() -> None:
    turn_1 = [user(), assistant(call("f", "call_0")), tool("1", call_id="call_0")]
    turn_2 = [user(), assistant(call("f", "call_0")), tool("2", call_id="call_0")]
    assert answers([*turn_1, *turn_2]) == {"1.f": "1", "2.f": "2"}
    paired, notes = pair_tool_calls([*turn_1, *turn_2])
    assert openai_fault(paired) == ""
    assert [str(note) for note in notes] == [
        "messages.tool_calls.id converted: made unique: an earlier call has the same id"
    ]


def test_equal_ids_in_one_message_pair_in_order() -> None:
    messages = [assistant(call("f", "x"), call("g", "x")), tool("of f", call_id="x"), tool("of g", call_id="x")]
    assert answers(messages) == {"1.f": "of f", "2.g": "of g"}


def test_the_clients_ids_are_kept() -> None:
    paired, notes = pair_tool_calls([assistant(call("f", "functions.f:0")), tool("", call_id="functions.f:0")])
    assert [paired[0].tool_calls[0].id, paired[1].tool_call_id] == ["functions.f:0"] * 2
    assert notes == []


def test_derived_ids_are_such_as_mistral_takes_and_differ_even_for_equal_calls() -> None:
    paired, notes = pair_tool_calls([assistant(call("f", x=1), call("f", x=1)), tool("a"), tool("b")])
    ids = [tool_call.id for tool_call in paired[0].tool_calls]
    assert len(set(ids)) == 2
    assert all(re.fullmatch("[0-9a-z]{9}", call_id) for call_id in ids)
    assert {note.action for note in notes} == {"defaulted"}


def test_the_same_beginning_of_a_conversation_gives_the_same_ids_again() -> None:
    beginning = [user(), assistant(call("f", x="\ud800")), tool("1")]
    first, _ = pair_tool_calls(beginning)
    longer, _ = pair_tool_calls([*beginning, user(), assistant(call("f")), tool("2")])
    assert longer[: len(first)] == first


def test_a_call_without_a_result_gets_an_empty_one() -> None:
    paired, notes = pair_tool_calls([assistant(call("f", "c1"), call("g", "c2")), tool("of g", "g"), user("next")])
    assert [(message.role, message.tool_call_id, message.content) for message in paired] == [
        ("assistant", "", ""),
        ("tool", "c1", ""),
        ("tool", "c2", "of g"),
        ("user", "", "next"),
    ]
    assert [str(note) for note in notes] == ["messages.tool_calls defaulted: an empty result for a call that has none"]


@pytest.mark.parametrize(
    ("result", "content"), [(tool("3°C", "weather"), "Result of tool weather: 3°C"), (tool("x"), "Result of a tool: x")]
)
def test_a_result_without_a_call_becomes_a_user_message(result: Message, content: str) -> None:
    paired, notes = pair_tool_calls([user("hi"), result])
    assert shape(paired) == ["user:hi", f"user:{content}"]
    assert [note.field for note in notes] == ["messages.role"]


def test_results_move_up_behind_their_calls_and_what_stood_between_follows() -> None:
    messages = [assistant(call("f", "c1"), call("g", "c2")), user("wait"), tool("g", "g"), user("and"), tool("f", "f")]
    paired, notes = pair_tool_calls(messages)
    assert shape(paired) == ["assistant", "tool:f", "tool:g", "user:wait", "user:and"]
    assert [str(note) for note in notes] == ["messages converted: tool results moved to directly behind their calls"]


def test_a_conversation_in_order_keeps_its_order_without_a_note() -> None:
    messages = [user("hi"), assistant(call("f", "c1")), tool("1", "f", "c1"), assistant(), user("more")]
    assert pair_tool_calls(messages) == (messages, [])


def test_the_client_s_messages_are_not_changed() -> None:
    messages = [assistant(call("f")), tool("1")]
    before = [message.model_dump() for message in messages]
    pair_tool_calls(messages)
    assert [message.model_dump() for message in messages] == before


@settings(deadline=None)  # a busy machine is not a fault of the code
@given(CONVERSATIONS)
def test_any_conversation_comes_out_as_openai_accepts_it(messages: list[Message]) -> None:
    assert openai_fault(pair_tool_calls(messages)[0]) == ""


@settings(deadline=None)
@given(CONVERSATIONS)
def test_no_text_is_lost_and_no_call_is_lost_or_reordered(messages: list[Message]) -> None:
    paired, _ = pair_tool_calls(messages)
    for role in ("user", "assistant", "tool"):
        sent = [message.content for message in messages if message.role == role and message.content]
        arrived = [message.content for message in paired]
        for content in set(sent):
            assert sum(text.endswith(content) for text in arrived) >= sent.count(content)
    called = [call.function for message in messages for call in message.tool_calls]
    assert [call.function for message in paired for call in message.tool_calls] == called


@settings(deadline=None)
@given(CONVERSATIONS)
def test_what_is_paired_once_stays_as_it_is(messages: list[Message]) -> None:
    paired, _ = pair_tool_calls(messages)
    again, notes = pair_tool_calls(paired)
    assert again == paired
    assert notes == []
