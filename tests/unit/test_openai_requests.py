"""Which of OpenAI's APIs a request of an Ollama client goes to, and as what."""

import json
from typing import Any

import pytest

from translators.errors import OllamaError, RequestError
from translators.events import ToolCall
from translators.ollama_context import Turn
from translators.ollama_requests import chat_request, generate_request
from translators.openai_chat_payload import Translated
from translators.openai_requests import body_to_send, chat_to_openai, generate_to_openai
from translators.openai_tool_turns import ToolTurn
from translators.profiles import DEFAULT, Dialect, profile_for

type Json = dict[str, Any]

HI = [{"role": "user", "content": "Hi"}]
PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAASUVORK5CYII="
PIXEL_PART = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PIXEL}"}}
TOOLS = [{"type": "function", "function": {"name": "f", "parameters": {"type": "object", "properties": {}}}}]


def chat(model_id: str = "gpt-4o", dialect: Dialect | None = None, **fields: Any) -> Translated:
    request = chat_request(json.dumps({"model": "m", "stream": False, "messages": HI, **fields}).encode())
    return chat_to_openai(request, model_id, profile_for(model_id), dialect)


def generate(
    model_id: str = "gpt-4o", dialect: Dialect | None = None, *, gap_by_chat: bool = False, **fields: Any
) -> Translated:
    request = generate_request(json.dumps({"model": "m", "stream": False, "prompt": "Hi", **fields}).encode())
    return generate_to_openai(request, model_id, profile_for(model_id), dialect, gap_by_chat=gap_by_chat)


def body(translated: Translated, model_id: str = "gpt-4o", turns: dict[int, ToolTurn] | None = None) -> Json:
    return body_to_send(translated, turns or {}, profile_for(model_id))


# --- which API ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("model_id", "fields", "dialect"),
    [
        ("gpt-4o", {"tools": TOOLS}, "chat"),
        ("gpt-5.4", {"tools": TOOLS}, "chat"),
        ("gpt-5.4", {"tools": TOOLS, "think": True}, "responses"),
        ("gpt-5.4", {"think": "high"}, "chat"),
        ("gpt-5.6", {"tools": TOOLS}, "responses"),
        ("gpt-5.6", {"tools": TOOLS, "think": False}, "chat"),
        ("gpt-5.6", {}, "chat"),
        ("gpt-6-astra", {"tools": TOOLS, "think": False}, "responses"),
        ("gpt-5-pro", {}, "responses"),
        ("gpt-3.5-turbo-instruct", {}, "completions"),
        ("llama3.2", {"tools": TOOLS, "think": "high"}, "chat"),
    ],
)
def test_the_api_suits_the_model_and_the_request(model_id: str, fields: Json, dialect: Dialect) -> None:
    assert chat(model_id, **fields).dialect == dialect
    if "tools" not in fields:
        assert generate(model_id, **fields).dialect == dialect


@pytest.mark.parametrize("dialect", ["chat", "responses", "completions"])
@pytest.mark.parametrize("model_id", ["gpt-4o", "gpt-5-pro", "gpt-3.5-turbo-instruct", "llama3.2"])
def test_an_api_that_is_named_is_asked_whatever_the_model(model_id: str, dialect: Dialect) -> None:
    assert chat(model_id, dialect).dialect == dialect
    assert generate(model_id, dialect).dialect == dialect


def test_on_the_responses_api_reasoning_and_tools_go_together() -> None:
    translated = chat("gpt-5.6", think="high", tools=TOOLS)
    assert translated.payload["reasoning_effort"] == "high"
    sent = body(translated, "gpt-5.6")
    assert (sent["reasoning"], sent["tools"][0]["name"]) == ({"effort": "high", "summary": "auto"}, "f")


def test_on_chat_completions_reasoning_yields_to_tools_where_that_api_is_named() -> None:
    assert chat("gpt-5.6", "chat", think="high", tools=TOOLS).payload["reasoning_effort"] == "none"


@pytest.mark.parametrize(("num_predict", "sent"), [(5, 16), (16, 16), (100, 100)])
def test_a_limit_on_the_responses_api_is_at_least_sixteen(num_predict: int, sent: int) -> None:
    translated = chat("gpt-4o", "responses", options={"num_predict": num_predict})
    assert body(translated)["max_output_tokens"] == sent


