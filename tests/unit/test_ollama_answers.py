import json
from collections.abc import Sequence
from typing import Any

import ollama
import pytest
from hypothesis import given
from hypothesis import strategies as st

from translators.events import Event, Finish, Logprobs, Text, Thinking, ToolCall, Usage
from translators.ollama_answers import (
    CHAT,
    GENERATE,
    Moment,
    StreamWriter,
    WholeWriter,
    debug_answer,
    error_body,
    error_line,
    load_answer,
    rfc3339,
)
from translators.ollama_context import Turn, conversation_in

SECOND = 1_000_000_000
AT = 1_787_306_400 * SECOND  # 2026-08-21T10:00:00Z
SENT = 1_000
END = Moment(AT + 123_456_789, 9_000)
NAMES: dict[str, str] = {}
CALL = ToolCall(0, "call_1", "get_weather", {"city": "Oslo", "days": 2.0})
ENTRY = {"token": "Hi", "logprob": -0.125, "bytes": [72, 105]}
ANSWER: list[Event] = [
    Thinking("h"),
    Thinking("m"),
    Logprobs([ENTRY]),
    Text("Hi"),
    Text(" <you>"),
    CALL,
    ToolCall(1, "", "now", {}),
    Usage(11, 18),
    Finish("stop"),
]


def stream(shape: str, events: Sequence[Event], model: str = "m", names: dict[str, str] = NAMES) -> list[str]:
    return [line.decode() for line in StreamWriter(shape, model, sent_ns=SENT, tool_names=names).feed(events, END)]


def whole(shape: str, events: Sequence[Event]) -> str:
    [body] = WholeWriter(shape, "m", sent_ns=SENT, tool_names=NAMES).feed(events, END)
    return body.decode()


CALL_JSON = '{"id":"call_1","function":{"index":0,"name":"get_weather","arguments":{"city":"Oslo","days":2}}}'
NOW_JSON = '{"function":{"index":1,"name":"now","arguments":{}}}'
LOGPROBS = ',"logprobs":[{"token":"Hi","logprob":-0.125,"bytes":[72,105]}]'
NUMBERS = (
    ',"total_duration":9000,"load_duration":1000,"prompt_eval_count":11,"prompt_eval_duration":1'
    ',"eval_count":18,"eval_duration":7999'
)
HEAD = '{"model":"m","created_at":"2026-08-21T10:00:00.123456789Z",'


def test_a_chat_stream_is_a_line_for_each_piece_and_a_final_line() -> None:
    message = HEAD + '"message":{"role":"assistant","content":'
    assert stream(CHAT, ANSWER) == [
        f'{message}"","thinking":"h"}},"done":false}}\n',
        f'{message}"","thinking":"m"}},"done":false}}\n',
        f'{message}"Hi"}},"done":false{LOGPROBS}}}\n',
        f'{message}" \\u003cyou\\u003e"}},"done":false}}\n',
        f'{message}"","tool_calls":[{CALL_JSON}]}},"done":false}}\n',
        f'{message}"","tool_calls":[{NOW_JSON}]}},"done":false}}\n',
        f'{message}""}},"done":true,"done_reason":"stop"{NUMBERS}}}\n',
    ]


def test_a_generate_stream_has_the_keys_in_its_own_order() -> None:
    response = HEAD + '"response":'
    assert stream(GENERATE, ANSWER) == [
        f'{response}"","thinking":"h","done":false}}\n',
        f'{response}"","thinking":"m","done":false}}\n',
        f'{response}"Hi","done":false{LOGPROBS}}}\n',
        f'{response}" \\u003cyou\\u003e","done":false}}\n',
        f'{response}"","done":false,"tool_calls":[{CALL_JSON}]}}\n',
        f'{response}"","done":false,"tool_calls":[{NOW_JSON}]}}\n',
        f'{response}"","done":true,"done_reason":"stop"{NUMBERS}}}\n',
    ]


def test_a_whole_chat_answer_is_one_object_of_all_pieces() -> None:
    assert whole(CHAT, ANSWER) == (
        f'{HEAD}"message":{{"role":"assistant","content":"Hi \\u003cyou\\u003e","thinking":"hm",'
        f'"tool_calls":[{CALL_JSON},{NOW_JSON}]}},"done":true,"done_reason":"stop"{LOGPROBS}{NUMBERS}}}'
    )


def test_a_whole_generate_answer_has_logprobs_last() -> None:
    assert whole(GENERATE, ANSWER) == (
        f'{HEAD}"response":"Hi \\u003cyou\\u003e","thinking":"hm","done":true,"done_reason":"stop"{NUMBERS},'
        f'"tool_calls":[{CALL_JSON},{NOW_JSON}]{LOGPROBS}}}'
    )


def test_an_answer_of_nothing_has_empty_content() -> None:
    assert json.loads(whole(CHAT, [Finish("length")]))["message"] == {"role": "assistant", "content": ""}
    assert json.loads(whole(GENERATE, [Finish("length")]))["response"] == ""
    assert [json.loads(line)["done_reason"] for line in stream(CHAT, [Finish("length")])] == ["length"]


