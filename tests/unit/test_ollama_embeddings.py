"""Answers of the embedding routes, byte by byte."""

import json
from collections.abc import Sequence
from typing import Any

import numpy as np

from translators.events import Usage
from translators.ollama_embed_requests import EmbedRequest
from translators.ollama_embeddings import (
    EMBEDDINGS_LOAD_ANSWER,
    PIECE_BYTES,
    embed_answer,
    embed_load_answer,
    embeddings_answer,
)
from translators.openai_embeddings_reader import Embeddings


def answer(
    *vectors: Sequence[float], usage: Usage | None = None, times: tuple[int, int] = (5, 70), **fields: Any
) -> list[bytes]:
    embeddings = Embeddings([np.array(vector, np.float32) for vector in vectors], usage)
    request = EmbedRequest(**{"model": "m", **fields})
    return list(embed_answer(request, embeddings, sent_ns=times[0], elapsed_ns=times[1]))


def test_the_keys_stand_in_the_order_of_a_real_server() -> None:
    (whole,) = answer([0.6, -0.8], [3, 4], usage=Usage(9, None), model="M <x>:latest")
    assert whole == (
        rb'{"model":"M \u003cx\u003e:latest","embeddings":[[0.6,-0.8],[0.6,0.8]],'
        b'"total_duration":70,"load_duration":5,"prompt_eval_count":9}'
    )


def test_counts_that_the_upstream_did_not_give_are_left_out_and_durations_never() -> None:
    tail = b'{"model":"m","embeddings":[[1]],"total_duration":1,"load_duration":1}'
    assert answer([1], times=(0, 0)) == [tail]
    assert answer([1], times=(0, 0), usage=Usage(0, None)) == [tail]
    assert answer([1], times=(0, 0), usage=Usage(None, None)) == [tail]


def test_vectors_are_cut_to_the_wanted_length_and_made_unit() -> None:
    assert json.loads(answer([3, 4, 12], dimensions=2)[0])["embeddings"] == [[0.6, 0.8]]


def test_a_large_answer_comes_in_pieces_that_are_the_same_bytes() -> None:
    rows = [[float(number), 1.0, 0.5] * 300 for number in range(200)]
    pieces = answer(*rows)
    assert len(pieces) > 3
    assert all(PIECE_BYTES <= len(piece) < PIECE_BYTES + 20_000 for piece in pieces[:-1])
    assert len(json.loads(b"".join(pieces))["embeddings"]) == 200
    singles = [json.loads(answer(row)[0])["embeddings"][0] for row in rows]
    assert json.loads(b"".join(pieces))["embeddings"] == singles


def test_the_old_route_tells_64_bit_numbers_as_the_upstream_sent_them() -> None:
    embeddings = Embeddings([np.array([0.1, 3], np.float32)], Usage(1, None))
    assert embeddings_answer(embeddings) == b'{"embedding":[0.10000000149011612,3]}'


def test_a_request_without_a_text_is_answered_without_vectors_and_numbers() -> None:
    assert embed_load_answer("m") == b'{"model":"m","embeddings":[]}'
    assert EMBEDDINGS_LOAD_ANSWER == b'{"embedding":[]}'
