"""The test upstream plays every family of OpenAI's models: what each takes, refuses, and where it is served."""

from typing import Any

import httpx
import pytest

from tests.openai_requests import TOOL, USER, image
from tests.upstream.models import MODELS, UNLISTED

PIXEL = "data:image/png;base64,iVBORw0KGgo="
SCHEMA = {"type": "json_schema", "json_schema": {"name": "x", "schema": {"type": "object"}}}
CHAT_MODELS = [
    name for name, model in (MODELS | UNLISTED).items() if "chat" in model.serves and not name.startswith("compat-")
]
NOTHING: frozenset[str] = frozenset()
OLD = frozenset({"reasoning_effort"})
SAMPLING = frozenset({"temperature", "top_p", "logprobs"})
REASONER = frozenset({"max_tokens", "stop"})
NO_PICTURES = frozenset({"image", "schema"})
RESPONSES_ONLY = "This model is only supported in v1/responses and not in v1/chat/completions."

# one request for each thing that a family may refuse
PROBES: dict[str, dict[str, Any]] = {
    "max_tokens": {"max_tokens": 50},
    "temperature": {"temperature": 0.5},
    "top_p": {"top_p": 0.5},
    "stop": {"stop": "x"},
    "seed": {"seed": 1},
    "logprobs": {"logprobs": True},
    "reasoning_effort": {"reasoning_effort": "low"},
    "max": {"reasoning_effort": "max"},
    "tools": {"tools": [TOOL]},
    "tools and effort": {"tools": [TOOL], "reasoning_effort": "low"},
    "system": {"messages": [{"role": "system", "content": "x"}, *USER]},
    "image": image(PIXEL),
    "schema": {"response_format": SCHEMA},
}

# model -> what it refuses on Chat Completions beside effort max, which all of them refuse
REFUSED: dict[str, frozenset[str]] = {
    "gpt-3.5-turbo": OLD | NO_PICTURES | {"tools and effort"},
    "gpt-4": OLD | NO_PICTURES | {"tools and effort"},
    "gpt-4o": OLD | {"tools and effort"},
    "gpt-4.1": OLD | {"tools and effort"},
    "gpt-5-chat-latest": OLD | {"tools and effort"},
    "gpt-4o-search-preview": OLD | {"temperature", "top_p", "tools", "tools and effort", "image"},
    "o1-mini": OLD | REASONER | SAMPLING | NO_PICTURES | {"tools", "tools and effort", "system"},
    "o1": REASONER | SAMPLING,
    "o3-mini": REASONER | SAMPLING | {"image"},
    "o4-mini": REASONER | SAMPLING,
    "gpt-5-nano": REASONER | SAMPLING,
    "gpt-5.1": REASONER,
    "gpt-5.2": REASONER,
    "gpt-5.3": REASONER,
    "gpt-5.2-chat-latest": REASONER | SAMPLING | {"reasoning_effort", "tools and effort"},
    "gpt-5.4-mini": REASONER | {"tools and effort"},
    "gpt-5.5": REASONER | SAMPLING | {"tools", "tools and effort"},
    "gpt-5.6-sol": REASONER | SAMPLING | {"tools", "tools and effort"},
    "gpt-6-luna": REASONER | SAMPLING | {"tools", "tools and effort"},
    "gpt-6.1-terra": REASONER | SAMPLING | {"tools", "tools and effort"},
    "gpt-6-astra": REASONER | SAMPLING | {"tools", "tools and effort"},
    "gpt-6.1-sol": REASONER | SAMPLING | {"tools", "tools and effort"},
    "novel-1": REASONER | SAMPLING | {"tools", "tools and effort"},
}


def ask(client: httpx.Client, model: str, **more: Any) -> httpx.Response:
    return client.post("/chat/completions", json={"model": model, "messages": USER, **more})


@pytest.mark.parametrize("model", REFUSED)
def test_each_family_refuses_what_it_is_known_to_refuse_and_takes_the_rest(client: httpx.Client, model: str) -> None:
    refused = {name for name, probe in PROBES.items() if ask(client, model, **probe).status_code != 200}
    assert refused == REFUSED[model] | {"max"}


@pytest.mark.parametrize("model", CHAT_MODELS)
def test_every_model_answers_a_plain_question(client: httpx.Client, model: str) -> None:
    assert ask(client, model).json()["choices"][0]["message"]["content"] == "You said: hi"


@pytest.mark.parametrize("model", ["gpt-5.1", "gpt-5.4", "gpt-5.5", "gpt-5.6-terra", "gpt-6-sol", "novel-1"])
def test_without_reasoning_the_newer_families_take_sampling_and_tools(client: httpx.Client, model: str) -> None:
    sampling = {"temperature": 0.5, "top_p": 0.5, "logprobs": True, "top_logprobs": 5}
    assert ask(client, model, reasoning_effort="none", tools=[TOOL], **sampling).status_code == 200


