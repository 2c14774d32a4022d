"""The answers of `/api/embed` and `/api/embeddings`: translate, ask the upstream, translate its vectors back.

A large answer has millions of numbers. They are read as they come in, and written in small pieces between which the
event loop is given back. A thread would be worse: it keeps Python's lock for five milliseconds at a time.
"""

import asyncio
from collections.abc import AsyncGenerator, Iterable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from itertools import chain
from typing import Final

from mitmproxy import http

from addon.exchange import Exchange
from addon.learned import Learned
from addon.listing import Listing
from addon.live import LiveResponse
from addon.loaded import Loaded
from addon.responses import JSON, json_answer, respond
from addon.upstream import Upstream
from translators.errors import ModelNotFound, OllamaError, RequestError, UpstreamError
from translators.input_batches import batches_of
from translators.input_overflow import MOST_CUTS, NOT_CUT, NOT_CUT_FURTHER, note_of_cut, overflow_in, shortened
from translators.notes import Note
from translators.ollama_embed_requests import EmbeddingRequest, EmbedRequest, embed_request, embeddings_request
from translators.ollama_embeddings import (
    EMBEDDINGS_LOAD_ANSWER,
    embed_answer,
    embed_load_answer,
    embeddings_answer,
)
from translators.openai_apis import PATHS
from translators.openai_embeddings_accepted import Accepted, accepted_after, notes_of
from translators.openai_embeddings_payload import TranslatedEmbed, embed_request_to_openai
from translators.openai_embeddings_reader import Embeddings, EmbeddingsReader, joined

MOST_REFUSALS: Final = 32
"""How often one request may learn that the upstream accepts less: from 2,048 texts to one by halves are 11 times."""

MOST_CALLS: Final = 4
"""Upstream calls at once for one request: its texts may be many, and others ask too."""


async def embed(
    exchange: Exchange, upstream: Upstream, listing: Listing, loaded: Loaded, known: Learned[Accepted]
) -> http.Response | LiveResponse:
    """Answer `/api/embed`.

    Args:
        exchange: Whose flow holds the request; what is learned is put into it.
        upstream: Who is asked.
        listing: Knows the upstream's models.
        loaded: Is told that the model is used.
        known: What the upstream accepts; what it teaches is put into it.

    Raises:
        OllamaError: The request is refused, or the upstream failed.
    """
    request = embed_request(exchange.flow.request.raw_content or b"")
    sent_ns = exchange.elapsed_ns
    embeddings = await _embeddings(request, exchange, upstream, listing, loaded, known)
    if embeddings is None:
        return json_answer(embed_load_answer(request.model))
    pieces = embed_answer(request, embeddings, sent_ns=sent_ns, elapsed_ns=exchange.elapsed_ns)
    first, second = next(pieces), next(pieces, b"")
    exchange.first_output()
    if not second:
        return json_answer(first)
    return LiveResponse(respond(200, JSON, b""), _body(chain((first, second), pieces)))


async def embeddings(
    exchange: Exchange, upstream: Upstream, listing: Listing, loaded: Loaded, known: Learned[Accepted]
) -> http.Response:
    """Answer `/api/embeddings`; the arguments are those of `embed`.

    Raises:
        OllamaError: The request is refused, or the upstream failed: 500 then, whatever its own status.
    """
    request = embeddings_request(exchange.flow.request.raw_content or b"")
    try:
        embeddings = await _embeddings(request, exchange, upstream, listing, loaded, known)
    except ModelNotFound:
        raise
    except OllamaError as error:
        raise OllamaError(error.message, status=500, retry_after=error.retry_after) from error
    if embeddings is None:
        return json_answer(EMBEDDINGS_LOAD_ANSWER)
    exchange.first_output()
    return json_answer(embeddings_answer(embeddings))


async def _embeddings(
    request: EmbedRequest | EmbeddingRequest,
    exchange: Exchange,
    upstream: Upstream,
    listing: Listing,
    loaded: Loaded,
    known: Learned[Accepted],
) -> Embeddings | None:
    """The upstream's vectors, or None where the request is only to load the model."""
    exchange.model = request.model
    not_found = f'model "{request.model}" not found, try pulling it first'
    if not request.inputs:
        await listing.check_exists(request.model, not_found, exchange)
    model = listing.id_of(request.model)
    translated = embed_request_to_openai(request, model)
    exchange.notes = translated.notes
    if not translated.texts:
        loaded.note(model, request.keep_alive)
        return None

    async def call(model_id: str) -> Embeddings:
        exchange.asked_model = model_id
        asking = _Asking(request.truncate, translated, model_id, exchange, upstream, known)
        embeddings = await asking.embed(translated.texts)
        exchange.notes = asking.notes()
        return embeddings

    embeddings = await listing.ask(request.model, not_found, exchange, call)
    loaded.note(listing.id_of(request.model), request.keep_alive)
    exchange.usage = embeddings.usage
    return embeddings


