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
        r"requested (?P<asked>\d+) tokens, max (?P<limit>\d+) tokens per request",  # OpenAI, all texts together
    )
)


def most_inputs_in(error: UpstreamError, count: int) -> int | None:
    """How many texts to send at once after a refusal; None when it is about something else, or for one text.

    Args:
        error: The refusal.
        count: How many texts were refused.

    Returns:
        Fewer than were refused: the number that the upstream tells or that its limit of tokens has room for, else half.
    """
    found = next(filter(None, (sentence.search(error.message) for sentence in _SENTENCES)), None)
    if found is None or count < 2:
        return None
    told = {name: int(number) for name, number in found.groupdict().items()}
    most = told["most"] if "most" in told else count * told["limit"] // max(told["asked"], 1)
    return most if 0 < most < count else count // 2


def batches_of(inputs: Sequence[str], size: int) -> list[list[str]]:
    """Texts in their order, so many together; the last ones may be fewer."""
    return [list(inputs[at : at + size]) for at in range(0, len(inputs), size)]
