"""Where each field of an Ollama request goes in a request to OpenAI's APIs, and why some go nowhere.

Fields are named as in `translators.notes.Note`: `options.seed`. What can be told only by looking at the model or at the
values is in the notes of the translators, and not here.
"""

from collections.abc import Mapping
from typing import Any, Final

from translators.go_struct import GoStruct
from translators.ollama_embed_requests import EmbeddingRequest, EmbedRequest
from translators.ollama_requests import ChatRequest, GenerateRequest
from translators.openai_apis import Api
from translators.openai_responses_payload import ENCRYPTED_REASONING, LOGPROBS

STRUCTS: Final[Mapping[str, type[GoStruct]]] = {
    "/api/chat": ChatRequest,
    "/api/generate": GenerateRequest,
    "/api/embed": EmbedRequest,
    "/api/embeddings": EmbeddingRequest,
}
"""The fields that Ollama knows, by route."""

# `translators/options.py`. Upstreams that refuse one of the names of the limit get another.
_LENGTHS: Final = ("max_tokens", "max_completion_tokens", "max_output_tokens")
_OPTIONS: Final = {
    "options.num_predict": _LENGTHS,
    **{
        f"options.{name}": (name,)
        for name in ("temperature", "top_p", "presence_penalty", "frequency_penalty", "seed", "stop")
    },
}

DESTINATIONS: Final[Mapping[Api, Mapping[str, tuple[str, ...]]]] = {
    # `translators/openai_chat_payload.py`; /api/generate has a prompt in the place of messages
    "chat": {
        **{name: (name,) for name in ("model", "messages", "stream", "tools", "logprobs", "top_logprobs")},
        "prompt": ("messages",),
        "format": ("response_format",),
        "think": ("reasoning_effort",),
        **_OPTIONS,
    },
    # `translators/openai_responses_payload.py`
    "responses": {
        **{name: (name,) for name in ("model", "stream", "tools", "top_logprobs")},
        "messages": ("input", "messages"),
        "prompt": ("input", "messages"),
        "format": ("text.format",),
        "think": ("reasoning.effort", "reasoning_effort"),
        "logprobs": (f"include.{LOGPROBS}",),
        **_OPTIONS,
    },
    # `translators/openai_completions_payload.py`; its log probabilities are a number, how many of them
    "completions": {
        **{name: (name,) for name in ("model", "stream", "suffix")},
        "messages": ("prompt",),
        "prompt": ("prompt", "messages"),
        "top_logprobs": ("logprobs",),
        "logprobs": ("logprobs",),
        **_OPTIONS,
    },
    # `translators/openai_embeddings_payload.py`
    "embeddings": {
        **{name: (name,) for name in ("model", "input", "dimensions")},
        "prompt": ("input",),
    },
}
"""Members of the OpenAI request to which a field may lead, in the form of `leaves_of`; the first that is there counts.

The last ones are what notes call it, where these speak of the request as it was before its last step.
"""

JOINED: Final = frozenset({"system", "template", "context", "images", "suffix"})
"""Fields of `/api/generate` that become a part of the messages, beside the prompt."""

CONVERTED: Final[Mapping[str, str]] = {
    "model": "the upstream's id of the model",
    "messages": "said in OpenAI's form",
    "prompt": "the user's message",
    "tools": "said in OpenAI's form",
    "logprobs": "how the API asks for them",
    "top_logprobs": "one at least: some servers tell none without",
    **dict.fromkeys(("system", "template", "suffix"), "a part of the conversation"),
    "context": "the conversation so far",
    "images": "parts of the user's message",
}
"""Why a value changes, where no note tells."""

ENGINE: Final = "the upstream's context is what it is"

DROPPED: Final[Mapping[str, str]] = {
    "keep_alive": "kept by this proxy: how long /api/ps lists the model",
    "truncate": ENGINE,
    "shift": ENGINE,
    "top_logprobs": "counts only beside logprobs",
    "stream": "an answer is whole where no stream is asked for",
    "think": "no effort is sent: the model's own counts",
    "dimensions": "0 and less mean all numbers, as without it",
    "_debug_render_only": "answered by this proxy, which then asks nothing",
}
"""Why a field leads nowhere, where no note tells."""

CUT_HERE: Final = "kept by this proxy: whether texts that are too long are cut"
"""What becomes of `truncate` where texts are embedded."""

DEFAULTED: Final[Mapping[str, str]] = {
    "stream": "Ollama streams where nothing is said",
    "stream_options": "for the numbers of tokens",
    "store": "nothing is kept at the upstream",
    f"include.{ENCRYPTED_REASONING}": "wanted back by the upstream when tools have answered",
    "reasoning.summary": "for the thinking that clients show",
    "top_logprobs": "some servers tell no log probabilities without",
    "encoding_format": "JSON numbers are four times as long",
}
"""Why a member is sent that no field led to, where no note tells."""


def leaves_of(sent: Mapping[str, Any]) -> dict[str, Any]:
    """The members of an OpenAI request by their names, those of `reasoning`, `text` and `include` each by itself.

    An item of `include` has the name `include.ITEM`, and is its own value.
    """
    leaves: dict[str, Any] = {}
    for name, value in sent.items():
        if name in {"reasoning", "text"} and isinstance(value, dict) and value:
            leaves |= {f"{name}.{key}": inner for key, inner in value.items()}
        elif name == "include" and isinstance(value, list) and value and all(isinstance(item, str) for item in value):
            leaves |= {f"{name}.{item}": item for item in value}
        else:
            leaves[name] = value
    return leaves
