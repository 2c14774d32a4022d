"""Chat Completions payloads as requests to the Responses API."""

import json
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.conversations import CONVERSATIONS, assistant, call, tool, user
from tests.openai_requests import ASSISTANT, CALL, EMPTY_OBJECT, RESULT, TOOL, USER
from translators.events import ToolCall
from translators.ollama_requests import ChatRequest, Message
from translators.openai_chat_payload import chat_request_to_openai
from translators.openai_responses_payload import chat_payload_to_responses
from translators.openai_tool_turns import ToolTurn
from translators.profiles import profile_for

type Json = dict[str, Any]

PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAASUVORK5CYII="
ENCRYPTED: Json = {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "gAAAA"}
THERE = profile_for("gpt-5.4").on("responses")


def sent(
    turns: Mapping[int, ToolTurn] | None = None, *, reasons: bool = False, shows: bool = True, **more: Any
) -> Json:
    payload = {"model": "m", "messages": USER, **more}
    return chat_payload_to_responses(payload, turns or {}, reasons=reasons, shows_reasoning=shows)


def items(*messages: Json, turns: Mapping[int, ToolTurn] | None = None) -> list[Json]:
    found: list[Json] = sent(turns, messages=list(messages))["input"]
    return found


def items_of(messages: list[Message], turns: Mapping[int, ToolTurn] | None = None) -> list[Json]:
    """The items of a conversation of Ollama's."""
    request = ChatRequest().model_copy(update={"messages": messages})
    return items(*chat_request_to_openai(request, "m", THERE).payload["messages"], turns=turns)


def function_call(call_id: str, name: str = "f", arguments: str = "{}") -> Json:
    return {"type": "function_call", "call_id": call_id, "name": name, "arguments": arguments}


def output(call_id: str, text: str = "ok") -> Json:
    return {"type": "function_call_output", "call_id": call_id, "output": text}


# --- the whole ------------------------------------------------------------------------------------------------


def test_the_smallest_request_is_model_and_input_and_nothing_is_kept_upstream() -> None:
    assert sent() == {"model": "m", "input": USER, "store": False}


def test_a_full_request_has_every_field_in_its_order() -> None:
    translated = sent(
        reasons=True,
        tools=[TOOL],
        response_format={"type": "json_object"},
        reasoning_effort="low",
        max_output_tokens=50,
        temperature=0.5,
        top_p=0.9,
        logprobs=True,
        top_logprobs=3,
        stream=True,
        stream_options={"include_usage": True},
    )
    assert json.dumps(translated) == json.dumps(
        {
            "model": "m",
            "input": USER,
            "tools": [{"type": "function", "strict": False, "name": "f", "parameters": EMPTY_OBJECT}],
            "text": {"format": {"type": "json_object"}},
            "reasoning": {"effort": "low", "summary": "auto"},
            "temperature": 0.5,
            "top_p": 0.9,
            "max_output_tokens": 50,
            "stream": True,
            "top_logprobs": 3,
            "store": False,
            "include": ["reasoning.encrypted_content", "message.output_text.logprobs"],
        }
    )


@pytest.mark.parametrize(
    ("reasons", "shows", "effort", "reasoning", "include"),
    [
        (True, True, None, {"summary": "auto"}, ["reasoning.encrypted_content"]),
        (True, False, None, None, ["reasoning.encrypted_content"]),
        (True, True, "high", {"effort": "high", "summary": "auto"}, ["reasoning.encrypted_content"]),
        (True, False, "high", {"effort": "high"}, ["reasoning.encrypted_content"]),
        (False, True, None, None, None),
        (False, True, "none", {"effort": "none"}, None),
        (False, False, "none", {"effort": "none"}, None),
    ],
)
def test_reasoning_is_asked_for_where_the_model_reasons_and_shown_where_it_is_wanted(
    reasons: bool, shows: bool, effort: str | None, reasoning: Json | None, include: list[str] | None
) -> None:
    effort_field: Json = {"reasoning_effort": effort} if effort else {}
    translated = sent({}, reasons=reasons, shows=shows, **effort_field)
    assert (translated.get("reasoning"), translated.get("include")) == (reasoning, include)


