"""What each record mode comes to."""

from pathlib import Path

import pytest

from addon.recordings.layout import recording_text
from addon.settings import Settings, settings_from
from addon.source import Source, source_of
from tests.recorded import recording
from tests.setting_sources import options, outside


def settings(folder: Path, mode: str, **changes: str) -> Settings:
    return settings_from(options(ollama_record_mode=mode, ollama_recordings=str(folder), **changes), outside())


def parts(source: Source) -> tuple[str, bool, bool, bool]:
    """The mode; and whether it records, replays, and keeps model lists."""
    keeping = source.keeping
    return keeping.mode, keeping.recorder is not None, keeping.replayer is not None, source.list_seconds > 0


@pytest.fixture
def tapes(tmp_path: Path) -> Path:
    """A folder with one recording."""
    folder = tmp_path / "tapes"
    folder.mkdir()
    (folder / "hello-1.json").write_text(recording_text(recording()), "utf-8")
    return folder


@pytest.mark.parametrize(
    ("mode", "empty", "filled"),
    [
        ("off", ("off", False, False, True), ("off", False, False, True)),
        ("none", ("none", False, True, False), ("none", False, True, False)),
        ("once", ("all", True, False, False), ("none", False, True, False)),
        ("new_episodes", ("new_episodes", True, True, False), ("new_episodes", True, True, False)),
        ("all", ("all", True, False, False), ("all", True, False, False)),
    ],
)
def test_a_mode_comes_to_what_the_folder_holds(
    mode: str, empty: tuple[str, bool, bool, bool], filled: tuple[str, bool, bool, bool], tapes: Path, tmp_path: Path
) -> None:
    assert parts(source_of(settings(tmp_path / "none here", mode))) == empty
    assert parts(source_of(settings(tapes, mode))) == filled


def test_once_stays_what_it_was_when_another_option_changes(tapes: Path, tmp_path: Path) -> None:
    asked = settings(tmp_path / "new", "once")
    first = source_of(asked).keeping
    tapes.rename(tmp_path / "new")  # by now it has recorded
    changed = settings(tmp_path / "new", "once", ollama_log_level="debug")
    assert source_of(changed, (asked, first)).keeping.mode == "all"
    assert source_of(changed).keeping.mode == "none"
    assert source_of(changed, (settings(tmp_path / "elsewhere", "once"), first)).keeping.mode == "none"
    assert source_of(changed, (settings(tmp_path / "new", "all"), first)).keeping.mode == "none"


@pytest.mark.parametrize("mode", ["once", "new_episodes"])
def test_without_an_upstream_what_is_recorded_is_replayed(mode: str, tapes: Path) -> None:
    made = settings_from(options(ollama_record_mode=mode, ollama_recordings=str(tapes)), outside(""))
    assert parts(source_of(made)) == ("none", False, True, False)
    assert "OPENAI_API_KEY" in made.offline_reason


def test_the_end_tells_how_much_was_recorded_and_where(tapes: Path) -> None:
    assert f"exchanges recorded in {tapes}: 0" in source_of(settings(tapes, "new_episodes")).keeping.report()
    assert source_of(settings(tapes, "off")).keeping.report() == []
