"""Recordings, each through the whole proxy: it is replayed, and recorded again at the same time."""

from pathlib import Path

import pytest
from mitmproxy import http
from mitmproxy.test import taddons, tflow

from addon.live import LiveResponse
from addon.recordings.files import read_recordings
from addon.recordings.layout import recording_text
from addon.recordings.recording import Recording
from addon.recordings.replayer import Replayer
from addon.redaction.redactor import Redactor
from addon.service import OllamaService
from addon.settings import settings_from
from tests.recorded import run
from tests.setting_sources import options, outside

NOT_OURS = frozenset({"node_modules"})
"""Folders of other people's files, beside the hidden ones."""


def recording_files(root: Path) -> list[Path]:
    """All JSON files in folders that are called `recordings`, or in folders of those."""
    found = []
    for folder, folders, names in root.walk():
        folders[:] = [name for name in folders if not name.startswith(".") and name not in NOT_OURS]
        if "recordings" in folder.relative_to(root).parts:
            found += [folder / name for name in names if name.endswith(".json") and not name.startswith(".")]
    return sorted(found)


def replayed(recording: Recording, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Recording:
    """What is recorded while a recording is replayed.

    Args:
        recording: Its client waited for the end: what another one was answered by then is not decided by the proxy.
        folder: Where it is done; made here.
        monkeypatch: Puts the replay in the place of the network.
    """
    assert recording.client.end == "complete", f"the client of {recording.name!r} left before the end"
    with taddons.context() as tctx:
        try:
            made = run(_recorded_again(recording, folder, monkeypatch))
        finally:
            tctx.master._legacy_log_events.uninstall()  # else it sends what is logged next to a loop that is closed
    # Its number tells it from other recordings of the same request, which are not there now.
    name = f"{made.name.rpartition('-')[0]}-{recording.name.rpartition('-')[2]}"
    return made.model_copy(update={"name": name, "about": recording.about})


async def _recorded_again(recording: Recording, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Recording:
    known, again = folder / "known", folder / "again"
    known.mkdir(parents=True)
    (known / f"{recording.name}.json").write_text(recording_text(recording), "utf-8")
    replayer = Replayer(known, Redactor(), "")
    monkeypatch.setattr("addon.source.HttpTransport", lambda settings: replayer)
    url = recording.upstream[0].url
    given = options(ollama_record_mode="all", ollama_recordings=str(again), ollama_base_url=url)
    service = OllamaService(settings_from(given, outside("")), "token")
    flow, asked = tflow.tflow(), recording.client.request
    headers = http.Headers([(name.encode(), value.encode()) for name, value in asked.headers], Host="127.0.0.1:11434")
    flow.request = http.Request.make(asked.method, f"http://127.0.0.1:11434{asked.path}", asked.body, headers)
    response = await service.answer(flow)
    if isinstance(response, LiveResponse):
        assert [piece async for piece in response.body]
        response.over(None)
    await service.close()
    await service.keeping.close()
    (made,) = read_recordings(again)
    return made
