"""`context` of `/api/generate`: a conversation as the list of integers that a client sends back to go on with it.

A real server's integers are the tokens of the prompt and the answer, which an upstream does not tell. These are the
conversation itself: JSON, deflated, two bytes an integer. So nothing has to be remembered here, any process can read
them, and they are about as many and as small as tokens. Images are not kept, as they are not among tokens.
"""

import json
import sys
import zlib
from array import array
from collections.abc import Sequence
from typing import Final, Literal, NamedTuple

from pydantic import TypeAdapter, ValidationError

_MARK: Final = 0x0113  # the first integer: whose context this is, and how it is written
_LARGEST: Final = 0xFFFF
_MOST_BYTES: Final = 64 * 1024 * 1024  # of a conversation; a small context can be made that inflates to anything


class Turn(NamedTuple):
    """One message of a conversation.

    Attributes:
        role: Who says it.
        content: Its text.
    """

    role: Literal["system", "user", "assistant"]
    content: str


_CONVERSATION: Final = TypeAdapter(list[Turn])


def context_of(conversation: Sequence[Turn]) -> list[int]:
    """The integers of a conversation, each from 0 to 65,535; a damaged list is noticed (Adler-32)."""
    text = json.dumps(conversation, ensure_ascii=False, separators=(",", ":"))
    packed = zlib.compress(text.encode("utf-8", "replace"))
    return [_MARK, *_little_endian(packed + b"\0" * (len(packed) % 2))]


def conversation_in(context: Sequence[int]) -> list[Turn] | None:
    """The conversation that a context says; None for one that was not written by `context_of`, whole."""
    if not context or context[0] != _MARK or not all(0 <= number <= _LARGEST for number in context):
        return None
    inflating = zlib.decompressobj()
    try:
        text = inflating.decompress(_swapped(array("H", context[1:])).tobytes(), _MOST_BYTES)
        return _CONVERSATION.validate_json(text) if inflating.eof else None
    except (zlib.error, ValidationError):  # written by somebody else
        return None


def _little_endian(packed: bytes) -> list[int]:
    return _swapped(array("H", packed)).tolist()


def _swapped(numbers: "array[int]") -> "array[int]":
    """Numbers in the byte order that all machines read alike."""
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers
