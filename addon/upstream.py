"""Calls to the OpenAI-style server: one pool of connections, prepared bytes out, raw bytes in.

The `openai` SDK's client owns the address, the key, the headers and the HTTP client; its typed methods are not used for
answers, because they cost several times more per chunk and stumble over servers that are only nearly compatible.
"""

import asyncio
import json
import os
import ssl
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, Final

import httpx2
import openai
import orjson
from mitmproxy.utils import asyncio_utils

from addon import PROXY_VERSION
from addon.listen import DEFAULT_PORTS, LOOP_HEADER
from addon.settings import Settings
from translators.errors import OllamaError, RequestError, UpstreamBroken, UpstreamTimeout, UpstreamUnreachable
from translators.loose_json import read_json
from translators.openai_errors import error_from_response

MOST_CONNECTIONS: Final = 2000
KEEP_ALIVE_SECONDS: Final = 120
"""A prompt typed a minute after the last one must not pay for a TLS handshake."""
CONNECT_SECONDS: Final = 30
LIST_SECONDS: Final = 30
"""The longest silence of the upstream when it is asked for its models: programs wait for that list to show anything."""
DRAIN_SECONDS: Final = 1.0
"""How long the end of a body is awaited after its last event, so that the connection can be used again."""
LONGEST_ERROR_BYTES: Final = 1_000_000

USER_AGENT: Final = f"ollama-openai-proxy/{PROXY_VERSION}"


@dataclass(frozen=True, slots=True)
class Reply:
    """An upstream's successful answer, whose body is still to be read.

    Attributes:
        content_type: Its `Content-Type`, or an empty string.
        request_id: Its `x-request-id`, or an empty string.
        response: Whose body is read by `chunks`.
    """

    content_type: str
    request_id: str
    response: httpx2.Response

    async def chunks(self) -> AsyncGenerator[bytes]:
        """The body, decompressed, in the pieces in which it comes; to be closed by whoever reads it.

        Raises:
            UpstreamTimeout: It was silent for longer than the request timeout.
            UpstreamBroken: The connection broke.
        """
        response = self.response
        body = response.aiter_bytes() if "content-encoding" in response.headers else response.aiter_raw()
        try:
            async for chunk in body:
                if chunk:
                    yield chunk
        except (httpx2.HTTPError, OSError) as error:
            raise _broken(error, self.response.request.url.host) from error
        finally:
            await response.aclose()


async def let_go(chunks: AsyncGenerator[bytes], *, finished: bool) -> None:
    """Stop reading a body: close its connection, or when the answer is complete wait for the body's end beside.

    Args:
        chunks: From `Reply.chunks`.
        finished: The answer is complete. Then the end of the body is there, or about to come, and the connection can be
            used again; nobody has to wait for it.
    """
    if not finished:
        await chunks.aclose()
    else:
        asyncio_utils.create_task(_drain(chunks), name="end of an upstream body", keep_ref=True)


async def _drain(chunks: AsyncGenerator[bytes]) -> None:
    try:
        async with asyncio.timeout(DRAIN_SECONDS):
            async for _ in chunks:
                pass
    except (OllamaError, TimeoutError):
        pass  # the answer was complete; the connection is just not used again
    finally:
        await chunks.aclose()


