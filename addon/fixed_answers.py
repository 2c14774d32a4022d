"""The answers for which no upstream is asked."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Final

from mitmproxy import http

from addon import PROXY_VERSION, account, blobs, routes
from addon.exchange import Exchange
from addon.live import LiveResponse
from addon.responses import json_answer, respond
from translators.go_json import encode

OLLAMA_VERSION: Final = "0.33.0"
"""What `/api/version` says: digits and dots, because clients refuse letters, and recent, because they want features."""

type Handler = Callable[[Exchange], Awaitable[http.Response | LiveResponse]]


async def _root(_exchange: Exchange) -> http.Response:
    return respond(200, "text/plain; charset=utf-8", b"Ollama is running")


async def _version(_exchange: Exchange) -> http.Response:
    return json_answer(encode({"version": OLLAMA_VERSION}))


async def _health(_exchange: Exchange) -> http.Response:
    return json_answer(encode({"status": "healthy", "version": PROXY_VERSION}))


FIXED: Final[dict[routes.Name, Handler]] = {
    "root": _root,
    "version": _version,
    "health": _health,
    "blob": blobs.answer,
    "status": account.status,
    "me": account.me,
    "sign_out": account.sign_out,
    "web_search": partial(account.web, "search"),
    "web_fetch": partial(account.web, "fetch"),
}
"""What answers without any model."""
