"""`scripts/collect_recordings.py` as a person with a key runs it, against the test upstream."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from addon.recordings.files import read_recordings
from scripts.collecting.shelf import ABOUT, STAGING, UNEXPECTED
from tests.process import KEY, ROOT, environment, serving
from tests.upstream import Upstream
from tests.wire import ask

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="it is ended by signals")

MODELS = ["--models", "gpt-5-mini", "gpt-3.5-turbo-instruct", "text-embedding-3-small"]
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
        env=environment(folder.parent, variables),
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


@pytest.fixture(scope="module")
def collected(upstream: Upstream, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, int, str]:
    """The whole catalogue for three models: the folder, the exit code and the output."""
    folder = tmp_path_factory.mktemp("home") / "live"
    return folder, *collect(upstream, folder, *MODELS, "--yes")


def test_each_request_of_the_catalogue_is_answered_as_expected_but_for_what_the_upstream_lacks(
    collected: tuple[Path, int, str],
) -> None:
    _, code, output = collected
    unexpected = [line for line in output.splitlines() if line.startswith("  ")]
    assert unexpected == ["  gpt-3.5-turbo-instruct error-too-long: 200"]  # it has no window there
    assert code == 1


def test_each_answer_is_a_recording_that_says_where_it_is_from(
    upstream: Upstream, collected: tuple[Path, int, str]
) -> None:
    folder, _, output = collected
    recordings = read_recordings(folder)
    assert f"Recorded in {folder}: {len(recordings)} of {len(recordings) + 1}." in output
    assert len({recording.about for recording in recordings}) > 50
    assert all(recording.about.startswith(f"{ABOUT} {upstream.base_url}: ") for recording in recordings)
    assert not (folder / STAGING).exists()


def test_what_nobody_expected_is_kept_apart(collected: tuple[Path, int, str]) -> None:
    folder, _, _ = collected
    (kept,) = read_recordings(folder / UNEXPECTED)
    assert kept.about.endswith("error-too-long.")


def test_the_key_is_nowhere(collected: tuple[Path, int, str]) -> None:
    folder, _, output = collected
    assert KEY not in output
    assert not [path for path in folder.rglob("*.json") if KEY in path.read_text("utf-8")]
    assert "files: no problems" in output


def test_the_same_command_asks_only_what_is_missing(upstream: Upstream, collected: tuple[Path, int, str]) -> None:
    folder, _, _ = collected
    code, output = collect(upstream, folder, *MODELS, "--dry-run")
    assert code == 0
    assert output.startswith(f"Requests: 1 at {upstream.base_url}; recorded already: {len(read_recordings(folder))};")
    assert output.endswith("gpt-3.5-turbo-instruct error-too-long\n")


def test_what_was_collected_is_replayed_without_the_upstream(collected: tuple[Path, int, str], tmp_path: Path) -> None:
    folder, _, _ = collected
    recording = next(each for each in read_recordings(folder) if each.about.endswith(": chat-tools-parallel."))
    modes = ["--set", "ollama_record_mode=none", "--set", f"ollama_recordings={folder}"]
    with serving("http://127.0.0.1:9/v1", tmp_path, *modes) as proxy:
        answer = ask(proxy.port, "POST", "/api/chat", recording.client.request.body)
    assert answer.status == 200
    assert [call["function"]["name"] for line in answer.lines for call in line["message"].get("tool_calls", [])] == [
        call["function"]["name"]
        for _, chunk in (recording.client.response.chunks if recording.client.response else ())
        for line in chunk.splitlines()
        for call in json.loads(line)["message"].get("tool_calls", [])
    ]


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