def test_log_probabilities_are_an_item_of_include() -> None:
    translated = sent(logprobs=True, top_logprobs=1)
    assert translated["include"] == ["message.output_text.logprobs"]
    assert translated["top_logprobs"] == 1
    assert "logprobs" not in translated


def test_a_stream_is_asked_for_without_options_that_this_api_has_not() -> None:
    translated = sent(stream=True, stream_options={"include_usage": True})
    assert translated == {"model": "m", "input": USER, "stream": True, "store": False}


def test_tools_are_flat_and_not_strict() -> None:
    named = {"type": "function", "function": {"name": "g", "description": "d", "parameters": EMPTY_OBJECT}}
    assert sent(tools=[TOOL, named])["tools"] == [
        {"type": "function", "strict": False, "name": "f", "parameters": EMPTY_OBJECT},
        {"type": "function", "strict": False, "name": "g", "description": "d", "parameters": EMPTY_OBJECT},
    ]


@pytest.mark.parametrize("strict", [True, False])
def test_a_schema_is_flat_too_and_keeps_its_strictness(strict: bool) -> None:
    envelope = {"name": "pets", "schema": EMPTY_OBJECT, "strict": strict}
    translated = sent(response_format={"type": "json_schema", "json_schema": envelope})
    assert translated["text"] == {"format": {"type": "json_schema", **envelope}}


def test_the_payload_stays_as_it_is() -> None:
    payload: Json = {"model": "m", "messages": [*USER, ASSISTANT, RESULT], "tools": [TOOL], "reasoning_effort": "low"}
    before = json.dumps(payload)
    turn = ToolTurn((ToolCall(0, "own", "f", {}),), items=[ENCRYPTED])
    chat_payload_to_responses(payload, {1: turn}, reasons=True, shows_reasoning=True)
    assert json.dumps(payload) == before


# --- messages -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", ["system", "user", "assistant"])
@pytest.mark.parametrize("content", ["Hello.", "", "é\n"])
def test_text_of_any_role_is_an_item_even_when_it_is_empty(role: str, content: str) -> None:
    assert items({"role": role, "content": content}) == [{"role": role, "content": content}]


def test_images_and_the_text_before_them_are_parts() -> None:
    message = Message(role="user", content="Look.").model_copy(update={"images": [PIXEL, PIXEL]})
    image = {"type": "input_image", "detail": "auto", "image_url": f"data:image/png;base64,{PIXEL}"}
    assert items_of([message]) == [{"role": "user", "content": [{"type": "input_text", "text": "Look."}, image, image]}]


def test_a_part_of_another_kind_is_left_to_the_upstream() -> None:
    audio = {"type": "input_audio", "input_audio": {"data": "AA==", "format": "wav"}}
    assert items({"role": "user", "content": [audio]}) == [{"role": "user", "content": [audio]}]


def test_a_call_and_its_result_are_items_of_their_own() -> None:
    assert items(*USER, ASSISTANT, RESULT) == [*USER, function_call("call_1"), output("call_1")]


def test_text_beside_calls_stands_before_them() -> None:
    message = {"role": "assistant", "content": "Let me see.", "tool_calls": [CALL, {**CALL, "id": "call_2"}]}
    assert items(message, RESULT, {**RESULT, "tool_call_id": "call_2"}) == [
        {"role": "assistant", "content": "Let me see."},
        function_call("call_1"),
        function_call("call_2"),
        output("call_1"),
        output("call_2"),
    ]


def test_an_empty_result_is_an_empty_output() -> None:
    assert items(ASSISTANT, {**RESULT, "content": ""}) == [function_call("call_1"), output("call_1", "")]


# --- turns that are known -------------------------------------------------------------------------------------


