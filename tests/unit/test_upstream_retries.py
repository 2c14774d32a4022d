"""Calls that are made again: which, how often, and what is told of them."""

import asyncio
from collections.abc import AsyncGenerator, Mapping

import pytest
from mitmproxy.test.tflow import tflow

from addon.call import Call, Reply
from addon.exchange import Exchange
from addon.upstream import Upstream
from translators.errors import UpstreamError, UpstreamTimeout, UpstreamUnreachable

CALL = Call("POST", "/chat/completions", b"{}")
AT_ONCE = {"retry-after-ms": "1"}

type Played = tuple[int, Mapping[str, str], bytes] | UpstreamError


class Script:
    """A transport that plays what the test wrote: replies and errors."""

    def __init__(self, *played: Played) -> None:
        self.played = list(played)
        self.calls: list[Call] = []

    async def send(self, call: Call, exchange: Exchange, deadline: float) -> Reply:
        self.calls.append(call)
        now = self.played.pop(0)
        if isinstance(now, UpstreamError):
            raise now
        status, headers, body = now
        return Reply(status, headers, pieces(body))

    async def close(self) -> None:
        pass


async def pieces(body: bytes) -> AsyncGenerator[bytes]:
    yield body


def exchange() -> Exchange:
    return Exchange(tflow(), "hops", "")


async def sent(script: Script, made: Exchange, *, retry: bool = True, seconds: float = 30) -> tuple[int, bytes]:
    reply = await Upstream(script, max_retries=2, seconds=seconds).send(CALL, made, retry=retry)
    return reply.status, await reply.read()


async def test_a_call_that_fails_twice_and_then_succeeds_is_a_success_with_two_retries_told() -> None:
    made = exchange()
    script = Script(UpstreamUnreachable("gone"), (503, AT_ONCE, b"busy"), (200, {}, b"well"))
    assert await sent(script, made) == (200, b"well")
    assert made.retries == ["no connection", "503"]
    assert script.calls == [CALL] * 3


async def test_after_the_last_retry_the_last_error_stands_body_and_all() -> None:
    script = Script(*[(429, AT_ONCE, b"%d" % number) for number in range(4)])
    assert await sent(script, exchange()) == (429, b"2")
    assert len(script.played) == 1


async def test_after_the_last_retry_a_lost_connection_is_raised() -> None:
    with pytest.raises(UpstreamUnreachable, match="third"):
        await sent(Script(*map(UpstreamUnreachable, ("first", "second", "third"))), exchange())


@pytest.mark.parametrize("status", [400, 401, 404, 422])
async def test_other_refusals_are_not_repeated(status: int) -> None:
    made = exchange()
    assert await sent(Script((status, AT_ONCE, b"no")), made) == (status, b"no")
    assert made.retries == []


async def test_whoever_retries_on_his_own_is_told_at_once() -> None:
    assert await sent(Script((503, AT_ONCE, b"busy")), exchange(), retry=False) == (503, b"busy")


async def test_a_wait_that_would_pass_the_time_limit_is_not_begun() -> None:
    script = Script((503, {"retry-after": "20"}, b"busy"))
    assert await sent(script, exchange(), seconds=19) == (503, b"busy")


async def test_silence_has_used_up_the_time_for_all_tries() -> None:
    made = exchange()
    with pytest.raises(UpstreamTimeout, match="silent"):
        await sent(Script((503, AT_ONCE, b"busy"), UpstreamTimeout("silent"), (200, {}, b"well")), made)
    assert made.retries == ["503"]


async def test_a_client_that_leaves_during_the_wait_ends_the_retries() -> None:
    script = Script((503, {"retry-after": "25"}, b"busy"), (200, {}, b"well"))
    waiting = asyncio.Event()

    class Retries(list[str]):
        def append(self, reason: str) -> None:
            super().append(reason)
            waiting.set()

    made = exchange()
    made.retries = Retries()
    task = asyncio.create_task(sent(script, made))
    await waiting.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert len(script.calls) == 1
