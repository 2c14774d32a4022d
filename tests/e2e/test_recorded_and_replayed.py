"""Exchanges that are recorded and then replayed without a key: the same bytes, and the same failures."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from addon.recordings.files import read_recordings
from scripts.recorded.masking import without_times
from tests.process import LOOPBACK, NOWHERE, Process, free_port, serving
from tests.recorded import compact
from tests.upstream import Upstream
from tests.wire import Raw, ask, send


def chat(text: str, **more: Any) -> dict[str, Any]:
    return {"model": "gpt-4o", "messages": [{"role": "user", "content": text}], **more}


def said(answer: Raw) -> bytes:
    """A body without its framing and its times."""
    chunked = answer.header("Transfer-Encoding") == "chunked"
    return without_times(b"".join(answer.chunks) if chunked else answer.body)


REQUESTS: tuple[tuple[str, str, Any], ...] = (
    ("GET", "/api/tags", None),
    ("POST", "/api/show", {"model": "gpt-4o"}),
    ("POST", "/api/chat", chat("one two three")),
    ("POST", "/api/chat", chat("one two three", stream=False, options={"seed": 1})),
    ("POST", "/api/chat", chat("again [[fault:429-once:recorded]]", stream=False)),
    ("POST", "/api/chat", chat("broken [[fault:cut]]")),
    ("POST", "/api/chat", chat("refused", format={"type": "nonsense"})),
    ("POST", "/api/generate", {"model": "gpt-4o", "prompt": "one two three"}),
    ("GET", "/v1/models", None),
    ("POST", "/v1/chat/completions", chat("one two three", stream=True)),
    ("POST", "/v1/chat/completions", chat("one two three")),
    ("POST", "/v1/embeddings", {"model": "text-embedding-3-small", "input": "one", "dimensions": 4}),
)


ODD_BODY = compact(chat("hello", stream=False)).replace(b"hello", b"hello \xff")
ODD_FIELDS = b"Host: 127.0.0.1\r\nUser-Agent: M\xfcller\r\nConnection: close\r\nContent-Length: %d\r\n\r\n"
ODD = [
    b"POST %s HTTP/1.1\r\n" % path + ODD_FIELDS % len(ODD_BODY) + ODD_BODY
    for path in (b"/api/chat", b"/v1/chat/completions")
]
"""Requests that are not UTF-8."""

QUERIED = "/v1/chat/completions"
"""Asked with a query."""


@dataclass(frozen=True)
class Made:
    """What was recorded, and what its clients were answered.

    Attributes:
        folder: Of the recordings.
        output: Of the proxy.
        answers: To `REQUESTS`.
        odd: To `ODD`, with their heads.
        queried: To `QUERIED`, with the query `x=1`.
    """

    folder: Path
    output: str
    answers: list[Raw]
    odd: list[bytes]
    queried: Raw


@pytest.fixture(scope="module")
def made(upstream: Upstream, tmp_path_factory: pytest.TempPathFactory) -> Made:
    home = tmp_path_factory.mktemp("home")
    folder = home / "recordings"
    with serving(upstream.base_url, home, PROXY_RECORD_MODE="all", PROXY_RECORDINGS=str(folder)) as proxy:
        answers = [ask(proxy.port, *request) for request in REQUESTS]
        odd = [send(proxy.port, request) for request in ODD]
        queried = ask(proxy.port, "POST", f"{QUERIED}?x=1", chat("hello"))
    return Made(folder, proxy.output, answers, odd, queried)


@pytest.fixture(scope="module")
def replaying(made: Made, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    with serving("", tmp_path_factory.mktemp("home"), PROXY_RECORDINGS=str(made.folder), **NOWHERE) as proxy:
        yield proxy


def test_each_exchange_is_recorded_and_none_is_replayed_meanwhile(made: Made) -> None:
    assert len(read_recordings(made.folder)) == len(REQUESTS) + len(ODD) + 1
    assert "recordings are replayed" not in made.output
    assert "Traceback" not in made.output


def test_what_was_recorded_replays_with_the_same_bytes(made: Made, replaying: Process) -> None:
    replayed = [ask(replaying.port, *request) for request in REQUESTS]
    for before, after in zip(made.answers, replayed, strict=True):
        assert (after.status, said(after)) == (before.status, said(before))
        names = {"Content-Type", "Retry-After", "x-request-id"}
        assert [pair for pair in after.headers if pair[0] in names] == [
            pair for pair in before.headers if pair[0] in names
        ]
        assert after.header("X-Ollama-Replay")
    assert "retried once" in replaying.wait_for("replay=chat-gpt-4o-again-")
    assert "drifted" not in replaying.output


def test_bytes_that_are_not_utf_8_do_not_prevent_a_recording(made: Made, replaying: Process) -> None:
    asked = [each.client.request for each in read_recordings(made.folder)]
    odd = [each for each in asked if each.body == ODD_BODY]
    assert len(odd) == len(ODD)
    assert all(("User-Agent", "M\ufffdller") in each.headers for each in odd)
    replayed = [send(replaying.port, request) for request in ODD]
    assert [answer.split()[1] for answer in replayed] == [answer.split()[1] for answer in made.odd]
    assert all(b"X-Ollama-Replay: " in answer for answer in replayed)


def test_a_request_of_openais_protocol_is_replayed_whatever_its_query(made: Made, replaying: Process) -> None:
    replayed = [ask(replaying.port, "POST", QUERIED + query, chat("hello")) for query in ("?x=1", "?x=2", "")]
    assert [(answer.status, answer.body) for answer in replayed] == [(200, made.queried.body)] * 3


@pytest.mark.parametrize(
    ("fault", "status", "told", "retried"),
    [
        pytest.param("stall", 504, "was silent for 1 s", False, marks=pytest.mark.slow),
        ("", 502, "Connection refused", True),
    ],
)
def test_an_upstream_that_gave_no_answer_gives_none_in_its_replay(
    upstream: Upstream, tmp_path: Path, fault: str, status: int, told: str, retried: bool
) -> None:
    url = upstream.base_url if fault else f"http://{LOOPBACK}:{free_port()}/v1"
    arguments = ["--set", f"ollama_recordings={tmp_path / 'recordings'}", "--set", "ollama_max_retries=1"]
    body = chat(f"hello [[fault:{fault}]]", stream=False)
    with serving(url, tmp_path, *arguments, PROXY_RECORD_MODE="all", PROXY_REQUEST_TIMEOUT="1") as proxy:
        live = ask(proxy.port, "POST", "/api/chat", body)
        live_line = proxy.wait_for(f"POST /api/chat gpt-4o {status}")
    (made,) = read_recordings(tmp_path / "recordings")
    assert [(call.response, call.end) for call in made.upstream] == [(None, "cut")] * (1 + retried)
    with serving("", tmp_path, *arguments, **NOWHERE) as proxy:
        replayed = ask(proxy.port, "POST", "/api/chat", body)
        replayed_line = proxy.wait_for(f"POST /api/chat gpt-4o {status}")
    assert (live.status, replayed.status, replayed.body) == (status, status, live.body)
    assert told in json.loads(live.body)["error"]
    assert ["retried once" in line for line in (live_line, replayed_line)] == [retried] * 2