@pytest.mark.parametrize(
    ("model", "more", "status", "param", "message"),
    [
        (
            "o1-mini",
            {"messages": [{"role": "developer", "content": "x"}, *USER]},
            400,
            "messages[0].role",
            "Unsupported value: 'messages[0].role' does not support 'developer' with this model.",
        ),
        ("o1-mini", {"tools": [TOOL]}, 404, None, "tools is not supported in this model. For a list of supported"),
        (
            "gpt-4o-search-preview",
            {"top_p": 1, "temperature": 0},
            400,
            None,
            "Model incompatible request arguments supplied: temperature, top_p",
        ),
        (
            "gpt-4o-search-preview",
            {"temperature": 0},
            400,
            None,
            "Model incompatible request argument supplied: temperature",
        ),
        (
            "gpt-4",
            image(PIXEL),
            400,
            "messages.[0].content.[0].type",
            "Invalid content type. image_url is only supported by certain models.",
        ),
        (
            "gpt-3.5-turbo",
            {"response_format": SCHEMA},
            400,
            "response_format",
            "Invalid parameter: 'response_format' of type 'json_schema' is not supported with this model.",
        ),
        ("gpt-5-pro", {}, 404, "model", RESPONSES_ONLY),
        ("gpt-5.4-pro-2026-03-05", {}, 404, "model", RESPONSES_ONLY),
        ("o3-deep-research", {}, 404, "model", RESPONSES_ONLY),
        ("novel-responses-1", {}, 404, "model", RESPONSES_ONLY),
        (
            "gpt-5.1-codex",
            {},
            404,
            "model",
            "This is not a chat model and thus not supported in the v1/chat/completions endpoint. Did you mean to use "
            "v1/responses?",
        ),
        ("davinci-002", {}, 404, "model", "This is not a chat model"),
    ],
)
def test_a_family_refuses_in_openais_words(
    client: httpx.Client, model: str, more: dict[str, Any], status: int, param: str | None, message: str
) -> None:
    answer = ask(client, model, **more)
    error = answer.json()["error"]
    assert (answer.status_code, error["param"]) == (status, param)
    assert error["message"].startswith(message)


@pytest.mark.parametrize(
    ("model", "listed"),
    [
        ("gpt-5.4-2026-03-05", True),
        ("gpt-4-0613", True),
        ("ft:o4-mini-2025-04-16:acme::Ab12Cd34", True),
        ("ft:gpt-4.1:acme::x", True),
        ("gpt-7", False),
        ("gpt-5.4-2026-3-5", False),
        ("ft:gpt-7:acme::x", False),
    ],
)
def test_snapshots_and_tunings_of_a_model_exist(client: httpx.Client, model: str, listed: bool) -> None:
    assert (client.get(f"/models/{model}").status_code == 200) == listed
    assert (ask(client, model).status_code == 200) == listed


def test_a_tuned_model_is_of_its_bases_family(client: httpx.Client) -> None:
    assert ask(client, "ft:o4-mini-2025-04-16:acme::x", max_tokens=5).json()["error"]["param"] == "max_tokens"


def test_a_prompt_that_names_a_tool_twice_gets_two_calls(client: httpx.Client) -> None:
    city = {"type": "object", "properties": {"city": {"type": "string"}}}
    tools = [{"type": "function", "function": {"name": name, "parameters": city}} for name in ("clock", "weather")]
    messages = [{"role": "user", "content": "weather in Oslo, clock of Rome and weather in Bergen"}]
    wanted = [
        {"name": "weather", "arguments": '{"city": "Oslo"}'},
        {"name": "clock", "arguments": '{"city": "Rome"}'},
        {"name": "weather", "arguments": '{"city": "Bergen"}'},
    ]
    for more, count in (({}, 3), ({"parallel_tool_calls": False}, 1)):
        answer = ask(client, "gpt-4o", messages=messages, tools=tools, **more)
        calls = answer.json()["choices"][0]["message"]["tool_calls"]
        assert [call["function"] for call in calls] == wanted[:count]
        assert len({call["id"] for call in calls}) == count


STRICT = {"type": "object", "additionalProperties": False, "required": ["a"]}


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ({"type": "string", "default": "x"}, "'default' is not permitted."),
        ({"type": "string", "minLength": 1}, "'minLength' is not permitted."),
        ({"type": "array", "items": {"type": "string"}, "uniqueItems": True}, "'uniqueItems' is not permitted."),
        ({"oneOf": []}, "'oneOf' is not permitted."),
        ({"type": "string", "format": "uri"}, "'uri' is not a valid format."),
        ({"$ref": "#/$defs/b", "description": "x"}, "$ref cannot have keywords {'description'}."),
        ({"type": "object", "properties": {}}, "'additionalProperties' is required to be supplied and to be false."),
    ],
)
def test_a_strict_schema_may_not_say_everything(client: httpx.Client, value: Any, problem: str) -> None:
    form = {"name": "x", "strict": True, "schema": {**STRICT, "properties": {"a": value}}}
    error = ask(client, "gpt-4o", response_format={"type": "json_schema", "json_schema": form}).json()["error"]
    assert (error["param"], error["code"]) == ("response_format", "invalid_json_schema")
    assert error["message"] == f"Invalid schema for response_format 'x': In context=('properties', 'a'), {problem}"


@pytest.mark.parametrize(
    ("schema", "problem"),
    [
        (
            {**STRICT, "properties": {"a": {"type": "null"}}, "anyOf": []},
            "schema must have type 'object' and not have 'oneOf'/'anyOf'/'allOf'/'enum'/'not' at the top level.",
        ),
        (
            {**STRICT, "properties": {"a": {"enum": [f"{n:060}" for n in range(251)]}}},
            "schema has 15060 characters in an enum of more than 250 values, which is more than the 15000 allowed.",
        ),
    ],
)
def test_a_strict_schema_has_limits(client: httpx.Client, schema: Any, problem: str) -> None:
    form = {"name": "x", "strict": True, "schema": schema}
    error = ask(client, "gpt-4o", response_format={"type": "json_schema", "json_schema": form}).json()["error"]
    assert error["message"] == f"Invalid schema for response_format 'x': {problem}"
