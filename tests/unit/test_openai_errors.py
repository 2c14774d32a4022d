import json
from typing import Any

import ollama
import pytest
from hypothesis import given
from hypothesis import strategies as st

from translators.openai_errors import MAX_MESSAGE, error_from_event, error_from_response, names_missing_model

JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner)
        | st.dictionaries(
            st.sampled_from(["error", "message", "detail", "code", "loc", "metadata", "raw", "type", "status"])
            | st.text(),
            inner,
        )
    ),
)

# body, sentence, code, param
SHAPES: dict[str, tuple[Any, str, str, str]] = {
    "OpenAI": (
        {"error": {"message": "Bad 'top_k'.", "type": "invalid_request_error", "param": "top_k", "code": "unknown"}},
        "Bad 'top_k'.",
        "unknown",
        "top_k",
    ),
    "OpenAI with nulls": ({"error": {"message": "No.", "type": "t", "param": None, "code": None}}, "No.", "", ""),
    "OpenRouter": (
        {"error": {"message": "Provider returned error", "code": 429, "metadata": {"raw": "busy, retry shortly"}}},
        "Provider returned error: busy, retry shortly",
        "429",
        "",
    ),
    "OpenRouter around a provider's JSON": (
        {"error": {"message": "Provider returned error", "metadata": {"raw": '{"error":{"message":"too long"}}'}}},
        "Provider returned error: too long",
        "",
        "",
    ),
    "OpenRouter around OpenAI": (
        {
            "error": {
                "message": "Provider returned error",
                "code": 400,
                "metadata": {"raw": '{"error":{"message":"Bad.","param":"max_tokens","code":"unsupported_parameter"}}'},
            },
            "user_id": "u",
        },
        "Provider returned error: Bad.",
        "unsupported_parameter",
        "max_tokens",
    ),
    "OpenRouter without credits": (
        {"error": {"message": "Insufficient credits", "code": 402, "metadata": {"provider_name": None}}},
        "Insufficient credits",
        "402",
        "",
    ),
    "OpenRouter around a web page": (
        {"error": {"message": "Provider returned error", "metadata": {"raw": "<html>502</html>"}}},
        "Provider returned error",
        "",
        "",
    ),
    "Azure": ({"error": {"code": "DeploymentNotFound", "message": "No such."}}, "No such.", "DeploymentNotFound", ""),
    "Azure, 401": ({"error": {"code": "401", "message": "Access denied."}}, "Access denied.", "401", ""),
    "Azure's filter": (
        {
            "error": {
                "message": "The response was filtered.",
                "type": None,
                "param": "prompt",
                "code": "content_filter",
                "status": 400,
                "innererror": {"code": "ResponsibleAIPolicyViolation", "content_filter_result": {"hate": {}}},
            }
        },
        "The response was filtered.",
        "content_filter",
        "prompt",
    ),
    "Azure gateway": ({"statusCode": 401, "message": "Access denied."}, "Access denied.", "", ""),
    "Mistral text": ({"detail": "Invalid API Key"}, "Invalid API Key", "", ""),
    "Mistral object": (
        {"object": "error", "message": {"detail": [{"loc": ["body", "seed"], "msg": "Extra inputs"}]}, "code": 1},
        "body.seed: Extra inputs",
        "1",
        "",
    ),
    "FastAPI": (
        {
            "detail": [
                {"loc": ["body", "messages", 0], "msg": "Field required"},
                {"loc": ["body", "n"], "msg": "Too big"},
            ]
        },
        "body.messages.0: Field required; body.n: Too big",
        "",
        "",
    ),
    "xAI": ({"code": "invalid-argument", "error": "Unknown model"}, "Unknown model", "invalid-argument", ""),
    "DeepSeek": (
        {"error": {"message": "Too long", "type": "t", "param": None, "code": "invalid_request_error"}},
        "Too long",
        "invalid_request_error",
        "",
    ),
    "Perplexity": ({"error": {"message": "Bad", "type": "bad_request", "code": 400}}, "Bad", "400", ""),
    "vLLM": (
        {"error": {"message": "Bad", "type": "BadRequestError", "param": "top_k", "code": 400}},
        "Bad",
        "400",
        "top_k",
    ),
    "Ollama, hosted": (
        {"error": {"message": "Bad", "type": "api_error", "param": None, "code": None}},
        "Bad",
        "",
        "",
    ),
    "MiniMax": ({"base_resp": {"status_code": 1004, "status_msg": "login fail"}}, "login fail", "", ""),
    "vLLM, older": (
        {"object": "error", "message": "Too long", "type": "BadRequestError", "code": 400},
        "Too long",
        "400",
        "",
    ),
    "LM Studio": ({"error": "'messages' field is required"}, "'messages' field is required", "", ""),
    "llama.cpp": (
        {"error": {"code": 400, "message": "exceeds", "type": "exceed_context_size_error"}},
        "exceeds",
        "400",
        "",
    ),
    "Gemini": (
        [{"error": {"code": 400, "message": "Unknown name", "status": "INVALID_ARGUMENT"}}],
        "Unknown name",
        "400",
        "",
    ),
    "Groq": (
        {
            "error": {
                "message": "Failed. See 'failed_generation'.",
                "failed_generation": "{x",
                "code": "tool_use_failed",
            }
        },
        "Failed. See 'failed_generation'. (failed_generation: {x)",
        "tool_use_failed",
        "",
    ),
    "OAuth": ({"error": "invalid_token", "error_description": "The token expired"}, "The token expired", "", ""),
    "Cloudflare": ({"success": False, "errors": [{"code": 7009, "message": "No route"}]}, "No route", "", ""),
    "a list of texts": ({"error": ["first", "second"]}, "first; second", "", ""),
    "a bare JSON text": ("Unauthorized", "Unauthorized", "", ""),
    "an inner body as text": (
        {"error": '{"error":{"message":"inner","code":"c","param":"p"}}', "code": 500},
        *("inner", "c", "p"),
    ),
    "a word outside and a number inside": (
        {"code": "bad_thing", "error": {"message": "m", "code": 400}},
        "m",
        "bad_thing",
        "",
    ),
}


