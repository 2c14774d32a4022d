"""The test upstream plays compatible servers: each refuses in its own words and form, and answers in its own way."""

import json
from typing import Any

import httpx
import pytest

from tests.openai_requests import TOOL, USER
from tests.upstream.compat import HABITS
from tests.upstream.seals import seal

CALL = {"id": "call_1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
RESULT = {"role": "tool", "tool_call_id": "call_1", "content": "ok"}
SCHEMA = {"type": "json_schema", "json_schema": {"name": "x", "schema": {"type": "object"}}}
JSON_MODE = {"type": "json_object"}
JSON_USER = [{"role": "user", "content": "json please"}]
TOOLS = [{"type": "function", "function": {"name": name}} for name in ("clock", "weather")]


def ask(client: httpx.Client, server: str, **more: Any) -> httpx.Response:
    return client.post("/chat/completions", json={"model": f"compat-{server}", "messages": USER, **more})


def turn(call: Any = CALL, **more: Any) -> dict[str, Any]:
    """A conversation in which a tool was called."""
    assistant = {"role": "assistant", "content": None, "tool_calls": [call], **more}
    return {"messages": [*USER, assistant, {**RESULT, "tool_call_id": call["id"]}]}


def signed(signature: str) -> dict[str, Any]:
    return {**CALL, "extra_content": {"google": {"thought_signature": signature}}}


def unknown_to_gemini(name: str) -> str:
    return f'Invalid JSON payload received. Unknown name "{name}": Cannot find field.'


def message(text: str, **more: Any) -> dict[str, Any]:
    return {"error": {"message": text, "type": "invalid_request_error", **more}}


DEEPSEEK = {"param": None, "code": "invalid_request_error"}
MISTRAL_EXTRA = {"type": "extra_forbidden", "msg": "Extra inputs are not permitted"}

# (server, what is asked of it, status, the whole error)
REFUSED: list[tuple[str, dict[str, Any], int, Any]] = [
    (
        "lmstudio",
        {"response_format": JSON_MODE},
        400,
        {"error": "'response_format.type' must be 'json_schema' or 'text'"},
    ),
    (
        "lmstudio",
        {"tools": [TOOL], "tool_choice": {"type": "function", "function": {"name": "f"}}},
        400,
        {"error": "Invalid tool_choice type: 'object'. Supported string values: none, auto, required"},
    ),
    (
        "mistral",
        {"seed": 1, "max_completion_tokens": 5},
        422,
        {
            "detail": [
                {**MISTRAL_EXTRA, "loc": ["body", "seed"], "input": 1},
                {**MISTRAL_EXTRA, "loc": ["body", "max_completion_tokens"], "input": 5},
            ]
        },
    ),
    (
        "mistral",
        turn(),
        400,
        {
            "object": "error",
            "message": "Tool call id was call_1 but must be a-z, A-Z, 0-9, with a length of 9.",
            "type": "invalid_function_call",
            "param": None,
            "code": "3280",
        },
    ),
    ("groq", {"min_p": 0.1}, 400, message("property 'min_p' is unsupported")),
    ("groq", {"logprobs": True, "min_p": 0.1}, 400, message("property 'logprobs' is unsupported")),
    (
        "groq",
        turn(reasoning_content="x"),
        400,
        message(
            "'messages.1' : for 'role:assistant' the following must be satisfied"
            "[('messages.1' : property 'reasoning_content' is unsupported)]"
        ),
    ),
    (
        "gemini",
        {"seed": 1, "top_k": 2},
        400,
        [
            {
                "error": {
                    "code": 400,
                    "message": f"{unknown_to_gemini('seed')}\n{unknown_to_gemini('top_k')}",
                    "status": "INVALID_ARGUMENT",
                    "details": [
                        {
                            "@type": "type.googleapis.com/google.rpc.BadRequest",
                            "fieldViolations": [
                                {"description": unknown_to_gemini("seed")},
                                {"description": unknown_to_gemini("top_k")},
                            ],
                        }
                    ],
                }
            }
        ],
    ),
    (
        "gemini",
        turn(signed("forged")),
        400,
        [{"error": {"code": 400, "message": "Thought signature is not valid.", "status": "INVALID_ARGUMENT"}}],
    ),
    (
        "deepseek",
        turn(),
        400,
        message(
            "Missing `reasoning_content` field in the assistant message at message index 1. For more information, "
            "please refer to https://api-docs.deepseek.com/guides/thinking_mode#tool-calls",
            **DEEPSEEK,
        ),
    ),
    ("deepseek", {"response_format": SCHEMA}, 400, message("This response_format type is unavailable now", **DEEPSEEK)),
    (
        "vllm",
        {"messages": [{"role": "system", "content": "a"}, {"role": "system", "content": "b"}, *USER]},
        400,
        {
            "object": "error",
            "message": "System message must be at the beginning.",
            "type": "BadRequestError",
            "param": None,
            "code": 400,
        },
    ),
    (
        "xai",
        {"stop": "x"},
        400,
        {"code": "invalid-argument", "error": "Model compat-xai does not support parameter stop."},
    ),
    (
        "xai",
        {"presence_penalty": 0},
        400,
        {"code": "invalid-argument", "error": "Model compat-xai does not support parameter presencePenalty."},
    ),
    ("nojson", {"response_format": JSON_MODE}, 400, message("response_format is not supported by this model")),
]


@pytest.mark.parametrize(("server", "more", "status", "error"), REFUSED, ids=lambda value: str(value)[:40])
def test_a_compatible_server_refuses_in_its_own_form(
    client: httpx.Client, server: str, more: dict[str, Any], status: int, error: Any
) -> None:
    answer = ask(client, server, **more)
    assert (answer.status_code, answer.json()) == (status, error)


def test_gemini_wants_the_signature_of_a_call_back(client: httpx.Client) -> None:
    (only,) = ask(client, "gemini", **turn()).json()
    start = "Function call is missing a thought_signature in functionCall parts."
    assert only["error"]["message"].startswith(start)
    assert "`default_api:f` , position 2." in only["error"]["message"]


@pytest.mark.parametrize(
    ("server", "more"),
    [
        ("lmstudio", {"response_format": SCHEMA, "top_k": 1, "seed": 1}),
        ("mistral", {"max_tokens": 5, "stop": "x", **turn({**CALL, "id": "abcDEF123"})}),
        ("groq", {"reasoning_effort": "low", "seed": 1}),
        ("gemini", {"max_tokens": 5, "stop": "x", **turn(signed(seal("x")))}),
        ("deepseek", {"response_format": JSON_MODE, "messages": JSON_USER, "thinking": {"type": "enabled"}}),
        ("deepseek", turn(reasoning_content="")),
        ("vllm", {"messages": [{"role": "system", "content": "a"}, *USER], "min_p": 0.1, "top_k": 1}),
        ("xai", {"max_completion_tokens": 5, "response_format": SCHEMA}),
        ("think", {"response_format": JSON_MODE, "messages": JSON_USER}),
        ("nojson", {"temperature": 1.5}),
    ],
)
def test_a_compatible_server_takes_the_rest(client: httpx.Client, server: str, more: dict[str, Any]) -> None:
    answer = ask(client, server, **more)
    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize("server", HABITS)
@pytest.mark.parametrize("stream", [False, True])
def test_every_compatible_server_answers(client: httpx.Client, server: str, stream: bool) -> None:
    answer = client.post("/chat/completions", json={"model": server, "messages": USER, "stream": stream})
    assert "You" in answer.text
    assert answer.status_code == 200


def test_a_parameter_that_a_server_does_not_know_has_no_effect(client: httpx.Client) -> None:
    texts = [
        ask(client, server, max_completion_tokens=1).json()["choices"][0]["message"]["content"]
        for server in ("vllm", "deepseek", "xai")
    ]
    assert texts == ["You said: hi", "You said: hi", "You"]


def test_deepseek_shows_its_reasoning(client: httpx.Client) -> None:
    said = ask(client, "deepseek", tools=TOOLS, messages=[{"role": "user", "content": "clock"}]).json()
    assert said["choices"][0]["message"]["reasoning_content"] == "The user wrote 1 words. I answer them."
    assert said["choices"][0]["message"]["tool_calls"]


def test_thoughts_can_stand_in_the_content(client: httpx.Client) -> None:
    whole = ask(client, "think").json()["choices"][0]["message"]["content"]
    assert whole == "<think>\nThe user wants an answer.\n</think>\n\nYou said: hi"


def choices(answer: httpx.Response) -> list[Any]:
    events = [event.removeprefix("data: ") for event in answer.text.split("\n\n")]
    chunks = [json.loads(event) for event in events if event and event != "[DONE]"]
    return [chunk["choices"][0] for chunk in chunks]


def test_mistral_makes_short_ids_and_says_all_in_one_chunk(client: httpx.Client) -> None:
    asked = {"tools": TOOLS, "messages": [{"role": "user", "content": "clock weather"}]}
    (only,) = choices(ask(client, "mistral", stream=True, **asked))
    ids = [call["id"] for call in only["delta"]["tool_calls"]]
    assert all(len(each) == 9 and each.isalnum() for each in ids)
    assert len(set(ids)) == 2
    assert only["finish_reason"] == "tool_calls"


def test_gemini_makes_no_ids_and_signs_the_first_call(client: httpx.Client) -> None:
    asked: dict[str, Any] = {"tools": TOOLS, "messages": [{"role": "user", "content": "clock weather"}]}
    whole = ask(client, "gemini", **asked).json()["choices"][0]["message"]["tool_calls"]
    streamed = [
        call
        for choice in choices(ask(client, "gemini", stream=True, **asked))
        for call in choice["delta"].get("tool_calls", ())
    ]
    assert streamed == whole
    assert [(call["id"], "index" in call, "extra_content" in call) for call in whole] == [
        ("", False, True),
        ("", False, False),
    ]
    back = [{**call, "id": f"made_{position}"} for position, call in enumerate(whole)]
    results = [{**RESULT, "tool_call_id": call["id"]} for call in back]
    assistant = {"role": "assistant", "content": None, "tool_calls": back}
    answer = ask(client, "gemini", tools=TOOLS, messages=[*asked["messages"], assistant, *results])
    assert "clock() [made_0] said ok; weather() [made_1] said ok." in answer.text


def test_a_server_may_know_legacy_completions_only(client: httpx.Client) -> None:
    assert client.post("/completions", json={"model": "compat-completions", "prompt": "a"}).status_code == 200
    refused = ask(client, "completions")
    assert (refused.status_code, "Did you mean to use v1/completions?" in refused.text) == (404, True)
