"""Embeddings requests for an OpenAI-style server, and its answers as vectors, however they are cut and shaped."""

import base64
import json
import struct
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from translators.errors import OllamaError, UpstreamBroken, UpstreamError
from translators.events import Usage
from translators.ollama_embed_requests import EmbeddingRequest, EmbedRequest
from translators.openai_embeddings_accepted import ANYTHING, Accepted
from translators.openai_embeddings_payload import TranslatedEmbed, embed_request_to_openai
from translators.openai_embeddings_reader import Embeddings, EmbeddingsReader

SMALL = "text-embedding-3-small"


def translated(model: str = SMALL, **fields: Any) -> TranslatedEmbed:
    return embed_request_to_openai(EmbedRequest(**{"model": model, "input": "a", **fields}), model)


def notes(translation: TranslatedEmbed) -> list[str]:
    return [str(note) for note in translation.notes]


def packed(*numbers: float) -> str:
    return base64.b64encode(struct.pack(f"<{len(numbers)}f", *numbers)).decode()


def item(embedding: Any, **fields: Any) -> dict[str, Any]:
    return {"object": "embedding", "embedding": embedding, **fields}


def body(*data: Any, **fields: Any) -> bytes:
    return json.dumps({"object": "list", "data": data, "model": "m", **fields}).encode()


def read(content: bytes, count: int, *, pieces: int = 1 << 20) -> Embeddings:
    reader = EmbeddingsReader(count)
    for start in range(0, len(content), pieces):
        reader.feed(content[start : start + pieces])
    return reader.close()


def vectors(content: bytes, count: int, *, pieces: int = 1 << 20) -> list[list[float]]:
    return [vector.tolist() for vector in read(content, count, pieces=pieces).vectors]


def test_base64_is_asked_for_and_one_text_is_no_list() -> None:
    for request in (EmbedRequest(input="a"), EmbedRequest(input=["a"]), EmbeddingRequest(prompt="a")):
        translation = embed_request_to_openai(request, "m")
        payload = translation.payload(translation.texts, ANYTHING)
        assert payload == {"model": "m", "input": "a", "encoding_format": "base64"}
    assert translated(input=["a", "b"]).payload(["a", "b"], ANYTHING)["input"] == ["a", "b"]


def test_what_an_upstream_refuses_is_not_sent() -> None:
    translation = translated(dimensions=256)
    assert translation.payload(["a"], Accepted(list_only=True))["input"] == ["a"]
    assert "encoding_format" not in translation.payload(["a"], Accepted(refused=frozenset({"encoding_format"})))
    without = Accepted(refused=frozenset({"dimensions"}))
    assert "dimensions" not in translation.payload(["a"], without)
    assert [str(note) for note in translation.notes_for(without)] == [
        "dimensions converted: the vectors are cut here: the model is not known to take it"
    ]
    assert not translation.notes_for(ANYTHING)
    assert not translated().notes_for(without)


@pytest.mark.parametrize("model", [SMALL, f"openai/{SMALL}", f"openrouter/openai/{SMALL}", f"azure/{SMALL}"])
def test_dimensions_go_to_the_models_that_take_them(model: str) -> None:
    translation = translated(model, dimensions=256)
    assert translation.fields["dimensions"] == 256
    assert not translation.notes


@pytest.mark.parametrize("model", ["text-embedding-ada-002", "nomic-embed-text", f"mine/{SMALL}", "gpt-4o"])
def test_other_models_vectors_are_cut_here(model: str) -> None:
    translation = translated(model, dimensions=256)
    assert "dimensions" not in translation.fields
    assert notes(translation) == ["dimensions converted: the vectors are cut here: the model is not known to take it"]


@pytest.mark.parametrize("dimensions", [1536, 5000])
def test_dimensions_that_are_not_fewer_than_the_model_has_are_not_sent(dimensions: int) -> None:
    translation = translated(dimensions=dimensions)
    assert "dimensions" not in translation.fields
    assert notes(translation) == ["dimensions dropped: the model's vectors have 1536 numbers"]
    assert translated("text-embedding-3-large", dimensions=1536).fields["dimensions"] == 1536


@pytest.mark.parametrize("dimensions", [0, -1])
def test_dimensions_of_no_number_are_no_dimensions(dimensions: int) -> None:
    assert translated(dimensions=dimensions) == translated()


def test_options_are_checked_and_dropped() -> None:
    translation = translated(options={"num_ctx": 8, "temperature": 0.5, "foo": 1, "seed": None})
    assert translation.fields == translated().fields
    assert [note.field for note in translation.notes] == ["options.num_ctx", "options.temperature", "options.foo"]
    with pytest.raises(OllamaError, match='option "num_ctx" must be of type integer') as caught:
        translated(options={"num_ctx": "a"})
    assert caught.value.status == 500


def test_an_empty_text_becomes_a_blank_where_openai_would_refuse_it() -> None:
    translation = translated(input=["a", ""])
    assert translation.texts == ["a", " "]
    assert notes(translation) == ["input converted: empty texts to a blank: OpenAI refuses them"]
    assert translated("nomic-embed-text", input=["a", ""]).texts == ["a", ""]


def test_base64_and_lists_are_vectors() -> None:
    content = body(item(packed(0.5, -2), index=0), item([0.25, 1], index=1))
    assert vectors(content, 2) == [[0.5, -2], [0.25, 1]]


