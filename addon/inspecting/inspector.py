"""The addon that shows exchanges in mitmproxy's programs: what they came to, and their answers while they run."""

import asyncio
import logging
import time
import uuid
from typing import Final

from mitmproxy import ctx, http
from mitmproxy.hooks import UpdateHook
from mitmproxy.utils import asyncio_utils

from addon.exchange import CLIENT_GONE, Exchange
from addon.flow_list import flow_list, flows_are_seen
from addon.inspecting.companions import Companion, Companions
from addon.inspecting.summary import begin, summarise
from addon.live import LiveBodies
from addon.settings import Settings

logger = logging.getLogger(__name__)

SHOWN_EVERY: Final = 0.5
"""Seconds between two looks at the running answers."""
LARGEST_SHARE: Final = 0.05
"""Of the time that showing running answers may take; with many of them there are fewer looks."""


class Inspector:
    """Links flows, and shows what they came to; it costs nothing where nobody can see flows."""

    name = "ollama-inspector"

    def __init__(self, live: LiveBodies) -> None:
        """Wire the addon.

        Args:
            live: Whose answers are shown.
        """
        self._live = live
        self._companions: set[Companion] = set()
        self._shown: dict[str, tuple[Exchange, str]] = {}
        self._looking: asyncio.Task[None] | None = None

    def begin(self, exchange: Exchange, settings: Settings) -> None:
        """Show an exchange from now on, if anybody can see it.

        Args:
            exchange: Which; it learns who shows its upstream calls.
            settings: Those by which it is answered.
        """
        if not flows_are_seen():
            return
        link = uuid.uuid4().hex[:8]
        try:
            begin(exchange, link)
        except Exception:  # no reason not to answer
            logger.exception("An exchange could not be shown because of an error in the proxy")
            return
        self._shown[exchange.flow.id] = exchange, link
        if settings.companions:
            exchange.companions = Companions(settings.base_url, exchange.key, link, self._companions)
        if flow_list() is not None and (self._looking is None or self._looking.done()):
            self._looking = asyncio_utils.create_task(self._look(), name="running answers", keep_ref=True)

    def response(self, flow: http.HTTPFlow) -> None:
        """Tell what an exchange came to, before anything saves its flow."""
        self._tell(flow)

    def error(self, flow: http.HTTPFlow) -> None:
        """As `response`, for a flow that ended before its time."""
        self._tell(flow)

    def done(self) -> None:
        """Stop looking, and tell of the exchanges that end now: not all of their flows get another hook."""
        if self._looking is not None:
            self._looking.cancel()
        for exchange, _ in tuple(self._shown.values()):
            self._tell(exchange.flow)

    def _tell(self, flow: http.HTTPFlow) -> None:
        exchange, link = self._shown.pop(flow.id, (None, ""))
        if exchange is None:
            return
        if self._live.stopping:  # what ends now is cut off
            exchange.error = exchange.error or CLIENT_GONE
        try:
            summarise(exchange, link)
        except Exception:
            logger.exception("A flow could not be summarised because of an error in the proxy")

    async def _look(self) -> None:
        """Show what runs, as long as something does."""
        pause = SHOWN_EVERY
        while self._shown:
            await asyncio.sleep(pause)
            began = time.perf_counter()
            try:
                self._show()
            except Exception:
                logger.exception("Running answers could not be shown because of an error in the proxy")
            pause = max(SHOWN_EVERY, (time.perf_counter() - began) / LARGEST_SHARE)

    def _show(self) -> None:
        """End what was killed in the list, and put what has come by now into the flows of running answers."""
        for companion in tuple(self._companions):
            if companion.on_its_way and companion.flow.error is not None and companion.client.killable:
                companion.client.kill()
        self._live.end_killed()
        if self._live.apart:  # not before it is redacted
            return
        changed = [companion.flow for companion in self._companions if companion.refresh()]
        changed += self._live.show_running()
        if changed:
            ctx.master.addons.trigger(UpdateHook(changed))
