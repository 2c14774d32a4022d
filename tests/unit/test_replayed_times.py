"""Replay: when the pieces of an answer come, and when what went wrong goes wrong again."""

import asyncio
import math
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from addon.recordings.replayer import Replayer
from tests.recorded import (
    CALL,
    CHUNKS,
    NO_DEADLINE,
    exchange,
    milliseconds,
    played,
    recording,
    replayer_of,
    response,
    run,
    upstream_call,
)
from translators.errors import UpstreamTimeout

type Loaded = Callable[..., Replayer]


@pytest.fixture
def loaded(tmp_path: Path) -> Loaded:
    """Makes a replayer of these recordings."""
    return partial(replayer_of, tmp_path)


def test_the_pieces_come_as_they_came_in_their_recorded_time(loaded: Loaded) -> None:
    replayer = loaded(recording())
    assert run(played(replayer, exchange())) == [(t_ms - 1.0, chunk) for t_ms, chunk in CHUNKS]  # the call was at 1.0


@pytest.mark.parametrize(("speed", "times"), [(math.inf, [0.0, 0.0]), (2.0, [4.5, 24.5]), (0.5, [18.0, 98.0])])
def test_at_another_speed_all_waits_are_shorter_or_longer(loaded: Loaded, speed: float, times: list[float]) -> None:
    replayer = loaded(recording(), speed=speed)
    assert run(played(replayer, exchange())) == [(at, chunk) for at, (_, chunk) in zip(times, CHUNKS, strict=True)]


@pytest.mark.parametrize(("speed", "seconds"), [(math.inf, 0), (10.0, 360), (1.0, 3600)])
def test_a_failure_comes_at_the_speed_of_the_replay_too(loaded: Loaded, speed: float, seconds: int) -> None:
    call = upstream_call(response=None, error="UpstreamTimeout: silent", end="cut", end_ms=3_600_001.0)
    replayer = loaded(recording(call), speed=speed)

    async def fail() -> int:
        with pytest.raises(UpstreamTimeout):
            await replayer.send(CALL, exchange(), NO_DEADLINE)
        return milliseconds()

    assert run(fail()) == seconds * 1000


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
