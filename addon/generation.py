"""The answers of `/api/chat` and `/api/generate`: translate, ask the upstream, translate back while it answers."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AbstractContextManager, aclosing
from dataclasses import dataclass
from typing import Final

from mitmproxy import http

from addon.call import Reply, let_go
from addon.catalogue import Known
from addon.exchange import Exchange
from addon.listing import Listing
from addon.live import LiveResponse
from addon.loaded import Loaded
from addon.ndjson import failed_stream, live_lines
from addon.responses import json_answer
from addon.upstream import Upstream, encode
from translators.answer import AnswerTranslator, Reader
from translators.errors import OllamaError, RequestError
from translators.names import canonical_name
from translators.ollama_answers import (
    CHAT,
    GENERATE,
    StreamWriter,
    WholeWriter,
    debug_answer,
    load_answer,
)
from translators.ollama_requests import ChatRequest, GenerateRequest, chat_request, generate_request
from translators.openai_chat_payload import Translated, chat_request_to_openai, generate_request_to_openai
from translators.openai_chat_reader import ChatCompletionReader
from translators.openai_completion_reader import CompletionReader
from translators.openai_completions_payload import completion_request_to_openai
from translators.options import options_to_openai
from translators.profiles import Profile, profile_for

type Dialect = tuple[str, Callable[[int], Reader]]
"""The path of a protocol of the upstream's, and what reads its answers."""

DIALECTS: Final[dict[str, Dialect]] = {
    "chat": ("/chat/completions", ChatCompletionReader),
    "completions": ("/completions", CompletionReader),
}
"""By the word of `Translated.dialect`."""

CHECKED_CAPABILITIES: Final = frozenset({"completion", "insert", "thinking", "tools"})
"""What a request is refused for where a model is known to lack it."""


@dataclass(frozen=True, slots=True)
class Endpoint[Request: (ChatRequest, GenerateRequest)]:
    """What differs between chat and generate.

    Attributes:
        verb: As errors name it.
        shape: Of the answer's objects.
        read: The request's reader.
        translate: The request's translation.
    """

    verb: str
    shape: str
    read: Callable[[bytes], Request]
    translate: Callable[[Request, str, Profile], Translated]


def _generate_to_openai(request: GenerateRequest, model: str, profile: Profile) -> Translated:
    if request.raw or request.suffix:
        return completion_request_to_openai(request, model)
    return generate_request_to_openai(request, model, profile)


CHAT_ENDPOINT: Final = Endpoint("chat", CHAT, chat_request, chat_request_to_openai)
GENERATE_ENDPOINT: Final = Endpoint("generate", GENERATE, generate_request, _generate_to_openai)


async def answer[Request: (ChatRequest, GenerateRequest)](
    endpoint: Endpoint[Request], exchange: Exchange, upstream: Upstream, listing: Listing, loaded: Loaded
) -> http.Response | LiveResponse:
    """Answer one request.

    Args:
        endpoint: `CHAT_ENDPOINT` or `GENERATE_ENDPOINT`.
        exchange: Whose flow holds the request; what is learned is put into it.
        upstream: Who is asked.
        listing: Knows the upstream's models.
        loaded: Is told that the model is used.

    Raises:
        OllamaError: The request is refused, or the upstream failed before the answer began.
    """
    request = endpoint.read(exchange.flow.request.raw_content or b"")
    exchange.model = request.model
    if request.wants_load:
        await listing.check_exists(request.model, _not_found(request.model), exchange)
    model = listing.id_of(request.model)
    profile = profile_for(model)
    if request.wants_unload:
        loaded.note(model, request.keep_alive)
        return json_answer(load_answer(endpoint.shape, request.model, "unload", exchange.moment().wall_ns))
    check_capabilities(endpoint.verb, request, listing.lookup(model))
    options_to_openai(request.options, profile, None)  # a wrong type is told at a load too, and before all that follows
    if request.wants_load:
        loaded.note(model, request.keep_alive)
        return json_answer(load_answer(endpoint.shape, request.model, "load", exchange.moment().wall_ns))
    try:
        translated = endpoint.translate(request, model, profile)
        exchange.notes = translated.notes
        if request.debug_render_only:
            rendered = encode(translated.payload).decode()
            images, now_ns = request.image_count, exchange.moment().wall_ns
            return json_answer(debug_answer(endpoint.shape, request.model, rendered, images, now_ns))
        return await _ask(endpoint.shape, request, translated, exchange, upstream, listing, loaded)
    except OllamaError as error:
        if not request.stream or isinstance(error, RequestError):
            raise
        return failed_stream(exchange.told(error))


