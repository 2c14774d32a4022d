"""The test upstream's Responses API refuses what OpenAI's refuses, in its words."""

import json
from typing import Any

import httpx
import pytest

from tests.upstream.seals import is_sealed, seal

CALL = {"type": "function_call", "call_id": "call_1", "name": "f", "arguments": "{}"}
OUTPUT = {"type": "function_call_output", "call_id": "call_1", "output": "ok"}
USER = {"role": "user", "content": "hi"}
THOUGHT = {"type": "reasoning", "id": "rs_1", "summary": []}
STRING = {"type": "object", "properties": {"a": {"type": "string"}}}
PIXEL = "data:image/png;base64,iVBORw0KGgo="


def ask(client: httpx.Client, **change: Any) -> httpx.Response:
    body = {"model": "gpt-5.6-sol", "input": "hi", **change}
    return client.post("/responses", json={key: value for key, value in body.items() if value is not ...})


def tool(**more: Any) -> dict[str, Any]:
    return {"tools": [{"type": "function", "name": "f", **more}]}


def schema(**more: Any) -> dict[str, Any]:
    return {"text": {"format": {"type": "json_schema", "name": "x", **more}}}


def moved(name: str, place: str) -> str:
    return f"Unsupported parameter: '{name}'. In the Responses API, this parameter has moved to '{place}'. Try again"


# (what differs from a plain request to gpt-5.6-sol, param, code, how the message begins)
REFUSED: list[tuple[dict[str, Any], str | None, str | None, str]] = [
    # the model, and members
    ({"model": ...}, "model", "missing_required_parameter", "Missing required parameter: 'model'."),
    ({"input": ...}, "input", "missing_required_parameter", "Missing required parameter: 'input'."),
    ({"input": []}, None, "missing_required_parameter", 'One of "input" or "previous_response_id" or'),
    ({"input": ""}, None, "missing_required_parameter", 'One of "input" or "previous_response_id" or'),
    ({"model": "x"}, "model", "model_not_found", "The requested model 'x' does not exist."),
    ({"model": "o1-mini"}, "model", None, "This model is not supported with the Responses API."),
    ({"stop": "x"}, "stop", "unknown_parameter", "Unknown parameter: 'stop'."),
    ({"seed": 1}, "seed", "unknown_parameter", "Unknown parameter: 'seed'."),
    ({"reasoning": {"x": 1}}, "reasoning.x", "unknown_parameter", "Unknown parameter: 'reasoning.x'."),
    ({"text": {"x": 1}}, "text.x", "unknown_parameter", "Unknown parameter: 'text.x'."),
    ({"max_tokens": 5}, None, "unsupported_parameter", moved("max_tokens", "max_output_tokens")),
    ({"messages": [], "input": ...}, None, "unsupported_parameter", moved("messages", "input")),
    ({"reasoning_effort": "low"}, None, "unsupported_parameter", moved("reasoning_effort", "reasoning.effort")),
    ({"response_format": {}}, None, "unsupported_parameter", moved("response_format", "text.format")),
    (
        {"max_output_tokens": 15},
        "max_output_tokens",
        "integer_below_min_value",
        "Invalid 'max_output_tokens': integer below minimum value. Expected a value >= 16, but got 15 instead.",
    ),
    (
        {"stream_options": {"include_obfuscation": False}},
        "stream_options",
        None,
        "The 'stream_options' parameter is only allowed when 'stream' is enabled.",
    ),
    (
        {"stream": True, "stream_options": {"include_usage": True}},
        "stream_options.include_usage",
        "unknown_parameter",
        "Unknown parameter: 'stream_options.include_usage'.",
    ),
    ({"include": ["x"]}, "include[0]", "invalid_value", "Invalid value: 'x'. Supported values are: "),
    (
        {"previous_response_id": "resp_1"},
        "previous_response_id",
        "previous_response_not_found",
        "Previous response with id 'resp_1' not found.",
    ),
    ({"tool_choice": "required"}, "tool_choice", None, "Tool choice 'required' must be specified with 'tools'"),
    (
        {**tool(strict=False), "tool_choice": {"type": "function", "name": "g"}},
        "tool_choice",
        None,
        "Tool choice 'function' not found in 'tools' parameter.",
    ),
    # what a family refuses
    ({"temperature": 0.5}, "temperature", None, "Unsupported parameter: 'temperature' is not supported with this"),
    ({"top_p": 0.5}, "top_p", None, "Unsupported parameter: 'top_p' is not supported with this model."),
    (
        {"reasoning": {"effort": "minimal"}},
        "reasoning.effort",
        "unsupported_value",
        "Unsupported value: 'minimal' is not supported with the 'gpt-5.6-sol' model. Supported values are: 'none', "
        "'low', 'medium', 'high', 'xhigh', and 'max'.",
    ),
    (
        {"model": "gpt-5.4", "reasoning": {"effort": "max"}},
        "reasoning.effort",
        "unsupported_value",
        "Unsupported value: 'max' is not supported with the 'gpt-5.4' model.",
    ),
    (
        {"model": "gpt-5-pro", "reasoning": {"effort": "low"}},
        "reasoning.effort",
        "unsupported_value",
        "Unsupported value: 'low' is not supported with the 'gpt-5-pro' model. Supported values are: 'high'.",
    ),
    (
        {"model": "gpt-4o", "reasoning": {"effort": "low"}},
        "reasoning.effort",
        "unsupported_parameter",
        "Unsupported parameter: 'reasoning.effort' is not supported with this model.",
    ),
    (
        {"model": "gpt-4o", "include": ["reasoning.encrypted_content"]},
        "include",
        None,
        "Encrypted content is not supported with this model.",
    ),
    (
        {"include": ["message.output_text.logprobs"]},
        "include",
        None,
        "logprobs are not supported with reasoning models.",
    ),
    (
        {"model": "gpt-4o", "text": {"verbosity": "low"}},
        "text.verbosity",
        "unsupported_value",
        "Unsupported value: 'low' is not supported with the 'gpt-4o' model. Supported values are: 'medium'.",
    ),
    ({"model": "gpt-4", **schema(schema={})}, "text.format", None, "Invalid parameter: 'response_format' of type"),
    (
        {"input": f"{'a ' * 922_001}"},
        "input",
        "context_length_exceeded",
        "Your input exceeds the context window of this model. Please adjust your input and try again.",
    ),
    # formats and tools
    (
        schema(schema={"type": "object", "properties": {}}, strict=True),
        "text.format.schema",
        "invalid_json_schema",
        "Invalid schema for response_format 'x': In context=(), 'additionalProperties' is required",
    ),
    (
        {"text": {"format": {"type": "json_schema", "schema": {}}}},
        "text.format.name",
        "missing_required_parameter",
        "Missing required parameter: 'text.format.name'.",
    ),
    (
        {"text": {"format": {"type": "json_object"}}, "instructions": "Answer in JSON."},
        "input",
        None,
        "Response input messages must contain the word 'json' in some form to use 'text.format' of type 'json_object'.",
    ),
    (
        {"tools": [{"type": "function", "function": {"name": "f"}}]},
        "tools[0].name",
        "missing_required_parameter",
        "Missing required parameter: 'tools[0].name'.",
    ),
    (
        tool(parameters=STRING),
        "tools[0].parameters",
        "invalid_function_parameters",
        "Invalid schema for function 'f': In context=(), 'required' is required to be supplied and to be an array "
        "including every key in properties. Missing 'a'.",
    ),
    # items
    ({"input": 7}, "input", "invalid_type", "Invalid type for 'input': expected one of an array of objects or string"),
    (
        {"input": [{"role": "tool", "content": "x"}]},
        "input[0].role",
        "invalid_value",
        "Invalid value: 'tool'. Supported values are: 'assistant', 'system', 'developer', and 'user'.",
    ),
    (
        {"input": [{"role": "user", "content": [{"type": "text", "text": "x"}]}]},
        "input[0].content[0].type",
        "invalid_value",
        "Invalid value: 'text'. Supported values are: 'input_text' and 'input_image'.",
    ),
    (
        {"input": [{"role": "assistant", "content": [{"type": "input_text", "text": "x"}]}]},
        "input[0].content[0].type",
        "invalid_value",
        "Invalid value: 'input_text'. Supported values are: 'output_text' and 'refusal'.",
    ),
    (
        {"input": [{"role": "user", "content": [{"type": "input_image", "image_url": {"url": PIXEL}}]}]},
        "input[0].content[0].image_url",
        "invalid_type",
        "Invalid type for 'input[0].content[0].image_url': expected an image URL, but got an object instead.",
    ),
    (
        {"model": "gpt-4", "input": [{"role": "user", "content": [{"type": "input_image", "image_url": PIXEL}]}]},
        "input[0].content[0].type",
        None,
        "Invalid content type. image_url is only supported by certain models.",
    ),
    (
        {"input": [{"role": "assistant", "content": "", "tool_calls": []}]},
        "input[0].tool_calls",
        "unknown_parameter",
        "Unknown parameter: 'input[0].tool_calls'.",
    ),
    (
        {"input": [USER, {**CALL, "arguments": {}}, OUTPUT]},
        "input[1].arguments",
        "invalid_type",
        "Invalid type for 'input[1].arguments': expected a string, but got an object instead.",
    ),
    (
        {"input": [USER, {**CALL, "id": "call_1"}, OUTPUT]},
        "input[1].id",
        "invalid_value",
        "Invalid 'input[1].id': 'call_1'. Expected an ID that begins with 'fc'.",
    ),
    (
        {"input": [USER, {"type": "function_call", "name": "f", "arguments": "{}"}]},
        "input[1].call_id",
        "missing_required_parameter",
        "Missing required parameter: 'input[1].call_id'.",
    ),
    ({"input": [USER, CALL]}, "input", None, "No tool output found for function call call_1."),
    (
        {"input": [USER, CALL, CALL, OUTPUT, OUTPUT, {**CALL, "call_id": "call_2"}]},
        "input",
        None,
        "No tool output found",
    ),
    (
        {"input": [USER, OUTPUT, CALL]},
        "input",
        None,
        "No tool call found for function call output with call_id call_1.",
    ),
    ({"input": [USER, OUTPUT]}, "input", None, "No tool call found for function call output with call_id call_1."),
    (
        {"input": [USER, {**THOUGHT, "encrypted_content": "gAAAAABforged"}, CALL, OUTPUT]},
        None,
        "invalid_encrypted_content",
        "The encrypted content gAAA...rged could not be verified.",
    ),
    (
        {"input": [USER, {**THOUGHT, "encrypted_content": seal("x")}, USER]},
        "input",
        None,
        "Item 'rs_1' of type 'reasoning' was provided without its required following item.",
    ),
]


@pytest.mark.parametrize(("change", "param", "code", "message"), REFUSED, ids=lambda value: repr(value)[:60])
def test_a_request_is_refused_in_openais_words(
    client: httpx.Client, change: dict[str, Any], param: str | None, code: str | None, message: str
) -> None:
    answer = ask(client, **change)
    error = answer.json()["error"]
    assert error["message"].startswith(message)
    assert (answer.status_code, error["param"], error["code"]) == (400, param, code)
    assert error["type"] == "invalid_request_error"


def test_reasoning_that_came_without_its_content_is_not_found(client: httpx.Client) -> None:
    answer = ask(client, input=[USER, THOUGHT, CALL, OUTPUT])
    assert answer.status_code == 404
    assert answer.json()["error"]["message"].startswith("Item with id 'rs_1' not found. Items are not persisted")


@pytest.mark.parametrize(
    "change",
    [
        {"instructions": "Be brief.", "store": False, "max_output_tokens": 16, "truncation": "auto", "metadata": {}},
        {"temperature": 1, "reasoning": {"effort": "max", "summary": "auto"}, "user": "me"},
        {"temperature": 0.5, "top_p": 0.5, "reasoning": {"effort": "none"}, "text": {"verbosity": "high"}},
        {"model": "gpt-4o", "temperature": 2, "top_logprobs": 20, "include": ["message.output_text.logprobs"]},
        {"model": "gpt-5.6-terra-2026-07-13", "include": ["reasoning.encrypted_content"]},
        {"model": "novel-responses-1", "reasoning": {"effort": "low"}},
        tool(strict=False, parameters=STRING),
        tool(strict=None, parameters=None),
        tool(parameters={**STRING, "required": ["a"]}),
        {**tool(strict=False), "tool_choice": {"type": "function", "name": "f"}, "parallel_tool_calls": False},
        {**schema(schema=STRING), "model": "gpt-4o"},
        {"input": "json please", "text": {"format": {"type": "json_object"}}},
        {"input": [USER, CALL, USER, OUTPUT]},
        {"input": [USER, {**THOUGHT, "encrypted_content": seal("x")}, {**CALL, "id": "fc_1"}, OUTPUT]},
        {"input": [{"role": "assistant", "content": [{"type": "output_text", "text": "x"}], "id": "msg_1"}, USER]},
        {"input": [{"type": "message", "role": "user", "content": [{"type": "input_image", "image_url": PIXEL}]}]},
        {"input": [USER, CALL, {**OUTPUT, "output": [{"type": "input_text", "text": "ok"}]}]},
    ],
    ids=lambda value: json.dumps(value)[:60],
)
def test_what_openai_takes_is_taken(client: httpx.Client, change: dict[str, Any]) -> None:
    answer = ask(client, **change)
    assert answer.status_code == 200, answer.text


def test_a_seal_is_known_and_a_change_of_it_is_seen() -> None:
    sealed = seal("thought")
    assert is_sealed(sealed)
    assert not any(map(is_sealed, (f"{sealed}x", sealed[1:], sealed.replace("thought", "other"), "", None)))
