"""The folder of the recordings: names, order, replacing, and that no reader ever sees half a file."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from addon.recordings.files import ABANDONED_SECONDS, MOST_TOLD, RecordingFiles, read_recordings, slug
from addon.recordings.layout import recording_text
from addon.recordings.matching import normal_request
from tests.recorded import HELLO, compact, recording

DIGEST = "0123456789abcdef"


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_names_are_made_of_slug_digest_and_number_and_stand_in_the_file(tmp_path: Path) -> None:
    files = RecordingFiles(tmp_path / "new" / "folder")
    for digest in (DIGEST, DIGEST, "f" * 16):
        files.add(recording(), "chat-hello", digest)
    folder = tmp_path / "new" / "folder"
    expected = ["chat-hello-01234567-1", "chat-hello-01234567-2", "chat-hello-ffffffff-1"]
    assert names(folder) == [f"{name}.json" for name in expected]
    assert [each.name for each in read_recordings(folder)] == expected


def test_recordings_of_a_request_are_read_in_the_order_in_which_they_were_made(tmp_path: Path) -> None:
    files = RecordingFiles(tmp_path)
    for number in range(11):
        files.add(recording(about=str(number)), "x", DIGEST)
    assert [each.about for each in read_recordings(tmp_path)] == [str(number) for number in range(11)]


def test_what_was_recorded_of_the_same_request_before_is_replaced(tmp_path: Path) -> None:
    earlier = RecordingFiles(tmp_path)
    for _ in range(3):
        earlier.add(recording(about="earlier"), "old-slug", DIGEST)
    earlier.add(recording(about="another"), "other", "f" * 16)
    later = RecordingFiles(tmp_path)
    later.add(recording(about="later"), "x", DIGEST)
    later.add(recording(about="later"), "x", DIGEST)
    assert names(tmp_path) == ["other-ffffffff-1.json", "x-01234567-1.json", "x-01234567-2.json"]
    assert {each.about for each in read_recordings(tmp_path)} == {"another", "later"}


def test_what_another_process_has_recorded_meanwhile_is_kept(tmp_path: Path) -> None:
    RecordingFiles(tmp_path).add(recording(about="earlier"), "x", DIGEST)
    one, other = RecordingFiles(tmp_path), RecordingFiles(tmp_path)
    one.add(recording(about="one"), "x", DIGEST)
    other.add(recording(about="other"), "x", DIGEST)
    assert [each.about for each in read_recordings(tmp_path)] == ["one", "other"]


@pytest.mark.parametrize("just_writing", [False, True])
def test_an_old_recording_that_another_process_has_replaced_is_not_removed(tmp_path: Path, just_writing: bool) -> None:
    for _ in range(2):
        RecordingFiles(tmp_path, replace=False).add(recording(), "x", DIGEST)
    files = RecordingFiles(tmp_path)  # the first will take the place of number 1, and number 2 be too much
    second = tmp_path / "x-01234567-2.json"
    if just_writing:
        (tmp_path / f".{second.stem}.tmp").touch()
    else:
        second.unlink()
        second.write_text(recording_text(recording(name=second.stem)), "utf-8")
    files.add(recording(), "x", DIGEST)
    assert second.exists()


def test_a_name_that_another_process_is_writing_is_left_to_it(tmp_path: Path) -> None:
    (tmp_path / ".x-01234567-1.tmp").touch()
    RecordingFiles(tmp_path).add(recording(), "x", DIGEST)
    assert names(tmp_path) == [".x-01234567-1.tmp", "x-01234567-2.json"]


def test_what_a_killed_process_left_is_no_recording_and_goes_after_a_while(tmp_path: Path) -> None:
    left = tmp_path / ".x-01234567-1.tmp"
    left.write_text('{"format": 1,')
    assert read_recordings(tmp_path) == []
    os.utime(left, (0, left.stat().st_mtime - ABANDONED_SECONDS - 1))
    RecordingFiles(tmp_path).add(recording(), "x", DIGEST)
    assert names(tmp_path) == ["x-01234567-1.json"]


def test_temporary_files_of_other_programs_stay(tmp_path: Path) -> None:
    others = [tmp_path / name for name in (".editor.tmp", ".notes-1.tmp", ".x-0123456-1.tmp")]
    for other in others:
        other.touch()
        os.utime(other, (0, 0))
    RecordingFiles(tmp_path).add(recording(), "x", DIGEST)
    assert all(other.exists() for other in others)


def test_the_error_of_a_write_is_told_though_its_temporary_file_is_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        (tmp_path / ".x-01234567-1.tmp").unlink()
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        RecordingFiles(tmp_path).add(recording(), "x", DIGEST)


@pytest.mark.parametrize("fails", [os.fsync, os.replace])
def test_a_write_that_fails_leaves_nothing_of_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fails: Callable[..., object]
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    files = RecordingFiles(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(os, fails.__name__, full)
        with pytest.raises(OSError, match="No space left"):
            files.add(recording(), "x", DIGEST)
    assert names(tmp_path) == []
    files.add(recording(), "x", DIGEST)
    assert len(read_recordings(tmp_path)) == 1


def test_a_folder_that_is_not_there_has_no_recordings(tmp_path: Path) -> None:
    assert read_recordings(tmp_path / "none") == []
    RecordingFiles(tmp_path / "none")
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize(
    ("number", "last"), [(1, "notes-0.json"), (MOST_TOLD, f"notes-{MOST_TOLD - 1}.json"), (MOST_TOLD + 2, "and 2 more")]
)
def test_broken_files_are_named_all_at_once(tmp_path: Path, number: int, last: str) -> None:
    RecordingFiles(tmp_path).add(recording(), "x", DIGEST)
    for position in range(number):
        (tmp_path / f"notes-{position}.json").write_text("[]")
    with pytest.raises(ValueError, match="mend what is broken") as caught:
        read_recordings(tmp_path)
    assert str(caught.value).count("notes-") == min(number, MOST_TOLD)
    assert "notes-0.json is no recording: " in str(caught.value)
    assert last in str(caught.value)


def test_what_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "gone.json").symlink_to(tmp_path / "nowhere")
    with pytest.raises(ValueError, match=r"gone\.json cannot be read: No such file"):
        read_recordings(tmp_path)


def test_a_folder_in_the_folder_is_no_recording(tmp_path: Path) -> None:
    (tmp_path / "folder.json").mkdir()
    assert read_recordings(tmp_path) == []


@pytest.mark.parametrize(
    ("body", "path", "expected"),
    [
        (HELLO, "/api/chat", "chat-gpt-4o-hello"),
        ({"model": "m", "prompt": "Tell! " * 30}, "/api/generate", "generate-m" + "-tell" * 10),
        ({"model": "m", "input": ["One", "Two"]}, "/api/embed", "embed-m-two"),
        ({"model": "m", "input": "One"}, "/v1/responses", "v1-responses-m-one"),
        (
            {"model": "m", "messages": [{"role": "user", "content": [{"type": "text", "text": "Hi!"}]}]},
            "/v1/chat/completions",
            "v1-chat-completions-m-hi",
        ),
        (b"", "/api/tags", "tags"),
        ({"model": "../../etc/passwd"}, "/api/show", "show-etc-passwd"),
    ],
)
def test_a_file_name_begins_with_route_model_and_prompt(body: Any, path: str, expected: str) -> None:
    content = body if isinstance(body, bytes) else compact(body)
    assert slug(normal_request("POST", path, content)) == expected