def test_a_stream_line_leaves_in_the_feed_that_brought_it() -> None:
    writer = StreamWriter(CHAT, "m", sent_ns=SENT, tool_names=NAMES)
    assert len(writer.feed([Text("a"), Text("b")], END)) == 2
    assert writer.feed([], END) == []
    assert len(writer.feed([Usage(1, 1)], END)) == 0
    assert len(writer.feed([Finish("stop")], END)) == 1


def test_a_whole_answer_leaves_nothing_before_its_end() -> None:
    writer = WholeWriter(CHAT, "m", sent_ns=SENT, tool_names=NAMES)
    assert writer.feed([Text("a")], END) == []
    assert writer.feed([Usage(1, 1)], END) == []
    assert len(writer.feed([Text("b"), Finish("stop")], END)) == 1


def test_logprobs_wait_for_the_next_line_or_get_one_of_their_own() -> None:
    writer = StreamWriter(CHAT, "m", sent_ns=SENT, tool_names=NAMES)
    assert writer.feed([Logprobs([ENTRY])], END) == []
    assert json.loads(writer.feed([Text("Hi")], END)[0])["logprobs"] == [ENTRY]
    assert "logprobs" not in json.loads(writer.feed([Text("!")], END)[0])
    extra, final = (json.loads(line) for line in writer.feed([Logprobs([ENTRY]), Finish("stop")], END))
    assert (extra["message"]["content"], extra["logprobs"]) == ("", [ENTRY])
    assert "logprobs" not in final


@pytest.mark.parametrize("kind", [StreamWriter, WholeWriter])
def test_the_context_of_a_conversation_stands_before_the_counts_and_goes_on_from_what_was_said(
    kind: type[StreamWriter] | type[WholeWriter],
) -> None:
    writer = kind(GENERATE, "m", sent_ns=SENT, tool_names=NAMES, conversation=[Turn("user", "Hi")])
    lines = [*writer.feed([Thinking("hm"), Text("a")], END), *writer.feed_plain("b", END)]
    lines += writer.feed([Text("c"), Usage(1, 2), Finish("stop")], END)
    final = json.loads(lines[-1])
    assert conversation_in(final["context"]) == [Turn("user", "Hi"), Turn("assistant", "abc")]
    assert b',"done":true,"done_reason":"stop","context":[' in lines[-1]
    assert list(final)[-6:] == list(json.loads("{" + NUMBERS[1:] + "}"))
    assert not any(b"context" in line for line in lines[:-1])


def test_what_would_be_asked_is_told_in_the_shape_of_the_route() -> None:
    assert debug_answer(CHAT, "m", '{"a":"<"}', 0, AT).decode() == (
        '{"model":"m","created_at":"2026-08-21T10:00:00Z","message":{"role":"","content":""},"done":false,'
        '"_debug_info":{"rendered_template":"{\\"a\\":\\"\\u003c\\"}"}}'
    )
    assert debug_answer(GENERATE, "m", "x", 2, AT).decode() == (
        '{"model":"m","created_at":"2026-08-21T10:00:00Z","response":"","done":false,'
        '"_debug_info":{"rendered_template":"x","image_count":2}}'
    )


def test_a_function_gets_the_clients_name_back() -> None:
    [line] = stream(CHAT, [CALL], names={"get_weather": "home.weather"})
    assert json.loads(line)["message"]["tool_calls"][0]["function"]["name"] == "home.weather"


@pytest.mark.parametrize("shape", [CHAT, GENERATE])
@pytest.mark.parametrize("model", ["100%", "%(text)s", 'a"b', "registry/x:7b", "é\u2028"])
def test_any_model_name_survives(shape: str, model: str) -> None:
    lines = stream(shape, ANSWER, model=model)
    assert {json.loads(line)["model"] for line in lines} == {model}
    assert json.loads(load_answer(shape, model, "load", AT))["model"] == model


# --- numbers --------------------------------------------------------------------------------------------------


def final(events: list[tuple[Event, int]], sent_ns: int = 1_000) -> dict[str, Any]:
    """The final line's numbers, of events that came at these times."""
    writer = StreamWriter(CHAT, "m", sent_ns=sent_ns, tool_names=NAMES)
    lines = [line for event, ns in events for line in writer.feed([event], Moment(AT, ns))]
    return {key: value for key, value in json.loads(lines[-1]).items() if key.endswith(("count", "duration"))}


def test_the_durations_are_measured_from_request_to_sending_to_first_token_to_end() -> None:
    assert final([(Thinking("h"), 5_000), (Text("a"), 6_000), (Usage(3, 4), 9_000), (Finish("stop"), 9_000)]) == {
        "total_duration": 9_000,
        "load_duration": 1_000,
        "prompt_eval_count": 3,
        "prompt_eval_duration": 4_000,
        "eval_count": 4,
        "eval_duration": 4_000,
    }