@dataclass(slots=True)
class _Asking:
    """How the upstream is asked for the vectors of one request.

    Attributes:
        truncate: Whether texts that are too long may be cut.
        translated: The request.
        model_id: The upstream's id of the model.
        exchange: For which it is asked.
        upstream: Who is asked.
        known: Is told what the upstream accepts.
        began: What it accepts, as far as was known when the request came.
        accepted: What it accepts, as far as is known now.
        gate: Lets so many calls go on at once.
        cut: Texts that were sent shorter than they are.
        lessons: How often it has learned that it is less.
    """

    truncate: bool
    translated: TranslatedEmbed
    model_id: str
    exchange: Exchange
    upstream: Upstream
    known: Learned[Accepted]
    began: Accepted = field(init=False)
    accepted: Accepted = field(init=False)
    gate: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(MOST_CALLS))
    cut: int = 0
    lessons: int = 0

    def __post_init__(self) -> None:
        """Begin with what is known already."""
        self.began = self.accepted = self.known.of(self.model_id)

    async def embed(self, texts: list[str]) -> Embeddings:
        """The vectors of these texts: asked for together or, where they are too many for that, in parts."""
        while True:
            async with self.gate:  # what is accepted may have become less while it was closed
                accepted = self.accepted
                batches = batches_of(texts, accepted.inputs, accepted.characters)
                if len(batches) == 1:
                    try:
                        return await self._embed_together(texts, accepted)
                    except UpstreamError as error:
                        self._learn(accepted, error, texts)
                        continue
            try:
                async with asyncio.TaskGroup() as group:
                    parts = [group.create_task(self.embed(batch)) for batch in batches]
            except ExceptionGroup as failed:
                raise failed.exceptions[0] from None
            return joined([part.result() for part in parts])

    def notes(self) -> Sequence[Note]:
        """What did not travel unchanged, and what was learned."""
        cut = [note_of_cut(self.cut, len(self.translated.texts))] if self.cut else []
        return (*self.translated.notes_for(self.accepted), *notes_of(self.began, self.accepted), *cut)

    def _learn(self, accepted: Accepted, error: UpstreamError, texts: list[str]) -> None:
        """Learn from a refusal.

        Args:
            accepted: What the refused request was made for.
            error: The refusal.
            texts: Of the refused request.

        Raises:
            UpstreamError: This error, when asking again would not help.
        """
        after = accepted_after(accepted, error, texts)
        if after is None or self.lessons == MOST_REFUSALS:
            raise error
        together = self.accepted | after
        if together != self.accepted:  # of several calls at once, all but one are refused for what is known by then
            self.accepted = together
            self.lessons += 1
            self.known.learn(self.model_id, together)

    async def _embed_together(self, asked: list[str], accepted: Accepted) -> Embeddings:
        """The vectors of these texts; where one is found too long, of shorter ones, if that is allowed."""
        texts = asked
        for _ in range(MOST_CUTS + 1):
            try:
                embeddings = await self._ask(texts, accepted)
            except UpstreamError as error:
                overflow = overflow_in(error, len(texts))
                if overflow is None:
                    raise
                if not self.truncate:
                    raise RequestError(NOT_CUT) from error
            else:
                self.cut += sum(len(before) != len(after) for before, after in zip(asked, texts, strict=True))
                return embeddings
            shorter = shortened(texts, overflow)
            if shorter is None:
                break
            texts = shorter
        raise RequestError(NOT_CUT_FURTHER)

    async def _ask(self, texts: list[str], accepted: Accepted) -> Embeddings:
        """One call, and its answer."""
        payload = self.translated.payload(texts, accepted) | {"model": self.model_id}
        reply = await self.upstream.post(PATHS["embeddings"], payload, self.exchange)
        reader = EmbeddingsReader(len(texts))
        async with aclosing(reply.chunks):
            async for chunk in reply.chunks:
                reader.feed(chunk)
        return reader.close()


async def _body(pieces: Iterable[bytes]) -> AsyncGenerator[bytes]:
    """The pieces of an answer, between which the event loop is given back."""
    for piece in pieces:
        yield piece
        await asyncio.sleep(0)
