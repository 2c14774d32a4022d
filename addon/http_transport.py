"""Live calls to the OpenAI-style server: one pool of connections, prepared bytes out, raw bytes in.

The `openai` SDK's client owns the address, the key, the headers and the HTTP client; its typed methods are not used for
answers, because they cost several times more per chunk and stumble over servers that are only nearly compatible.
"""

import os
import ssl
from collections.abc import AsyncGenerator
from typing import Final

import httpx2
import openai

from addon import PROXY_VERSION
from addon.exchange import Exchange
from addon.listen import DEFAULT_PORTS, LOOP_HEADER
from addon.settings import Settings
from addon.transport import Call, Reply
from translators.errors import UpstreamBroken, UpstreamError, UpstreamTimeout, UpstreamUnreachable

MOST_CONNECTIONS: Final = 2000
KEEP_ALIVE_SECONDS: Final = 120
"""A prompt typed a minute after the last one must not pay for a TLS handshake."""
CONNECT_SECONDS: Final = 30

USER_AGENT: Final = f"ollama-openai-proxy/{PROXY_VERSION}"


class HttpTransport:
    """Carries calls to one OpenAI-style server."""

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

    async def send(self, call: Call, exchange: Exchange) -> Reply:
        """Carry one call; see `Transport`."""
        headers = {**self._headers, **call.headers, LOOP_HEADER: exchange.hops}
        url = self._base_url + call.path
        timeout = httpx2.USE_CLIENT_DEFAULT if call.seconds is None else call.seconds
        request = self._http.build_request(call.method, url, headers=headers, content=call.content, timeout=timeout)
        try:
            response = await self._http.send(request, stream=True)
        except (httpx2.HTTPError, httpx2.InvalidURL, OSError) as error:
            raise _unreachable(error, request) from error
        return Reply(response.status_code, response.headers, _chunks(response))

    async def close(self) -> None:
        """Close all connections."""
        await self._client.close()


async def _chunks(response: httpx2.Response) -> AsyncGenerator[bytes]:
    body = response.aiter_bytes() if "content-encoding" in response.headers else response.aiter_raw()
    try:
        async for chunk in body:
            if chunk:
                yield chunk
    except (httpx2.HTTPError, OSError) as error:
        raise _broken(error, response.request.url.host) from error
    finally:
        await response.aclose()


def _unreachable(error: Exception, request: httpx2.Request) -> UpstreamError:
    url, limits = request.url, request.extensions["timeout"]
    port = url.port or DEFAULT_PORTS[url.scheme]
    if not _is_timeout(error):
        return UpstreamUnreachable(f"the upstream {url.host}:{port} cannot be reached: {_reason(error)}")
    if isinstance(error, httpx2.ConnectTimeout):
        return UpstreamTimeout(f"the upstream {url.host}:{port} did not let us connect within {limits['connect']} s")
    return UpstreamTimeout(f"the upstream {url.host} was silent for {limits['read']} s (see ollama_request_timeout)")


def _is_timeout(error: BaseException) -> bool:
    """Whether a transport error is about silence; the SDK's transport calls some broken connections timeouts too."""
    return isinstance(error.__cause__, TimeoutError)


def _broken(error: Exception, host: str) -> UpstreamError:
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
