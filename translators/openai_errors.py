"""What an upstream says when it fails, whatever shape it says it in.

Every server wraps its sentence differently, and a client shows exactly one string: so the sentence is dug out, and
`code` and `param`, by which a request can be repaired, are kept. Nothing here raises, whatever the body.
"""

import json
import re
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

from translators.errors import UpstreamError
from translators.loose_json import read_json

MAX_MESSAGE = 2000
"""Characters of an upstream's sentence that are passed on; some servers put the whole prompt into it."""

_MAX_DEPTH = 8
_HTML = re.compile(r"<(?:!doctype|!--|html|head|body|\?xml)", re.IGNORECASE)

# Where the sentence stands, the most telling first. A value may itself be text, an object or a list of these.
_SENTENCE_KEYS = (
    "message",  # OpenAI, Azure, vLLM, llama.cpp, Gemini; at Mistral sometimes an object around `detail`
    "error_description",  # OAuth gateways, beside an `error` that is only a name
    "error",  # the usual envelope; at xAI, LM Studio and Ollama the sentence itself
    "detail",  # FastAPI, so Mistral and Voyage too: text, or a list of faults
    "msg",  # one of FastAPI's faults, with its place in `loc`
    "errors",  # Cloudflare: a list of objects
    "status_msg",  # MiniMax, inside `base_resp`
    "base_resp",  # MiniMax, which refuses with status 200
)

# Statuses of errors that come inside a 200, by a piece of `code`, `type` or `status`; the first row that is found.
_STATUS_BY_NAME = (
    ("rate_limit", 429),  # OpenAI rate_limit_exceeded, Anthropic rate_limit_error
    ("insufficient_quota", 429),  # OpenAI
    ("resource_exhausted", 429),  # Gemini
    ("invalid_api_key", 401),  # OpenAI, whose type is invalid_request_error all the same
    ("authentication", 401),  # Anthropic authentication_error
    ("unauthenticated", 401),  # Gemini
    ("image", 400),  # Responses: invalid_image, image_too_large …, and image_file_not_found, which is no 404
    ("policy", 400),  # Responses: bio_policy, misalignment_policy_violation
    ("invalid_prompt", 400),  # Responses
    ("context_length_exceeded", 400),  # Responses, which says so in response.failed
    ("permission", 403),  # Anthropic permission_error, Gemini PERMISSION_DENIED
    ("not_found", 404),  # OpenAI model_not_found, Anthropic not_found_error, Gemini NOT_FOUND
    ("overloaded", 503),  # Anthropic overloaded_error
    ("unavailable", 503),  # Gemini, llama.cpp unavailable_error
    ("invalid_request", 400),  # OpenAI
    ("invalid_argument", 400),  # Gemini
    ("badrequest", 400),  # vLLM BadRequestError
)


_MISSING_MODEL_CODES = frozenset({"model_not_found", "DeploymentNotFound"})  # OpenAI and most others; Azure
# vLLM, llama.cpp, LM Studio and others say it only in words: "The model `x` does not exist."
_MISSING_MODEL = re.compile(r"\bmodel\b.*\b(?:does not exist|doesn't exist|not found|not exist|unknown)", re.IGNORECASE)


def names_missing_model(error: UpstreamError) -> bool:
    """Whether a 404 says that there is no such model, and not that the model is served elsewhere, or the path wrong."""
    return error.status == 404 and (error.code in _MISSING_MODEL_CODES or bool(_MISSING_MODEL.search(error.message)))


def error_from_response(status: int, content_type: str, body: bytes, retry_after: str | None) -> UpstreamError:
    """The error of a response whose status is not a success.

    Args:
        status: The upstream's status; kept when it is 4xx or 5xx, else 502.
        content_type: Its `Content-Type`, or an empty string.
        body: Its body, complete and decompressed.
        retry_after: Its `Retry-After`, passed on as it is.
    """
    try:
        payload = read_json(body)
    except ValueError:
        payload = None if "html" in content_type.lower() else body[: 4 * MAX_MESSAGE].decode("utf-8", "replace")
    phrase = HTTPStatus(status).phrase if status in HTTPStatus else ""
    return _error(
        payload,
        sender=f"the upstream answered {status} {phrase}".rstrip(),
        status=status if 400 <= status <= 599 else 502,
        retry_after=retry_after,
    )


def error_from_event(payload: Any, event: str = "") -> UpstreamError | None:
    """The error in a payload that came with status 200, in a stream or as the whole body; None when it holds none.

    Its status is the one that it names itself, by number or by a known type, else 500.

    Args:
        payload: The parsed JSON, or the text where it is not JSON.
        event: The name of its server-sent event; everything in an `error` event is an error.
    """
    marked = payload[0] if isinstance(payload, list) and payload else payload  # Gemini wraps its errors in a list
    if event != "error" and not _is_error(marked):
        return None
    return _error(payload, sender="the upstream reported an error", status=_own_status(_inner(payload)))


