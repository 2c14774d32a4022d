"""Legacy Completions: generate requests with `raw` or `suffix`, chats with models that only complete, the answers."""

import json
from typing import Any

import pytest

from translators.errors import OllamaError, RequestError
from translators.events import Event, Failure, Finish, Logprobs, Text, Usage
from translators.ollama_context import Turn
from translators.ollama_requests import chat_request, generate_request
from translators.openai_chat_payload import Translated
from translators.openai_completion_reader import CompletionReader
from translators.openai_completions_payload import (
    UNLIMITED_TOKENS,
    completion_request_to_openai,
    conversation_to_completion,
)


def translated(**fields: Any) -> Translated:
    body = {"model": "m", "prompt": "def f(", "stream": False} | fields
    return completion_request_to_openai(generate_request(json.dumps(body).encode()), "m-1")


def read(*chunks: dict[str, Any], top_logprobs: int = 5) -> list[Event]:
    reader = CompletionReader(top_logprobs)
    return [event for chunk in chunks for event in reader.feed(chunk)] + reader.close(complete=True)


def chunk(text: str | None, finish: str | None = None, **more: Any) -> dict[str, Any]:
    choice = {"index": 0, "text": text, "finish_reason": finish, "logprobs": None} | more
    return {"id": "cmpl-1", "object": "text_completion", "choices": [choice]}


# --- requests -------------------------------------------------------------------------------------------------


def test_a_raw_prompt_goes_up_as_it_is() -> None:
    got = translated(raw=True, options={"num_predict": 9, "temperature": 0.5, "stop": ["\\n"], "seed": 1})
    assert got.payload == {
        "model": "m-1",
        "prompt": "def f(",
        "max_tokens": 9,
        "temperature": 0.5,
        "seed": 1,
        "stop": ["\\n"],
    }
    assert (got.dialect, got.conversation) == ("completions", None)


def test_a_suffix_goes_up_beside_its_prompt_and_the_answer_has_a_context() -> None:
    got = translated(suffix="):", stream=True)
    assert got.payload["suffix"] == "):"
    assert (got.payload["stream"], got.payload["stream_options"]) == (True, {"include_usage": True})
    assert got.conversation == [Turn("user", "def f(")]


@pytest.mark.parametrize("options", [{}, {"num_predict": -1}, {"num_predict": 0}])
def test_without_a_limit_openais_sixteen_tokens_are_not_the_limit(options: dict[str, Any]) -> None:
    got = translated(raw=True, options=options)
    assert got.payload["max_tokens"] == UNLIMITED_TOKENS
    assert [(note.field, note.action) for note in got.notes] == [("options.num_predict", "defaulted")]


@pytest.mark.parametrize(("top", "sent"), [(0, 1), (1, 1), (5, 5), (20, 5)])
def test_logprobs_are_asked_for_as_a_number(top: int, sent: int) -> None:
    assert translated(raw=True, logprobs=True, top_logprobs=top).payload["logprobs"] == sent


def test_fewer_alternatives_than_asked_for_are_told() -> None:
    notes = translated(raw=True, logprobs=True, top_logprobs=20, options={"num_predict": 1}).notes
    assert "top_logprobs converted: 5: the most that OpenAI takes for text" in map(str, notes)


def test_what_text_cannot_have_is_left_out_and_told() -> None:
    got = translated(suffix="x", system="s", context=[1], format="json", think=True, options={"num_predict": 1})
    assert set(got.payload) == {"model", "prompt", "suffix", "max_tokens"}
    told = [note.field for note in got.notes if note.action == "dropped"]
    assert told == ["system", "context", "format", "think"]


@pytest.mark.parametrize(
    ("fields", "status", "text"),
    [
        ({"images": ["aGk="]}, 400, "Multimodal data provided"),
        ({"images": ["aGk="], "format": "xml"}, 500, "invalid format"),
        ({"raw": False, "suffix": "x", "template": "{{ .Prompt"}, 500, "unclosed action"),
        ({"format": "xml"}, 500, "invalid format"),
        ({"options": {"num_predict": "x"}}, 500, 'option "num_predict" must be of type integer'),
    ],
)
def test_what_ollama_refuses_is_refused_in_its_words(fields: dict[str, Any], status: int, text: str) -> None:
    with pytest.raises(RequestError, match=text) as refused:
        translated(**({"raw": True} | fields))
    assert refused.value.status == status


# --- chats with models that only complete ---------------------------------------------------------------------

NO_LIMIT = "options.num_predict defaulted: max_tokens 2048: OpenAI's default is 16"
TEXT_ALONE = "messages converted: to their text alone: the model only completes text"


def completed(*messages: dict[str, Any], **fields: Any) -> Translated:
    body = {"model": "m", "messages": messages, "stream": False} | fields
    return conversation_to_completion(chat_request(json.dumps(body).encode()), "m-1")


def test_a_conversation_is_its_texts_with_a_blank_line_between_two() -> None:
    got = completed(
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": ""},
        {"role": "assistant", "tool_calls": [{"function": {"name": "f", "arguments": {}}}]},
        {"role": "tool", "content": "3°C"},
    )
    prompt = "Be brief.\n\nHi\n\n3°C"
    assert got.payload == {"model": "m-1", "prompt": prompt, "max_tokens": UNLIMITED_TOKENS}
    assert (got.dialect, got.conversation, got.tool_names) == ("completions", None, {})
    assert [str(note) for note in got.notes] == [NO_LIMIT, TEXT_ALONE]


