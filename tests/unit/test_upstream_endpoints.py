"""The test upstream knows its endpoints, models, keys and limits, and refuses in OpenAI's words."""

from typing import Any

import httpx
import pytest

USER = [{"role": "user", "content": "hi"}]
NOT_JSON = (
    "We could not parse the JSON body of your request. (HINT: This likely means you aren't using your HTTP library "
    "correctly. The OpenAI API expects a JSON payload, but what was sent was not valid JSON. If you have trouble "
    "figuring out how to fix this, please contact us through our help center at help.openai.com.)"
)


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "code", "message"),
    [
        (
            "POST",
            "/chat/completions",
            {"model": "x", "messages": USER},
            404,
            "model_not_found",
            "The model `x` does not exist or you do not have access to it.",
        ),
        (
            "POST",
            "/chat/completions",
            {"model": "whisper-1", "messages": USER},
            404,
            None,
            "This is not a chat model and thus not supported in the v1/chat/completions endpoint. Did you mean to "
            "use v1/completions?",
        ),
        (
            "POST",
            "/completions",
            {"model": "gpt-4o", "prompt": "x"},
            404,
            None,
            "This is a chat model and not supported in the v1/completions endpoint. Did you mean to use "
            "v1/chat/completions?",
        ),
        (
            "POST",
            "/embeddings",
            {"model": "gpt-4o", "input": "x"},
            403,
            None,
            "You are not allowed to generate embeddings from this model",
        ),
        (
            "POST",
            "/chat/completions",
            {"model": "gpt-5", "messages": USER, "logprobs": True},
            403,
            None,
            "You are not allowed to request logprobs from this model",
        ),
        (
            "POST",
            "/chat/completions",
            {"model": "gpt-4o"},
            400,
            "missing_required_parameter",
            "Missing required parameter: 'messages'.",
        ),
        (
            "POST",
            "/completions",
            {"model": "gpt-3.5-turbo-instruct", "prompt": "", "max_tokens": -1},
            400,
            "integer_below_min_value",
            "Invalid 'max_tokens': integer below minimum value. Expected a value >= 0, but got -1 instead.",
        ),
        (
            "POST",
            "/embeddings",
            {"model": "text-embedding-3-small", "input": ""},
            400,
            None,
            "'$.input' is invalid. Please check the API reference: https://platform.openai.com/docs/api-reference.",
        ),
        (
            "POST",
            "/embeddings",
            {"model": "text-embedding-3-small", "input": "x", "dimensions": -1},
            400,
            None,
            "-1 is less than the minimum of 1 - 'dimensions'",
        ),
        (
            "POST",
            "/embeddings",
            {"model": "text-embedding-3-small", "input": ["x"] * 2049},
            400,
            "array_above_max_length",
            "Invalid 'input': array too long. Expected an array with maximum length 2048, but got an array with "
            "length 2049 instead.",
        ),
        (
            "POST",
            "/embeddings",
            {"model": "text-embedding-3-small", "input": "x " * 8193},
            400,
            None,
            "Invalid 'input[0]': maximum input length is 8192 tokens.",
        ),
        ("GET", "/chat/completions", None, 405, "method_not_supported", "Only POST requests are accepted."),
        ("POST", "/nowhere", {}, 404, None, "Invalid URL (POST /v1/nowhere)"),
    ],
)
def test_every_endpoint_refuses_in_openais_words(
    client: httpx.Client, method: str, path: str, body: Any, status: int, code: str | None, message: str
) -> None:
    answer = client.request(method, path, json=body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert answer.json()["error"]["message"] == message


@pytest.mark.parametrize(
    ("model", "words", "start"),
    [
        (
            "gpt-4o",
            128_001,
            "This model's maximum context length is 128000 tokens. However, your messages resulted in 128001",
        ),
        (
            "gpt-5",
            272_001,
            "Input tokens exceed the configured limit of 272000 tokens. Your messages resulted in 272001 tokens.",
        ),
    ],
)
def test_a_prompt_longer_than_the_window_is_refused(client: httpx.Client, model: str, words: int, start: str) -> None:
    messages = [{"role": "user", "content": "a " * (words - 1) + "b"}]
    error = client.post("/chat/completions", json={"model": model, "messages": messages}).json()["error"]
    assert (error["code"], error["param"]) == ("context_length_exceeded", "messages")
    assert error["message"].startswith(start)


@pytest.mark.parametrize(
    ("key", "code", "start"),
    [
        ("Bearer bad-key", "invalid_api_key", "Incorrect API key provided: bad-key. You can find"),
        ("Bearer bad-key-012345678-test", "invalid_api_key", "Incorrect API key provided: bad-key-**********test. You"),
        ("Basic x", None, "You didn't provide an API key."),
        ("", None, "You didn't provide an API key."),
    ],
)
def test_a_bad_or_missing_key_is_401(client: httpx.Client, key: str, code: str | None, start: str) -> None:
    answer = client.get("/models", headers={"authorization": key})
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, code)
    assert answer.json()["error"]["message"].startswith(start)


@pytest.mark.parametrize(
    "value",
    [b"NaN", b'"\\ud83d"', b'"\xff"', b"1,"],
    ids=["NaN", "a lone surrogate", "bad UTF-8", "a trailing comma"],
)
def test_a_body_that_is_no_json_is_refused(client: httpx.Client, value: bytes) -> None:
    body = b'{"model":"gpt-4o","messages":[{"role":"user","content":"hi"}],"seed":' + value + b"}"
    answer = client.post("/chat/completions", content=body, headers={"content-type": "application/json"})
    assert (answer.status_code, answer.json()["error"]["message"]) == (400, NOT_JSON)
