"""Puts a reply on the wire: waits at its gates, keeps its pace, and breaks off where a fault says so."""

import asyncio
from dataclasses import dataclass
from typing import NoReturn

from aiohttp import web

from tests.upstream.directives import Directives
from tests.upstream.edits import middle
from tests.upstream.faults import Asked
from tests.upstream.ledger import Gates, Ledger, Received
from tests.upstream.routes import Reply


@dataclass(frozen=True, slots=True)
class Player:
    """Plays one reply.

    Attributes:
        request: The connection's side of the request.
        received: The test's side of it.
        ledger: Where a broken connection is noted.
        gates: Where tokens wait.
        asked: The fault to commit.
        directives: The gates to wait at.
        delay: Seconds before each token, unless the fault has a pace of its own.
    """

    request: web.Request
    received: Received
    ledger: Ledger
    gates: Gates
    asked: Asked
    directives: Directives
    delay: float

    async def play(self, reply: Reply, headers: dict[str, str]) -> web.StreamResponse:
        """Send a reply; a client that goes away cancels it."""
        if self.asked.fault.ends == "stall":
            await _silence()
        if self.asked.fault.ends == "cut head":
            return self._cut(web.StreamResponse())
        await self.gates.wait(self.directives.head_gate)
        headers = {**headers, "content-type": reply.content_type}
        response = web.StreamResponse(status=reply.status, headers=headers)
        return await (self._stream(response, reply) if reply.events else self._whole(response, reply))

    async def _whole(self, response: web.StreamResponse, reply: Reply) -> web.StreamResponse:
        body = reply.body.encode()
        half = len(body) // 2
        await self.gates.wait(self.directives.gate)
        response.content_length = len(body)
        await response.prepare(self.request)
        if self.asked.fault.ends:
            await response.write(body[:half])
            return await self._break_off(response)
        await response.write(body)
        return response

    async def _stream(self, response: web.StreamResponse, reply: Reply) -> web.StreamResponse:
        framing = self.asked.fault.framing
        delay = self.asked.delay or self.delay
        last = len(reply.events) - 1
        stop = middle(list(reply.events)) if self.asked.fault.ends else -1
        await response.prepare(self.request)
        for position, event in enumerate(reply.events):
            if position == stop:
                return await self._break_off(response)
            if event.token:
                await self.gates.wait(self.directives.gate)
                if delay:
                    await asyncio.sleep(delay)
            for data in framing.writes(event, first=position == 0, last=position == last):
                await response.write(data)
        return response

    async def _break_off(self, response: web.StreamResponse) -> web.StreamResponse:
        if self.asked.fault.ends == "stall mid":
            await _silence()
        return self._cut(response)

    def _cut(self, response: web.StreamResponse) -> web.StreamResponse:
        self.ledger.settle(self.received, "cut")
        if self.request.transport:
            self.request.transport.abort()
        return response


async def _silence() -> NoReturn:
    """Wait until the handler is cancelled, because the client went away or the server stops."""
    while True:
        await asyncio.Event().wait()
