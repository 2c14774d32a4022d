"""What the package can send and this project does not know, or refuses.

A field is known when the request model has it. Its type fits when the reader of the request takes a value of each kind
that the package's annotation allows: so behaviour is compared, not two ways to write a type.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import product
from typing import Final, NamedTuple

from pydantic import BaseModel

from scripts.extract_types import Models, classes_in, wire_fields
from scripts.sdk_drift.samples import samples
from translators.errors import OllamaError
from translators.go_struct import GoStruct
from translators.ollama_embed_requests import EmbeddingRequest, EmbedRequest, embed_request, embeddings_request
from translators.ollama_manage_requests import (
    CopyRequest,
    CreateRequest,
    DeleteRequest,
    PullRequest,
    PushRequest,
    copy_request,
    create_request,
    delete_request,
    pull_request,
    push_request,
)
from translators.ollama_requests import (
    ChatRequest,
    GenerateRequest,
    ShowRequest,
    chat_request,
    generate_request,
    show_request,
)
from translators.options import OPTIONS, RETIRED, options_to_openai
from translators.profiles import DEFAULT


class Known(NamedTuple):
    """What this project has for one of the package's requests: the model, and what reads a body as it."""

    struct: type[GoStruct]
    read: Callable[[bytes], GoStruct]


REQUESTS: Final[Mapping[str, Known]] = {
    "ChatRequest": Known(ChatRequest, chat_request),
    "CopyRequest": Known(CopyRequest, copy_request),
    "CreateRequest": Known(CreateRequest, create_request),
    "DeleteRequest": Known(DeleteRequest, delete_request),
    "EmbedRequest": Known(EmbedRequest, embed_request),
    "EmbeddingsRequest": Known(EmbeddingRequest, embeddings_request),
    "GenerateRequest": Known(GenerateRequest, generate_request),
    "PullRequest": Known(PullRequest, pull_request),
    "PushRequest": Known(PushRequest, push_request),
    "ShowRequest": Known(ShowRequest, show_request),
}

_NO_PICTURES: Final = "Ollama 0.33 makes no pictures and ignores it"

IGNORED: Final[Mapping[str, str]] = {
    "CreateRequest.modelfile": "sent by the package of before Ollama 0.5.5, which ignores it since",
    "GenerateRequest.height": _NO_PICTURES,
    "GenerateRequest.steps": _NO_PICTURES,
    "GenerateRequest.width": _NO_PICTURES,
}
"""Fields that are not known on purpose, and why (Ollama's `api/types.go`)."""


def request_drift(
    models: Models, requests: Mapping[str, Known] = REQUESTS, ignored: Mapping[str, str] = IGNORED
) -> list[str]:
    """What the package can send and this project does not know, or refuses; one sentence each.

    Args:
        models: The package's.
        requests: What this project has for each request of the package.
        ignored: Fields that are not known on purpose, as `Type.key`, and why.
    """
    drift: list[str] = []
    for name, known in requests.items():
        if name in models:
            drift += _unknown(models[name], known.struct, ignored)
            drift += _refused(models[name], known.read)
        else:
            drift.append(f"{name}: the package no longer has this request")
    return drift


def option_drift(options: type[BaseModel]) -> list[str]:
    """The same for the package's `Options`; options that Ollama itself no longer knows are known here."""
    drift: list[str] = []
    for key, _, field in wire_fields(options):
        if key in OPTIONS:
            sent = ({key: value} for value in samples(field.annotation, key))
            drift += _complaints(f"Options.{key}", sent, lambda sample: options_to_openai(sample, DEFAULT, None))
        elif key not in RETIRED:
            drift.append(f"Options.{key}: not in the table of options (translators/options.py)")
    return drift


def _unknown(theirs: type[BaseModel], ours: type[GoStruct], ignored: Mapping[str, str]) -> Iterator[str]:
    """Fields that only the package has, also in the models that both have at the same place."""
    for key, _, field in wire_fields(theirs):
        place = f"{theirs.__qualname__}.{key}"
        name = ours.field_of(key)
        if name is None and place not in ignored:
            yield f"{place}: not a field of {ours.__module__}.{ours.__qualname__}"
        elif name is not None and place in ignored:
            yield f"{place}: listed as not known, but {ours.__qualname__} has it: take it off the list"
        elif name is not None:
            structs = classes_in(ours.model_fields[name].annotation, GoStruct)
            for nested, struct in product(classes_in(field.annotation, BaseModel), structs):
                yield from _unknown(nested, struct, ignored)


def _refused(theirs: type[BaseModel], read: Callable[[bytes], GoStruct]) -> Iterator[str]:
    """Fields of which a value that the package can send is an error."""
    fields = {key: field for key, _, field in wire_fields(theirs)}
    required = {key: next(samples(field.annotation, key)) for key, field in fields.items() if field.is_required()}
    for key, field in fields.items():
        sent = (required | {key: value} for value in samples(field.annotation, key))
        yield from _complaints(f"{theirs.__qualname__}.{key}", sent, lambda body: read(json.dumps(body).encode()))


def _complaints[Value](place: str, values: Iterable[Value], take: Callable[[Value], object]) -> Iterator[str]:
    for value in values:
        try:
            take(value)
        except OllamaError as error:
            yield f"{place}: the package may send {value!r}, which is refused: {error.message}"
