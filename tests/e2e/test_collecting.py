"""`scripts/collect_recordings.py` as a person with a key runs it, against the test upstream."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from addon.recordings.files import read_recordings
from scripts.collecting.shelf import ABOUT, STAGING, UNEXPECTED
from tests.process import KEY, ROOT, serving, unmeasured
from tests.upstream import Upstream
from tests.wire import ask

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="it is ended by signals")

SMALL = ["--models", "gpt-3.5-turbo-instruct", "text-embedding-3-small"]
FEW = ["--models", "gpt-4o-mini", "--only", "chat-t*", "--jobs", "1"]


@pytest.fixture(scope="module")
def upstream() -> Iterator[Upstream]:
    with Upstream.in_thread() as running:
        yield running


def begin(upstream: Upstream, folder: Path, *arguments: str, key: str = KEY) -> subprocess.Popen[str]:
    """Start the command without a terminal."""
    command = [sys.executable, "-m", "scripts.collect_recordings", "--folder", str(folder), *arguments]
    variables = {"OPENAI_BASE_URL": upstream.base_url, "OPENAI_API_KEY": key}
    return subprocess.Popen(
        command,
        cwd=ROOT,
        env=unmeasured(folder.parent, variables),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def collect(upstream: Upstream, folder: Path, *arguments: str, key: str = KEY) -> tuple[int, str]:
    """Run the command; its exit code and its output."""
    with begin(upstream, folder, *arguments, key=key) as process:
        output, _ = process.communicate(timeout=100)
    return process.returncode, output


@dataclass(frozen=True)
class Collected:
    """What came of the whole catalogue for some models.

    Attributes:
        models: Arguments that name them.
        folder: Of the recordings.
        code: The exit code.
        output: Of the command.
    """

    models: list[str]
    folder: Path
    code: int
    output: str


@pytest.fixture(
    scope="module",
    params=[SMALL, pytest.param([*SMALL, "gpt-5-mini"], marks=pytest.mark.slow)],
    ids=lambda models: f"{len(models) - 1} models",
)
def collected(
    request: pytest.FixtureRequest, upstream: Upstream, tmp_path_factory: pytest.TempPathFactory
) -> Collected:
    folder = tmp_path_factory.mktemp("home") / "live"
    return Collected(request.param, folder, *collect(upstream, folder, *request.param, "--yes"))


def test_each_request_of_the_catalogue_is_answered_as_expected_but_for_what_the_upstream_lacks(
    collected: Collected,
) -> None:
    unexpected = [line for line in collected.output.splitlines() if line.startswith("  ")]
    assert unexpected == ["  gpt-3.5-turbo-instruct error-too-long: 200"]  # it has no window there
    assert collected.code == 1


def test_each_answer_is_a_recording_that_says_where_it_is_from(upstream: Upstream, collected: Collected) -> None:
    recordings = read_recordings(collected.folder)
    assert f"Recorded in {collected.folder}: {len(recordings)} of {len(recordings) + 1}." in collected.output
    assert len({recording.about for recording in recordings}) > 20
    assert all(recording.about.startswith(f"{ABOUT} {upstream.base_url}: ") for recording in recordings)
    assert not (collected.folder / STAGING).exists()


def test_what_nobody_expected_is_kept_apart(collected: Collected) -> None:
    (kept,) = read_recordings(collected.folder / UNEXPECTED)
    assert kept.about.endswith("error-too-long.")


def test_the_key_is_nowhere(collected: Collected) -> None:
    assert KEY not in collected.output
    assert not [path for path in collected.folder.rglob("*.json") if KEY in path.read_text("utf-8")]
    assert "files: no problems" in collected.output


def test_the_same_command_asks_only_what_is_missing(upstream: Upstream, collected: Collected) -> None:
    code, output = collect(upstream, collected.folder, *collected.models, "--dry-run")
    assert code == 0
    there = len(read_recordings(collected.folder))
    assert output.startswith(f"Requests: 1 at {upstream.base_url}; recorded already: {there};")
    assert output.endswith("gpt-3.5-turbo-instruct error-too-long\n")


@pytest.mark.slow
def test_what_was_collected_is_replayed_without_the_upstream(collected: Collected, tmp_path: Path) -> None:
    prompts = [each for each in read_recordings(collected.folder) if each.client.request.path == "/api/generate"]
    modes = ["--set", "ollama_record_mode=none", "--set", f"ollama_recordings={collected.folder}"]
    with serving("http://127.0.0.1:9/v1", tmp_path, *modes) as proxy:
        for recording in prompts:
            answer = ask(proxy.port, "POST", "/api/generate", recording.client.request.body)
            assert answer.header("X-Ollama-Replay") == recording.name
    assert prompts


@pytest.mark.slow
def test_a_run_that_is_broken_off_says_what_is_left_and_is_gone_on_with(tmp_path: Path) -> None:
    folder = tmp_path / "live"
    with Upstream.in_thread(delay=0.05) as slow:
        with begin(slow, folder, *FEW, "--yes") as process:
            assert process.stdout is not None
            lines = []
            for line in process.stdout:
                lines.append(line)
                if line.startswith("1/"):
                    process.send_signal(signal.SIGINT)
        first = len(read_recordings(folder))
        assert process.returncode == 130
        assert "waiting for the answers that are under way" in "".join(lines)
        assert lines[-2].startswith("Ended early (Ctrl+C): ")
        assert lines[-2].endswith(" requests are left, and the same command goes on.\n")
        assert first >= 1
        sent = len(slow.requests_with('"messages"'))
        code, output = collect(slow, folder, *FEW, "--yes")
        assert code == 0
        assert f"recorded already: {first};" in output
        assert len(slow.requests_with('"messages"')) - sent == len(read_recordings(folder)) - first


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "key", "reason"),
    [
        ([], KEY, "there is no terminal on which to ask whether to go on: add --yes"),
        (["--yes"], "bad-key-1", "cannot be listed: 401"),
    ],
)
def test_where_nothing_can_be_asked_it_says_why(
    upstream: Upstream, tmp_path: Path, arguments: list[str], key: str, reason: str
) -> None:
    folder = tmp_path / "live"
    code, output = collect(upstream, folder, *arguments, key=key)
    assert code == 2
    assert reason in output
    assert not folder.exists()
