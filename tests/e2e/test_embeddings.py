"""Embeddings and `/api/ps` through the real `ollama` package, and byte by byte where bytes are what clients see."""

import math
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import ollama
import pytest

from tests.process import Process
from tests.upstream import Upstream

SMALL, LARGE = "text-embedding-3-small", "text-embedding-3-large"
LONG = "many words " * 5000


@pytest.fixture
def raw(proxy: Process) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=proxy.url, trust_env=False, timeout=60) as client:
        yield client


def test_one_text_and_several_have_a_unit_vector_each(client: ollama.Client) -> None:
    one = client.embed(SMALL, "hello there")
    several = client.embed(SMALL, ["hello there", "world"])
    assert [len(vector) for vector in several.embeddings] == [1536, 1536]
    assert several.embeddings[0] == one.embeddings[0]
    assert all(math.hypot(*vector) == pytest.approx(1, abs=1e-6) for vector in several.embeddings)
    assert (one.model, one.prompt_eval_count, several.prompt_eval_count) == (SMALL, 2, 3)
    assert one.total_duration
    assert one.load_duration


def test_fewer_dimensions_are_the_beginning_of_the_vector(client: ollama.Client, upstream: Upstream) -> None:
    whole = client.embed(SMALL, "cut me").embeddings[0]
    short = client.embed(SMALL, "cut me", dimensions=64).embeddings[0]
    assert short == pytest.approx([number / math.hypot(*whole[:64]) for number in whole[:64]], abs=1e-6)
    assert len(client.embed(LARGE, "cut me", dimensions=5000).embeddings[0]) == 3072
    asked = [(each.json["encoding_format"], each.json.get("dimensions")) for each in upstream.requests_with("cut me")]
    assert asked == [("base64", None), ("base64", 64), ("base64", None)]


def test_a_small_answer_has_its_length_and_the_keys_of_a_real_server(raw: httpx.Client) -> None:
    answer = raw.post("/api/embed", json={"model": f"{SMALL}:latest", "input": "hi", "dimensions": 3})
    assert answer.headers["content-type"] == "application/json; charset=utf-8"
    assert int(answer.headers["content-length"]) == len(answer.content)
    assert list(answer.json()) == ["model", "embeddings", "total_duration", "load_duration", "prompt_eval_count"]
    assert answer.json()["model"] == f"{SMALL}:latest"


def test_a_large_answer_comes_in_pieces_and_is_whole(raw: httpx.Client) -> None:
    answer = raw.post("/api/embed", json={"model": SMALL, "input": [f"text {number}" for number in range(100)]})
    assert answer.headers["transfer-encoding"] == "chunked"
    assert answer.json()["prompt_eval_count"] == 200
    assert [len(vector) for vector in answer.json()["embeddings"]] == [1536] * 100


def test_more_texts_than_the_upstream_takes_at_once_are_asked_for_in_parts(
    raw: httpx.Client, upstream: Upstream
) -> None:
    texts = [f"many-{number}" for number in range(4100)]
    answer = raw.post("/api/embed", json={"model": SMALL, "input": texts, "dimensions": 4}).json()
    sizes = [len(each.json["input"]) for each in upstream.requests_with("many-") if each.path.endswith("/embeddings")]
    assert sorted(sizes) == [4, 2048, 2048]
    assert answer["prompt_eval_count"] == 4100
    for place in (0, 2047, 2048, 4095, 4096, 4099):
        alone = raw.post("/api/embed", json={"model": SMALL, "input": texts[place], "dimensions": 4}).json()
        assert answer["embeddings"][place] == alone["embeddings"][0]


def test_texts_that_have_too_many_tokens_together_are_asked_for_as_far_as_there_is_room(
    raw: httpx.Client, upstream: Upstream
) -> None:
    texts = [f"heavy-{number} " + "word " * 7000 for number in range(50)]
    answer = raw.post("/api/embed", json={"model": SMALL, "input": texts, "dimensions": 4}).json()
    asked = upstream.requests_with("heavy-")
    assert sorted(len(each.json["input"]) for each in asked) == [8, 42, 50]
    assert len(answer["embeddings"]) == 50
    alone = raw.post("/api/embed", json={"model": SMALL, "input": texts[30], "dimensions": 4}).json()
    assert answer["embeddings"][30] == alone["embeddings"][0]


def test_a_part_that_fails_fails_the_request(raw: httpx.Client) -> None:
    texts = [*(f"part-{number}" for number in range(2100)), "[[fault:500-forever]]"]
    answer = raw.post("/api/embed", json={"model": SMALL, "input": texts})
    assert (answer.status_code, list(answer.json())) == (500, ["error"])


def test_a_part_that_is_put_off_is_asked_for_again_and_the_others_are_not(
    raw: httpx.Client, upstream: Upstream
) -> None:
    texts = [*(f"busy-{number}" for number in range(4096)), "busy-4096 [[fault:429-once:embed-busy]]", "busy-4097"]
    answer = raw.post("/api/embed", json={"model": SMALL, "input": texts, "dimensions": 4}).json()
    calls = [each.json["input"] for each in upstream.requests_with("busy-") if each.path.endswith("/embeddings")]
    assert sorted(map(len, calls)) == [2, 2, 2048, 2048]
    assert len(answer["embeddings"]) == 4098
    alone = raw.post("/api/embed", json={"model": SMALL, "input": texts[4097], "dimensions": 4}).json()
    assert answer["embeddings"][4097] == alone["embeddings"][0]


