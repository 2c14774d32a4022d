"""How the answers of Chat Completions end, and what is told of them: counts and log probabilities."""

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.chat_chunks import STOP, Json, delta, failure, read
from translators.events import Event, Failure, Finish, Logprobs, Text, Thinking, Usage
from translators.openai_chat_reader import ChatCompletionReader

# --- the end --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reason", "finish"),
    [
        ("stop", STOP),
        ("length", Finish("length")),
        ("tool_calls", STOP),
        ("content_filter", STOP),
        ("eos", STOP),
        ("model_length", Finish("length")),
        ("max_tokens", Finish("length")),
        ("model_context_window_exceeded", Finish("length")),
    ],
)
def test_a_finish_reason_is_stop_or_length(reason: str, finish: Finish) -> None:
    assert read(delta(reason), complete=False) == [finish]


@pytest.mark.parametrize("reason", [None, ""])
def test_without_a_finish_reason_the_upstream_must_say_that_it_is_done(reason: str | None) -> None:
    assert read(delta(reason, content="a"), complete=True) == [Text("a"), STOP]
    events = read(delta(reason, content="a"), complete=False)
    assert events[0] == Text("a")
    assert "ended without finishing" in failure(events)


def test_a_stream_that_says_nothing_at_all_failed() -> None:
    assert "ended without finishing" in failure(read(complete=False))


def test_a_complete_answer_without_choices_is_no_answer() -> None:
    assert "no choices" in failure(read({"id": "x"}))
    assert "no choices" in failure(read())


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        ({"code": 1001, "msg": "token expired", "success": False}, "token expired"),  # Zhipu
        ({"base_resp": {"status_code": 1004, "status_msg": "login fail"}, "choices": None}, "login fail"),  # MiniMax
        ({"detail": "Not Found"}, "Not Found"),
        ({"errors": [{"code": 7009, "message": "No route"}], "success": False}, "No route"),  # Cloudflare
        ({"id": "x"}, "is this an OpenAI-style server?"),
    ],
)
def test_what_stands_where_the_choices_should_be_is_told(answer: Json, sentence: str) -> None:
    assert failure(read(answer)) == f"the upstream's answer has no choices: {sentence}"


def test_a_filtered_answer_without_a_message_is_empty() -> None:
    assert read({"choices": [{"index": 0, "finish_reason": "content_filter"}]}) == [STOP]


def test_the_end_comes_once() -> None:
    reader = ChatCompletionReader()
    reader.feed(delta("stop"))
    assert reader.close(complete=True) == [STOP]
    assert reader.close(complete=True) == []
    assert reader.feed(delta(content="late")) == []


def test_text_in_the_last_chunk_comes_before_the_end() -> None:
    assert read(delta("length", content="a")) == [Text("a"), Finish("length")]


def test_a_finish_reason_that_is_repeated_ends_once() -> None:
    assert read(delta("stop"), delta("stop")) == [STOP]


def test_a_finish_reason_error_is_a_failure() -> None:
    assert "broke off" in failure(read(delta("error")))


# --- errors ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "error",
    [
        {"error": {"message": "sorry", "code": 503}},
        {"error": "sorry", "choices": [{"index": 0, "delta": {"content": "x"}, "finish_reason": "error"}]},
        {"object": "error", "message": "sorry"},
        {"choices": [{"index": 0, "delta": {"content": ""}, "error": {"message": "sorry"}, "finish_reason": "error"}]},
    ],
)
def test_an_error_ends_the_answer(error: Json) -> None:
    reader = ChatCompletionReader()
    assert reader.feed(delta(content="a")) == [Text("a")]
    assert failure(reader.feed(error)) == "sorry"
    assert reader.feed(delta("stop", content="b")) == []
    assert reader.close(complete=True) == []


def test_the_counts_that_come_with_an_error_are_kept() -> None:
    events = read({"error": "sorry", "usage": {"prompt_tokens": 4, "completion_tokens": 1}})
    assert events[:-1] == [Usage(4, 1)]


