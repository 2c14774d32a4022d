import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from translators.errors import OllamaError
from translators.ollama_requests import chat_request
from translators.openai_chat_payload import Translated, chat_request_to_openai
from translators.profiles import DEFAULT, Profile, profile_for

HI = [{"role": "user", "content": "Hi"}]
PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAASUVORK5CYII="
PIXEL_PART = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PIXEL}"}}
STREAM = {"stream": True, "stream_options": {"include_usage": True}}


def chat(profile: Profile = DEFAULT, **fields: Any) -> Translated:
    body = {"model": "m", "stream": False, "messages": HI, **fields}
    return chat_request_to_openai(chat_request(json.dumps(body).encode()), "m-1", profile)


def messages_sent(*messages: dict[str, Any]) -> list[dict[str, Any]]:
    sent: list[dict[str, Any]] = chat(messages=list(messages)).payload["messages"]
    return sent


def test_the_smallest_chat_is_model_and_messages() -> None:
    assert chat() == Translated({"model": "m-1", "messages": HI}, (), {})


def test_a_stream_asks_for_usage() -> None:
    assert chat(stream=True).payload == {"model": "m-1", "messages": HI, **STREAM}


def test_a_full_chat_has_every_field_in_its_order() -> None:
    translated = chat(
        profile_for("gpt-5.4"),
        stream=True,
        tools=[{"type": "function", "function": {"name": "home.turn_on"}}],
        format={"title": "The answer!", "type": "object"},
        think=False,
        options={"seed": 7, "num_predict": 50, "top_k": 40},
        logprobs=True,
        top_logprobs=9,
        keep_alive="5m",
        truncate=False,
        shift=True,
        temperature=0.3,
    )
    assert json.dumps(translated.payload) == json.dumps(
        {
            "model": "m-1",
            "messages": HI,
            "tools": [
                {
                    "type": "function",
                    "function": {"name": "home_turn_on", "parameters": {"type": "object", "properties": {}}},
                }
            ],
            "response_format": {
                "type": "json_schema",
                "json_schema": {
                    "name": "The_answer_",
                    "schema": {"title": "The answer!", "type": "object"},
                    "strict": False,
                },
            },
            "reasoning_effort": "none",
            "max_completion_tokens": 50,
            "seed": 7,
            "logprobs": True,
            "top_logprobs": 5,
            **STREAM,
        }
    )
    assert translated.tool_names == {"home_turn_on": "home.turn_on"}
    assert [str(note) for note in translated.notes] == [
        "tools.function.name renamed: home_turn_on: OpenAI refuses other characters and over 64",
        "tools.function.parameters converted: completed to a schema that OpenAI accepts",
        "format converted: response_format json_schema, not strict: OpenAI would refuse it",
        "think renamed: reasoning_effort",
        "options.num_predict renamed: max_completion_tokens",
        "options.top_k dropped: no such sampler at OpenAI",
        "top_logprobs converted: 5: the most that gpt-5.4 takes",
    ]


@pytest.mark.parametrize(
    "empty",
    [
        {"tools": [], "format": None, "options": None, "think": None},
        {"tools": None, "format": "", "options": {}, "logprobs": False, "top_logprobs": 5},
        {"messages": [{"role": "user", "content": "Hi", "images": [], "tool_calls": []}]},
        {"messages": [{"role": "user", "content": "Hi", "images": None, "thinking": None}]},
    ],
)
def test_what_is_empty_is_not_sent(empty: dict[str, Any]) -> None:
    assert chat(**empty) == Translated({"model": "m-1", "messages": HI}, (), {})


def test_a_round_of_tools_arrives_as_openai_wants_it() -> None:
    call = {"id": "call_1", "function": {"index": 0, "name": "home.turn_on", "arguments": {"room": "Küche"}}}
    assert messages_sent(
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Light!"},
        {"role": "assistant", "thinking": "hm", "tool_calls": [call]},
        {"role": "tool", "content": "done", "tool_name": "home.turn_on"},
        {"role": "assistant", "content": "It is on."},
        {"role": "user", "content": ""},
    ) == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Light!"},
        {
            "role": "assistant",
            "content": None,
            "tool_calls": [
                {
                    "id": "call_1",
                    "type": "function",
                    "function": {"name": "home_turn_on", "arguments": '{"room":"Küche"}'},
                }
            ],
        },
        {"role": "tool", "tool_call_id": "call_1", "content": "done"},
        {"role": "assistant", "content": "It is on."},
        {"role": "user", "content": ""},
    ]