def test_reasoning_stands_before_its_turns_text_and_calls_and_the_upstreams_ids_come_back() -> None:
    message = {"role": "assistant", "content": "Let me see.", "tool_calls": [CALL, {**CALL, "id": "call_2"}]}
    turn = ToolTurn((ToolCall(0, "fc_a", "f", {}), ToolCall(1, "fc_b", "f", {})), items=[ENCRYPTED])
    results = [{**RESULT, "content": "1"}, {**RESULT, "tool_call_id": "call_2", "content": "2"}]
    assert items(*USER, message, *results, *USER, turns={1: turn}) == [
        *USER,
        ENCRYPTED,
        {"role": "assistant", "content": "Let me see."},
        function_call("fc_a"),
        function_call("fc_b"),
        output("fc_a", "1"),
        output("fc_b", "2"),
        *USER,
    ]


def test_a_call_to_which_the_upstream_gave_no_id_keeps_the_one_that_it_has() -> None:
    turn = ToolTurn((ToolCall(0, "", "f", {}),), items=[ENCRYPTED])
    assert items(ASSISTANT, RESULT, turns={0: turn}) == [ENCRYPTED, function_call("call_1"), output("call_1")]


def test_each_turn_has_its_own_reasoning_and_ids() -> None:
    other = {**ASSISTANT, "tool_calls": [{**CALL, "id": "call_2"}]}
    turns = {
        0: ToolTurn((ToolCall(0, "fc_a", "f", {}),), items=[ENCRYPTED]),
        2: ToolTurn((ToolCall(0, "fc_b", "f", {}),), items=[{**ENCRYPTED, "id": "rs_2"}]),
    }
    got = items(ASSISTANT, RESULT, other, {**RESULT, "tool_call_id": "call_2"}, turns=turns)
    assert [item.get("call_id", item.get("id")) for item in got] == ["rs_1", "fc_a", "fc_a", "rs_2", "fc_b", "fc_b"]


def fault(input_items: list[Json]) -> str:
    """What OpenAI would complain of in the calls and outputs of an input; empty when it would accept them."""
    open_calls: set[str] = set()
    seen: set[str] = set()
    for item in input_items:
        call_id = item.get("call_id", "")
        if item.get("type") == "function_call":
            if call_id in seen:
                return f"two calls {call_id!r}"
            seen.add(call_id)
            open_calls.add(call_id)
        elif item.get("type") == "function_call_output":
            if call_id not in open_calls:
                return f"No tool call found for function call output with call_id {call_id}."
            open_calls.remove(call_id)
    return f"No tool output found for function call {open_calls}." if open_calls else ""


@settings(deadline=None)  # a busy machine is not a fault of the code
@given(CONVERSATIONS.filter(bool))
def test_in_any_conversation_every_call_is_answered_once_by_an_output_behind_it(messages: list[Message]) -> None:
    got = items_of(messages)
    assert fault(got) == ""
    called = [each.function.name for message in messages for each in message.tool_calls]
    assert len([item for item in got if item.get("type") == "function_call"]) == len(called)


@settings(deadline=None)
@given(CONVERSATIONS.filter(bool), st.data())
def test_the_same_holds_with_the_upstreams_own_ids_for_any_of_its_turns(
    messages: list[Message], data: st.DataObject
) -> None:
    request = ChatRequest().model_copy(update={"messages": messages})
    translated = chat_request_to_openai(request, "m", THERE).payload["messages"]
    turns = {
        index: ToolTurn(
            tuple(ToolCall(place, f"fc_{index}_{place}", "f", {}) for place, _ in enumerate(message["tool_calls"])),
            items=[{**ENCRYPTED, "id": f"rs_{index}"}],
        )
        for index, message in enumerate(translated)
        if message.get("tool_calls") and data.draw(st.booleans())
    }
    got = items(*translated, turns=turns)
    assert fault(got) == ""
    assert [item["id"] for item in got if item.get("type") == "reasoning"] == [f"rs_{index}" for index in turns]


def test_parallel_calls_of_one_tool_get_their_results_by_their_order_when_a_client_gives_no_ids() -> None:
    turn = ToolTurn((ToolCall(0, "fc_a", "f", {"x": 1}), ToolCall(1, "fc_b", "f", {"x": 2})), items=[ENCRYPTED])
    conversation = [user(), assistant(call("f", x=1), call("f", x=2)), tool("one", "f"), tool("two", "f")]
    assert items_of(conversation, turns={1: turn})[-2:] == [output("fc_a", "one"), output("fc_b", "two")]
