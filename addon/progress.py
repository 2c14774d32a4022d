"""Answers that tell their progress line by line: pull, push and create (`server/images.go`)."""

from collections.abc import AsyncGenerator
from contextlib import aclosing

from mitmproxy import http

from addon.exchange import Exchange
from addon.live import LiveResponse
from addon.ndjson import failed_stream, live_lines
from addon.responses import JSON_BARE, error_answer, respond
from translators.errors import OllamaError
from translators.ollama_progress import progress_body


async def progress_answer(
    statuses: AsyncGenerator[str], exchange: Exchange, *, stream: bool
) -> http.Response | LiveResponse:
    """The answer that these status lines are.

    Args:
        statuses: At least one, or an `OllamaError`; with an error they end too soon.
        exchange: Learns of the error.
        stream: Whether each line is sent when it is there. Else only the last one is, or the error with its status.
    """
    if not stream:
        return await _whole(statuses, exchange)
    lines = _lines(statuses)
    try:
        first = await anext(lines)
    except OllamaError as error:
        return failed_stream(exchange.told(error))
    return live_lines(first, lines, exchange)


async def _whole(statuses: AsyncGenerator[str], exchange: Exchange) -> http.Response:
    last = ""
    async with aclosing(statuses):
        try:
            async for status in statuses:
                last = status
        except OllamaError as error:
            return error_answer(exchange.told(error), JSON_BARE)
    return respond(200, JSON_BARE, progress_body(last))


async def _lines(statuses: AsyncGenerator[str]) -> AsyncGenerator[bytes]:
    async with aclosing(statuses):
        async for status in statuses:
            yield progress_body(status) + b"\n"
