"""Asking the proxy, some requests at a time, until all are answered or there is no point in going on."""

import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from http.client import HTTPException
from typing import Final

from scripts.collecting.kinds import Ask
from scripts.collecting.progress import Progress
from scripts.collecting.shelf import fault_of
from scripts.proxy_process import ask_proxy

MOST_FAULTS_IN_A_ROW: Final = 10
"""After so many the rest would be refused as well: no credit, no permission, nobody there."""

CTRL_C: Final = "Ctrl+C"
"""Why a run was broken off by its user."""

HEADERS: Final = {"User-Agent": "collect-recordings", "Content-Type": "application/json"}


@dataclass(slots=True)
class Outcome:
    """What came of a run.

    Attributes:
        answered: What was answered, and what was not as expected of it; empty when nothing was.
        stopped: Why not everything was asked; empty when it was.
        told: What the proxy said of exchanges that it did not keep.
    """

    answered: dict[Ask, str] = field(default_factory=dict)
    stopped: str = ""
    told: Sequence[str] = ()

    @property
    def is_hopeless(self) -> bool:
        """Whether the last answers were all wrong."""
        last = list(self.answered.values())[-MOST_FAULTS_IN_A_ROW:]
        return len(last) == MOST_FAULTS_IN_A_ROW and all(last)


def exchange(port: int, ask: Ask) -> tuple[str, bytes]:
    """Make one request of the proxy: what is not as expected of the answer, empty when nothing is; and its body.

    Raises:
        OSError, HTTPException: There is no answer.
    """
    answer = ask_proxy(port, ask.kind.method, ask.kind.path, ask.content, HEADERS)
    return answer.broken or fault_of(ask, answer.status, answer.body), answer.body


def ask_all(port: int, asks: Sequence[Ask], jobs: int, outcome: Outcome, shown: Callable[[str], str]) -> None:
    """Make requests, and note what comes of them.

    After Ctrl+C those that run are waited for; a second one leaves them.

    Args:
        port: Of the proxy.
        asks: What to ask.
        jobs: How many at once.
        outcome: Where it is noted.
        shown: Takes out of a text what nobody should see.
    """
    progress = Progress(len(asks))
    pool = ThreadPoolExecutor(jobs)
    waiting = {pool.submit(_answer, port, ask): ask for ask in asks}
    try:
        for future in as_completed(waiting):
            _note(future, waiting[future], outcome, progress, shown)
            if outcome.is_hopeless:
                outcome.stopped = f"the last {MOST_FAULTS_IN_A_ROW} answers were all unexpected"
                break
    except KeyboardInterrupt:
        outcome.stopped = CTRL_C
        print("\nwaiting for the answers that are under way; Ctrl+C again leaves them", file=sys.stderr)
    finally:
        progress.end()
        pool.shutdown(cancel_futures=True)


def _note(
    future: Future[tuple[str, float]], ask: Ask, outcome: Outcome, progress: Progress, shown: Callable[[str], str]
) -> None:
    fault, seconds = future.result()
    outcome.answered[ask] = fault
    progress.add(ask.label, shown(fault), seconds)


def _answer(port: int, ask: Ask) -> tuple[str, float]:
    """What was not as expected of an answer, and how long it took, in seconds."""
    begin = time.monotonic()
    try:
        fault, _ = exchange(port, ask)
    except (OSError, HTTPException) as error:
        fault = f"no answer: {error!r}"
    return fault, time.monotonic() - begin
