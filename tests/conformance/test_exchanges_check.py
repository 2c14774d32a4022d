"""The black-box check over recorded OpenAI-side exchanges, against a real mitmdump; only where the recordings lie."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Final

import pytest

from tests.process import LOOPBACK, free_port, serving

SHARED = Path(os.environ.get("SHARED_DIR", ""))
CHECK, EXCHANGES = SHARED / "exchanges-check", SHARED / "exchanges"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not os.environ.get("SHARED_DIR"), reason="SHARED_DIR is not set: no recorded exchanges here"),
    pytest.mark.timeout(600),
]


MEANT: Final = {
    f"{name}  /api/embeddings  status: 500 for the upstream's 400": "as Ollama's handler of this route makes of "
    "whatever its runner refuses (`EmbeddingsHandler` in server/routes.go)"
    for name in ("openai-err-400-embed", "voyage-err-400")
}
"""What the check calls wrong and is right, with why."""

NOT_APPLICABLE: Final = {
    "*-models*": "a list that was answered from the memory of the one before",
    "cerebras-stream-tool-reasoning": "two answers one after the other, which is no one answer when asked for whole",
    "cloudflare-chat-json-object-content": "content that is an object, which no stream has",
    "groq-stream-error-event": "an error in the middle, which is no answer when asked for whole",
    "openrouter-stream-error": "the same",
}
"""Recordings that cannot be asked for in every way, with why."""


@contextmanager
def recorded_upstream(log: Path) -> Iterator[int]:
    """The server that plays the recordings; its port."""
    port = free_port()
    command = [sys.executable, str(CHECK / "serve.py"), "--dir", str(EXCHANGES), "--port", str(port), "--log", str(log)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as server:
        assert server.stdout is not None
        server.stdout.readline()  # it says where it listens once it does
        try:
            yield port
        finally:
            server.terminate()


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What the check says of all recordings, in all splittings, streamed and whole."""
    folder = tmp_path_factory.mktemp("exchanges")
    with (
        recorded_upstream(folder / "requests.jsonl") as upstream,
        serving(f"http://{LOOPBACK}:{upstream}/v1", folder) as proxy,
    ):
        check = [sys.executable, str(CHECK / "check.py"), "--dir", str(EXCHANGES)]
        where = ["--host", f"{LOOPBACK}:{proxy.port}", "--upstream", f"{LOOPBACK}:{upstream}"]
        run = subprocess.run([*check, *where], capture_output=True, text=True, timeout=500)
    assert re.search(r"^[1-9]\d* passed, \d+ failed$", run.stdout, re.MULTILINE), (
        run.stdout[-5000:] + run.stderr[-2000:]
    )
    return run.stdout


def test_every_recording_is_translated_as_it_is_meant(report: str) -> None:
    assert set(re.findall(r"^FAIL  (.*)$", report, re.MULTILINE)) == MEANT.keys()


def test_every_recording_is_asked_for_or_left_out_for_a_stated_reason(report: str) -> None:
    found = re.search(r"^not applicable cases: (.*)$", report, re.MULTILINE)
    assert found is not None
    names = re.findall(r"([\w-]+) \d+", found[1])
    unexplained = {name for name in names if not any(fnmatchcase(name, pattern) for pattern in NOT_APPLICABLE)}
    idle = {pattern for pattern in NOT_APPLICABLE if not any(fnmatchcase(name, pattern) for name in names)}
    assert (unexplained, idle) == (set(), set())
