"""What models there are: the answers of `/api/tags` and `/api/show`, and the upstream's own names of models."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Final

from mitmproxy import http

from addon.catalogue import Catalogue
from addon.exchange import Exchange
from addon.machine import zone
from addon.model_facts import Known
from addon.model_list import ModelList
from addon.responses import json_answer
from addon.shared import Shared
from addon.upstream import Upstream
from translators.errors import ModelNotFound, OllamaError, UpstreamError
from translators.names import canonical_name, folded_name, upstream_id
from translators.ollama_models import Model, show_body, tags_body
from translators.ollama_requests import show_request
from translators.openai_errors import names_missing_model
from translators.openai_models import entries_of
from translators.profiles import Dialect

KEPT_SECONDS: Final = 10
"""How long a model list is good for at least: clients ask for the list and then for each model of it."""

NO_LIST_STATUSES: Final = frozenset({404, 405, 501})
"""What a server says to `GET /models` that has no such list."""


@dataclass(frozen=True, slots=True)
class _Fetched:
    """The models of a list, and what `ModelList` says of how long it is good."""

    models: list[Model]
    seconds: float
    validators: Mapping[str, str]


class Listing:
    """The upstream's models, fetched when they are asked for."""

    def __init__(self, upstream: Upstream, catalogue: Catalogue, seconds: float) -> None:
        """Begin with no list.

        Args:
            upstream: Whose models are listed.
            catalogue: What is known beside its list.
            seconds: How long one list is good for at least, and shared among clients; with 0 each exchange makes
                its own call.
        """
        self._upstream = upstream
        self._catalogue = catalogue
        self._shared: Shared[_Fetched] = Shared("model list", seconds, lambda fetched: fetched.seconds)
        self._last: _Fetched | None = None
        self._remembers = bool(seconds)  # where exchanges are recorded or replayed, none may depend on another
        self._ids: dict[str, str] = {}

    async def models(self, exchange: Exchange) -> list[Model]:
        """The models of the upstream and of the user's models.toml that clients are shown.

        Raises:
            UpstreamError: The list cannot be had.
        """
        return (await self._shared.get(partial(self._fetch, exchange))).models

    async def _fetch(self, exchange: Exchange) -> _Fetched:
        told = await self._list(exchange)
        if told.unchanged and self._last is not None:
            models = self._last.models
        else:
            models = self._catalogue.visible(entries_of(told.body))
        fetched = _Fetched(models, told.seconds, told.validators)
        if self._remembers:
            self._last = fetched
            self._ids = {folded_name(model.id): model.id for model in reversed(models)}
            self._ids |= {model.id: model.id for model in models}  # of two that differ in case only, each is itself
        return fetched

    async def _list(self, exchange: Exchange) -> ModelList:
        """The upstream's list; an empty one where it has none and the user names models, which are listed then."""
        try:
            return await self._upstream.models(exchange, self._last.validators if self._last else None)
        except UpstreamError as error:
            if error.status not in NO_LIST_STATUSES:
                raise
            if not self._catalogue.visible([]):
                error.message += "; if it has no list, name its models in a models.toml (ollama_models)"
                raise
            return ModelList([])

    def lookup(self, model_id: str) -> Known:
        """What is known of a model by its upstream id alone, whether it is listed or not."""
        return self._catalogue.lookup(model_id)

    def base_of(self, model_id: str) -> str:
        """The model behind an upstream id, where the user says so: a deployment may have any name."""
        return self._catalogue.base_of(model_id)

    def api_of(self, model_id: str) -> Dialect | None:
        """The API by which the user wants a model to be asked; None where nothing is said."""
        return self._catalogue.api_of(model_id)

    async def listed(self, asked: str, exchange: Exchange) -> Model | None:
        """The model that a client's name means; None when the upstream does not list it.

        Raises:
            UpstreamError: The list cannot be had.
        """
        return named(await self.models(exchange), upstream_id(asked))

    async def find(self, asked: str, exchange: Exchange) -> Model | None:
        """The model that a client's name means; None when neither the upstream's list nor the catalogue knows it.

        Raises:
            UpstreamError: Only the list could tell, and it cannot be had.
        """
        model_id = upstream_id(asked)
        known = self._catalogue.lookup(model_id)
        try:
            if model := await self.listed(asked, exchange):
                return model
        except OllamaError:
            if not known.found:
                raise
        return known.model(model_id) if known.found else None

    async def check_exists(self, asked: str, not_found: str, exchange: Exchange) -> None:
        """Refuse a model that is known not to exist, where the upstream will not be asked to answer with it.

        Args:
            asked: The client's name.
            not_found: What the route says of an unknown model.
            exchange: For which it is looked up.

        Raises:
            ModelNotFound: There is a list, and it is not there.
        """
        with suppress(UpstreamError):
            if await self.find(asked, exchange) is None:
                raise ModelNotFound(not_found)

    def id_of(self, asked: str) -> str:
        """The upstream's id of a model, spelled as in the list that was fetched last, if it is there.

        Ollama looks names up without regard to case, and with or without its own host and namespace.
        """
        model_id = upstream_id(asked)
        return self._ids.get(model_id) or self._ids.get(folded_name(asked)) or model_id

    async def ask[Answer](
        self, asked: str, not_found: str, exchange: Exchange, call: Callable[[str], Awaitable[Answer]]
    ) -> Answer:
        """Ask the upstream for an answer of a model; where it does not know the name, in the list's spelling of it.

        Args:
            asked: The client's name.
            not_found: What the route says of an unknown model.
            exchange: For which it is asked.
            call: Makes the call, given the upstream's id.

        Raises:
            ModelNotFound: The upstream does not know it.
            UpstreamError: As `call` raises it.
        """
        model_id = self.id_of(asked)
        try:
            return await call(model_id)
        except UpstreamError as error:
            if not names_missing_model(error):
                raise
        listed = None
        if not self._ids:  # it has not been looked up
            with suppress(OllamaError):
                listed = await self.listed(asked, exchange)
        if listed is None or listed.id == model_id:
            raise ModelNotFound(not_found)
        return await call(listed.id)

    async def tags(self, exchange: Exchange) -> http.Response:
        """Answer `/api/tags`."""
        return json_answer(tags_body(await self.models(exchange), zone))

    async def show(self, exchange: Exchange) -> http.Response:
        """Answer `/api/show`.

        Raises:
            ModelNotFound: Neither the upstream's list nor the catalogue knows the model.
            UpstreamError: Only the list could tell, and it cannot be had.
        """
        request = show_request(exchange.flow.request.raw_content or b"")
        exchange.model = request.model
        model = await self.find(request.model, exchange)
        if model is None:
            raise ModelNotFound(f"model '{canonical_name(request.model)}' not found")
        user_agent = exchange.flow.request.headers.get("user-agent", "")
        return json_answer(show_body(model, request, user_agent, zone))


def named(models: Sequence[Model], model_id: str) -> Model | None:
    """The model of this id, or else one whose name is the same but for how it is written."""
    exact = (model for model in models if model.id == model_id)
    alike = (model for model in models if folded_name(model.id) == folded_name(model_id))
    return next(exact, None) or next(alike, None)
