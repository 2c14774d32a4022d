"""`scripts/rerecord.py` against the tests' own upstream: a real proxy asks again what recordings hold."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from addon.recordings.files import read_recordings
from addon.recordings.layout import recording_text
from addon.recordings.recording import Recording, read_recording
from scripts.recorded.obstacles import obstacle
from tests.process import KEY, LOOPBACK, ROOT, free_port, unmeasured
from tests.upstream import Upstream

SKY, CAPITAL = "chat-gpt-4o-why-is-the-sky-blue-*", "chat-gpt-4o-what-is-the-capital-of-norway-*"
PROJECTS = ROOT / "recordings"


@pytest.fixture(scope="module")
def upstream() -> Iterator[Upstream]:
    with Upstream.in_thread() as upstream:
        yield upstream


def only(name: str) -> Recording:
    """The project's one recording of a name like this."""
    (file,) = PROJECTS.glob(f"{name}.json")
    return read_recording(file)


def rerecord(folder: Path, base_url: str, home: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
    variables = {"OPENAI_API_KEY": KEY, "PYTHONPATH": str(ROOT), "OPENAI_BASE_URL": base_url, "PROXY_MAX_RETRIES": "0"}
    done = subprocess.run(
        [sys.executable, "-m", "scripts.rerecord", folder, *map(str, arguments)],
        cwd=home,
        env=unmeasured(home, variables),
        capture_output=True,
        encoding="utf-8",
        timeout=100,
        check=False,
    )
    assert KEY not in done.stdout + done.stderr
    return done


def without_fingerprint(recording: Recording) -> Recording:
    """A recording as if the upstream had not sent `system_fingerprint` then."""
    (call,) = recording.upstream
    assert call.response is not None
    chunks = tuple((t_ms, piece.replace(b'"system_fingerprint"', b'"gone"')) for t_ms, piece in call.response.chunks)
    response = call.response.model_copy(update={"chunks": chunks})
    return recording.model_copy(update={"upstream": (call.model_copy(update={"response": response}),)})


def test_of_a_server_that_sends_other_members_the_line_says_which_and_what_it_answered_can_be_kept(
    upstream: Upstream, tmp_path: Path
) -> None:
    sky, capital, old, new = only(SKY), only(CAPITAL), tmp_path / "old", tmp_path / "new"
    old.mkdir()
    for each in (without_fingerprint(sky), capital):
        (old / f"{each.name}.json").write_text(recording_text(each), "utf-8")
    done = rerecord(old, upstream.base_url, tmp_path, "--keep", new)
    assert done.returncode == 1, done.stderr
    lines = done.stdout.splitlines()
    assert lines[:3] == [f"{capital.name}: same", f"{sky.name}: differs", "  upstream POST /chat/completions:"]
    assert [line.split(" (")[0] for line in lines[3:-1]] == ["    - gone", "    + system_fingerprint"]
    assert lines[-1] == "same: 1, differs: 1, not asked: 0"
    assert sorted(each.name for each in read_recordings(new)) == [capital.name, sky.name]


@pytest.mark.slow
def test_a_server_that_answers_as_it_did_is_the_same(upstream: Upstream, tmp_path: Path) -> None:
    done = rerecord(PROJECTS, upstream.base_url, tmp_path, "--keep", tmp_path / "new")
    assert done.returncode == 0, done.stdout + done.stderr
    asked = [each.name for each in read_recordings(PROJECTS) if not obstacle(each)]
    count = len(asked)
    skipped = len(read_recordings(PROJECTS)) - count
    assert count > 10
    assert [line for line in done.stdout.splitlines() if ": skipped, because " not in line] == [
        *(f"{name}: same" for name in asked),
        f"same: {count}, differs: 0, not asked: 0",
    ]
    assert f"requests to {upstream.base_url}: {count} (" in done.stderr
    assert f", skipped: {skipped}\n" in done.stderr
    assert f"[{count}/{count}]" in done.stderr
    new = read_recordings(tmp_path / "new")
    assert sorted(each.name for each in new) == sorted(asked)
    assert {call.url for each in new for call in each.upstream} == {upstream.base_url}


@pytest.mark.slow
def test_where_nobody_answers_it_stops_after_the_first_request(tmp_path: Path) -> None:
    done = rerecord(PROJECTS, f"http://{LOOPBACK}:{free_port()}/v1", tmp_path, "--only", "*capital-of-norway*")
    assert done.returncode == 2
    assert "nothing more is asked, because the first answer was 502: the upstream 127.0.0.1:" in done.stderr
    assert "[2/" not in done.stderr
    assert done.stdout == ""
