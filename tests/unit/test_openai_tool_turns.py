"""How an answer that called tools is known again when a conversation goes on from it."""

import json

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.tool_turns import HI, OSLO, ROME, Json, payload, said_again, turn
from translators.events import Finish, ToolCall
from translators.loose_json import read_json
from translators.ollama_answers import CHAT, Moment, StreamWriter
from translators.openai_tool_turns import ToolTurn, key_by_id, key_of_answer, keys_in_conversation, parts_in

PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAASUVORK5CYII="
REASONING: Json = {"type": "reasoning", "id": "rs_1"}


def found_again(before: list[Json], answer: ToolTurn, *messages: Json) -> dict[int, ToolTurn]:
    """Where an answer to some messages is found in a conversation."""
    known = {key_of_answer(payload(*before)), key_by_id(answer.calls[0].id)}
    sent = payload(*messages)
    found: dict[int, ToolTurn] = {}
    for index, keys in keys_in_conversation(sent):
        if index not in found and known.intersection(filter(None, keys)):
            found |= parts_in(sent, index, answer)
    return found


def is_known(before: list[Json], answer: ToolTurn, *messages: Json) -> bool:
    """Whether an answer to some messages is known again in a conversation."""
    return bool(found_again(before, answer, *messages))


def test_a_turn_is_known_by_what_was_said_and_its_calls_with_their_ids_or_without() -> None:
    answer = turn(("fc_1", "f", OSLO), ("fc_2", "f", ROME))
    for ids in (("fc_1", "fc_2"), ("", "")):
        assert is_known([HI], answer, HI, said_again((ids[0], "f", OSLO), (ids[1], "f", ROME)))


def test_ids_that_differ_are_those_of_somebody_elses_turn() -> None:
    answer = turn(("fc_1", "f", OSLO), ("fc_2", "f", ROME))
    assert not is_known([HI], answer, HI, said_again(("fc_1", "f", OSLO), ("fc_3", "f", ROME)))


FIRST, SECOND = "call_aaaaaaaaaaaaaaaaaaaaaaaa", "call_bbbbbbbbbbbbbbbbbbbbbbbb"


def test_a_turn_is_known_by_random_ids_of_its_calls_whatever_was_said_before() -> None:
    answer = turn((FIRST, "f", OSLO), (SECOND, "f", ROME), items=[REASONING])
    again = said_again((FIRST, "f", OSLO), (SECOND, "f", ROME))
    assert is_known([HI], answer, {"role": "user", "content": "else"}, again)


@pytest.mark.parametrize(
    "again",
    [
        said_again((FIRST, "f", OSLO)),
        said_again((SECOND, "f", ROME), (FIRST, "f", OSLO)),
        said_again((FIRST, "f", OSLO), (SECOND, "f", OSLO)),
        said_again((FIRST, "g", OSLO), (SECOND, "f", ROME)),
        said_again((f"{FIRST} {SECOND}", "f", OSLO)),
    ],
)
def test_the_same_ids_of_other_calls_are_another_turn(again: Json) -> None:
    answer = turn((FIRST, "f", OSLO), (SECOND, "f", ROME), items=[REASONING])
    assert not is_known([HI], answer, {"role": "user", "content": "else"}, again)


def test_short_ids_are_not_trusted_because_some_servers_count_from_0_in_each_answer() -> None:
    answer = turn(("call_0", "f", OSLO), reasoning="hm")
    assert not is_known([HI], answer, {"role": "user", "content": "else"}, said_again(("call_0", "f", OSLO)))


def test_text_beside_the_calls_makes_no_difference_to_their_turn() -> None:
    assert is_known([HI], turn(("", "f", OSLO)), HI, said_again(("", "f", OSLO), content="Let me see."))


def test_parallel_calls_that_became_a_message_each_have_their_part_of_the_turn() -> None:
    answer = turn(("fc_1", "f", OSLO), ("fc_2", "f", ROME), items=[REASONING], reasoning="hm")
    apart = [said_again(("", "f", OSLO)), said_again(("", "f", ROME))]
    results = [{"role": "tool", "content": "3"}, {"role": "tool", "content": "4"}]
    found = found_again([HI], answer, HI, *apart, *results)
    assert [(at, [call.id for call in part.calls], part.items) for at, part in found.items()] == [
        (1, ["fc_1"], [REASONING]),
        (3, ["fc_2"], ()),
    ]


SYSTEM: Json = {"role": "system", "content": "It is noon."}


EARLIER = [HI, said_again(("", "f", OSLO)), {"role": "tool", "content": "3°C"}]


