"""The `openai` package of npm."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.process import Process, environment

NODE, NPM = shutil.which("node"), shutil.which("npm")


@pytest.mark.slow
@pytest.mark.skipif(NODE is None or NPM is None, reason="node and npm are not on PATH: apt install nodejs npm")
def test_it_lists_chats_streams_calls_tools_embeds_and_understands_errors(proxy: Process, tmp_path: Path) -> None:
    assert NODE
    assert NPM
    install = [NPM, "install", "--no-audit", "--no-fund", "--silent", "openai@6"]
    subprocess.run(install, cwd=tmp_path, check=True, timeout=110)
    script = shutil.copy(Path(__file__).with_name("openai_round.mjs"), tmp_path)
    run = subprocess.run(
        [NODE, str(script), proxy.url],
        env=environment(tmp_path, {}),
        capture_output=True,
        text=True,
        timeout=110,
    )
    assert run.returncode == 0, run.stderr
