"""The kinds of response that a real Ollama server sends, and errors of both faces; `framing.py` frames them later."""

from typing import Final

from mitmproxy import http

from translators.errors import OllamaError
from translators.ollama_answers import error_body, error_line
from translators.openai_answers import error_event, error_to_openai

JSON: Final = "application/json; charset=utf-8"
JSON_BARE: Final = "application/json"
"""Content type of an error that ends a stream before its first line."""
NDJSON: Final = "application/x-ndjson"

OPENAI_PREFIX: Final = "/v1/"
"""Paths that belong to OpenAI's protocol; all others are Ollama's."""


def is_openai(path: str) -> bool:
    """Whether a path is one of OpenAI's."""
    return f"{path}/".startswith(OPENAI_PREFIX)


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
    return _refusal(error, content_type, error_body(error.message))


def _refusal(error: OllamaError, content_type: str, body: bytes) -> http.Response:
    headers = {"retry_after": error.retry_after} if error.retry_after else {}
    return respond(error.status, content_type, body, **headers)


def failure_answer(error: Exception, path: str) -> http.Response:
    """The answer to a request that failed, in the form of the server that it was for.

    Args:
        error: What happened.
        path: What was asked for.
    """
    told = _told(error)
    return _refusal(told, JSON, error_to_openai(told)) if is_openai(path) else error_answer(told)


def last_words(error: Exception, request: http.Request, begun: bool) -> http.Response:
    """The answer to a request that failed; when it has begun as a stream, its content is what ends that.

    Args:
        error: What happened.
        request: What was asked for.
        begun: Whether the head of a stream has been sent.
    """
    if not begun:
        return failure_answer(error, request.path)
    told = _told(error)
    openai = is_openai(request.path)
    return respond(told.status, "", error_event(told, between_events=False) if openai else error_line(told.message))


def _told(error: Exception) -> OllamaError:
    """An error as a client is told it: of a mistake of ours no more than that it happened."""
    if isinstance(error, OllamaError):
        return error
    return OllamaError(f"internal error of the proxy ({type(error).__name__}): its log tells more")
