"""One call to an OpenAI-style server, and what comes back."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Final

from mitmproxy.utils import asyncio_utils

from addon import PROXY_VERSION
from translators.errors import OllamaError

DRAIN_SECONDS: Final = 1.0
"""How long the end of a body is awaited after its last event, so that the connection can be used again."""


USER_AGENT: Final = f"ollama-openai-proxy/{PROXY_VERSION}"


BASE_HEADERS: Final = {
    "Accept": "application/json, text/event-stream",
    "Accept-Encoding": "identity",
    "Content-Type": "application/json",
    "User-Agent": USER_AGENT,
}
"""Headers of every call, besides those that tell whose it is."""


@dataclass(frozen=True, slots=True)
class Call:
    """One call to an upstream.

    Attributes:
        method: `GET` or `POST`.
        path: Below the base URL, such as `/chat/completions`.
        content: The body; empty for GET.
        headers: Besides those that every call has.
        complete: These are all but those that tell whose it is: somebody has edited them.
    """

    method: str
    path: str
    content: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    complete: bool = False


@dataclass(frozen=True, slots=True)
class Reply:
    """An upstream's answer, whose body is still to be read.

    Attributes:
        status: Its HTTP status, whatever it is.
        headers: Found by names in lower case.
        chunks: The body, decompressed, in the pieces in which it comes, none of them empty. Whoever gets the reply
            begins to read it at once, and closes it. `UpstreamTimeout` when the upstream was silent for longer than the
            request timeout, `UpstreamBroken` when the connection broke.
    """

    status: int
    headers: Mapping[str, str]
    chunks: AsyncGenerator[bytes]

    @property
    def content_type(self) -> str:
        """Its `Content-Type`, or an empty string."""
        return self.headers.get("content-type", "")

    @property
    def request_id(self) -> str:
        """Its `x-request-id`, or an empty string."""
        return self.headers.get("x-request-id", "")

    async def read(self) -> bytes:
        """The whole body."""
        async with aclosing(self.chunks) as chunks:
            return b"".join([chunk async for chunk in chunks])


async def once(body: bytes) -> AsyncGenerator[bytes]:
    """A body that has been read, to be read again."""
    if body:
        yield body


async def begun[Piece](generator: AsyncGenerator[Piece]) -> AsyncGenerator[Piece]:
    """A generator whose first piece, which says nothing, is taken: one that has not begun does nothing when closed."""
    await anext(generator)
    return generator


async def let_go(chunks: AsyncGenerator[bytes], *, finished: bool) -> None:
    """Stop reading a body: close its connection, or when the answer is complete wait for the body's end beside.

    Args:
        chunks: Of a `Reply`.
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
