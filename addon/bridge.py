"""The addon: mitmproxy's hooks. What happens to one request is in `service.py`."""

from __future__ import annotations

import asyncio
import functools
import logging
import os
from collections.abc import Callable
from typing import Final

from mitmproxy import connection, ctx, exceptions, http
from mitmproxy.addonmanager import Loader
from mitmproxy.log import ALERT
from mitmproxy.utils import asyncio_utils

from addon import listen, logs, machine, notices, own_port, settings
from addon.flow_list import flow_list
from addon.flow_metadata import VERDICT, is_companion
from addon.inspecting.inspector import Inspector
from addon.live import LiveBodies
from addon.recordings.tape import Tapes
from addon.redaction.flows import redact_flow, shorten_keys
from addon.responses import failure_answer
from addon.service import OllamaService
from addon.source import Keeping

logger = logging.getLogger(__name__)


ANSWERED: Final = ("ours", "loop")
"""Verdicts on requests that travel no further."""


def guarded(hook: Callable[[OllamaBridge, http.HTTPFlow], None]) -> Callable[[OllamaBridge, http.HTTPFlow], None]:
    """Let an error in a hook end as an answer: mitmproxy would log it, and let the request travel on."""

    @functools.wraps(hook)
    def guard(self: OllamaBridge, flow: http.HTTPFlow) -> None:
        try:
            hook(self, flow)
        except Exception as error:
            logger.exception("A request could not be judged because of an error in the proxy")
            flow.response = failure_answer(error, flow.request.path)

    return guard


async def _finish(keeping: Keeping) -> None:
    """Wait until everything is written, and tell what was recorded and played."""
    await keeping.close()
    for sentence in keeping.report():
        logger.log(ALERT, sentence)


