"""The script that makes the bundled recordings, but for the calls that it makes."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from addon.recordings.files import read_recordings
from addon.recordings.layout import recording_text
from addon.recordings.matching import json_text
from addon.recordings.recording import Recording
from scripts.demo_asking import message_of
from scripts.record_demo import ABOUT, put
from tests.recorded import recording, response, upstream_call

REQUEST_ID = "req_0000000000000000000000000000000"


def made(*chunks: tuple[float, bytes], number: int = 1, **changes: Any) -> Recording:
    answer = response(*chunks, x_request_id=f"{REQUEST_ID}{number}")
    return recording(upstream_call(response=answer), **{"about": ABOUT, "name": "a-1"} | changes)


KNOWN = made((1.0, b"one"), (2.0, b"two"))


@pytest.mark.parametrize(
    "again",
    [
        made((3.0, b"one"), (4.0, b"two"), recorded_at=datetime(2027, 1, 1, tzinfo=UTC)),
        made((1.0, b"one"), (2.0, b"two"), number=2),
        made((1.0, b"onetwo")),
    ],
    ids=["times", "request ids", "pieces"],
)
def test_a_recording_stays_in_which_nothing_else_would_change(tmp_path: Path, again: Recording) -> None:
    assert put([KNOWN], tmp_path) == (1, 0)
    assert put([again], tmp_path) == (0, 0)
    assert (tmp_path / "a-1.json").read_text("utf-8") == recording_text(KNOWN)


def test_another_answer_is_written_and_what_is_not_made_any_longer_is_removed(tmp_path: Path) -> None:
    own = recording(name="own-1")
    (tmp_path / "own-1.json").write_text(recording_text(own), "utf-8")
    put([KNOWN, made((1.0, b"x"), name="b-1")], tmp_path)
    other = made((1.0, b"one"), (2.0, b"three"))
    assert put([other], tmp_path) == (1, 1)
    assert read_recordings(tmp_path) == [other, own]


def test_a_message_is_sent_back_as_it_was_said_streamed_or_whole() -> None:
    call = {"function": {"name": "get_weather", "arguments": {"city": "Oslo"}}}
    said = {"role": "assistant", "content": "ab", "thinking": "cd", "tool_calls": [call]}
    pieces = [
        {"content": "a", "thinking": "c"},
        {"content": "b", "thinking": "d"},
        {"content": "", "tool_calls": [call]},
    ]
    for messages in (pieces, [said]):
        lines = [f'{{"message":{json_text(message)}}}' for message in messages]
        assert message_of("\n".join(lines).encode()) == said
