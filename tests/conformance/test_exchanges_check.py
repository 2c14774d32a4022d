"""The black-box check over recorded OpenAI-side exchanges, against a real mitmdump; only where the recordings lie."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.process import LOOPBACK, free_port, serving

SHARED = Path(os.environ.get("SHARED_DIR", ""))
CHECK, EXCHANGES = SHARED / "exchanges-check", SHARED / "exchanges"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not os.environ.get("SHARED_DIR"), reason="SHARED_DIR is not set: no recorded exchanges here"),
    pytest.mark.timeout(600),
]


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


@pytest.mark.parametrize(
    "only",
    [
        "openai-chat*",
        "openai-stream*",
        "*-chat-*",
        "[!o]*-stream*",
        "openrouter-stream*",
        "*-embed-*",
        "openai-completion*",
        "*-completion",
    ],
)
def test_recorded_exchanges_are_translated_in_all_splittings(only: str, tmp_path: Path) -> None:
    with (
        recorded_upstream(tmp_path / "requests.jsonl") as upstream,
        serving(f"http://{LOOPBACK}:{upstream}/v1", tmp_path) as proxy,
    ):
        check = [sys.executable, str(CHECK / "check.py"), "--dir", str(EXCHANGES)]
        where = ["--host", f"{LOOPBACK}:{proxy.port}", "--upstream", f"{LOOPBACK}:{upstream}"]
        run = subprocess.run([*check, *where, "--only", only], capture_output=True, text=True, timeout=500)
    assert re.search(r"^[1-9]\d* passed, 0 failed$", run.stdout, re.MULTILINE), run.stdout[-5000:] + run.stderr[-2000:]
