"""Many exchanges through a mitmproxy program, and its memory: `python -m tests.e2e.companion_load`.

`--no-companions` shows what the same flows take without those of the upstream calls.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Literal

from tests.e2e.recording_load import ask_many, rss_mib
from tests.process import Process, serving
from tests.upstream import Upstream
from tests.web import web_serving

TOKEN_SECONDS: Final = 0.02
"""Between two tokens, so that each comes in a piece of its own."""

type Place = Literal["web", "file", "nowhere"]
"""Where the flows go: into the list of mitmweb, which keeps them; with `-w` into a file; or nowhere, as in mitmdump."""


@contextmanager
def flows_to(place: Place, home: Path, *, companions: bool = True) -> Iterator[Process]:
    """A proxy before an upstream of its own.

    Args:
        place: Where its flows go; `-w` writes `flows` in its home.
        home: An empty folder.
        companions: Whether the calls to the upstream are flows too.
    """
    settings = {"PROXY_COMPANIONS": str(companions).lower()}
    with Upstream.in_thread(delay=TOKEN_SECONDS) as upstream:
        if place == "web":
            with web_serving(upstream.base_url, home, **settings) as web:
                yield web.proxy
        else:
            arguments = ["-w", str(home / "flows")] if place == "file" else []
            with serving(upstream.base_url, home, *arguments, **settings) as proxy:
                yield proxy


def main() -> int:
    """Ask, and print after each step the memory and the seconds that it took; the exit code."""
    parser = argparse.ArgumentParser(description="Memory of a proxy whose flows are seen.")
    parser.add_argument("--exchanges", type=int, default=10_000)
    parser.add_argument("--step", type=int, default=1000)
    parser.add_argument("--flows-to", choices=["web", "file", "nowhere"], default="web")
    parser.add_argument("--no-companions", action="store_false", dest="companions")
    parser.add_argument("--stream", action="store_true", help="answers of about 60 chunks, instead of small whole ones")
    options = parser.parse_args()
    rss: list[float] = []
    with (
        tempfile.TemporaryDirectory() as home,
        flows_to(options.flows_to, Path(home), companions=options.companions) as proxy,
    ):
        for begin in range(0, options.exchanges, options.step):
            end = begin + options.step
            started = time.monotonic()
            ask_many(proxy.port, begin, end, stream=options.stream)
            seconds = time.monotonic() - started
            rss.append(rss_mib(proxy.popen.pid))
            print(f"{end:6} exchanges  {rss[-1]:6.1f} MiB  {seconds:5.1f} s", flush=True)  # noqa: T201  # a program
    if len(rss) > 1:  # not from the start: the first exchanges load what is loaded once
        each = (rss[-1] - rss[0]) * 1024 / (options.step * (len(rss) - 1))
        print(f"{each:.2f} KiB an exchange after the first {options.step}")  # noqa: T201  # a program
    return 0


if __name__ == "__main__":
    sys.exit(main())