def test_text_beside_tool_calls_stays() -> None:
    call = {"function": {"name": "f", "arguments": {}}}
    sent = messages_sent({"role": "assistant", "content": "Let me see.", "tool_calls": [call]})
    assert sent[0]["content"] == "Let me see."


def test_names_in_the_history_alone_are_made_legal_too() -> None:
    call = {"function": {"name": "old.tool", "arguments": {}}}
    assert chat(messages=[{"role": "assistant", "tool_calls": [call]}]).tool_names == {"old_tool": "old.tool"}


@pytest.mark.parametrize(
    ("content", "parts"),
    [("Look.", [{"type": "text", "text": "Look."}, PIXEL_PART]), ("", [PIXEL_PART])],
)
def test_images_follow_the_text_as_parts(content: str, parts: list[dict[str, Any]]) -> None:
    assert messages_sent({"role": "user", "content": content, "images": [PIXEL]}) == [
        {"role": "user", "content": parts}
    ]


def test_an_image_in_a_tool_result_goes_to_a_user_message_behind_all_results() -> None:
    calls: list[dict[str, Any]] = [
        {"id": name, "function": {"name": name, "arguments": {}}} for name in ("camera", "clock")
    ]
    translated = chat(
        messages=[
            {"role": "assistant", "tool_calls": calls},
            {"role": "tool", "content": "ok", "images": [PIXEL]},
            {"role": "tool", "content": "noon"},
        ]
    )
    assert translated.payload["messages"][1:] == [
        {"role": "tool", "tool_call_id": "camera", "content": "ok"},
        {"role": "tool", "tool_call_id": "clock", "content": "noon"},
        {"role": "user", "content": [{"type": "text", "text": "From the tool camera:"}, PIXEL_PART]},
    ]
    assert [note.field for note in translated.notes] == ["messages.images"]


@pytest.mark.parametrize(
    ("message", "role", "notes"),
    [
        ({"role": "developer", "content": "x"}, "system",
         ["messages.role converted: developer to system, which every server knows"]),
        ({"role": "ipython", "content": "x"}, "user",
         ["messages.role converted: to user: OpenAI knows system, user, assistant and tool"]),
        ({"content": "x"}, "user",
         ["messages.role converted: to user: OpenAI knows system, user, assistant and tool"]),
        ({"role": "user", "content": "x", "tool_calls": [{"function": {"name": "f", "arguments": {}}}]}, "user",
         ["messages.tool_calls dropped: only assistant messages can have them"]),
        ({"role": "assistant", "content": "x", "thinking": "hm"}, "assistant",
         ["messages.thinking dropped: the model takes no reasoning back, or only that of tool calls"]),
    ],
)  # fmt: skip
def test_a_message_that_openai_would_refuse_is_made_acceptable(
    message: dict[str, Any], role: str, notes: list[str]
) -> None:
    translated = chat(messages=[message])
    assert translated.payload["messages"] == [{"role": role, "content": "x"}]
    assert [str(note) for note in translated.notes] == notes


@pytest.mark.parametrize("role", ["system", "developer"])
def test_a_model_that_takes_no_system_messages_gets_them_as_the_user_s(role: str) -> None:
    translated = chat(profile_for("o1-mini"), messages=[{"role": role, "content": "Be brief."}])
    assert translated.payload["messages"] == [{"role": "user", "content": "Be brief."}]
    assert [str(note) for note in translated.notes] == [
        "messages.role converted: system to user: the model takes no system messages"
    ]


def test_reasoning_goes_back_with_its_calls_to_a_model_that_wants_it() -> None:
    call = {"id": "c", "function": {"name": "f", "arguments": {}}}
    said = {"role": "assistant", "thinking": "hm", "tool_calls": [call]}
    translated = chat(profile_for("deepseek-reasoner"), messages=[*HI, said, {"role": "tool", "content": "ok"}])
    assert translated.payload["messages"][1]["reasoning_content"] == "hm"
    assert translated.notes == ()


def test_a_client_that_wants_no_thoughts_is_shown_none() -> None:
    assert [chat(think=think).thinks for think in (None, True, "low", False)] == [True, True, True, False]


def test_a_note_is_said_once_however_many_messages_it_is_about() -> None:
    assert len(chat(messages=[{"role": "developer", "content": "x"}] * 3).notes) == 1


