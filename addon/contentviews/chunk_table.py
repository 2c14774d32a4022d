"""The pieces in which a body came, as a table: when each came, how long it is, and what it says.

Only the first and the last ones are shown, as many as have their times noted.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import Final, NamedTuple

from addon.flow_metadata import SHOWN_PIECES, Pieces
from addon.live_layers import KEPT_BODY_BYTES
from translators.inspection.events import Event, events_of, is_ndjson, is_sse, parts_of, sayings
from translators.inspection.values import json_text

LONGEST_SAYING: Final = 90
"""Characters of what a piece says that are shown."""

NOT_KEPT: Final = "(not kept)"
"""What stands for a piece of a body of which only the beginning is kept."""

_READ_BYTES: Final = 4096
"""How much of a longer piece is looked at."""

_EVENT_END: Final = re.compile(rb"\r\n\r\n|\n\n|\r\r")

# The same in every event of an answer, or told elsewhere.
_BOILERPLATE: Final = frozenset({"type", "sequence_number", "model", "created_at", "message", "response", "done"})


class Chunk(NamedTuple):
    """One piece of a body.

    Attributes:
        number: From 1.
        ms: When it came; None when that was not noted.
        size: In bytes.
        data: What it is; None of what was not kept.
    """

    number: int
    ms: float | None
    size: int
    data: bytes | None


def chunk_table(body: bytes, content_type: str, pieces: Pieces | None) -> list[str]:
    """The lines of the table; none of a body that came in one piece.

    Args:
        body: As far as it is kept, decompressed.
        content_type: Its `Content-Type`, or an empty string.
        pieces: When the pieces came; without them the table is over the lines of NDJSON, or the events of a stream.
    """
    if pieces:
        count, chunks = pieces.count, _timed(body, pieces)
        title = f"{count:,} chunks, ms since the client's request was complete"
    else:
        parts = _parts(body, content_type)
        count, chunks = len(parts), _untimed(parts)
        title = f"{count:,} {'lines' if is_ndjson(content_type) else 'events'}, it is not known when they came"
    if count < 2:
        return []
    rows = [_row(before, chunk, content_type) for before, chunk in zip([None, *chunks], chunks, strict=False)]
    lines = [
        *_aligned([("#", "ms", "gap", "bytes", "content") if pieces else ("#", "", "", "bytes", "content"), *rows])
    ]
    if (left_out := count - len(chunks)) > 0:
        lines.insert(1 + SHOWN_PIECES, f"… {left_out:,} more …")
    return [title, *lines]


def _timed(body: bytes, pieces: Pieces) -> list[Chunk]:
    first, last = ([size for _, size in part] for part in (pieces.first, pieces.last))
    behind = sum(first)
    if pieces.count > len(first) + len(last):
        # of what is between nobody noted the sizes, so the last ones are found only from an end that was kept
        behind = len(body) - sum(last) if len(body) < KEPT_BODY_BYTES else len(body)
    starts = [*accumulate(first[:-1], initial=0)][: len(first)] + [*accumulate(last[:-1], initial=behind)][: len(last)]
    chunks = []
    for index, ((ms, size), start) in enumerate(zip((*pieces.first, *pieces.last), starts, strict=True)):
        is_first = index < len(first)
        number = index + 1 if is_first else pieces.count - len(last) + index - len(first) + 1
        is_kept = 0 <= start <= start + size <= len(body)
        chunks.append(Chunk(number, ms, size, body[start : start + size] if is_kept else None))
    return chunks


def _parts(body: bytes, content_type: str) -> Sequence[bytes]:
    """The lines or events of a body; none of one that is no stream."""
    if is_ndjson(content_type):
        return [line for line in body.splitlines() if line.strip()]
    return [event for event in _EVENT_END.split(body) if event.strip()] if is_sse(body, content_type) else []


def _untimed(parts: Sequence[bytes]) -> list[Chunk]:
    count = len(parts)
    shown = [*range(min(count, SHOWN_PIECES)), *range(max(SHOWN_PIECES, count - SHOWN_PIECES), count)]
    return [Chunk(index + 1, None, len(parts[index]), parts[index]) for index in shown]


def _row(before: Chunk | None, chunk: Chunk, content_type: str) -> tuple[str, ...]:
    ms = gap = ""
    if chunk.ms is not None:
        ms = f"{chunk.ms:,.1f}"
        if before is not None and before.ms is not None and before.number == chunk.number - 1:
            gap = f"{chunk.ms - before.ms:,.1f}"
    return f"{chunk.number:,}", ms, gap, f"{chunk.size:,}", _saying(chunk.data, content_type)


def _aligned(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Lines with all columns but the last one to the right; those without any text are left out."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)][:-1]
    for *cells, last in rows:
        told = [cell.rjust(width) for cell, width in zip(cells, widths, strict=True) if width]
        yield "  ".join([*told, last])


def _saying(data: bytes | None, content_type: str) -> str:
    """What a piece says, on one line."""
    if data is None:
        return NOT_KEPT
    said = " · ".join(map(_told, events_of(data[:_READ_BYTES], content_type)))
    shown = said if len(said) <= LONGEST_SAYING else f"{said[:LONGEST_SAYING]}…"
    return "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in shown)


def _told(event: Event) -> str:
    """An event: its kind, and the texts or values by which it differs from the others."""
    kind, value = event.kind, event.value
    if not isinstance(value, dict):
        return value if isinstance(value, str) else json_text(value)
    said = dict(sayings(value))
    if said and kind == "+".join(said):
        return ", ".join(f"{key} {json_text(told)}" for key, told in said.items())
    if isinstance(delta := value.get("delta"), str):  # Responses
        return f"{kind} {json_text(delta)}"
    told = next((part[kind] for part in parts_of(value) if part.get(kind)), True)
    if told is True:
        told = {key: member for key, member in value.items() if key not in _BOILERPLATE}
    return f"{kind} {json_text(told)}" if told else kind
