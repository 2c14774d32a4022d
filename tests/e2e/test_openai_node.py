"""The `openai` package of npm."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.packages import NODE, install_from_npm, needs_node
from tests.process import Process, environment


@pytest.mark.slow
@needs_node
def test_it_lists_chats_streams_calls_tools_embeds_and_understands_errors(proxy: Process, tmp_path: Path) -> None:
    assert NODE
    install_from_npm(tmp_path, "openai@6")
    script = shutil.copy(Path(__file__).with_name("openai_round.mjs"), tmp_path)
    run = subprocess.run(
        [NODE, str(script), proxy.url],
        env=environment(tmp_path, {}),
        capture_output=True,
        text=True,
        timeout=110,
    )
    assert run.returncode == 0, run.stderr
