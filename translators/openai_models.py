"""Model lists of OpenAI-style servers: `GET /v1/models`, in whatever shape, and what an entry tells of its model.

OpenAI tells the id and a date. Others tell more, each in its own words; every row below names the servers it was seen
at. What is not told, or makes no sense, counts as not told. Only a body that is no list at all is an error.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from translators.errors import UpstreamBroken
from translators.names import is_possible_name
from translators.ollama_models import LONGEST_CONTEXT, LONGEST_VECTOR
from translators.openai_errors import error_from_event

type Use = Literal["text", "embedding", "other"]
"""What a model is for; `other` is images, speech, moderation and the like, of no use to an Ollama client."""

_LIST_KEYS = ("data", "models")  # all; llama.cpp has both, an Ollama only the second. Together: a bare list
_ID_KEYS = ("id", "model", "name")  # all; an Ollama's own list

# Where the longest prompt stands, the most telling first: what is loaded counts, not what the model could do. A step
# into a list (Hugging Face's `providers`) takes every item of it, and of several numbers the smallest is right.
_LENGTHS = (
    ("loaded_context_length",),  # LM Studio, of a loaded model
    ("max_model_len",),  # vLLM, SGLang
    ("context_length",),  # OpenRouter, Together, Fireworks
    ("context_window",),  # Groq
    ("max_context_length",),  # Mistral, LM Studio
    ("meta", "n_ctx"),  # llama.cpp
    ("meta", "n_ctx_train"),  # llama.cpp before it told n_ctx
    ("providers", "context_length"),  # Hugging Face's router
)

_VECTOR_LENGTHS = (("meta", "n_embd"),)  # llama.cpp, which tells it of every model

# A yes or no for one capability. Of several hosts behind one model, one that can is enough: the router picks it.
_FLAGS = (
    (("capabilities", "function_calling"), "tools"),  # Mistral
    (("capabilities", "vision"), "vision"),  # Mistral
    (("capabilities", "audio"), "audio"),  # Mistral
    (("supports_tools",), "tools"),  # Fireworks
    (("supports_image_input",), "vision"),  # Fireworks
    (("supports_vision",), "vision"),  # Cohere
    (("providers", "supports_tools"), "tools"),  # Hugging Face's router
)

# Complete lists: what is not in them, the model cannot do.
_COMPLETE_LISTS = (
    (("supported_parameters",), {"tools": "tools", "reasoning": "thinking"}),  # OpenRouter
    (("architecture", "input_modalities"), {"image": "vision", "audio": "audio"}),  # OpenRouter, Hugging Face
)

# Lists of what the model can do, silent about the rest: LM Studio, llama.cpp, an Ollama's own words; Cohere's features.
_CAPABILITY_LISTS = ("capabilities", "features")
_CAPABILITY_WORDS = {
    "tools": "tools",
    "tool_use": "tools",
    "vision": "vision",
    "multimodal": "vision",
    "thinking": "thinking",
    "audio": "audio",
    "reasoning": "thinking",
}

# Whether it chats; if not, there is no word for what it does.
_CHATS = (("capabilities", "completion_chat"), ("supports_chat",))  # Mistral; Fireworks

_USE_OF_TYPE: Mapping[str, Use] = {
    "chat": "text",  # Together, as the following
    "language": "text",
    "code": "text",
    "image": "other",
    "audio": "other",
    "video": "other",
    "transcribe": "other",
    "moderation": "other",
    "rerank": "other",
    "embedding": "embedding",
    "llm": "text",  # LM Studio, as the following
    "vlm": "text",
    "embeddings": "embedding",
}

# Cohere, the most telling first.
_USE_OF_ENDPOINT: Mapping[str, Use] = {
    "chat": "text",
    "generate": "text",
    "embed": "embedding",
    "rerank": "other",
    "classify": "other",
}

# Names tell it where the list does not: OpenAI's, Groq's, Mistral's and Gemini's.
_EMBEDDING_NAME: Final = re.compile(r"embed|(?:^|[-/])bge-")
_OTHER_NAME: Final = re.compile(
    r"(?:^|[^a-z0-9])"
    r"(?:dall-e|(?:chat)?gpt-image|imagen|sora|veo|realtime|gpt-live|tts|whisper|transcri(?:be|ption)|moderation|rerank)"
    r"(?:[^a-z]|$)"
)

# Gemini lists `models/gemini-2.5-pro` and takes that and `gemini-2.5-pro`, which its own examples use. Elsewhere a
# folder's name may stand before the slash, and belongs to the id.
_GEMINI_PREFIX: Final = "models/"

_A_DAY = 86_400  # seconds


@dataclass(frozen=True, slots=True)
class Listed:
    """What a server's list tells of one model.

    Attributes:
        id: Its name there.
        created: When it came out, in Unix seconds; None when not told.
        context_length: The longest prompt, in tokens; None when not told.
        can: Ollama's capabilities that the server grants (True) or denies (False).
        use: What the server says that it is for; None when not told.
        owned_by: Whose it is; empty when not told.
        embedding_length: Numbers in a vector, if it makes embeddings; None when not told.
    """

    id: str
    created: int | None
    context_length: int | None
    can: Mapping[str, bool]
    use: Use | None
    owned_by: str = ""
    embedding_length: int | None = None


def entries_of(body: Any) -> list[dict[str, Any]]:
    """The entries of a model list, in its order; items that are none are left out.

    Args:
        body: The parsed JSON.

    Raises:
        UpstreamError: It holds an error, or no list at all.
    """
    if isinstance(body, list):
        return [entry for entry in body if isinstance(entry, dict)]
    if isinstance(body, dict):
        for key in _LIST_KEYS:
            if isinstance(body.get(key), list):
                return entries_of(body[key])
        if any(key in body and body[key] is None for key in _LIST_KEYS):
            return []  # an Ollama without models
    if error := error_from_event(body):
        raise error
    raise UpstreamBroken("the upstream's model list holds no list of models: is OPENAI_BASE_URL right?")


def listed_model(entry: Mapping[str, Any], now: float) -> Listed | None:
    """Read one entry; None when it names no model that a client could ask for.

    Args:
        entry: Of `entries_of`.
        now: When the list was fetched, in Unix seconds.
    """
    names = [entry[key] for key in _ID_KEYS if isinstance(entry.get(key), str)]
    model_id = next(filter(is_possible_name, names), None)
    if model_id is None or entry.get("active") is False:  # Groq's word for one that cannot be asked
        return None
    owner = entry.get("owned_by")
    owned_by = owner if isinstance(owner, str) else ""
    if owned_by == "google" or (not owned_by and model_id.startswith(f"{_GEMINI_PREFIX}gemini")):
        model_id = model_id.removeprefix(_GEMINI_PREFIX) or model_id
    return Listed(
        model_id,
        _created(entry, now),
        _number(entry, _LENGTHS, LONGEST_CONTEXT),
        _can(entry),
        _use(entry),
        owned_by,
        _number(entry, _VECTOR_LENGTHS, LONGEST_VECTOR),
    )


def use_by_name(model_id: str) -> Use | None:
    """What a model is for, by its id; None when nothing in the id tells."""
    name = model_id.lower()
    if _EMBEDDING_NAME.search(name):
        return "embedding"
    return "other" if _OTHER_NAME.search(name) else None


def _created(entry: Mapping[str, Any], now: float) -> int | None:
    """The date, when it can be one that stays: Mistral, vLLM and llama.cpp give the time of the answer."""
    created = entry.get("created")
    if isinstance(created, int | float) and 1_000_000_000 < created < now - _A_DAY:
        return int(created)
    return None


def _number(entry: Mapping[str, Any], paths: Iterable[tuple[str, ...]], most: int) -> int | None:
    for path in paths:
        numbers = [n for n in _at(entry, path) if type(n) in (int, float) and 1 <= n <= most]
        if numbers:
            return int(min(numbers))
    return None


def _can(entry: Mapping[str, Any]) -> dict[str, bool]:
    can: dict[str, bool] = {}
    for path, capability in _FLAGS:
        if answers := [value for value in _at(entry, path) if isinstance(value, bool)]:
            can[capability] = any(answers)
    for path, capability_of in _COMPLETE_LISTS:
        if any(isinstance(value, list) for value in _found(entry, path)):
            members = list(_at(entry, path))
            can |= {capability: member in members for member, capability in capability_of.items()}
    words = [word for key in _CAPABILITY_LISTS for word in _at(entry, (key,)) if isinstance(word, str)]
    return can | {_CAPABILITY_WORDS[word]: True for word in words if word in _CAPABILITY_WORDS}


def _use(entry: Mapping[str, Any]) -> Use | None:
    kind = entry.get("type")
    if isinstance(kind, str) and kind in _USE_OF_TYPE:
        return _USE_OF_TYPE[kind]
    makes = [word for word in _at(entry, ("architecture", "output_modalities")) if isinstance(word, str)]
    if makes:  # OpenRouter, Hugging Face
        return "text" if "text" in makes else "embedding" if "embeddings" in makes else "other"
    if "embedding" in _at(entry, ("capabilities",)):  # an Ollama
        return "embedding"
    endpoints = list(_at(entry, ("endpoints",)))
    if uses := [use for word, use in _USE_OF_ENDPOINT.items() if word in endpoints]:
        return uses[0]
    chats = [value for path in _CHATS for value in _at(entry, path) if isinstance(value, bool)]
    if chats:
        return "text" if any(chats) else use_by_name(str(entry.get("id"))) or "other"
    return None


def _at(entry: Any, path: tuple[str, ...]) -> Iterator[Any]:
    """Every value at a path, those of a list one by one."""
    for value in _found(entry, path):
        yield from value if isinstance(value, list) else (value,)


def _found(value: Any, path: tuple[str, ...]) -> Iterator[Any]:
    if not path:
        yield value
    elif isinstance(value, list):
        for item in value:
            if isinstance(item, dict):
                yield from _found(item, path)
    elif isinstance(value, dict) and path[0] in value:
        yield from _found(value[path[0]], path[1:])