@pytest.mark.parametrize("option", ["seed", "presence_penalty", "frequency_penalty", "stop"])
def test_what_the_responses_api_has_no_field_for_is_not_sent_and_told(option: str) -> None:
    translated = chat("gpt-4o", "responses", options={option: ["x"] if option == "stop" else 1})
    assert set(body(translated)) == {"model", "input", "store"}
    assert [(note.field, note.action) for note in translated.notes] == [(f"options.{option}", "dropped")]


# --- generate -------------------------------------------------------------------------------------------------


def test_generate_passes_on_what_chat_has_too() -> None:
    payload = generate(
        prompt="as json", images=[PIXEL], format="json", logprobs=True, top_logprobs=2, stream=True
    ).payload
    assert payload == {
        "model": "gpt-4o",
        "messages": [{"role": "user", "content": [{"type": "text", "text": "as json"}, PIXEL_PART]}],
        "response_format": {"type": "json_object"},
        "logprobs": True,
        "top_logprobs": 2,
        "stream": True,
        "stream_options": {"include_usage": True},
    }


def test_generate_is_the_chat_that_it_means() -> None:
    translated = generate(system="Be brief.", options={"seed": 1}, template="{{ range .Messages }}{{ end }}")
    assert translated.payload == {
        "model": "gpt-4o",
        "messages": [{"role": "system", "content": "Be brief."}, *HI],
        "seed": 1,
    }
    assert translated.conversation == [Turn("system", "Be brief."), Turn("user", "Hi")]
    assert [note.field for note in translated.notes] == ["template"]


@pytest.mark.parametrize("dialect", [None, "chat", "responses", "completions"])
@pytest.mark.parametrize("fields", [{"raw": True}, {"suffix": "x"}, {"raw": True, "suffix": "x"}])
def test_raw_and_suffix_are_for_completions_whichever_api_is_named(fields: Json, dialect: Dialect | None) -> None:
    translated = generate("llama3.2", dialect, **fields)
    assert (translated.dialect, translated.payload["prompt"]) == ("completions", "Hi")


@pytest.mark.parametrize(
    ("model_id", "dialect", "fields", "asked"),
    [
        ("gpt-4o", None, {"suffix": "x"}, "chat"),
        ("gpt-4o", None, {"suffix": "x", "raw": True}, "chat"),
        ("gpt-5-pro", None, {"suffix": "x"}, "responses"),
        ("gpt-4o", "responses", {"suffix": "x"}, "responses"),
        ("gpt-4o", "completions", {"suffix": "x"}, "completions"),
        ("gpt-3.5-turbo-instruct", None, {"suffix": "x"}, "completions"),
        ("gpt-3.5-turbo-instruct", "chat", {"suffix": "x"}, "chat"),
        ("gpt-4o", None, {"raw": True}, "completions"),
    ],
)
def test_a_gap_is_asked_for_by_a_prompt_only_where_the_user_wants_it_and_the_model_does_not_complete(
    model_id: str, dialect: Dialect | None, fields: Json, asked: Dialect
) -> None:
    translated = generate(model_id, dialect, gap_by_chat=True, **fields)
    assert translated.dialect == asked
    assert ("suffix" in [note.field for note in translated.notes]) == (asked != "completions")
    if asked != "completions":
        assert translated.payload["messages"][-1] == {"role": "user", "content": "Hi{{GAP}}x"}
        assert translated.conversation == [Turn("user", "Hi")]


@pytest.mark.parametrize("dialect", ["chat", "responses", "completions"])
@pytest.mark.parametrize(
    "fields",
    [
        {"format": "xml"},
        {"options": {"seed": "x"}},
        {"format": "xml", "suffix": "x"},
        {"options": {"seed": "x"}, "raw": True},
    ],
)
def test_generate_refuses_before_its_answer_begins_what_chat_refuses_in_it(dialect: Dialect, fields: Json) -> None:
    with pytest.raises(RequestError) as refused:
        generate("gpt-4o", dialect, **fields)
    assert refused.value.status == 500
    chats = {name: value for name, value in fields.items() if name in ("format", "options")}
    with pytest.raises(OllamaError) as of_chat:
        chat("gpt-4o", dialect, **chats)
    assert (of_chat.value.message, type(of_chat.value)) == (refused.value.message, OllamaError)


