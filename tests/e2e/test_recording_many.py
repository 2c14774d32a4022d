"""Recording under load: many at once, several processes, ten thousand exchanges, and no room on the disk."""

import asyncio
import json
import re
import resource
from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import ollama
import pytest

from addon.recordings.files import read_recordings
from addon.recordings.recording import Client, Recording, UpstreamCall
from tests.e2e.recording_load import ask_many, recording_proxy, rss_mib, wait_written
from tests.e2e.ten_exchanges import ten_exchanges
from tests.process import serving
from tests.upstream import Upstream
from tests.wire import ask

needs_prlimit = pytest.mark.skipif(
    not hasattr(resource, "prlimit"), reason="only Linux can limit another process, which is how the disk gets full"
)
needs_proc = pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is read from /proc")


def chat(text: str) -> dict[str, Any]:
    return {"model": "gpt-4o", "messages": [{"role": "user", "content": text}], "stream": False}


def prompts_of(made: Iterable[Recording]) -> Counter[str]:
    return Counter(json.loads(each.client.request.body)["messages"][0]["content"] for each in made)


def said_on(side: Client | UpstreamCall) -> bytes:
    """What was asked and answered on one side."""
    assert side.response is not None
    return b"".join([side.request.body, *(piece for _, piece in side.response.chunks)])


@pytest.mark.parametrize("programs", [10, pytest.param(50, marks=pytest.mark.slow)])
def test_of_many_programs_at_once_every_file_is_complete_and_none_is_mixed(programs: int, tmp_path: Path) -> None:
    markers = [f"m{number:02}m" for number in range(programs)]

    async def run(url: str) -> None:
        async with ollama.AsyncClient(url, trust_env=False, timeout=60) as client:
            await asyncio.gather(*(ten_exchanges(client, marker) for marker in markers))

    recordings = {"PROXY_RECORD_MODE": "all", "PROXY_RECORDINGS": str(tmp_path / "recordings")}
    with Upstream.in_thread(delay=0.02) as upstream, serving(upstream.base_url, tmp_path, **recordings) as proxy:
        asyncio.run(run(proxy.url))
    made = read_recordings(tmp_path / "recordings")
    assert Counter(each.client.request.path for each in made) == {
        "/api/show": programs,
        "/api/chat": 7 * programs,
        "/api/generate": programs,
        "/api/embed": programs,
    }
    seen: Counter[str] = Counter()
    for each in made:
        assert {each.client.end, *(call.end for call in each.upstream)} == {"complete"}
        if each.client.request.path != "/api/show":
            sides: list[Client | UpstreamCall] = [each.client, *each.upstream]
            (marker,) = {found.decode() for side in sides for found in re.findall(rb"m\d\dm", said_on(side))}
            assert all(marker.encode() in side.request.body for side in sides if side.request.method == "POST")
            seen[marker] += 1
    assert seen == dict.fromkeys(markers, 9)


@pytest.mark.slow
def test_of_two_processes_that_record_into_one_folder_none_loses_or_overwrites_a_recording(
    upstream: Upstream, tmp_path: Path
) -> None:
    recordings = {"PROXY_RECORD_MODE": "all", "PROXY_RECORDINGS": str(tmp_path / "recordings")}
    with ExitStack() as stack:
        ports = [stack.enter_context(serving(upstream.base_url, tmp_path, **recordings)).port for _ in range(2)]
        asked = [(port, text) for _ in range(40) for port in ports for text in ("the same", f"of {port}")]
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda each: ask(each[0], "POST", "/api/chat", chat(each[1])), asked))
        assert {answer.status for answer in answers} == {200}
    assert prompts_of(read_recordings(tmp_path / "recordings")) == Counter(text for _, text in asked)


@needs_prlimit
def test_a_full_disk_costs_no_answer_is_told_once_and_when_there_is_room_recording_goes_on(
    upstream: Upstream, tmp_path: Path
) -> None:
    folder = tmp_path / "recordings"
    recordings = {"PROXY_RECORD_MODE": "all", "PROXY_RECORDINGS": str(folder)}
    with serving(upstream.base_url, tmp_path, **recordings) as proxy:
        ask(proxy.port, "GET", "/api/version")  # by then mitmproxy has written its certificates
        room = resource.prlimit(proxy.popen.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(proxy.popen.pid, resource.RLIMIT_FSIZE, (100, room[1]))
        assert ask(proxy.port, "POST", "/api/chat", chat("no room")).status == 200
        proxy.wait_for(f"recordings cannot be written to {folder}")
        assert [ask(proxy.port, "POST", "/api/chat", chat("still none")).status for _ in range(3)] == [200] * 3
        resource.prlimit(proxy.popen.pid, resource.RLIMIT_FSIZE, room)
        assert ask(proxy.port, "POST", "/api/chat", chat("room again")).status == 200
    made = prompts_of(read_recordings(folder))
    assert (made["no room"], made["room again"]) == (0, 1)
    assert sum("recordings cannot be written" in line for line in proxy.lines) == 1
    assert not list(folder.glob(".*"))


@pytest.mark.slow
@pytest.mark.timeout(400)
@needs_proc
def test_memory_stays_flat_while_ten_thousand_exchanges_are_recorded(tmp_path: Path) -> None:
    folder, rss = tmp_path / "recordings", dict[int, float]()
    with recording_proxy(folder, tmp_path) as proxy:
        for end in range(1000, 10_001, 1000):
            ask_many(proxy.port, end - 1000, end)
            wait_written(folder, end)  # what waits for the disk is memory that is needed
            rss[end] = rss_mib(proxy.popen.pid)
    assert len(read_recordings(folder)) == 10_000
    assert rss[10_000] - rss[2000] < 8  # MiB: 1 kB an exchange
