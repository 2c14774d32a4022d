"""What is recorded is played, and everything else is live: decided once for each exchange."""

import asyncio
from pathlib import Path

import pytest

from addon.call import Call, Reply, once
from addon.exchange import Exchange
from addon.recordings.faults import HEADER
from addon.recordings.files import RecordingFiles
from addon.recordings.new_episodes import NewEpisodes
from addon.recordings.replayer import Replayer
from addon.redaction.redactor import Redactor
from tests.recorded import CALL, CHUNKS, HELLO, exchange, record, recording, run
from translators.errors import RequestError

MODELS = Call("GET", "/models")
OTHER = HELLO | {"prompt": "not recorded"}
PLAYED = b"".join(chunk for _, chunk in CHUNKS)


class Live:
    """An upstream that answers everything, and keeps what it was asked."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.closed = False

    async def send(self, call: Call, _exchange: Exchange, _deadline: float) -> Reply:
        self.calls.append(call)
        await asyncio.sleep(1)
        return Reply(200, {}, once(b"live"))

    async def close(self) -> None:
        self.closed = True


@pytest.fixture
def live() -> Live:
    return Live()


@pytest.fixture
def replayer(tmp_path: Path) -> Replayer:
    RecordingFiles(tmp_path).add(recording(), "hello", "0123456789abcdef")
    return Replayer(tmp_path, Redactor(), "record it", repeats="fail")


@pytest.fixture
def episodes(live: Live, replayer: Replayer) -> NewEpisodes:
    return NewEpisodes(replayer, live)


async def said(episodes: NewEpisodes, asked: Exchange, call: Call = CALL) -> bytes:
    return await (await episodes.send(call, asked, 60.0)).read()


def test_what_is_recorded_is_played_and_the_rest_is_live(episodes: NewEpisodes, live: Live) -> None:
    assert run(said(episodes, exchange())) == PLAYED
    assert not live.calls
    asked = exchange(OTHER)
    assert run(said(episodes, asked)) == b"live"
    assert (live.calls, asked.playback) == ([CALL], None)


def test_a_call_that_a_played_recording_does_not_hold_is_not_made_live(episodes: NewEpisodes, live: Live) -> None:
    asked = exchange()
    assert run(said(episodes, asked)) == PLAYED
    with pytest.raises(RequestError, match="holds no call GET /models"):
        run(said(episodes, asked, MODELS))
    assert not live.calls


def test_an_exchange_that_began_live_stays_live_though_it_is_recorded_by_now(live: Live, tmp_path: Path) -> None:
    replayer = Replayer(tmp_path, Redactor(), "")
    episodes, asked = NewEpisodes(replayer, live), exchange(OTHER)
    assert run(said(episodes, asked)) == b"live"
    record(replayer, recording(name="new", body=OTHER))
    assert (run(said(episodes, asked)), asked.playback) == (b"live", None)
    assert run(said(episodes, exchange(OTHER))) == PLAYED


def test_two_equal_requests_at_once_that_are_not_recorded_are_both_live(episodes: NewEpisodes, live: Live) -> None:
    async def twice() -> list[bytes]:
        return await asyncio.gather(*(said(episodes, exchange(OTHER)) for _ in range(2)))

    assert run(twice()) == [b"live", b"live"]
    assert len(live.calls) == 2


def test_a_request_beyond_its_recordings_is_live_where_repeats_fail(episodes: NewEpisodes) -> None:
    assert [run(said(episodes, exchange())) for _ in range(2)] == [PLAYED, b"live"]


def test_a_fault_of_what_is_not_recorded_is_refused_and_nothing_is_asked(episodes: NewEpisodes, live: Live) -> None:
    asked = exchange(OTHER)
    asked.flow.request.headers[HEADER] = "cut:1"
    with pytest.raises(RequestError, match="'cut:1' needs a recording") as caught:
        run(said(episodes, asked))
    assert caught.value.status == 400
    assert not live.calls


def test_closing_closes_the_live_connections(episodes: NewEpisodes, live: Live) -> None:
    run(episodes.close())
    assert live.closed