def test_an_answer_in_one_piece_counts_all_of_its_waiting_as_evaluation() -> None:
    numbers = final([(Text("a"), 9_000), (Finish("stop"), 9_000)])
    assert (numbers["prompt_eval_duration"], numbers["eval_duration"]) == (1, 7_999)
    numbers = final([(Finish("stop"), 9_000)])
    assert (numbers["prompt_eval_duration"], numbers["eval_duration"]) == (1, 7_999)


def test_no_duration_is_ever_0() -> None:
    numbers = final([(Text("a"), 0), (Finish("stop"), 0)], sent_ns=0)
    parts = dict.fromkeys(("load_duration", "prompt_eval_duration", "eval_duration"), 1)
    assert numbers == {"total_duration": 3, **parts}


@given(st.lists(st.integers(0, 20), min_size=3, max_size=3))
def test_the_parts_of_the_total_duration_add_up_to_it(times: list[int]) -> None:
    sent_ns, first_ns, end_ns = sorted(times)
    numbers = final([(Text("a"), first_ns), (Finish("stop"), end_ns)], sent_ns)
    parts = [numbers[f"{name}_duration"] for name in ("load", "prompt_eval", "eval")]
    assert sum(parts) == numbers["total_duration"]
    assert end_ns <= numbers["total_duration"] <= end_ns + 3  # nothing is added to what was measured but what 0 lacks


@pytest.mark.parametrize("usage", [Usage(0, 0), Usage(None, None)])
def test_counts_that_are_0_or_unknown_are_left_out(usage: Usage) -> None:
    assert not any(key.endswith("count") for key in final([(usage, 1), (Finish("stop"), 2)]))


@pytest.mark.parametrize(
    ("nanos", "text"),
    [
        (0, "2026-08-21T10:00:00Z"),
        (200_000_000, "2026-08-21T10:00:00.2Z"),
        (123_456_789, "2026-08-21T10:00:00.123456789Z"),
        (10, "2026-08-21T10:00:00.00000001Z"),
        (30 * SECOND, "2026-08-21T10:00:30Z"),
    ],
)
def test_a_time_has_up_to_nine_digits_and_no_trailing_zeros(nanos: int, text: str) -> None:
    assert rfc3339(AT + nanos) == text


# --- other answers --------------------------------------------------------------------------------------------


def test_loading_and_unloading_are_answered_without_metrics() -> None:
    assert load_answer(CHAT, "m", "load", AT) == (
        b'{"model":"m","created_at":"2026-08-21T10:00:00Z",'
        b'"message":{"role":"assistant","content":""},"done":true,"done_reason":"load"}'
    )
    assert load_answer(GENERATE, "m", "unload", AT) == (
        b'{"model":"m","created_at":"2026-08-21T10:00:00Z","response":"","done":true,"done_reason":"unload"}'
    )


def test_an_error_is_one_key() -> None:
    assert error_body('model "x" <not> found') == b'{"error":"model \\"x\\" \\u003cnot\\u003e found"}'
    assert error_line("é") == '{"error":"é"}\n'.encode()


# --- together -------------------------------------------------------------------------------------------------

TEXTS = st.text(st.characters(exclude_categories=()), min_size=1)
PIECES = st.one_of(
    TEXTS.map(Text),
    TEXTS.map(Thinking),
    st.builds(ToolCall, st.integers(0, 3), TEXTS, TEXTS, st.dictionaries(TEXTS, TEXTS | st.floats(0, 9))),
    st.just(Logprobs([ENTRY])),
)


def joined(lines: list[dict[str, Any]]) -> tuple[str, str, list[Any], list[Any]]:
    messages = [line.get("message", line) for line in lines]
    return (
        "".join(m.get("content", m.get("response")) for m in messages),
        "".join(m.get("thinking", "") for m in messages),
        [call for m in messages for call in m.get("tool_calls", [])],
        [entry for line in lines for entry in line.get("logprobs", [])],
    )


@pytest.mark.parametrize(("shape", "parse"), [(CHAT, ollama.ChatResponse), (GENERATE, ollama.GenerateResponse)])
@given(pieces=st.lists(PIECES, max_size=8))
def test_the_lines_joined_are_the_whole_answer_and_clients_can_read_both(
    shape: str, parse: type[ollama.ChatResponse | ollama.GenerateResponse], pieces: list[Event]
) -> None:
    events = [*pieces, Usage(1, 2), Finish("stop")]
    lines = "".join(stream(shape, events)).splitlines()
    objects, one = [json.loads(line) for line in lines], json.loads(whole(shape, events))
    assert joined(objects) == joined([one])
    assert list(one)[-1] == ("logprobs" if shape == GENERATE and "logprobs" in one else list(one)[-1])
    for item in [*objects, one]:
        parse(**item)
    assert [item["done"] for item in objects] == [False] * (len(objects) - 1) + [True]
