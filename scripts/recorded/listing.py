"""Recordings as a table, one line each."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC

from addon.recordings.matching import asked_of
from addon.recordings.recording import Recording


@dataclass(frozen=True, slots=True)
class Row:
    """What the table says of a recording; its attributes are the columns.

    Attributes:
        name: Of the recording.
        protocol: What the client spoke.
        request: Method and path.
        model: Empty where the request names none.
        status: What the client was answered; None when it left before.
        calls: How often the upstream was asked.
        chunks: In how many pieces the client got its answer.
        ms: How long it took, in milliseconds.
        bytes: Of the file.
        recorded: When, in UTC.
    """

    name: str
    protocol: str
    request: str
    model: str
    status: int | None
    calls: int
    chunks: int
    ms: float
    bytes: int
    recorded: str


def row_of(recording: Recording, size: int) -> Row:
    """The row of a recording whose file has this size in bytes."""
    asked, client = asked_of(recording), recording.client
    return Row(
        name=recording.name,
        protocol=recording.protocol,
        request=f"{client.request.method} {asked.path}",
        model=asked.model,
        status=client.response.status if client.response else None,
        calls=len(recording.upstream),
        chunks=len(client.response.chunks) if client.response else 0,
        ms=client.end_ms,
        bytes=size,
        recorded=f"{recording.recorded_at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
    )


def table(rows: Iterable[Row]) -> Iterator[str]:
    """The lines of a table: names of the columns first, numbers to the right."""
    columns = list(Row.__slots__)
    cells = [columns, *([_cell(getattr(row, name)) for name in columns] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    right = [Row.__annotations__[name] in (int, float, int | None) for name in columns]
    return (_line(line, widths, right) for line in cells)


def _line(cells: Sequence[str], widths: Sequence[int], right: Sequence[bool]) -> str:
    padded = (
        cell.rjust(width) if to_right else cell.ljust(width)
        for cell, width, to_right in zip(cells, widths, right, strict=True)
    )
    return "  ".join(padded).rstrip()


def _cell(value: object) -> str:
    match value:
        case None | "":
            return "-"
        case float():
            return f"{value:,.1f}"
        case int():
            return f"{value:,}"
        case _:
            return str(value)