@pytest.mark.parametrize(("body", "sentence", "code", "param"), SHAPES.values(), ids=SHAPES)
def test_the_sentence_the_code_and_the_param_are_found(body: Any, sentence: str, code: str, param: str) -> None:
    error = error_from_response(400, "application/json", json.dumps(body).encode(), None)
    assert (error.message, error.code, error.param) == (sentence, code, param)


@pytest.mark.parametrize(
    ("status", "content_type", "body", "message"),
    [
        (502, "text/html", b"<html><h1>Bad Gateway</h1>", "the upstream answered 502 Bad Gateway without a message"),
        (502, "", b"\n <!DOCTYPE html><p>x", "the upstream answered 502 Bad Gateway without a message"),
        (500, "text/html; charset=utf-8", b"Oops", "the upstream answered 500 Internal Server Error without a message"),
        (401, "", b"", "the upstream answered 401 Unauthorized without a message"),
        (404, "application/json", b"{}", "the upstream answered 404 Not Found without a message"),
        (404, "application/json", b"null", "the upstream answered 404 Not Found without a message"),
        (520, "text/html", b"", "the upstream answered 520 without a message"),
        (400, "application/json", b'{"reason":"x"}', 'the upstream answered 400 Bad Request: {"reason": "x"}'),
        (503, "text/plain", b"no healthy upstream\n", "no healthy upstream"),
        (500, "text/plain", b"{not json", "{not json"),
        (400, "application/json", b'{"error":{"message":"a\xff"}}', "a\ufffd"),
    ],
)
def test_a_body_without_a_sentence_gets_one_that_names_the_status(
    status: int, content_type: str, body: bytes, message: str
) -> None:
    assert error_from_response(status, content_type, body, None).message == message


def test_a_very_long_sentence_is_cut() -> None:
    body = json.dumps({"error": {"message": "x" * 100_000}}).encode()
    assert error_from_response(400, "", body, None).message == "x" * MAX_MESSAGE + "…"
    assert error_from_response(400, "", b"y" * 100_000, None).message == "y" * MAX_MESSAGE + "…"


@pytest.mark.parametrize(("status", "kept"), [(400, 400), (429, 429), (599, 599), (304, 502), (200, 502)])
def test_the_status_of_a_response_is_kept_when_it_is_an_error(status: int, kept: int) -> None:
    assert error_from_response(status, "", b'{"error":{"code":418}}', None).status == kept


def test_the_time_to_wait_is_passed_on() -> None:
    assert error_from_response(429, "", b"", "20").retry_after == "20"


