"""Requests for embeddings as Ollama reads them: values, defaults, and the text of every refusal."""

import json
from typing import Any

import pytest

from translators.errors import RequestError
from translators.ollama_embed_requests import EmbeddingRequest, EmbedRequest, embed_request, embeddings_request
from translators.ollama_fields import FOREVER


def embed(**fields: Any) -> EmbedRequest:
    return embed_request(json.dumps({"model": "m", **fields}).encode())


def embeddings(**fields: Any) -> EmbeddingRequest:
    return embeddings_request(json.dumps({"model": "m", **fields}).encode())


def test_what_is_left_out_has_its_default() -> None:
    request = embed()
    assert (request.inputs, request.truncate, request.dimensions) == ([], True, 0)
    assert (request.keep_alive, request.options) == (None, {})
    assert embeddings().inputs == []


@pytest.mark.parametrize("field", sorted(EmbedRequest.model_fields.keys() - {"model"}))
def test_a_null_field_of_embed_is_an_absent_field(field: str) -> None:
    assert embed(**{field: None}) == embed()


@pytest.mark.parametrize("field", sorted(EmbeddingRequest.model_fields.keys() - {"model"}))
def test_a_null_field_of_embeddings_is_an_absent_field(field: str) -> None:
    assert embeddings(**{field: None}) == embeddings()


@pytest.mark.parametrize(
    ("value", "inputs"),
    [("a", ["a"]), (["a", "b"], ["a", "b"]), ([""], [""]), (["", "b"], ["", "b"]), ("", []), ([], []), (None, [])],
)
def test_the_input_is_a_text_or_a_list_of_texts(value: Any, inputs: list[str]) -> None:
    assert embed(input=value).inputs == inputs


def test_everything_that_can_be_asked_is_read() -> None:
    request = embed(input="a", truncate=False, dimensions=8, keep_alive=-1, options={"num_ctx": 8}, stream=True)
    assert (request.truncate, request.dimensions, request.keep_alive) == (False, 8, FOREVER)
    assert request.options == {"num_ctx": 8}
    old = embeddings(prompt="a", keep_alive="10s", options={"num_ctx": 8}, input="b", truncate=True, dimensions=8)
    assert (old.inputs, old.keep_alive, old.options) == (["a"], 10_000_000_000, {"num_ctx": 8})


def test_the_old_route_cuts_neither_texts_nor_vectors() -> None:
    old = embeddings(prompt="a", truncate=True, dimensions=8)
    assert (old.truncate, old.dimensions) == (False, 0)


EMBED_REFUSALS: list[tuple[Any, int, str]] = [
    (b"", 400, "missing request body"),
    (b'{"model":"m"', 400, "unexpected EOF"),
    ([], 400, "json: cannot unmarshal array into Go value of type api.EmbedRequest"),
    ({"input": "x"}, 404, "model '' not found"),
    ({"model": " ", "input": 1}, 404, "model ' ' not found"),
    ({"model": "a b", "input": 1}, 400, "invalid model name"),
    ({"model": "a:cloud:local"}, 400, 'use either :local or :cloud, not both: "a:cloud:local"'),
    *(
        ({"model": "nope", "input": value}, 400, "invalid input type")
        for value in (1, True, {"a": 1}, ["a", 1], ["a", None], [["a"]], [1, 2])
    ),
    (
        {"model": "m", "dimensions": "8"},
        400,
        "json: cannot unmarshal string into Go struct field EmbedRequest.dimensions of type int",
    ),
    (
        {"model": "m", "dimensions": 1.5},
        400,
        "json: cannot unmarshal number 1.5 into Go struct field EmbedRequest.dimensions of type int",
    ),
    (
        {"model": "m", "truncate": 1},
        400,
        "json: cannot unmarshal number into Go struct field EmbedRequest.truncate of type bool",
    ),
    ({"model": "m", "keep_alive": True}, 400, "Unsupported type: 'bool'"),
]

EMBEDDINGS_REFUSALS: list[tuple[Any, int, str]] = [
    (b"", 400, "missing request body"),
    ({"prompt": "x"}, 400, "model is required"),
    ({"model": "a b", "prompt": "x"}, 400, "invalid model name"),
    (
        {"model": "m", "prompt": ["a"]},
        400,
        "json: cannot unmarshal array into Go struct field EmbeddingRequest.prompt of type string",
    ),
]


@pytest.mark.parametrize(
    ("read", "body", "status", "text"),
    [(embed_request, *row) for row in EMBED_REFUSALS] + [(embeddings_request, *row) for row in EMBEDDINGS_REFUSALS],
)
def test_a_wrong_request_is_refused_in_ollamas_words(read: Any, body: Any, status: int, text: str) -> None:
    with pytest.raises(RequestError) as caught:
        read(body if isinstance(body, bytes) else json.dumps(body).encode())
    assert (caught.value.status, caught.value.message) == (status, text)