class OllamaBridge:
    """Answers requests to the Ollama port from an OpenAI-style server."""

    name = "ollama-openai"

    def __init__(self, live: LiveBodies, tapes: Tapes, inspector: Inspector) -> None:
        """Wire the addon.

        Args:
            live: Who carries the answers to the clients.
            tapes: Where what was noted of each flow is kept, if mitmproxy keeps the flows.
            inspector: Shows the exchanges.
        """
        self._live = live
        self._inspector = inspector
        self._tapes = tapes
        live.is_ours = self._all_ours
        self._token = listen.new_token()
        self._services: list[OllamaService] = []
        self._running = False
        self._problem = ""
        self._told_of_foreign = False
        self._told_of_keeping: list[str] = []

    def load(self, loader: Loader) -> None:
        """Declare the options."""
        settings.add_options(loader)
        logs.quiet_libraries()

    def configure(self, updated: set[str]) -> None:
        """Read the options; a wrong value takes back the change, or at the start is told by `running`."""
        if not updated & settings.OPTION_NAMES:
            return
        try:
            if not self._running and ctx.options.ollama_log_format.lower() == "json":
                logs.use_json(ctx.master)  # before anything can go wrong that has to be logged
            current = settings.current(ctx.options)
            if self._services and self._running:
                self._check_change(current)
            if self._services and self._services[-1].serves(current):
                logs.apply(ctx.master, current)
                return
            service = self._service(current, self._services[-1] if self._services else None)
            logs.apply(ctx.master, current)
        except ValueError as error:
            if self._running:
                raise exceptions.OptionsError(str(error)) from error
            self._problem = str(error)  # raised here, it would be shown with a traceback, and under `--options` too
            return
        if not self._running:
            self._tell_of_taken_ports(service)
        self._take(service)

    def read_again(self) -> None:
        """Begin anew with the same settings: what is recorded and replayed forgets what was.

        Raises:
            ValueError: A file among the recordings is none.
        """
        self._take(self._service(self._services[-1].settings, None))

    def _service(self, current: settings.Settings, earlier: OllamaService | None) -> OllamaService:
        tapes = None if flow_list() is None else self._tapes
        return OllamaService(current, self._token, tapes, earlier, self._inspector)

    def _take(self, service: OllamaService) -> None:
        """Let a service answer from now on."""
        self._live.apart = service.settings.redact is not None
        self._services.append(service)  # the last one answers; an earlier one may still be in the middle of an answer
        if len(self._services) > 1:
            asyncio_utils.create_task(self._retire(self._services[-2]), name="earlier settings", keep_ref=True)
        if self._running:
            self._tell_of_keeping(self._listeners())

    async def _retire(self, service: OllamaService) -> None:
        """Let go of an earlier service once its last answer is over."""
        await service.idle()
        await service.close()
        self._services.remove(service)
        if all(other.keeping is not service.keeping for other in self._services):
            await _finish(service.keeping)

    def _check_change(self, current: settings.Settings) -> None:
        """Refuse what can be set at the start only, and what would lead the answers back to us."""
        earlier = self._services[-1].settings
        if (current.port, current.listen, current.log_format) != (earlier.port, earlier.listen, earlier.log_format):
            raise ValueError(
                "ollama_port, ollama_listen and ollama_log_format are read at the start: restart with the new value"
            )
        if problem := listen.own_address(current.base_url, self._listeners()):
            raise ValueError(problem)

    def _listeners(self) -> list[tuple[str, int]]:
        return [(str(host), int(port)) for host, port, *_ in ctx.master.addons.get("proxyserver").listen_addrs()]

    def _tell_of_taken_ports(self, service: OllamaService) -> None:
        """Beside mitmproxy's error about a listener that the user asked for, tell who has the Ollama port."""
        for server in ctx.master.addons.get("proxyserver").servers:
            host = server.mode.listen_host(ctx.options.listen_host)
            port = server.mode.listen_port(ctx.options.listen_port)
            if server.last_exception and port in service.rules.ports and (problem := own_port.probe(host, port)):
                logger.error(problem)

    def running(self) -> None:
        """Check what can be checked only now, and listen on the Ollama port if nobody else was told to."""
        self._running = True
        if self._problem:
            logger.error(self._problem)
            return
        current = self._services[-1].settings
        asyncio.get_running_loop().run_in_executor(None, machine.own_names)  # asks a name server, once
        for sentence in notices.misspelt(ctx.options.deferred):
            logger.error(sentence)
        for sentence in notices.notices(os.environ, current):
            logger.log(ALERT, sentence)
        addresses = self._listeners()
        if wildcard := listen.wildcard_sentence(addresses):
            logger.log(ALERT, wildcard)
        if hidden := own_port.hidden_host(
            ctx.options.mode, ctx.options.keep_host_header, self._services[-1].rules.ports
        ):
            logger.error(hidden)
        mode = own_port.extra_mode(ctx.options.mode, ctx.options.server, current.listen, addresses)
        if mode is not None:
            addresses.append(current.listen)
        problem = listen.own_address(current.base_url, addresses) or (own_port.probe(*current.listen) if mode else None)
        if problem:
            logger.error(problem)
            return
        if mode is not None:
            ctx.options.update(mode=[*ctx.options.mode, mode])
        self._tell_of_keeping(addresses)

    def _tell_of_keeping(self, addresses: list[tuple[str, int]]) -> None:
        """Tell what is recorded and what is replayed, unless that was told already."""
        service = self._services[-1]
        ours = [address for address in addresses if address[1] in service.rules.ports]
        address = (*ours, *addresses, service.settings.listen)[0]
        keeping = service.keeping
        recordings = keeping.replayer.library.recordings if keeping.replayer else None
        sentences = notices.source_notices(service.settings, address, recordings, records=keeping.recorder is not None)
        if sentences != self._told_of_keeping:
            self._told_of_keeping = sentences
            for sentence in sentences:
                logger.log(ALERT, sentence)

    async def done(self) -> None:
        """Close the connections to the upstream, wait until what was recorded is written, and tell what there is."""
        if pumps := [pump.task for pump in self._live.pumps if pump.task]:
            await asyncio.wait(pumps)  # stopped by now; an exchange is recorded when its answer has ended
        await asyncio.gather(*(service.close() for service in self._services))
        for keeping in {id(service.keeping): service.keeping for service in self._services}.values():
            await _finish(keeping)

    @guarded
    def http_connect(self, flow: http.HTTPFlow) -> None:
        """Open a tunnel that leads to us without connecting anywhere."""
        if self._judge(flow) in ANSWERED:
            flow.response = self._services[-1].tunnel(flow)

    @guarded
    def requestheaders(self, flow: http.HTTPFlow) -> None:
        """Decide whether a request is ours; its body is then read whole, whatever mitmproxy's options say."""
        if not flow.live or is_companion(flow):  # loaded from a file; or a call of ours that mitmproxy replays
            return
        flow.metadata[VERDICT] = self._judge(flow)
        if flow.metadata[VERDICT] in ANSWERED:
            shorten_keys(flow.request.headers)
            self._live.claim(flow, self._services[-1].most_body(flow))

    async def request(self, flow: http.HTTPFlow) -> None:
        """Answer what is ours; flows that are only loaded from a file are not asked again."""
        if not flow.live or flow.response or flow.error:
            return
        try:
            if flow.is_replay and is_companion(flow):
                flow.response = await self._services[-1].ask_again(flow)
            elif flow.metadata.get(VERDICT) in ANSWERED:
                await self._live.answer(flow, functools.partial(self._services[-1].answer, flow))
        except Exception as error:
            logger.exception("A request could not be answered because of an error in the proxy")
            flow.response = failure_answer(error, flow.request.path)

    async def response(self, flow: http.HTTPFlow) -> None:
        """Take what must not be kept out of a flow that is over, before anything saves it."""
        await self._redact(flow)

    async def error(self, flow: http.HTTPFlow) -> None:
        """As `response`, for a flow that ended before its time."""
        await self._redact(flow)

    async def _redact(self, flow: http.HTTPFlow) -> None:
        shown = is_companion(flow) or flow.metadata.get(VERDICT) in ANSWERED
        if shown and (service := self._services[-1]).settings.redact:
            try:
                await asyncio.to_thread(redact_flow, flow, service.redactor)
            except Exception:
                logger.exception(
                    "A flow could not be redacted because of an error in the proxy: its bodies are dropped"
                )
                for message in filter(None, (flow.request, flow.response)):
                    message.raw_content = b""
                flow.comment, flow.metadata = "", {VERDICT: flow.metadata.get(VERDICT)}

    def _all_ours(self, client: connection.Client) -> bool:
        return bool(self._services) and listen.own_port(client) in self._services[-1].rules.ports

    def _judge(self, flow: http.HTTPFlow) -> listen.Verdict:
        if not self._services:  # the settings are wrong: the start is over in a moment, or nothing is ours
            return "pass"
        if flow.is_replay and flow.metadata.get(VERDICT) in ANSWERED:
            return "ours"  # wherever it came in when it was saved
        verdict = self._services[-1].verdict(flow)
        if verdict == "foreign" and not self._told_of_foreign:
            self._told_of_foreign = True
            logger.log(ALERT, listen.foreign_sentence(listen.destination_of(flow)))
        return verdict
