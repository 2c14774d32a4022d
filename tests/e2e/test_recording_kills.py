"""Processes that are killed while they record: what they leave is whole, and the next one records on."""

import json
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path
from random import Random
from typing import Any

import pytest

from addon.recordings.files import read_recordings
from tests.process import ROOT, serving
from tests.upstream import Upstream
from tests.wire import ask

ROUNDS = 20
"""Of a real proxy, each with a process of its own."""


@pytest.mark.parametrize("rounds", [30, pytest.param(200, marks=pytest.mark.slow)])
def test_whatever_line_of_the_writing_a_process_dies_at_no_file_is_half_and_none_is_lost(
    rounds: int, tmp_path: Path
) -> None:
    command = [sys.executable, "-m", "tests.e2e.killed_recorders", str(tmp_path), "--rounds", str(rounds)]
    run = subprocess.run(command, cwd=ROOT, env={}, capture_output=True, text=True, timeout=110)
    assert run.returncode == 0, run.stderr
    found = json.loads(run.stdout)
    assert found["halves"] > rounds // 5  # the kills were in the middle of the writing
    assert found["recordings"] > rounds // 5


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_proxy_that_is_killed_while_it_records_leaves_whole_files_and_the_next_records_on(
    upstream: Upstream, tmp_path: Path
) -> None:
    folder, random = tmp_path / "recordings", Random(ROUNDS)
    arguments = ["--set", f"ollama_recordings={folder}", "--set", "ollama_record_mode=all"]
    for number in range(ROUNDS):
        with serving(upstream.base_url, tmp_path, *arguments) as proxy:
            left = Countdown(random.randint(20, 80))
            with ThreadPoolExecutor(4) as pool:
                for worker in range(4):
                    pool.submit(ask_on, proxy.port, f"{number} {worker}", left)
                assert left.over.wait(60)
                proxy.popen.kill()
        read_recordings(folder)  # it raises where one is not whole
    assert len(read_recordings(folder)) > ROUNDS
    with serving(upstream.base_url, tmp_path, *arguments) as proxy:
        assert ask(proxy.port, "POST", "/api/chat", chat("at the end")).status == 200
    assert "at the end" in {prompt_of(each.client.request.body) for each in read_recordings(folder)}


class Countdown:
    """Counts answers down from a number; `over` is set at none."""

    def __init__(self, number: int) -> None:
        self.over = threading.Event()
        self._left = number
        self._lock = threading.Lock()

    def one(self) -> None:
        with self._lock:
            self._left -= 1
            if self._left <= 0:
                self.over.set()


def ask_on(port: int, worker: str, left: Countdown) -> None:
    """Ask for long answers, so that there is always something to be written, until nobody answers."""
    for number in count():
        try:
            ask(port, "POST", "/api/chat", chat(f"{worker} {number} " + "word " * 2000, stream=False))
        except (OSError, ValueError, IndexError):  # it is gone
            return
        left.one()


def chat(text: str, **more: Any) -> dict[str, Any]:
    return {"model": "gpt-4o", "messages": [{"role": "user", "content": text}], **more}


def prompt_of(body: bytes) -> str:
    return str(json.loads(body)["messages"][0]["content"])