def test_a_conversation_goes_on_while_many_texts_are_embedded(client: ollama.Client, upstream: Upstream) -> None:
    texts = [f"beside-{number} [[gate-head:embed-beside]]" for number in range(20_000)]
    question = {"role": "user", "content": "one two three four five six seven eight [[gate:chat-beside]]"}
    with ThreadPoolExecutor(1) as pool:
        embedding = pool.submit(client.embed, SMALL, texts, dimensions=4)
        for part in range(4):
            upstream.wait_received(f"beside-{part * 2048} ")
        upstream.release("chat-beside")
        stream = client.chat("gpt-4o", [question], stream=True)
        assert next(stream).message.content
        for part in range(4, 10):  # each is asked for when the answer to another is read, and then a token comes
            upstream.release("embed-beside")
            upstream.wait_received(f"beside-{part * 2048} ")
            upstream.release("chat-beside")
            assert next(stream).message.content
            assert not embedding.done()
        upstream.release("embed-beside", 4)
        assert len(embedding.result(60).embeddings) == 20_000
    upstream.release("chat-beside", 50)
    assert list(stream)[-1].done


@pytest.mark.parametrize("value", ["", [], None])
def test_without_a_text_no_embedding_is_asked_for(raw: httpx.Client, upstream: Upstream, value: Any) -> None:
    asked = [received for received in upstream.requests if received.path.endswith("/embeddings")]
    answer = raw.post("/api/embed", json={"model": SMALL, "input": value})
    assert (answer.status_code, answer.text) == (200, f'{{"model":"{SMALL}","embeddings":[]}}')
    answer = raw.post("/api/embeddings", json={"model": SMALL, "prompt": value or ""})
    assert (answer.status_code, answer.text) == (200, '{"embedding":[]}')
    assert asked == [received for received in upstream.requests if received.path.endswith("/embeddings")]


def test_an_empty_text_in_a_list_has_a_vector(client: ollama.Client) -> None:
    assert len(client.embed(SMALL, ["", "a"]).embeddings) == 2


def test_the_old_route_has_one_vector_and_nothing_else(raw: httpx.Client) -> None:
    vector = raw.post("/api/embed", json={"model": SMALL, "input": "hello"}).json()["embeddings"][0]
    answer = raw.post("/api/embeddings", json={"model": SMALL, "prompt": "hello"})
    assert list(answer.json()) == ["embedding"]
    assert answer.json()["embedding"] == pytest.approx(vector, abs=1e-8)


def test_the_old_route_is_known_to_the_package(client: ollama.Client) -> None:
    assert len(client.embeddings(SMALL, "hello").embedding) == 1536


@pytest.mark.parametrize("truncate", [True, None])
def test_texts_that_are_too_long_are_cut(client: ollama.Client, truncate: bool | None) -> None:
    answer = client.embed(SMALL, ["short", LONG, LONG, LONG, LONG, LONG], truncate=truncate)
    assert len(answer.embeddings) == 6
    assert answer.embeddings[1] == answer.embeddings[5] != answer.embeddings[0]


@pytest.mark.parametrize(
    ("path", "body", "status", "text"),
    [
        ("embed", {"input": ["a", LONG], "truncate": False}, 400, "the input length exceeds the context length"),
        ("embeddings", {"prompt": LONG}, 500, "the input length exceeds the context length"),
        ("embed", {"model": "nope", "input": "x"}, 404, 'model "nope" not found, try pulling it first'),
        ("embeddings", {"model": "nope", "prompt": "x"}, 404, 'model "nope" not found, try pulling it first'),
        ("embed", {"input": "x", "options": {"num_ctx": "a"}}, 500, 'option "num_ctx" must be of type integer'),
        ("embed", {"input": 1}, 400, "invalid input type"),
        ("embed", {"model": "gpt-4o", "input": "x"}, 403, "You are not allowed to generate embeddings from this model"),
        (
            "embeddings",
            {"model": "gpt-4o", "prompt": "x"},
            500,
            "You are not allowed to generate embeddings from this model",
        ),
        ("embed", {"input": "[[fault:html-200]]"}, 502, "a web page instead of JSON"),
        ("embed", {"input": "[[fault:empty-200]]"}, 502, "empty body"),
    ],
)
def test_errors_have_ollamas_status_and_words(
    raw: httpx.Client, path: str, body: dict[str, Any], status: int, text: str
) -> None:
    answer = raw.post(f"/api/{path}", json={"model": SMALL, **body})
    assert list(answer.json()) == ["error"]
    assert text in answer.json()["error"]
    assert answer.status_code == status


def test_ps_shows_what_was_used_and_for_how_long(client: ollama.Client) -> None:
    client.embed(SMALL, "used", keep_alive=3600)
    client.embed(LARGE, "used for ever", keep_alive=-1)
    models = {model.name: model for model in client.ps().models}
    forever, hour = models[f"{LARGE}:latest"], models[f"{SMALL}:latest"]
    assert forever.expires_at is not None
    assert hour.expires_at is not None
    assert (forever.expires_at - hour.expires_at).days > 290 * 365
    assert [name for name in models if name in (forever.name, hour.name)] == [forever.name, hour.name]
    client.embed(LARGE, "", keep_alive=0)
    assert f"{LARGE}:latest" not in [model.name for model in client.ps().models]
