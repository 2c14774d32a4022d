"""From figures to the report: medians, ratios to bare, verdicts; as a table and as JSON."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any, Final

from scripts.benchmark.rows import Goal, Row
from scripts.benchmark.running import BARE, DIRECT, OURS, TARGETS

type Rounds = Mapping[str, Sequence[float | None]]
"""For each target its figures, one a round; None where a round gave none."""

HEADINGS: Final = tuple(target.name for target in TARGETS)
COLUMNS: Final = ("measure", "unit", *HEADINGS, "ours/bare", "lowest-highest", "must", "aim", "verdict")
NOTHING: Final = "-"


@dataclass(frozen=True, slots=True)
class Judged:
    """A row with its figures.

    Attributes:
        row: What the figures are.
        rounds: For each target its figures, what direct took taken off where the row asks for that.
        medians: For each target the median over the rounds.
        ratios: Ours to bare, one a round.
        ratio: Their median.
        verdict: Of the row's goal.
    """

    row: Row
    rounds: Rounds
    medians: Mapping[str, float | None]
    ratios: Sequence[float]
    ratio: float | None
    verdict: str


def judge(row: Row, rounds: Rounds) -> Judged:
    """Medians, ratios and the verdict of one row.

    Args:
        row: What the figures are.
        rounds: As they were measured.
    """
    if row.added:
        rounds = {target: _less(figures, rounds.get(DIRECT.name, ())) for target, figures in rounds.items()}
    medians = {target: _median(figures) for target, figures in rounds.items()}
    pairs = zip(rounds.get(OURS.name, ()), rounds.get(BARE.name, ()), strict=False)
    ratios = [ours / bare for ours, bare in pairs if ours is not None and bare is not None and bare > 0]
    ratio = _median(ratios)
    verdict = row.goal.verdict(ratio, rounds.get(OURS.name, ())) if row.goal else ""
    return Judged(row, rounds, medians, ratios, ratio, verdict)


def _less(figures: Sequence[float | None], direct: Sequence[float | None]) -> list[float | None]:
    pairs = zip(figures, direct, strict=False)
    return [None if ours is None or base is None else ours - base for ours, base in pairs]


def _median(figures: Sequence[float | None]) -> float | None:
    known = [figure for figure in figures if figure is not None]
    return median(known) if known else None


def table(judged: Sequence[Judged]) -> str:
    """The rows as text, in columns."""
    lines = [COLUMNS, *(_cells(each) for each in judged)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(COLUMNS))]
    last = len(COLUMNS) - 1
    return "\n".join(
        "  ".join(
            cell.ljust(width) if column in (0, 1, last) else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )


def _cells(judged: Judged) -> tuple[str, ...]:
    row = judged.row
    spread = f"{min(judged.ratios):.2f}-{max(judged.ratios):.2f}" if judged.ratios else NOTHING
    must, aim = _limits(row.goal)
    return (
        row.text,
        row.unit,
        *(number(judged.medians.get(target), row.digits) for target in HEADINGS),
        number(judged.ratio, 2),
        spread,
        must,
        aim,
        judged.verdict,
    )


def _limits(goal: Goal | None) -> tuple[str, str]:
    if goal is None:
        return "", ""
    times = "x" if goal.of == "ratio" else ""
    return f"{goal.sense} {goal.must:g}{times}", "" if goal.aim is None else f"{goal.sense} {goal.aim:g}{times}"


def number(figure: float | None, digits: int) -> str:
    """A figure with thousands marked, or `-`."""
    return NOTHING if figure is None else f"{figure:,.{digits}f}"


def as_json(judged: Sequence[Judged]) -> list[dict[str, Any]]:
    """The rows as JSON values."""
    return [
        {
            "name": each.row.name,
            "text": each.row.text,
            "unit": each.row.unit,
            "rounds": {target: list(figures) for target, figures in each.rounds.items()},
            "medians": dict(each.medians),
            "ratios": list(each.ratios),
            "ratio": each.ratio,
            "must": each.row.goal and _limits(each.row.goal)[0],
            "aim": each.row.goal and _limits(each.row.goal)[1],
            "verdict": each.verdict,
        }
        for each in judged
    ]
