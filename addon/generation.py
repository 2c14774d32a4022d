"""The answers of `/api/chat` and `/api/generate`: translate, ask the upstream, translate back while it answers."""

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass
from typing import Final

from mitmproxy import http

from addon.catalogue import Known
from addon.exchange import Exchange
from addon.live import LiveResponse
from addon.responses import JSON_BARE, NDJSON, error_answer, json_answer
from addon.upstream import Reply, Upstream, drain
from translators.answer import AnswerTranslator
from translators.errors import ModelNotFound, NotBuilt, OllamaError, RequestError, UpstreamError
from translators.names import canonical_name, without_latest
from translators.ollama_answers import CHAT, GENERATE, StreamWriter, WholeWriter, error_line, load_answer
from translators.ollama_requests import ChatRequest, GenerateRequest, chat_request, generate_request
from translators.openai_chat_payload import Translated, chat_request_to_openai, generate_request_to_openai
from translators.openai_chat_reader import ChatCompletionReader
from translators.options import options_to_openai
from translators.profiles import Profile, profile_for

CHAT_COMPLETIONS: Final = "/chat/completions"

MISSING_MODEL_CODES: Final = frozenset({"model_not_found", "DeploymentNotFound", "model_not_exist"})
"""What OpenAI, Azure and their like call an unknown model; other 404s keep their own sentence."""


CHECKED_CAPABILITIES: Final = frozenset({"completion", "thinking", "tools"})


@dataclass(frozen=True, slots=True)
class Kind[Request: (ChatRequest, GenerateRequest)]:
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


CHAT_KIND: Final = Kind("chat", CHAT, chat_request, chat_request_to_openai)
GENERATE_KIND: Final = Kind("generate", GENERATE, generate_request, generate_request_to_openai)


async def answer[Request: (ChatRequest, GenerateRequest)](
    kind: Kind[Request], exchange: Exchange, upstream: Upstream, lookup: Callable[[str], Known]
) -> http.Response | LiveResponse:
    """Answer one request.

    Args:
        kind: `CHAT_KIND` or `GENERATE_KIND`.
        exchange: Whose flow holds the request; what is learned is put into it.
        upstream: Who is asked.
        lookup: What is known of a model by its upstream id.

    Raises:
        OllamaError: The request is refused, or the upstream failed before the answer began.
    """
    request = kind.read(exchange.flow.request.content or b"")
    exchange.model = request.model
    model = without_latest(request.model)
    profile = profile_for(model)
    if request.wants_unload:
        return json_answer(load_answer(kind.shape, request.model, "unload", exchange.moment().wall_ns))
    check_capabilities(kind.verb, request, lookup(model))
    options_to_openai(
        request.options, profile, None
    )  # a wrong type is told before anything is generated, and at a load
    if request.wants_load:
        return json_answer(load_answer(kind.shape, request.model, "load", exchange.moment().wall_ns))
    try:
        translated = kind.translate(request, model, profile)
        exchange.notes = translated.notes
        return await _ask(kind.shape, request.model, request.stream, translated, exchange, upstream)
    except OllamaError as error:
        if not request.stream:
            raise
        exchange.error = error.message
        return _failed_stream(error)


def check_capabilities(verb: str, request: ChatRequest | GenerateRequest, known: Known) -> None:
    """Refuse what the model cannot do, in Ollama's order and words.

    A model about which nothing certain is known is never refused here: the upstream decides.

    Args:
        verb: `chat` or `generate`.
        request: What is asked.
        known: What is known of its model.

    Raises:
        RequestError: 400, or 501 for what this proxy cannot do yet.
    """
    if isinstance(request, GenerateRequest):
        request.check_raw()
    lacks = (
        frozenset(("thinking", "completion", "tools")) - frozenset(known.capabilities) if known.known else frozenset()
    )
    if request.think and "thinking" in lacks:
        raise RequestError(f'"{request.model}" does not support thinking')
    if "completion" in lacks:
        raise RequestError(f'"{request.model}" does not support {verb}')
    if isinstance(request, ChatRequest):
        if request.tools and "tools" in lacks:
            raise RequestError(f"registry.ollama.ai/library/{canonical_name(request.model)} does not support tools")
        return
    for field in ("suffix", "raw", "template", "context"):
        if getattr(request, field):
            raise NotBuilt(f"{field} is not supported by this proxy yet: leave it out, or use /api/chat")


async def _ask(
    shape: str, model: str, stream: bool, translated: Translated, exchange: Exchange, upstream: Upstream
) -> http.Response | LiveResponse:
    writer = StreamWriter if stream else WholeWriter
    sent_ns = exchange.elapsed_ns
    try:
        reply = await upstream.post(CHAT_COMPLETIONS, translated.payload, exchange.hops)
    except UpstreamError as error:
        if error.status == 404 and error.code in MISSING_MODEL_CODES:
            raise ModelNotFound(f"model '{model}' not found") from error
        raise
    exchange.upstream_id = reply.request_id
    translator = AnswerTranslator(
        ChatCompletionReader(),
        writer(shape, model, sent_ns=sent_ns, tool_names=translated.tool_names),
        reply.content_type,
    )
    lines = _lines(reply, translator, exchange)
    try:
        first = await anext(lines, b"")
    except BaseException:
        await lines.aclose()
        raise
    if not stream:
        async with aclosing(lines):
            return json_answer(first + b"".join([line async for line in lines]))
    return LiveResponse(http.Response.make(200, b"", {"Content-Type": NDJSON}), _body(first, lines, exchange))


async def _lines(reply: Reply, translator: AnswerTranslator, exchange: Exchange) -> AsyncGenerator[bytes]:
    """The answer, as many lines at once as one upstream read made ready.

    Raises:
        OllamaError: The answer failed; what came before it was right.
    """
    async with aclosing(reply.chunks()) as chunks:
        async for chunk in chunks:
            lines = translator.feed(chunk, exchange.moment())
            if lines:
                exchange.first_output()
                yield b"".join(lines)
            if translator.over:
                break
        else:
            lines = translator.close(exchange.moment())
            if lines:
                exchange.first_output()
                yield b"".join(lines)
        exchange.usage = translator.usage
        if translator.failure is not None:
            raise translator.failure
        await drain(chunks)


async def _body(first: bytes, lines: AsyncGenerator[bytes], exchange: Exchange) -> AsyncGenerator[bytes]:
    """The lines of a stream that has begun; a failure is its last one."""
    async with aclosing(lines):
        try:
            if first:  # an empty chunk would end the body
                yield first
            async for line in lines:
                yield line
        except OllamaError as error:
            exchange.error = error.message
            yield error_line(error.message)


def _failed_stream(error: OllamaError) -> LiveResponse:
    """A stream that failed before its first line: the error's status, sent chunked as Ollama sends it."""
    response = error_answer(error, JSON_BARE)
    content = response.raw_content or b""

    async def body() -> AsyncGenerator[bytes]:
        yield content

    return LiveResponse(response, body())