def _is_error(payload: Any) -> bool:
    # `object` is how older vLLM and Mistral mark errors, `type` how the Responses API does
    return isinstance(payload, dict) and bool(
        payload.get("error") or payload.get("object") == "error" or payload.get("type") == "error"
    )


def sentence_in(payload: Any) -> str:
    """The human sentence of a payload that should have been an answer; empty when it holds none.

    Some servers refuse with status 200 and without an `error`: `{"code": 1001, "msg": …}`.
    """
    return _cut(_sentence(payload))


def _error(payload: Any, *, sender: str, status: int, retry_after: str | None = None) -> UpstreamError:
    message = _sentence(payload)
    if not message:
        shown = json.dumps(payload, ensure_ascii=False) if payload and not isinstance(payload, str) else ""
        message = f"{sender}: {shown}" if shown else f"{sender} without a message"
    elif _is_bare_json(message):
        message = f"{sender}: {message}"
    code, param = _code_and_param(payload)
    return UpstreamError(_cut(message), status=status, retry_after=retry_after, code=code, param=param)


def _is_bare_json(message: str) -> bool:
    """Whether a client that looks for JSON in a message (the `ollama` package) finds something other than an object."""
    try:
        return message.startswith("[") or not isinstance(read_json(message), dict)
    except ValueError:
        return False


def _cut(message: str) -> str:
    return message if len(message) <= MAX_MESSAGE else f"{message[:MAX_MESSAGE]}…"


def _code_and_param(payload: Any) -> tuple[str, str]:
    """`code` and `param`: the innermost that are told, but a word before the number that repeats a status."""
    code = param = ""
    for envelope in _envelopes(payload, 0):
        found = envelope.get("code")
        if isinstance(found, str | int) and (not code or not str(found).isdigit()):
            code = str(found)
        found = envelope.get("param")
        param = found if found and isinstance(found, str) else param
    return code, param


def _envelopes(payload: Any, depth: int) -> Iterator[dict[str, Any]]:
    """The objects of an error body, each after the one that it stands in: gateways wrap what they were told."""
    if isinstance(payload, str) and payload.lstrip().startswith("{"):
        try:
            payload = read_json(payload)
        except ValueError:
            return
    if isinstance(payload, list) and payload:
        payload = payload[0]
    if not isinstance(payload, dict) or depth > _MAX_DEPTH:
        return
    yield payload
    for key in ("error", "message", "detail", "metadata", "raw"):
        yield from _envelopes(payload.get(key), depth + 1)


def _inner(payload: Any) -> dict[str, Any]:
    """The object that tells the kind of an error: the inner one of an envelope, or the payload itself."""
    if isinstance(payload, list) and payload:
        payload = payload[0]
    if not isinstance(payload, dict):
        return {}
    inner = payload.get("error")
    return inner if isinstance(inner, dict) else payload


def _own_status(found: dict[str, Any]) -> int:
    for key in ("code", "status_code", "status"):  # OpenRouter and vLLM; Groq; Azure
        number = str(found.get(key))
        if re.fullmatch("[45][0-9][0-9]", number):
            return int(number)
    names = " ".join(str(found.get(key)) for key in ("code", "type", "status")).lower()
    return next((status for name, status in _STATUS_BY_NAME if name in names), 500)


def _sentence(value: Any, depth: int = 0) -> str:
    """The human sentence in an error body; empty when there is none."""
    if depth > _MAX_DEPTH:
        return ""
    if isinstance(value, str):
        return _sentence_of_text(value.strip(), depth)
    if isinstance(value, list):
        return "; ".join(filter(None, (_sentence(item, depth + 1) for item in value)))
    if isinstance(value, dict):
        return _sentence_of_object(value, depth)
    return ""


def _sentence_of_text(text: str, depth: int) -> str:
    if _HTML.match(text):
        return ""
    if text.startswith("{"):  # gateways pass an inner server's whole body on as text
        try:
            return _sentence(read_json(text), depth + 1) or text
        except ValueError:
            return text
    return text


def _sentence_of_object(value: dict[str, Any], depth: int) -> str:
    sentence = next(filter(None, (_sentence(value.get(key), depth + 1) for key in _SENTENCE_KEYS)), "")
    place = value.get("loc")
    if sentence and isinstance(place, list):  # FastAPI: "Field required" alone says nothing
        sentence = f"{'.'.join(map(str, place))}: {sentence}"
    metadata = value.get("metadata")
    if isinstance(metadata, dict):  # OpenRouter: the message is "Provider returned error", the reason is here
        sentence = ": ".join(filter(None, (sentence, _sentence(metadata.get("raw"), depth + 1))))
    generation = value.get("failed_generation")
    if sentence and isinstance(generation, str) and generation:  # Groq: its message refers to this field
        sentence = f"{sentence} (failed_generation: {generation})"
    return sentence
