"""A recorded request as people read it."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scripts.recorded.transcript import LONGEST_LIST, LONGEST_TEXT, shortened, transcript
from scripts.recorded.transcript import settings as settings_of
from tests.recorded import HELLO

KEYS = st.sampled_from(["content", "text", "type", "function", "name", "arguments", "role", "summary"])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=8,
)


class TestTranscript:
    """The conversation of a request."""

    @pytest.mark.parametrize(
        ("body", "lines"),
        [
            ({"system": "Be brief.", "prompt": "Hi", "suffix": "."}, ["system: Be brief.", "user: Hi", "suffix: ."]),
            ({"prompt": "What is it?", "images": ["abcd"]}, ["user: What is it? [image, 4 characters]"]),
            ({"input": ["one", "two"]}, ["user: one", "user: two"]),
            (
                {"messages": [{"role": "tool", "tool_name": "f", "content": "3"}, {"role": "user", "thinking": "hm"}]},
                ["tool f: 3", "user: (thinking: hm)"],
            ),
            (
                {"messages": [{"role": "user", "content": [{"type": "text", "text": "Hi"}, {"type": "image_url"}]}]},
                ['user: Hi [image_url, 21 characters]'],
            ),
            (
                {
                    "instructions": "Be brief.",
                    "input": [
                        {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Hi"}]},
                        {"type": "function_call", "name": "f", "arguments": "{}"},
                        {"type": "function_call_output", "call_id": "c1", "output": "3"},
                    ],
                },
                ["system: Be brief.", "user: Hi", "function_call f: {}", "function_call_output c1: 3"],
            ),
            ({"messages": [{"role": "assistant", "tool_calls": [{"function": {"name": "f", "arguments": {"a": 1}}}]}]},
             ['assistant: f({"a": 1})']),
        ],
    )  # fmt: skip
    def test_it_tells_who_says_what_in_every_protocol(self, body: Any, lines: list[str]) -> None:
        assert list(transcript(body)) == lines

    def test_settings_are_the_rest(self) -> None:
        assert settings_of(HELLO | {"options": {"seed": 1}, "stream": False}) == {"options": {"seed": 1}}

    def test_long_texts_and_lists_are_cut_and_say_so(self) -> None:
        assert shortened({"a": "x" * 1000}) == {"a": "x" * LONGEST_TEXT + "… (1,000 characters)"}
        assert shortened(list(range(20)))[LONGEST_LIST:] == ["… and 12 more"]

    @given(value=JSON)
    @settings(max_examples=50)
    def test_whatever_stands_in_a_request_can_be_told(self, value: Any) -> None:
        for body in (value, *({key: value} for key in ("messages", "input", "prompt", "system", "suffix"))):
            list(transcript(body))
        message = dict.fromkeys(["role", "content", "images", "tool_calls", "thinking", "name"], value)
        list(transcript({"messages": [message, {"tool_calls": [{"function": value}]}], "prompt": "x", "images": value}))
