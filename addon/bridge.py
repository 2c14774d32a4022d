"""The addon: mitmproxy's hooks. What happens to one request is in `service.py`."""

import functools
import logging
import os

from mitmproxy import ctx, exceptions, http
from mitmproxy.addonmanager import Loader
from mitmproxy.log import ALERT
from mitmproxy.utils import asyncio_utils

from addon import listen, logs, notices, own_port, settings
from addon.live import LiveBodies
from addon.service import OURS, OllamaService

logger = logging.getLogger(__name__)


class OllamaBridge:
    """Answers requests to the Ollama port from an OpenAI-style server."""

    name = "ollama-openai"

    def __init__(self, live: LiveBodies) -> None:
        """Wire the addon.

        Args:
            live: Who carries the answers to the clients.
        """
        self._live = live
        self._token = listen.new_token()
        self._services: list[OllamaService] = []
        self._running = False
        self._problem = ""
        self._told_of_foreign = False

    def load(self, loader: Loader) -> None:
        """Declare the options."""
        settings.add_options(loader)
        logs.quiet_libraries()

    def configure(self, updated: set[str]) -> None:
        """Read the options; a wrong value takes back the change, or at the start is told by `running`."""
        if not updated & settings.OPTION_NAMES:
            return
        try:
            if ctx.options.ollama_log_format == "json":
                logs.use_json(ctx.master)  # before anything can go wrong that has to be logged
            current = settings.current(ctx.options)
            service = OllamaService(current, self._token)
            logs.apply(ctx.master, current)
        except ValueError as error:
            if self._running:
                raise exceptions.OptionsError(str(error)) from error
            self._problem = str(error)  # raised here, it would be shown with a traceback, and under `--options` too
            return
        if not self._running:
            self._tell_of_taken_ports(service)
        self._services.append(service)  # the last one answers; an earlier one may still be in the middle of an answer

    def _tell_of_taken_ports(self, service: OllamaService) -> None:
        """Beside mitmproxy's error about a listener that the user asked for, tell who has the Ollama port."""
        for server in ctx.master.addons.get("proxyserver").servers:
            host, port = (
                server.mode.listen_host(ctx.options.listen_host),
                server.mode.listen_port(ctx.options.listen_port),
            )
            if server.last_exception and port in service.rules.ports and (problem := own_port.probe(host, port)):
                logger.error(problem)

    def running(self) -> None:
        """Check what can be checked only now, and listen on the Ollama port if nobody else was told to."""
        self._running = True
        if self._problem:
            logger.error(self._problem)
            return
        current = self._services[-1].settings
        for sentence in notices.misspelt(ctx.options.deferred):
            logger.error(sentence)
        for sentence in notices.notices(os.environ, current):
            logger.log(ALERT, sentence)
        addresses = [(str(host), int(port)) for host, port, *_ in ctx.master.addons.get("proxyserver").listen_addrs()]
        if wildcard := listen.wildcard_sentence(addresses):
            logger.log(ALERT, wildcard)
        mode = own_port.extra_mode(ctx.options.mode, ctx.options.server, current.listen, addresses)
        if mode is not None:
            addresses.append(current.listen)
        problem = listen.own_address(current.base_url, addresses) or (own_port.probe(*current.listen) if mode else None)
        if problem:
            logger.error(problem)
        elif mode is not None:
            ctx.options.update(mode=[*ctx.options.mode, mode])

    def done(self) -> None:
        """Close the connections to the upstream."""
        for service in self._services:
            asyncio_utils.create_task(service.upstream.close(), name="close upstream", keep_ref=True)

    def http_connect(self, flow: http.HTTPFlow) -> None:
        """Open a tunnel that leads to us without connecting anywhere."""
        if self._is_ours(flow):
            flow.response = self._services[-1].tunnel(flow)

    def requestheaders(self, flow: http.HTTPFlow) -> None:
        """Decide whether a request is ours; its body is then read whole, whatever mitmproxy's options say."""
        if self._is_ours(flow):
            flow.metadata[OURS] = True
            self._live.claim(flow)

    async def request(self, flow: http.HTTPFlow) -> None:
        """Answer what is ours."""
        if flow.metadata.get(OURS) and not (flow.response or flow.error):
            await self._live.answer(flow, functools.partial(self._services[-1].answer, flow))

    def _is_ours(self, flow: http.HTTPFlow) -> bool:
        try:
            verdict = self._services[-1].verdict(flow)
        except Exception:  # mitmproxy would let the request travel on; here it gets an error, when `answer` tries again
            logger.exception("A request could not be judged because of an error in the proxy")
            return True
        if verdict == "foreign" and not self._told_of_foreign:
            self._told_of_foreign = True
            logger.log(ALERT, listen.foreign_sentence(listen.destination_of(flow)))
        return verdict in ("ours", "loop")