class Upstream:
    """One OpenAI-style server."""

    def __init__(self, settings: Settings) -> None:
        """Prepare the calls; nothing is sent.

        Args:
            settings: Of which the address, the key, the timeout, the company proxy and the CA are used.
        """
        key = settings.api_key.get_secret_value()
        self._http = openai.DefaultAioHttpClient(
            limits=httpx2.Limits(
                max_connections=MOST_CONNECTIONS,
                max_keepalive_connections=MOST_CONNECTIONS,
                keepalive_expiry=KEEP_ALIVE_SECONDS,
            ),
            timeout=httpx2.Timeout(
                settings.request_timeout, connect=min(CONNECT_SECONDS, settings.request_timeout), pool=None
            ),
            trust_env=False,  # the proxy variables may point back at us
            proxy=settings.upstream_proxy or None,
            verify=ssl.create_default_context(cafile=str(settings.ca_file)) if settings.ca_file else True,
            follow_redirects=False,
        )
        self._client = openai.AsyncOpenAI(
            api_key=key or "none",
            base_url=settings.base_url,
            organization=settings.organization or None,
            project=settings.project or None,
            http_client=self._http,
            max_retries=0,
        )
        headers = {name: value for name, value in self._client.default_headers.items() if isinstance(value, str)}
        self._headers = {name: value for name, value in headers.items() if not name.lower().startswith("x-stainless-")}
        self._headers |= {
            "Accept": "application/json, text/event-stream",
            "Accept-Encoding": "identity",
            "Content-Type": "application/json",
            "User-Agent": USER_AGENT,
        }
        if key:
            self._headers |= self._client.auth_headers
        self._base_url = str(self._client.base_url).rstrip("/")
        self._timeout = settings.request_timeout

    async def post(self, path: str, payload: dict[str, Any], hops: str) -> Reply:
        """Send a request and wait for the head of its answer.

        Args:
            path: Below the base URL, such as `/chat/completions`.
            payload: The JSON object to send.
            hops: Value of the loop header.

        Raises:
            UpstreamError: It cannot be reached, is silent for too long, or answers with an error of its own.
            RequestError: The payload cannot be written as JSON.
        """
        headers = {**self._headers, LOOP_HEADER: hops}
        url, content = self._base_url + path, encode(payload)
        return await self._send(self._http.build_request("POST", url, headers=headers, content=content))

    async def models(self, hops: str) -> Any:
        """The parsed body of `GET /models`, whatever its shape: the SDK's own method stumbles over a bare list.

        Raises:
            UpstreamError: As for `post`, or the body is not JSON.
        """
        headers = {**self._headers, LOOP_HEADER: hops}
        timeout = min(LIST_SECONDS, self._timeout)
        url = f"{self._base_url}/models"
        reply = await self._send(self._http.build_request("GET", url, headers=headers, timeout=timeout))
        async with aclosing(reply.chunks()) as chunks:
            body = b"".join([chunk async for chunk in chunks])
        try:
            return read_json(body)
        except ValueError:
            raise UpstreamBroken("the upstream's model list is not JSON: is OPENAI_BASE_URL right?") from None

    async def close(self) -> None:
        """Close all connections."""
        await self._client.close()

    async def _send(self, request: httpx2.Request) -> Reply:
        try:
            response = await self._http.send(request, stream=True)
        except (httpx2.HTTPError, httpx2.InvalidURL, OSError) as error:
            raise _unreachable(error, request) from error
        reply = Reply(response.headers.get("content-type", ""), response.headers.get("x-request-id", ""), response)
        if response.status_code < 300:
            return reply
        location = response.headers.get("location", "")
        if response.status_code < 400 and location:
            await response.aclose()
            raise UpstreamBroken(f"the upstream redirects to {location!r}: set OPENAI_BASE_URL to where it really is")
        body = b""
        async with aclosing(reply.chunks()) as chunks:
            async for chunk in chunks:
                body += chunk
                if len(body) > LONGEST_ERROR_BYTES:
                    break
        raise error_from_response(response.status_code, reply.content_type, body, response.headers.get("retry-after"))


def _unreachable(error: Exception, request: httpx2.Request) -> OllamaError:
    url, limits = request.url, request.extensions["timeout"]
    port = url.port or DEFAULT_PORTS[url.scheme]
    if not _is_timeout(error):
        return UpstreamUnreachable(f"the upstream {url.host}:{port} cannot be reached: {_reason(error)}")
    if isinstance(error, httpx2.ConnectTimeout):
        return UpstreamTimeout(f"the upstream {url.host}:{port} did not let us connect within {limits['connect']} s")
    return UpstreamTimeout(f"the upstream {url.host} was silent for {limits['read']} s (see ollama_request_timeout)")


def encode(payload: dict[str, Any]) -> bytes:
    """A payload as JSON.

    Raises:
        RequestError: It nests too deeply.
    """
    try:
        return orjson.dumps(payload)
    except TypeError:  # integers beyond 64 bits, or more than 254 levels
        try:
            return json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
        except RecursionError:
            raise RequestError("exceeded max depth") from None


def _is_timeout(error: BaseException) -> bool:
    """Whether a transport error is about silence; the SDK's transport calls some broken connections timeouts too."""
    return isinstance(error.__cause__, TimeoutError)


def _broken(error: Exception, host: str) -> OllamaError:
    if _is_timeout(error):
        return UpstreamTimeout(f"the upstream {host} stopped in the middle of its answer (ollama_request_timeout)")
    return UpstreamBroken(f"the upstream {host} broke off in the middle of its answer: {_reason(error)}")


def _reason(error: Exception) -> str:
    """What a transport error says, without the addresses and objects that some put into it."""
    cause = error.__cause__ or error
    fault = cause if isinstance(cause, OSError) else getattr(cause, "os_error", None)
    if isinstance(fault, OSError) and fault.errno and fault.errno > 0:
        return os.strerror(fault.errno)
    return str(cause).partition(": <")[0] or type(cause).__name__
