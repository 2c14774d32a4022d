"""What this proxy would send for a request, to an upstream of which nothing is known but the model's name."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from translators.input_batches import batches_of
from translators.names import upstream_id
from translators.notes import Note
from translators.ollama_embed_requests import EmbeddingRequest, EmbedRequest, embed_request, embeddings_request
from translators.ollama_requests import ChatRequest, GenerateRequest, chat_request, generate_request
from translators.openai_apis import Api
from translators.openai_chat_payload import Translated
from translators.openai_embeddings_accepted import ANYTHING
from translators.openai_embeddings_payload import embed_request_to_openai
from translators.openai_requests import body_to_send, chat_to_openai, generate_to_openai
from translators.options import options_to_openai
from translators.profiles import DEFAULT, Dialect, Profile, profile_for


@dataclass(frozen=True, slots=True)
class Sent:
    """A request to the upstream.

    Attributes:
        notes: What did not travel unchanged.
        api: Which is asked.
        body: The JSON object.
    """

    notes: tuple[Note, ...]
    api: Api
    body: Mapping[str, Any]


def translated(path: str, body: bytes) -> Sent | None:
    """What would be sent; None for a request that only loads or unloads a model.

    Args:
        path: One of `STRUCTS`.
        body: As the client sent it.

    Raises:
        OllamaError: The request is refused.
    """
    return _TRANSLATIONS[path](body)


def _chat(body: bytes) -> Sent | None:
    return _generation(chat_request(body), chat_to_openai)


def _generate(body: bytes) -> Sent | None:
    request = generate_request(body)
    if not request.wants_unload:
        request.check_raw()
    return _generation(request, generate_to_openai)


def _generation[Request: (ChatRequest, GenerateRequest)](
    request: Request, translate: Callable[[Request, str, Profile, Dialect | None], Translated]
) -> Sent | None:
    if request.wants_unload:
        return None
    options_to_openai(request.options, DEFAULT, None)
    if request.wants_load:
        return None
    model = upstream_id(request.model)
    profile = profile_for(model)
    openai = translate(request, model, profile, None)
    return Sent(openai.notes, openai.dialect, body_to_send(openai, {}, profile))


def _embed(body: bytes) -> Sent | None:
    return _embedding(embed_request(body))


def _embeddings(body: bytes) -> Sent | None:
    return _embedding(embeddings_request(body))


def _embedding(request: EmbedRequest | EmbeddingRequest) -> Sent | None:
    openai = embed_request_to_openai(request, upstream_id(request.model))
    if not openai.texts:
        return None
    first = batches_of(openai.texts, ANYTHING.inputs, ANYTHING.characters)[0]
    return Sent(openai.notes_for(ANYTHING), "embeddings", openai.payload(first, ANYTHING))


_TRANSLATIONS: Final[Mapping[str, Callable[[bytes], Sent | None]]] = {
    "/api/chat": _chat,
    "/api/generate": _generate,
    "/api/embed": _embed,
    "/api/embeddings": _embeddings,
}
