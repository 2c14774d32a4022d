"""The models that the server pretends to have."""

from typing import Any, Literal

from tests.upstream.refusals import Refusal

type Endpoint = Literal["chat", "completions", "embeddings", "other"]

# id -> (where it is served, the dated name that answers carry, created, owned_by)
MODELS: dict[str, tuple[Endpoint, str, int, str]] = {
    "gpt-4o": ("chat", "gpt-4o-2024-08-06", 1715367049, "system"),
    "gpt-4o-mini": ("chat", "gpt-4o-mini-2024-07-18", 1721172741, "system"),
    "gpt-4.1": ("chat", "gpt-4.1-2025-04-14", 1744316542, "system"),
    "gpt-5": ("chat", "gpt-5-2025-08-07", 1754425777, "system"),
    "gpt-5-mini": ("chat", "gpt-5-mini-2025-08-07", 1754425928, "system"),
    "gpt-5.1": ("chat", "gpt-5.1-2025-11-13", 1762800673, "system"),
    "gpt-5.4": ("chat", "gpt-5.4-2026-03-05", 1772668800, "system"),
    "gpt-5.6-terra": ("chat", "gpt-5.6-terra", 1783900800, "system"),
    "gpt-6-astra": ("chat", "gpt-6-astra", 1788393600, "system"),
    "o3": ("chat", "o3-2025-04-16", 1744225308, "system"),
    "o4-mini": ("chat", "o4-mini-2025-04-16", 1744225351, "system"),
    "reasoner-1": ("chat", "reasoner-1", 1780000000, "test-upstream"),
    "ft:gpt-4o-mini-2024-07-18:acme::Ab12Cd34": (
        "chat",
        "ft:gpt-4o-mini-2024-07-18:acme::Ab12Cd34",
        1750000000,
        "acme",
    ),
    "gpt-3.5-turbo-instruct": ("completions", "gpt-3.5-turbo-instruct:20230824-v2", 1692901427, "system"),
    "text-embedding-3-small": ("embeddings", "text-embedding-3-small", 1705948997, "system"),
    "text-embedding-3-large": ("embeddings", "text-embedding-3-large", 1705953180, "system"),
    "gpt-5-pro": ("other", "gpt-5-pro-2025-10-06", 1759469822, "system"),
    "whisper-1": ("other", "whisper-1", 1677532384, "openai-internal"),
    "dall-e-3": ("other", "dall-e-3", 1698785189, "system"),
}

FAULT_PREFIX = "fault-"
"""A model `fault-NAME` exists at every endpoint and misbehaves as NAME says."""

# endpoint -> (what it says to a model of another endpoint, the error's param, status)
_ELSEWHERE: dict[Endpoint, tuple[str, str | None, int]] = {
    "chat": (
        "This is not a chat model and thus not supported in the v1/chat/completions endpoint. "
        "Did you mean to use v1/completions?",
        "model",
        404,
    ),
    "completions": (
        "This is a chat model and not supported in the v1/completions endpoint. "
        "Did you mean to use v1/chat/completions?",
        "model",
        404,
    ),
    "embeddings": ("You are not allowed to generate embeddings from this model", None, 403),
}


def model_object(model: str) -> dict[str, Any]:
    """One entry of the model list.

    Raises:
        Refusal: 404, there is no such model.
    """
    check_exists(model)
    _, _, created, owner = MODELS[model]
    return {"id": model, "object": "model", "created": created, "owned_by": owner}


def model_list() -> dict[str, Any]:
    """The whole list, as GET /v1/models answers it."""
    return {"object": "list", "data": [model_object(model) for model in MODELS]}


def check_exists(model: str) -> None:
    """Raise a Refusal (404) when there is no such model."""
    if model not in MODELS:
        message = f"The model `{model}` does not exist or you do not have access to it."
        raise Refusal(message, code="model_not_found", status=404)


def check_served(model: str, endpoint: Endpoint) -> None:
    """Raise a Refusal (404 or 403) when a model is unknown or belongs to another endpoint."""
    if model.startswith(FAULT_PREFIX):
        return
    check_exists(model)
    if MODELS[model][0] != endpoint:
        message, param, status = _ELSEWHERE[endpoint]
        raise Refusal(message, param=param, status=status)


def dated_name(model: str) -> str:
    """The name that answers carry: `gpt-4o-2024-08-06` for `gpt-4o`."""
    return MODELS[model][1] if model in MODELS else model
