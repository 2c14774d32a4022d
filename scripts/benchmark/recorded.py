"""The measure of what recording costs: streams through a proxy that keeps them, and through one that does not."""

import shutil
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from scripts.benchmark import BenchError, proxies
from scripts.benchmark.running import Bench, Figures, Target
from scripts.benchmark.stream_runs import STREAMS, Run, event_us, open_us, p99_ms, run_streams

WRITING_SECONDS: Final = 60
"""The longest wait for the last recording."""

ORDER: Final = ("off", "on", "on", "off")
"""A machine that gets slower or faster meanwhile does so for both."""


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
            run = run_streams(bench, target, off) if name == "off" else _run_on(bench, target, on, folder)
            if run is None:
                return {"recorded.more": None}
            runs[name].append(run)
    return figures(runs["off"], runs["on"])


def figures(off: Sequence[Run], on: Sequence[Run]) -> Figures:
    """The figures of runs without and with recording."""
    return {
        "recorded.off": event_us(off),
        "recorded.on": event_us(on),
        "recorded.more": event_us(on) / event_us(off),
        "recorded.open": open_us(on) / open_us(off),
        "recorded.off_p99": p99_ms(off),
        "recorded.on_p99": p99_ms(on),
    }


def _run_on(bench: Bench, target: Target, proxy: proxies.Proxy, folder: Path) -> Run | None:
    """The streams through the proxy that records them into this folder, until all are written."""
    due = _files(folder) + STREAMS.warm + STREAMS.requests
    return run_streams(bench, target, proxy, lambda: _wait_for_files(folder, due))


def _files(folder: Path) -> int:
    return sum(1 for _ in folder.glob("*.json"))


def _wait_for_files(folder: Path, count: int) -> None:
    deadline = time.monotonic() + WRITING_SECONDS
    while (there := _files(folder)) < count:
        if time.monotonic() > deadline:
            raise BenchError(f"{count} recordings are due in {str(folder)!r}, but there are {there}")
        time.sleep(0.05)
