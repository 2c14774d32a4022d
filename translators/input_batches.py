"""More texts than an upstream embeds in one request: how many it takes, by its own limit or by what it says."""

import re
from collections.abc import Sequence
from typing import Final

from translators.errors import UpstreamError

MOST_INPUTS: Final = 2048
"""OpenAI's limit for one request; a request with more would be refused, and is large."""

_SENTENCES: Final = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"array too long\. expected an array with maximum length (?P<most>\d+)",  # OpenAI
        r"batch size \d+ > maximum allowed batch size (?P<most>\d+)",  # text-embeddings-inference
        r"requested \d+ tokens, max \d+ tokens per request",  # OpenAI, all texts together
    )
)


def most_inputs_in(error: UpstreamError, count: int) -> int | None:
    """How many texts to send at once after a refusal; None when it is about something else, or for one text.

    Args:
        error: The refusal.
        count: How many texts were refused.

    Returns:
        Fewer than were refused: the number that the upstream tells, or half of them.
    """
    found = next(filter(None, (sentence.search(error.message) for sentence in _SENTENCES)), None)
    if found is None or count < 2:
        return None
    told = found.groupdict().get("most")
    return min(max(int(told), 1), count - 1) if told else count // 2


def batches_of(inputs: Sequence[str], size: int) -> list[list[str]]:
    """Texts in their order, so many together; the last ones may be fewer."""
    return [list(inputs[at : at + size]) for at in range(0, len(inputs), size)]
