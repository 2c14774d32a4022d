"""Faults while recordings are played: when they happen, how often, and who wins."""

import asyncio
import math
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from addon.call import Reply
from addon.exchange import Exchange
from addon.recordings.faults import HEADER
from addon.recordings.replayer import Replayer
from addon.upstream import Upstream
from tests.recorded import CALL, CHUNKS, exchange, played, recording, replayer_of, response, run, upstream_call
from translators.errors import RequestError, UpstreamTimeout

type Loaded = Callable[..., Replayer]


@pytest.fixture
def loaded(tmp_path: Path) -> Loaded:
    """Makes a replayer of these recordings."""
    return partial(replayer_of, tmp_path)


def begun(replayer: Replayer, fault: str = "") -> str | None:
    """The name of the recording that an exchange is played from, and its fault if it has one."""
    asked = faulty_exchange(fault)
    assert replayer.begin(asked)
    assert asked.playback is not None
    return asked.playback.recording.name + (f" {asked.playback.fault.text}" if asked.playback.fault else "")


def faulty_exchange(fault: str) -> Exchange:
    asked = exchange()
    if fault:
        asked.flow.request.headers[HEADER] = fault
    return asked


def test_a_stall_lasts_until_the_deadline_at_any_speed_and_ends_as_silence_does(loaded: Loaded) -> None:
    replayer = loaded(recording(), speed=math.inf)

    async def read() -> float:
        reply = await replayer.send(CALL, faulty_exchange("stall:1"), 60.0)
        assert await anext(reply.chunks) == CHUNKS[0][1]
        with pytest.raises(UpstreamTimeout, match="stopped in the middle of its answer"):
            await anext(reply.chunks)
        return asyncio.get_running_loop().time()

    assert run(read()) == 60.0


def test_slow_makes_everything_that_much_later_at_any_speed(loaded: Loaded) -> None:
    assert run(played(loaded(recording()), faulty_exchange("slow:2"))) == [
        (t_ms - 1.0 + 2000, chunk) for t_ms, chunk in CHUNKS
    ]
    assert run(played(loaded(recording(), speed=math.inf), faulty_exchange("slow:2"))) == [
        (2000, chunk) for _, chunk in CHUNKS
    ]


def test_a_refusal_comes_as_often_as_asked_and_then_the_same_recording(loaded: Loaded) -> None:
    replayer = loaded(recording(), recording())
    names = [begun(replayer, fault="status:429:2") for _ in range(4)]
    one, two = (f"hello-1-01234567-{number}" for number in (1, 2))
    assert names == [f"{one} status:429:2", f"{one} status:429:2", one, f"{two} status:429:2"]


def test_the_fault_of_a_recording_counts_unless_the_client_says_another(loaded: Loaded) -> None:
    replayer = loaded(recording(fault="cut:1"))
    name = "hello-1-01234567-1"
    assert [begun(replayer, fault=fault) for fault in ("", "slow:1", "none")] == [
        f"{name} cut:1",
        f"{name} slow:1",
        name,
    ]


def test_a_fault_that_there_is_not_is_told_to_the_client(loaded: Loaded) -> None:
    with pytest.raises(RequestError, match=r"X-Ollama-Replay-Fault: 'cat' is no fault: give stall") as caught:
        begun(loaded(recording()), fault="cat")
    assert caught.value.status == 400


@pytest.mark.parametrize("own_retries", [True, False])
def test_a_refusal_is_not_hidden_by_asking_again_but_a_client_that_asks_again_itself_may(
    loaded: Loaded, own_retries: bool
) -> None:
    asked = faulty_exchange("status:429")
    if own_retries:
        asked.flow.request.headers["x-stainless-retry-count"] = "0"

    async def refused() -> Reply:
        return await Upstream(loaded(recording()), max_retries=2, seconds=30).send(CALL, asked, retry=not own_retries)

    reply = run(refused())
    assert (reply.status, reply.headers["retry-after"], asked.retries) == (429, "1", [])
    assert ("x-should-retry" in reply.headers) is not own_retries


@pytest.mark.parametrize(("speed", "seconds"), [(1.0, 2.0), (2.0, 1.0), (math.inf, 0.0)])
def test_the_waits_between_recorded_tries_are_as_fast_as_the_rest(loaded: Loaded, speed: float, seconds: float) -> None:
    refused = upstream_call(
        response=response((0.0, b"{}"), status=429, t_ms=0.0, retry_after="2"), t_ms=0.0, end_ms=0.0
    )
    answered = upstream_call(response=response((0.0, b"ok"), t_ms=0.0), t_ms=0.0, end_ms=0.0, attempt=2)
    upstream = Upstream(loaded(recording(refused, answered), speed=speed), max_retries=1, seconds=60)

    async def waited() -> float:
        began = asyncio.get_running_loop().time()
        assert await (await upstream.send(CALL, exchange())).read() == b"ok"
        return asyncio.get_running_loop().time() - began

    assert run(waited()) == pytest.approx(seconds)
