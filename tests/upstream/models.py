"""The models that the server pretends to have."""

import re
from dataclasses import dataclass
from typing import Any, Literal

from tests.upstream.refusals import Refusal

type Endpoint = Literal["chat", "responses", "completions", "embeddings"]

_CHAT: tuple[Endpoint, ...] = ("chat", "responses")
_RESPONSES: tuple[Endpoint, ...] = ("responses",)
_COMPLETIONS: tuple[Endpoint, ...] = ("completions",)
_EMBEDDINGS: tuple[Endpoint, ...] = ("embeddings",)

# Both are quoted from live answers, for different models.
_ONLY_RESPONSES = "This model is only supported in v1/responses and not in v1/chat/completions."
_NOT_A_CHAT_MODEL = (
    "This is not a chat model and thus not supported in the v1/chat/completions endpoint. Did you mean to use {}?"
)


@dataclass(frozen=True, slots=True)
class Model:
    """A model.

    Attributes:
        created: When it was made, in seconds.
        snapshot: What answers add to its id.
        serves: The endpoints that have it.
        owner: Its `owned_by`.
        no_chat: What Chat Completions says where it does not have it.
    """

    created: int
    snapshot: str = ""
    serves: tuple[Endpoint, ...] = _CHAT
    owner: str = "system"
    no_chat: str = _NOT_A_CHAT_MODEL.format("v1/completions")


def _only_responses(created: int, snapshot: str = "") -> Model:
    return Model(created, snapshot, _RESPONSES, no_chat=_ONLY_RESPONSES)


def _compat(*serves: Endpoint) -> Model:
    return Model(1_780_000_000, serves=serves or ("chat",), owner="test-upstream")


# What GET /v1/models lists.
MODELS: dict[str, Model] = {
    "gpt-4o": Model(1715367049, "-2024-08-06"),
    "gpt-4o-mini": Model(1721172741, "-2024-07-18"),
    "gpt-4.1": Model(1744316542, "-2025-04-14"),
    "gpt-5": Model(1754425777, "-2025-08-07"),
    "gpt-5-mini": Model(1754425928, "-2025-08-07"),
    "gpt-5.1": Model(1762800673, "-2025-11-13"),
    "gpt-5.4": Model(1772668800, "-2026-03-05"),
    "gpt-5.6-terra": Model(1783900800),
    "gpt-6-astra": Model(1788393600),
    "o3": Model(1744225308, "-2025-04-16"),
    "o4-mini": Model(1744225351, "-2025-04-16"),
    "reasoner-1": Model(1780000000, owner="test-upstream"),
    "ft:gpt-4o-mini-2024-07-18:acme::Ab12Cd34": Model(1750000000, owner="acme"),
    "gpt-3.5-turbo-instruct": Model(1692901427, ":20230824-v2", _COMPLETIONS),
    "text-embedding-3-small": Model(1705948997, "", _EMBEDDINGS),
    "text-embedding-3-large": Model(1705953180, "", _EMBEDDINGS),
    "gpt-5-pro": _only_responses(1759469822, "-2025-10-06"),
    "whisper-1": Model(1677532384, "", (), "openai-internal"),
    "dall-e-3": Model(1698785189, "", ()),
}

