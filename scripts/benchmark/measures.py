"""The measures: for each, the requests that are made and the figures that are taken from them."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from scripts.benchmark import proxies
from scripts.benchmark.companions import companions
from scripts.benchmark.ends import Load
from scripts.benchmark.recorded import recorded
from scripts.benchmark.running import BARE, DIRECT, OURS, TARGETS, Bench, Figures, Target

type Take = Callable[[Bench, Target], Figures]


@dataclass(frozen=True, slots=True)
class Measure:
    """One measure.

    Attributes:
        name: As `--only` takes it.
        about: What is asked of a target.
        take: Makes the requests, gives the figures.
        targets: Of which it is taken.
    """

    name: str
    about: str
    take: Take
    targets: tuple[Target, ...]


def quotient(above: float | None, below: float) -> float | None:
    """A quotient, or None where there is nothing to divide (no CPU time known) or to divide by (all failed)."""
    return None if above is None or not below else above / below


def requests(name: str, load: Load) -> Take:
    """Whole requests, one after the other: CPU and time of each."""

    def take(bench: Bench, target: Target) -> Figures:
        outcome = bench.run(target, load)
        return {
            f"{name}.cpu": quotient(outcome.cpu_ms, outcome.complete),
            f"{name}.p50": outcome.time_ms("latency", "p50"),
            f"{name}.p99": outcome.time_ms("latency", "p99"),
        }

    return take


def first_tokens(name: str, load: Load) -> Take:
    """Short streams, one after the other: the time to the first token."""

    def take(bench: Bench, target: Target) -> Figures:
        return {f"{name}.p50": bench.run(target, load).time_ms("first", "p50")}

    return take


def rate(name: str, load: Load) -> Take:
    """As many requests as go."""

    def take(bench: Bench, target: Target) -> Figures:
        outcome = bench.run(target, load)
        return {name: quotient(outcome.complete, outcome.seconds)}

    return take


def streams(name: str, load: Load) -> Take:
    """Streams side by side: how many come whole, and how late their tokens are."""

    def take(bench: Bench, target: Target) -> Figures:
        outcome = bench.run(target, load)
        return {
            f"{name}.complete": outcome.complete,
            f"{name}.p50": outcome.time_ms("delay", "p50"),
            f"{name}.p99": outcome.time_ms("delay", "p99"),
        }

    return take


def paced(bench: Bench, target: Target) -> Figures:
    """50 streams of 20 tokens a second; CPU while all are open, so that their beginnings and ends are not in it."""
    load = Load("stream", connections=50, requests=50, ramp_ms=1000, events=60, every_us=50_000)
    outcome = bench.run(target, load)
    opened = outcome.raw["open"]
    if outcome.cpu_ms is None or opened is None:
        return {"paced.cpu": None}
    return {"paced.cpu": quotient(opened["cpu_ns"] / 1e3, opened["events"])}


def flat(bench: Bench, target: Target) -> Figures:
    """One stream as fast as it goes."""
    outcome = bench.run(target, Load("stream", requests=1, events=60_000))
    cpu_us = None if outcome.cpu_ms is None else outcome.cpu_ms * 1000
    return {"flat.rate": quotient(outcome.events, outcome.seconds), "flat.cpu": quotient(cpu_us, outcome.events)}


def fresh(bench: Bench, target: Target) -> Figures:
    """A proxy that has just started: its first answer, its memory, and 500 streams of 2 tokens a second."""
    assert target.proxy is not None
    with proxies.proxy(target.proxy, bench.upstream_port, bench.homes / target.proxy) as proxy:
        bench.run(target, Load("stream", requests=20), instead=proxy)
        rest_kib = proxy.rss_kib()
        load = Load("stream", connections=500, requests=500, ramp_ms=2500, events=10, every_us=500_000)
        outcome = bench.run(target, load, instead=proxy)
    opened = outcome.raw["open"]
    figures: Figures = {"start": proxy.start_seconds, "streams500.complete": outcome.complete}
    if rest_kib is not None:
        figures["memory.rest"] = rest_kib / 1024
        figures["memory.stream"] = quotient(opened["rss_kib"] - rest_kib, load.connections) if opened else None
    return figures


def late(bench: Bench, target: Target) -> Figures:
    """Long streams, one after the other: CPU of 180 tokens around the 2,000th against 180 around the 100th."""
    load = Load("stream", requests=5, events=2100, every_us=1000, marks=[10, 190, 1910, 2090])
    outcome = bench.run(target, load)
    if outcome.failed or outcome.cpu_ms is None:
        return {"late": None}
    marks = outcome.raw["marks_ns"]
    return {"late": quotient(sum(mark[3] - mark[2] for mark in marks), sum(mark[1] - mark[0] for mark in marks))}


def concurrent(bench: Bench, target: Target) -> Figures:
    """100 requests at once, all open for 200 ms."""
    outcome = bench.run(target, Load("whole", connections=100, requests=100, every_us=10_000, warm=1))
    return {"concurrent": outcome.failed}


def gaps(bench: Bench, target: Target) -> Figures:
    """20 streams, alone and beside requests to embed 2,000 texts: the gaps between their tokens."""
    load = Load("stream", connections=20, requests=20, ramp_ms=500, events=120, every_us=50_000)
    texts = Load("embed", requests=3, inputs=2000, warm=1)
    alone = bench.run(target, load)
    beside = bench.run(target, load, meanwhile=lambda: bench.run(target, texts))
    alone_max, beside_max = alone.time_ms("gap", "max"), beside.time_ms("gap", "max")
    return {
        "gaps.alone_p99": alone.time_ms("gap", "p99"),
        "gaps.alone_max": alone_max,
        "gaps.p99": beside.time_ms("gap", "p99"),
        "gaps.max": beside_max,
        "gaps.longer": beside_max - alone_max if beside_max is not None and alone_max is not None else None,
    }


HUNDRED: Final = Load("stream", connections=100, requests=100, ramp_ms=1000, events=80, every_us=50_000)
THOUSAND: Final = Load("stream", connections=1000, requests=1000, ramp_ms=4000, events=120, every_us=50_000)
"""20 tokens a second in each stream. A thousand may be more than one core can do, but none may be lost."""

OLLAMA: Final = (DIRECT, BARE, OURS)
PROXIES: Final = (BARE, OURS)


def _both_ways(
    name: str, about: str, take: Callable[[str, Load], Take], load: Load, targets: tuple[Target, ...]
) -> tuple[Measure, Measure]:
    """A measure with a new connection for each request (as a person's prompts come), and with one that is kept."""
    kept = f"{name}-kept"
    return (
        Measure(name, f"{about}, each on a new connection", take(name, replace(load, keep=False)), targets),
        Measure(kept, f"{about}, on a connection that is kept", take(kept, load), targets),
    )


# The numbers of requests and tokens make most rounds a few seconds long.
MEASURES: Final = (
    *_both_ways("whole", "whole requests, one after the other", requests, Load("whole", requests=300), TARGETS),
    *_both_ways(
        "ttft",
        "short streams, one after the other",
        first_tokens,
        Load("stream", requests=200, events=3, every_us=2000),
        TARGETS,
    ),
    Measure("paced", "50 streams of 20 tokens a second", paced, TARGETS),
    Measure("flat", "one stream of 60,000 tokens, as fast as it goes", flat, TARGETS),
    *_both_ways("rate", "whole requests, always 32 at once", rate, Load("whole", connections=32, seconds=2), OLLAMA),
    *_both_ways(
        "history",
        "whole requests with 256 kB of messages",
        requests,
        Load("whole", requests=100, messages=129, message_size=1985),
        OLLAMA,
    ),
    *_both_ways("embed", "embeddings of 32 texts", requests, Load("embed", requests=60, inputs=32), OLLAMA),
    Measure("streams100", "100 streams of 20 tokens a second", streams("streams100", HUNDRED), OLLAMA),
    Measure("streams1000", "1,000 streams of 20 tokens a second", streams("streams1000", THOUSAND), OLLAMA),
    Measure("fresh", "a new process: its start, its memory, 500 open streams", fresh, PROXIES),
    Measure("late", "long streams: the 2,000th token against the 100th", late, PROXIES),
    Measure("concurrent", "100 requests at once", concurrent, OLLAMA),
    Measure("gaps", "20 streams, alone and beside embeddings of 2,000 texts", gaps, OLLAMA),
    Measure("recorded", "50 streams of 20 tokens a second, recorded and not", recorded, (OURS,)),
    Measure(
        "companions",
        "the same streams and whole requests, saved (-w) and listed (mitmweb), with companions and not",
        companions,
        PROXIES,
    ),
)
QUICK: Final = ("whole", "whole-kept", "paced", "flat")
QUICK_ROUNDS: Final = 3
