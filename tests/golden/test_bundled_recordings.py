"""Every recording of the project, through the whole proxy: the same upstream requests, and the same answer.

Each is replayed and recorded again at the same time; the two recordings must be alike but for times and dates. Where a
difference is meant, `pytest tests/golden --update` writes it into the recordings.
"""

from pathlib import Path

import pytest

from addon.recordings.layout import recording_text
from addon.recordings.matching import asked_of, normal_request
from addon.recordings.recording import read_recording
from addon.recordings.redacting import redacted
from addon.redaction.redactor import Redactor
from scripts.demo_requests import CONVERSATIONS, DEMO
from tests.golden.recording_diffs import calls_of, difference, renewed
from tests.golden.replays import recording_files, replayed
from tests.process import KEY, ROOT
from tests.recorded import compact

FILES = recording_files(ROOT)
BUNDLED = [file for file in FILES if file.parent == ROOT / "recordings"]

UPDATE = "uv run pytest tests/golden --update"
RECORD = "other calls are made now, whose answers are not known, so record it again, as its `about` says"

each_recording = pytest.mark.parametrize("file", FILES, ids=[file.relative_to(ROOT).as_posix() for file in FILES])


def check(file: Path, folder: Path, monkeypatch: pytest.MonkeyPatch, *, update: bool) -> None:
    """Fail when a recording does not replay as it was recorded, or write it anew and skip."""
    recording = read_recording(file)
    again = replayed(recording, folder / "first", monkeypatch)
    found = difference(recording, again)
    same_calls = calls_of(again) == calls_of(recording)
    if found and update and same_calls:
        new = renewed(recording, again)
        assert not difference(new, replayed(new, folder / "second", monkeypatch)), f"{file} differs each time"
        file.unlink()
        file.with_name(f"{new.name}.json").write_text(recording_text(new), "utf-8", newline="\n")
        pytest.skip(f"{new.name} is written anew: read the diff")
    if found:
        remedy = UPDATE if same_calls else RECORD
        pytest.fail(f"{file} does not replay as it was recorded. If that is meant: {remedy}\n{found}", pytrace=False)


@each_recording
def test_a_recording_replays_as_it_was_recorded(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pytestconfig: pytest.Config
) -> None:
    check(file, tmp_path, monkeypatch, update=pytestconfig.getoption("--update"))


@pytest.fixture
def changed(tmp_path: Path) -> tuple[Path, str]:
    """A recording as it would be if it had been made with another proxy, and its text as it is."""
    (file,) = (ROOT / "recordings").glob("chat-gpt-4o-this-answer-ends-at-its-limit-*.json")
    text = file.read_text("utf-8")
    other = text.replace('"max_tokens": 3', '"max_tokens": 4').replace(
        r"done_reason\":\"length", r"done_reason\":\"cut"
    )
    copy = tmp_path / file.name
    copy.write_text(other, "utf-8")
    return copy, text


def test_a_difference_is_told_as_a_diff_for_each_side(
    changed: tuple[Path, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(pytest.fail.Exception) as failed:
        check(changed[0], tmp_path, monkeypatch, update=False)
    told = str(failed.value).splitlines()
    assert told[0].endswith(f"does not replay as it was recorded. If that is meant: {UPDATE}")
    signed = [line.lstrip() for line in told[1:] if line[0] in "+-"]
    assert signed == [
        "--- what the client is answered, recorded",
        "+++ what the client is answered, now",
        r"-\"done_reason\":\"cut\",",
        r"+\"done_reason\":\"length\",",
        "--- what the upstream is asked, recorded",
        "+++ what the upstream is asked, now",
        '-          "max_tokens": 4,',
        '+          "max_tokens": 3,',
    ]


def test_an_update_changes_nothing_else(
    changed: tuple[Path, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, text = changed
    with pytest.raises(pytest.skip.Exception, match="is written anew"):
        check(file, tmp_path, monkeypatch, update=True)
    assert file.read_text("utf-8") == text


def test_calls_whose_answers_are_not_known_cannot_be_updated(
    changed: tuple[Path, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, text = changed
    file.write_text(text.replace('"path": "/chat/completions"', '"path": "/responses"'), "utf-8")
    before = file.read_bytes()
    with pytest.raises(pytest.fail.Exception, match="record it again, as its `about` says"):
        check(file, tmp_path, monkeypatch, update=True)
    assert file.read_bytes() == before


def test_every_request_of_the_demo_has_its_recording() -> None:
    recorded = {asked_of(read_recording(file)).digest for file in BUNDLED}
    asked = [*DEMO, *(("POST", "/api/chat", first) for first, _ in CONVERSATIONS)]
    digests = {normal_request(method, path, compact(body) if body else b"").digest for method, path, body in asked}
    assert digests < recorded
    assert len(digests) == len(asked)
    assert len(BUNDLED) == len(DEMO) + 2 * len(CONVERSATIONS)


def test_the_recordings_cover_what_the_project_does() -> None:
    recordings = [read_recording(file) for file in BUNDLED]
    asked = {recording.client.request.path for recording in recordings}
    assert asked >= {"/api/chat", "/api/generate", "/api/embed", "/api/embeddings", "/api/tags", "/api/show"}
    assert asked >= {"/v1/chat/completions", "/v1/completions", "/v1/embeddings", "/v1/models", "/v1/responses"}
    answered = {recording.client.response.status for recording in recordings if recording.client.response}
    assert answered >= {200, 400, 401, 403, 404, 429, 502}
    calls = [call for recording in recordings for call in recording.upstream]
    paths = {call.request.path for call in calls}
    assert paths == {"/chat/completions", "/completions", "/embeddings", "/models", "/responses"}
    assert {call.attempt for call in calls} == {1, 2}
    assert {call.end for call in calls} == {"complete", "cut", "aborted"}


@each_recording
def test_a_recording_has_the_name_of_its_file_and_holds_no_key(file: Path) -> None:
    recording = read_recording(file)
    assert recording.name == file.stem
    assert redacted(recording, Redactor([KEY])) == recording


@pytest.mark.parametrize("file", BUNDLED, ids=[file.name for file in BUNDLED])
def test_a_bundled_recording_says_whom_it_was_made_against(file: Path) -> None:
    recording = read_recording(file)
    assert "the project's own test upstream" in recording.about
