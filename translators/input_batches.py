"""More texts than an upstream embeds in one request: what it says of its limits, and the texts in parts.

An upstream limits the number of texts, or their tokens together, or both. Neither limit can be asked for, and tokens
are counted by the upstream alone: so the first request that is too large is refused, and its refusal says how much
fits. Each row names the server that says it so.
"""

import re
from collections.abc import Sequence
from typing import Final

from translators.errors import UpstreamError

MOST_INPUTS: Final = 2048
"""OpenAI's limit for one request; a request with more would be refused, and is large."""

_COUNTS: Final = tuple(
    re.compile(pattern, re.IGNORECASE | re.DOTALL)
    for pattern in (
        r"array too long\. expected an array with maximum length (?P<most>\d+)",  # OpenAI
        r"batch size \d+ > maximum allowed batch size (?P<most>\d+)",  # text-embeddings-inference, SiliconFlow
        r"too many inputs.* max number of inputs is (?P<most>\d+)",  # Azure until 2024: 1, later 16
        r"at most (?P<most>\d+) requests can be in one batch",  # Gemini: 100
        r"(?P<most>\d+) instance\(s\) is allowed per prediction",  # Vertex: 5, later 250
        r"total number of texts must be at most (?P<most>\d+)",  # Cohere: 96; Mixedbread
        r"batch size limit is (?P<most>\d+)",  # Voyage: 1000
        r"batch size is invalid, it should not be larger than (?P<most>\d+)",  # DashScope: 10 to 25
        r"each input list can contain at most (?P<most>\d+) items",  # Jina: 512
        r"input length is larger than the largest allowed size (?P<most>\d+)",  # Jina until 2025: 2048
        r"embeddings max batch size is (?P<most>\d+)",  # Baidu: 16
        r"数组最大不得超过\s*(?P<most>\d+)\s*条",  # Zhipu: 64
        r"\binput\b.*(?:list should have|ensure this value has) at most (?P<most>\d+) items",  # FastAPI, new and old
        r"too many inputs in request, split into more batches",  # Mistral, which does not tell that it takes 256
    )
)

# Servers that take one text, and not as a list. FastAPI says the first of a wrong list too: the rows above come first.
_ONE_TEXT: Final = re.compile(
    r"\binput\b.*(?:input should be a valid string|str type expected)"  # FastAPI, new and old
    r"|expected string at field input got instead array"  # IONOS
    r"|only supports? one input",  # Zhipu's first embedding models, through One API
    re.IGNORECASE | re.DOTALL,
)

_TOKENS: Final = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"requested (?P<count>\d+) tokens, max (?P<limit>\d+) tokens per request",  # OpenAI: 300,000
        r"tokens per submitted batch is (?P<limit>\d+)\. your batch has (?P<count>\d+) tokens",  # Voyage: from 120,000
        r"too many tokens in batch\. max is (?P<limit>\d+) got (?P<count>\d+)",  # Mistral until 2025: 16,384
        r"too many tokens overall, split into more batches",  # Mistral since
        r"input token count is (?P<count>\d+) but the model supports up to (?P<limit>\d+)",  # Vertex: 20,000
    )
)


def tokens_together_in(error: UpstreamError) -> tuple[int, int] | None:
    """What a refusal says of the tokens of all texts together; None when it is about something else.

    Returns:
        The upstream's limit and what it counted; both 0 where it tells no number.
    """
    found = next(filter(None, (sentence.search(error.message) for sentence in _TOKENS)), None)
    if found is None:
        return None
    told = {name: int(number) for name, number in found.groupdict().items()}
    return told.get("limit", 0), told.get("count", 0)


def most_inputs_in(error: UpstreamError, count: int) -> int | None:
    """How many texts to send at once after a refusal; None when their number is not what was refused.

    Args:
        error: The refusal.
        count: How many texts were refused.

    Returns:
        Fewer than were refused: the number that the upstream tells, else half of them.
    """
    if count < 2:
        return None
    found = next(filter(None, (sentence.search(error.message) for sentence in _COUNTS)), None)
    if found is None:
        return 1 if _ONE_TEXT.search(error.message) else None
    most = int(found.groupdict().get("most", 0))
    return most if 0 < most < count else count // 2


def most_characters_in(error: UpstreamError, inputs: Sequence[str]) -> int | None:
    """How large the texts of one request may be after a refusal; None when their tokens are not what was refused.

    Args:
        error: The refusal.
        inputs: The texts that were refused.

    Returns:
        Less than the size of these (see `size_of`): as much as the upstream's limit has room for, else half.
    """
    tokens = tokens_together_in(error)
    if tokens is None or len(inputs) < 2:
        return None
    limit, count = tokens
    size = sum(map(size_of, inputs))
    return size * limit // count if 0 < limit < count else size // 2


def batches_of(inputs: Sequence[str], most: int, characters: int | None) -> list[list[str]]:
    """Texts in their order, as many together as fit.

    Args:
        inputs: At least one text.
        most: How many may be together.
        characters: The largest size that they may have together; None: any. A text that is larger is alone.
    """
    batches: list[list[str]] = [[]]
    room = characters
    for text in inputs:
        size = size_of(text)
        if batches[-1] and (len(batches[-1]) == most or (room is not None and size > room)):
            batches.append([])
            room = characters
        batches[-1].append(text)
        if room is not None:
            room -= size
    return batches


def size_of(text: str) -> int:
    """Its characters and one more: even an empty text has tokens."""
    return len(text) + 1
