"""The `ollama` package in the versions that programs pin."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.packages import install_from_pypi, needs_uv
from tests.process import ROOT, Process, environment

pytestmark = [pytest.mark.slow, needs_uv]


@pytest.mark.parametrize("version", ["0.4.*", "0.5.*", "0.6.*"])
def test_a_version_lists_shows_chats_calls_tools_and_understands_errors(
    version: str, proxy: Process, tmp_path: Path
) -> None:
    place = tmp_path / "site"
    install_from_pypi(place, f"ollama=={version}")
    script = Path(__file__).with_name("sdk_round.py")
    run = subprocess.run(
        [sys.executable, str(script), proxy.url],
        env=environment(tmp_path, {"PYTHONPATH": str(place)}),
        capture_output=True,
        text=True,
        timeout=110,
    )
    assert run.returncode == 0, run.stderr


@pytest.mark.parametrize("version", ["0.4.0", "0.4.*", "0.5.*", "0.6.*"])
def test_a_version_has_no_field_that_we_do_not_know(version: str, tmp_path: Path) -> None:
    place = tmp_path / "site"
    install_from_pypi(place, f"ollama=={version}", "--no-deps")  # what it stands on comes from the environment
    run = subprocess.run(
        [sys.executable, "-m", "scripts.check_sdk_types"],
        cwd=ROOT,
        env=environment(tmp_path, {"PYTHONPATH": str(place)}),
        capture_output=True,
        text=True,
        timeout=110,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert run.stdout.startswith(f"ollama {version.removesuffix('*')}")
