"""Streams of NDJSON lines, and what a client is told when one fails (Ollama's `server/routes.go`)."""

from collections.abc import AsyncGenerator
from contextlib import aclosing

from mitmproxy import http

from addon.exchange import Exchange
from addon.live import LiveResponse
from addon.responses import JSON_BARE, NDJSON, error_answer
from translators.errors import OllamaError
from translators.ollama_answers import error_line


def live_lines(first: bytes, lines: AsyncGenerator[bytes], exchange: Exchange) -> LiveResponse:
    """A stream that has begun; a failure is its last line.

    Args:
        first: Whole lines that are there already.
        lines: What follows, whole lines in each piece; closed when the stream is over.
        exchange: Learns of the failure.
    """
    return LiveResponse(http.Response.make(200, b"", {"Content-Type": NDJSON}), _body(first, lines, exchange))


async def _body(first: bytes, lines: AsyncGenerator[bytes], exchange: Exchange) -> AsyncGenerator[bytes]:
    async with aclosing(lines):
        try:
            if first:  # an empty chunk would end the body
                yield first
            async for line in lines:
                yield line
        except OllamaError as error:
            yield error_line(exchange.told(error).message)


def failed_stream(error: OllamaError) -> LiveResponse:
    """A stream that failed before its first line: the error's status, sent chunked as Ollama sends it."""
    response = error_answer(error, JSON_BARE)
    content = response.raw_content or b""

    async def body() -> AsyncGenerator[bytes]:
        yield content

    return LiveResponse(response, body())
