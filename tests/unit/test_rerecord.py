"""`scripts/rerecord.py`: which requests can be asked again, and what is told of their answers."""

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from addon.recordings.layout import recording_text
from addon.recordings.recording import Recording, Request, read_recording
from scripts import rerecord
from scripts.recorded.obstacles import obstacle
from tests.http_server import http_server
from tests.process import ROOT
from tests.recorded import HELLO, compact, recording, request, response, upstream_call

FILES = sorted((ROOT / "recordings").glob("*.json"))
SOUND = [file for file in FILES if "-fault-" not in file.stem]

ANSWER = {"choices": [{"index": 0, "delta": {"content": "a"}, "finish_reason": "stop"}]}


def events(payload: Any) -> Any:
    """An answer of one event."""
    return response((2.0, b"data: %s\n\ndata: [DONE]\n\n" % compact(payload)), content_type="text/event-stream")


def answered(status: int, **changes: Any) -> Recording:
    """A recording whose client was answered with an error."""
    made = recording(**changes)
    answer = response((2.0, b'{"error":"the key is refused"}'), status=status)
    return made.model_copy(update={"client": made.client.model_copy(update={"response": answer})})


def with_request(made: Recording, asked: Request) -> Recording:
    return made.model_copy(update={"client": made.client.model_copy(update={"request": asked})})


class TestObstacle:
    """Which requests cannot be asked again."""

    @pytest.mark.parametrize("file", SOUND, ids=[file.stem for file in SOUND])
    def test_the_recordings_of_the_project_in_which_nothing_fails_can_be(self, file: Path) -> None:
        assert obstacle(read_recording(file)) == ""

    @pytest.mark.parametrize(
        ("made", "why"),
        [
            (recording(body={"prompt": "my key is [redacted]"}), "its request holds [redacted]"),
            (recording(body={"images": ["sha256:" + "0" * 64]}), "digest of a picture"),
            (recording(upstream_call(error="UpstreamBroken: gone", end="cut")), "(UpstreamBroken)"),
            (recording(upstream_call(response=response(status=429))), "(status 429)"),
            (recording(upstream_call(response=None, end="aborted")), "(an answer that was aborted)"),
            (recording(upstream_call(end="cut")), "(an answer that was cut)"),
            (
                recording(upstream_call(response=events({"error": {"message": "no"}}))),
                "(an answer that ended in an error)",
            ),
        ],
    )
    def test_it_says_why(self, made: Recording, why: str) -> None:
        assert why in obstacle(made)

    def test_a_client_that_left_cannot_be(self) -> None:
        left = recording()
        client = left.client.model_copy(update={"end": "aborted"})
        assert obstacle(left.model_copy(update={"client": client})) == "its client left before the end"

    def test_what_plays_a_fault_cannot_be(self) -> None:
        assert obstacle(recording(fault="cut")) == "it plays a fault (cut)"

    def test_a_path_that_was_redacted_cannot_be(self) -> None:
        assert "[redacted]" in obstacle(with_request(recording(), request(HELLO, path="/api/chat?key=[redacted]")))

    @pytest.mark.parametrize("status", [400, 403, 404])
    def test_a_refusal_of_the_request_itself_can_be(self, status: int) -> None:
        assert obstacle(recording(upstream_call(response=response(status=status)))) == ""

    def test_an_answer_of_which_nothing_more_was_wanted_can_be(self) -> None:
        assert obstacle(recording(upstream_call(response=events(ANSWER), end="aborted"))) == ""


