"""Recording and replay as a user meets them: without a key, with one, and when something is wrong."""

import json
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import ollama
import pytest

from addon.recordings.files import read_recordings
from addon.recordings.layout import recording_text
from tests.process import KEY, LOOPBACK, NOWHERE, ROOT, Process, free_port, serving, start
from tests.recorded import HELLO, compact, recording, response, upstream_call
from tests.upstream import Upstream
from tests.wire import ask

HOUR_MS = 3_600_000.0


def chat(text: str, **more: Any) -> dict[str, Any]:
    return {"model": "gpt-4o", "messages": [{"role": "user", "content": text}], **more}


@pytest.fixture(scope="module")
def offline(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    """A proxy without a key, on the recordings that come with the project; they play ten times as fast."""
    with serving("", tmp_path_factory.mktemp("home"), PROXY_REPLAY_SPEED="10", **NOWHERE) as proxy:
        ask(proxy.port, "GET", "/api/version")
        proxy.wait_for("GET /api/version 200")  # by then all that is said at the start has been said
        yield proxy


def stop(process: Process) -> str:
    """The output of a process that had to end by itself with exit code 1."""
    try:
        assert process.popen.wait(60) == 1, process.output
    finally:
        process.stop()
    return process.output


def test_without_a_key_the_start_says_what_is_replayed_why_and_what_to_try(offline: Process) -> None:
    assert "recordings are replayed" in offline.output
    assert "OPENAI_API_KEY is empty in the environment" in offline.output
    commands = [line.partition("curl ")[2] for line in offline.lines if "curl " in line]
    assert len(commands) >= 3
    for command in commands:
        url, *data = [part for part in shlex.split(command)[1:] if part != "-d"]
        asked = httpx.request("POST" if data else "GET", url, content="".join(data), trust_env=False)
        assert asked.status_code == 200
        assert asked.headers["X-Ollama-Replay"]


def test_the_readmes_first_curl_streams_a_recorded_answer(offline: Process) -> None:
    command = next(line for line in (ROOT / "README.md").read_text("utf-8").splitlines() if line.startswith("curl -N"))
    got = ask(offline.port, "POST", "/api/chat", shlex.split(command)[-1].encode())
    assert got.status == 200
    assert (got.header("X-Ollama-Replay") or "").startswith("chat-gpt-4o-why-is-the-sky-blue-")
    assert "".join(line["message"]["content"] for line in got.lines).startswith("Sunlight")
    assert len(got.chunks) > 20
    assert f"replay={got.header('X-Ollama-Replay')}" in offline.wait_for("POST /api/chat gpt-4o 200")


def test_the_ollama_package_gets_the_same_recording(offline: Process) -> None:
    with ollama.Client(offline.url, trust_env=False) as client:
        parts = client.chat("gpt-4o:latest", [{"role": "user", "content": "Why is the sky blue?"}], stream=True)
        assert "".join(part.message.content or "" for part in parts).startswith("Sunlight")
        assert client.show("gpt-4o-mini").capabilities  # not recorded, but known


def test_what_was_never_recorded_is_told_the_nearest_and_how_to_set_a_key(offline: Process) -> None:
    got = ask(offline.port, "POST", "/api/chat", chat("Why is grass green?"))
    told = json.loads(got.body)["error"]
    assert got.status == 404
    assert got.header("X-Ollama-Replay") is None
    for text in (
        "chat-gpt-4o-why-is-the-sky-blue-",
        "'Why is grass green?'",
        "'Why is the sky blue?'",
        "OPENAI_API_KEY",
    ):
        assert text in told


def test_clients_of_openais_protocol_are_told_in_openais_envelope(offline: Process) -> None:
    got = ask(offline.port, "POST", "/v1/chat/completions", chat("Why is grass green?", stream=True))
    assert got.status == 404
    assert "OPENAI_API_KEY" in json.loads(got.body)["error"]["message"]


def test_pieces_come_in_their_time_and_nobody_waits_for_another(tmp_path: Path) -> None:
    event = b"data: " + compact({"choices": [{"index": 0, "delta": {"content": "Hello"}}]}) + b"\n\n"
    slow = upstream_call(response=response((2.0, event), (HOUR_MS, event), content_type="text/event-stream"))
    quick = upstream_call(response=response((2.0, event + b"data: [DONE]\n\n"), content_type="text/event-stream"))
    other = HELLO | {"options": {"seed": 1}}
    for name, made in (("slow", recording(slow, name="slow")), ("quick", recording(quick, name="quick", body=other))):
        (tmp_path / f"{name}.json").write_text(recording_text(made), "utf-8")
    with serving("", tmp_path, "--set", f"ollama_recordings={tmp_path}", **NOWHERE) as proxy:
        with httpx.stream("POST", f"{proxy.url}/api/chat", json=HELLO, trust_env=False) as stream:
            lines = stream.iter_lines()
            assert json.loads(next(lines))["message"]["content"] == "Hello"  # the next comes in an hour
            got = ask(proxy.port, "POST", "/api/chat", other)
            assert (got.header("X-Ollama-Replay"), got.lines[-1]["done"]) == ("quick", True)
        proxy.wait_for("the client has gone")


def test_a_stop_in_the_middle_of_an_answer_still_writes_its_recording(upstream: Upstream, tmp_path: Path) -> None:
    folder = tmp_path / "recordings"
    arguments = ["--set", f"ollama_recordings={folder}", "--set", "ollama_record_mode=all"]
    upstream.release("stop")  # one token
    with (
        serving(upstream.base_url, tmp_path, *arguments) as proxy,
        httpx.stream("POST", f"{proxy.url}/api/chat", json=chat("a b c [[gate:stop]]"), trust_env=False) as stream,
    ):
        next(stream.iter_lines())
        proxy.stop()
    (made,) = read_recordings(folder)
    assert (made.client.end, made.upstream[0].end) == ("aborted", "aborted")


@pytest.mark.slow
def test_a_folder_that_cannot_be_written_costs_no_answer(upstream: Upstream, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    arguments = ["--set", f"ollama_recordings={tmp_path / 'file' / 'x'}", "--set", "ollama_record_mode=all"]
    with serving(upstream.base_url, tmp_path, *arguments) as proxy:
        assert [ask(proxy.port, "POST", "/api/chat", chat("hello")).status for _ in range(3)] == [200] * 3
    assert sum("recordings cannot be written" in line for line in proxy.lines) == 1


def test_the_key_is_in_no_recording_though_client_and_upstream_say_it(upstream: Upstream, tmp_path: Path) -> None:
    folder = tmp_path / "recordings"
    arguments = ["--set", f"ollama_recordings={folder}", "--set", "ollama_record_mode=all"]
    with serving(upstream.base_url, tmp_path, *arguments) as proxy:
        for text in (f"my key is {KEY} as you see", f"{KEY[:14]} cut", "[[fault:401]]"):
            ask(proxy.port, "POST", "/api/chat", chat(text))
            ask(
                proxy.port,
                "POST",
                "/api/chat",
                chat(text, stream=False, options={"seed": 1}),
                Authorization=f"Bearer {KEY}",
            )
            ask(proxy.port, "POST", f"/v1/chat/completions?api_key={KEY}", chat(text))
    files = [path.read_text("utf-8") for path in folder.iterdir()]
    assert len(files) == 9
    assert not any(KEY[:12] in text for text in files)
    assert sum("[redacted]" in text for text in files) >= 6
    assert KEY[:12] not in proxy.output


def test_broken_recordings_stop_the_start_and_are_named(tmp_path: Path) -> None:
    (tmp_path / "broken.json").write_text('{"format": 1, "name": "x"}')
    (tmp_path / "other.json").write_text("{")
    output = stop(
        start(["--set", f"ollama_recordings={tmp_path}"], tmp_path, {**NOWHERE, "PROXY_PORT": str(free_port())})
    )
    for name in ("broken.json", "other.json"):
        assert f"{tmp_path / name} is no recording: " in output
    assert "Traceback" not in output


def test_an_empty_folder_is_told_at_the_start_and_in_answers(tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    port = free_port()
    variables = {"PROXY_RECORD_MODE": "none", "PROXY_RECORDINGS": str(empty), "OPENAI_API_KEY": KEY}
    process = start(
        ["--mode", f"regular@{LOOPBACK}:{port}"], tmp_path, variables | {"PROXY_PORT": str(port)}, port=port
    )
    try:
        process.wait_for(f"there are no recordings in {empty}")
        got = ask(port, "POST", "/api/chat", chat("hello"))
    finally:
        process.stop()
    assert got.status == 404
    assert "ollama_record_mode" in json.loads(got.body)["error"]
