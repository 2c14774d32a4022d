"""What texts are laid out of: headings, raw bodies, and tables in which letters of any script stay in their columns."""

import textwrap
import unicodedata
from collections.abc import Iterator, Sequence
from typing import Final

WIDTH: Final = 140
"""Of a line."""

_GAP: Final = "  "
_LEAST: Final = 32
"""The least width of the last column."""
_WIDE: Final = frozenset("WF")
_COMBINING: Final = frozenset({"Mn", "Me"})
LONGEST_BODY: Final = 10_000
"""Characters that are shown of a body that cannot be read."""


def raw_text(body: bytes) -> str:
    """The text of a body of which nothing is understood, or its beginning."""
    text = body.decode("utf-8", "replace")
    more = len(text) - LONGEST_BODY
    return f"{text[:LONGEST_BODY]}… and {more:,} characters more" if more > 0 else text


def heading(title: str) -> str:
    """The line above a section."""
    return f"─── {title} ───"


def table(rows: Sequence[Sequence[str]], widest: Sequence[int]) -> Iterator[str]:
    """The lines of a table: cells are cut at the width of their column, but for the last, which goes on below.

    Args:
        rows: The first is the header; all have as many cells, without line breaks.
        widest: How wide each column but the last may be, in places; it is no wider than what is in it.
    """
    shown = [[_cut(cell, most) for cell, most in zip(row, widest, strict=False)] for row in rows]
    widths = [max(map(_width, column)) for column in zip(*shown, strict=True)]
    indent = sum(widths) + len(_GAP) * len(widths)
    for cells, row in zip(shown, rows, strict=True):
        before = "".join(f"{_padded(cell, width)}{_GAP}" for cell, width in zip(cells, widths, strict=True))
        first, *more = textwrap.wrap(_visible(row[-1]), max(WIDTH - indent, _LEAST)) or [""]
        yield f"{before}{first}".rstrip()
        yield from (f"{' ' * indent}{line}" for line in more)


def _cut(text: str, most: int) -> str:
    """As much of a text as fits, with an ellipsis where it is cut."""
    text = _visible(text[: most + 1])
    if _width(text) <= most:
        return text
    while _width(text) >= most:
        text = text[:-1]
    return f"{text}…"


def _padded(text: str, width: int) -> str:
    return text + " " * (width - _width(text))


def _visible(text: str) -> str:
    """A text without control characters, marks of direction and the like, which would move what stands behind."""
    return "".join(each if each.isprintable() else f"\\u{ord(each):04x}" for each in text)


def _width(text: str) -> int:
    """How many places a text takes (UAX #11; terminals and browsers agree but for some emoji)."""
    return sum(
        0 if unicodedata.category(each) in _COMBINING else 2 if unicodedata.east_asian_width(each) in _WIDE else 1
        for each in text
    )
