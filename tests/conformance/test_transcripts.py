"""Everyday tasks with real clients read the same against a real Ollama and ours; only where the goldens lie.

The real Ollama is what one answered, byte by byte (`golden_server.py`). Ours is a mitmdump in front of the scripted
upstream that stood behind it. What cannot be equal is masked: times, and what depends on a model's file.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import pytest

from tests.conformance.golden_captures import GOLDENS, MODELS
from tests.conformance.golden_server import golden_server
from tests.conformance.scripted_upstream import SCRIPT, scripted_upstream
from tests.conformance.transcripts.masks import masked
from tests.packages import NODE, install_from_npm, needs_node
from tests.process import LOOPBACK, environment, serving

CLIENTS: Final = Path(__file__).with_name("transcripts")
CURL: Final = shutil.which("curl")

MODEL: Final = "demo-chat"
"""The one that the clients take when they are told none."""

VERSION: Final = "query-ignored"
ANSWERS: Final = (
    "tags",
    "show-demo-chat",
    "chat-whole",
    "chat-stream",
    "chat-think-true",
    "chat-tool-whole",
    "chat-tool-roundtrip-sdk",
    "chat-format-schema",
    "generate-stream",
    "embed-list",
    "chat-missing",
    "chat-load",
    "ps-loaded",
    "chat-unload",
    "ps-after-zero",
)
"""The goldens that answer the tasks; those of one path in the order of the tasks."""

UNKNOWN: Final = {"error": {"message": "The model `nope` does not exist", "type": "", "code": "model_not_found"}}
"""The scripted upstream answers for every model; a client that asks an unknown one asks for this by its marker."""

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not os.environ.get("SHARED_DIR"), reason="SHARED_DIR is not set: no goldens here"),
]


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    home = tmp_path_factory.mktemp("home")
    scenarios = json.loads(SCRIPT.with_name("scenarios.json").read_text("utf-8"))
    told = home / "scenarios.json"
    told.write_text(json.dumps(scenarios | {"missing": {"status": 404, "body": UNKNOWN}}))
    with (
        scripted_upstream(SCRIPTED_SCENARIOS=str(told)) as port,
        serving(f"http://{LOOPBACK}:{port}/v1", home, PROXY_MODELS=str(MODELS)) as proxy,
    ):
        yield proxy.url


def assert_reads_the_same(command: list[str], answers: Sequence[str], ours: str, home: Path) -> None:
    with golden_server(GOLDENS, answers) as real:
        expected = transcript([*command, real.url], home)
    assert real.complaints == []
    assert not any(real.left.values())
    assert masked(transcript([*command, ours], home), MODEL) == masked(expected, MODEL)


def transcript(command: list[str], home: Path) -> str:
    run = subprocess.run(command, env=environment(home, {}), capture_output=True, text=True, timeout=60)
    assert run.returncode == 0, run.stdout + run.stderr
    return run.stdout


def test_ollama_python_tells_the_same_of_both(ours: str, tmp_path: Path) -> None:
    assert_reads_the_same([sys.executable, str(CLIENTS / "with_ollama_python.py")], ANSWERS, ours, tmp_path)


@needs_node
def test_ollama_js_tells_the_same_of_both(ours: str, tmp_path: Path) -> None:
    assert NODE
    install_from_npm(tmp_path, "ollama@0.6")
    script = shutil.copy(CLIENTS / "with_ollama_js.mjs", tmp_path)
    assert_reads_the_same([NODE, str(script)], [VERSION, *ANSWERS], ours, tmp_path)


@pytest.mark.skipif(CURL is None, reason="curl is not on PATH: apt install curl")
def test_curl_tells_the_same_of_both(ours: str, tmp_path: Path) -> None:
    assert_reads_the_same([str(CLIENTS / "with_curl.sh")], [VERSION, *ANSWERS], ours, tmp_path)