class TestComparing:
    """What is printed, and the exit code."""

    def test_all_the_same_is_0(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert rerecord.compared([recording()], [recording(name="hello-9")]) == 0
        assert capsys.readouterr().out == "hello-1: same\nsame: 1, differs: 0, not asked: 0\n"

    def test_a_difference_is_1_and_says_where_and_what_was_sent_otherwise(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        sent = request(HELLO | {"seed": 1}, path="/chat/completions")
        new = recording(upstream_call(request=sent, response=response((1.0, b"{}"), content_type="text/event-stream")))
        assert rerecord.compared([recording()], [new]) == 1
        out = capsys.readouterr().out.splitlines()
        assert out[:3] == ["hello-1: differs", "  upstream POST /chat/completions:", "    + event document"]
        assert "  what was sent differs too: seed is 1, recorded is none" in "\n".join(out)

    @pytest.mark.parametrize("status", [401, 429, 502])
    def test_what_was_refused_for_another_reason_than_the_request_is_2(
        self, status: int, capsys: pytest.CaptureFixture[str]
    ) -> None:
        other = HELLO | {"model": "x"}
        assert rerecord.compared([recording(), recording(body=other)], [answered(status), recording(body=other)]) == 2
        assert f"not asked\n  {status}: the key is refused\n" in capsys.readouterr().out

    def test_a_status_that_the_request_always_had_is_an_answer(self) -> None:
        assert rerecord.compared([answered(500)], [answered(500)]) == 0

    def test_recordings_of_one_request_are_compared_in_their_order(self) -> None:
        old, new = [recording(name=f"a-{n}") for n in (1, 2)], [recording(name=f"b-{n}") for n in (1, 2)]
        assert [*rerecord.paired(old, new)] == [*zip(old, new, strict=True)]
        assert [*rerecord.paired(old, new[:1])] == [(old[0], None), (old[1], None)]


class TestAsking:
    """What is asked, and when no more is."""

    def test_after_a_first_answer_that_is_not_about_the_request_nothing_more_is_asked(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        asked = []

        class Refusing(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                asked.append(dict(self.headers))
                self.rfile.read(int(self.headers["Content-Length"]))
                self.send_error(502)

            def log_message(self, *_: Any) -> None:
                pass

        @contextmanager
        def refusing(*_: Any) -> Iterator[SimpleNamespace]:
            with http_server(Refusing) as port:
                yield SimpleNamespace(port=port)

        monkeypatch.setattr(rerecord, "running_proxy", refusing)
        known = recording()
        headers = (*known.client.request.headers, ("Idempotency-Key", "1"), ("X-Trace", "2"))
        first = with_request(known, known.client.request.model_copy(update={"headers": headers}))
        with pytest.raises(rerecord.CannotRunError, match="the first answer was 502: nothing was recorded of it"):
            rerecord.asked_again([first, recording()], "http://a/v1", tmp_path)
        (sent,) = asked
        assert sent["X-Trace"] == "2"
        assert "Idempotency-Key" not in sent
        assert capsys.readouterr().err.startswith("[1/2] hello-1: 502 in ")


class TestStarting:
    """What is refused before anything is asked."""

    def test_without_a_key_it_says_how_to_give_one(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "OPENAI_API_BASE_URL"):
            monkeypatch.setenv(name, "")
        monkeypatch.chdir(tmp_path)
        assert rerecord.main([]) == 2
        errors = capsys.readouterr().err
        assert errors.startswith("rerecord: there is nobody to ask (OPENAI_API_KEY is empty in the environment)")
        assert errors.endswith(": set OPENAI_API_KEY, or give --base-url\n")

    @pytest.mark.parametrize(
        ("arguments", "said"),
        [
            (["--base-url", "localhost:1234"], "the base URL is 'localhost:1234'"),
            (["--base-url", "http://user:word@localhost/v1"], "remove the user and password"),
            (["--base-url", "http://localhost/v1", "--only", "nothing*"], "has no recording like 'nothing*'"),
            (["--base-url", "http://localhost/v1", "--keep", str(ROOT / "recordings")], "name another folder"),
        ],
    )
    def test_what_is_wrong_is_shown_with_the_remedy(
        self, arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert rerecord.main(arguments) == 2
        errors = capsys.readouterr().err
        assert said in errors
        assert "user:word" not in errors

    def test_where_nothing_can_be_asked_nothing_is_started(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        made = recording(body={"prompt": "[redacted]"})
        (tmp_path / "hello-1.json").write_text(recording_text(made), "utf-8")
        assert rerecord.main([str(tmp_path), "--base-url", "http://localhost/v1"]) == 0
        captured = capsys.readouterr()
        assert captured.out == "hello-1: skipped, because its request holds [redacted]\n"
        assert captured.err == "requests to http://localhost/v1: 0, skipped: 1\n"
