"""`scripts/recordings.py`: recordings listed, shown, compared and checked."""

import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from addon.recordings.layout import recording_text
from addon.recordings.matching import asked_of
from addon.recordings.recording import Client, Recording, read_recording
from scripts import recordings
from scripts.recorded.checks import time_problems
from scripts.recorded.comparison import differences
from scripts.recorded.listing import Row
from scripts.recorded.said import said_by_upstream, said_to_client
from scripts.recorded.showing import told
from scripts.recorded.times import times_of
from tests.answer_shapes import SHAPES
from tests.process import ROOT
from tests.recorded import HELLO, compact, recording, request, response, upstream_call
from translators.inspection.transcript import call_text
from translators.openai_apis import PATHS

FOLDER = ROOT / "recordings"
SKY = "chat-gpt-4o-why-is-the-sky-blue-187f9019-1"
WEATHER = "chat-gpt-4o-use-get-weather-for-oslo-10c695e1-1"
SECRET = "sk-proj-0123456789abcdefghij"
REASONER = "chat-reasoner-1-how-many-days-has-a-leap-year-4972c6b3-1"


def run(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    """Exit code, output and errors."""
    code = recordings.main([str(argument) for argument in arguments])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def write(folder: Path, made: Recording) -> Path:
    path = folder / f"{made.name}.json"
    path.write_text(recording_text(made), "utf-8", newline="\n")
    return path


def named(made: Recording) -> Recording:
    """A recording whose name holds the digest of its request."""
    return made.model_copy(update={"name": f"hello-{asked_of(made).digest[:8]}-1"})


def with_client(made: Recording, **changes: Any) -> Recording:
    return made.model_copy(update={"client": made.client.model_copy(update=changes)})


class TestList:
    """`list`."""

    def test_every_recording_has_a_line_under_the_names_of_the_columns(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        code, out, _ = run(capsys, "list")
        lines = out.splitlines()
        assert code == 0
        assert lines[0].split() == list(Row.__slots__)
        assert len(lines) == 1 + len([*FOLDER.glob("*.json")])
        sky = next(line.split() for line in lines if line.startswith(SKY))
        assert sky[1:7] == ["ollama", "POST", "/api/chat", "gpt-4o", "200", "1"]

    def test_json_holds_the_same_with_numbers_as_numbers(self, capsys: pytest.CaptureFixture[str]) -> None:
        _, out, _ = run(capsys, "list", "--json")
        row = next(row for row in json.loads(out) if row["name"] == SKY)
        stored = FOLDER / f"{SKY}.json"
        assert (row["status"], row["bytes"]) == (200, stored.stat().st_size)
        assert row["chunks"] == len(json.loads(stored.read_text())["client"]["response"]["chunks"])

    def test_a_client_that_left_has_no_status(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        write(tmp_path, with_client(recording(), response=None, end="aborted"))
        _, out, _ = run(capsys, "list", tmp_path)
        assert out.splitlines()[1].split()[5] == "-"

    def test_a_broken_file_is_named_and_hides_no_other(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        write(tmp_path, recording())
        (tmp_path / "broken.json").write_text("{}")
        code, out, errors = run(capsys, "list", tmp_path)
        assert code == 1
        assert "hello-1" in out
        assert "broken.json is no recording" in errors

    def test_a_folder_that_is_not_there_is_told_with_the_remedy(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        code, _, errors = run(capsys, "list", tmp_path / "nowhere")
        assert code == 2
        assert "nowhere' is no folder: name one that holds recordings" in errors


class TestShow:
    """`show`."""

    def test_it_tells_the_conversation_what_was_sent_what_came_and_when(self) -> None:
        text = "\n".join(told(read_recording(FOLDER / f"{SKY}.json")))
        for part in (
            "Asked: POST /api/chat of gpt-4o",
            "user: Why is the sky blue?",
            "Sent: POST /chat/completions to default (http://127.0.0.1:9100/v1)",
            '"include_usage": true',
            "gaps p50 40",
            "text: Sunlight holds",
            "end: stop,",
        ):
            assert part in text

    def test_tool_calls_and_thinking_are_told_on_both_sides(self) -> None:
        weather = read_recording(FOLDER / f"{WEATHER}.json")
        for said in (said_by_upstream(weather.upstream[0]), said_to_client(weather)):
            assert [*map(call_text, said.calls)] == ['get_weather({"city": "Oslo"})']
        reasoner = read_recording(FOLDER / f"{REASONER}.json")
        upstream, client = said_by_upstream(reasoner.upstream[0]), said_to_client(reasoner)
        assert upstream.thinking
        assert (upstream.thinking, upstream.text) == (client.thinking, client.text)

    @pytest.mark.parametrize("name", SHAPES)
    def test_the_text_is_what_the_proxy_reads_in_any_dialect(self, name: str) -> None:
        shape = SHAPES[name]
        if len(shape.payloads) == 1:
            body = compact(shape.payloads[0])
        else:
            body = b"".join(b"data: %s\n\n" % compact(payload) for payload in shape.payloads)
        said = said_by_upstream(
            upstream_call(request=request(HELLO, path=PATHS[shape.dialect]), response=response((2.0, body)))
        )
        assert said.text == shape.text

    def test_an_error_is_its_sentence_wherever_it_stands(self) -> None:
        refused = response((2.0, b'{"error":{"message":"no such thing"}}'), status=404)
        assert said_by_upstream(upstream_call(response=refused)).error == "no such thing"
        assert (
            said_by_upstream(upstream_call(response=None, error="UpstreamTimeout: late")).error
            == "UpstreamTimeout: late"
        )
        ended = with_client(recording(), response=response((2.0, b'{"error":"sorry"}'), status=500))
        assert said_to_client(ended).error == "sorry"

    def test_a_recording_is_found_by_name_and_by_file(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        path = write(tmp_path, recording())
        for name in ("hello-1", "hello-1.json", path):
            assert run(capsys, "show", name, "--folder", tmp_path)[1].startswith("hello-1\n")

    def test_an_unknown_name_is_told_the_nearest(self, capsys: pytest.CaptureFixture[str]) -> None:
        code, _, errors = run(capsys, "show", "why-is-the-sky-blue")
        assert code == 2
        assert "why-is-the-sky-blue" in errors.partition("try ")[2]

    def test_times_count_from_when_the_request_was_sent(self) -> None:
        came = response((20.0, b"a"), (30.0, b"b"), (31.0, b"c"), (51.0, b"d"), t_ms=15.0)
        times = times_of(came, 10.0, 60.0)
        assert (times.head, times.first, times.chunks, times.end) == (5.0, 10.0, 4, 50.0)
        assert (times.gap_p50, times.gap_p95) == (10.0, 20.0)
        assert times_of(response(), 1.0, 9.0).first is None


class TestDiff:
    """`diff`."""

    def test_times_are_no_difference(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        write(tmp_path, recording())
        other = recording(
            upstream_call(t_ms=3.0, end_ms=99.0), name="hello-2", recorded_at=datetime(2027, 1, 1, tzinfo=UTC)
        )
        write(tmp_path, other)
        code, out, _ = run(capsys, "diff", "hello-1", "hello-2", "--folder", tmp_path)
        assert (code, out) == (0, "same, times aside\n")

    def test_requests_answers_and_shapes_are_told_apart(self, capsys: pytest.CaptureFixture[str]) -> None:
        code, out, _ = run(capsys, "diff", WEATHER, SKY)
        assert code == 1
        for line in ("=== request", '-      "content": "Use get_weather for Oslo.",', "=== sent", "=== answer"):
            assert line in out.splitlines()
        assert "=== shape of upstream POST /chat/completions" in out
        assert "+ event content" in out

    def test_answers_that_say_otherwise_differ_in_their_lines_alone(self) -> None:
        one, other = (
            with_client(recording(), response=response((2.0, compact({"message": {"content": text}, "done": True}))))
            for text in ("first\nsecond\nthird", "first\nother\nthird")
        )
        assert [line for line in differences(one, other) if line[:1] in "+-"] == ["-second", "+other"]


class TestVerify:
    """`verify`."""

    def test_the_recordings_of_the_project_are_sound(self, capsys: pytest.CaptureFixture[str]) -> None:
        code, out, _ = run(capsys, "verify")
        assert (code, out) == (0, f"files: {len([*FOLDER.glob('*.json')])}, problems: 0\n")

    @pytest.mark.parametrize(
        ("name", "change", "problem"),
        [
            ("hello-1", lambda text: text.replace('"hello-1"', '"other-1"'), "its name is 'other-1'"),
            ("hello-00000000-1", lambda text: text, "its name has the digest '00000000'"),
            ("hello-1", lambda text: text.replace("\n", "\r\n"), "it is not laid out as the proxy writes it"),
            ("hello-1", lambda text: "{}", "is no recording"),
            ("hello-1", lambda text: text.replace("[50.0,", "[9.0,"), "run backwards, from 10.0 to 9.0 ms"),
        ],
    )
    def test_what_is_wrong_with_a_file_is_told_with_its_name(
        self, name: str, change: Any, problem: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        path = tmp_path / f"{name}.json"
        path.write_text(change(recording_text(recording(name=name))), "utf-8", newline="")
        code, out, _ = run(capsys, "verify", tmp_path)
        assert code == 1
        (line,) = (line for line in out.splitlines() if problem in line)
        assert str(path) in line

    def test_a_secret_is_told_by_its_place_and_not_shown(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        path = write(tmp_path, named(recording(body={"prompt": f"my key is {SECRET}"})))
        code, out, _ = run(capsys, "verify", tmp_path)
        assert code == 1
        assert f"{path}: client.request.body" in out
        assert SECRET not in out

    def test_a_name_with_the_digest_of_its_request_is_right(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        write(tmp_path, named(recording()))
        assert run(capsys, "verify", tmp_path)[0] == 0

    @pytest.mark.parametrize(
        "made",
        [
            recording(upstream_call(t_ms=2.0), upstream_call(t_ms=1.0)),
            recording(upstream_call(t_ms=9.0, response=response(t_ms=8.0))),
            recording(upstream_call(end_ms=49.0)),
            with_client(recording(), end_ms=1.0),
            with_client(recording(), response=None, end_ms=-1.0),
        ],
    )
    def test_no_time_is_before_what_came_earlier(self, made: Recording) -> None:
        assert len(list(time_problems(made))) == 1

    def test_calls_that_were_made_at_once_may_end_in_any_order(self) -> None:
        assert not list(time_problems(recording(upstream_call(end_ms=90.0), upstream_call(end_ms=60.0))))

    def test_a_recording_that_was_never_completed_is_told(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        (tmp_path / ".hello-1b0f2c3d-1.tmp").write_text("{")
        code, out, _ = run(capsys, "verify", tmp_path)
        assert code == 1
        assert ".hello-1b0f2c3d-1.tmp: a recording that was never completed" in out


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no closed pipes of this kind")
def test_a_reader_that_leaves_ends_it_quietly() -> None:
    command = [sys.executable, "-m", "scripts.recordings", "list"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        process.stdout.close()
        assert process.stderr is not None
        assert process.stderr.read() == ""
        assert process.wait(60) == 141


@pytest.mark.parametrize("arguments", [["--help"], ["list", "--help"], ["verify", "--help"]])
def test_help_tells_the_exit_codes_or_the_arguments(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        recordings.main(arguments)
    assert ended.value.code == 0
    assert "usage: recordings.py" in capsys.readouterr().out


def test_a_missing_answer_of_the_client_can_be_shown() -> None:
    left = with_client(recording(upstream_call(response=None, end="aborted")), response=None, end="aborted")
    assert "Answered: nothing, aborted" in list(told(left))
    assert isinstance(left.client, Client)
