"""Replay: which recording is played, in which order and time, and how what went wrong goes wrong again."""

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from addon.call import Call
from addon.exchange import Exchange
from addon.recording import Recording
from addon.recording_files import RecordingFiles
from addon.redact import MARK, Redactor
from addon.replayer import Replayer
from addon.upstream import Upstream
from tests.recorded import CALL, CHUNKS, HELLO, SENT, compact, exchange, recording, response, run, upstream_call
from translators.errors import OllamaError, RequestError, UpstreamBroken, UpstreamTimeout, UpstreamUnreachable

REMEDY = "set OPENAI_API_KEY"

NO_DEADLINE = float("inf")

type Loaded = Callable[..., Replayer]


@pytest.fixture
def loaded(tmp_path: Path) -> Loaded:
    """Makes a replayer of these recordings."""

    def load(*recordings: Recording) -> Replayer:
        files = RecordingFiles(tmp_path)
        for each in recordings:
            files.add(each, each.name, "0123456789abcdef")
        return Replayer(tmp_path, Redactor(), REMEDY)

    return load


def answers(*texts: str) -> list[Recording]:
    """Recordings of the same request, answered with these."""
    calls = [upstream_call(response=response((5.0, text.encode()))) for text in texts]
    return [recording(call) for call in calls]


async def played(replayer: Replayer, asked: Exchange, call: Call = CALL) -> list[tuple[float, bytes]]:
    """The pieces of the answer to a call, each with the milliseconds since the call."""
    clock = asyncio.get_running_loop().time
    start = clock()
    reply = await replayer.send(call, asked, NO_DEADLINE)
    return [(round((clock() - start) * 1000, 1), chunk) async for chunk in reply.chunks]


def milliseconds() -> int:
    """Since the loop began."""
    return round(asyncio.get_running_loop().time() * 1000)


async def text_of(replayer: Replayer, body: Any = HELLO, call: Call = CALL) -> str:
    return b"".join([chunk for _, chunk in await played(replayer, exchange(body), call)]).decode()


def test_the_pieces_come_as_they_came_in_their_recorded_time(loaded: Loaded) -> None:
    replayer = loaded(recording())
    assert run(played(replayer, exchange())) == [(t_ms - 1.0, chunk) for t_ms, chunk in CHUNKS]  # the call was at 1.0


def test_a_reader_that_is_late_does_not_delay_what_follows(loaded: Loaded) -> None:
    chunks = [(number * 10.0, b"x") for number in range(1, 6)]
    replayer = loaded(recording(upstream_call(t_ms=0.0, response=response(*chunks, t_ms=0.0))))

    async def slowly() -> list[int]:
        clock = asyncio.get_running_loop().time
        start, times = clock(), list[int]()
        reply = await replayer.send(CALL, exchange(), NO_DEADLINE)
        async for _ in reply.chunks:
            times.append(round((clock() - start) * 1000))
            await asyncio.sleep(0.025 if len(times) == 1 else 0)
        return times

    assert run(slowly()) == [10, 35, 35, 40, 50]


def test_the_head_comes_in_its_time_with_status_and_headers(loaded: Loaded) -> None:
    answer = response(t_ms=301.0, status=429, retry_after="1")
    replayer = loaded(recording(upstream_call(response=answer, end_ms=301.0)))

    async def head() -> tuple[int, int, str]:
        reply = await replayer.send(CALL, exchange(), NO_DEADLINE)
        return milliseconds(), reply.status, reply.headers["retry-after"]

    assert run(head()) == (300, 429, "1")


def test_recordings_of_one_request_play_in_order_and_then_the_last_again(loaded: Loaded) -> None:
    replayer = loaded(*answers("one", "two", "three"))

    async def four_times() -> list[str]:
        return [await text_of(replayer) for _ in range(4)]

    assert run(four_times()) == ["one", "two", "three", "three"]


def test_two_clients_at_once_do_not_disturb_each_other(loaded: Loaded) -> None:
    replayer = loaded(*answers("one", "two"))

    async def at_once() -> tuple[str, str]:
        one, two = await asyncio.gather(text_of(replayer), text_of(replayer))
        return one, two

    assert run(at_once()) == ("one", "two")


def test_the_recording_is_found_by_what_the_client_asked_and_named(loaded: Loaded) -> None:
    replayer = loaded(recording(body=HELLO | {"options": {"seed": 7}}), recording())
    asked = exchange(HELLO | {"keep_alive": 5, "stream": False})
    run(played(replayer, asked))
    assert asked.playback is not None
    assert asked.playback.recording is replayer.recordings[1]
    assert asked.record(200).replay == replayer.recordings[1].name


def test_a_client_whose_request_holds_a_credential_finds_its_recording(loaded: Loaded) -> None:
    secret = "sk-proj-" + "Ab1_" * 8
    replayer = loaded(recording(body=HELLO | {"prompt": MARK}))
    assert run(text_of(replayer, HELLO | {"prompt": secret}))


