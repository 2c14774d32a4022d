"""The answers of the routes that concern ollama.com: nobody is signed in there, and nothing of it is used.

They are those of a server that was started with `OLLAMA_NO_CLOUD=1` and cannot reach it (Ollama's `server/routes.go`).
"""

from mitmproxy import http

from addon.exchange import Exchange
from addon.listing import Listing
from addon.responses import json_answer
from translators.errors import RequestError
from translators.go_json import encode
from translators.ollama_recommendations import recommendations_body


async def status(_exchange: Exchange) -> http.Response:
    """Answer `/api/status`."""
    return json_answer(encode({"cloud": {"disabled": True, "source": "env"}}))


async def me(_exchange: Exchange) -> http.Response:
    """Answer `/api/me`.

    Raises:
        RequestError: 503, always.
    """
    raise RequestError("account unavailable", status=503)


async def sign_out(_exchange: Exchange) -> http.Response:
    """Answer `/api/signout` and its old form `/api/user/keys/KEY`.

    Raises:
        RequestError: 401, always.
    """
    raise RequestError("you are not currently signed in", status=401)


async def web(what: str, exchange: Exchange) -> http.Response:
    """Answer `/api/experimental/web_search` or `web_fetch`.

    Args:
        what: `search` or `fetch`.
        exchange: Whose flow holds the request.

    Raises:
        RequestError: Always: 400 without a body, else 403.
    """
    if not (exchange.flow.request.raw_content or b"").strip():
        raise RequestError("missing request body")
    raise RequestError(f"ollama cloud is disabled: web {what} is unavailable", status=403)


async def recommendations(exchange: Exchange, listing: Listing) -> http.Response:
    """Answer `/api/experimental/model-recommendations`.

    Raises:
        UpstreamError: The list of models cannot be had.
    """
    return json_answer(recommendations_body(await listing.models(exchange)))
