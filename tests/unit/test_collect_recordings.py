"""`scripts/collect_recordings.py`: where answers go, how far it is, and what the command says."""

import argparse
import io
import sys
from pathlib import Path

import pytest

from addon.environment import read_environment
from addon.option_table import OPENAI_URL
from addon.recordings.files import read_recordings
from addon.recordings.layout import recording_text
from addon.recordings.recording import Client, End
from scripts import collect_recordings
from scripts.collecting import NothingAskedError
from scripts.collecting.asking import MOST_FAULTS_IN_A_ROW, Outcome
from scripts.collecting.catalogue import CHATS, KINDS, ONCE
from scripts.collecting.kinds import Ask
from scripts.collecting.models import Model
from scripts.collecting.progress import Progress, bar
from scripts.collecting.shelf import STAGING, UNEXPECTED, fault_of, recorded, take_over
from scripts.proxy_process import upstream_url
from tests.recorded import recording, request, response

HERE = "http://127.0.0.1:9100/v1"


def asked_of(model_id: str) -> Ask:
    return Ask(CHATS[0], Model(model_id, "gpt", ("completion",), 128_000, 0.0))


class TestShelf:
    """Where recordings go."""

    ASK = asked_of("gpt-4o-mini")

    def put(
        self,
        folder: Path,
        answer: bytes,
        *,
        status: int = 200,
        end: End = "complete",
        ask: Ask = ASK,
        about: str = "",
    ) -> None:
        """Record an answer as the proxy does."""
        side = Client(
            request=request(ask.content), response=response((10.0, answer), status=status), end=end, end_ms=20.0
        )
        made = recording(client=side, about=about)
        (folder / STAGING).mkdir(parents=True, exist_ok=True)
        (folder / STAGING / f"{made.name}.json").write_text(recording_text(made), "utf-8")

    def take(self, folder: Path) -> None:
        take_over(folder, {self.ASK.digest: self.ASK}, OPENAI_URL)

    def test_what_was_answered_as_expected_is_put_into_the_folder_and_says_where_it_is_from(
        self, tmp_path: Path
    ) -> None:
        self.put(tmp_path, b'{"done":true}\n', about="Pieces were joined.")
        self.take(tmp_path)
        (kept,) = read_recordings(tmp_path)
        assert kept.about == (
            "Made by scripts/collect_recordings.py against https://api.openai.com/v1: chat-stream. Pieces were joined."
        )
        assert kept.name.startswith("chat-gpt-4o-mini-name-three-colours-of-the-rainbow-")
        assert recorded(tmp_path) == {self.ASK.digest}
        assert [path.name for path in tmp_path.iterdir()] == [f"{kept.name}.json"]

    def test_a_refusal_that_nobody_expected_is_kept_beside_it_until_the_request_is_answered(
        self, tmp_path: Path
    ) -> None:
        self.put(tmp_path, b'{"error":"no"}', status=400)
        self.take(tmp_path)
        assert recorded(tmp_path) == frozenset()
        assert recorded(tmp_path / UNEXPECTED) == {self.ASK.digest}
        self.put(tmp_path, b'{"done":true}\n')
        self.take(tmp_path)
        assert recorded(tmp_path) == {self.ASK.digest}
        assert not (tmp_path / UNEXPECTED).exists()

    def test_an_answer_that_was_left_is_asked_for_again(self, tmp_path: Path) -> None:
        self.put(tmp_path, b'{"done":false}\n', end="aborted")
        self.take(tmp_path)
        assert recorded(tmp_path) == frozenset()
        assert recorded(tmp_path / UNEXPECTED) == {self.ASK.digest}

    def test_what_is_not_in_the_catalogue_stays_where_it_is(self, tmp_path: Path) -> None:
        self.put(tmp_path, b"{}", ask=asked_of("gpt-5-nano"))
        self.take(tmp_path)
        assert len(read_recordings(tmp_path / STAGING)) == 1
        assert recorded(tmp_path) == frozenset()

    def test_nothing_is_made_where_nothing_was_recorded(self, tmp_path: Path) -> None:
        self.take(tmp_path / "new")
        assert not (tmp_path / "new").exists()

    @pytest.mark.parametrize(
        ("status", "answer", "fault"),
        [
            (200, b'{"message":{}}', ""),
            (200, b'{"done":false}\n{"done":true}\n', ""),
            (200, b'{"done":false}\n{"error":"it broke"}\n', "200 it broke"),
            (200, b'data: {"choices":[]}\n\ndata: [DONE]\n\n', ""),
            (200, b'data: {"choices":[]}\n\ndata: {"error":{"message":"it\\nbroke"}}\n\n', "200 it broke"),
            (200, b'{"id":"resp_1","error":null}', ""),
            (200, b"", ""),
            (400, b'{"error":"no"}', "400 no"),
            (502, b"<html>", "502"),
            (404, b'{"error":{"message":"m","type":"t"}}', "404 m"),
        ],
    )
    def test_an_answer_is_as_expected_by_its_status_and_by_how_it_ends(
        self, status: int, answer: bytes, fault: str
    ) -> None:
        assert fault_of(self.ASK, status, answer) == fault

    def test_an_expected_refusal_is_no_fault_and_an_answer_instead_is(self) -> None:
        refused = Ask(ONCE[2])
        assert fault_of(refused, 404, b'{"error":"model not found"}') == ""
        assert fault_of(refused, 200, b"{}") == "200"


