"""Texts that are too long for an embedding model: how upstreams say so, and how the texts are cut.

Ollama cuts such a text to the model's length, of which it counts the tokens itself. A hosted model tells its length
only when it refuses a text, and by far not every server tells how long the text was. Its words are all that is looked
at: the status is 400 with most, but 413 (text-embeddings-inference) and 500 (llama.cpp) too.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from translators.errors import UpstreamError
from translators.input_batches import tokens_together_in
from translators.notes import Note

NOT_CUT: Final = "the input length exceeds the context length"
"""Ollama's text where nothing may be cut."""

NOT_CUT_FURTHER: Final = "input exceeds maximum context length and cannot be truncated further"
"""Ollama's text where cutting did not help."""

MOST_CUTS: Final = 3
"""How often a request is made again with shorter texts."""

_MARGIN: Final = 0.95  # tokens are not spread evenly over a text, and some are added to each
_CHARACTERS_PER_TOKEN: Final = 4  # OpenAI's rule of thumb for English; where it is too high the next cut halves

# What is told: the model's length, that of the text (both in one unit), and the place of the text among all. A limit of
# all texts together is another matter (`input_batches`), except where one text alone is beyond it.
_SENTENCES: Final = tuple(
    re.compile(pattern, re.IGNORECASE | re.DOTALL)
    for pattern in (
        # OpenAI
        r"(?:'input\[(?P<place>\d+)\]')?: maximum input length is (?P<limit>\d+) tokens",
        # OpenAI until 2025, Azure, vLLM until 2026
        r"maximum context length is (?P<limit>\d+) tokens\W+however,? \D+(?P<count>\d+) (?:input )?tokens",
        # vLLM since 2026, which gives up counting one token beyond its limit
        r"maximum context length is (?P<limit>\d+) tokens\W+however, you requested \d+ output tokens",
        r"passed \d+ input tokens .*context length is only (?P<limit>\d+) tokens",
        # llama.cpp, beyond its context
        r"\((?P<count>\d+) tokens\) exceeds the available context size \((?P<limit>\d+) tokens\)",
        r"\((?P<count>\d+) tokens\) is larger than the max context size \((?P<limit>\d+)",
        # llama.cpp, beyond its batch
        r"\((?P<count>\d+) tokens\) is too large to process.*batch size: (?P<limit>\d+)",
        # text-embeddings-inference; SiliconFlow without the second number
        r"must have less than (?P<limit>\d+) (?:tokens|characters)(?:\. Given: (?P<count>\d+))?",
        # SiliconFlow
        r"length of prompt_tokens \((?P<count>\d+)\) must be less than max_seq_len \((?P<limit>\d+)\)",
        # Jina
        r"single text cannot exceed (?P<limit>\d+) tokens\. (?P<count>\d+) tokens given",
        # NVIDIA NIM
        r"input length (?P<count>\d+) exceeds maximum allowed token size (?P<limit>\d+)",
        # DashScope
        r"range of input length should be \[1, (?P<limit>\d+)\]",
        # Baidu
        r"embeddings max tokens per batch size is (?P<limit>\d+)",
        # Bedrock: Titan, and Cohere in characters
        r"max input tokens: (?P<limit>\d+), request input token count: (?P<count>\d+)",
        r"expected maxLength: (?P<limit>\d+), actual: (?P<count>\d+)",
        # Gemini
        r"input token count exceeds the maximum number of tokens allowed(?: \(?(?P<limit>\d+))?",
        # older llama.cpp; Ollama itself, new and old
        r"exceeds the available context size|input is too large to process",
        r"input (?:length )?exceeds (?:the|maximum) context length",
    )
)


@dataclass(frozen=True, slots=True)
class Overflow:
    """A text was too long; each number is None when the upstream did not tell it.

    Attributes:
        place: Which text, from 0.
        limit: The model's length.
        count: The text's length.
    """

    place: int | None
    limit: int | None
    count: int | None


def overflow_in(error: UpstreamError, texts: int) -> Overflow | None:
    """What an upstream's refusal says of a text that is too long; None when it is about something else.

    Args:
        error: The refusal.
        texts: How many texts were refused.
    """
    found = next(filter(None, (sentence.search(error.message) for sentence in _SENTENCES)), None)
    if found is None:
        together = tokens_together_in(error) if texts == 1 else None
        return Overflow(None, *together) if together else None
    told = {name: int(number) for name, number in found.groupdict().items() if number is not None}
    return Overflow(told.get("place"), told.get("limit"), told.get("count"))


def shortened(inputs: Sequence[str], overflow: Overflow) -> list[str] | None:
    """The texts for another try, at least one of them shorter; None when nothing is left to cut.

    A text is cut in proportion to the model's length and its own. Without its own it is cut by a rule of thumb, and
    when that is not enough, or without any number, halved. What is left of it is also the most that is left of any
    other text when none was named (then it is taken for the longest), and where the rule of thumb is used: a refusal
    names one text only, however many are too long.
    """
    place = overflow.place if overflow.place is not None and overflow.place < len(inputs) else None
    length = max(map(len, inputs)) if place is None else len(inputs[place])
    limit, count = overflow.limit or 0, overflow.count or 0
    alike = place is None
    if 0 < limit < count:
        most = int(length * _MARGIN * limit / count)
    elif 0 < limit * _CHARACTERS_PER_TOKEN < length:
        most, alike = limit * _CHARACTERS_PER_TOKEN, True
    else:
        most = length // 2
    if most == 0:
        return None
    return [text[:most] if alike or at == place else text for at, text in enumerate(inputs)]


def note_of_cut(cut: int, texts: int) -> Note:
    """What a person should know of a request of which some texts were cut."""
    return Note("input", "converted", f"{cut} of {texts} texts cut: longer than the model takes")
