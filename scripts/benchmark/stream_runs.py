"""The same paced streams through one proxy and another, for measures of what a setting costs."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import mean
from typing import Final

from scripts.benchmark.ends import Load, Outcome
from scripts.benchmark.proxies import Proxy
from scripts.benchmark.running import Bench, Target

STREAMS: Final = Load("stream", connections=50, requests=50, ramp_ms=1000, events=60, every_us=50_000)
"""50 streams of 20 tokens a second."""


@dataclass(frozen=True, slots=True)
class Run:
    """What one run took.

    Attributes:
        outcome: What the load generator tells.
        cpu_us: All CPU time of the proxy, until nothing was left to do, in microseconds.
    """

    outcome: Outcome
    cpu_us: float

    @property
    def event_us(self) -> float:
        """CPU for an event, with a share of beginnings, ends and what is left to do then."""
        return self.cpu_us / self.outcome.events

    @property
    def open_us(self) -> float:
        """CPU for an event while all streams are open: none begins or ends."""
        opened = self.outcome.raw["open"]
        return float(opened["cpu_ns"] / 1e3 / opened["events"])

    @property
    def p99_ms(self) -> float:
        """How late a token is."""
        return self.outcome.time_ms("delay", "p99") or 0.0


def run_streams(bench: Bench, target: Target, proxy: Proxy, settle: Callable[[], None] = lambda: None) -> Run | None:
    """The streams through one proxy.

    Args:
        bench: What is running.
        target: Whom to ask.
        proxy: Through which.
        settle: Waits, after the last answer, until nothing is left to do.

    Returns:
        What it took; None where an answer was not complete, or the system does not tell CPU times.
    """
    before_us = proxy.cpu_us()
    outcome = bench.run(target, STREAMS, instead=proxy)
    if outcome.failed or before_us is None or outcome.raw["open"] is None:
        return None
    settle()
    after_us = proxy.cpu_us()
    return None if after_us is None else Run(outcome, after_us - before_us)


def event_us(runs: Sequence[Run]) -> float:
    """CPU for an event, the mean over the runs."""
    return mean(run.event_us for run in runs)


def open_us(runs: Sequence[Run]) -> float:
    """CPU for an event while all streams are open, the mean over the runs."""
    return mean(run.open_us for run in runs)


def p99_ms(runs: Sequence[Run]) -> float:
    """How late a token is, the mean over the runs."""
    return mean(run.p99_ms for run in runs)
