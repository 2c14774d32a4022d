"""The HTTP server: receives requests, plays replies, and tells the test what happened."""

import asyncio
import json
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Self

from aiohttp import web

from tests.upstream.directives import Directives, directives_of
from tests.upstream.faults import WELL, Asked, parse_fault
from tests.upstream.ledger import Gates, Ledger, Received
from tests.upstream.player import Player
from tests.upstream.refusals import Refusal
from tests.upstream.routes import check_route, key_of, parse_body, reply_of, reply_to

HOST = "127.0.0.1"
MOST_BODY = 256 * 1024 * 1024
PATIENCE = 10.0
"""Seconds that a test waits for something that should happen at once."""


class Upstream:
    """An OpenAI-like server on loopback, as strict as OpenAI, that misbehaves when a request asks for it.

    In an asynchronous test `async with Upstream() as upstream:` serves in the test's own loop; in a synchronous one
    `with Upstream.in_thread() as upstream:` serves in a thread.

    The `wait_*` methods block: in an asynchronous test call them with `await asyncio.to_thread(...)`.

    Attributes:
        port: The port; after the start the real one where 0 was given.
        fault_of_gets: The fault of GET requests, which have no body to ask with; empty for none. A test that sets it
            has the server for itself.
    """

    def __init__(self, *, port: int = 0, delay: float = 0.0, tls: ssl.SSLContext | None = None) -> None:
        """Make a server that is not started yet.

        Args:
            port: The port on 127.0.0.1; 0 lets the system choose.
            delay: Seconds before each token of every stream.
            tls: The certificate and its key, to serve HTTPS with.
        """
        self.port = port
        self.fault_of_gets = ""
        self._delay = delay
        self._tls = tls
        self._ledger = Ledger()
        self._gates: Gates | None = None
        self._runner: web.AppRunner | None = None
        self._closing = False

    @property
    def base_url(self) -> str:
        """What a client takes as base URL: `http://127.0.0.1:PORT/v1`."""
        return f"{'https' if self._tls else 'http'}://{HOST}:{self.port}/v1"

    @property
    def requests(self) -> list[Received]:
        """All requests so far, in the order in which they came."""
        return self._ledger.requests()

    def requests_with(self, marker: str) -> list[Received]:
        """The requests so far with a text in their body or path."""
        return self._ledger.requests(marker)

    def wait_received(self, marker: str, timeout: float = PATIENCE) -> Received:
        """Block until a request with a text in its body or path has come; TimeoutError when none does."""
        return self._ledger.wait(marker, lambda received: True, timeout)

    def wait_aborted(self, marker: str, timeout: float = PATIENCE) -> Received:
        """Block until the client of such a request went away before its answer ended; TimeoutError when it does not."""
        return self._ledger.wait(marker, lambda received: received.end == "aborted", timeout)

    def wait_answered(self, marker: str, timeout: float = PATIENCE) -> Received:
        """Block until such a request has been answered to the end; TimeoutError when it is not."""
        return self._ledger.wait(marker, lambda received: received.end == "answered", timeout)

    def release(self, gate: str, count: int = 1) -> None:
        """Let `count` tokens (or heads) through a gate, now or when they come. From any thread."""
        if self._gates is None:
            raise RuntimeError("the upstream is not running")
        self._gates.release(gate, count)

    async def start(self) -> None:
        """Listen."""
        self._gates = Gates()
        application = web.Application(client_max_size=MOST_BODY)
        application.router.add_route("*", "/{path:.*}", self._handle)
        # A handler is cancelled when its client goes away; one that stalls must not hold up the end.
        self._runner = web.AppRunner(application, handler_cancellation=True, access_log=None, shutdown_timeout=0.05)
        await self._runner.setup()
        await web.TCPSite(self._runner, HOST, self.port, ssl_context=self._tls).start()
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        """Close all connections; what is still being answered does not count as aborted."""
        self._closing = True
        if self._runner:
            await self._runner.cleanup()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    @classmethod
    @contextmanager
    def in_thread(cls, *, port: int = 0, delay: float = 0.0, tls: ssl.SSLContext | None = None) -> Iterator[Self]:
        """Serve in a thread while the block runs; the arguments are those of the class."""
        upstream = cls(port=port, delay=delay, tls=tls)
        loop = asyncio.new_event_loop()
        thread = threading.Thread(target=loop.run_forever, name="test-upstream", daemon=True)
        thread.start()
        try:
            asyncio.run_coroutine_threadsafe(upstream.start(), loop).result(PATIENCE)
            yield upstream
        finally:
            asyncio.run_coroutine_threadsafe(upstream.stop(), loop).result(PATIENCE)
            loop.call_soon_threadsafe(loop.stop)
            thread.join()
            loop.close()

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        received = await _receive(request)
        number = self._ledger.add(received)
        try:
            response = await self._answer(request, received, number)
        except (asyncio.CancelledError, ConnectionError):
            if not self._closing:
                self._ledger.settle(received, "aborted")
            raise
        self._ledger.settle(received, "answered")
        return response

    async def _answer(self, request: web.Request, received: Received, number: int) -> web.StreamResponse:
        asked, directives = WELL, Directives()
        headers = {
            "openai-version": "2020-10-01",
            "openai-organization": "org-test",
            "openai-processing-ms": "1",
            "x-request-id": f"req_{number:032x}",
        }
        try:
            check_route(received.method, received.path)
            key = key_of(received.headers)
            body = None if received.method == "GET" else parse_body(await request.read(), request.content_type)
            directives = directives_of(body, key)
            asked = self._asked(directives.fault or (self.fault_of_gets if body is None else ""))
            reply = reply_to(received.path, body, asked)
        except Refusal as refusal:
            reply = reply_of(refusal)
        assert self._gates  # made at the start, and requests come later
        player = Player(request, received, self._ledger, self._gates, asked, directives, self._delay)
        return await player.play(reply, headers)

    def _asked(self, fault: str) -> Asked:
        if not fault:
            return WELL
        asked = parse_fault(fault)
        return WELL if asked.once and not self._ledger.first_time(asked.once) else asked


async def _receive(request: web.Request) -> Received:
    text = (await request.read()).decode("utf-8", "replace")
    try:
        parsed = json.loads(text)
    except ValueError:
        parsed = None
    headers = {name.lower(): value for name, value in request.headers.items()}
    return Received(request.method, request.path, headers, text, parsed)
