"""The `ollama` package in the versions that programs pin."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.process import ROOT, Process, environment

UV = shutil.which("uv", path=f"{ROOT / '.uv-tool' / 'bin'}:{Path(sys.executable).parent}") or shutil.which("uv")


@pytest.mark.slow
@pytest.mark.skipif(UV is None, reason="uv, which installs other versions, is not on PATH: pip install uv")
@pytest.mark.parametrize("version", ["0.4", "0.5", "0.6"])
def test_a_version_lists_shows_chats_calls_tools_and_understands_errors(
    version: str, proxy: Process, tmp_path: Path
) -> None:
    assert UV is not None
    place = tmp_path / "site"
    install = [
        UV,
        "pip",
        "install",
        "--quiet",
        "--python",
        sys.executable,
        "--target",
        str(place),
        f"ollama=={version}.*",
    ]
    subprocess.run(install, check=True, timeout=110)
    script = Path(__file__).with_name("sdk_round.py")
    run = subprocess.run(
        [sys.executable, str(script), proxy.url],
        env=environment(tmp_path, {"PYTHONPATH": str(place)}),
        capture_output=True,
        text=True,
        timeout=110,
    )
    assert run.returncode == 0, run.stderr
