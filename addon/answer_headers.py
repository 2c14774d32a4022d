"""The headers of an upstream's answer that mean something to a client; the others stay here."""

from typing import Final

_NAMES: Final = frozenset(
    {
        "content-type",
        "retry-after",
        "retry-after-ms",
        "x-should-retry",  # decides in OpenAI's SDKs
        "x-request-id",  # what OpenAI's support asks for
        "openai-model",
        "openai-processing-ms",
        "openai-version",
        "apim-request-id",  # Azure
        "x-generation-id",  # OpenRouter
    }
)
"""In lower case; never `openai-organization`, `openai-project` and `set-cookie`."""

_RATE_LIMITS: Final = "x-ratelimit-"
"""Headers that begin so mean something too: clients pace themselves by them."""


def is_answer_header(name: str) -> bool:
    """Whether a header, its name in lower case, is one of them."""
    return name in _NAMES or name.startswith(_RATE_LIMITS)
