"""How upstreams say that a conversation is too long, and what the client is told."""

import json
from typing import Any

import pytest

from translators.context_overflow import is_context_overflow, overflow_to_ollama
from translators.errors import UpstreamError
from translators.openai_errors import error_from_response

TOO_LONG = {
    "OpenAI": "This model's maximum context length is 128000 tokens. However, your messages resulted in 150011 tokens. "
    "Please reduce the length of the messages.",
    "gpt-5": "Input tokens exceed the configured limit of 272000 tokens. Your messages resulted in 300010 tokens.",
    "Responses": "Your input exceeds the context window of this model. Please adjust your input and try again.",
    "OpenRouter": "This endpoint's maximum context length is 131072 tokens. However, you requested about 132463 tokens",
    "OpenRouter, for Poolside": "Input length 300000 exceeds the maximum allowed input length of 262144 tokens.",
    "DeepSeek": "This model's maximum context length is 65536 tokens. However, you requested 70000 tokens",
    "vLLM": "You passed 8193 input tokens and requested 0 output tokens. However, the model's context length is only "
    "8192 tokens",
    "SGLang": "The input (9000 tokens) exceeds the model's maximum context length of 8192 tokens.",
    "llama.cpp": "request (9412 tokens) exceeds the available context size (8192 tokens), try increasing it",
    "llama.cpp's tasks": "input (99 tokens) is larger than the max context size (64 tokens). skipping",
    "LM Studio": "The number of tokens to keep from the initial prompt is greater than the context length",
    "Groq": "Please reduce the length of the messages or completion.",
    "Gemini": "The input token count (1196265) exceeds the maximum number of tokens allowed (1048575).",
    "Anthropic": "prompt is too long: 213462 tokens > 200000 maximum",
    "Bedrock": "Input is too long for requested model.",
    "xAI": "This model's maximum prompt length is 131072 but the request contains 537812 tokens.",
    "Mistral": "Prompt contains 140000 tokens, too large for model with 131072 maximum context length",
    "Together": "The input (140000 tokens) is longer than the model's context length (131072 tokens).",
    "Moonshot": "Your request exceeded model token limit: 262144 (requested: 300000)",
    "MiniMax": "invalid params, context window exceeds limit",
    "DashScope": "Range of input length should be [1, 129024]",
    "GitHub": "prompt token count of 130000 exceeds the limit of 128000",
    "Ollama": "the input length exceeds the context length",
    "Ollama, generate": "the prompt is longer than the context length currently available to the model; shorten it",
    "Ollama, hosted": "prompt too long; exceeded max context length by 5000 tokens",
    "a gateway": "litellm.ContextWindowExceededError: code: context_length_exceeded",
}


@pytest.mark.parametrize("status", [400, 413, 422, 500])
@pytest.mark.parametrize("sentence", TOO_LONG.values(), ids=TOO_LONG)
def test_a_conversation_that_is_too_long_is_known_by_the_upstreams_words(sentence: str, status: int) -> None:
    assert is_context_overflow(UpstreamError(sentence, status=status))


@pytest.mark.parametrize(
    "body",
    [
        {"error": {"message": "No.", "param": "messages", "code": "context_length_exceeded"}},
        {"error": {"message": "No.", "metadata": {"raw": '{"error":{"code":"context_length_exceeded"}}'}, "code": 400}},
    ],
)
def test_a_conversation_that_is_too_long_is_known_by_the_code(body: Any) -> None:
    assert is_context_overflow(error_from_response(400, "", json.dumps(body).encode(), None))


@pytest.mark.parametrize(
    ("sentence", "status"),
    [
        ("max_tokens is too large: 128000. This model supports at most 16384 completion tokens, whereas you", 400),
        (
            "'max_tokens' or 'max_completion_tokens' is too large: 2000. This model's maximum context length is 4096 "
            "tokens and your request has 2104 input tokens (2000 > 4096 - 2104).",  # vLLM
            400,
        ),
        (
            "Request too large for model `x` on tokens per minute (TPM): Limit 6000, Requested 9000, please reduce "
            "your message size and try again.",  # Groq
            413,
        ),
        ("Please reduce the length of the messages.", 429),
        ("Request exceeds the maximum size", 413),
        ("Invalid 'tools': array too long. Expected an array with maximum length 128, but got one of 150", 400),
        ("the upstream answered 400 Bad Request without a message", 400),
    ],
)
def test_what_is_about_something_else(sentence: str, status: int) -> None:
    assert not is_context_overflow(UpstreamError(sentence, status=status))


def test_the_client_is_told_a_400_in_ollamas_words_before_the_upstreams() -> None:
    told = overflow_to_ollama(UpstreamError("Too long.", status=500, code="x", param="messages"))
    assert (told.status, told.code, told.param) == (400, "x", "messages")
    assert told.message == "the input length exceeds the context length: Too long."


def test_ollamas_own_words_are_not_said_twice() -> None:
    message = "the input length exceeds the context length"
    assert overflow_to_ollama(UpstreamError(message, status=400)).message == message
