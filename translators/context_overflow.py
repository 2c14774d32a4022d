"""A conversation that is too long for its model: how upstreams say so, and how an Ollama client is told.

Ollama answers 400 then. Programs that shorten a conversation and ask again know it by its words, or by those of the
provider, so an answer has both. Most upstreams say 400 too, but llama.cpp and gateways also 413 and 500.
"""

import re
from typing import Final

from translators.errors import UpstreamError
from translators.input_overflow import NOT_CUT

_CODE: Final = "context_length_exceeded"
"""At OpenAI, Azure, Groq and OpenRouter."""

_ANSWER_TOO_LONG: Final = re.compile(r"'?max_\w*tokens\b.{,60} too large", re.IGNORECASE)
"""How OpenAI and vLLM begin when it is the limit of the answer that does not fit; vLLM goes on as with a long input."""

# Not here: limits per minute ("Request too large … tokens per minute", Groq's 413), which waiting cures, and bodies of
# too many bytes (413 `request_too_large`), which is no matter of context.
_SENTENCES: Final = re.compile(
    "|".join(
        (
            r"exceeds? the (?:model's )?(?:maximum )?context (?:window|length|limit)",  # OpenAI Responses, SGLang
            r"input tokens exceed the configured limit",  # OpenAI, gpt-5 and later
            r"maximum context length is [\d,]+",  # OpenAI, vLLM, OpenRouter, DeepSeek
            r"context length is only [\d,]+ tokens",  # vLLM
            r"exceeds the available context size",  # llama.cpp, so LM Studio too
            r"larger than the max context size",  # llama.cpp
            r"reduce the length of the messages",  # OpenAI, Groq
            r"input token count.* exceeds the maximum number of tokens",  # Gemini
            r"prompt is too long",  # Anthropic
            r"input is too long for (?:the )?requested model",  # Bedrock
            r"maximum prompt length is [\d,]+",  # xAI
            r"too large for model with [\d,]+ maximum context length",  # Mistral
            r"tokens\) is longer than the model's context length",  # Together
            r"greater than the context length",  # LM Studio
            r"exceeds the (?:model's )?maximum allowed input length",  # OpenRouter, for Poolside
            r"exceeded model token limit",  # Moonshot
            r"context window exceeds limit",  # MiniMax
            r"range of input length should be \[",  # DashScope
            r"prompt token count of \d+ exceeds the limit",  # GitHub Copilot and Models
            r"prompt too long; exceeded (?:max )?context length",  # Ollama, hosted
            r"prompt is longer than the context length|input (?:length )?exceeds the context length",  # Ollama
            r"context[_ ]length[_ ]exceeded",  # gateways that pass on OpenAI's code as text
        )
    ),
    re.IGNORECASE | re.DOTALL,
)


def is_context_overflow(error: UpstreamError) -> bool:
    """Whether an upstream refused a conversation because it is longer than the model's context."""
    if error.status == 429 or _ANSWER_TOO_LONG.match(error.message):
        return False
    return error.code == _CODE or bool(_SENTENCES.search(error.message))


def overflow_to_ollama(error: UpstreamError) -> UpstreamError:
    """The error that an Ollama client is told of a conversation that is too long, with the upstream's own sentence."""
    told = NOT_CUT in error.message  # the upstream is an Ollama
    message = error.message if told else f"{NOT_CUT}: {error.message}"
    return UpstreamError(message, status=400, code=error.code, param=error.param)
