"""What is kept of an answer that called tools, and what of it goes back to its upstream."""

import json
from dataclasses import replace
from typing import Final

import pytest

from tests.tool_turns import HI, OSLO, ROME, Json, payload, said_again, turn
from translators.events import ToolCall
from translators.openai_tool_turns import ToolTurn, joined_details, with_turns
from translators.profiles import DEFAULT, Profile, profile_for

WANTS_REASONING: Final = profile_for("deepseek-reasoner")
SIGNATURE: Final = {"google": {"thought_signature": "x"}}
WANTS_SIGNATURES: Final = replace(DEFAULT, signatures_back=True)

# --- what is kept ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "needed"),
    [
        (turn(("c", "f", {})), False),
        (turn(("c", "f", {}), items=[{"type": "reasoning"}]), True),
        (turn(("c", "f", {}), reasoning="hm"), True),
        (turn(("c", "f", {}), fields={"reasoning_details": [{}]}), True),
        (
            ToolTurn((ToolCall(0, "c", "f", {}), ToolCall(1, "d", "g", {}, SIGNATURE))),
            True,
        ),
    ],
)
def test_a_turn_is_needed_for_what_an_ollama_client_does_not_send_back(answer: ToolTurn, needed: bool) -> None:
    assert answer.is_needed is needed


@pytest.mark.parametrize(
    "more",
    [
        {"items": [{"type": "reasoning", "encrypted_content": "x" * 10_000}]},
        {"reasoning": "x" * 10_000},
        {"fields": {"reasoning_details": [{"data": "x" * 10_000}]}},
    ],
)
def test_everything_that_is_kept_counts_in_its_size(more: Json) -> None:
    assert 10_000 <= turn(("c", "f", {}), **more).size - turn(("c", "f", {})).size < 10_200


# --- what goes back -------------------------------------------------------------------------------------------


def test_a_known_turn_gets_back_its_reasoning_its_fields_and_what_its_calls_have() -> None:
    known = ToolTurn(
        (ToolCall(0, "c1", "f", OSLO, SIGNATURE), ToolCall(1, "c2", "f", ROME)),
        reasoning="hm",
        fields={"reasoning_details": [{"type": "reasoning.text", "text": "hm"}]},
    )
    messages = payload(HI, said_again(("c1", "f", OSLO), ("c2", "f", ROME)))
    before = json.dumps(messages)
    sent = with_turns(messages, {1: known}, WANTS_REASONING)
    oslo, rome = messages[1]["tool_calls"]
    assert sent[1] == {
        "role": "assistant",
        "content": None,
        "reasoning_content": "hm",
        "reasoning_details": [{"type": "reasoning.text", "text": "hm"}],
        "tool_calls": [{**oslo, "extra_content": SIGNATURE}, rome],
    }
    assert [sent[0], *sent[2:]] == [messages[0], *messages[2:]]
    assert json.dumps(messages) == before


@pytest.mark.parametrize("known", [{}, {1: turn(("c1", "f", OSLO), fields={"x": 1})}])
def test_where_reasoning_is_wanted_a_blank_stands_for_what_nobody_knows(known: dict[int, ToolTurn]) -> None:
    sent = with_turns(payload(HI, said_again(("c1", "f", OSLO))), known, WANTS_REASONING)
    assert sent[1]["reasoning_content"] == " "


def test_reasoning_that_the_client_sends_back_itself_is_preferred() -> None:
    messages = [HI, {"role": "assistant", "content": None, "reasoning_content": "own", "tool_calls": []}]
    messages[1]["tool_calls"] = payload(HI, said_again(("c1", "f", OSLO)))[1]["tool_calls"]
    known = turn(("c1", "f", OSLO), reasoning="kept")
    assert with_turns(messages, {}, WANTS_REASONING)[1]["reasoning_content"] == "own"
    assert with_turns(messages, {1: known}, WANTS_REASONING)[1]["reasoning_content"] == "own"


def test_without_a_field_for_it_no_reasoning_goes_back() -> None:
    messages = payload(HI, said_again(("c1", "f", OSLO)))
    assert with_turns(messages, {1: turn(("c1", "f", OSLO), reasoning="hm")}, DEFAULT) == messages


