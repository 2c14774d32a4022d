"""The answers of `/api/pull`, `push`, `create`, `copy` and `delete`; no model is kept here, all are the upstream's."""

from collections.abc import AsyncGenerator

from mitmproxy import http

from addon.exchange import Exchange
from addon.listing import Listing
from addon.live import LiveResponse
from addon.progress import progress_answer
from addon.responses import respond
from translators.errors import ModelNotFound, OllamaError
from translators.go_quote import quoted
from translators.names import canonical_name
from translators.ollama_create import check_base, check_result, import_files
from translators.ollama_hosted import not_copied, not_created, not_deleted, not_pushed, nothing_to_download
from translators.ollama_manage_requests import (
    CreateRequest,
    copy_request,
    create_request,
    delete_request,
    is_exact_name,
    pull_request,
    push_request,
)
from translators.ollama_models import Model
from translators.ollama_progress import (
    NO_MANIFEST,
    NOT_AT_THE_REGISTRY,
    PULLING_MANIFEST,
    RETRIEVING_MANIFEST,
    SUCCESS,
    pull_error,
    unqualified_name,
)


class Management:
    """Answers the routes that manage models."""

    def __init__(self, listing: Listing) -> None:
        """Make it.

        Args:
            listing: Tells which models there are.
        """
        self._listing = listing

    async def pull(self, exchange: Exchange) -> http.Response | LiveResponse:
        """Answer `/api/pull`: nothing has to be downloaded, so it is done when the model is found.

        Raises:
            RequestError: 400.
        """
        request = pull_request(exchange.flow.request.raw_content or b"")
        exchange.model = request.model
        return await progress_answer(self._pulled(request.model, exchange), exchange, stream=request.stream)

    async def push(self, exchange: Exchange) -> http.Response | LiveResponse:
        """Answer `/api/push`.

        Raises:
            RequestError: 400.
        """
        request = push_request(exchange.flow.request.raw_content or b"")
        exchange.model = request.model
        return await progress_answer(_pushed(request.model), exchange, stream=request.stream)

    async def create(self, exchange: Exchange) -> http.Response | LiveResponse:
        """Answer `/api/create`.

        Raises:
            RequestError: 400.
        """
        request = create_request(exchange.flow.request.raw_content or b"")
        exchange.model = request.model
        return await progress_answer(self._created(request, exchange), exchange, stream=request.stream)

    async def copy(self, exchange: Exchange) -> http.Response:
        """Answer `/api/copy`; a copy onto itself is there already, and so it is with Ollama.

        Raises:
            OllamaError: Whatever else is asked: 400, 404, 500, or the list cannot be had.
        """
        request = copy_request(exchange.flow.request.raw_content or b"")
        exchange.model = request.source
        if canonical_name(request.source) == canonical_name(request.destination):
            return respond(200, "", b"")
        if await self._listing.listed(request.source, exchange) is None:
            raise ModelNotFound(f"model {quoted(request.source)} not found")
        raise not_copied(request.source)

    async def delete(self, exchange: Exchange) -> http.Response:
        """Answer `/api/delete`.

        Raises:
            OllamaError: Always: 400, 404, 500, or the list cannot be had.
        """
        request = delete_request(exchange.flow.request.raw_content or b"")
        exchange.model = request.model
        if await self._listing.listed(request.model, exchange) is None:
            raise ModelNotFound(f"model '{request.model}' not found")
        raise not_deleted(request.model)

    async def _pulled(self, name: str, exchange: Exchange) -> AsyncGenerator[str]:
        yield PULLING_MANIFEST
        model = await self._manifest(name, exchange)
        yield nothing_to_download(model.id)
        yield SUCCESS

    async def _manifest(self, name: str, exchange: Exchange) -> Model:
        """What there is to pull.

        Raises:
            OllamaError: 500, in the words of a pull.
        """
        try:
            model = await self._listing.listed(name, exchange)
        except OllamaError as error:
            raise pull_error(error.message) from error
        if model is None:
            raise pull_error(NOT_AT_THE_REGISTRY)
        return model

    async def _created(self, request: CreateRequest, exchange: Exchange) -> AsyncGenerator[str]:
        check_base(request)
        if request.from_ and not request.remote_host:
            try:
                await self._manifest(request.from_, exchange)
            except OllamaError:
                yield PULLING_MANIFEST  # which Ollama does with what it does not have
                raise
        for status in import_files(request):
            yield status
        check_result(request)
        raise not_created(request.model)


async def _pushed(name: str) -> AsyncGenerator[str]:
    yield RETRIEVING_MANIFEST
    yield NO_MANIFEST
    raise not_pushed(name) if is_exact_name(name) else unqualified_name(name)
