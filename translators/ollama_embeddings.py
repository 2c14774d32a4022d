"""Answers of `/api/embed` and `/api/embeddings` (Ollama's `api/types.go`)."""

from collections.abc import Iterator
from typing import Final

from translators.go_json import encode_string
from translators.ollama_answers import members
from translators.ollama_embed_requests import EmbedRequest
from translators.openai_embeddings_reader import Embeddings
from translators.vectors import unit_vector, vector_text, wide_vector_text

PIECE_BYTES: Final = 128 * 1024
"""With so many bytes a piece of an answer is ready: some seven long vectors."""


def embed_answer(request: EmbedRequest, embeddings: Embeddings, *, sent_ns: int, elapsed_ns: int) -> Iterator[bytes]:
    """The answer of `/api/embed`, in pieces.

    Args:
        request: Tells the model's name and the wanted length of the vectors.
        embeddings: The upstream's.
        sent_ns: Nanoseconds from the arrival of the client's request to the sending of the upstream's.
        elapsed_ns: Nanoseconds from the arrival of the client's request to now.
    """
    piece = bytearray(f'{{"model":{encode_string(request.model)},"embeddings":['.encode())
    for place, vector in enumerate(embeddings.vectors):
        if place:
            piece += b","
        piece += vector_text(unit_vector(vector, request.dimensions))
        if len(piece) >= PIECE_BYTES:
            yield bytes(piece)
            piece.clear()
    # Durations are at least 1, because Ollama leaves 0 out.
    numbers = {
        "total_duration": max(1, elapsed_ns),
        "load_duration": max(1, sent_ns),
        "prompt_eval_count": embeddings.usage.prompt_tokens if embeddings.usage else None,
    }
    piece += b"]"
    piece += members(numbers).encode()
    piece += b"}"
    yield bytes(piece)


def embeddings_answer(embeddings: Embeddings) -> bytes:
    """The answer of `/api/embeddings`: the one vector as the upstream sent it, without making its length 1."""
    return b'{"embedding":%b}' % wide_vector_text(embeddings.vectors[0])


def embed_load_answer(model: str) -> bytes:
    """The answer of `/api/embed` to a request without any text, to which no numbers belong."""
    return f'{{"model":{encode_string(model)},"embeddings":[]}}'.encode()


EMBEDDINGS_LOAD_ANSWER: Final = b'{"embedding":[]}'
"""The answer of `/api/embeddings` to a request without a text."""