def test_a_recorded_refusal_and_success_play_as_two_tries_of_one_call(loaded: Loaded) -> None:
    refused = upstream_call(response=response((5.0, b"{}"), status=429, retry_after="2"), end_ms=6.0)
    replayer = loaded(recording(refused, upstream_call(attempt=2, t_ms=2010.0, response=response(t_ms=2020.0))))
    asked = exchange()

    async def status() -> tuple[int, int]:
        reply = await Upstream(replayer, max_retries=2, seconds=30).send(CALL, asked)
        return reply.status, milliseconds()

    assert run(status()) == (200, 2015)  # 5 ms, the 2 s that were asked for, 10 ms
    assert asked.retries == ["429"]


def test_more_tries_than_were_recorded_get_the_last_again(loaded: Loaded) -> None:
    replayer = loaded(recording(upstream_call(response=response(status=503), end_ms=6.0)))
    asked = exchange()

    async def status() -> int:
        return (await Upstream(replayer, max_retries=2, seconds=30).send(CALL, asked)).status

    assert run(status()) == 503
    assert asked.retries == ["503", "503"]


@pytest.mark.parametrize(
    ("error", "raised"),
    [
        ("UpstreamUnreachable: refused", UpstreamUnreachable("refused")),
        ("UpstreamTimeout: silent: for 1 s", UpstreamTimeout("silent: for 1 s")),
        (None, UpstreamTimeout("the recording 'hello-1-01234567-1' ends here: its client did not wait any longer")),
    ],
)
def test_a_call_that_was_not_answered_fails_when_and_as_it_failed(
    loaded: Loaded, error: str | None, raised: OllamaError
) -> None:
    call = upstream_call(response=None, error=error, end="cut" if error else "aborted", end_ms=3001.0)
    replayer = loaded(recording(call))

    async def fail() -> int:
        with pytest.raises(type(raised)) as caught:
            await replayer.send(CALL, exchange(), NO_DEADLINE)
        assert caught.value.message == raised.message
        return milliseconds()

    assert run(fail()) == 3000


@pytest.mark.parametrize("error", ["UpstreamBroken: reset", None])
def test_an_answer_that_broke_breaks_after_its_last_piece(loaded: Loaded, error: str | None) -> None:
    replayer = loaded(recording(upstream_call(error=error, end="cut" if error else "aborted")))

    async def read() -> list[bytes]:
        reply = await replayer.send(CALL, exchange(), NO_DEADLINE)
        seen = [await anext(reply.chunks) for _ in CHUNKS]
        with pytest.raises(UpstreamBroken, match="reset" if error else "did not wait"):
            await anext(reply.chunks)
        return seen

    assert run(read()) == [chunk for _, chunk in CHUNKS]


def test_where_nothing_fits_the_nearest_what_differs_and_the_remedy_are_told(loaded: Loaded) -> None:
    replayer = loaded(recording(), recording(body=HELLO | {"model": "other"}))
    with pytest.raises(RequestError) as caught:
        run(text_of(replayer, HELLO | {"options": {"seed": 1}}))
    assert caught.value.status == 404
    assert caught.value.message == (
        "no recording answers this request: it differs from the nearest, 'hello-1-01234567-1': "
        'options is {"seed":1}, recorded is none; set OPENAI_API_KEY'
    )


def test_where_there_is_nothing_at_all_the_folder_is_told(tmp_path: Path) -> None:
    replayer = Replayer(tmp_path / "none", Redactor(), REMEDY)
    with pytest.raises(RequestError, match=rf"there are none in {tmp_path / 'none'}; set OPENAI_API_KEY"):
        run(text_of(replayer))


def test_a_call_that_the_recording_does_not_hold_is_told(loaded: Loaded) -> None:
    with pytest.raises(RequestError, match=r"'hello-1-01234567-1' holds no call GET /models: record it again"):
        run(text_of(loaded(recording()), call=Call("GET", "/models")))


def test_a_request_that_is_translated_otherwise_now_is_told_once(
    loaded: Loaded, caplog: pytest.LogCaptureFixture
) -> None:
    replayer = loaded(recording())
    drifted = Call("POST", "/chat/completions", compact(SENT | {"max_tokens": 9}))

    async def thrice() -> None:
        await text_of(replayer)
        await text_of(replayer, call=drifted)
        await text_of(replayer, call=drifted)

    run(thrice())
    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    assert record.getMessage() == (
        "The recording hello-1-01234567-1 has drifted: the request to the upstream is another one now: "
        "max_tokens is 9, recorded is none"
    )


def test_whole_and_streamed_requests_are_answered_by_the_same_recording(
    loaded: Loaded, caplog: pytest.LogCaptureFixture
) -> None:
    whole = Call("POST", "/chat/completions", compact(HELLO))
    assert run(text_of(loaded(recording()), HELLO | {"stream": False}, whole))
    assert not caplog.records
