"""What the answers of Chat Completions say: text, reasoning and calls of tools."""

from typing import Any

import pytest

from tests.chat_chunks import STOP, Json, call, delta, failure, read, whole
from translators.events import Event, Finish, Text, Thinking, ToolCall
from translators.openai_chat_reader import ChatCompletionReader

# --- text and reasoning ---------------------------------------------------------------------------------------

PIECES: dict[str, tuple[Json, list[Event]]] = {
    "text": ({"content": "Hi"}, [Text("Hi")]),
    "a role and nothing": ({"role": "assistant", "content": "", "refusal": None}, []),
    "everything null": ({"content": None, "tool_calls": None, "function_call": None, "reasoning": None}, []),
    "reasoning_content": ({"content": None, "reasoning_content": "hm"}, [Thinking("hm")]),
    "reasoning": ({"reasoning": "hm", "channel": "analysis"}, [Thinking("hm")]),
    "both spellings": ({"reasoning": "hm", "reasoning_content": "hm"}, [Thinking("hm")]),
    "reasoning before text": ({"content": "Hi", "reasoning": "hm"}, [Thinking("hm"), Text("Hi")]),
    "reasoning_details": (
        {
            "content": "",
            "reasoning_details": [{"type": "reasoning.text", "text": "h"}, {"summary": "m"}, {"data": "x"}],
        },
        [Thinking("hm")],
    ),
    "details beside reasoning": ({"reasoning": "hm", "reasoning_details": [{"text": "hm"}]}, [Thinking("hm")]),
    "a refusal": ({"content": None, "refusal": "No."}, [Text("No.")]),
    "content beside a refusal": ({"content": "Hi", "refusal": "No."}, [Text("Hi")]),
    "parts": ({"content": [{"type": "text", "text": "Hi"}, {"type": "text", "text": " you"}]}, [Text("Hi you")]),
    "thinking in parts": (
        {
            "content": [
                {"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]},
                {"type": "text", "text": "Hi"},
            ]
        },
        [Thinking("hm"), Text("Hi")],
    ),
    "thinking as a string": (
        {"content": [{"type": "thinking", "thinking": "hm"}, {"type": "reference"}]},
        [Thinking("hm")],
    ),
    "parts that are none": ({"content": ["x", None, {"type": "text", "text": None}, {"text": "Hi"}]}, [Text("Hi")]),
    "a JSON object": ({"content": {"title": "Äpfel", "n": 1}}, [Text('{"title":"Äpfel","n":1}')]),
    "empty strings for what is absent": (
        {"content": "", "refusal": "", "function_call": {"name": "", "arguments": ""}, "audio": {"id": ""}},
        [],
    ),
}


@pytest.mark.parametrize(("fields", "events"), PIECES.values(), ids=PIECES)
def test_a_delta_and_a_message_mean_the_same(fields: Json, events: list[Event]) -> None:
    assert read(delta(**fields), delta("stop")) == [*events, STOP]
    assert read(whole(**fields)) == [*events, STOP]


def test_details_are_left_out_once_plain_reasoning_was_seen() -> None:
    chunks = [delta(reasoning="hm"), delta(reasoning=None, reasoning_details=[{"text": "hm"}]), delta("stop")]
    assert read(*chunks) == [Thinking("hm"), STOP]


def test_a_refusal_is_streamed_until_there_is_content() -> None:
    chunks = [delta(refusal="I can"), delta(refusal="not."), delta("stop")]
    assert read(*chunks) == [Text("I can"), Text("not."), STOP]
    assert read(delta(content="Hi"), delta(refusal="No."), delta("stop")) == [Text("Hi"), STOP]


@pytest.mark.parametrize("content", ["<think>\nhm</think>\n\nHi", " <think>hm</think>Hi"])
def test_think_tags_at_the_beginning_of_the_text_are_thinking_however_they_are_cut(content: str) -> None:
    assert read(whole(content=content)) == [Thinking("hm"), Text("Hi"), STOP]
    events = read(*(delta(content=letter) for letter in content), delta("stop"))
    assert "".join(event.text for event in events if isinstance(event, Thinking)) == "hm"
    assert "".join(event.text for event in events if isinstance(event, Text)) == "Hi"


def test_think_tags_are_text_where_reasoning_is_told_apart() -> None:
    chunks = [delta(reasoning_content="hm"), delta(content="<think>x</think>"), delta("stop")]
    assert read(*chunks) == [Thinking("hm"), Text("<think>x</think>"), STOP]
    late = [delta(content="<"), delta(reasoning="hm"), delta(content="think>x"), delta("stop")]
    assert read(*late) == [Text("<"), Thinking("hm"), Text("think>x"), STOP]


def test_think_tags_that_are_not_closed_are_thinking_until_the_end() -> None:
    thinking = [Thinking("h"), Thinking("m"), Thinking("</")]
    assert read(delta(content="<think>h"), delta(content="m</"), delta("length")) == [*thinking, Finish("length")]


@pytest.mark.parametrize("last", [{"error": "sorry"}, {}])
def test_half_a_tag_is_not_told_when_the_answer_breaks_off(last: Json) -> None:
    assert len(read(delta(content=" <thi"), last, complete=False)) == 1
    assert read(delta(content="<think>hm</"), last, complete=False)[:-1] == [Thinking("hm")]


def test_what_could_have_been_a_tag_comes_before_the_calls_and_before_the_end() -> None:
    chunks = [delta(content="\n<"), delta(tool_calls=[call(0, '{"city":"Oslo"}', "c1", "weather")]), delta("stop")]
    assert read(*chunks) == [Text("\n<"), OSLO, STOP]
    assert read(delta(content="\n\n"), delta("stop")) == [Text("\n\n"), STOP]


def test_think_tags_stay_where_they_are_not_wanted() -> None:
    reader = ChatCompletionReader(think_tags=False)
    assert reader.feed(delta(content="<think>hm</think>")) == [Text("<think>hm</think>")]


def test_a_chunk_is_bare_only_when_its_text_is_passed_on_as_it_is() -> None:
    reader = ChatCompletionReader()
    said = {"<think>": False, "hm": False, "</think>": False, "\n": False, "Hi": True, "<think> ": True}
    for content, bare in said.items():
        reader.feed(delta(content=content))
        assert reader.bare == bare, content


@pytest.mark.parametrize(
    "begin", [{"role": "assistant", "content": ""}, {"content": "Hi"}], ids=["empty at first", "at once"]
)
def test_the_message_so_far_beside_each_delta_is_no_text(begin: Json) -> None:  # Perplexity
    chunks, text = [], ""
    for fields in (begin, {"content": " you"}, {"content": ""}):
        text += fields["content"]
        chunk = delta("stop" if fields["content"] == "" and text.strip() else None, **fields)
        chunk["choices"][0]["message"] = {"role": "assistant", "content": text}
        chunks.append(chunk)
    events = read(*chunks)
    assert "".join(event.text for event in events if isinstance(event, Text)) == text
    assert events[-1] == STOP


def test_a_delta_that_says_nothing_beside_a_whole_message_is_no_answer() -> None:  # Perplexity
    answer = whole(content="Hi", tool_calls=[call(0, '{"city":"Oslo"}', "c1", "weather")])
    answer["choices"][0]["delta"] = {"role": "assistant", "content": "", "tool_calls": None}
    assert read(answer) == [Text("Hi"), OSLO, STOP]


@pytest.mark.parametrize("index", [0, "0", "", None, False])
def test_the_only_choice_is_found_however_its_index_is_written(index: Any) -> None:
    chunk, other = delta("stop", content="a"), delta(content="b")
    chunk["choices"][0]["index"], other["choices"][0]["index"] = index, "1"
    assert read(other, chunk) == [Text("a"), STOP]
    del chunk["choices"][0]["index"]
    assert read(chunk) == [Text("a"), STOP]


def test_text_beside_a_delta_repeats_it() -> None:  # Together
    chunk = delta(content="Hi", role="assistant", token_id=5)
    chunk["choices"][0] |= {"text": "Hi", "seed": 1, "stop_reason": None}
    assert read(chunk | {"p": "abc", "time_info": {}, "timings": {}}, delta("stop")) == [Text("Hi"), STOP]


def test_a_role_in_every_delta_says_nothing() -> None:
    chunks = [delta(role="assistant", content=content) for content in ("a", "b", "")]
    assert read(*chunks, delta("stop", role="assistant")) == [Text("a"), Text("b"), STOP]


def test_only_choice_0_is_read() -> None:
    first, second = delta(content="a"), delta(content="b")
    second["choices"][0]["index"] = 1
    both = {"choices": [*second["choices"], *first["choices"]]}
    assert read(first, second, both, delta("stop")) == [Text("a"), Text("a"), STOP]


@pytest.mark.parametrize(
    "chunk",
    [
        {},
        {"choices": []},
        {"choices": None, "prompt_filter_results": []},
        {"choices": [{"index": 0, "content_filter_offsets": {}}]},
        {"choices": [{"index": 0, "delta": None, "finish_reason": None}]},
        {"type": "ping"},
        {"choices": [{"index": 0, "delta": {"tool_calls": [None, 1, {}]}}]},
    ],
)
def test_a_chunk_that_says_nothing_is_nothing(chunk: Json) -> None:
    assert read(delta(content="a"), chunk, delta("stop")) == [Text("a"), STOP]


# --- tool calls -----------------------------------------------------------------------------------------------

OSLO = ToolCall(0, "c1", "weather", {"city": "Oslo"})
ROME = ToolCall(1, "c2", "weather", {"city": "Rome"})


def test_a_call_is_given_out_when_the_next_one_begins_or_the_answer_finishes() -> None:
    reader = ChatCompletionReader()
    assert reader.feed(delta(tool_calls=[call(0, '{"city":"Oslo"}', "c1", "weather")])) == []
    assert reader.feed(delta(tool_calls=[call(1, "", "c2", "weather")])) == [OSLO]
    assert reader.feed(delta(tool_calls=[call(1, '{"city":"Rome"}')])) == []
    assert reader.feed(delta("tool_calls")) == [ROME]
    assert reader.close(complete=True) == [STOP]


def test_a_call_can_come_with_the_finish_reason_or_without_any() -> None:
    chunk = delta("stop", content="Look:", tool_calls=[call(0, '{"city":"Oslo"}', "c1", "weather")])
    assert read(chunk) == [Text("Look:"), OSLO, STOP]
    chunk["choices"][0]["finish_reason"] = ""
    assert read(chunk) == [Text("Look:"), OSLO, STOP]


def test_what_repeats_a_call_after_the_finish_changes_nothing() -> None:
    again = delta(tool_calls=[call(0, '{"city":"Oslo"}', "c1", "weather")])
    assert read(again, delta("tool_calls"), again) == [OSLO, STOP]


def test_calls_of_a_whole_message_are_never_merged() -> None:
    calls = [call(0, '{"city":"Oslo"}', "", "weather"), call(0, '{"city":"Rome"}', "", "weather")]
    found = [ToolCall(0, "", "weather", {"city": "Oslo"}), ToolCall(1, "", "weather", {"city": "Rome"})]
    assert read(whole(content=None, tool_calls=calls)) == [*found, STOP]


def test_the_old_function_call_is_a_call() -> None:
    assert read(whole(function_call={"name": "now", "arguments": "{}"})) == [ToolCall(0, "", "now", {}), STOP]
    pieces = [{"name": "f", "arguments": ""}, {"arguments": '{"a"'}, {"arguments": ":1}"}]
    chunks = [delta(function_call=piece) for piece in pieces]
    assert read(*chunks, delta("function_call")) == [ToolCall(0, "", "f", {"a": 1}), STOP]


def test_calls_beside_the_old_function_call_are_the_only_ones() -> None:
    calls = [call(0, '{"city":"Oslo"}', "c1", "weather")]
    assert read(whole(tool_calls=calls, function_call={"name": "weather", "arguments": ""})) == [OSLO, STOP]


@pytest.mark.parametrize(("reason", "blamed"), [("tool_calls", False), ("length", True)])
def test_broken_arguments_are_a_failure_that_blames_the_token_limit_where_it_was_met(reason: str, blamed: bool) -> None:
    message = failure(read(delta(reason, tool_calls=[call(0, '{"city":', "c1", "weather")])))
    assert 'tool call arguments for "weather"' in message
    assert ("token limit" in message) == blamed


def test_a_call_that_was_cut_is_not_made_up() -> None:
    events = read(delta(tool_calls=[call(0, "", "c1", "weather")]), complete=False)
    assert len(events) == 1
    assert "ended without finishing" in failure(events)
