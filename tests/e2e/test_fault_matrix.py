"""Every way in which the upstream fails, on every route, whole and streamed: what the client sees of it.

The cells are data (`faults_table.py`). They are asked all at once when the first test wants one (`fault_cells.py`).
"""

import itertools
import json
import re
import subprocess
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.e2e.fault_cells import Seen, ask_place, openai_body
from tests.e2e.faults_table import CELLS, Cell
from tests.process import KEY, Process
from tests.upstream import Upstream
from tests.upstream.faults import WELL, Asked, parse_fault
from tests.upstream.refusals import Refusal
from tests.upstream.routes import Reply, reply_of, reply_to
from tests.wire import ask

SSE = "text/event-stream; charset=utf-8"
NDJSON = "application/x-ndjson"
JSON = "application/json; charset=utf-8"
JSON_BARE = "application/json"


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Seen]:
    """What was seen of each cell, by its name."""
    places = {cell.place: tmp_path_factory.mktemp("home") for cell in CELLS}
    with ThreadPoolExecutor(len(places)) as pool:
        asked = pool.map(
            lambda place: ask_place(place, [cell for cell in CELLS if cell.place == place], places[place]), places
        )
        return dict(itertools.chain.from_iterable(each.items() for each in asked))


def those(*cells: Cell) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("cell", [pytest.param(cell, id=cell.name) for cell in cells])


def upstreams_answer(cell: Cell, asked: Asked) -> Reply:
    body = openai_body(cell)
    try:
        return reply_to(cell.column.path, body, asked)
    except Refusal as refusal:
        return reply_of(refusal)


def bytes_of(reply: Reply, asked: Asked) -> bytes:
    last = len(reply.events) - 1
    written = [
        data
        for position, event in enumerate(reply.events)
        for data in asked.fault.framing.writes(event, first=position == 0, last=position == last)
    ]
    return b"".join(written) or reply.body.encode()


def split_last_event(stream: bytes) -> tuple[bytes, bytes]:
    """What stands before the last event, and the data of that event."""
    *before, last, rest = stream.split(b"\n\n")
    assert last.startswith(b"data: ")
    assert rest == b""
    return b"".join(event + b"\n\n" for event in before), last.removeprefix(b"data: ")


@those(*(cell for cell in CELLS if not (cell.once or cell.column.openai)))
def test_an_ollama_client_is_told_what_went_wrong(seen: Mapping[str, Seen], cell: Cell) -> None:
    answer, row = seen[cell.name].answer, cell.row
    assert answer.error is not None
    assert row.told in answer.error.error
    assert bool(answer.pieces) == cell.begins
    assert not any(piece.done for piece in answer.pieces)
    in_stream = -1  # what the package says of an error line
    status = answer.error.status_code
    assert (answer.status, status) == ((200, in_stream) if cell.begins else (cell.status, cell.status))
    assert answer.headers["content-type"] == (NDJSON if cell.begins else JSON_BARE if cell.column.stream else JSON)
    assert re.fullmatch(row.retry_after, answer.headers.get("retry-after", ""))


@those(*(cell for cell in CELLS if cell.column.openai and not (cell.once or cell.passed_on)))
def test_an_openai_client_is_told_in_openais_envelope(seen: Mapping[str, Seen], cell: Cell) -> None:
    answer, row = seen[cell.name].answer, cell.row
    before, told = split_last_event(answer.content) if cell.begins else (b"", answer.content)
    error = json.loads(told)["error"]
    assert list(error) == ["message", "type", "param", "code"]
    assert row.told in error["message"]
    assert error["type"] == ("server_error" if row.status >= 500 else "invalid_request_error")
    assert (error["param"], error["code"]) == (None, row.code or error["code"])
    assert answer.status == (200 if cell.begins else row.status)
    assert answer.headers["content-type"] == (SSE if cell.begins else JSON)
    assert re.fullmatch(row.retry_after, answer.headers.get("retry-after", ""))
    if cell.begins:
        asked = parse_fault(cell.fault)
        assert bytes_of(upstreams_answer(cell, asked), asked).startswith(before)
        assert bool(before) == (row.after == "half")


@those(*(cell for cell in CELLS if cell.passed_on and not cell.once))
def test_an_openai_client_gets_the_bytes_of_the_upstream(seen: Mapping[str, Seen], cell: Cell) -> None:
    answer, asked = seen[cell.name].answer, parse_fault(cell.fault)
    reply = upstreams_answer(cell, asked)
    content = bytes_of(reply, asked)
    assert answer.content == (content[: len(content) // 2] if asked.fault.ends else content)
    assert (answer.status, answer.headers["content-type"]) == (reply.status, reply.content_type)
    assert re.fullmatch(cell.row.retry_after, answer.headers.get("retry-after", ""))


@those(*(cell for cell in CELLS if cell.once))
def test_a_client_does_not_see_what_a_second_try_cures(seen: Mapping[str, Seen], cell: Cell) -> None:
    answer = seen[cell.name].answer
    assert (answer.status, answer.error) == (200, None)
    if cell.column.passes_on:
        assert answer.content == bytes_of(upstreams_answer(cell, WELL), WELL)
    elif cell.column.family == "text":
        assert answer.pieces[-1].done


@those(*CELLS)
def test_the_upstream_is_asked_again_where_that_may_help_and_the_log_tells_it(
    seen: Mapping[str, Seen], cell: Cell
) -> None:
    got = seen[cell.name]
    assert got.tries in (None, cell.row.tries)
    assert ("retried once (" in got.log) == (cell.row.tries > 1)


def test_the_key_is_in_no_log_line_and_in_no_answer(seen: Mapping[str, Seen]) -> None:
    assert [name for name, got in seen.items() if KEY in f"{got.log} {got.answer}"] == []


def test_a_client_that_leaves_between_two_tries_ends_them(proxy: Process, upstream: Upstream) -> None:
    leaving, staying = (
        json.dumps({"model": "gpt-4o", "messages": [{"role": "user", "content": text}], "stream": False})
        for text in ("leaving [[fault:retry-after:2]]", "staying [[fault:retry-after-once:2:staying]]")
    )
    curl = ["curl", "-s", "--noproxy", "*", f"{proxy.url}/api/chat", "-H", "x-request-id: left-between-tries", "-d"]
    with subprocess.Popen([*curl, leaving]) as client:
        upstream.wait_answered("leaving")
        client.kill()
    assert "the client has gone" in proxy.wait_for("id=left-between-tries ")
    # This one waits as long, and began later: when it is asked again, the first one would have been too.
    assert ask(proxy.port, "POST", "/api/chat", staying.encode()).status == 200
    assert (len(upstream.requests_with("staying")), len(upstream.requests_with("leaving"))) == (2, 1)