def test_generate_refuses_a_template_that_go_could_not_parse() -> None:
    with pytest.raises(RequestError) as refused:
        generate(template="{{ .Prompt")
    assert refused.value.status == 500


# --- what is sent ---------------------------------------------------------------------------------------------

CALLED: list[Json] = [
    *HI,
    {"role": "assistant", "tool_calls": [{"id": "c", "function": {"name": "f", "arguments": {}}}]},
    {"role": "tool", "content": "3°C"},
]
TURN = ToolTurn((ToolCall(0, "c", "f", {}, {"google": "x"}),), items=[{"type": "reasoning", "id": "rs_1"}])


def test_without_anything_to_add_the_payload_itself_is_sent() -> None:
    for translated in (chat(messages=CALLED), generate(raw=True)):
        assert body(translated) is translated.payload


def test_on_chat_completions_a_known_turn_gets_back_what_its_upstream_gave() -> None:
    translated = chat(messages=CALLED)
    [call] = body(translated, turns={1: TURN})["messages"][1]["tool_calls"]
    assert call["extra_content"] == {"google": "x"}
    assert "extra_content" not in translated.payload["messages"][1]["tool_calls"][0]


def test_on_the_responses_api_a_known_turn_gets_back_its_reasoning() -> None:
    translated = chat("gpt-5.4", "responses", messages=CALLED)
    assert [item.get("type") for item in body(translated, "gpt-5.4", {1: TURN})["input"]] == [
        None,
        "reasoning",
        "function_call",
        "function_call_output",
    ]


def test_a_model_that_wants_its_reasoning_back_gets_a_blank_where_nobody_knows_it() -> None:
    translated = chat("deepseek-reasoner", messages=CALLED)
    assert body(translated, "deepseek-reasoner")["messages"][1]["reasoning_content"] == " "


def test_a_model_that_wants_its_reasoning_back_gets_what_the_client_sends() -> None:
    thought = [*HI, {**CALLED[1], "thinking": "hm"}, CALLED[2]]
    translated = chat("deepseek-reasoner", messages=thought)
    assert body(translated, "deepseek-reasoner")["messages"][1]["reasoning_content"] == "hm"
    assert translated.notes == ()


@pytest.mark.parametrize(
    ("model_id", "fields", "include", "reasoning"),
    [
        ("gpt-5-pro", {}, True, {"summary": "auto"}),
        ("gpt-5-pro", {"think": True}, True, {"summary": "auto"}),
        ("gpt-5-pro", {"think": False}, True, {"effort": "high"}),
        ("gpt-5.4", {}, False, None),
        ("gpt-5.4", {"think": False}, False, {"effort": "none"}),
        ("gpt-5.4", {"think": "low"}, True, {"effort": "low", "summary": "auto"}),
        ("gpt-4o", {"think": True}, False, None),
        ("llama3.2", {}, True, {"summary": "auto"}),
        ("llama3.2", {"think": False}, True, None),
    ],
)
def test_reasoning_is_asked_for_where_the_model_may_reason_and_shown_unless_the_client_wants_none(
    model_id: str, fields: Json, include: bool, reasoning: Json | None
) -> None:
    sent = body(chat(model_id, "responses", **fields), model_id)
    assert (sent.get("include") == ["reasoning.encrypted_content"], sent.get("reasoning")) == (include, reasoning)


def test_an_unknown_model_is_sent_everything() -> None:
    options = {"temperature": 0.5, "top_p": 0.5, "seed": 7, "stop": ["x"], "num_predict": 9, "presence_penalty": 1}
    translated = chat("llama3.2", options=options)
    assert translated.payload == {
        "model": "llama3.2",
        "messages": HI,
        "max_tokens": 9,
        "temperature": 0.5,
        "top_p": 0.5,
        "presence_penalty": 1,
        "seed": 7,
        "stop": ["x"],
    }
    assert profile_for("llama3.2") is DEFAULT