@pytest.mark.parametrize(
    ("before", "later"),
    [
        ([SYSTEM, HI], [{"role": "system", "content": "You serve somebody else."}, HI]),
        ([SYSTEM, HI], [HI]),
        ([HI], [SYSTEM, HI]),
        ([HI], [{"role": "user", "content": "Hi!"}]),
        ([HI], [{"role": "assistant", "content": "Hi"}]),
        ([HI], [HI, HI]),
        ([HI, HI], [HI]),
        ([HI], [{**HI, "images": [PIXEL]}]),
        (EARLIER, [*EARLIER[:2], {"role": "tool", "content": "4°C"}]),
        (EARLIER, [HI, said_again(("", "f", ROME)), EARLIER[2]]),
        (EARLIER, [HI, said_again(("", "g", OSLO)), EARLIER[2]]),
        (EARLIER, [HI, said_again(("", "f", OSLO), content="Wait."), EARLIER[2]]),
    ],
)
def test_whatever_else_differs_before_it_makes_another_turn(before: list[Json], later: list[Json]) -> None:
    answer = turn(("", "f", OSLO))
    assert is_known(before, answer, *before, said_again(("", "f", OSLO)))
    assert not is_known(before, answer, *later, said_again(("", "f", OSLO)))


@pytest.mark.parametrize(
    "again",
    [
        said_again(("", "f", ROME)),
        said_again(("", "g", OSLO)),
        said_again(("", "f", {})),
        said_again(("", "f", OSLO), ("", "f", OSLO)),
    ],
)
def test_other_calls_are_another_turn(again: Json) -> None:
    assert not is_known([HI], turn(("", "f", OSLO)), HI, again)


def test_parallel_calls_of_one_tool_are_told_apart_by_their_order() -> None:
    answer = turn(("", "f", OSLO), ("", "f", ROME))
    assert is_known([HI], answer, HI, said_again(("", "f", OSLO), ("", "f", ROME)))
    assert not is_known([HI], answer, HI, said_again(("", "f", ROME), ("", "f", OSLO)))


def test_equal_calls_at_two_places_of_a_conversation_are_two_turns() -> None:
    ask = said_again(("", "f", OSLO))
    result: Json = {"role": "tool", "content": "3°C"}
    conversation = [HI, ask, result, ask, result, HI, {"role": "assistant", "content": "!"}]
    answer = turn(("", "f", OSLO), reasoning="hm")
    assert list(found_again([HI], answer, *conversation)) == [1]
    assert list(found_again([HI, ask, result], answer, *conversation)) == [3]


def test_the_ids_of_earlier_calls_do_not_count_in_what_was_said() -> None:
    with_ids = [HI, said_again(("c1", "f", OSLO)), {"role": "tool", "content": "3°C", "tool_call_id": "c1"}]
    assert is_known(with_ids, turn(("", "f", ROME)), *EARLIER, said_again(("", "f", ROME)))


def test_the_order_of_keys_in_arguments_makes_no_difference() -> None:
    turned: Json = {"days": {"to": 3, "from": 1}, "city": "Oslo"}
    assert list(turned) != list(OSLO)
    assert is_known([HI], turn(("", "f", OSLO)), HI, said_again(("", "f", turned)))


ARGUMENTS = st.dictionaries(
    st.text(max_size=3),
    st.recursive(
        st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.floats(-(2**53), 2**53)
        | st.text(max_size=4),
        lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=2), inner, max_size=2),
        max_leaves=5,
    ),
    max_size=3,
)  # fmt: skip


def as_a_client_gets_it(arguments: Json) -> Json:
    """Arguments as a client reads them in this proxy's own answer."""
    writer = StreamWriter(CHAT, "m", sent_ns=0, tool_names={}, conversation=None)
    line = writer.feed([ToolCall(0, "", "f", arguments), Finish("stop")], Moment(0, 0))[0].splitlines()[0]
    told: Json = json.loads(line)["message"]["tool_calls"][0]["function"]["arguments"]
    return told


@settings(deadline=None)  # a busy machine is not a fault of the code
@example({"n": -0.0})
@given(ARGUMENTS)
def test_any_arguments_are_known_again_after_their_way_to_the_client_and_back(arguments: Json) -> None:
    read: Json = read_json(json.dumps(arguments))
    assert is_known([HI], turn(("", "f", read)), HI, said_again(("", "f", as_a_client_gets_it(read))))


def test_a_large_double_is_known_again_after_its_way_to_the_client_and_back() -> None:
    arguments: Json = {"n": 2.518806130102557e16}
    assert is_known([HI], turn(("", "f", arguments)), HI, said_again(("", "f", as_a_client_gets_it(arguments))))


def nested(depth: int) -> Json:
    value: Json = {}
    for _ in range(depth):
        value = {"a": value}
    return value


@pytest.mark.parametrize(
    "arguments",
    [
        nested(300),
        nested(980),
        {"n": 10**300},
        {"n": [0] * 100_000},
        {"é" * 1000: "\x00"},
    ],
)
def test_arguments_of_any_depth_and_size_have_keys_and_a_size(arguments: Json) -> None:
    answer = turn(("", "f", arguments), reasoning="r")
    assert is_known([HI], answer, HI, said_again(("", "f", arguments)))
    assert answer.size > 0
