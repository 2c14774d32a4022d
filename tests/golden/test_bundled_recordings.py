"""Every recording of the project, through the whole proxy: the same upstream requests, and the same answer.

Each is replayed and recorded again at the same time; the two recordings must be alike but for times and dates.
"""

from pathlib import Path
from typing import Any

import pytest
from mitmproxy import http
from mitmproxy.test import taddons, tflow

from addon.live import LiveResponse
from addon.matching import normal_request
from addon.recording import Recording, Response, read_recording
from addon.recording_files import read_recordings
from addon.redact import Redactor
from addon.replayer import Replayer
from addon.service import OllamaService
from addon.settings import settings_from
from scripts.record_demo import DEMO
from tests.process import KEY, ROOT
from tests.recorded import compact, run, without_times
from tests.setting_sources import options, outside

FILES = sorted((ROOT / "recordings").glob("*.json"))


def shape(recording: Recording) -> dict[str, Any]:
    """What must not change of a recording."""
    client = recording.client
    return {
        "name": recording.name,
        "protocol": recording.protocol,
        "request": client.request,
        "response": answer(client.response),
        "end": client.end,
        "upstream": [
            (call.url, call.attempt, call.request, answer(call.response), call.error, call.end)
            for call in recording.upstream
        ],
    }


def answer(response: Response | None) -> tuple[int, object, list[bytes]] | None:
    if response is None:
        return None
    pieces = [without_times(piece) for _, piece in response.chunks]
    return response.status, response.headers, pieces


async def recorded_again(recording: Recording, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Recording:
    """The recording of its own replay."""
    replayer = Replayer(ROOT / "recordings", Redactor(), "")
    monkeypatch.setattr("addon.source.HttpTransport", lambda settings: replayer)
    url = recording.upstream[0].url
    given = options(ollama_record_mode="all", ollama_recordings=str(folder), ollama_base_url=url)
    service = OllamaService(settings_from(given, outside("")), "token")
    flow, asked = tflow.tflow(), recording.client.request
    headers = http.Headers([(name.encode(), value.encode()) for name, value in asked.headers], Host="127.0.0.1:11434")
    flow.request = http.Request.make(asked.method, f"http://127.0.0.1:11434{asked.path}", asked.body, headers)
    response = await service.answer(flow)
    if isinstance(response, LiveResponse):
        assert [piece async for piece in response.body]
        response.over(None)
    await service.close()
    (again,) = read_recordings(folder)
    return again


@pytest.mark.parametrize("file", FILES, ids=[file.stem for file in FILES])
def test_a_recording_replays_as_it_was_recorded(file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recording = read_recording(file)
    with taddons.context():
        again = run(recorded_again(recording, tmp_path, monkeypatch))
    assert shape(again) == shape(recording)


def test_every_request_of_the_demo_script_has_its_recording() -> None:
    requests = [read_recording(file).client.request for file in FILES]
    recorded = {normal_request(each.method, each.path, each.body).digest for each in requests}
    for method, path, body in DEMO:
        assert normal_request(method, path, compact(body) if body else b"").digest in recorded


def test_the_recordings_cover_what_the_project_does() -> None:
    routes = {recording.client.request.path for recording in map(read_recording, FILES)}
    assert len(FILES) >= 10
    assert routes >= {"/api/chat", "/api/generate", "/api/embed", "/api/tags", "/api/show", "/v1/chat/completions"}


@pytest.mark.parametrize("file", FILES, ids=[file.stem for file in FILES])
def test_a_recording_says_whom_it_was_made_against_and_holds_no_key(file: Path) -> None:
    recording = read_recording(file)
    assert recording.name == file.stem
    assert "the project's own test upstream" in recording.about
    assert Redactor([KEY]).recording(recording) == recording
