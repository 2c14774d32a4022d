"""OpenAI's own protocol on the same port, `/v1/*`: requests and answers travel as they are.

Only these are this proxy's: the model's name where an Ollama client added `:latest`, the key, the choice of headers in
both directions, the list of models, and the errors that no upstream has answered.
"""

from collections.abc import AsyncGenerator, Mapping
from typing import Final
from urllib.parse import unquote

from mitmproxy import http

from addon.answer_headers import is_answer_header
from addon.call import Call, Reply, let_go
from addon.exchange import Exchange
from addon.listing import Listing, named
from addon.live import LiveResponse
from addon.loaded import Loaded
from addon.responses import OPENAI_PREFIX, json_answer
from addon.setting_values import LEAST_TELLING, without
from addon.upstream import Upstream, refuse_redirect
from translators.errors import ModelNotFound, OllamaError
from translators.names import upstream_id
from translators.openai_answers import error_event, model_body, models_body
from translators.openai_errors import error_from_response
from translators.openai_forward import END_BYTES, between_events, is_complete, request_to_openai

HEADERS_TO_UPSTREAM: Final = (
    "Content-Encoding",  # of the body, which is not looked into
    "OpenAI-Beta",
    "Idempotency-Key",
    "X-Client-Request-Id",
)
"""Which of a client's headers are sent on.

Not its `Content-Type`: these routes take JSON only, an Ollama server does not look at it, and `curl -d` says form.
"""

OWN_RETRIES: Final = "x-stainless-retry-count"
"""OpenAI's SDKs send it, and make failed calls again themselves."""


async def forward(exchange: Exchange, upstream: Upstream, loaded: Loaded) -> http.Response | LiveResponse:
    """Answer one request with what the upstream answers to it, be it an error.

    Args:
        exchange: Whose flow holds the request, to a path below `/v1`.
        upstream: Who is asked.
        loaded: Is told that the model is used.

    Raises:
        UpstreamError: It cannot be reached, or a whole answer breaks off.
    """
    request = exchange.flow.request
    exchange.model, body = request_to_openai(request.raw_content or b"")
    path = request.path.removeprefix(OPENAI_PREFIX)
    call = Call("POST", f"/{path}", body, headers_to_upstream(request.headers))
    reply = await upstream.send(call, exchange, retry=OWN_RETRIES not in request.headers)
    if exchange.model and reply.status < 300:
        loaded.note(upstream_id(exchange.model), None)
    headers = headers_to_client(reply.headers)
    if reply.status < 300 and reply.content_type.lower().startswith("text/event-stream"):
        return LiveResponse(http.Response.make(reply.status, b"", headers), _events(reply.chunks, exchange))
    return http.Response.make(reply.status, await _whole(reply, exchange), headers)


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
    refuse_redirect(reply)
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
