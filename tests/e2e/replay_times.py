"""How exactly a replay keeps the recorded times: `python -m tests.e2e.replay_times`.

Streams of several tempos are recorded from the test upstream and replayed by a real mitmdump; the gaps between the
lines that a client gets are compared with the recorded ones. What a busy machine adds is in the figures, so this is a
program to be run in a quiet moment, and no test. It ends with 1 when a gap is off by more than is allowed.
"""

import http.client
import json
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path
from statistics import median, quantiles

from addon.recordings.files import read_recordings
from addon.recordings.recording import Recording
from tests.process import LOOPBACK, Process, serving
from tests.upstream import Upstream

TEMPOS = ((150, 5), (100, 20), (40, 50), (20, 150), (5, 600))
"""Tokens of a stream, and milliseconds between them."""

ALLOWED_MS, ALLOWED_SHARE = 5.0, 0.1
"""A gap may be off by the larger of the two."""


def prompt_of(tempo: tuple[int, int]) -> str:
    return "[[fault:paced:{}:{}]]".format(*tempo)


def arrivals(proxy: Process, prompt: str) -> list[float]:
    """When each line of a chat came, in milliseconds."""
    connection = http.client.HTTPConnection(LOOPBACK, proxy.port, timeout=60)
    try:
        body = json.dumps({"model": "gpt-4o", "messages": [{"role": "user", "content": prompt}]})
        connection.request("POST", "/api/chat", body)
        response = connection.getresponse()
        assert response.status == 200
        return [time.perf_counter() * 1000 for _ in iter(response.readline, b"")]
    finally:
        connection.close()


def recorded_arrivals(recording: Recording) -> list[float]:
    """When each line was sent while it was recorded, in milliseconds."""
    assert recording.client.response is not None
    return [t_ms for t_ms, piece in recording.client.response.chunks for _ in piece.splitlines()]


def gaps(times: Sequence[float]) -> list[float]:
    return [after - before for before, after in pairwise(times)]


def report(title: str, recorded: Sequence[list[float]], replayed: Sequence[list[float]]) -> int:
    """Print how far the gaps are off; how many are off by more than is allowed."""
    pairs = [
        pair for was, now in zip(recorded, replayed, strict=True) for pair in zip(gaps(was), gaps(now), strict=True)
    ]
    off = [abs(now - was) for was, now in pairs]
    wrong = sum(abs(now - was) > max(ALLOWED_MS, ALLOWED_SHARE * was) for was, now in pairs)
    print(  # noqa: T201  # a program
        f"{title}: {len(off)} gaps, off by {median(off):.2f} ms (median), {quantiles(off, n=100)[98]:.2f} ms (p99), "
        f"{max(off):.2f} ms (worst); {wrong} by more than {ALLOWED_MS:g} ms and {ALLOWED_SHARE:.0%}"
    )
    return wrong


def main() -> int:
    """Record, replay one after the other and all at once, and print; the exit code."""
    prompts = [prompt_of(tempo) for tempo in TEMPOS]
    with tempfile.TemporaryDirectory() as folder:
        home, recordings = Path(folder), {"PROXY_RECORDINGS": str(Path(folder) / "recordings")}
        with (
            Upstream.in_thread() as upstream,
            serving(upstream.base_url, home, PROXY_RECORD_MODE="all", **recordings) as live,
        ):
            for prompt in prompts:
                arrivals(live, prompt)
        made = read_recordings(home / "recordings")
        recorded = [
            recorded_arrivals(each)
            for prompt in prompts
            for each in made
            if prompt.encode() in each.client.request.body
        ]
        with serving("", home, PROXY_RECORD_MODE="none", **recordings) as replay:
            wrong = report("one after the other", recorded, [arrivals(replay, prompt) for prompt in prompts])
            with ThreadPoolExecutor(len(prompts) * 4) as pool:
                at_once = list(pool.map(lambda prompt: arrivals(replay, prompt), prompts * 4))
            wrong += report(f"{len(at_once)} at once", recorded * 4, at_once)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
