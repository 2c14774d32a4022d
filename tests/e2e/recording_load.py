"""Many exchanges through a real mitmdump that records them, and its memory: `python -m tests.e2e.recording_load`.

`--mode off` shows what the memory does when nothing is recorded.
"""

import argparse
import http.client
import json
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import batched
from pathlib import Path
from typing import Final

from tests.process import LOOPBACK, Process, serving
from tests.upstream import Upstream

CLIENTS: Final = 8
"""That ask at once, each on a connection that is kept."""

STREAMING_CLIENTS: Final = 64
"""The same for streams, in which there is time between two tokens."""

WRITING_SECONDS: Final = 120
"""The longest wait for what is still to be written."""


@contextmanager
def recording_proxy(folder: Path, home: Path, mode: str = "all") -> Iterator[Process]:
    """A proxy before an upstream of its own."""
    with (
        Upstream.in_thread() as upstream,
        serving(upstream.base_url, home, PROXY_RECORD_MODE=mode, PROXY_RECORDINGS=str(folder)) as proxy,
    ):
        yield proxy


def ask_many(port: int, begin: int, end: int, *, stream: bool = False) -> None:
    """Ask for as many chats, several at once, each with a prompt of its own; streams come in about 60 chunks."""
    clients = STREAMING_CLIENTS if stream else CLIENTS
    with ThreadPoolExecutor(clients) as pool:
        shares = batched(range(begin, end), -(-(end - begin) // clients))
        for _ in pool.map(lambda numbers: ask_some(port, numbers, stream=stream), shares):
            pass


def ask_some(port: int, numbers: tuple[int, ...], *, stream: bool) -> None:
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=60)
    try:
        for number in numbers:
            prompt = f"small chat {number}{' and on' * 27 * stream}"
            message = {"role": "user", "content": prompt}
            connection.request(
                "POST", "/api/chat", json.dumps({"model": "gpt-4o", "messages": [message], "stream": stream})
            )
            response = connection.getresponse()
            answer = response.read()
            assert response.status == 200, answer
            assert prompt in "".join(json.loads(line)["message"]["content"] for line in answer.splitlines()), answer
    finally:
        connection.close()


def wait_written(folder: Path, count: int) -> None:
    """Wait until so many recordings are there."""
    deadline = time.monotonic() + WRITING_SECONDS
    while (there := len(list(folder.glob("*.json")))) < count:
        assert time.monotonic() < deadline, f"{there} of {count} recordings are there"
        time.sleep(0.1)


def rss_mib(pid: int) -> float:
    """Resident memory, from /proc."""
    return int(Path(f"/proc/{pid}/status").read_text().partition("VmRSS:")[2].split()[0]) / 1024


def main() -> int:
    """Ask, and print after each step the memory and the seconds until all was answered and written; the exit code."""
    parser = argparse.ArgumentParser(description="Memory of a proxy that records.")
    parser.add_argument("--exchanges", type=int, default=10_000)
    parser.add_argument("--step", type=int, default=1000)
    parser.add_argument("--mode", choices=["off", "all", "new_episodes"], default="all")
    options = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as home,
        recording_proxy(Path(home) / "tapes", Path(home), options.mode) as proxy,
    ):
        for begin in range(0, options.exchanges, options.step):
            end = begin + options.step
            started = time.monotonic()
            ask_many(proxy.port, begin, end)
            answered = time.monotonic() - started
            if options.mode != "off":
                wait_written(Path(home) / "tapes", end)
            written = time.monotonic() - started
            told = f"{end:6} exchanges  {rss_mib(proxy.popen.pid):6.1f} MiB  {answered:5.1f} s  {written:5.1f} s"
            print(told, flush=True)  # noqa: T201  # a program
    return 0


if __name__ == "__main__":
    sys.exit(main())
