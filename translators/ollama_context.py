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
MOST_BYTES: Final = 4 * 1024 * 1024
"""Of JSON in a context, about a million tokens; a small list of integers can be made that inflates to anything."""

MOST_TURNS: Final = 10_000


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
    """The integers of a conversation, each from 0 to 65,535; a damaged list is noticed (Adler-32).

    Of a conversation that is too long its beginning is left out, as a real server leaves out the oldest tokens.
    """
    packed = zlib.compress(b"[%s]" % b",".join(_newest(conversation)), level=1)
    return [_MARK, *_little_endian(packed + b"\0" * (len(packed) % 2))]


def conversation_in(context: Sequence[int]) -> list[Turn] | None:
    """The conversation that a context says; None for one that was not written by `context_of`, whole."""
    if not context or context[0] != _MARK or not all(0 <= number <= _LARGEST for number in context):
        return None
    inflating = zlib.decompressobj()
    try:
        text = inflating.decompress(_swapped(array("H", context[1:])).tobytes(), MOST_BYTES)
        conversation = _CONVERSATION.validate_json(text) if inflating.eof else None
    except (zlib.error, ValidationError):  # written by somebody else
        return None
    return conversation if conversation is None or len(conversation) <= MOST_TURNS else None


def _newest(conversation: Sequence[Turn]) -> list[bytes]:
    """The end of a conversation, as far as there is room for it; each turn as JSON."""
    kept: list[bytes] = []
    room = MOST_BYTES - len("[]")
    for turn in reversed(conversation[-MOST_TURNS:]):
        text = json.dumps(turn, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
        room -= len(text) + len(",")
        if room < 0:
            break
        kept.append(text)
    return kept[::-1]


def _little_endian(packed: bytes) -> list[int]:
    return _swapped(array("H", packed)).tolist()


def _swapped(numbers: "array[int]") -> "array[int]":
    """Numbers in the byte order that all machines read alike."""
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers
