"""What this proxy itself answers to an OpenAI client: its errors, and the list of models.

The shapes are those of OpenAI's API reference. Everything else that such a client gets is
the upstream's own answer.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from translators.errors import (
    ModelNotFound,
    OllamaError,
    UpstreamBroken,
    UpstreamError,
    UpstreamTimeout,
    UpstreamUnreachable,
)
from translators.go_json import encode
from translators.ollama_models import Model

CODES: Final[Mapping[type[OllamaError], str]] = {
    ModelNotFound: "model_not_found",  # OpenAI's
    UpstreamUnreachable: "upstream_unreachable",  # the rest is ours: no server of OpenAI's has another behind it
    UpstreamTimeout: "upstream_timeout",
    UpstreamBroken: "upstream_broken",
}

UNTOLD_OWNER: Final = "system"
"""What OpenAI says of most of its models; for one whose owner neither the list nor the id tells."""


def error_body(message: str, status: int, code: str | None = None, param: str | None = None) -> bytes:
    """An error in OpenAI's envelope.

    Args:
        message: The sentence.
        status: The HTTP status, from which the type follows.
        code: A word that programs can look for.
        param: The field of the request that is wrong.
    """
    kind = "server_error" if status >= 500 else "invalid_request_error"
    return encode({"error": {"message": message, "type": kind, "param": param, "code": code}})


def error_to_openai(error: OllamaError) -> bytes:
    """An error as an OpenAI client is told it."""
    code, param = CODES.get(type(error)), None
    if isinstance(error, UpstreamError):  # where the upstream was asked for its models, these are its own
        code, param = error.code or code, error.param or None
    return error_body(error.message, error.status, code, param)


def error_event(error: OllamaError, *, between_events: bool) -> bytes:
    """An error as the last event of a stream.

    Args:
        error: What happened.
        between_events: Whether the stream is where an event may begin; if not, the one that is open is closed first.
    """
    return b"".join((b"" if between_events else b"\n\n", b"data: ", error_to_openai(error), b"\n\n"))


def models_body(models: Iterable[Model]) -> bytes:
    """The answer of `GET /v1/models`."""
    return encode({"object": "list", "data": [_model(model) for model in models]})


def model_body(model: Model) -> bytes:
    """The answer of `GET /v1/models/{id}`."""
    return encode(_model(model))


def _model(model: Model) -> dict[str, Any]:
    owner = model.owned_by or model.id.rpartition("/")[0] or UNTOLD_OWNER
    return {"id": model.id, "object": "model", "created": model.created, "owned_by": owner}
