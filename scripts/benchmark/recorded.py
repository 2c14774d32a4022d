"""The measure of what recording costs: streams through a proxy that keeps them, and through one that does not."""

import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean
from typing import Final

from scripts.benchmark import BenchError, proxies
from scripts.benchmark.ends import Load, Outcome
from scripts.benchmark.proxies import Proxy
from scripts.benchmark.running import Bench, Figures, Target

STREAMS: Final = Load("stream", connections=50, requests=50, ramp_ms=1000, events=60, every_us=50_000)

WRITING_SECONDS: Final = 60
"""The longest wait for the last recording."""

ORDER: Final = ("off", "on", "on", "off")
"""A machine that gets slower or faster meanwhile does so for both."""


@dataclass(frozen=True, slots=True)
class Run:
    """What one run took.

    Attributes:
        outcome: What the load generator tells.
        cpu_us: All CPU time of the proxy, until the last recording was written, in microseconds.
    """

    outcome: Outcome
    cpu_us: float

    @property
    def event_us(self) -> float:
        """CPU for an event, with a share of beginnings, ends and writing."""
        return self.cpu_us / self.outcome.events

    @property
    def open_us(self) -> float:
        """CPU for an event while all streams are open: none has ended, so nothing is written."""
        opened = self.outcome.raw["open"]
        return float(opened["cpu_ns"] / 1e3 / opened["events"])

    @property
    def p99_ms(self) -> float:
        """How late a token is."""
        return self.outcome.time_ms("delay", "p99") or 0.0


def recorded(bench: Bench, target: Target) -> Figures:
    """Streams through two new proxies by turns, one of which records."""
    runs: dict[str, list[Run]] = {"off": [], "on": []}
    folder = bench.homes / "recording" / proxies.RECORDINGS
    shutil.rmtree(folder, ignore_errors=True)  # what an earlier round left would be replaced
    with (
        proxies.proxy("ours", bench.upstream_port, bench.homes / "ours") as off,
        proxies.proxy("recording", bench.upstream_port, bench.homes / "recording") as on,
    ):
        for name in ORDER:
            run = _run(bench, target, off) if name == "off" else _run(bench, target, on, folder)
            if run is None:
                return {"recorded.more": None}
            runs[name].append(run)
    return figures(runs["off"], runs["on"])


def figures(off: Sequence[Run], on: Sequence[Run]) -> Figures:
    """The figures of runs without and with recording."""
    off_us, on_us = (mean(run.event_us for run in runs) for runs in (off, on))
    off_open_us, on_open_us = (mean(run.open_us for run in runs) for runs in (off, on))
    return {
        "recorded.off": off_us,
        "recorded.on": on_us,
        "recorded.more": on_us / off_us,
        "recorded.open": on_open_us / off_open_us,
        "recorded.off_p99": mean(run.p99_ms for run in off),
        "recorded.on_p99": mean(run.p99_ms for run in on),
    }


def _run(bench: Bench, target: Target, proxy: Proxy, folder: Path | None = None) -> Run | None:
    """The streams through one proxy.

    Args:
        bench: What is running.
        target: Whom to ask.
        proxy: Through which.
        folder: Where it records; None when it does not.

    Returns:
        What it took; None where an answer was not complete, or the system does not tell CPU times.
    """
    before_us, files = proxy.cpu_us(), _files(folder)
    outcome = bench.run(target, STREAMS, instead=proxy)
    if outcome.failed or before_us is None or outcome.raw["open"] is None:
        return None
    if folder is not None:
        _wait_for_files(folder, files + STREAMS.warm + STREAMS.requests)
    after_us = proxy.cpu_us()
    return None if after_us is None else Run(outcome, after_us - before_us)


def _files(folder: Path | None) -> int:
    return 0 if folder is None else sum(1 for _ in folder.glob("*.json"))


def _wait_for_files(folder: Path, count: int) -> None:
    deadline = time.monotonic() + WRITING_SECONDS
    while (there := _files(folder)) < count:
        if time.monotonic() > deadline:
            raise BenchError(f"{count} recordings are due in {str(folder)!r}, but there are {there}")
        time.sleep(0.05)
