"""Wrong answers of an upstream, through a real mitmdump, to the real `ollama` package: each parses or is refused.

As a program it is the long run: `python -m tests.e2e.fuzz_streams --cases 10000 --seed 1`. A case that fails is named
by its number, and `--only NUMBER` repeats it.
"""

import argparse
import re
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from random import Random
from typing import override

import ollama

from tests.fuzzed_answers import FuzzedAnswer, fuzzed_answer, pieces_of
from tests.http_server import http_server
from tests.process import LOOPBACK, Process, serving

_CASE = re.compile(rb"case (\d+)")
_MODELS = {"chat": "fuzzed", "completions": "fuzzed-instruct", "responses": "o1-pro"}
"""A model for each protocol; the last is one that has only the Responses API."""


class WrongUpstream(BaseHTTPRequestHandler):
    """Answers a prompt that names a case with the answer of that case, in chunks."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    @override
    def handle(self) -> None:
        with suppress(ConnectionError):  # the proxy lets go of an answer that is over before its body
            super().handle()

    @override
    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""

    def do_POST(self) -> None:
        found = _CASE.search(self.rfile.read(int(self.headers["Content-Length"])))
        assert found is not None
        answer, random = case_of(int(found[1]))
        self.send_response(200)
        if answer.content_type:
            self.send_header("Content-Type", answer.content_type)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for piece in pieces_of(answer.body, random):
            self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
        if answer.complete:
            self.wfile.write(b"0\r\n\r\n")
        else:
            self.close_connection = True


def case_of(number: int) -> tuple[FuzzedAnswer, Random]:
    """The answer of a case, and chance for what else is to be decided about it."""
    random = Random(number)
    return fuzzed_answer(random), random


@contextmanager
def proxied() -> Iterator[tuple[Process, ollama.Client]]:
    """A mitmdump before an upstream whose answers are wrong, and its client."""
    with (
        tempfile.TemporaryDirectory() as home,
        http_server(WrongUpstream) as upstream,
        serving(f"http://{LOOPBACK}:{upstream}/v1", Path(home)) as process,
        ollama.Client(process.url, trust_env=False, timeout=30) as client,
    ):
        yield process, client


def told(client: ollama.Client, number: int) -> Iterator[ollama.ChatResponse | ollama.GenerateResponse]:
    """The objects of the answer of a case."""
    answer, random = case_of(number)
    model, prompt = _MODELS[answer.shape.dialect], f"case {number}"
    messages = [{"role": "user", "content": prompt}]
    match answer.shape.dialect == "completions", random.random() < 0.8:
        case True, True:
            yield from client.generate(model, prompt, raw=True, stream=True)
        case True, False:
            yield client.generate(model, prompt, raw=True)
        case False, True:
            yield from client.chat(model, messages, stream=True)
        case _:
            yield client.chat(model, messages)


def ask(client: ollama.Client, number: int) -> str:
    """Ask for a case; how it ended: `complete`, `refused` or `broken off`.

    Raises:
        AssertionError: The answer has no ending, or more than one, or the error says nothing.
        Exception: The client cannot read it.
    """
    endings: list[bool | None] = []
    refusal = None
    try:
        for part in told(client, number):
            endings.append(part.done)
    except ollama.ResponseError as error:
        refusal = error.error
    if refusal is None:
        assert endings.count(True) == 1
        assert endings[-1]
        return "complete"
    assert refusal
    assert True not in endings
    return "broken off" if endings else "refused"


def main() -> int:
    """Ask for many wrong answers and tell how they ended; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.e2e.fuzz_streams", description=main.__doc__)
    parser.add_argument("--cases", type=int, default=10_000, help="how many (default: 10000)")
    parser.add_argument("--seed", type=int, default=1, help="which: each seed has cases of its own (default: 1)")
    parser.add_argument("--only", type=int, metavar="NUMBER", help="repeat one case")
    options = parser.parse_args()
    first = options.seed * 1_000_000
    numbers = range(first, first + options.cases) if options.only is None else [options.only]
    ends: Counter[str] = Counter()
    begin = time.monotonic()
    with proxied() as (process, client):
        for done, number in enumerate(numbers, 1):
            try:
                ends[ask(client, number)] += 1
            except Exception as error:
                ends["wrong"] += 1
                sys.stdout.write(f"case {number}: {error!r}\n")
            if done % 500 == 0 or done == len(numbers):
                sys.stdout.write(f"{done} of {len(numbers)} in {time.monotonic() - begin:.0f} s: {dict(ends)}\n")
                sys.stdout.flush()
    crashes = crashes_in(process)
    sys.stdout.writelines(f"{line}\n" for line in crashes)
    return 1 if ends["wrong"] or crashes else 0


def crashes_in(process: Process) -> list[str]:
    """Lines of output that tell of an error that nobody expected."""
    return [line for line in process.lines if "Traceback" in line or "internal error" in line]


if __name__ == "__main__":
    sys.exit(main())