class TestProgress:
    """How far a run is."""

    def test_without_a_terminal_there_is_a_line_for_each_request(self, capsys: pytest.CaptureFixture[str]) -> None:
        progress = Progress(2)
        progress.add("tags", "", 0.25)
        progress.add("gpt-4o chat-stream", "400 no", 1.0)
        progress.end()
        assert capsys.readouterr().out == "1/2 tags: ok (0.2 s)\n2/2 gpt-4o chat-stream: 400 no (1.0 s)\n"

    def test_on_a_terminal_there_is_a_bar_and_faults_stay(self, monkeypatch: pytest.MonkeyPatch) -> None:
        class Terminal(io.StringIO):
            def isatty(self) -> bool:
                return True

        monkeypatch.setattr(sys, "stdout", screen := Terminal())
        progress = Progress(2)
        progress.add("tags", "", 0.25)
        progress.add("gpt-4o chat-stream", "400 no", 1.0)
        progress.end()
        lines = screen.getvalue().split("\r\033[K")
        assert lines == [
            "",
            bar(1, 2, "tags", 80),
            "gpt-4o chat-stream: 400 no\n",
            bar(2, 2, "gpt-4o chat-stream", 80),
            "",
        ]

    def test_the_bar_fills_and_is_cut_to_the_terminal(self) -> None:
        assert bar(1, 4, "tags", 80) == "[######..................] 1/4 tags"
        assert bar(4, 4, "tags", 80) == "[########################] 4/4 tags"
        assert len(bar(4, 4, "tags" * 40, 60)) == 59

    def test_many_unexpected_answers_in_a_row_end_the_run(self) -> None:
        asks = [Ask(kind) for kind in KINDS[: MOST_FAULTS_IN_A_ROW + 1]]
        outcome = Outcome(dict.fromkeys(asks[1:], "401 no"))
        assert outcome.is_hopeless
        assert not Outcome(dict.fromkeys(asks[1:-1], "401 no")).is_hopeless
        assert not Outcome({**outcome.answered, asks[0]: ""}).is_hopeless


class TestCommand:
    """What the command line says, and whom it asks."""

    def test_nobody_is_asked_where_there_is_no_terminal(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sys, "stdin", io.StringIO("y\n"))
        with pytest.raises(NothingAskedError, match="add --yes"):
            collect_recordings.is_agreed()

    @pytest.mark.parametrize("text", ["0", "-1", "two", ""])
    def test_jobs_are_a_whole_number(self, text: str) -> None:
        with pytest.raises(argparse.ArgumentTypeError, match="give a whole number from 1"):
            collect_recordings.positive(text)

    def test_the_upstream_is_the_one_given_else_that_of_the_environment_else_openai(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        monkeypatch.setenv("OPENAI_API_KEY", "sk-x")
        monkeypatch.setenv("OPENAI_BASE_URL", "")
        assert upstream_url("", read_environment(tmp_path)) == OPENAI_URL
        monkeypatch.setenv("OPENAI_BASE_URL", HERE)
        assert upstream_url("", read_environment(tmp_path)) == HERE
        assert upstream_url("http://there/v1/", read_environment(tmp_path)) == "http://there/v1"

    def test_without_an_upstream_the_error_says_what_to_set(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "OPENAI_API_BASE_URL"):
            monkeypatch.setenv(name, "")
        with pytest.raises(ValueError, match=r"OPENAI_API_KEY is empty.*: set OPENAI_API_KEY, or give --base-url"):
            upstream_url("", read_environment(tmp_path))

    def test_a_base_url_that_is_none_is_told_without_what_may_be_secret(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        with pytest.raises(ValueError, match="remove the user and password") as told:
            upstream_url("http://me:hush@there/v1", read_environment(tmp_path))
        assert "hush" not in str(told.value)

    def test_the_catalogue_can_be_read_without_an_upstream(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert collect_recordings.main(["--list"]) == 0
        lines = capsys.readouterr().out.splitlines()
        assert [line.split()[0] for line in lines] == [kind.name for kind in KINDS]