@given(st.integers(1, 200))
def test_the_body_may_be_cut_anywhere(pieces: int) -> None:
    data = [item(packed(0.5, -2), index=0), item([0.25, 1], index=1), {"index": 2, "embedding": [7.5]}]
    for indent in (None, 4):
        content = json.dumps({"data": data, "usage": {"prompt_tokens": 3}}, indent=indent).encode()
        found = read(content, 3, pieces=pieces)
        assert [vector.tolist() for vector in found.vectors] == [[0.5, -2], [0.25, 1], [7.5]]
        assert found.usage == Usage(3, None)


def test_vectors_stand_in_the_order_of_their_index() -> None:
    assert vectors(body(item([2], index=1), item([3], index=2), item([1], index=0)), 3) == [[1], [2], [3]]


def test_without_an_index_they_stand_as_they_came() -> None:
    assert vectors(body(item([1]), item([2])), 2) == [[1], [2]]
    assert vectors(body(item([1]), item([2], index=1)), 2) == [[1], [2]]


def test_an_escaped_slash_in_base64_is_a_slash() -> None:
    number = packed(-1.9999999)
    assert "/" in number
    assert vectors(body(item(number)).replace(b"/", rb"\/"), 1) == [[pytest.approx(-2)]]


def test_the_key_in_a_text_is_no_vector() -> None:
    content = body(item([1]), note='the "embedding": [5] of "x"', embedding="none")
    assert vectors(content, 1) == [[1]]


@pytest.mark.parametrize(
    ("usage", "told"),
    [
        ({"prompt_tokens": 3, "total_tokens": 4}, Usage(3, None)),
        ({"total_tokens": 4}, Usage(4, None)),
        ({"prompt_tokens": None, "total_tokens": 4}, Usage(4, None)),
        ({"prompt_tokens": -1}, None),
        ({}, None),
        (None, None),
        ([3], None),
    ],
)
def test_the_tokens_of_the_prompt_are_counted_by_the_upstream(usage: Any, told: Usage | None) -> None:
    assert read(body(item([1]), usage=usage), 1).usage == told


@pytest.mark.parametrize(
    ("content", "count", "text"),
    [
        (b"", 1, "the upstream answered with an empty body"),
        (b"<html>", 1, "the upstream answered with a web page instead of JSON: is its base URL right?"),
        (b'{"data": [{"embedding": [1', 1, """the upstream's answer is not JSON: '{"data": [{"embedding": [1'"""),
        (b"{}", 1, "the upstream's answer has no list of embeddings: is its base URL an OpenAI-style server?"),
        (
            b'{"code": 1001, "msg": "no balance"}',
            1,
            "the upstream's answer has no list of embeddings: no balance",
        ),
        (body(1), 1, "the upstream's answer has a list of something else than embeddings"),
        (body(item([1])), 2, "the upstream answered 1 embeddings for 2 inputs"),
        (body(item([1]), item([1])), 1, "the upstream answered 2 embeddings for 1 inputs"),
        (body(item(None)), 1, "embedding 0 of the upstream's answer is neither a list nor base64"),
        (body(item(0)), 1, "embedding 0 of the upstream's answer is neither a list nor base64"),
        (body({"index": 0}), 1, "embedding 0 of the upstream's answer is neither a list nor base64"),
        (body(item([1], index="0")), 1, "embedding 0 of the upstream's answer is neither a list nor base64"),
        (body(item([1]), item([])), 2, "embedding 1 of the upstream's answer is empty"),
        (body(item(["1"])), 1, "embedding 0 of the upstream's answer holds something else than numbers: str"),
        (body(item("?")), 1, "embedding 0 of the upstream's answer is not base64"),
        (body(item("AAAAAAA=")), 1, "embedding 0 of the upstream's answer has 5 bytes, which are not 32-bit floats"),
        (
            body(item([1], index=1), item([1], index=1)),
            2,
            "the upstream's embeddings have the indexes [1] for 2 inputs",
        ),
        (
            body(item([1], index=1), item([1], index=2)),
            2,
            "the upstream's embeddings have the indexes [1, 2] for 2 inputs",
        ),
    ],
)
def test_what_is_not_the_answer_to_the_request_is_told(content: bytes, count: int, text: str) -> None:
    for pieces in (1, 1 << 20):
        with pytest.raises(UpstreamBroken) as caught:
            read(content, count, pieces=pieces)
        assert (caught.value.status, caught.value.message) == (502, text)


def test_base64_that_cannot_be_read_is_a_fault_of_its_encoding_and_a_list_is_not() -> None:
    for embedding, param in (("?", "encoding_format"), (["1"], "")):
        with pytest.raises(UpstreamBroken) as caught:
            read(body(item(embedding)), 1)
        assert caught.value.param == param


def test_an_error_with_status_200_is_an_error() -> None:
    with pytest.raises(UpstreamError, match="No model is loaded") as caught:
        read(json.dumps({"error": {"message": "No model is loaded", "code": 503}}).encode(), 1)
    assert caught.value.status == 503


@pytest.mark.parametrize("embedding", [[None], [1e39], packed(float("nan")), packed(0.5, float("-inf"))])
def test_what_is_not_finite_is_told_in_ollamas_words(embedding: Any) -> None:
    with pytest.raises(UpstreamError) as caught:
        read(body(item([1]), item(embedding)), 2)
    assert (caught.value.status, caught.value.message) == (400, "embedding contains NaN or Inf values")


def test_nan_in_a_list_is_read_as_not_finite() -> None:
    with pytest.raises(UpstreamError, match="NaN or Inf"):
        read(b'{"data": [{"embedding": [0.5, NaN]}]}', 1)
