"""Streams of NDJSON lines, and what a client is told when one fails (Ollama's `server/routes.go`)."""

from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractContextManager, aclosing

from mitmproxy import http

from addon.call import Reply, let_go
from addon.exchange import Exchange
from addon.live import LiveResponse
from addon.responses import JSON_BARE, NDJSON, error_answer
from translators.answer import AnswerTranslator
from translators.errors import OllamaError
from translators.ollama_answers import error_line


async def answer_lines(
    reply: Reply,
    translator: AnswerTranslator,
    exchange: Exchange,
    in_use: AbstractContextManager[None],
    finished: Callable[[], None],
) -> AsyncGenerator[bytes]:
    """The answer, as many lines at once as one upstream read made ready; the model is in use as long as it runs.

    Args:
        reply: The upstream's answer.
        translator: Of that answer; new.
        exchange: Learns what is to be known of it.
        in_use: The model's use.
        finished: Called when the answer is complete, before its last lines.

    Raises:
        OllamaError: The answer failed; what came before it was right.
    """
    chunks = reply.chunks
    with in_use:
        try:
            async for chunk in chunks:
                lines = translator.feed(chunk, exchange.moment())
                if translator.over:
                    break
                if lines:
                    exchange.first_output()
                    yield b"".join(lines)
            else:
                lines = translator.close(exchange.moment())
            if translator.finish_reason is not None:
                finished()
            if lines:
                exchange.first_output()
                yield b"".join(lines)
            exchange.usage = translator.usage
            if translator.failure is not None:
                raise translator.failure
        finally:
            await let_go(chunks, finished=translator.finish_reason is not None)


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
