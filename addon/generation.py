"""The answers of `/api/chat` and `/api/generate`: translate, ask the upstream, translate back while it answers."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from mitmproxy import http

from addon.capability_checks import check_capabilities, lacks
from addon.exchange import Exchange
from addon.kept_turns import KeptTurns
from addon.learned import Learned, keep_lessons
from addon.listing import Listing
from addon.live import LiveResponse
from addon.loaded import Loaded
from addon.ndjson import answer_lines, failed_stream, live_lines
from addon.responses import json_answer
from addon.settings import Settings
from addon.upstream import Upstream, encode
from translators.answer import AnswerTranslator
from translators.context_overflow import is_context_overflow, overflow_to_ollama
from translators.errors import OllamaError, RequestError, UpstreamError
from translators.lessons import API_NAMES, MOST_LESSONS, Lessons, is_missing
from translators.notes import Note
from translators.ollama_answers import (
    CHAT,
    GENERATE,
    StreamWriter,
    WholeWriter,
    debug_answer,
    load_answer,
)
from translators.ollama_requests import ChatRequest, GenerateRequest, chat_request, generate_request
from translators.openai_apis import PATHS, READERS
from translators.openai_chat_payload import Translated
from translators.openai_refusals import dialect_demanded
from translators.openai_requests import body_to_send, chat_to_openai, generate_to_openai
from translators.openai_tool_turns import ToolTurn
from translators.options import options_to_openai
from translators.profiles import DEFAULT, Dialect, Profile, profile_for

MOST_MODELS: Final = 1000
"""Of how many models is remembered what the upstream refuses."""


@dataclass(frozen=True, slots=True)
class Endpoint[Request: (ChatRequest, GenerateRequest)]:
    """What differs between chat and generate.

    Attributes:
        verb: As errors name it.
        shape: Of the answer's objects.
        read: The request's reader.
        translate: The request's translation, by an API that is to be asked if one is named.
    """

    verb: str
    shape: str
    read: Callable[[bytes], Request]
    translate: Callable[[Request, str, Profile, Dialect | None], Translated]


@dataclass(frozen=True, slots=True)
class _Asked:
    """What is sent to the upstream.

    Attributes:
        translated: The request.
        body: Of the call.
    """

    translated: Translated
    body: dict[str, Any]


class Generation:
    """Text from models, for both routes."""

    def __init__(
        self,
        upstream: Upstream,
        listing: Listing,
        loaded: Loaded,
        learned: Learned[Lessons],
        turns: KeptTurns,
        settings: Settings,
    ) -> None:
        """Prepare; nothing is sent.

        Args:
            upstream: Who is asked.
            listing: Knows the upstream's models.
            loaded: Is told which models are used.
            learned: Knows what the upstream refuses.
            turns: Keeps what the upstream wants back.
            settings: Which API is asked, where the user says so.
        """
        self._upstream = upstream
        self._listing = listing
        self._loaded = loaded
        self._learned = learned
        self._turns = turns
        self._api = settings.api
        self._gap_by_chat = settings.fill_in_middle == "chat"
        self.chat: Final = Endpoint("chat", CHAT, chat_request, chat_to_openai)
        self.generate: Final = Endpoint(
            "generate", GENERATE, generate_request, partial(generate_to_openai, gap_by_chat=self._gap_by_chat)
        )

    async def answer[Request: (ChatRequest, GenerateRequest)](
        self, endpoint: Endpoint[Request], exchange: Exchange
    ) -> http.Response | LiveResponse:
        """Answer one request.

        Args:
            endpoint: One of this object's.
            exchange: Whose flow holds the request; what is learned is put into it.

        Raises:
            OllamaError: The request is refused, or the upstream failed before the answer began.
        """
        request = endpoint.read(exchange.flow.request.raw_content or b"")
        exchange.model = request.model
        if request.wants_load:
            await self._listing.check_exists(request.model, _not_found(request.model), exchange)
        model = self._listing.id_of(request.model)
        if request.wants_unload:
            self._loaded.note(model, request.keep_alive)
            return json_answer(load_answer(endpoint.shape, request.model, "unload", exchange.moment().wall_ns))
        known, profile = self._listing.lookup(model), profile_for(self._listing.base_of(model))
        check_capabilities(endpoint.verb, request, known, profile, gap_by_chat=self._gap_by_chat)
        options_to_openai(request.options, DEFAULT, None)  # a wrong type is told at a load too, and before what follows
        if request.wants_load:
            self._loaded.note(model, request.keep_alive)
            return json_answer(load_answer(endpoint.shape, request.model, "load", exchange.moment().wall_ns))
        try:
            if request.debug_render_only:
                asked = self._asked(endpoint, request, model, self._learned.of(model), exchange)
                rendered = encode(asked.body).decode()
                images, now_ns = request.image_count, exchange.moment().wall_ns
                return json_answer(debug_answer(endpoint.shape, request.model, rendered, images, now_ns))
            return await self._ask(endpoint, request, exchange)
        except OllamaError as error:
            if not request.stream or isinstance(error, RequestError):
                raise
            return failed_stream(exchange.told(error))

    def _asked[Request: (ChatRequest, GenerateRequest)](
        self, endpoint: Endpoint[Request], request: Request, model_id: str, lessons: Lessons, exchange: Exchange
    ) -> _Asked:
        """The request for the upstream, as far as it is known what that takes; the exchange gets its notes."""
        profile = lessons.shape(profile_for(self._listing.base_of(model_id)))
        forced = self._forced(model_id)
        dialect = forced or lessons.dialect or self._listing.lookup(model_id).only_api
        translated: Translated = endpoint.translate(request, model_id, profile, dialect)
        turns: Mapping[int, ToolTurn] = {}
        if translated.dialect != "completions":
            turns = self._turns.find(model_id, translated.payload["messages"])
        body: dict[str, Any]
        notes: list[Note]
        body, notes = lessons.apply(
            body_to_send(translated, turns, profile), translated.dialect, may_move=forced is None
        )
        exchange.asked_model, exchange.notes = model_id, (*translated.notes, *notes)
        return _Asked(translated, body)

    def _forced(self, model_id: str) -> Dialect | None:
        return self._listing.api_of(model_id) or self._api

    async def _ask[Request: (ChatRequest, GenerateRequest)](
        self, endpoint: Endpoint[Request], request: Request, exchange: Exchange
    ) -> http.Response | LiveResponse:
        def call(model_id: str) -> Awaitable[tuple[bytes, AsyncGenerator[bytes]]]:
            return self._begin(endpoint, request, model_id, exchange)

        first, lines = await self._listing.ask(request.model, _not_found(request.model), exchange, call)
        if not request.stream:
            async with aclosing(lines):
                return json_answer(first + b"".join([line async for line in lines]))
        return live_lines(first, lines, exchange)

    async def _begin[Request: (ChatRequest, GenerateRequest)](
        self, endpoint: Endpoint[Request], request: Request, model_id: str, exchange: Exchange
    ) -> tuple[bytes, AsyncGenerator[bytes]]:
        """The first lines of the answer, and the rest; what is refused is asked again in another way, if there is one.

        Raises:
            OllamaError: There is no answer.
        """
        lessons, news = self._learned.of(model_id), list[str]()
        others: set[Dialect] = set() if self._forced(model_id) else {"chat", "responses", "completions"}
        while True:
            try:
                asked = self._asked(endpoint, request, model_id, lessons, exchange)
            except RequestError:
                if news:  # what it wants cannot be said on the API that was demanded
                    keep_lessons(self._learned, model_id, lessons, news)
                raise
            dialect = asked.translated.dialect
            others.discard(dialect)
            try:
                begun = await self._send(endpoint, request, asked, model_id, exchange)
            except UpstreamError as error:
                if isinstance(request, GenerateRequest) and dialect == "completions":
                    _check_fills_gaps(request, error)
                    if request.raw:
                        others.clear()  # no other API goes on with text
                lesson = lessons.learn(error, asked.body, dialect, others) if len(news) < MOST_LESSONS else None
                if lesson is None and is_context_overflow(error):
                    raise overflow_to_ollama(error) from error
                if lesson is None:
                    if self._forced(model_id) and (dialect_demanded(error) or is_missing(error)):
                        error.message += f" (ollama_api or models.toml says to ask {API_NAMES[dialect]})"
                    raise
                lessons, new = lesson
                news.append(new)
                exchange.repairs.append(new)
            else:
                if news:
                    keep_lessons(self._learned, model_id, lessons, news)
                return begun

    async def _send[Request: (ChatRequest, GenerateRequest)](
        self, endpoint: Endpoint[Request], request: Request, asked: _Asked, model_id: str, exchange: Exchange
    ) -> tuple[bytes, AsyncGenerator[bytes]]:
        translated = asked.translated
        sent_ns = exchange.elapsed_ns
        reply = await self._upstream.post(PATHS[translated.dialect], asked.body, exchange)
        in_use = self._loaded.use(model_id, request.keep_alive)
        writer = (StreamWriter if request.stream else WholeWriter)(
            endpoint.shape,
            request.model,
            sent_ns=sent_ns,
            tool_names=translated.tool_names,
            conversation=translated.conversation,
        )
        reader = READERS[translated.dialect](request.top_logprobs)
        translator = AnswerTranslator(reader, writer, reply.content_type)

        def finished() -> None:
            if turn := reader.turn:
                self._turns.keep(model_id, translated.payload["messages"], turn)

        lines = answer_lines(reply, translator, exchange, in_use, finished)
        try:
            return await anext(lines, b""), lines
        except BaseException:
            await lines.aclose()
            raise


def _not_found(asked: str) -> str:
    return f"model '{asked}' not found"


def _check_fills_gaps(request: GenerateRequest, error: UpstreamError) -> None:
    """Refuse `suffix` where the upstream says that the model only chats, as Ollama does it.

    Raises:
        RequestError: 400.
    """
    if request.suffix and dialect_demanded(error) is not None:
        raise lacks(request.model, "insert") from error
