"""The rows of the report: what each figure is, and the goals that the project has set itself for it.

A goal is mostly a ratio to bare mitmproxy on the same machine in the same minute: absolute figures move by a fifth
from machine to machine and from hour to hour, ratios hardly.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final, Literal


@dataclass(frozen=True, slots=True)
class Goal:
    """What is asked of a figure.

    Attributes:
        of: Our `ratio` to bare, our `value`, or our `worst` value of all rounds.
        sense: Whether it must be at most or at least the limit.
        must: The limit.
        aim: What is wished for, where that is more.
    """

    of: Literal["ratio", "value", "worst"]
    sense: Literal["≤", "≥"]
    must: float
    aim: float | None = None

    def verdict(self, ratio: float | None, rounds: Sequence[float | None]) -> str:
        """Whether it is met, or `-` where there is nothing to judge.

        Args:
            ratio: The median of the ratios.
            rounds: Our values.
        """
        known = [figure for figure in rounds if figure is not None]
        figure = ratio
        if self.of != "ratio":
            worst = max if self.sense == "≤" else min
            figure = (worst if self.of == "worst" else median)(known) if known else None
        if figure is None:
            return "-"
        if self._holds(figure, self.must):
            return "met, and the aim" if self.aim is not None and self._holds(figure, self.aim) else "met"
        return "not met"

    def _holds(self, figure: float, limit: float) -> bool:
        return figure <= limit if self.sense == "≤" else figure >= limit


@dataclass(frozen=True, slots=True)
class Row:
    """One row.

    Attributes:
        name: Under which a measure gives the figure.
        text: What it is.
        unit: Of the figure.
        goal: What is asked of it; None for a row that explains another.
        added: Whether the figure of direct, in the same round, is taken off: what the proxy adds.
        digits: After the decimal point.
    """

    name: str
    text: str
    unit: str
    goal: Goal | None = None
    added: bool = False
    digits: int = 2


WHOLE_CPU: Final = Goal("ratio", "≤", 1.0, 0.8)
FIRST_TOKEN: Final = Goal("ratio", "≤", 1.1, 0.8)
RATE: Final = Goal("ratio", "≥", 1.0, 1.4)
HISTORY: Final = Goal("ratio", "≤", 1.3, 1.1)
EMBED: Final = Goal("ratio", "≤", 1.8, 1.4)
ADDED: Final = Goal("value", "≤", 50)

ROWS: Final = (
    Row("whole.cpu", "whole request, CPU", "ms", WHOLE_CPU),
    Row("whole.p50", "whole request, added p50", "ms", ADDED, added=True),
    Row("whole.p99", "whole request, added p99", "ms", added=True),
    Row("whole-kept.cpu", "… connection kept, CPU", "ms", WHOLE_CPU),
    Row("whole-kept.p50", "… connection kept, added p50", "ms", ADDED, added=True),
    Row("whole-kept.p99", "… connection kept, added p99", "ms", added=True),
    Row("ttft.p50", "first token, added p50", "ms", FIRST_TOKEN, added=True),
    Row("ttft-kept.p50", "… connection kept, added p50", "ms", FIRST_TOKEN, added=True),
    Row("paced.cpu", "50 streams x 20/s, CPU per event", "µs", Goal("ratio", "≤", 1.0, 0.8), digits=1),
    Row("flat.rate", "flat out, events/s", "1/s", Goal("ratio", "≥", 2, 4), digits=0),
    Row("flat.cpu", "flat out, CPU per event", "µs", digits=1),
    Row("rate", "requests/s, 32 at once", "1/s", RATE, digits=0),
    Row("rate-kept", "… connections kept", "1/s", RATE, digits=0),
    Row("history.cpu", "256 kB history, CPU", "ms", HISTORY),
    Row("history-kept.cpu", "… connection kept, CPU", "ms", HISTORY),
    Row("embed.cpu", "embed 32 x 1,536, CPU", "ms", EMBED),
    Row("embed-kept.cpu", "… connection kept, CPU", "ms", EMBED),
    Row("streams100.complete", "100 streams x 20/s, complete", "", Goal("worst", "≥", 100), digits=0),
    Row("streams100.p50", "100 streams x 20/s, delay p50", "ms"),
    Row("streams100.p99", "100 streams x 20/s, delay p99", "ms", Goal("ratio", "≤", 1.0, 0.5)),
    Row("streams500.complete", "500 streams open, complete", "", Goal("worst", "≥", 500), digits=0),
    Row("streams1000.complete", "1,000 streams x 20/s, complete", "", Goal("worst", "≥", 1000), digits=0),
    Row("streams1000.p50", "1,000 streams x 20/s, delay p50", "ms", digits=0),
    Row("streams1000.p99", "1,000 streams x 20/s, delay p99", "ms", Goal("ratio", "≤", 1.0, 0.5), digits=0),
    Row("memory.rest", "memory at rest", "MiB", Goal("ratio", "≤", 1.4, 1.25), digits=1),
    Row("memory.stream", "memory per open stream", "KiB", Goal("value", "≤", 100, 64), digits=1),
    Row("start", "start to first answer", "s", Goal("ratio", "≤", 1.5, 1.2)),
    Row("late", "CPU per event, 2,000th / 100th", "", Goal("value", "≤", 1.1, 1.0)),
    Row("concurrent", "100 requests at once, errors", "", Goal("worst", "≤", 0), digits=0),
    Row("gaps.alone_p99", "20 streams, gap p99", "ms", digits=1),
    Row("gaps.alone_max", "20 streams, longest gap", "ms", digits=1),
    Row("gaps.p99", "… with embeddings of 2,000 texts, p99", "ms", digits=1),
    Row("gaps.max", "… with embeddings, longest gap", "ms", digits=1),
    Row("gaps.longer", "… longest gap, longer by", "ms", Goal("value", "≤", 50), digits=1),
    Row("recorded.off", "50 streams x 20/s, all CPU per event", "µs", digits=1),
    Row("recorded.on", "… recorded, with the writing", "µs", digits=1),
    Row("recorded.more", "… recorded, times as much", "", Goal("value", "≤", 1.1)),
    Row("recorded.open", "… while all are open, times as much", "", Goal("value", "≤", 1.1)),
    Row("recorded.off_p99", "… delay p99", "ms"),
    Row("recorded.on_p99", "… recorded, delay p99", "ms"),
    Row("companions.saved", "50 streams saved (-w), all CPU per event", "µs", digits=1),
    Row("companions.saved_more", "… with companions, times as much", ""),
    Row("companions.saved_open", "… while all are open, times as much", "", Goal("value", "≤", 1.1)),
    Row("companions.saved_p99", "… delay p99", "ms"),
    Row("companions.request", "whole request saved (-w), CPU", "ms"),
    Row("companions.request_more", "… what its companion adds", "ms"),
    Row("companions.listed", "50 streams in mitmweb, all CPU per event", "µs", digits=1),
    Row("companions.listed_more", "… with companions, times as much", ""),
    Row("companions.listed_open", "… while all are open, times as much", ""),
    Row("companions.listed_p99", "… delay p99", "ms"),
    Row("companions.listed_request_more", "… CPU that a companion adds to a whole request", "ms"),
)
