"""Notes what passes between client, proxy and upstream: on an exchange's tape, and in flows of the upstream calls."""

import time
from collections.abc import AsyncGenerator
from contextlib import aclosing

from addon.call import Call, Reply
from addon.exchange import Exchange
from addon.recordings.tape import Answer, Tape, TapedCall
from addon.transport import Transport


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
        companion = exchange.companions.begin(taped, len(tape.calls), exchange) if exchange.companions else None
        try:
            sent = await companion.sent() if companion else call
            if isinstance(sent, Call):
                taped.call, taped.sent_ns = sent, exchange.elapsed_ns
                reply = await self._inner.send(sent, exchange, deadline)
            else:
                reply = sent
        except BaseException as error:
            taped.failed(exchange.elapsed_ns, error)
            tape.call_over(taped)
            raise
        headers = [(name.lower(), value) for name, value in reply.headers.items()]
        taped.answer.began(exchange.elapsed_ns, reply.status, headers)
        if companion:
            await companion.answered(reply)
        return Reply(reply.status, reply.headers, _noted(reply.chunks, taped, tape, exchange.started_ns))

    async def close(self) -> None:
        """Close all connections."""
        await self._inner.close()


async def _noted(chunks: AsyncGenerator[bytes], taped: TapedCall, tape: Tape, started_ns: int) -> AsyncGenerator[bytes]:
    note, now = taped.answer.chunks.append, time.perf_counter_ns
    try:
        async with aclosing(chunks):
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
