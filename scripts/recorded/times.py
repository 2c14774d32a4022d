"""When the pieces of a recorded answer came."""

from dataclasses import dataclass
from itertools import pairwise

from addon.recordings.recording import Response


@dataclass(frozen=True, slots=True)
class Times:
    """An answer's times, in milliseconds since it was asked for.

    Attributes:
        head: When the head was there.
        first: When the first piece of the body came; None when there was none.
        chunks: How many pieces there were.
        gap_p50: The median of the times between two pieces; None when there are no two.
        gap_p95: Of a hundred such times, 95 are no longer.
        end: When the answer ended.
    """

    head: float
    first: float | None
    chunks: int
    gap_p50: float | None
    gap_p95: float | None
    end: float

    def __str__(self) -> str:
        """One line, for people."""
        parts = [f"head after {self.head:.1f} ms"]
        if self.first is not None:
            parts.append(
                f"first of {self.chunks} {'chunk' if self.chunks == 1 else 'chunks'} after {self.first:.1f} ms"
            )
        if self.gap_p50 is not None and self.gap_p95 is not None:
            parts.append(f"gaps p50 {self.gap_p50:.1f}, p95 {self.gap_p95:.1f} ms")
        return ", ".join([*parts, f"end after {self.end:.1f} ms"])


def times_of(response: Response, asked_ms: float, end_ms: float) -> Times:
    """The times of an answer.

    Args:
        response: The answer.
        asked_ms: When its request was sent, in the recording's time.
        end_ms: When it ended, in the recording's time.
    """
    came = [t_ms for t_ms, _ in response.chunks]
    gaps = sorted(later - earlier for earlier, later in pairwise(came))
    return Times(
        head=response.t_ms - asked_ms,
        first=came[0] - asked_ms if came else None,
        chunks=len(came),
        gap_p50=_percentile(gaps, 50),
        gap_p95=_percentile(gaps, 95),
        end=end_ms - asked_ms,
    )


def _percentile(ordered: list[float], percent: int) -> float | None:
    """The smallest value that is not exceeded by so many of a hundred (nearest rank)."""
    return ordered[-(-percent * len(ordered) // 100) - 1] if ordered else None
