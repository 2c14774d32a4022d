"""The commands of mitmproxy's prompt, as mitmweb's command bar sends them."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from addon.recordings.files import read_recordings
from tests.process import KEY
from tests.upstream import Upstream
from tests.web import Web, web_serving
from tests.wire import ask


def chat(text: str) -> dict[str, object]:
    return {"model": "gpt-4o", "messages": [{"role": "user", "content": text}]}


@pytest.fixture(scope="module")
def web(upstream: Upstream, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    with web_serving(upstream.base_url, tmp_path_factory.mktemp("home")) as running:
        yield running


def test_marked_flows_are_saved_as_recordings_though_nothing_was_recorded(web: Web, tmp_path: Path) -> None:
    folder = tmp_path / "marked"
    ask(web.proxy.port, "POST", "/api/chat", chat("marker-saved"))
    ask(web.proxy.port, "POST", "/api/chat", chat("marker-left"))
    web.command("flow.mark", "~bq marker-saved", ":star:")
    web.command("ollama.record.save", "@marked", str(folder))
    web.proxy.wait_for(f"1 of 1 flow written to {folder}")
    (made,) = read_recordings(folder)
    assert json.loads(made.client.request.body) == chat("marker-saved")
    assert made.client.response
    (call,) = made.upstream
    assert call.response
    assert call.response.chunks[-1][1].endswith(b"data: [DONE]\n\n")
    assert KEY not in repr(made)


def test_recording_starts_and_stops_by_command_and_is_replayed_by_another(
    web: Web, upstream: Upstream, tmp_path: Path
) -> None:
    folder = tmp_path / "tapes"
    ask(web.proxy.port, "POST", "/api/chat", chat("before"))
    web.command("ollama.record.start", str(folder))
    web.proxy.wait_for(f"every exchange is kept in {folder}")
    live = ask(web.proxy.port, "POST", "/api/chat", chat("marker-commands"))
    web.command("ollama.record.stop")
    ask(web.proxy.port, "POST", "/api/chat", chat("after"))
    web.command("ollama.replay.load", str(folder))
    web.proxy.wait_for("recordings are replayed")
    played = ask(web.proxy.port, "POST", "/api/chat", chat("marker-commands"))
    assert ask(web.proxy.port, "POST", "/api/chat", chat("before")).status == 404
    web.command("ollama.record.stop")
    (made,) = read_recordings(folder)
    assert json.loads(made.client.request.body) == chat("marker-commands")
    assert played.header("X-Ollama-Replay") == made.name
    assert [line["message"] for line in played.lines] == [line["message"] for line in live.lines]
    assert len(upstream.requests_with("marker-commands")) == 1


def test_recordings_of_one_run_are_numbered_though_other_options_change_meanwhile(web: Web, tmp_path: Path) -> None:
    folder = tmp_path / "tapes"
    web.command("ollama.record.start", str(folder))
    for retries in ("1", "2"):
        for _ in range(2):
            ask(web.proxy.port, "POST", "/api/chat", chat("marker-numbered"))
        web.command("set", "ollama_max_retries", retries)
    web.command("ollama.record.stop")
    web.proxy.wait_for(f"exchanges recorded in {folder}: 4")
    assert [each.name[-2:] for each in read_recordings(folder)] == ["-1", "-2", "-3", "-4"]


def test_what_cannot_be_saved_is_told(web: Web, tmp_path: Path) -> None:
    ask(web.proxy.port, "GET", "/api/version")
    told = web.refused("ollama.record.save", "~u /api/version", str(tmp_path))
    assert told.startswith("none of 1 flow can be recorded: only exchanges that this process has answered")


def test_a_folder_that_holds_no_recordings_is_not_replayed(web: Web, tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text("{}")
    assert "x.json is no recording" in web.refused("ollama.replay.load", str(tmp_path))
    assert ask(web.proxy.port, "POST", "/api/chat", chat("still live")).status == 200


def test_shown_flows_are_redacted_and_the_har_that_is_saved_then_holds_no_credential(web: Web, tmp_path: Path) -> None:
    secret = "sk-proj-" + "0123456789abcdefghij" * 2
    ask(web.proxy.port, "POST", "/api/chat", chat(f"my key is {secret}"), Authorization=f"Bearer {secret}")
    web.command("ollama.redact", "@all")
    har = tmp_path / "all.har"
    web.command("save.har", "@all", str(har))
    assert "my key is [redacted]" in har.read_text("utf-8")
    assert secret not in har.read_text("utf-8")
    assert secret not in json.dumps(web.flows())


def test_a_folder_is_replayed_from_the_beginning_when_it_is_loaded_again(web: Web, tmp_path: Path) -> None:
    folder = tmp_path / "tapes"
    web.command("ollama.record.start", str(folder))
    for _ in range(2):
        ask(web.proxy.port, "POST", "/api/chat", chat("marker-again"))
    web.command("ollama.record.stop")
    web.proxy.wait_for(f"exchanges recorded in {folder}: 2")

    def played() -> str:
        return (ask(web.proxy.port, "POST", "/api/chat", chat("marker-again")).header("X-Ollama-Replay") or "")[-2:]

    web.command("ollama.replay.load", str(folder))
    assert [played(), played()] == ["-1", "-2"]
    web.command("ollama.replay.load", str(folder))
    assert [played(), played()] == ["-1", "-2"]
    web.command("ollama.record.stop")


@pytest.mark.parametrize("command", ["ollama.record.start", "ollama.replay.load"])
def test_what_cannot_be_a_folder_is_refused_and_changes_nothing(web: Web, tmp_path: Path, command: str) -> None:
    file = tmp_path / "file"
    file.touch()
    assert str(file) in web.refused(command, str(file))
    assert ask(web.proxy.port, "POST", "/api/chat", chat("still live")).status == 200
