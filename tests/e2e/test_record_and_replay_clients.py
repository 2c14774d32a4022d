"""Programs of others, recorded once and then replayed when their upstream is gone."""

import asyncio
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import ollama
import pytest

from addon.recordings.files import read_recordings
from tests.e2e.ten_exchanges import ten_exchanges
from tests.packages import NODE, install_from_npm, needs_node
from tests.process import environment, serving
from tests.upstream import Upstream


def passes_live_and_replayed(program: Callable[[str], None], tmp_path: Path) -> None:
    """Run a program before an upstream, and again when that is gone.

    Args:
        program: Takes the URL of its Ollama, makes ten exchanges and fails when one is not right.
        tmp_path: For what it leaves.
    """
    recordings = {"PROXY_RECORDINGS": str(tmp_path / "recordings")}
    with (
        Upstream.in_thread(delay=0.005) as upstream,
        serving(upstream.base_url, tmp_path, PROXY_RECORD_MODE="all", **recordings) as proxy,
    ):
        program(proxy.url)
    made = read_recordings(tmp_path / "recordings")
    assert len(made) == 10
    with serving(upstream.base_url, tmp_path, PROXY_RECORD_MODE="none", **recordings) as proxy:
        program(proxy.url)
    replayed = [line.partition(" replay=")[2].split()[0] for line in proxy.lines if " replay=" in line]
    assert sorted(replayed) == sorted(each.name for each in made)
    assert "10 of 10 recordings were played: " in proxy.output
    assert "drifted" not in proxy.output


def test_a_program_with_the_ollama_package_passes_alike_when_its_upstream_is_gone(tmp_path: Path) -> None:
    async def run(url: str) -> None:
        async with ollama.AsyncClient(url, trust_env=False) as client:
            await ten_exchanges(client, "Oslo")

    passes_live_and_replayed(lambda url: asyncio.run(run(url)), tmp_path)


@pytest.mark.slow
@needs_node
def test_a_program_with_the_ollama_package_of_npm_passes_alike_when_its_upstream_is_gone(tmp_path: Path) -> None:
    install_from_npm(tmp_path, "ollama@0.6")
    script = shutil.copy(Path(__file__).with_name("ten_exchanges.mjs"), tmp_path)

    def run(url: str) -> None:
        assert NODE
        command = [NODE, str(script), url]
        done = subprocess.run(command, env=environment(tmp_path, {}), capture_output=True, text=True, timeout=110)
        assert done.returncode == 0, done.stderr

    passes_live_and_replayed(run, tmp_path)
