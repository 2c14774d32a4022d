"""The routes `/api/embed` and `/api/embeddings`, whose code is loaded when they are first asked for."""

import asyncio
from importlib import import_module
from types import ModuleType
from typing import Final

from mitmproxy import http
from mitmproxy.utils import asyncio_utils

from addon.exchange import Exchange
from addon.learned import Learned
from addon.listing import Listing
from addon.live import LiveResponse
from addon.loaded import Loaded
from addon.upstream import Upstream
from translators.openai_embeddings_accepted import ANYTHING

MOST_MODELS: Final = 256
"""Of how many models is remembered what the upstream accepts of them."""


class Embedding:
    """Embeddings, from the first request on.

    They need numpy, which takes a tenth of a second and 10 MiB that a proxy without embeddings saves. It is imported in
    a thread, because that tenth of a second would stop every stream.
    """

    def __init__(self, upstream: Upstream, listing: Listing, loaded: Loaded, *, remembers: bool) -> None:
        """Prepare; nothing is imported yet.

        Args:
            upstream: Who is asked.
            listing: Knows the upstream's models.
            loaded: Is told which models are used.
            remembers: Whether a request may depend on what others before it taught about the upstream.
        """
        self._upstream = upstream
        self._listing = listing
        self._loaded = loaded
        self._known = Learned(ANYTHING, most=MOST_MODELS, remembers=remembers)
        self._importing: asyncio.Task[ModuleType] | None = None

    async def embed(self, exchange: Exchange) -> http.Response | LiveResponse:
        """Answer `/api/embed`; see `embedding_answers.embed`."""
        await self._imported()
        from addon import embedding_answers

        return await embedding_answers.embed(exchange, self._upstream, self._listing, self._loaded, self._known)

    async def embeddings(self, exchange: Exchange) -> http.Response:
        """Answer `/api/embeddings`; see `embedding_answers.embeddings`."""
        await self._imported()
        from addon import embedding_answers

        return await embedding_answers.embeddings(exchange, self._upstream, self._listing, self._loaded, self._known)

    async def _imported(self) -> None:
        """Wait until `addon.embedding_answers` is imported, so that importing it costs nothing."""
        if self._importing is None:
            reading = asyncio.to_thread(import_module, "addon.embedding_answers")
            self._importing = asyncio_utils.create_task(reading, name="import of numpy", keep_ref=True)
        await asyncio.shield(self._importing)  # whoever began it may leave
