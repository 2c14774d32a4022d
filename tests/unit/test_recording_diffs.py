"""What is told of two recordings that differ, and what becomes of a recording that is renewed by its replay."""

import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

from addon.recordings.recording import Client
from tests.golden.recording_diffs import MOST_LINES, difference, renewed
from tests.golden.replays import recording_files
from tests.process import ROOT
from tests.recorded import recording, request, response, upstream_call

LATER = datetime(2027, 2, 3, tzinfo=UTC)


def answered(*chunks: tuple[float, bytes], end_ms: float = 90.0) -> Client:
    return Client(request=request(), response=response(*chunks), end="complete", end_ms=end_ms)


def line(text: str, second: int) -> bytes:
    return (
        f'{{"model":"m","created_at":"2026-11-21T07:30:0{second}Z","response":"{text}","eval_duration":{second}}}\n'
    ).encode()


OLD = recording(client=answered((1.0, line("a", 1)), (2.0, line("b", 2)), end_ms=3.0))


def test_times_and_dates_are_no_difference() -> None:
    client = answered((7.0, line("a", 3)), (8.0, line("b", 4)), end_ms=9.0)
    call = upstream_call(t_ms=5.0, end_ms=70.0)
    assert difference(OLD, recording(call, client=client, recorded_at=LATER)) == ""


def test_another_text_is_one_and_so_are_other_pieces() -> None:
    told = difference(OLD, recording(client=answered((1.0, line("a", 1)), (2.0, line("c", 2))))).splitlines()
    assert [text[:1] for text in told if r"\"b\"" in text or r"\"c\"" in text] == ["-", "+"]
    assert difference(OLD, recording(client=answered((1.0, line("a", 1) + line("b", 2)))))


def test_the_difference_of_a_whole_answer_does_not_fill_the_screen() -> None:
    other = recording(client=answered(*((1.0, line(str(number), 1)) for number in range(500))))
    lines = difference(OLD, other).splitlines()
    assert len(lines) == MOST_LINES + 1
    assert lines[-1].endswith(" more lines")


def test_what_is_renewed_keeps_its_times_and_dates() -> None:
    call = upstream_call(t_ms=5.0, end_ms=70.0, request=request({"model": "other"}, path="/chat/completions"))
    client = answered((6.0, line("a", 6)), (7.0, line("c", 7)), (8.0, line("d", 8)), end_ms=9.0)
    new = renewed(OLD, recording(call, client=client, recorded_at=LATER))
    chunks = (1.0, line("a", 1)), (2.0, line("c", 2)), (2.0, line("d", 2))
    expected = recording(upstream_call(request=call.request), client=answered(*chunks, end_ms=3.0))
    assert new == expected


def test_an_answer_that_had_no_body_gets_one_at_the_time_of_its_head() -> None:
    new = renewed(recording(client=answered()), recording(client=answered((6.0, line("a", 6)))))
    assert new.client.response == response((5.0, line("a", 6)))


def test_recordings_are_found_wherever_they_lie_but_not_among_what_is_installed(tmp_path: Path) -> None:
    for name in (
        "recordings/b.json",
        "recordings/README.md",
        "recordings/.b.json",
        "examples/tests/recordings/chat/a.json",
        ".venv/recordings/c.json",
        "node_modules/recordings/d.json",
        "other.json",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    found = [path.relative_to(tmp_path).as_posix() for path in recording_files(tmp_path)]
    assert found == ["examples/tests/recordings/chat/a.json", "recordings/b.json"]


def test_nothing_is_updated_in_ci() -> None:
    command = [sys.executable, "-m", "pytest", "--update", "-p", "no:cacheprovider", "tests/golden"]
    done = subprocess.run(
        command, cwd=ROOT, env={**os.environ, "CI": "true"}, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 4
    assert "--update is for a person who then reads the diff, but CI is set" in done.stderr
