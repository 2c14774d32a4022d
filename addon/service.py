"""The way of one request: access check, route, answer; every exception ends as an Ollama error."""

import asyncio
import logging
import socket
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from functools import partial
from typing import Final

from mitmproxy import ctx, http

from addon import generation, listen, logs, routes
from addon.access import Admission, Asked, admission, client_allowed, origins_from
from addon.catalogue import Catalogue
from addon.exchange import Exchange
from addon.listing import Listing
from addon.live import LiveResponse
from addon.machine import address_of, is_own_address
from addon.responses import crash_answer, error_answer, json_answer, respond
from addon.settings import Settings
from addon.upstream import PROXY_VERSION, Upstream
from translators.errors import NotBuilt, OllamaError, RequestError
from translators.go_json import encode

OURS: Final = "ollama-openai.ours"
"""Metadata of a flow that is answered here."""

OLLAMA_VERSION: Final = "0.33.0"
"""What `/api/version` says: digits and dots, because clients refuse letters, and recent, because they want features."""

logger = logging.getLogger(__name__)

type Handler = Callable[[Exchange], Awaitable[http.Response | LiveResponse]]


class OllamaService:
    """An Ollama server, for one set of settings.

    Attributes:
        settings: What it was made from.
        rules: Which requests are for it.
        upstream: Whom it asks.
    """

    def __init__(self, settings: Settings, token: str) -> None:
        """Make it; nothing is sent yet.

        Args:
            settings: All of them.
            token: This process's mark in the loop header.

        Raises:
            ValueError: A setting is wrong in a way that shows only in its use.
        """
        self.settings = settings
        ports = listen.ollama_ports(settings.port, settings.listen)
        self.rules = listen.Rules(ports, frozenset(settings.hosts), token)
        self._origins = origins_from(settings.origins)
        catalogue = Catalogue.load(settings.models)
        self.upstream = Upstream(settings)
        listing = Listing(self.upstream, catalogue)
        text = partial(generation.answer, upstream=self.upstream, lookup=catalogue.lookup)
        self._handlers: dict[routes.Name, Handler] = {
            "root": _root,
            "version": _version,
            "health": _health,
            "later": _later,
            "tags": listing.tags,
            "show": listing.show,
            "chat": partial(text, generation.CHAT_KIND),
            "generate": partial(text, generation.GENERATE_KIND),
        }

    def verdict(self, flow: http.HTTPFlow) -> listen.Verdict:
        """Whether a request is for us."""
        return listen.verdict_of(flow, ctx.options.listen_host, self.rules)

    def tunnel(self, flow: http.HTTPFlow) -> http.Response:
        """The answer to a CONNECT that leads to us: 200, or 403 where the Host check refuses its target."""
        status = self._admission(flow, ()).status or 200
        reason = b"Connection established" if status == 200 else b"Forbidden"
        now = time.time()
        return http.Response(b"HTTP/1.1", status, reason, http.Headers(), b"", None, now, now)

    async def answer(self, flow: http.HTTPFlow) -> http.Response | LiveResponse:
        """Answer a request; whatever happens, with an Ollama answer, and a line in the log when it is over."""
        own = listen.next_hops(flow.request.headers.get(listen.LOOP_HEADER, ""), self.rules.token)
        exchange = Exchange(flow, own)
        try:
            response = await self._respond(exchange)
        except OllamaError as error:
            exchange.error = error.message
            response = error_answer(error)
        except Exception as error:
            exchange.error = f"internal error: {type(error).__name__}"
            logger.exception("A request could not be answered because of an error in the proxy")
            response = crash_answer(error)
        head = response.head if isinstance(response, LiveResponse) else response
        for name, value in exchange.cors:
            head.headers.add(name, value)
        if isinstance(response, LiveResponse):
            return LiveResponse(head, _logged(response.body, exchange, head.status_code))
        logs.log_exchange(exchange.record(head.status_code))
        return response

    async def _respond(self, exchange: Exchange) -> http.Response | LiveResponse:
        flow = exchange.flow
        if flow.is_replay is None:
            self._check_client(flow)
        if self.verdict(flow) == "loop":
            raise RequestError("the request has come back to this proxy: OPENAI_BASE_URL leads to it", status=508)
        method, target = flow.request.method, flow.request.path
        name, methods = routes.find(method, target)
        admitted = self._admission(flow, methods)
        exchange.cors = admitted.headers
        if admitted.status is not None:
            return respond(admitted.status, "", b"")
        return routes.refuse(method, target, methods) if name is None else await self._handlers[name](exchange)

    def _check_client(self, flow: http.HTTPFlow) -> None:
        peer = str(flow.client_conn.peername[0])
        address = address_of(peer)
        this_machine = address is not None and is_own_address(
            address
        )  # by its network address, as local capture sees it
        if not client_allowed(peer, self.settings.allow) and not this_machine:
            raise RequestError(
                f"clients at {peer} are not allowed to use this proxy: add their network to ollama_allow", status=403
            )

    def _admission(self, flow: http.HTTPFlow, methods: tuple[str, ...]) -> Admission:
        request = flow.request
        asked = Asked(request.method, request.headers.get("origin", ""), request.host_header or request.host, methods)
        listener = listen.listener_of(flow, ctx.options.listen_host)
        # On a listener of mitmproxy's the host has been looked at already: it decided that the request is ours.
        guarded = listener.on_loopback and listener.port in self.rules.ports
        return admission(asked, self._origins, guarded=guarded, hostname=socket.gethostname(), is_own=is_own_address)


async def _logged(body: AsyncGenerator[bytes], exchange: Exchange, status: int) -> AsyncGenerator[bytes]:
    """The body, and a log line when it is over, however it ends."""
    async with aclosing(body):
        try:
            async for chunk in body:
                yield chunk
        except (GeneratorExit, asyncio.CancelledError):
            exchange.error = "the client has gone"
            raise
        finally:
            logs.log_exchange(exchange.record(status))


async def _root(_exchange: Exchange) -> http.Response:
    return respond(200, "text/plain; charset=utf-8", b"Ollama is running")


async def _version(_exchange: Exchange) -> http.Response:
    return json_answer(encode({"version": OLLAMA_VERSION}))


async def _health(_exchange: Exchange) -> http.Response:
    return json_answer(encode({"status": "healthy", "version": PROXY_VERSION}))


async def _later(exchange: Exchange) -> http.Response:
    request = exchange.flow.request
    raise NotBuilt(f"{request.method} {request.path.partition('?')[0]} is not supported by this proxy yet")