def test_a_conversation_without_text_is_an_empty_prompt() -> None:
    assert completed({"role": "user", "content": ""}).payload["prompt"] == ""


def test_options_logprobs_and_streaming_go_along() -> None:
    got = completed(
        {"role": "user", "content": "Hi"}, stream=True, options={"num_predict": 3}, logprobs=True, top_logprobs=2
    )
    assert got.payload == {
        "model": "m-1",
        "prompt": "Hi",
        "max_tokens": 3,
        "logprobs": 2,
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    assert [str(note) for note in got.notes] == ["options.num_predict renamed: max_tokens", TEXT_ALONE]


def test_format_and_think_mean_nothing_to_text() -> None:
    got = completed({"role": "user", "content": "Hi"}, format="json", think=True, options={"num_predict": 3})
    assert set(got.payload) == {"model", "prompt", "max_tokens"}
    assert [note.field for note in got.notes if note.action == "dropped"] == ["format", "think"]


@pytest.mark.parametrize(
    ("fields", "status", "text"),
    [
        ({"messages": [{"role": "user", "content": "", "images": ["aGk="]}]}, 400, "Multimodal data provided"),
        ({"tools": [{"type": "function", "function": {"name": "f"}}]}, 400,
         "registry.ollama.ai/library/m:latest does not support tools"),
        ({"format": "xml", "tools": [{"type": "function", "function": {"name": "f"}}]}, 500, "invalid format"),
        ({"options": {"seed": "x"}}, 500, 'option "seed" must be of type integer'),
    ],
)  # fmt: skip
def test_a_chat_that_no_text_can_say_is_refused_in_ollamas_words(
    fields: dict[str, Any], status: int, text: str
) -> None:
    with pytest.raises(OllamaError, match=text) as refused:
        completed({"role": "user", "content": "Hi"}, **fields)
    assert refused.value.status == status


# --- answers --------------------------------------------------------------------------------------------------

USAGE = {"prompt_tokens": 3, "completion_tokens": 2}


def test_a_stream_is_its_texts_in_order() -> None:
    answer = read(chunk("a"), chunk("b"), chunk("", "length"), {"choices": [], "usage": USAGE})
    assert answer == [Text("a"), Text("b"), Usage(3, 2), Finish("length")]


def test_a_whole_answer_is_one_piece() -> None:
    assert read({**chunk("ab", "stop"), "usage": USAGE}) == [Text("ab"), Usage(3, 2), Finish("stop")]


def test_other_choices_than_the_first_are_not_read() -> None:
    second = {"index": 1, "text": "no", "finish_reason": "stop"}
    assert read({"choices": [second, chunk("yes", "stop")["choices"][0]]}) == [Text("yes"), Finish("stop")]


def test_logprobs_that_stand_side_by_side_become_ollamas() -> None:
    legacy = {
        "tokens": ["a", "b"],
        "token_logprobs": [-1, None],
        "top_logprobs": [{"a": -1, "c": -2}],
        "text_offset": [0],
    }
    entry = {"token": "a", "logprob": -1, "bytes": [97]}
    tops = [entry, {"token": "c", "logprob": -2, "bytes": [99]}]
    assert read(chunk("ab", "stop", logprobs=legacy)) == [
        Logprobs([entry | {"top_logprobs": tops}]),
        Text("ab"),
        Finish("stop"),
    ]


def test_alternatives_of_a_map_come_likeliest_first_and_so_many_as_are_wanted() -> None:
    legacy = {"tokens": ["a"], "token_logprobs": [-1], "top_logprobs": [{"c": -3.0, "x": None, "a": -0.1, "b": -1.0}]}
    [first, *_] = read(chunk("a", "stop", logprobs=legacy), top_logprobs=2)
    assert isinstance(first, Logprobs)
    assert [each["token"] for each in first.entries[0]["top_logprobs"]] == ["a", "b"]


def test_an_answer_in_chats_own_form_is_read_too() -> None:
    choice = {"index": 0, "delta": {"content": "a"}, "finish_reason": "stop"}
    assert read({"choices": [choice]}) == [Text("a"), Finish("stop")]


def test_logprobs_in_the_form_of_chat_are_read_too() -> None:
    modern = {"content": [{"token": "a", "logprob": -1}]}
    assert Logprobs([{"token": "a", "logprob": -1, "bytes": [97]}]) in read(chunk("a", "stop", logprobs=modern))


@pytest.mark.parametrize(
    "odd",
    [
        {"choices": None},
        {"choices": [None, 1, "x"]},
        chunk(None),
        chunk("", logprobs=[]),
        chunk("", logprobs={"tokens": ["a"], "token_logprobs": 1, "top_logprobs": "x"}),
        chunk("", logprobs={"tokens": [1, None]}),
    ],
)
def test_odd_chunks_say_nothing_and_end_nothing(odd: dict[str, Any]) -> None:
    assert read(odd, chunk("a", "stop")) == [Text("a"), Finish("stop")]


def test_an_error_ends_the_answer() -> None:
    *_, last = read(chunk("a"), {"error": {"message": "out of order"}})
    assert isinstance(last, Failure)
    assert last.error.message == "out of order"


def test_think_tags_are_left_as_they_are() -> None:
    assert read(chunk("<think>hm</think>x", "stop")) == [Text("<think>hm</think>x"), Finish("stop")]
