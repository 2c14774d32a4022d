"""The kinds of response that a real Ollama server sends; framing comes later, in `framing.py`."""

from typing import Final

from mitmproxy import http

from translators.errors import OllamaError
from translators.ollama_answers import error_body

JSON: Final = "application/json; charset=utf-8"
JSON_BARE: Final = "application/json"
"""Content type of an error that ends a stream before its first line."""
NDJSON: Final = "application/x-ndjson"


def respond(status: int, content_type: str, body: bytes, **headers: str) -> http.Response:
    """A response with this body; an empty `content_type` leaves the header out."""
    fields = {"Content-Type": content_type} if content_type else {}
    names = {name.replace("_", "-").title(): value for name, value in headers.items()}
    return http.Response.make(status, body, fields | names)


def json_answer(body: bytes) -> http.Response:
    """A successful answer."""
    return respond(200, JSON, body)


def error_answer(error: OllamaError, content_type: str = JSON) -> http.Response:
    """An error as Ollama answers it."""
    headers = {"retry_after": error.retry_after} if error.retry_after else {}
    return respond(error.status, content_type, error_body(error.message), **headers)


def crash_answer(error: Exception) -> http.Response:
    """The answer when something of ours went wrong: an Ollama error all the same, which names no internals."""
    if isinstance(error, OllamaError):
        return error_answer(error)
    return error_answer(OllamaError(f"internal error of the proxy ({type(error).__name__}): its log tells more"))
