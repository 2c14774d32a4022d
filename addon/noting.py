"""Notes what passes between client, proxy and upstream: on an exchange's tape, and in flows of the upstream calls."""

import logging
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing

from addon.call import Call, Reply, begun
from addon.exchange import Exchange
from addon.inspecting.companions import Companion
from addon.recordings.tape import Answer, Tape, TapedCall
from addon.transport import Transport
from translators.errors import OllamaError

logger = logging.getLogger(__name__)


class NotingTransport:
    """Carries calls as another transport does, and notes them where an exchange has a tape."""

    def __init__(self, inner: Transport) -> None:
        """Wrap a transport.

        Args:
            inner: What carries the calls.
        """
        self._inner = inner

    async def send(self, call: Call, exchange: Exchange, deadline: float) -> Reply:
        """Carry one call; see `Transport`."""
        tape = exchange.tape
        if tape is None:
            return await self._inner.send(call, exchange, deadline)
        taped = tape.call(call, exchange.elapsed_ns)
        companion = _companion(taped, len(tape.calls), exchange)
        try:
            sent = await companion.sent() if companion else call
            if isinstance(sent, Call):
                now_ns = exchange.elapsed_ns
                deadline += (now_ns - taped.sent_ns) / 1e9  # so long it was held by somebody who looks at it
                taped.call, taped.sent_ns = sent, now_ns
                reply = await self._inner.send(sent, exchange, deadline)
            else:
                reply = sent
        except BaseException as error:
            if companion and isinstance(error, OllamaError):
                companion.problem = error.message
            taped.failed(exchange.elapsed_ns, error)
            tape.call_over(taped)
            raise
        headers = [(name.lower(), value) for name, value in reply.headers.items()]
        taped.answer.began(exchange.elapsed_ns, reply.status, headers)
        chunks = await begun(_noted(reply.chunks, taped, tape, exchange.started_ns))
        try:
            if companion:
                await companion.answered(reply, replayed=exchange.playback is not None)
        except BaseException:
            await chunks.aclose()
            raise
        return Reply(reply.status, reply.headers, chunks)

    async def close(self) -> None:
        """Close all connections."""
        await self._inner.close()


def _companion(taped: TapedCall, number: int, exchange: Exchange) -> Companion | None:
    """The flow of a call; None where nobody looks, or where showing it fails, which is no reason not to call."""
    if exchange.companions is None:
        return None
    try:
        return exchange.companions.begin(taped, number, exchange.flow, exchange.hops)
    except Exception:
        logger.exception("A call to the upstream could not be shown because of an error in the proxy")
        return None


async def _noted(chunks: AsyncGenerator[bytes], taped: TapedCall, tape: Tape, started_ns: int) -> AsyncGenerator[bytes]:
    note, now = taped.answer.chunks.append, time.perf_counter_ns
    try:
        async with aclosing(chunks):
            yield b""  # see `begun`
            async for chunk in chunks:
                note((now() - started_ns, chunk))
                yield chunk
        taped.answer.ended(now() - started_ns, "complete")
    except BaseException as error:
        taped.failed(now() - started_ns, error)
        raise
    finally:
        tape.call_over(taped)


async def noted(body: AsyncGenerator[bytes], answer: Answer, started_ns: int) -> AsyncGenerator[bytes]:
    """A body whose pieces are noted as they pass.

    Args:
        body: What the client is sent.
        answer: Of its tape.
        started_ns: When its request was complete, on the performance counter.
    """
    note, now = answer.chunks.append, time.perf_counter_ns
    async with aclosing(body):
        async for chunk in body:
            note((now() - started_ns, chunk))
            yield chunk
