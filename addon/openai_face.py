"""OpenAI's own protocol on the same port, `/v1/*`: requests and answers travel as they are.

Only these are this proxy's: the model's name where an Ollama client added `:latest`, the key, the choice of headers in
both directions, the list of models, parameters that the upstream refuses and a request can do without, and the errors
that no upstream has answered.
"""

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from typing import Final
from urllib.parse import unquote

from mitmproxy import http

from addon.answer_headers import is_answer_header
from addon.call import Call, Reply, let_go, once
from addon.exchange import Exchange
from addon.learned import Learned, keep_lessons
from addon.listing import Listing, named
from addon.live import LiveResponse
from addon.loaded import Loaded
from addon.responses import OPENAI_PREFIX, json_answer
from addon.setting_values import LEAST_TELLING, without
from addon.upstream import Upstream, refuse_redirect
from translators.errors import ModelNotFound, OllamaError
from translators.lessons import MOST_LESSONS, TEACHING, Lessons
from translators.names import upstream_id
from translators.openai_answers import error_event, model_body, models_body
from translators.openai_errors import error_from_response
from translators.openai_forward import END_BYTES, between_events, is_complete, request_to_openai
from translators.profiles import Dialect

HEADERS_TO_UPSTREAM: Final = (
    "Content-Encoding",  # of the body, which is not looked into
    "OpenAI-Beta",
    "Idempotency-Key",
    "X-Client-Request-Id",
)
"""Which of a client's headers are sent on.

Not its `Content-Type`: these routes take JSON only, an Ollama server does not look at it, and `curl -d` says form.
"""

DIALECTS: Final[Mapping[str, Dialect]] = {
    "chat/completions": "chat",
    "completions": "completions",
    "responses": "responses",
}
"""The paths of which refused parameters are mended; those of embeddings are not."""

OWN_RETRIES: Final = "x-stainless-retry-count"
"""OpenAI's SDKs send it, and make failed calls again themselves."""


async def forward(
    exchange: Exchange, upstream: Upstream, learned: Learned[Lessons], loaded: Loaded
) -> http.Response | LiveResponse:
    """Answer one request with what the upstream answers to it, be it an error.

    Args:
        exchange: Whose flow holds the request, to a path below `/v1`.
        upstream: Who is asked.
        learned: Knows what the upstream refuses.
        loaded: Is told that the model is used.

    Raises:
        UpstreamError: It cannot be reached, or a whole answer breaks off.
    """
    request = exchange.flow.request
    exchange.model, body = request_to_openai(request.raw_content or b"")
    exchange.asked_model = upstream_id(exchange.model)
    path = request.path.removeprefix(OPENAI_PREFIX)

    async def send(content: bytes) -> Reply:
        call = Call("POST", f"/{path}", content, headers_to_upstream(request.headers))
        return await upstream.send(call, exchange, retry=OWN_RETRIES not in request.headers)

    dialect = DIALECTS.get(path.partition("?")[0])
    if dialect is None or not exchange.model:
        reply = await send(body)
    else:
        reply = await _mended(body, dialect, exchange, learned, send)
    if exchange.model and reply.status < 300:
        loaded.note(exchange.asked_model, None)
    headers = headers_to_client(reply.headers)
    if reply.status < 300 and reply.content_type.lower().startswith("text/event-stream"):
        return LiveResponse(http.Response.make(reply.status, b"", headers), _events(reply.chunks, exchange))
    return http.Response.make(reply.status, await _whole(reply, exchange), headers)


async def _mended(
    body: bytes,
    dialect: Dialect,
    exchange: Exchange,
    learned: Learned[Lessons],
    send: Callable[[bytes], Awaitable[Reply]],
) -> Reply:
    """The upstream's reply; a request that it refuses for a parameter is sent again without it.

    Where that does not help in the end, the reply is the first refusal, unless the last one is for another reason, such
    as a rate limit.

    Args:
        body: As the client wrote it, but for the model's name.
        dialect: The API that it is for.
        exchange: Gets a note for each repair.
        learned: What the upstream refuses; other APIs, reasoning and formats are for the client to change here.
        send: Makes the call.
    """
    model = exchange.asked_model
    lessons, news = learned.of(model), list[str]()
    first: Reply | None = None
    while True:
        content, exchange.notes = lessons.apply_to_text(body, dialect)
        reply = await send(content)
        if reply.status < 400:
            if news:
                keep_lessons(learned, model, lessons, news)
            return reply
        refusal = await reply.read()
        reply = Reply(reply.status, reply.headers, once(refusal))
        first = first or reply
        error = error_from_response(reply.status, reply.content_type, refusal, None)
        lesson = lessons.learn_repair(error, content, dialect) if len(news) < MOST_LESSONS else None
        if lesson is None:
            return first if reply.status in TEACHING else reply
        lessons, new = lesson
        news.append(new)
        exchange.repairs.append(new)


async def models(exchange: Exchange, listing: Listing) -> http.Response:
    """Answer `GET /v1/models`.

    Raises:
        UpstreamError: The list cannot be had.
    """
    return json_answer(models_body(await listing.models(exchange)))


async def model(exchange: Exchange, listing: Listing) -> http.Response:
    """Answer `GET /v1/models/{id}`.

    Raises:
        ModelNotFound: It is not in the list.
        UpstreamError: The list cannot be had.
    """
    asked = unquote(exchange.flow.request.path.partition("?")[0].removeprefix(f"{OPENAI_PREFIX}models/"))
    exchange.model = asked
    found = named(await listing.models(exchange), upstream_id(asked))
    if found is None:
        raise ModelNotFound(f"The model '{asked}' does not exist")
    return json_answer(model_body(found))


def headers_to_upstream(headers: Mapping[str, str]) -> dict[str, str]:
    """What a call gets of its client's headers; values that an HTTP client could refuse are left out."""
    found = {name: headers.get(name, "") for name in HEADERS_TO_UPSTREAM}
    return {name: value for name, value in found.items() if value and value.isascii() and value.isprintable()}


def headers_to_client(headers: Mapping[str, str]) -> dict[str, str]:
    """What an answer gets of the upstream's headers."""
    named = {name.lower(): value for name, value in headers.items()}
    return {name: value for name, value in named.items() if is_answer_header(name)}


def without_key(key: str, body: bytes) -> bytes:
    """What an upstream answered, without the key: some repeat the one that they refuse, with whatever status.

    Args:
        key: The upstream's.
        body: An answer, or a piece of one: a key that is spread over pieces is not found.
    """
    if not key or key[:LEAST_TELLING].encode() not in body:
        return body
    return without(key, body.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")


async def _whole(reply: Reply, exchange: Exchange) -> bytes:
    body = await reply.read()
    exchange.first_output()
    await refuse_redirect(reply)
    if reply.status >= 400:
        exchange.told(error_from_response(reply.status, reply.content_type, body, None))  # for the log
    return without_key(exchange.key, body)


async def _events(chunks: AsyncGenerator[bytes], exchange: Exchange) -> AsyncGenerator[bytes]:
    """A stream, in the pieces in which it comes; a failure is its last event."""
    end = b""
    try:
        async for chunk in chunks:
            exchange.first_output()
            end = (end + chunk[-END_BYTES:])[-END_BYTES:]
            yield without_key(exchange.key, chunk)
            if is_complete(end):  # clients leave now: that must not look like an answer broken off
                break
    except OllamaError as error:
        yield error_event(exchange.told(error), between_events=between_events(end))
    finally:
        await let_go(chunks, finished=is_complete(end))
