"""The answer of `/openai/health`: whether the upstream can be reached, and takes our key."""

import asyncio
from functools import partial
from typing import Final

from mitmproxy import http

from addon.exchange import Exchange
from addon.responses import JSON, respond
from addon.settings import Settings
from addon.shared import Shared
from addon.upstream import Upstream
from translators.errors import OllamaError
from translators.go_json import encode

GOOD_SECONDS: Final = 10
"""How long an answer is repeated: load balancers ask often, and each question costs a call."""
SILENCE_SECONDS: Final = 10
"""Load balancers do not wait long either."""


class Health:
    """Asks the upstream for its model list, the cheapest thing that needs a key."""

    def __init__(self, upstream: Upstream, settings: Settings) -> None:
        """Begin without an answer.

        Args:
            upstream: Who is asked.
            settings: Of which the base URL is shown.
        """
        self._upstream = upstream
        self._base_url = settings.base_url
        self._asks = settings.record_mode != "none"
        self._shared: Shared[str] = Shared("upstream health", GOOD_SECONDS)

    async def answer(self, exchange: Exchange) -> http.Response:
        """Answer with 200, or with 503 and the reason."""
        problem = "recordings are replayed: there is no upstream"
        if self._asks:
            problem = await self._shared.get(partial(self._ask, exchange))
        exchange.error = problem
        told = {"status": "unhealthy", "error": problem} if problem else {"status": "healthy"}
        return respond(503 if problem else 200, JSON, encode(told | {"upstream": self._base_url}))

    async def _ask(self, exchange: Exchange) -> str:
        """What is wrong; empty when nothing is."""
        try:
            async with asyncio.timeout(SILENCE_SECONDS):
                await self._upstream.models(exchange)
        except OllamaError as error:
            return "" if error.status == 429 else exchange.told(error).message  # it knows the key, and is busy with us
        except TimeoutError:
            return f"the upstream did not answer within {SILENCE_SECONDS} s"
        return ""
