"""What the routes ask of the OpenAI-style server: one request in, a reply or an error out; retries are made here."""

import asyncio
import json
import random
import re
import time
from collections.abc import Mapping
from contextlib import aclosing, suppress
from http import HTTPStatus
from typing import Any, Final

import orjson

from addon.call import Call, Reply, once
from addon.exchange import Exchange
from addon.model_list import ModelList, good_seconds, validators_of
from addon.transport import Transport
from translators.errors import RequestError, UpstreamBroken, UpstreamError, UpstreamTimeout, UpstreamUnreachable
from translators.loose_json import read_json
from translators.openai_errors import error_from_response
from translators.openai_retries import is_retryable, seconds_to_wait

MODELS_SECONDS: Final = 30
"""How long the upstream may take to tell its models: programs wait for that list to show anything."""
LONGEST_ERROR_BYTES: Final = 1_000_000

NO_SUCH_ROUTE: Final = re.compile("^Invalid URL |without a message$")
"""How a 404 reads that is about the path and not about a model: OpenAI's words, and a server's that says nothing."""


class Upstream:
    """One OpenAI-style server, live or recorded."""

    def __init__(self, transport: Transport, *, max_retries: int, seconds: float) -> None:
        """Prepare the calls; nothing is sent.

        Args:
            transport: What carries them.
            max_retries: How often a call that failed is made again.
            seconds: The longest wait for the head of an answer, retries included.
        """
        self._transport = transport
        self._max_retries = max_retries
        self._seconds = seconds

    async def post(self, path: str, payload: dict[str, Any], exchange: Exchange) -> Reply:
        """Send a request and wait for the head of its successful answer.

        Args:
            path: Below the base URL, such as `/chat/completions`.
            payload: The JSON object to send.
            exchange: For which it is sent; retries and the upstream's request id are put into it.

        Raises:
            UpstreamError: It cannot be reached, is silent for too long, or answers with an error of its own.
            RequestError: The payload cannot be written as JSON.
        """
        return await self._successful(Call("POST", path, encode(payload)), exchange)

    async def models(self, exchange: Exchange, validators: Mapping[str, str] | None = None) -> ModelList:
        """Ask for the model list.

        Args:
            exchange: For which it is asked.
            validators: Of the list that is there already, to get another only if it has changed.

        Raises:
            UpstreamError: As for `post`, or the body is not JSON.
        """
        seconds = min(MODELS_SECONDS, self._seconds)
        try:
            async with asyncio.timeout(seconds):
                reply = await self._successful(Call("GET", "/models", headers=validators or {}), exchange)
                body = await reply.read()
        except TimeoutError:
            raise UpstreamTimeout(f"the upstream did not tell its models within {seconds:g} s") from None
        good, next_validators = good_seconds(reply.headers), validators_of(reply.headers)
        if reply.status == HTTPStatus.NOT_MODIFIED:
            return ModelList(None, unchanged=True, seconds=good, validators=next_validators or validators or {})
        try:
            return ModelList(read_json(body), seconds=good, validators=next_validators)
        except ValueError:
            raise UpstreamBroken("the upstream's model list is not JSON: is OPENAI_BASE_URL right?") from None

    async def send(self, call: Call, exchange: Exchange, *, retry: bool = True) -> Reply:
        """Make a call, and make it again where that may help, until the head of an answer is there.

        Args:
            call: What is sent.
            exchange: For which it is sent; retries and the upstream's request id are put into it.
            retry: Whether failed calls are made again at all.

        Returns:
            A reply of any status; that of an error is read already, or its beginning.

        Raises:
            UpstreamUnreachable: There is no connection.
            UpstreamTimeout: There was no head in time; that is not tried again, because all tries share the time.
        """
        time_of = asyncio.get_running_loop().time
        deadline = time_of() + self._seconds
        most = self._max_retries if retry else 0
        for retries in range(most + 1):
            headers: Mapping[str, str] = {}
            try:
                reply = await self._transport.send(call, exchange, deadline)
            except UpstreamUnreachable as error:
                failure: UpstreamUnreachable | Reply = error
                retryable, reason = True, "no connection"
            else:
                exchange.upstream_id = reply.request_id
                if reply.status < 400:
                    return reply
                body = await _refusal(reply, deadline)
                failure, headers = Reply(reply.status, reply.headers, once(body)), reply.headers
                retryable, reason = is_retryable(reply.status, headers, body), str(reply.status)
            wait = seconds_to_wait(headers, retries, time.time(), random.random())
            if wait is not None and exchange.playback:
                wait /= exchange.playback.speed
            if not retryable or retries == most or wait is None or time_of() + wait >= deadline:
                break
            exchange.retries.append(reason)
            await asyncio.sleep(wait)
        if isinstance(failure, UpstreamUnreachable):
            raise failure
        return failure

    async def _successful(self, call: Call, exchange: Exchange) -> Reply:
        reply = await self.send(call, exchange)
        if reply.status < 300 or (reply.status == HTTPStatus.NOT_MODIFIED and call.headers):
            return reply
        await refuse_redirect(reply)
        body = await _refusal(reply, asyncio.get_running_loop().time() + self._seconds)
        error = error_from_response(reply.status, reply.content_type, body, reply.headers.get("retry-after"))
        if error.status == 404 and NO_SUCH_ROUTE.search(error.message):
            error.message += " (is OPENAI_BASE_URL right, up to and including /v1?)"
        raise error


async def refuse_redirect(reply: Reply) -> None:
    """Follow no redirect: the key is for one address only.

    Raises:
        UpstreamBroken: The reply is one.
    """
    location = reply.headers.get("location", "")
    if 300 <= reply.status < 400 and location:
        await reply.chunks.aclose()
        raise UpstreamBroken(f"the upstream redirects to {location!r}: set OPENAI_BASE_URL to where it really is")


async def _refusal(reply: Reply, deadline: float) -> bytes:
    """The body of an error, or what there is of it in time: its status says enough when the rest does not come."""
    body = bytearray()
    with suppress(UpstreamError, TimeoutError):
        async with asyncio.timeout_at(deadline), aclosing(reply.chunks) as chunks:
            async for chunk in chunks:
                body += chunk
                if len(body) > LONGEST_ERROR_BYTES:
                    break
    return bytes(body)


def encode(payload: dict[str, Any]) -> bytes:
    """A payload as JSON.

    Raises:
        RequestError: It nests too deeply.
    """
    try:
        # A copy, because orjson's own bytes keep four KiB that they do not need as long as the call is kept.
        return bytes(memoryview(orjson.dumps(payload)))
    except TypeError:  # integers beyond 64 bits, or more than 254 levels
        try:
            return json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
        except RecursionError:
            raise RequestError("exceeded max depth") from None