def _not_found(asked: str) -> str:
    return f"model '{asked}' not found"


def check_capabilities(verb: str, request: ChatRequest | GenerateRequest, known: Known) -> None:
    """Refuse what the model cannot do, in Ollama's order and words.

    A model about which nothing certain is known is never refused here: the upstream decides.

    Args:
        verb: `chat` or `generate`.
        request: What is asked.
        known: What is known of its model.

    Raises:
        RequestError: 400.
    """
    if isinstance(request, GenerateRequest):
        request.check_raw()
    lacks = CHECKED_CAPABILITIES.difference(known.capabilities) if known.known else frozenset[str]()
    if request.think and "thinking" in lacks:
        raise RequestError(f'"{request.model}" does not support thinking')
    if "completion" in lacks:
        raise RequestError(f'"{request.model}" does not support {verb}')
    for field, capability in (("tools", "tools"), ("suffix", "insert")):
        if getattr(request, field, None) and capability in lacks:
            name = f"registry.ollama.ai/library/{canonical_name(request.model)}"
            raise RequestError(f"{name} does not support {capability}")


async def _ask(
    shape: str,
    request: ChatRequest | GenerateRequest,
    translated: Translated,
    exchange: Exchange,
    upstream: Upstream,
    listing: Listing,
    loaded: Loaded,
) -> http.Response | LiveResponse:
    path, reader = DIALECTS[translated.dialect]

    def call(model_id: str) -> Awaitable[Reply]:
        return upstream.post(path, translated.payload | {"model": model_id}, exchange)

    sent_ns = exchange.elapsed_ns
    reply = await listing.ask(request.model, _not_found(request.model), exchange, call)
    in_use = loaded.use(listing.id_of(request.model), request.keep_alive)
    writer = (StreamWriter if request.stream else WholeWriter)(
        shape,
        request.model,
        sent_ns=sent_ns,
        tool_names=translated.tool_names,
        conversation=translated.conversation,
    )
    translator = AnswerTranslator(reader(request.top_logprobs), writer, reply.content_type)
    lines = _lines(reply, translator, exchange, in_use)
    try:
        first = await anext(lines, b"")
    except BaseException:
        await lines.aclose()
        raise
    if not request.stream:
        async with aclosing(lines):
            return json_answer(first + b"".join([line async for line in lines]))
    return live_lines(first, lines, exchange)


async def _lines(
    reply: Reply, translator: AnswerTranslator, exchange: Exchange, in_use: AbstractContextManager[None]
) -> AsyncGenerator[bytes]:
    """The answer, as many lines at once as one upstream read made ready; the model is in use as long as it runs.

    Raises:
        OllamaError: The answer failed; what came before it was right.
    """
    chunks = reply.chunks
    with in_use:
        try:
            async for chunk in chunks:
                if lines := translator.feed(chunk, exchange.moment()):
                    exchange.first_output()
                    yield b"".join(lines)
                if translator.over:
                    break
            if lines := translator.close(exchange.moment()):
                exchange.first_output()
                yield b"".join(lines)
            exchange.usage = translator.usage
            if translator.failure is not None:
                raise translator.failure
        finally:
            await let_go(chunks, finished=translator.finish_reason is not None)
