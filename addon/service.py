"""The way of one request: access check, route, answer; every exception ends as an error that the client can read."""

import asyncio
import logging
import socket
import time
from dataclasses import replace
from functools import cached_property, partial
from typing import Any, Final

from mitmproxy import ctx, http

from addon import account, listen, logs, openai_face, routes
from addon.access import Admission, Asked, admission, client_allowed, origins_from
from addon.body_limit import BodyLimit, body_limit
from addon.catalogue import Catalogue
from addon.embedding import Embedding
from addon.exchange import CLIENT_GONE, Exchange, ExchangeRecord
from addon.fixed_answers import FIXED, Handler
from addon.flow_metadata import BODY_LEFT, VERDICT
from addon.generation import MOST_MODELS, Generation
from addon.health import Health
from addon.inspecting.inspector import Inspector
from addon.inspecting.replayed_calls import ask_again
from addon.kept_turns import KeptTurns
from addon.learned import Learned
from addon.listing import Listing
from addon.live import LiveResponse
from addon.loaded import Loaded
from addon.machine import is_own_address
from addon.management import Management
from addon.noting import noted
from addon.recordings.faults import check_fault
from addon.recordings.matching import protocol_of
from addon.recordings.tape import Tape, Tapes
from addon.redaction.redactor import Redactor, redactor_of
from addon.responses import failure_answer, respond
from addon.settings import Settings
from addon.source import Keeping, source_of
from addon.upstream import Upstream
from translators.errors import OllamaError, RequestError
from translators.lessons import NOTHING

CLIENT_CLOSED_REQUEST: Final = 499
"""Status in the log of an exchange whose client left before the answer began; Ollama's, and nginx's."""

REPLAY_HEADER: Final = "X-Ollama-Replay"
"""Names the recording that an answer is made from."""

logger = logging.getLogger(__name__)


