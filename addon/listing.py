"""The answers of `/api/tags` and `/api/show`: what models there are, and what is known of one."""

from collections.abc import Iterable
from functools import partial
from typing import Final

from mitmproxy import http

from addon.catalogue import Catalogue
from addon.exchange import Exchange
from addon.responses import json_answer
from addon.shared import Shared
from addon.upstream import Upstream
from translators.errors import ModelNotFound, OllamaError
from translators.names import canonical_name, without_latest
from translators.ollama_models import Model, show_body, tags_body
from translators.ollama_requests import show_request
from translators.openai_models import entries_of

KEPT_SECONDS: Final = 10
"""How long a model list is good for: clients ask for the list and then for each model of it."""


class Listing:
    """The upstream's models, fetched when they are asked for."""

    def __init__(self, upstream: Upstream, catalogue: Catalogue, seconds: float) -> None:
        """Begin with no list.

        Args:
            upstream: Whose models are listed.
            catalogue: What is known beside its list.
            seconds: How long one list is good for, and shared among clients; with 0 each exchange makes its own call.
        """
        self._upstream = upstream
        self._catalogue = catalogue
        self._shared: Shared[list[Model]] = Shared("model list", seconds)

    async def models(self, exchange: Exchange) -> list[Model]:
        """The upstream's models that are of use for text.

        Raises:
            UpstreamError: The list cannot be had.
        """
        return await self._shared.get(partial(self._fetch, exchange))

    async def _fetch(self, exchange: Exchange) -> list[Model]:
        return self._catalogue.visible(entries_of(await self._upstream.models(exchange)))

    async def tags(self, exchange: Exchange) -> http.Response:
        """Answer `/api/tags`."""
        return json_answer(tags_body(await self.models(exchange)))

    async def show(self, exchange: Exchange) -> http.Response:
        """Answer `/api/show`.

        Raises:
            ModelNotFound: Neither the upstream's list nor the catalogue knows the model.
            UpstreamError: Only the list could tell, and it cannot be had.
        """
        request = show_request(exchange.flow.request.raw_content or b"")
        exchange.model = request.model
        model = await self._model(without_latest(request.model), request.model, exchange)
        user_agent = exchange.flow.request.headers.get("user-agent", "")
        return json_answer(show_body(model, request.model, user_agent))

    async def _model(self, model_id: str, asked: str, exchange: Exchange) -> Model:
        known = self._catalogue.lookup(model_id)
        try:
            listed = await self.models(exchange)
        except OllamaError:
            if known.known:
                return known.model(model_id)
            raise
        if model := find(listed, model_id):
            return model
        if known.known:
            return known.model(model_id)
        raise ModelNotFound(f"model '{canonical_name(asked)}' not found")


def find(models: Iterable[Model], model_id: str) -> Model | None:
    """The model of this id, whatever the case of its letters."""
    wanted = canonical_name(model_id).lower()
    return next((model for model in models if canonical_name(model.id).lower() == wanted), None)