@pytest.mark.parametrize("profile", [DEFAULT, WANTS_REASONING, WANTS_SIGNATURES])
def test_messages_without_calls_stay_as_they_are(profile: Profile) -> None:
    messages = [HI, {"role": "assistant", "content": "Hello."}]
    assert with_turns(messages, {}, profile) == messages


LOST: Json = {"google": {"thought_signature": "skip_thought_signature_validator"}}


def extras(sent: list[Json]) -> list[list[Json | None]]:
    """What the calls of each message that has any have as `extra_content`."""
    calls = [message["tool_calls"] for message in sent if "tool_calls" in message]
    return [[call.get("extra_content") for call in each] for each in calls]


def test_where_signatures_are_wanted_a_text_of_googles_stands_for_the_first_one_of_a_turn_that_nobody_knows() -> None:
    messages = payload(HI, said_again(("", "f", OSLO), ("", "f", ROME)), HI, said_again(("", "f", ROME)))
    before = json.dumps(messages)
    assert extras(with_turns(messages, {}, WANTS_SIGNATURES)) == [[LOST, None], [LOST]]
    assert extras(with_turns(messages, {}, DEFAULT)) == [[None, None], [None]]
    assert json.dumps(messages) == before


def test_a_signature_that_is_known_is_preferred() -> None:
    known = ToolTurn((ToolCall(0, "", "f", OSLO, SIGNATURE), ToolCall(1, "", "f", ROME)))
    messages = payload(HI, said_again(("", "f", OSLO), ("", "f", ROME)), HI, said_again(("", "f", ROME)))
    assert extras(with_turns(messages, {1: known}, WANTS_SIGNATURES)) == [[SIGNATURE, None], [LOST]]


def test_each_message_of_parallel_calls_that_became_several_has_a_signature() -> None:
    parts = {1: ToolTurn((ToolCall(0, "", "f", OSLO, SIGNATURE),)), 3: ToolTurn((ToolCall(1, "", "f", ROME),))}
    result: Json = {"role": "tool", "content": "3"}
    messages = payload(HI, said_again(("", "f", OSLO)), said_again(("", "f", ROME)), result, result)
    assert extras(with_turns(messages, parts, WANTS_SIGNATURES)) == [[SIGNATURE], [LOST]]


@pytest.mark.parametrize(
    ("details", "joined"),
    [
        ([], []),
        (
            [{"type": "reasoning.text", "index": 0, "text": "a"}, {"type": "reasoning.text", "index": 0, "text": "b"}],
            [{"type": "reasoning.text", "index": 0, "text": "ab"}],
        ),
        (
            [{"type": "reasoning.text", "text": "a", "signature": None}, {"type": "reasoning.text", "signature": "s"}],
            [{"type": "reasoning.text", "text": "a", "signature": "s"}],
        ),
        (
            [{"type": "reasoning.text", "text": None}, {"type": "reasoning.text", "text": "b", "format": "x"}],
            [{"type": "reasoning.text", "text": "b", "format": "x"}],
        ),
        (
            [{"type": "reasoning.summary", "summary": "a"}, {"type": "reasoning.summary", "summary": "b"}],
            [{"type": "reasoning.summary", "summary": "ab"}],
        ),
        (
            [{"type": "reasoning.encrypted", "data": "AA"}, {"type": "reasoning.encrypted", "data": "BB"}],
            [{"type": "reasoning.encrypted", "data": "AABB"}],
        ),
        (
            [{"type": "reasoning.text", "index": 0, "text": "a"}, {"type": "reasoning.text", "index": 1, "text": "b"}],
            [{"type": "reasoning.text", "index": 0, "text": "a"}, {"type": "reasoning.text", "index": 1, "text": "b"}],
        ),
        (
            [{"type": "reasoning.text", "text": "a"}, {"type": "reasoning.encrypted", "data": "A"}],
            [{"type": "reasoning.text", "text": "a"}, {"type": "reasoning.encrypted", "data": "A"}],
        ),
    ],
)
def test_the_pieces_of_one_detail_are_joined(details: list[Json], joined: list[Json]) -> None:
    assert joined_details(details) == joined
