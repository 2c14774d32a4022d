"""How faults are asked for."""

import json
from pathlib import Path

import pytest
from mitmproxy.http import Headers

from addon.recordings.faults import HEADER, Fault, check_fault, fault_of, parse_fault
from addon.recordings.layout import recording_text
from addon.recordings.recording import read_recording
from tests.recorded import recording
from translators.errors import RequestError

FORMS = "stall[:CHUNKS], cut[:CHUNKS], broken-json[:CHUNKS], status:400..599[:TIMES], slow:SECONDS"


def asking(text: str) -> Headers:
    return Headers([(HEADER.lower().encode(), text.encode())])


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("stall", Fault("stall", "stall", None)),
        ("stall:0", Fault("stall", "stall:0", 0)),
        ("cut:12", Fault("cut", "cut:12", 12)),
        ("broken-json:3", Fault("broken-json", "broken-json:3", 3)),
        ("status:429", Fault("status", "status:429", status=429)),
        ("status:503:2", Fault("status", "status:503:2", status=503, times=2)),
        ("slow:2.5", Fault("slow", "slow:2.5", seconds=2.5)),
    ],
)
def test_each_fault_has_its_words(text: str, fault: Fault) -> None:
    assert parse_fault(text) == fault


@pytest.mark.parametrize(
    "text",
    [
        *("", "none", "stal", "stall:", "stall:-1", "stall:1, cut:1", "STALL", "cut:x", "cut 1", "cut:٣"),
        *("status", "status:399", "status:600", "status:429:0", "slow", "slow:", "slow:1e3", "slow:inf", "slow:-1"),
    ],
)
def test_other_words_are_refused_with_what_can_be_given(text: str) -> None:
    with pytest.raises(ValueError, match="is no fault") as caught:
        parse_fault(text)
    assert str(caught.value) == f"{text!r} is no fault: give {FORMS}"


def test_the_header_wins_over_the_recording_and_none_in_it_switches_that_off() -> None:
    assert fault_of(Headers(), None) is None
    assert fault_of(Headers(), "cut:1") == parse_fault("cut:1")
    assert fault_of(asking(" stall:2 "), "cut:1") == parse_fault("stall:2")
    assert fault_of(asking("none"), "cut:1") is None


@pytest.mark.parametrize("plays", [True, False])
def test_a_header_that_is_no_fault_is_the_clients_mistake(plays: bool) -> None:
    with pytest.raises(RequestError) as caught:
        check_fault(asking("cut:x"), plays=plays)
    assert caught.value.status == 400
    assert caught.value.message == f"{HEADER}: 'cut:x' is no fault: give {FORMS}, or none"


def test_a_fault_of_a_live_answer_is_refused_and_everything_else_passes() -> None:
    check_fault(asking("cut:1"), plays=True)
    check_fault(asking("none"), plays=False)
    check_fault(Headers(), plays=False)
    with pytest.raises(RequestError, match="'cut:1' needs a recording, and none is played for this request") as caught:
        check_fault(asking("cut:1"), plays=False)
    assert caught.value.status == 400


def test_a_recordings_fault_is_in_its_file_only_where_it_has_one(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    for made in (recording(), recording(fault="status:429:2")):
        path.write_text(recording_text(made), "utf-8")
        assert read_recording(path) == made
        assert json.loads(path.read_bytes()).get("fault", "absent") == (made.fault or "absent")


def test_a_file_whose_fault_is_none_is_no_recording(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_text(json.dumps(json.loads(recording_text(recording())) | {"fault": "cat"}), "utf-8")
    with pytest.raises(ValueError, match=r"x\.json is no recording: fault: Value error, 'cat' is no fault: give stall"):
        read_recording(path)