# What exists beside that for those who name it, so that what tests make of the list stays short.
UNLISTED: dict[str, Model] = {
    "gpt-3.5-turbo": Model(1677610602, "-0125"),
    "gpt-4": Model(1687882411, "-0613"),
    # o1-mini and the search models are those that Responses does not have (truefoundry/models#2006).
    "gpt-4o-search-preview": Model(1741388720, "-2025-03-11", ("chat",)),
    "gpt-5-nano": Model(1754426384, "-2025-08-07"),
    "gpt-5-chat-latest": Model(1754073306),
    "gpt-5.2": Model(1765313051, "-2025-12-11"),
    "gpt-5.2-chat-latest": Model(1765344352),
    "gpt-5.3": Model(1769904000),
    "gpt-5.4-mini": Model(1773619200, "-2026-03-17"),
    "gpt-5.5": Model(1776902400, "-2026-04-23"),
    "gpt-5.6-sol": Model(1783900800),
    "gpt-6-luna": Model(1788393600),
    "gpt-6-sol": Model(1788393600),
    "gpt-6.1-sol": Model(1791504000),
    "gpt-6.1-terra": Model(1791504000),
    "o1": Model(1734375816, "-2024-12-17"),
    "o1-mini": Model(1725649008, "-2024-09-12", ("chat",)),
    "o3-mini": Model(1737146383, "-2025-01-31"),
    "gpt-5.4-pro": _only_responses(1772668800, "-2026-03-05"),
    "gpt-5.1-codex": Model(1762988221, "", _RESPONSES, no_chat=_NOT_A_CHAT_MODEL.format("v1/responses")),
    "o3-deep-research": _only_responses(1749840121, "-2025-06-26"),
    # Like gpt-5.6, under names that no client can know: what they take has to be learned.
    "novel-1": Model(1794000000),
    "novel-responses-1": _only_responses(1794000000),
    "davinci-002": Model(1692634301, "", _COMPLETIONS),
    # Compatible servers, whose habits stand in `compat.py`.
    "compat-completions": _compat("completions"),
    "compat-deepseek": _compat(),
    "compat-gemini": _compat(),
    "compat-groq": _compat(),
    "compat-lmstudio": _compat(),
    "compat-mistral": _compat(),
    "compat-nojson": _compat(),
    "compat-think": _compat(),
    "compat-vllm": _compat(),
    "compat-xai": _compat(),
}

FAULT_PREFIX = "fault-"
"""A model `fault-NAME` exists at every endpoint and misbehaves as NAME says."""

_SNAPSHOT = re.compile(r"-(\d{4}-\d{2}-\d{2}|\d{4})$")

# endpoint -> (what it says to a model of another endpoint, the error's param, status); Chat has a word of its own
_ELSEWHERE: dict[Endpoint, tuple[str, str | None, int]] = {
    # No live answer is known: the wording is ours.
    "responses": ("This model is not supported with the Responses API.", "model", 400),
    "completions": (
        "This is a chat model and not supported in the v1/completions endpoint. "
        "Did you mean to use v1/chat/completions?",
        "model",
        404,
    ),
    "embeddings": ("You are not allowed to generate embeddings from this model", None, 403),
}


def find_model(name: str) -> Model | None:
    """The model of that name; a dated or fine-tuned one (`gpt-5.4-2026-03-05`, `ft:BASE:...`) is its base's like."""
    base = name.split(":")[1] if name.startswith("ft:") else name
    known = MODELS | UNLISTED
    return known.get(name) or known.get(base) or known.get(_SNAPSHOT.sub("", base))


def model_object(name: str) -> dict[str, Any]:
    """One entry of the model list.

    Raises:
        Refusal: 404, there is no such model.
    """
    model = find_model(name)
    if model is None:
        raise _no_such_model(name, "chat")
    return {"id": name, "object": "model", "created": model.created, "owned_by": model.owner}


def model_list() -> dict[str, Any]:
    """The whole list, as GET /v1/models answers it."""
    return {"object": "list", "data": [model_object(name) for name in MODELS]}


def check_served(name: str, endpoint: Endpoint) -> None:
    """Raise a Refusal (400, 403 or 404) when a model is unknown or belongs to another endpoint."""
    if name.startswith(FAULT_PREFIX):
        return
    model = find_model(name)
    if model is None:
        raise _no_such_model(name, endpoint)
    if endpoint not in model.serves:
        message, param, status = (model.no_chat, "model", 404) if endpoint == "chat" else _ELSEWHERE[endpoint]
        raise Refusal(message, param=param, status=status)


def _no_such_model(name: str, endpoint: Endpoint) -> Refusal:
    # Both recorded: the newer endpoint says it in other words.
    if endpoint == "responses":
        return Refusal(f"The requested model '{name}' does not exist.", param="model", code="model_not_found")
    message = f"The model `{name}` does not exist or you do not have access to it."
    return Refusal(message, code="model_not_found", status=404)


def dated_name(name: str) -> str:
    """The name that answers carry: `gpt-4o-2024-08-06` for `gpt-4o`."""
    model = (MODELS | UNLISTED).get(name)
    return f"{name}{model.snapshot}" if model else name