def test_a_bad_option_is_ollama_s_own_500() -> None:
    with pytest.raises(OllamaError, match='option "num_ctx" must be of type integer'):
        chat(options={"num_ctx": "4096"})


@pytest.mark.parametrize(
    ("model_id", "top_logprobs", "sent"),
    [
        ("gpt-4o", 0, {"logprobs": True, "top_logprobs": 1}),
        ("gpt-4o", 1, {"logprobs": True, "top_logprobs": 1}),
        ("gpt-4o", 20, {"logprobs": True, "top_logprobs": 20}),
        ("gpt-5.4", 20, {"logprobs": True, "top_logprobs": 5}),
        ("o3", 3, {}),
        ("gpt-5.6-terra", 3, {}),
    ],
)
def test_logprobs_are_sent_as_far_as_the_model_takes_them(
    model_id: str, top_logprobs: int, sent: dict[str, Any]
) -> None:
    translated = chat(profile_for(model_id), logprobs=True, top_logprobs=top_logprobs)
    assert {key: value for key, value in translated.payload.items() if "logprobs" in key} == sent
    assert bool(translated.notes) == (sent.get("top_logprobs", 0) < top_logprobs)


def test_tools_on_a_model_that_reasons_by_default_turn_reasoning_off_and_sampling_on() -> None:
    tools = [{"type": "function", "function": {"name": "f"}}]
    payload = chat(profile_for("gpt-5.6-terra"), tools=tools, options={"temperature": 0.2, "num_predict": 9}).payload
    assert (payload["reasoning_effort"], payload["temperature"], payload["max_completion_tokens"]) == ("none", 0.2, 9)


scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
texts = st.text(st.sampled_from("aé\n\x7f\ud800\U0001f600"), max_size=4)
json_values = st.recursive(
    scalars | texts, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(texts, inner, max_size=2), max_leaves=4
)
conversations = st.lists(
    st.fixed_dictionaries(
        {"role": st.sampled_from(["user", "assistant", "tool", "developer", "odd"]), "content": texts},
        optional={
            "thinking": texts,
            "tool_name": texts,
            "images": st.just([PIXEL]),
            "tool_calls": st.lists(
                st.fixed_dictionaries(
                    {
                        "function": st.fixed_dictionaries(
                            {"name": texts, "arguments": st.dictionaries(texts, json_values, max_size=2)}
                        )
                    }
                ),
                max_size=2,
            ),
        },
    ),
    min_size=1,
    max_size=6,
)


@settings(deadline=None)  # a busy machine is not a fault of the code
@given(messages=conversations, profile=st.sampled_from([DEFAULT, profile_for("gpt-5.6-terra"), profile_for("gpt-4o")]))
def test_any_conversation_becomes_json_that_openai_s_rules_accept(
    messages: list[dict[str, Any]], profile: Profile
) -> None:
    payload = json.loads(
        json.dumps(chat(profile, messages=messages).payload, ensure_ascii=False, allow_nan=False).encode()
    )
    waiting: list[str] = []
    for message in payload["messages"]:
        assert message["role"] in {"system", "user", "assistant", "tool"}
        if message["role"] == "tool":
            waiting.remove(message["tool_call_id"])
        else:
            assert not waiting
        calls = message.get("tool_calls", [])
        waiting = [call["id"] for call in calls] or waiting
        assert message["content"] is not None or calls
        assert isinstance(message["content"], str | None) or message["role"] == "user"
        assert all(isinstance(json.loads(call["function"]["arguments"]), dict) for call in calls)
    assert not waiting


def strings(value: Any) -> list[str]:
    """Every string in a JSON value, those of nested JSON texts as they stand."""
    if isinstance(value, dict):
        value = list(value.values())
    return [text for item in value for text in strings(item)] if isinstance(value, list) else [str(value)]


@settings(deadline=None)
@given(conversations)
def test_no_text_and_no_image_of_any_conversation_is_lost(messages: list[dict[str, Any]]) -> None:
    sent = strings(chat(messages=messages).payload["messages"])
    for message in messages:
        content = message["content"].replace("\ud800", "\ufffd")
        assert sum(content in text for text in sent) >= sum(
            other["content"] == message["content"] for other in messages
        )
    assert sum(PIXEL in text for text in sent) == sum(len(message.get("images", [])) for message in messages)
