"""The answers of `/api/blobs/DIGEST`, where Ollama takes the files of models; none is kept here."""

import asyncio
from urllib.parse import unquote

from mitmproxy import http

from addon.exchange import Exchange
from translators.ollama_blobs import check_content, check_digest, no_blob
from translators.ollama_hosted import not_stored


async def answer(exchange: Exchange) -> http.Response:
    """Answer one request: whether a file is here, or to take one.

    Raises:
        OllamaError: Always: 400, 404 or 500.
    """
    request = exchange.flow.request
    digest = unquote(request.path.partition("?")[0].rpartition("/")[2])
    check_digest(digest)
    if request.method == "HEAD":
        raise no_blob(digest)
    await asyncio.to_thread(check_content, digest, request.raw_content or b"")
    raise not_stored(digest)