# --- usage ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("chunks", "usage"),
    [
        ([delta("stop"), {"choices": [], "usage": {"prompt_tokens": 4, "completion_tokens": 2}}], Usage(4, 2)),
        ([delta("stop") | {"usage": {"prompt_tokens": 4, "completion_tokens": 2}}], Usage(4, 2)),
        ([delta("stop") | {"x_groq": {"usage": {"prompt_tokens": 4, "completion_tokens": 2}}}], Usage(4, 2)),
        (
            [
                delta(content="") | {"usage": {"prompt_tokens": 4, "completion_tokens": None}},
                delta() | {"usage": {"prompt_tokens": 4, "completion_tokens": 1}},
                delta("stop") | {"usage": {"prompt_tokens": 4, "completion_tokens": 2}},
            ],
            Usage(4, 2),
        ),
        (
            [
                delta("stop") | {"usage": {"prompt_tokens": 4, "completion_tokens": 1}},
                {"choices": [], "usage": {"prompt_tokens": 4, "completion_tokens": 2}, "x_groq": {"usage": {}}},
            ],
            Usage(4, 2),
        ),
        ([delta("stop") | {"usage": {"prompt_tokens": 4}}], Usage(4, None)),
        ([delta("stop") | {"usage": {"prompt_tokens": True, "completion_tokens": -1}}], None),
        ([delta("stop") | {"usage": None}], None),
        ([delta("stop") | {"usage": "none", "x_groq": {"id": "r"}}], None),
    ],
)
def test_the_last_numbers_come_once_before_the_end(chunks: list[Json], usage: Usage | None) -> None:
    assert read(*chunks) == [*([usage] if usage else []), STOP]


# --- logprobs -------------------------------------------------------------------------------------------------


def with_logprobs(chunk: Json, *content: Any) -> Json:
    chunk = copy.deepcopy(chunk)
    chunk["choices"][0]["logprobs"] = {"content": list(content), "refusal": None}
    return chunk


@pytest.mark.parametrize(
    ("given_", "entry"),
    [
        (
            {"token": "é", "logprob": -0.5, "bytes": [1], "top_logprobs": []},
            {"token": "é", "logprob": -0.5, "bytes": [195, 169]},
        ),
        ({"token": "", "logprob": 0}, {"token": "", "logprob": 0}),
        (
            {
                "token": "a",
                "logprob": -1,
                "top_logprobs": [{"token": "b", "logprob": -2, "bytes": None}, {"token": "c"}],
            },
            {
                "token": "a",
                "logprob": -1,
                "bytes": [97],
                "top_logprobs": [{"token": "b", "logprob": -2, "bytes": [98]}],
            },
        ),
    ],
)
def test_logprobs_take_ollamas_form(given_: Json, entry: Json) -> None:
    assert read(with_logprobs(delta(content="x"), given_), delta("stop")) == [Logprobs([entry]), Text("x"), STOP]


@pytest.mark.parametrize("wanted", [0, 1, 2])
def test_no_more_alternatives_are_told_than_were_asked_for(wanted: int) -> None:
    top = [{"token": token, "logprob": -1} for token in "ab"]
    chunk = with_logprobs(delta(content="x"), {"token": "a", "logprob": -1, "top_logprobs": top})
    match read(chunk, delta("stop"), top_logprobs=wanted):
        case [Logprobs([entry]), *_]:
            assert len(entry.get("top_logprobs", [])) == wanted
            assert ("top_logprobs" in entry) == bool(wanted)
        case events:
            pytest.fail(f"no logprobs in {events}")


@pytest.mark.parametrize(
    "logprobs", [None, {"content": None}, {"content": []}, {"content": [{"token": "a"}, 1]}, [], "x"]
)
def test_logprobs_without_numbers_are_left_out(logprobs: Any) -> None:
    chunk = delta(content="x")
    chunk["choices"][0]["logprobs"] = logprobs
    assert read(chunk, delta("stop")) == [Text("x"), STOP]


