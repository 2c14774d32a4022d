"""A client's request as people read it."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.recorded import HELLO
from translators.inspection.transcript import (
    LONGEST_LIST,
    LONGEST_TEXT,
    MOST_LEVELS,
    shortened,
    tools_offered,
    transcript,
)
from translators.inspection.transcript import settings as settings_of

KEYS = st.sampled_from(
    ["content", "text", "type", "function", "name", "arguments", "role", "summary", "parameters", "properties", "id"]
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=8,
)

OSLO = {"name": "weather", "arguments": {"city": "Oslo"}}
TIME = {"name": "time", "arguments": {}}


def calling(*functions: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"role": "assistant", "tool_calls": [{"function": function} for function in functions], **more}


class TestTranscript:
    """The conversation of a request."""

    @pytest.mark.parametrize(
        ("body", "lines"),
        [
            ({"system": "Be brief.", "prompt": "Hi", "suffix": "."}, ["system: Be brief.", "user: Hi", "suffix: ."]),
            ({"prompt": "What is it?", "images": ["abcd"]}, ["user: What is it? [image, 4 characters]"]),
            ({"input": ["one", "two"]}, ["user: one", "user: two"]),
            ({"messages": [{"role": "user", "images": ["a" * 12_345]}]}, ["user: [image, 12,345 characters]"]),
            ({"messages": [{"role": "assistant", "content": ""}]}, ["assistant:"]),
            ({"messages": [{"role": "tool", "content": "3"}]}, ["tool: 3"]),
            (
                {
                    "messages": [
                        {
                            "role": "user",
                            "content": [
                                {"type": "text", "text": "Hi"},
                                {"type": "image_url", "image_url": {"url": "data:,"}},
                                {"type": "input_image", "image_url": "data:,x"},
                                {"type": "input_audio"},
                                {"type": "thinking", "thinking": [{"type": "text", "text": "Hm."}]},
                                ["odd"],
                            ],
                        }
                    ]
                },
                ['user: Hi [image, 6 characters] [image, 7 characters] [input_audio, 23 characters] Hm. ["odd"]'],
            ),
            (
                {
                    "instructions": "Be brief.",
                    "input": [
                        {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Hi"}]},
                        {"type": "reasoning", "summary": [{"type": "summary_text", "text": "Call f."}]},
                        {"type": "reasoning", "summary": [], "encrypted_content": "x"},
                        {"type": "function_call", "name": "f", "arguments": "{}", "call_id": "c1", "id": "i1"},
                        {"type": "function_call_output", "call_id": "c1", "output": "3"},
                        {"type": "function_call_output", "call_id": "c2", "output": "4"},
                    ],
                },
                [
                    "system: Be brief.",
                    "user: Hi",
                    "assistant, thinking: Call f.",
                    "assistant: [reasoning, 62 characters]",
                    "assistant, tool call: f({})",
                    "tool f: 3",
                    "tool c2: 4",
                ],
            ),
            (
                {"messages": [calling(OSLO, TIME, content="Let me see.", thinking="Two calls.")]},
                [
                    "assistant, thinking: Two calls.",
                    "assistant: Let me see.",
                    'assistant, tool call: weather({"city": "Oslo"})',
                    "assistant, tool call: time({})",
                ],
            ),
        ],
    )
    def test_it_tells_who_says_what_in_every_protocol(self, body: Any, lines: list[str]) -> None:
        assert list(transcript(body)) == lines

    @pytest.mark.parametrize(
        ("results", "lines"),
        [
            ([{"tool_name": "time"}, {"tool_name": "weather"}], ["tool time: 1", "tool weather: 2"]),
            ([{}, {}], ["tool weather: 1", "tool time: 2"]),
            ([{}, {}, {}], ["tool weather: 1", "tool time: 2", "tool: 3"]),
            # Which one the first answers depends on which one the second leaves.
            ([{}, {"tool_name": "weather"}], ["tool: 1", "tool weather: 2"]),
            ([{"tool_call_id": "lost"}], ["tool lost: 1"]),
        ],
    )
    def test_a_result_has_the_name_of_the_tool_that_it_answers(self, results: list[Any], lines: list[str]) -> None:
        answers = [{"role": "tool", "content": f"{number}"} | result for number, result in enumerate(results, 1)]
        asked = [calling(OSLO), calling(TIME)]  # as clients send them that keep each line of a stream
        assert list(transcript({"messages": [*asked, *answers]}))[2:] == lines

    def test_results_of_a_later_turn_answer_its_own_calls(self) -> None:
        result = {"role": "tool", "content": "1"}
        messages = [calling(OSLO), result, calling(TIME), result]
        assert [line for line in transcript({"messages": messages}) if line.startswith("tool")] == [
            "tool weather: 1",
            "tool time: 1",
        ]

    def test_a_call_is_found_by_its_id(self) -> None:
        calls = [{"id": "c1", "function": OSLO}, {"id": "c2", "function": TIME}]
        results = [{"role": "tool", "tool_call_id": call_id, "content": "1"} for call_id in ("c2", "c1")]
        body = {"messages": [{"role": "assistant", "tool_calls": calls}, *results]}
        assert list(transcript(body))[2:] == ["tool time: 1", "tool weather: 1"]

    def test_settings_are_the_rest(self) -> None:
        assert settings_of(HELLO | {"options": {"seed": 1}, "stream": False, "tools": []}) == {"options": {"seed": 1}}

    def test_long_texts_and_lists_are_cut_and_say_so(self) -> None:
        assert shortened({"a": "x" * 1000}) == {"a": "x" * LONGEST_TEXT + "… (1,000 characters)"}
        assert shortened(list(range(20)))[LONGEST_LIST:] == ["… and 12 more"]

    def test_what_is_nested_very_deep_is_cut(self) -> None:
        value = shortened(json.loads("[" * 1000 + "]" * 1000))
        assert json.dumps(value, ensure_ascii=False) == "[" * MOST_LEVELS + '"…"' + "]" * MOST_LEVELS

    @given(value=JSON)
    @settings(max_examples=50)
    def test_whatever_stands_in_a_request_can_be_told(self, value: Any) -> None:
        for body in (value, *({key: value} for key in ("messages", "input", "prompt", "system", "suffix"))):
            list(transcript(body))
        list(tools_offered({"tools": value}))
        list(tools_offered({"tools": [{"function": {"name": value, "description": value, "parameters": value}}]}))
        keys = ["role", "content", "images", "tool_calls", "thinking", "name", "type", "tool_call_id"]
        message = dict.fromkeys(keys, value)
        calls = {"role": "assistant", "tool_calls": [{"id": value, "function": value}]}
        list(transcript({"messages": [calls, message, {"role": "tool"} | message], "prompt": "x", "images": value}))


class TestTools:
    """The tools that a request offers."""

    @pytest.mark.parametrize(
        ("tool", "line"),
        [
            (
                {
                    "type": "function",
                    "function": {
                        "name": "weather",
                        "description": "Tells the\n  weather.",
                        "parameters": {
                            "properties": {"city": {"type": "string"}, "days": {"type": ["integer", "null"]}, "x": {}},
                            "required": ["city"],
                        },
                    },
                },
                "weather(city: string, days?: integer | null, x?: any) — Tells the weather.",
            ),
            ({"type": "function", "name": "time", "parameters": {}}, "time()"),
            ({"type": "web_search"}, '{"type": "web_search"}'),
            ("time", '"time"'),
        ],
    )
    def test_each_has_a_line(self, tool: Any, line: str) -> None:
        assert list(tools_offered({"tools": [tool]})) == [line]
