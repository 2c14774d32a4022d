"""What is Ollama's and what is OpenAI's in any traffic, by path and body."""

from typing import Any, Final

from translators.inspection.destinations import STRUCTS
from translators.inspection.events import events_of, is_ndjson, is_sse
from translators.inspection.values import text_in
from translators.openai_apis import Api, api_of
from translators.openai_errors import error_from_event

GENERATION: Final = frozenset({"/api/chat", "/api/generate"})
EMBEDDING: Final = frozenset({"/api/embed", "/api/embeddings"})
PROGRESS: Final = frozenset({"/api/pull", "/api/push", "/api/create"})

_HEAD_BYTES: Final = 64 * 1024
"""In how much of a stream its first event is looked for."""


def ollama_route(path: str) -> str:
    """Ollama's route, also where a gateway has something before it: `/ollama/api/chat?x` is `/api/chat`."""
    return "/" + "/".join(path.partition("?")[0].rstrip("/").split("/")[-2:])


def is_ollama_request(path: str, body: bytes, *, is_ours: bool) -> bool:
    """Whether this is a request for which there is a mapping; other sites have an `/api/chat` too, without a model.

    Args:
        path: Of the request.
        body: Of the request.
        is_ours: Whether this proxy answers it.
    """
    return ollama_route(path) in STRUCTS and (is_ours or b'"model"' in body)


def is_ollama_answer(path: str, content_type: str, asked: bytes, body: bytes, *, is_ours: bool) -> bool:
    """Whether this is an answer of Ollama that says more than its JSON shows, or lines of anybody's JSON.

    Args:
        path: Of the request.
        content_type: Of the answer.
        asked: The request's body.
        body: The answer's body.
        is_ours: Whether this proxy gives it.
    """
    if is_ndjson(content_type):
        return is_ours or bool(body)
    is_json = "json" in content_type and ollama_route(path) in GENERATION | EMBEDDING
    return is_json and (is_ours or b'"model"' in asked or b'"done"' in body or b'"embedding' in body)


def openai_api(path: str, content_type: str, body: bytes) -> Api | None:
    """Which of OpenAI's APIs an answer is of; None when it is of none.

    Servers and gateways have paths of their own, and other sites have streams: so the first thing that it says counts.

    Args:
        path: Of the request.
        content_type: Of the answer.
        body: The answer's body.
    """
    events = events_of(body[:_HEAD_BYTES] if is_sse(body, content_type) else body, content_type)
    first = next((event for event in events if event.value), None)
    if first is None:
        return None
    if first.kind.startswith("response."):  # of Responses; by its name, however long it is
        return "responses"
    said, asked = _api_in(first.value), api_of(path)
    return asked if asked and (said or error_from_event(first.value)) else said


def _api_in(value: Any) -> Api | None:
    """The API whose answers look like this."""
    if not isinstance(value, dict):
        return None
    kind, data, choices = text_in(value.get("object")), value.get("data"), value.get("choices")
    if kind == "response":
        return "responses"
    if kind.startswith("text_completion"):
        return "completions"
    if kind.startswith("chat.completion"):
        return "chat"
    if isinstance(data, list) and data and isinstance(data[0], dict) and "embedding" in data[0]:
        return "embeddings"
    if not isinstance(choices, list):
        return None
    is_text = bool(choices) and isinstance(choices[0], dict) and "text" in choices[0]
    return "completions" if is_text else "chat"
