"""The measure of what companions cost: exchanges whose flows are seen, with and without flows of the upstream calls.

Flows are seen in two ways: `-w` saves them when they are over, and mitmweb lists them, where running answers are shown
twice a second. Nobody has mitmweb's page open: what a browser asks for is mitmproxy's own cost.
"""

from collections import defaultdict
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from statistics import mean
from typing import Final

from scripts.benchmark import proxies
from scripts.benchmark.ends import Load
from scripts.benchmark.proxies import Proxy
from scripts.benchmark.running import BARE, Bench, Figures, Target
from scripts.benchmark.stream_runs import Run, event_us, open_us, p99_ms, run_streams

BARE_KINDS: Final = ("bare, saved",)
OUR_KINDS: Final = ("saved", "saved, no companions", "listed", "listed, no companions")

REQUESTS: Final = Load("whole", requests=300)


@dataclass(slots=True)
class Taken:
    """What the runs through one kind of proxy took.

    Attributes:
        streams: The paced streams, each run.
        requests_ms: CPU for a whole request on a kept connection, in each run.
    """

    streams: list[Run] = field(default_factory=list)
    requests_ms: list[float] = field(default_factory=list)

    @property
    def request_ms(self) -> float:
        """CPU for a whole request, the mean over the runs."""
        return mean(self.requests_ms)


def companions(bench: Bench, target: Target) -> Figures:
    """Streams and whole requests through new proxies by turns; of bare mitmdump only saved ones, with their bodies."""
    kinds = BARE_KINDS if target == BARE else OUR_KINDS
    taken: dict[str, Taken] = defaultdict(Taken)
    with ExitStack() as stack:
        running = {
            kind: stack.enter_context(proxies.proxy(kind, bench.upstream_port, bench.homes / kind)) for kind in kinds
        }
        for kind in kinds + kinds[::-1]:  # a machine that gets slower or faster meanwhile does so for all
            if not _run(bench, target, running[kind], taken[kind]):
                return {"companions.saved": None}
    return bare_figures(taken) if target == BARE else our_figures(taken)


def bare_figures(taken: Mapping[str, Taken]) -> Figures:
    """The figures of bare mitmdump, from what each of its kinds took."""
    saved = taken["bare, saved"]
    return {"companions.saved": event_us(saved.streams), "companions.request": saved.request_ms}


def our_figures(taken: Mapping[str, Taken]) -> Figures:
    """The figures of ours, from what each of its kinds took."""
    saved, saved_alone, listed, listed_alone = (taken[kind] for kind in OUR_KINDS)
    return {
        "companions.saved": event_us(saved.streams),
        "companions.saved_more": event_us(saved.streams) / event_us(saved_alone.streams),
        "companions.saved_open": open_us(saved.streams) / open_us(saved_alone.streams),
        "companions.saved_p99": p99_ms(saved.streams),
        "companions.request": saved.request_ms,
        "companions.request_more": saved.request_ms - saved_alone.request_ms,
        "companions.listed": event_us(listed.streams),
        "companions.listed_more": event_us(listed.streams) / event_us(listed_alone.streams),
        "companions.listed_open": open_us(listed.streams) / open_us(listed_alone.streams),
        "companions.listed_p99": p99_ms(listed.streams),
        "companions.listed_request_more": listed.request_ms - listed_alone.request_ms,
    }


def _run(bench: Bench, target: Target, proxy: Proxy, taken: Taken) -> bool:
    """The streams and the whole requests through one proxy; whether all answers were complete and CPU is known."""
    run = run_streams(bench, target, proxy)
    whole = bench.run(target, REQUESTS, instead=proxy)
    if run is None or whole.failed or whole.cpu_ms is None:
        return False
    taken.streams.append(run)
    taken.requests_ms.append(whole.cpu_ms / whole.complete)
    return True
