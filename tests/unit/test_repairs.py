"""How a repair changes a request, and whom it leaves alone."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from translators.repairs import Repair, repaired

SCHEMA = {"type": "json_schema", "json_schema": {"name": "x", "schema": {}, "strict": True}}
TO_NEW_NAME = Repair("max_tokens", "rename", "max_completion_tokens")
AT_MOST_8 = Repair("max_tokens", "at_most", 8)
FIRST_FOUR = Repair("stop", "at_most", 4)
NO_MINIMAL = Repair("reasoning_effort", "set", "low", refused="minimal")
NO_EFFORT_BESIDE_TOOLS = Repair("reasoning_effort", "set", "none", beside="tools")
NO_LOGPROBS = Repair("include", "drop", refused="message.output_text.logprobs")
NO_JSON_OBJECT = Repair("response_format", "set", "json_schema", refused="json_object")
NO_SCHEMA = Repair("response_format", "set", "json_object", refused="json_schema")
LOOSE = Repair("response_format.json_schema.strict", "set", False, refused=True)
ANY_OBJECT = {"name": "object", "schema": {"type": "object"}, "strict": False}

# repair, before, after
CHANGED: list[tuple[Repair, dict[str, Any], dict[str, Any]]] = [
    (Repair("stop", "drop"), {"a": 1, "stop": ["x"]}, {"a": 1}),
    (Repair("stop", "drop"), {"stop": None}, {}),
    (Repair("logprobs", "drop"), {"logprobs": True, "top_logprobs": 3}, {}),
    (Repair("top_logprobs", "drop"), {"logprobs": True, "top_logprobs": 3}, {"logprobs": True}),
    (Repair("reasoning.summary", "drop"), {"reasoning": {"summary": "auto", "a": 1}}, {"reasoning": {"a": 1}}),
    (Repair("reasoning.summary", "drop"), {"reasoning": {"summary": "auto"}, "a": 1}, {"a": 1}),
    (Repair("n", "drop", refused=1), {"n": 1}, {}),
    (NO_LOGPROBS, {"include": ["a", "message.output_text.logprobs"]}, {"include": ["a"]}),
    (NO_LOGPROBS, {"include": ["message.output_text.logprobs"]}, {}),
    (TO_NEW_NAME, {"max_tokens": 5}, {"max_completion_tokens": 5}),
    (TO_NEW_NAME, {"max_tokens": 5, "max_completion_tokens": 6}, {"max_completion_tokens": 6}),
    (NO_MINIMAL, {"reasoning_effort": "minimal"}, {"reasoning_effort": "low"}),
    (NO_EFFORT_BESIDE_TOOLS, {"tools": [{}]}, {"tools": [{}], "reasoning_effort": "none"}),
    (NO_EFFORT_BESIDE_TOOLS, {"tools": [{}], "reasoning_effort": "low"}, {"tools": [{}], "reasoning_effort": "none"}),
    (AT_MOST_8, {"max_tokens": 9}, {"max_tokens": 8}),
    (Repair("temperature", "at_least", 0), {"temperature": -0.5}, {"temperature": 0}),
    (FIRST_FOUR, {"stop": list("abcdef")}, {"stop": list("abcd")}),
    (
        NO_JSON_OBJECT,
        {"response_format": {"type": "json_object"}},
        {"response_format": {"type": "json_schema", "json_schema": ANY_OBJECT}},
    ),
    (NO_SCHEMA, {"response_format": SCHEMA}, {"response_format": {"type": "json_object"}}),
    (
        Repair("text.format", "set", "json_schema", refused="json_object"),
        {"text": {"format": {"type": "json_object"}, "verbosity": "low"}},
        {"text": {"format": {"type": "json_schema", **ANY_OBJECT}, "verbosity": "low"}},
    ),
    (
        LOOSE,
        {"response_format": SCHEMA},
        {"response_format": {"type": "json_schema", "json_schema": {"name": "x", "schema": {}, "strict": False}}},
    ),
]


@pytest.mark.parametrize(("repair", "before", "after"), CHANGED)
def test_a_request_with_what_was_refused_is_changed(
    repair: Repair, before: dict[str, Any], after: dict[str, Any]
) -> None:
    unchanged = repr(before)
    assert repr(repaired(before, [repair])) == repr(after)
    assert repr(before) == unchanged


@pytest.mark.parametrize(
    ("repair", "payload"),
    [
        (Repair("stop", "drop"), {"a": 1}),
        (Repair("n", "drop", refused=1), {"n": 2}),
        (Repair("n", "drop", refused=1), {"n": True}),
        (Repair("parallel_tool_calls", "drop", refused=False), {"parallel_tool_calls": True}),
        (Repair("parallel_tool_calls", "drop", refused=False), {"parallel_tool_calls": 0}),
        (Repair("top_p", "drop", beside="temperature"), {"top_p": 0.5}),
        (Repair("top_p", "drop", beside="temperature"), {"top_p": 0.5, "temperature": None}),
        (Repair("reasoning.summary", "drop"), {"reasoning": "summary"}),
        (Repair("reasoning.summary", "drop"), {"reasoning": {"effort": "low"}}),
        (TO_NEW_NAME, {"max_completion_tokens": 5}),
        (NO_MINIMAL, {"reasoning_effort": "high"}),
        (NO_MINIMAL, {"a": 1}),
        (NO_EFFORT_BESIDE_TOOLS, {"reasoning_effort": "low"}),
        (NO_EFFORT_BESIDE_TOOLS, {"tools": [{}], "reasoning_effort": "none"}),
        (NO_LOGPROBS, {"include": ["a"]}),
        (NO_LOGPROBS, {"include": ["message.output_text.logprobs", 1]}),
        (AT_MOST_8, {"max_tokens": 8}),
        (AT_MOST_8, {"max_tokens": "9"}),
        (AT_MOST_8, {"max_tokens": True}),
        (Repair("temperature", "at_least", 0), {"temperature": 0.5}),
        (Repair("stop", "at_least", 4), {"stop": ["a"]}),
        (FIRST_FOUR, {"stop": list("abcd")}),
        (FIRST_FOUR, {"stop": "abcdef"}),
        (FIRST_FOUR, {"stop": [1, 2, 3, 4, 5]}),
        (NO_JSON_OBJECT, {"response_format": SCHEMA}),
        (LOOSE, {"response_format": {"type": "json_object"}}),
    ],
)
def test_a_request_without_what_was_refused_is_not_changed(repair: Repair, payload: dict[str, Any]) -> None:
    assert repr(repaired(payload, [repair])) == repr(payload)


def test_repairs_are_applied_in_the_order_in_which_they_were_learned() -> None:
    repairs = [TO_NEW_NAME, Repair("max_completion_tokens", "at_most", 8)]
    assert repaired({"max_tokens": 9}, repairs) == {"max_completion_tokens": 8}


@pytest.mark.parametrize(
    ("repair", "told"),
    [
        (TO_NEW_NAME, "max_tokens renamed to max_completion_tokens"),
        (Repair("stop", "drop"), "stop dropped"),
        (Repair("top_p", "drop", beside="temperature"), "top_p dropped beside temperature"),
        (NO_MINIMAL, "reasoning_effort set to 'low'"),
        (LOOSE, "response_format.json_schema.strict set to False"),
        (AT_MOST_8, "max_tokens kept to at most 8"),
        (Repair("temperature", "at_least", 0), "temperature kept to at least 0"),
    ],
)
def test_a_repair_tells_what_it_does(repair: Repair, told: str) -> None:
    assert str(repair) == told


@given(
    st.lists(st.sampled_from([row[0] for row in CHANGED])),
    st.lists(st.sampled_from([row[1] for row in CHANGED])).map(
        lambda parts: {k: v for p in parts for k, v in p.items()}
    ),
)
def test_what_was_repaired_is_not_changed_by_the_same_repairs_again(
    repairs: list[Repair], payload: dict[str, Any]
) -> None:
    once = repaired(payload, repairs)
    assert all(repaired(once, [repair]) == once for repair in repairs if repair not in (NO_JSON_OBJECT, NO_SCHEMA))
