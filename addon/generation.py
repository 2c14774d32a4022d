"""The answers of `/api/chat` and `/api/generate`: translate, ask the upstream, translate back while it answers."""

from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractContextManager, aclosing
from dataclasses import dataclass
from typing import Final

from mitmproxy import http

from addon.call import Reply, let_go
from addon.catalogue import Known
from addon.exchange import Exchange
from addon.live import LiveResponse
from addon.loaded import Loaded
from addon.responses import JSON_BARE, NDJSON, error_answer, json_answer
from addon.upstream import Upstream
from translators.answer import AnswerTranslator
from translators.errors import ModelNotFound, NotBuilt, OllamaError, RequestError, UpstreamError
from translators.names import canonical_name, without_latest
from translators.ollama_answers import CHAT, GENERATE, StreamWriter, WholeWriter, error_line, load_answer
from translators.ollama_requests import ChatRequest, GenerateRequest, chat_request, generate_request
from translators.openai_chat_payload import Translated, chat_request_to_openai, generate_request_to_openai
from translators.openai_chat_reader import ChatCompletionReader
from translators.openai_errors import names_missing_model
from translators.options import options_to_openai
from translators.profiles import Profile, profile_for

CHAT_COMPLETIONS: Final = "/chat/completions"

CHECKED_CAPABILITIES: Final = frozenset({"completion", "thinking", "tools"})
"""What a request is refused for where a model is known to lack it."""

NOT_BUILT: Final = ("suffix", "raw", "template", "context")
"""Fields of `GenerateRequest` that cannot be served yet."""


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


CHAT_ENDPOINT: Final = Endpoint("chat", CHAT, chat_request, chat_request_to_openai)
GENERATE_ENDPOINT: Final = Endpoint("generate", GENERATE, generate_request, generate_request_to_openai)


async def answer[Request: (ChatRequest, GenerateRequest)](
    endpoint: Endpoint[Request], exchange: Exchange, upstream: Upstream, lookup: Callable[[str], Known], loaded: Loaded
) -> http.Response | LiveResponse:
    """Answer one request.

    Args:
        endpoint: `CHAT_ENDPOINT` or `GENERATE_ENDPOINT`.
        exchange: Whose flow holds the request; what is learned is put into it.
        upstream: Who is asked.
        lookup: What is known of a model by its upstream id.
        loaded: Is told that the model is used.

    Raises:
        OllamaError: The request is refused, or the upstream failed before the answer began.
    """
    request = endpoint.read(exchange.flow.request.raw_content or b"")
    exchange.model = request.model
    model = without_latest(request.model)
    profile = profile_for(model)
    if request.wants_unload:
        loaded.note(model, request.keep_alive)
        return json_answer(load_answer(endpoint.shape, request.model, "unload", exchange.moment().wall_ns))
    check_capabilities(endpoint.verb, request, lookup(model))
    options_to_openai(request.options, profile, None)  # a wrong type is told at a load too, and before all that follows
    if request.wants_load:
        loaded.note(model, request.keep_alive)
        return json_answer(load_answer(endpoint.shape, request.model, "load", exchange.moment().wall_ns))
    for field in NOT_BUILT:
        if getattr(request, field, None):
            raise NotBuilt(f"{field} is not supported by this proxy yet: leave it out, or use /api/chat")
    try:
        translated = endpoint.translate(request, model, profile)
        exchange.notes = translated.notes
        in_use = loaded.use(model, request.keep_alive)
        return await _ask(endpoint.shape, request.model, request.stream, translated, exchange, upstream, in_use)
    except OllamaError as error:
        if not request.stream or isinstance(error, RequestError):
            raise
        return _failed_stream(exchange.told(error))


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
    if isinstance(request, ChatRequest) and request.tools and "tools" in lacks:
        raise RequestError(f"registry.ollama.ai/library/{canonical_name(request.model)} does not support tools")


async def _ask(
    shape: str,
    model: str,
    stream: bool,
    translated: Translated,
    exchange: Exchange,
    upstream: Upstream,
    in_use: AbstractContextManager[None],
) -> http.Response | LiveResponse:
    writer = StreamWriter if stream else WholeWriter
    sent_ns = exchange.elapsed_ns
    try:
        reply = await upstream.post(CHAT_COMPLETIONS, translated.payload, exchange)
    except UpstreamError as error:
        if names_missing_model(error):
            raise ModelNotFound(f"model '{model}' not found") from error
        raise
    translator = AnswerTranslator(
        ChatCompletionReader(),
        writer(shape, model, sent_ns=sent_ns, tool_names=translated.tool_names),
        reply.content_type,
    )
    lines = _lines(reply, translator, exchange, in_use)
    try:
        first = await anext(lines, b"")
    except BaseException:
        await lines.aclose()
        raise
    if not stream:
        async with aclosing(lines):
            return json_answer(first + b"".join([line async for line in lines]))
    return LiveResponse(http.Response.make(200, b"", {"Content-Type": NDJSON}), _body(first, lines, exchange))


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


async def _body(first: bytes, lines: AsyncGenerator[bytes], exchange: Exchange) -> AsyncGenerator[bytes]:
    """The lines of a stream that has begun; a failure is its last one."""
    async with aclosing(lines):
        try:
            if first:  # an empty chunk would end the body
                yield first
            async for line in lines:
                yield line
        except OllamaError as error:
            yield error_line(exchange.told(error).message)


def _failed_stream(error: OllamaError) -> LiveResponse:
    """A stream that failed before its first line: the error's status, sent chunked as Ollama sends it."""
    response = error_answer(error, JSON_BARE)
    content = response.raw_content or b""

    async def body() -> AsyncGenerator[bytes]:
        yield content

    return LiveResponse(response, body())
