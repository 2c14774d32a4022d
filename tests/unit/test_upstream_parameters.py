"""The test upstream refuses parameters as OpenAI does, in its words, one fault at a time, by family of models."""

import json
from typing import Any

import httpx
import pytest

from tests.openai_requests import ASSISTANT, CLOSED, RESULT, TOOL, USER, image, strict_format, tool

NO_REASONING_TOOLS = "Function tools with reasoning_effort are not supported for {} in /v1/chat/completions. {}"
EFFORTS = "Supported values are: 'none', 'low', 'medium', 'high', and 'xhigh'."


def unsupported(name: str) -> str:
    return f"Unsupported parameter: '{name}' is not supported with this model."


# (what differs from a plain gpt-4o request, param, code, message)
REFUSED: list[tuple[dict[str, Any], str | None, str | None, str]] = [
    # presence and unknown names
    ({"model": None}, None, None, "you must provide a model parameter"),
    ({"top_k": 1}, None, None, "Unrecognized request argument supplied: top_k"),
    ({"reasoning_effort": "low"}, None, None, "Unrecognized request argument supplied: reasoning_effort"),
    ({"model": "gpt-5", "zzz": 1}, "zzz", "unknown_parameter", "Unknown parameter: 'zzz'."),
    # types and bounds
    ({"n": "2"}, "n", "invalid_type", "Invalid type for 'n': expected an integer, but got a string instead."),
    (
        {"seed": 1.5},
        "seed",
        "invalid_type",
        "Invalid type for 'seed': expected an integer, but got a decimal number instead.",
    ),
    (
        {"tools": None},
        "tools",
        "invalid_type",
        "Invalid type for 'tools': expected an array of objects, but got null instead.",
    ),
    (
        {"n": 64},
        "n",
        "integer_above_max_value",
        "Invalid 'n': integer above maximum value. Expected a value <= 8, but got 64 instead.",
    ),
    (
        {"max_tokens": -1},
        "max_tokens",
        "integer_below_min_value",
        "Invalid 'max_tokens': integer below minimum value. Expected a value >= 1, but got -1 instead.",
    ),
    (
        {"temperature": 2.5},
        "temperature",
        "decimal_above_max_value",
        "Invalid 'temperature': decimal above maximum value. Expected a value <= 2, but got 2.5 instead.",
    ),
    (
        {"presence_penalty": -3},
        "presence_penalty",
        "decimal_below_min_value",
        "Invalid 'presence_penalty': decimal below minimum value. Expected a value >= -2, but got -3 instead.",
    ),
    (
        {"stop": ["1", "2", "3", "4", "5"]},
        "stop",
        "array_above_max_length",
        "Invalid 'stop': array too long. Expected an array with maximum length 4, but got an array with length 5 "
        "instead.",
    ),
    (
        {"stop": []},
        "stop",
        "empty_array",
        "Invalid 'stop': empty array. Expected an array with minimum length 1, but got an empty array instead.",
    ),
    (
        {"service_tier": "x"},
        "service_tier",
        "invalid_value",
        "Invalid value: 'x'. Supported values are: 'auto', 'default', 'fast', 'flex', and 'priority'.",
    ),
    (
        {"stream_options": {"include_usage": True}},
        "stream_options",
        None,
        "The 'stream_options' parameter is only allowed when 'stream' is enabled.",
    ),
    (
        {"top_logprobs": 2},
        "top_logprobs",
        None,
        "The 'top_logprobs' parameter is only allowed when 'logprobs' is enabled.",
    ),
    (
        {"max_tokens": 5, "max_completion_tokens": 5},
        "max_tokens",
        None,
        "Setting 'max_tokens' and 'max_completion_tokens' at the same time is not supported.",
    ),
    (
        {"max_tokens": 128000},
        "max_tokens",
        None,
        "max_tokens is too large: 128000. This model supports at most 16384 completion tokens, whereas you provided "
        "128000.",
    ),
    # what a family refuses
    (
        {"model": "gpt-5", "max_tokens": 5},
        "max_tokens",
        "unsupported_parameter",
        f"{unsupported('max_tokens')} Use 'max_completion_tokens' instead.",
    ),
    ({"model": "o4-mini", "stop": "x"}, "stop", "unsupported_parameter", unsupported("stop")),
    (
        {"model": "o3", "temperature": 0.7},
        "temperature",
        "unsupported_value",
        "Unsupported value: 'temperature' does not support 0.7 with this model. Only the default (1) value is "
        "supported.",
    ),
    (
        {"model": "gpt-5.1", "temperature": 0.7, "reasoning_effort": "low"},
        "temperature",
        "unsupported_value",
        "Unsupported value: 'temperature' does not support 0.7 with this model. Only the default (1) value is "
        "supported.",
    ),
    ({"model": "gpt-5-mini", "top_p": 0.5}, "top_p", "unsupported_parameter", unsupported("top_p")),
    (
        {"model": "gpt-5.6-terra", "frequency_penalty": 0.5},
        "frequency_penalty",
        "unsupported_parameter",
        unsupported("frequency_penalty"),
    ),
    ({"model": "gpt-5.6-terra", "logprobs": True}, "logprobs", "unsupported_parameter", unsupported("logprobs")),
    (
        {"model": "gpt-5.6-terra", "reasoning_effort": "minimal"},
        "reasoning_effort",
        "unsupported_value",
        f"Unsupported value: 'reasoning_effort' does not support 'minimal' with this model. {EFFORTS}",
    ),
    (
        {"model": "gpt-6-astra", "reasoning_effort": "none"},
        "reasoning_effort",
        "unsupported_value",
        "Unsupported value: 'reasoning_effort' does not support 'none' with this model. Supported values are: 'low', "
        "'medium', 'high', and 'xhigh'.",
    ),
    (
        {"model": "gpt-5.6-terra", "reasoning_effort": "none", "logprobs": True, "top_logprobs": 9},
        "top_logprobs",
        None,
        "Invalid value for 'top_logprobs': must be less than or equal to 5.",
    ),
    (
        {"verbosity": "low"},
        "verbosity",
        "unsupported_value",
        "Unsupported value: 'verbosity' does not support 'low' with this model. Supported values are: 'medium'.",
    ),
    (
        {"model": "gpt-5.6-terra", "tools": [TOOL]},
        "reasoning_effort",
        None,
        NO_REASONING_TOOLS.format(
            "gpt-5.6-terra", "To use function tools, use /v1/responses or set reasoning_effort to 'none'."
        ),
    ),
    (
        {"model": "gpt-5.4", "tools": [TOOL], "reasoning_effort": "low"},
        "reasoning_effort",
        None,
        NO_REASONING_TOOLS.format("gpt-5.4", "Please use /v1/responses instead."),
    ),
    (
        {"model": "gpt-6-astra", "tools": [TOOL]},
        "reasoning_effort",
        None,
        NO_REASONING_TOOLS.format("gpt-6-astra", "Please use /v1/responses instead."),
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


@pytest.mark.parametrize(
    "change",
    [
        {"temperature": None, "stop": None, "seed": None},
        {"temperature": 0, "max_tokens": 5, "logprobs": True, "top_logprobs": 20},
        {"model": "ft:gpt-4o-mini-2024-07-18:acme::Ab12Cd34", "max_tokens": 5},
        {"model": "gpt-5", "temperature": 1, "max_completion_tokens": 50, "tools": [TOOL]},
        {"model": "gpt-5.1", "temperature": 0.5, "tools": [TOOL]},
        {"model": "gpt-5.4", "top_p": 0.5, "tools": [TOOL]},
        {"model": "gpt-5.6-terra", "temperature": 0.5, "tools": [TOOL], "reasoning_effort": "none"},
        {
            "model": "reasoner-1",
            "messages": [*USER, {"role": "assistant", "content": "x", "reasoning_content": "y"}, *USER],
        },
        {"messages": [*USER, ASSISTANT, RESULT, *USER]},
        {"messages": [{"role": "user", "content": "json please"}], "response_format": {"type": "json_object"}},
        {"response_format": {"type": "json_schema", "json_schema": {"name": "x", "schema": {"type": "array"}}}},
        strict_format(
            {**CLOSED, "properties": {"a": {"anyOf": [{"type": "string"}, {"type": "null"}]}}, "required": ["a"]}
        ),
        tool(name="f"),
        tool(name="f", parameters={}),
        image("https://example.com/a.png"),
    ],
    ids=lambda value: json.dumps(value)[:60],
)
def test_what_openai_takes_is_taken(client: httpx.Client, change: dict[str, Any]) -> None:
    answer = client.post("/chat/completions", json={"model": "gpt-4o", "messages": USER, **change})
    assert answer.status_code == 200, answer.text


# Two faults at once: the first is reported (pairs measured at OpenAI).
@pytest.mark.parametrize(
    ("change", "part"),
    [
        ({"zzz": 1, "n": "abc"}, "Unknown parameter: 'zzz'"),
        ({"zzz": 1, "messages": []}, "Unknown parameter: 'zzz'"),
        ({"n": "abc", "stop": "x"}, "'n'"),
        ({"stop": "x", "temperature": 0.5}, "'stop'"),
        ({"stop": "x", "temperature": "hot"}, "'temperature'"),
        ({"max_tokens": 0, "temperature": -0.5, "messages": [{"role": "user", "content": None}]}, "'max_tokens'"),
        ({"verbosity": "bogus", "logprobs": True}, "'bogus'"),
    ],
)
def test_of_two_faults_the_one_is_reported_that_openai_reports(
    client: httpx.Client, change: dict[str, Any], part: str
) -> None:
    answer = client.post("/chat/completions", json={"model": "gpt-5.6-terra", "messages": USER, **change})
    assert part in answer.json()["error"]["message"]


def test_three_faults_need_three_answers_to_be_found(client: httpx.Client) -> None:
    request: dict[str, Any] = {
        "model": "gpt-5.6-terra",
        "messages": USER,
        "max_tokens": 5,
        "temperature": 0.5,
        "tools": [TOOL],
    }
    params = []
    while (answer := client.post("/chat/completions", json=request)).status_code == 400:
        params.append(answer.json()["error"]["param"])
        request.pop({"reasoning_effort": "tools"}.get(params[-1], params[-1]))
    assert params == ["max_tokens", "temperature", "reasoning_effort"]
