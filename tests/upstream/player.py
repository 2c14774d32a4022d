"""Puts a reply on the wire: waits at its gates, keeps its pace, and breaks off where a fault says so."""

import asyncio
import socket
import struct
from dataclasses import dataclass
from typing import NoReturn

from aiohttp import web

from tests.upstream.directives import Directives
from tests.upstream.edits import middle
from tests.upstream.faults import Asked
from tests.upstream.ledger import Gates, Ledger, Received
from tests.upstream.routes import Reply

_GARBAGE = b"SSH-2.0-OpenSSH_9.9\r\n"
_NO_LINGER = struct.pack("ii", 1, 0)
"""With it a socket's close is a reset (RST)."""


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
        if self._ends("head"):
            return await self._break_off(web.StreamResponse())
        await self.gates.wait(self.directives.head_gate)
        headers = {**headers, "content-type": reply.content_type, **dict(reply.headers)}
        response = web.StreamResponse(status=reply.status, headers=headers)
        return await (self._stream(response, reply) if reply.events else self._whole(response, reply))

    async def _whole(self, response: web.StreamResponse, reply: Reply) -> web.StreamResponse:
        body = reply.body.encode()
        await self.gates.wait(self.directives.gate)
        response.content_length = len(body)
        await response.prepare(self.request)
        if self._ends("body"):
            return await self._break_off(response)
        if self._ends("middle"):
            await response.write(body[: len(body) // 2])
            return await self._break_off(response)
        await response.write(body)
        return response

    async def _stream(self, response: web.StreamResponse, reply: Reply) -> web.StreamResponse:
        framing = self.asked.fault.framing
        delay = self.asked.delay or self.delay
        last = len(reply.events) - 1
        stop = 0 if self._ends("body") else middle(list(reply.events)) if self._ends("middle") else -1
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

    def _ends(self, place: str) -> bool:
        return bool(self.asked.fault.ends) and self.asked.fault.at == place

    async def _break_off(self, response: web.StreamResponse) -> web.StreamResponse:
        ends = self.asked.fault.ends
        if ends == "stall":
            await _silence()
        self.ledger.settle(self.received, "cut")
        if transport := self.request.transport:
            if ends == "garbage":
                transport.write(_GARBAGE)
            if ends == "reset":
                transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
            transport.close()
        return response


async def _silence() -> NoReturn:
    """Wait until the handler is cancelled, because the client went away or the server stops."""
    while True:
        await asyncio.Event().wait()
