"""Where a user's pattern finds something in bytes: it is written for text, and searched in slices.

It runs in a thread beside the event loop, which stands still during each single call of C code.
"""

import re
from collections.abc import Iterator
from typing import Final

SLICE: Final = 65_536
"""Bytes that are searched by one call of C code."""

LONGEST_HIT: Final = 16_384
"""Bytes of what a pattern is sure to find. It may find more, but not always what ends so far behind its beginning."""

_BEFORE: Final = 64
"""Bytes that a pattern may look back at, beyond the beginning of a slice."""

_CHARACTER: Final = 4
"""Bytes of the longest character."""

type Span = tuple[int, int]


def pattern_spans(pattern: re.Pattern[str], data: bytes) -> Iterator[Span]:
    """Where a pattern finds something, in order: `LONGEST_HIT` bytes at most, or what goes on to where it stops.

    Args:
        pattern: For texts.
        data: In UTF-8; other bytes are characters that no text has.
    """
    at, width = 0, SLICE
    while at < len(data):
        end = at + width  # what begins before it counts
        while end < len(data) and data[end] & 0xC0 == 0x80:
            end += 1  # not inside a character
        limit = end + LONGEST_HIT
        going_on, width = end, SLICE
        for start, stop in _spans_between(pattern, data, at, limit):
            if start >= end and limit < len(data):
                break
            if stop > limit - _CHARACTER and limit < len(data):  # the limit cut it, or made it
                going_on, width = start, 2 * (limit - at)
                break
            yield start, stop
            going_on = max(end, stop)
        if limit >= len(data):
            return
        at = going_on


def _spans_between(pattern: re.Pattern[str], data: bytes, at: int, limit: int) -> Iterator[Span]:
    low = max(0, at - _BEFORE)
    text = data[low:limit].decode("utf-8", "surrogateescape")
    position = len(data[low:at].decode("utf-8", "surrogateescape"))
    is_ascii, place = text.isascii(), at
    for match in pattern.finditer(text, position):
        start, stop = match.span()
        if start == stop:
            continue
        if is_ascii:
            yield low + start, low + stop
        else:
            place += len(text[position:start].encode("utf-8", "surrogateescape"))
            begin = place
            place += len(match[0].encode("utf-8", "surrogateescape"))
            position = stop
            yield begin, place
