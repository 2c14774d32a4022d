"""The test upstream refuses messages, images, tools and response formats as OpenAI does, in its words."""

import base64
import json
from typing import Any

import httpx
import pytest

from tests.openai_requests import ASSISTANT, CALL, CLOSED, EMPTY_OBJECT, RESULT, TOOL, USER, image, strict_format, tool

BAD_IMAGE = (
    "You uploaded an unsupported image. Please make sure your image has of one the following formats: "
    "['png', 'jpeg', 'gif', 'webp']."
)
ROLES = "'system', 'assistant', 'user', 'function', 'tool', and 'developer'"


# (what differs from a plain gpt-4o request, param, code, message)
REFUSED: list[tuple[dict[str, Any], str | None, str | None, str]] = [
    # messages
    (
        {"messages": []},
        "messages",
        "empty_array",
        "Invalid 'messages': empty array. Expected an array with minimum length 1, but got an empty array instead.",
    ),
    (
        {"messages": "hi"},
        "messages",
        "invalid_type",
        "Invalid type for 'messages': expected an array of objects, but got a string instead.",
    ),
    (
        {"messages": [{"content": "hi"}]},
        "messages[0].role",
        "missing_required_parameter",
        "Missing required parameter: 'messages[0].role'.",
    ),
    (
        {"messages": [{"role": "bogus", "content": "hi"}]},
        "messages[0].role",
        "invalid_value",
        f"Invalid value: 'bogus'. Supported values are: {ROLES}.",
    ),
    (
        {"messages": [{"role": "user", "content": None}]},
        "messages.[0].content",
        None,
        "Invalid value for 'content': expected a string, got null.",
    ),
    (
        {"messages": [{"role": "assistant", "content": None}]},
        "messages.[0].content",
        None,
        "Invalid value for 'content': expected a string, got null.",
    ),
    (
        {"messages": [{"role": "user"}]},
        "messages[0].content",
        "missing_required_parameter",
        "Missing required parameter: 'messages[0].content'.",
    ),
    (
        {"messages": [{"role": "user", "content": 7}]},
        "messages[0].content",
        "invalid_type",
        "Invalid type for 'messages[0].content': expected one of a string or array of objects, but got an integer "
        "instead.",
    ),
    (
        {"messages": [{"role": "user", "content": [{"text": "hi"}]}]},
        "messages[0].content[0].type",
        "missing_required_parameter",
        "Missing required parameter: 'messages[0].content[0].type'.",
    ),
    (
        {"messages": [{"role": "user", "content": "hi", "images": []}]},
        "messages[0].images",
        "unknown_parameter",
        "Unknown parameter: 'messages[0].images'.",
    ),
    (
        {
            "messages": [
                *USER,
                {**ASSISTANT, "tool_calls": [{**CALL, "function": {"name": "f", "arguments": {}}}]},
                RESULT,
            ]
        },
        "messages[1].tool_calls[0].function.arguments",
        "invalid_type",
        "Invalid type for 'messages[1].tool_calls[0].function.arguments': expected a string, but got an object "
        "instead.",
    ),
    (
        {"messages": [*USER, {"role": "assistant", "content": "x", "tool_calls": []}]},
        "messages[1].tool_calls",
        "empty_array",
        "Invalid 'messages[1].tool_calls': empty array. Expected an array with minimum length 1, but got an empty "
        "array instead.",
    ),
    (
        {"messages": [*USER, RESULT]},
        "messages.[1].role",
        None,
        "Invalid parameter: messages with role 'tool' must be a response to a preceeding message with 'tool_calls'.",
    ),
    (
        {"messages": [*USER, ASSISTANT, *USER]},
        "messages.[2].role",
        None,
        "An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'. "
        "The following tool_call_ids did not have response messages: call_1",
    ),
    (
        {"messages": [*USER, ASSISTANT]},
        "messages.[2].role",
        None,
        "An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'. "
        "The following tool_call_ids did not have response messages: call_1",
    ),
    (
        {"messages": [*USER, ASSISTANT, {**RESULT, "tool_call_id": "call_2"}]},
        "messages.[2].tool_call_id",
        None,
        "Invalid parameter: 'tool_call_id' of 'call_2' not found in 'tool_calls' of previous message.",
    ),
    (
        {"messages": [*USER, ASSISTANT, {"role": "tool", "content": "ok"}]},
        "messages[2].tool_call_id",
        "missing_required_parameter",
        "Missing required parameter: 'messages[2].tool_call_id'.",
    ),
    # images
    (image("data:image/png;base64,@@@"), None, "invalid_image_format", BAD_IMAGE),
    (
        image(f"data:image/png;base64,{base64.b64encode(b'BM bitmap').decode()}"),
        None,
        "invalid_image_format",
        BAD_IMAGE,
    ),
    (image("iVBORw0KGgo"), None, "invalid_image_url", "Invalid image URL: 'iVBORw0KGgo'."),
    (
        image("https://example.com/a.png", "system"),
        "messages[0]",
        "invalid_value",
        "Invalid 'messages[0]'. Image URLs are only allowed for messages with role 'user', but this message with "
        "role 'system' contains an image URL.",
    ),
    (
        {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": "https://x"}]}]},
        "messages[0].content[0].image_url",
        "invalid_type",
        "Invalid type for 'messages[0].content[0].image_url': expected an object, but got a string instead.",
    ),
    # tools
    (
        {"tools": []},
        "tools",
        "empty_array",
        "Invalid 'tools': empty array. Expected an array with minimum length 1, but got an empty array instead.",
    ),
    (
        {"tools": [TOOL] * 129},
        "tools",
        "array_above_max_length",
        "Invalid 'tools': array too long. Expected an array with maximum length 128, but got an array with length "
        "129 instead.",
    ),
    (
        {"tools": [{"type": "function"}]},
        "tools[0].function",
        "missing_required_parameter",
        "Missing required parameter: 'tools[0].function'.",
    ),
    (
        tool(name="a.b"),
        "tools[0].function.name",
        "invalid_value",
        "Invalid 'tools[0].function.name': string does not match pattern. Expected a string that matches the pattern "
        "'^[a-zA-Z0-9_-]+$'.",
    ),
    (
        tool(name="f" * 65),
        "tools[0].function.name",
        "string_above_max_length",
        "Invalid 'tools[0].function.name': string too long. Expected a string with maximum length 64, but got a "
        "string with length 65 instead.",
    ),
    (
        tool(name="f", parameters={"type": "string"}),
        "tools[0].function.parameters",
        "invalid_function_parameters",
        """Invalid schema for function 'f': schema must be a JSON Schema of 'type: "object"', got 'type: "string"'.""",
    ),
    (
        tool(name="f", parameters={"type": "object"}),
        "tools[0].function.parameters",
        "invalid_function_parameters",
        "Invalid schema for function 'f': In context=(), object schema missing properties.",
    ),
    (
        tool(name="f", parameters={"type": "object", "properties": {"a": {"type": "array"}}}),
        "tools[0].function.parameters",
        "invalid_function_parameters",
        "Invalid schema for function 'f': In context=('properties', 'a'), array schema missing items.",
    ),
    (
        tool(name="f", strict=True, parameters={**CLOSED, "properties": {"a": {}}, "required": ["a"]}),
        "tools[0].function.parameters",
        "invalid_function_parameters",
        "Invalid schema for function 'f': In context=('properties', 'a'), schema must have a 'type' key.",
    ),
    (
        {"tool_choice": "auto"},
        "tool_choice",
        None,
        "Invalid value for 'tool_choice': 'tool_choice' is only allowed when 'tools' are specified.",
    ),
    # response formats
    (
        {"response_format": {"type": "json_object"}},
        "messages",
        None,
        "'messages' must contain the word 'json' in some form, to use 'response_format' of type 'json_object'.",
    ),
    (
        {"response_format": {"type": "json"}},
        "response_format.type",
        "invalid_value",
        "Invalid value: 'json'. Supported values are: 'json_object', 'json_schema', and 'text'.",
    ),
    (
        {"response_format": {"type": "json_schema", "json_schema": {"schema": {}}}},
        "response_format.json_schema.name",
        "missing_required_parameter",
        "Missing required parameter: 'response_format.json_schema.name'.",
    ),
    (
        strict_format({"type": "array"}),
        "response_format",
        "invalid_json_schema",
        """Invalid schema for response_format 'x': """
        """schema must be a JSON Schema of 'type: "object"', got 'type: "array"'.""",
    ),
    (
        strict_format(EMPTY_OBJECT),
        "response_format",
        "invalid_json_schema",
        "Invalid schema for response_format 'x': In context=(), 'additionalProperties' is required to be supplied "
        "and to be false.",
    ),
    (
        strict_format({**CLOSED, "properties": {"note": {"type": "string"}}}),
        "response_format",
        "invalid_json_schema",
        "Invalid schema for response_format 'x': In context=(), 'required' is required to be supplied and to be an "
        "array including every key in properties. Missing 'note'.",
    ),
    (
        strict_format({**CLOSED, "properties": {"a": {"allOf": []}}, "required": ["a"]}),
        "response_format",
        "invalid_json_schema",
        "Invalid schema for response_format 'x': In context=('properties', 'a'), 'allOf' is not permitted.",
    ),
]


@pytest.mark.parametrize(("change", "param", "code", "message"), REFUSED, ids=lambda value: json.dumps(value)[:60])
def test_a_chat_request_is_refused_in_openais_words(
    client: httpx.Client, change: dict[str, Any], param: str | None, code: str | None, message: str
) -> None:
    answer = client.post("/chat/completions", json={"model": "gpt-4o", "messages": USER, **change})
    assert answer.json() == {
        "error": {"message": message, "type": "invalid_request_error", "param": param, "code": code}
    }
    assert answer.status_code == 400
    assert answer.text.startswith('{\n  "error": {\n')
