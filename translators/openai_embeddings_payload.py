"""Ollama embed requests as OpenAI embeddings requests.

`keep_alive` and `truncate` govern an engine that an OpenAI-style server does not show; they are dropped without a note.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from translators.names import openai_name
from translators.notes import Note
from translators.ollama_embed_requests import EmbeddingRequest, EmbedRequest
from translators.openai_embeddings_accepted import Accepted
from translators.options import options_to_openai
from translators.profiles import profile_for

_WIDTHS: Final = {"text-embedding-3-small": 1536, "text-embedding-3-large": 3072}
"""Numbers in a vector of the models that take `dimensions`; others refuse it, or take no notice."""

_REFUSING_EMPTY: Final = "text-embedding-"
"""How names begin of models that refuse a request with an empty text; of others its vector is as good as any."""

_BLANK_FOR_EMPTY: Final = Note("input", "converted", "empty texts to a blank: OpenAI refuses them")

_CUT_HERE: Final = Note("dimensions", "converted", "the vectors are cut here: the model is not known to take it")


@dataclass(frozen=True, slots=True)
class TranslatedEmbed:
    """A request that is ready to be sent.

    Attributes:
        texts: What is embedded, in the order of the vectors.
        fields: The request body but for its `input`.
        notes: What did not travel unchanged.
    """

    texts: list[str]
    fields: dict[str, Any]
    notes: tuple[Note, ...]

    def payload(self, texts: Sequence[str], accepted: Accepted) -> dict[str, Any]:
        """The request body for these texts: one alone is not sent as a list, which some servers do not take."""
        alone = len(texts) == 1 and not accepted.list_only
        fields = {name: value for name, value in self.fields.items() if name not in accepted.refused}
        return {"input": texts[0] if alone else texts, **fields}

    def notes_for(self, accepted: Accepted) -> tuple[Note, ...]:
        """What did not travel unchanged to an upstream that accepts no more than this."""
        return (*self.notes, *([_CUT_HERE] if "dimensions" in self.fields.keys() & accepted.refused else []))


def embed_request_to_openai(request: EmbedRequest | EmbeddingRequest, model: str) -> TranslatedEmbed:
    """Translate `/api/embed` or `/api/embeddings`.

    The numbers are asked for in base64: as JSON numbers they are four times as long, and take ten times as long to
    read. Most servers that do not know it send JSON numbers all the same.

    Args:
        request: What is asked, be it without any text.
        model: The upstream's id of the model.

    Raises:
        OllamaError: 500, an option of the wrong type, in Ollama's words.
    """
    options_to_openai(request.options, profile_for(model), None)  # for the types alone
    notes = [
        Note(f"options.{name}", "dropped", "embeddings have no such setting")
        for name, value in request.options.items()
        if value is not None
    ]
    name = openai_name(model)
    texts = request.inputs
    if name.startswith(_REFUSING_EMPTY) and "" in texts:
        texts = [text or " " for text in texts]
        notes.append(_BLANK_FOR_EMPTY)
    fields: dict[str, Any] = {"model": model, "encoding_format": "base64"}
    if request.dimensions > 0:
        width = _WIDTHS.get(name)
        if width is None:
            notes.append(_CUT_HERE)
        elif request.dimensions < width:
            fields["dimensions"] = request.dimensions
        else:
            notes.append(Note("dimensions", "dropped", f"the model's vectors have {width} numbers"))
    return TranslatedEmbed(texts, fields, tuple(notes))