@pytest.mark.parametrize(
    ("error", "status"),
    [
        ({"code": 429}, 429),
        ({"code": "402"}, 402),
        ({"code": "tool_use_failed", "status_code": 400}, 400),
        ({"status": 503}, 503),
        ({"code": 200, "type": "server_error"}, 500),
        ({"code": 99999}, 500),
        ({"code": "rate_limit_exceeded", "type": "requests"}, 429),
        ({"type": "rate_limit_error"}, 429),
        ({"type": "insufficient_quota"}, 429),
        ({"type": "invalid_request_error"}, 400),
        ({"type": "invalid_request_error", "code": "invalid_api_key"}, 401),
        ({"type": "invalid_request_error", "code": "model_not_found"}, 404),
        ({"type": "authentication_error"}, 401),
        ({"type": "permission_error"}, 403),
        ({"type": "not_found_error"}, 404),
        ({"type": "overloaded_error"}, 503),
        ({"type": "BadRequestError"}, 400),
        ({"status": "RESOURCE_EXHAUSTED"}, 429),
        ({"type": "server_error"}, 500),
        ({}, 500),
    ],
)
def test_an_error_inside_a_success_takes_the_status_that_it_names(error: dict[str, Any], status: int) -> None:
    found = error_from_event({"error": {"message": "m", **error}})
    assert found is not None
    assert (found.status, found.message) == (status, "m")


@pytest.mark.parametrize(
    ("payload", "event", "message"),
    [
        ({"error": "text"}, "", "text"),
        ({"object": "error", "message": "old vLLM"}, "", "old vLLM"),
        ({"type": "error", "code": "server_error", "message": "Responses"}, "", "Responses"),
        ([{"error": {"message": "Gemini"}}], "", "Gemini"),
        ({"message": "by name"}, "error", "by name"),
        ("plain", "error", "plain"),
        ({}, "error", "the upstream reported an error without a message"),
        ({"error": True}, "", 'the upstream reported an error: {"error": true}'),
        ({"error": "0"}, "", "the upstream reported an error: 0"),  # the `ollama` package fails over JSON in a sentence
        ({"error": '"no"'}, "", 'the upstream reported an error: "no"'),
        ({"error": "[" * 1500}, "", "the upstream reported an error: " + "[" * 1500),
        ({"error": '{"a":1}'}, "", '{"a":1}'),
    ],
)
def test_an_error_in_a_stream_is_known_by_its_mark_or_its_name(payload: Any, event: str, message: str) -> None:
    found = error_from_event(payload, event)
    assert found is not None
    assert found.message == message


@pytest.mark.parametrize(
    "payload",
    [
        {"choices": []},
        {"error": None},
        {"error": ""},
        {"error": {}},
        {"object": "chat.completion.chunk"},
        [],
        [1],
        None,
    ],
)
def test_what_holds_no_error_is_none(payload: Any) -> None:
    assert error_from_event(payload) is None


@given(st.integers(0, 999), st.sampled_from(["", "text/html", "application/json"]), st.binary())
def test_any_bytes_make_an_error(status: int, content_type: str, body: bytes) -> None:
    error = error_from_response(status, content_type, body, None)
    assert 400 <= error.status <= 599
    assert error.message.strip()


@given(JSON_VALUES)
def test_the_ollama_package_can_tell_any_error(payload: Any) -> None:
    error = error_from_event(payload, "error")
    assert error is not None
    assert str(ollama.ResponseError(error.message))


@given(JSON_VALUES)
def test_any_json_makes_an_error(payload: Any) -> None:
    assert error_from_response(500, "application/json", json.dumps(payload).encode(), None).message
    error = error_from_event(payload, "error")
    assert error is not None
    assert 400 <= error.status <= 599


@pytest.mark.parametrize("key", ["error", "message", "detail"])
def test_a_body_nested_very_deep_makes_an_error(key: str) -> None:
    body = f'{{"{key}":'.encode() * 1000 + b"1" + b"}" * 1000
    assert error_from_response(500, "", body, None).message.startswith("the upstream answered 500")


@pytest.mark.parametrize(
    ("status", "body", "missing"),
    [
        (
            404,
            {"error": {"message": "The model `x` does not exist or", "code": "model_not_found"}},
            1,
        ),
        (404, {"object": "error", "message": "The model `x` does not exist.", "type": "NotFoundError", "code": 404}, 1),
        (404, {"error": {"code": "DeploymentNotFound", "message": "The API deployment does not exist."}}, 1),
        (404, {"error": "model 'x' not found"}, 1),
        (404, {"error": {"message": "This is not a chat model. Did you mean to use v1/completions?", "code": None}}, 0),
        (404, {"detail": "Not Found"}, 0),
        (400, {"error": {"message": "The model `x` does not exist", "code": "model_not_found"}}, 0),
    ],
)
def test_a_missing_model_is_told_from_other_404s(status: int, body: object, missing: int) -> None:
    error = error_from_response(status, "application/json", json.dumps(body).encode(), None)
    assert names_missing_model(error) is bool(missing)