def test_logprobs_come_right_before_what_they_belong_to() -> None:
    token = {"token": "a", "logprob": -1}
    entries = Logprobs([{"token": "a", "logprob": -1, "bytes": [97]}])
    assert read(with_logprobs(delta(reasoning="a"), token), delta("stop")) == [entries, Thinking("a"), STOP]
    both = with_logprobs(delta(reasoning="h", content="a"), token)
    assert read(both, delta("stop")) == [Thinking("h"), entries, Text("a"), STOP]
    assert read(with_logprobs(delta(content=""), token), delta("stop")) == [entries, STOP]


# --- anything -------------------------------------------------------------------------------------------------

NAMES = [
    *("choices", "index", "delta", "message", "content", "text", "type", "thinking", "reasoning", "reasoning_content"),
    *("reasoning_details", "summary", "refusal", "tool_calls", "function_call", "function", "name", "arguments", "id"),
    *("usage", "x_groq", "prompt_tokens", "completion_tokens", "logprobs", "token", "logprob", "top_logprobs"),
    *("finish_reason", "error", "object"),
]
ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.sampled_from(["", "a", "{}", "[1]", "error", "stop", "\ud800"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=4),
)


def choice_of(key: str, values: st.SearchStrategy[Any]) -> st.SearchStrategy[Json]:
    fields = st.dictionaries(st.sampled_from(NAMES), values, max_size=5)
    return st.fixed_dictionaries(
        {key: fields, "index": st.sampled_from([0, None])}, optional={"logprobs": values, "finish_reason": values}
    )


CHUNKS = st.dictionaries(st.sampled_from(NAMES), ANYTHING) | st.builds(
    lambda choice, rest: {**rest, "choices": [choice]},
    choice_of("delta", ANYTHING) | choice_of("message", ANYTHING),
    st.dictionaries(st.sampled_from(["usage", "x_groq", "error"]), ANYTHING),
)


@given(st.lists(CHUNKS, max_size=4), st.booleans())
def test_no_json_object_raises_and_every_answer_ends_once(chunks: list[Json], complete: bool) -> None:
    events = read(*chunks, complete=complete)
    assert [isinstance(event, Finish | Failure) for event in events] == [False] * (len(events) - 1) + [True]
    assert sum(isinstance(event, Usage) for event in events) <= 1
    assert all(event.text for event in events if isinstance(event, Text | Thinking))


VALUES = st.sampled_from([None, "", "text", 0, 1, [], {}, ["x"], {"message": "broke"}, {"content": [{"token": "a"}]}])
DELTAS = st.dictionaries(
    st.sampled_from(["role", "content", "refusal", "reasoning", "tool_calls", "function_call"]), VALUES
)
CHOICES = st.dictionaries(
    st.sampled_from(["index", "finish_reason", "logprobs", "error", "message"]), VALUES
) | st.fixed_dictionaries({"index": st.just(0), "delta": DELTAS | VALUES, "finish_reason": st.just(None) | VALUES})
CHUNKS = st.fixed_dictionaries(
    {"object": st.just("chat.completion.chunk") | VALUES, "choices": st.lists(CHOICES, max_size=2) | VALUES},
    optional={"usage": VALUES, "error": VALUES, "id": VALUES, "x_groq": VALUES, "type": st.just("error")},
)


@given(st.lists(CHUNKS, max_size=4))
def test_chunks_of_nothing_but_text_are_read_as_the_careful_reading_reads_them(chunks: list[dict[str, Any]]) -> None:
    short, careful = ChatCompletionReader(), ChatCompletionReader()
    for chunk in chunks:
        unusual = {**chunk, "unusual": 1}
        assert comparable(short.feed(chunk)) == comparable(careful.feed(unusual))
    assert comparable(short.close(complete=True)) == comparable(careful.close(complete=True))


def comparable(events: list[Event]) -> list[str]:
    """Events as text; of an error only that it is one, because some quote the chunk."""
    return ["Failure" if isinstance(event, Failure) else repr(event) for event in events]
