"""What an upstream accepts in an embeddings request, learned from what it refuses.

The first request for a model is OpenAI's. Each refusal that says why makes the next ones narrower: fewer texts at once,
a list where a string is not understood, no base64, no `dimensions`. Nothing of this changes the vectors that the
client gets: they are put together again, read in either form, and cut here.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from translators.errors import UpstreamError
from translators.input_batches import MOST_INPUTS, most_characters_in, most_inputs_in
from translators.notes import Note

# Fields that may be left out, by how they are refused: looked for in `code: param: message`. A value out of range,
# "Invalid value for 'dimensions' = 5000. Must be less than or equal to 3072.", is no refusal of the field.
_REFUSALS: Final = {
    "encoding_format": re.compile(
        r"\bencoding_format\b"  # Jina, Mistral, LiteLLM, for which it must not be there; or its value is refused
        r"|\bbase64 encoding is not currently supported",  # vLLM until 0.5.1
        re.IGNORECASE,
    ),
    "dimensions": re.compile(
        r"does not support specifying dimensions"  # OpenAI and Azure, text-embedding-ada-002
        r"|unrecognized request arguments? supplied: .*\bdimensions\b"  # OpenAI and Together
        r"|(?:unknown|unsupported)[ _]parameter: '?dimensions\b"  # OpenAI, in words or as code and param
        r"|does not support matryoshka representation"  # vLLM
        r"|\bdimensions: extra (?:inputs|fields) (?:are )?not permitted"  # FastAPI, so Mistral too
        r"|extra fields not permitted: .*\bdimensions\b"  # Jina
        r"|does not support parameters: .*\bdimensions\b|setting dimensions is not supported"  # LiteLLM
        r"|unknown name \\?\"dimensions\\?\"",  # Gemini
        re.IGNORECASE,
    ),
}

# FastAPI of servers that take a list only: TabbyAPI, MLX, Infinity's first releases.
_LIST_WANTED: Final = re.compile(
    r"\binput\b.*(?:input should be a valid list|value is not a valid list)", re.IGNORECASE | re.DOTALL
)


@dataclass(frozen=True, slots=True)
class Accepted:
    """What an upstream accepts in a request for one model, as far as that is known.

    Attributes:
        inputs: How many texts.
        characters: The largest size of the texts together (`input_batches.size_of`); None: not known to be limited.
        list_only: Whether a single text is sent as a list too.
        refused: Names of the fields that are not sent.
    """

    inputs: int = MOST_INPUTS
    characters: int | None = None
    list_only: bool = False
    refused: frozenset[str] = frozenset()

    def __or__(self, other: "Accepted") -> "Accepted":
        """What both accept: refusals of several requests at once are learned in any order."""
        limits = [limit for limit in (self.characters, other.characters) if limit is not None]
        return Accepted(
            min(self.inputs, other.inputs),
            min(limits, default=None),
            self.list_only or other.list_only,
            self.refused | other.refused,
        )


ANYTHING: Final = Accepted()
"""What is tried before anything is known."""


def accepted_after(accepted: Accepted, error: UpstreamError, inputs: Sequence[str]) -> Accepted | None:
    """What an upstream accepts after a refusal; None when the refusal says nothing new about that.

    Args:
        accepted: What the refused request was made for.
        error: The refusal.
        inputs: The texts that were refused.

    Returns:
        Less than before, so that asking again comes to an end.
    """
    inputs_left = most_inputs_in(error, len(inputs))
    told = f"{error.code}: {error.param}: {error.message}"
    after = accepted | Accepted(
        inputs=accepted.inputs if inputs_left is None else inputs_left,
        characters=most_characters_in(error, inputs),
        list_only=len(inputs) == 1 and bool(_LIST_WANTED.search(error.message)),
        refused=frozenset(name for name, refusal in _REFUSALS.items() if refusal.search(told)),
    )
    return None if after == accepted else after


def notes_of(before: Accepted, after: Accepted) -> tuple[Note, ...]:
    """What a person should know of a request that taught what the upstream accepts; nothing when it did not."""
    told = (
        (after.inputs < before.inputs, f"at most {after.inputs} texts at once"),
        (after.characters != before.characters, f"at most {after.characters} characters at once"),
        (after.list_only != before.list_only, "lists only"),
        ("encoding_format" in after.refused - before.refused, "no base64"),
    )
    return tuple(Note("input", "converted", f"asked again: the upstream takes {what}") for new, what in told if new)
