"""Measure what the proxy costs, against mitmproxy's own pass-through and against no proxy at all.

Each measure is taken in rounds, and in each round of every target in turn: `direct` (no proxy), `bare` (mitmdump
that forwards an OpenAI client), `ours` (an Ollama client) and `ours/v1` (an OpenAI client of ours). All run on this
machine: behind them one small server, before them one load generator, both in Go and built on demand. CPU time is
the proxy process's own, as the system counts it. Most goals are ratios of ours to bare: one ratio for each round,
of which the median is judged and the lowest and highest tell the noise. A goal that is not met is no failure; an
answer that is not complete is one, and the exit code is 1 then.
"""

import argparse
import json
import os
import platform
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from scripts.benchmark import BenchError, ends, proxies, report  # the path had to come first
from scripts.benchmark.measures import MEASURES, QUICK, QUICK_ROUNDS, Measure  # the path had to come first
from scripts.benchmark.rows import ROWS  # the path had to come first
from scripts.benchmark.running import TARGETS, Bench, Figures, Target, Unsupported  # the path had to come first

FULL_ROUNDS = 5
FILES = 8192
"""Open files of a process: 1,000 streams are 2,000 sockets in a proxy, and as many may linger from a run before."""


def main() -> int:
    """Measure and report; the exit code."""
    options = parse(sys.argv[1:])
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # so that the processes are ended
    begin = time.monotonic()
    figures: dict[str, dict[str, list[float | None]]] = {}
    raw: list[dict[str, Any]] = []
    try:
        allow_files(FILES)
        with started() as bench:
            for measure in options.measures:
                figures |= rounds_of(measure, options.rounds, bench, raw)
            failures = bench.failures
    except BenchError as error:
        say(f"bench: {error}")
        return 1
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
    judged = [report.judge(row, figures[row.name]) for row in ROWS if row.name in figures]
    print(report.table(judged))
    if options.json:
        made = {"about": about(time.monotonic() - begin), "rows": report.as_json(judged), "failures": failures}
        options.json.write_text(json.dumps(made | {"raw": raw}, indent=1, ensure_ascii=False) + "\n")
    for failure in failures:
        say(f"FAILED: {failure}")
    return 1 if failures else 0


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """The options `measures`, `rounds` and `json`; ends the program where they are wrong."""
    summary, _, details = (__doc__ or "").partition("\n\n")
    details += "\nMeasures:\n" + "\n".join(f"  {measure.name:<13} {measure.about}" for measure in MEASURES)
    parser = argparse.ArgumentParser(
        prog="bench.py", description=summary, epilog=details, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    names = [measure.name for measure in MEASURES]
    parser.add_argument(
        "--quick", action="store_true", help=f"only {', '.join(QUICK)}, {QUICK_ROUNDS} rounds: about a minute"
    )
    parser.add_argument("--rounds", type=int, help=f"how often each measure is taken (default: {FULL_ROUNDS})")
    parser.add_argument("--only", metavar="MEASURE,…", help="only these, see below")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write there all figures, versions and raw results")
    options = parser.parse_args(arguments)
    chosen = options.only.split(",") if options.only else QUICK if options.quick else names
    if unknown := [name for name in chosen if name not in names]:
        parser.error(f"--only knows no {unknown[0]!r}: use some of {', '.join(names)}")
    if options.rounds is None:
        options.rounds = QUICK_ROUNDS if options.quick else FULL_ROUNDS
    if options.rounds < 1:
        parser.error(f"--rounds cannot be {options.rounds}: use 1 or more")
    if options.json and not options.json.absolute().parent.is_dir():
        parser.error(f"--json cannot write {str(options.json)!r}: make its folder first")
    options.measures = [measure for measure in MEASURES if measure.name in chosen]
    return options


def allow_files(count: int) -> None:
    """Raise the limit of open files, for this process and those that it starts.

    Raises:
        BenchError: The system does not let it.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < count:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (count, hard))
        except (ValueError, OSError) as error:
            raise BenchError(f"{count} open files are needed, {hard} are allowed: raise it (ulimit -Hn)") from error


@contextmanager
def started() -> Iterator[Bench]:
    """The server and the proxies, until the block ends.

    Raises:
        BenchError: Something cannot be built or does not start.
    """
    with ExitStack() as stack:
        homes = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-")))
        say("building the load generator")
        program = ends.build(ends.cache_folder())
        port = stack.enter_context(ends.upstream(program))
        say("starting the proxies")
        kinds = dict.fromkeys(target.proxy for target in TARGETS if target.proxy)
        running = {kind: stack.enter_context(proxies.proxy(kind, port, homes / kind)) for kind in kinds}
        if not Path("/proc/self/stat").exists():
            say("this system has no /proc: CPU and memory of the proxies are left out")
        yield Bench(program, port, homes, running)


def rounds_of(
    measure: Measure, rounds: int, bench: Bench, raw: list[dict[str, Any]]
) -> dict[str, dict[str, list[float | None]]]:
    """Take a measure in rounds, of each target in turn.

    Args:
        measure: What to take.
        rounds: How often.
        bench: What is running.
        raw: Gets what the load generator told.

    Returns:
        For each row and target its figures, one a round.
    """
    figures: dict[str, dict[str, list[float | None]]] = defaultdict(lambda: defaultdict(lambda: [None] * rounds))
    for index in range(rounds):
        # Each round begins with another target, so that none always comes after the same one.
        shift = index % len(measure.targets)
        for target in measure.targets[shift:] + measure.targets[:shift]:
            taken = take(measure, target, bench, f"{measure.name} {index + 1}/{rounds} {target.name}")
            raw.append({"measure": measure.name, "target": target.name, "round": index + 1, "runs": bench.raw})
            bench.raw = []
            for name, figure in taken.items():
                figures[name][target.name][index] = figure
    return figures


def take(measure: Measure, target: Target, bench: Bench, title: str) -> Figures:
    """Take one measure of one target, and say what came of it."""
    try:
        taken = measure.take(bench, target)
    except Unsupported as status:
        say(f"{title}: not served (status {status})")
        return {}
    shown = [row for row in ROWS if taken.get(row.name) is not None]
    told = [f"{row.name} {report.number(taken[row.name], row.digits)} {row.unit}".rstrip() for row in shown]
    say(f"{title}: {', '.join(told) or 'done'}")
    return taken


def say(text: str) -> None:
    """Tell whoever waits."""
    print(text, file=sys.stderr, flush=True)


def about(seconds: float) -> dict[str, Any]:
    """Where and with what this was measured."""
    commit = subprocess.run(
        ["git", "describe", "--always", "--dirty"], cwd=proxies.ROOT, capture_output=True, text=True
    )
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "seconds": round(seconds),
        "command": sys.argv,
        "commit": commit.stdout.strip() or None,
        "python": platform.python_version(),
        "mitmproxy": version("mitmproxy"),
        "system": platform.platform(),
        "processors": os.cpu_count(),
    }


if __name__ == "__main__":
    sys.exit(main())