class OllamaService:
    """An Ollama server, for one set of settings.

    Attributes:
        settings: What it was made from.
        rules: Which requests are for it.
        upstream: Whom it asks.
        keeping: What is recorded and replayed.
    """

    def __init__(
        self,
        settings: Settings,
        token: str,
        tapes: Tapes | None = None,
        earlier: "OllamaService | None" = None,
        inspector: Inspector | None = None,
    ) -> None:
        """Make it; nothing is sent yet.

        Args:
            settings: All of them.
            token: This process's mark in the loop header.
            tapes: Where what was noted of each flow is kept; None where nobody can ask for it.
            earlier: The one whose place it takes.
            inspector: Shows exchanges; None where nobody looks.

        Raises:
            ValueError: A setting is wrong in a way that shows only in its use.
        """
        self.settings = settings
        ports = listen.ollama_ports(settings.port, settings.listen)
        self.rules = listen.Rules(ports, frozenset(settings.hosts), token)
        self._origins = origins_from(settings.origins)
        catalogue = Catalogue.load(settings.models, settings.base_url, others=settings.other_models == "show")
        source = source_of(settings, (earlier.settings, earlier.keeping) if earlier else None)
        self.keeping: Keeping = source.keeping
        self._transport = source.transport
        self._tapes = tapes
        self._inspector = inspector
        self._open = 0
        self._idle = asyncio.Event()
        self.upstream = Upstream(source.transport, max_retries=settings.max_retries, seconds=settings.request_timeout)
        listing = Listing(self.upstream, catalogue, source.list_seconds)
        loaded = Loaded(catalogue.lookup, settings.keep_alive)
        management = Management(listing)
        remembers = self.keeping.mode == "off"  # else no exchange may depend on another
        learned, turns = Learned(NOTHING, most=MOST_MODELS, remembers=remembers), KeptTurns(remembers=remembers)
        embedding = Embedding(self.upstream, listing, loaded, remembers=remembers)
        text = Generation(self.upstream, listing, loaded, learned, turns, settings)
        self._handlers: dict[routes.Name, Handler] = {
            **FIXED,
            "upstream_health": Health(self.upstream, settings).answer,
            "tags": listing.tags,
            "show": listing.show,
            "ps": loaded.ps,
            "chat": partial(text.answer, text.chat),
            "generate": partial(text.answer, text.generate),
            "embed": embedding.embed,
            "embeddings": embedding.embeddings,
            "pull": management.pull,
            "push": management.push,
            "create": management.create,
            "copy": management.copy,
            "delete": management.delete,
            "recommendations": partial(account.recommendations, listing=listing),
            "openai": partial(openai_face.forward, upstream=self.upstream, learned=learned, loaded=loaded),
            "openai_models": partial(openai_face.models, listing=listing),
            "openai_model": partial(openai_face.model, listing=listing),
        }

    @cached_property
    def redactor(self) -> Redactor:
        """What takes out what must not be kept."""
        return self.keeping.redactor or redactor_of(self.settings)

    @property
    def body_limit(self) -> BodyLimit:
        """How large a request's body may be."""
        return body_limit(self.settings.max_body, ctx.options.body_size_limit)

    def most_body(self, flow: http.HTTPFlow) -> int:
        """How many bytes of a request's body are read: none of a client's that may not ask."""
        return self.body_limit.most if self._may_ask(flow) else 0

    def serves(self, settings: Settings) -> bool:
        """Whether it does what these settings ask for: nothing but the log is another."""
        return replace(settings, log_level=self.settings.log_level) == self.settings

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
        """Answer a request, whatever happens, and write a line into the log when it is over."""
        self._open += 1
        hops = listen.next_hops(flow.request.headers.get(listen.LOOP_HEADER, ""), self.rules.token)
        exchange = Exchange(flow, hops, self.settings.api_key.get_secret_value())
        try:
            if self._inspector:
                self._inspector.begin(exchange, self.settings)
            exchange.tape = await self._tape(exchange)
            response = await self._respond(exchange)
        except OllamaError as error:
            response = failure_answer(exchange.told(error), flow.request.path)
        except asyncio.CancelledError as error:
            self._over(exchange, CLIENT_CLOSED_REQUEST, error)
            raise
        except Exception as error:
            exchange.error = f"internal error: {type(error).__name__}"
            logger.exception("A request could not be answered because of an error in the proxy")
            response = failure_answer(error, flow.request.path)
        head = response.head if isinstance(response, LiveResponse) else response
        for name, value in exchange.cors:
            head.headers.add(name, value)
        if exchange.playback:
            head.headers[REPLAY_HEADER] = exchange.playback.recording.name
        over = partial(self._over, exchange, head.status_code)
        if isinstance(response, LiveResponse):
            if exchange.tape is None:
                return LiveResponse(head, response.body, over)
            exchange.tape.answer.began(exchange.elapsed_ns, head.status_code, head.headers.items(multi=True))
            return LiveResponse(head, noted(response.body, exchange.tape.answer, exchange.started_ns), over)
        if exchange.tape:
            exchange.tape.answer.came(exchange.elapsed_ns, head)
        over(None)
        return response

    async def ask_again(self, flow: http.HTTPFlow) -> http.Response | None:
        """Answer a companion that mitmproxy replays; see `replayed_calls.ask_again`."""
        exchange = Exchange(flow, self.rules.token, self.settings.api_key.get_secret_value())
        return await ask_again(exchange, self._transport, self.settings)

    def _over(self, exchange: Exchange, status: int, ended: BaseException | None) -> None:
        """An exchange is over: write its line into the log, and its recording.

        Args:
            exchange: Which.
            status: Of its answer.
            ended: What ended it before its time; None when its answer is complete.
        """
        if isinstance(ended, Exception):
            exchange.error = f"internal error: {type(ended).__name__}"
        elif ended is not None:
            exchange.error = exchange.error or CLIENT_GONE
        logs.log_exchange(self._shown(exchange.record(status)))
        if exchange.tape:
            exchange.tape.answer.ended(exchange.elapsed_ns, "aborted" if ended else "complete")
            if exchange.flow.response is not None:
                exchange.tape.answer.share(exchange.flow.response)
            if self.keeping.recorder and (exchange.live or self.keeping.replayer is None):
                self.keeping.recorder.save(exchange.tape)
        self._open -= 1
        if not self._open:
            self._idle.set()

    def _shown(self, record: ExchangeRecord) -> ExchangeRecord:
        """What the log may show: errors repeat keys of all kinds, and what is to be redacted may be anywhere."""
        named = ("request_id", "upstream_request_id", "route", "model", "error") if self.settings.redact else ("error",)
        changes: dict[str, Any] = {name: self.redactor.path(text) for name in named if (text := getattr(record, name))}
        if self.settings.redact:
            changes["notes"] = tuple(map(self.redactor.path, record.notes))
        return replace(record, **changes) if changes else record

    async def _tape(self, exchange: Exchange) -> Tape | None:
        """Where an exchange is noted; None where nobody wants to know."""
        recorder, tapes, flow = self.keeping.recorder, self._tapes, exchange.flow
        if recorder is None and tapes is None and exchange.companions is None:
            return None
        protocol = protocol_of(flow.request.path)
        if protocol is None:  # nothing of it is recorded
            return None
        tape = Tape(flow.request, protocol, self.settings.base_url)
        if tapes is not None:
            tapes[flow] = tape
        if recorder:
            await recorder.room()
        return tape

    async def idle(self) -> None:
        """Wait until all answers that have begun are over."""
        while self._open:
            self._idle.clear()
            await self._idle.wait()

    async def close(self) -> None:
        """Close the connections to the upstream."""
        await self._transport.close()

    async def _respond(self, exchange: Exchange) -> http.Response | LiveResponse:
        flow = exchange.flow
        if flow.is_replay is None and not self._may_ask(flow):
            peer = flow.client_conn.peername[0]
            raise RequestError(
                f"clients at {peer} are not allowed to use this proxy: add their network to ollama_allow", status=403
            )
        if flow.metadata.get(VERDICT) == "loop":
            raise RequestError("the request has come back to this proxy: OPENAI_BASE_URL leads to it", status=508)
        method, target = flow.request.method, flow.request.path
        if redirect := routes.redirect(method, target):
            return redirect
        name, methods = routes.find(method, target)
        admitted = self._admission(flow, methods)
        exchange.cors = admitted.headers
        if admitted.status is not None:
            return respond(admitted.status, "", b"")
        if name is None:
            return routes.refuse(method, target, methods)
        if BODY_LEFT in flow.metadata:
            raise self.body_limit.error()
        plays = self.keeping.replayer is not None
        check_fault(flow.request.headers, plays=plays)
        response = await self._handlers[name](exchange)
        if plays and isinstance(response, http.Response):  # a stream may not have asked yet
            check_fault(flow.request.headers, plays=exchange.playback is not None)
        return response

    def _may_ask(self, flow: http.HTTPFlow) -> bool:
        # A program of this machine, whatever the address at which local capture shows it.
        captured = flow.client_conn.proxy_mode.type_name == "local"
        return captured or client_allowed(str(flow.client_conn.peername[0]), self.settings.allow)

    def _admission(self, flow: http.HTTPFlow, methods: tuple[str, ...]) -> Admission:
        request = flow.request
        listener = listen.listener_of(flow, ctx.options.listen_host)
        direct = listener.port in self.rules.ports
        host = request.host_header or ("" if direct else request.host)
        if request.method == "CONNECT":
            host = request.host  # where it leads to
        asked = Asked(request.method, request.headers.get("origin", ""), host, methods)
        # On a listener of mitmproxy's the host has been looked at already: it decided that the request is ours.
        guarded = listener.on_loopback and direct
        return admission(asked, self._origins, guarded=guarded, hostname=socket.gethostname(), is_own=is_own_address)
