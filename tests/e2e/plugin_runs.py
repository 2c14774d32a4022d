"""The pytest plugin in somebody else's tests: pytest as a process, with tests that are given as text."""

import re
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

from tests.process import ROOT, unmeasured

PLUGIN = ROOT / "scripts" / "pytest_plugin"

SKY = PLUGIN / "examples/recordings/test_with_ollama/test_the_sky_is_explained"
"""A folder with one recording, of what `ask` asks."""

NOBODY = "http://127.0.0.1:9/v1"
"""An upstream that nobody may ask."""

PRELUDE = f"""
import ollama
import pytest

SKY = {str(SKY)!r}

def ask(url=None, text="Why is the sky blue?"):
    return ollama.Client(url).chat("gpt-4o", [{{"role": "user", "content": text}}]).message.content
"""

PYTEST = [sys.executable, "-m", "pytest", "-p", "pytest_ollama_replay.plugin", "-p", "no:cacheprovider"]

VARIABLES = {
    "PYTHONPATH": str(PLUGIN),
    "OLLAMA_PROXY_DIR": str(ROOT),
    "OPENAI_BASE_URL": NOBODY,
    "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",  # other plugins take half a second
}


def run_pytest(home: Path, *arguments: str, tests: str = "", **variables: str) -> subprocess.CompletedProcess[str]:
    """Run pytest with the plugin in the folder `tests` of a home, on a file with these tests and what else is there."""
    place = home / "tests"
    place.mkdir(exist_ok=True)
    if tests:
        write_tests(place / "test_it.py", tests)
    return subprocess.run(
        [*PYTEST, *arguments],
        cwd=place,
        env=unmeasured(home, VARIABLES | variables),
        capture_output=True,
        text=True,
        timeout=100,
    )


def write_tests(file: Path, tests: str) -> None:
    file.write_text(PRELUDE + dedent(tests), "utf-8")


def passed(result: subprocess.CompletedProcess[str], count: int) -> str:
    assert result.returncode == 0, result.stdout + result.stderr
    assert re.search(rf"\b{count} passed", result.stdout)
    return result.stdout


def failed(result: subprocess.CompletedProcess[str]) -> str:
    assert result.returncode == 1, result.stdout + result.stderr
    return result.stdout


def sections(shown: str) -> dict[str, str]:
    """What is shown under each title; of tests that pass there is one for all, `PASSES`."""
    parts = re.split(r"^([_=])\1{2,} (.*) \1{3,}\n", shown, flags=re.MULTILINE)
    return dict(zip(parts[2::3], parts[3::3], strict=True))
