"""Embeddings from upstreams that accept less than OpenAI does: what is asked, what is learned, what the client gets."""

import asyncio
import json
from collections.abc import AsyncGenerator, Callable
from typing import Any

import numpy as np
import pytest
from mitmproxy import http
from mitmproxy.test.tflow import tflow
from mitmproxy.test.tutils import treq

from addon.call import Call, Reply
from addon.catalogue import Catalogue
from addon.embedding import Embedding
from addon.exchange import Exchange
from addon.listing import Listing
from addon.live import LiveResponse
from addon.loaded import Loaded
from addon.upstream import Upstream
from translators.errors import RequestError, UpstreamError
from translators.input_overflow import NOT_CUT, NOT_CUT_FURTHER

type Body = dict[str, Any]
type Answer = Callable[[Body], Body | str]


def texts_of(body: Body) -> list[str]:
    return [body["input"]] if isinstance(body["input"], str) else body["input"]


def vectors(body: Body) -> Body:
    """An answer in which the vector of a text is as long as the text says."""
    data = [{"index": at, "embedding": [3.0, 4.0, float(text)]} for at, text in enumerate(texts_of(body))]
    return {"data": data, "usage": {"prompt_tokens": len(data)}}


class Server:
    """An upstream that answers by this function: a sentence is a refusal."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.asked: list[Body] = []

    async def send(self, call: Call, exchange: Exchange, deadline: float) -> Reply:
        body = json.loads(call.content)
        self.asked.append(body)
        await asyncio.sleep(0)
        answered = self.answer(body)
        if isinstance(answered, str):
            return Reply(400, {}, self._chunks({"error": {"message": answered}}))
        return Reply(200, {}, self._chunks(answered))

    async def close(self) -> None: ...

    @property
    def sizes(self) -> list[int]:
        """How many texts each call had."""
        return [len(texts_of(body)) for body in self.asked]

    async def _chunks(self, answer: Body) -> AsyncGenerator[bytes]:
        yield json.dumps(answer).encode()


class Asker:
    """A client of an Embedding that asks this server."""

    def __init__(self, server: Server, *, remembers: bool = True) -> None:
        catalogue = Catalogue.load(None)
        upstream = Upstream(server, max_retries=0, seconds=60)
        listing = Listing(upstream, catalogue, 10)
        self.embedding = Embedding(upstream, listing, Loaded(catalogue.lookup, 300), remembers=remembers)
        self.notes: list[str] = []
        self.usage: int | None = None

    async def embed(self, *texts: str, **fields: Any) -> list[list[float]]:
        """The vectors of these texts."""
        content = json.dumps({"model": "m", "input": texts, **fields}).encode()
        exchange = Exchange(tflow(req=treq(method=b"POST", path=b"/api/embed", content=content)), "", "")
        answer = await self.embedding.embed(exchange)
        body = json.loads(await whole(answer))
        self.notes = [str(note) for note in exchange.notes]
        self.usage = body.get("prompt_eval_count")
        found: list[list[float]] = body["embeddings"]
        return found


async def whole(answer: http.Response | LiveResponse) -> bytes:
    if isinstance(answer, http.Response):
        return answer.content or b""
    return b"".join([piece async for piece in answer.body])


def ordered(found: list[list[float]]) -> list[int]:
    """The texts, read from their vectors."""
    return [round(number * 5 / np.hypot(first, second)) for first, second, number in found]


def numbered(count: int) -> list[str]:
    return [str(number) for number in range(count)]


async def test_a_number_of_texts_that_was_refused_once_is_not_sent_again() -> None:
    def takes_96(body: Body) -> Body | str:
        count = len(texts_of(body))
        return vectors(body) if count <= 96 else f"total number of texts must be at most 96 - received {count}"

    server = Server(takes_96)
    asker = Asker(server)
    assert ordered(await asker.embed(*numbered(200))) == list(range(200))
    assert server.sizes == [200, 96, 96, 8]
    assert asker.usage == 200
    assert asker.notes == ["input converted: asked again: the upstream takes at most 96 texts at once"]
    server.asked.clear()
    assert ordered(await asker.embed(*numbered(100))) == list(range(100))
    assert server.sizes == [96, 4]
    assert not asker.notes
    server.asked.clear()
    await asker.embed(*numbered(100), model="another")
    assert server.sizes == [100, 96, 4]


async def test_where_exchanges_are_recorded_each_learns_for_itself() -> None:
    server = Server(
        lambda body: vectors(body) if len(texts_of(body)) == 1 else "Too many inputs. The max number of inputs is 1"
    )
    asker = Asker(server, remembers=False)
    for _ in range(2):
        assert ordered(await asker.embed("1", "2")) == [1, 2]
    assert server.sizes == [2, 1, 1, 2, 1, 1]


async def test_tokens_without_numbers_are_halved_until_they_fit() -> None:
    def takes_100_characters(body: Body) -> Body | str:
        fits = sum(map(len, texts_of(body))) <= 100
        return vectors(body) if fits else "Too many tokens overall, split into more batches."

    server = Server(takes_100_characters)
    asker = Asker(server)
    texts = [f"{number:09}" for number in range(64)]
    assert ordered(await asker.embed(*texts)) == list(range(64))
    refused = len(server.asked) - sum(size <= 11 for size in server.sizes)
    assert refused <= 1 + 2 + 4
    server.asked.clear()
    assert ordered(await asker.embed(*texts)) == list(range(64))
    assert max(server.sizes) <= 11


async def test_calls_that_wait_for_others_are_not_made_in_vain() -> None:
    def takes_64(body: Body) -> Body | str:
        count = len(texts_of(body))
        return vectors(body) if count <= 64 else f"input batch size {count} > maximum allowed batch size 64"

    server = Server(takes_64)
    assert ordered(await Asker(server).embed(*numbered(20_000))) == list(range(20_000))
    assert sum(size > 64 for size in server.sizes) == 4
    assert sum(size for size in server.sizes if size <= 64) == 20_000


async def test_a_server_that_never_takes_what_it_says_ends_the_request() -> None:
    def takes_one_less(body: Body) -> Body | str:
        count = len(texts_of(body))
        return f"batch size {count} > maximum allowed batch size {count - 1}" if count > 1 else vectors(body)

    server = Server(takes_one_less)
    with pytest.raises(UpstreamError, match="maximum allowed batch size"):
        await Asker(server).embed(*numbered(2048))
    assert len(server.asked) < 100


async def test_a_server_that_takes_one_string_gets_each_text_alone() -> None:
    server = Server(
        lambda body: vectors(body) if isinstance(body["input"], str) else "body.input: Input should be a valid string"
    )
    asker = Asker(server)
    assert ordered(await asker.embed("3", "1", "2")) == [3, 1, 2]
    assert [body["input"] for body in server.asked] == [["3", "1", "2"], "3", "1", "2"]
    await asker.embed("5", "4")
    assert [body["input"] for body in server.asked[4:]] == ["5", "4"]


async def test_a_server_that_takes_lists_only_gets_a_list_of_one() -> None:
    server = Server(
        lambda body: vectors(body) if isinstance(body["input"], list) else "body.input: Input should be a valid list"
    )
    asker = Asker(server)
    assert ordered(await asker.embed("3")) == [3]
    assert ordered(await asker.embed("4")) == [4]
    assert [body["input"] for body in server.asked] == ["3", ["3"], ["4"]]


async def test_a_server_without_base64_is_asked_without_it_from_then_on() -> None:
    server = Server(
        lambda body: "extra fields not permitted: ['encoding_format']" if "encoding_format" in body else vectors(body)
    )
    asker = Asker(server)
    assert ordered(await asker.embed("3")) == [3]
    assert asker.notes == ["input converted: asked again: the upstream takes no base64"]
    assert ordered(await asker.embed("4")) == [4]
    assert ["encoding_format" in body for body in server.asked] == [True, False, False]


async def test_base64_that_cannot_be_read_is_asked_for_once() -> None:
    def unreadable(body: Body) -> Body:
        return {"data": [{"embedding": "AAAAAAA="}]} if "encoding_format" in body else vectors(body)

    server = Server(unreadable)
    asker = Asker(server)
    assert ordered(await asker.embed("3")) == [3]
    assert ordered(await asker.embed("4")) == [4]
    assert ["encoding_format" in body for body in server.asked] == [True, False, False]


async def test_an_answer_that_cannot_be_read_in_either_form_is_an_error() -> None:
    server = Server(lambda body: {"data": [{"embedding": "AAAAAAA="}]})
    with pytest.raises(UpstreamError, match="which are not 32-bit floats"):
        await Asker(server).embed("3")
    assert len(server.asked) == 2


async def test_dimensions_that_the_server_does_not_know_are_cut_here() -> None:
    server = Server(
        lambda body: "This model does not support specifying dimensions." if "dimensions" in body else vectors(body)
    )
    asker = Asker(server)
    for _ in range(2):
        found = await asker.embed("12", model="text-embedding-3-small", dimensions=2)
        assert found == [pytest.approx([0.6, 0.8])]
        assert asker.notes == ["dimensions converted: the vectors are cut here: the model is not known to take it"]
    assert [body.get("dimensions") for body in server.asked] == [2, None, None]


async def test_dimensions_of_a_wrong_value_are_told_in_the_servers_words() -> None:
    sentence = "Invalid value for 'dimensions' = 2. Must be one of [256, 512]."
    server = Server(lambda body: sentence)
    with pytest.raises(UpstreamError) as caught:
        await Asker(server).embed("1", model="text-embedding-3-small", dimensions=2)
    assert (caught.value.message, len(server.asked)) == (sentence, 1)


async def test_one_text_that_is_more_than_a_request_takes_is_cut() -> None:
    def takes_10_characters(body: Body) -> Body | str:
        count = sum(map(len, texts_of(body)))
        return vectors(body) if count <= 10 else f"Too many tokens in batch. Max is 10 got {count}"

    server = Server(takes_10_characters)
    asker = Asker(server)
    assert ordered(await asker.embed("7", "0" * 40, "8")) == [7, 0, 8]
    assert asker.notes[-1] == "input converted: 1 of 3 texts cut: longer than the model takes"
    with pytest.raises(RequestError, match=NOT_CUT):
        await asker.embed("0" * 40, truncate=False)


async def test_what_cutting_does_not_cure_is_asked_for_four_times() -> None:
    server = Server(lambda body: "Range of input length should be [1, 8192]")
    with pytest.raises(RequestError, match=NOT_CUT_FURTHER):
        await Asker(server).embed("0" * 40)
    assert len(server.asked) == 4


async def test_a_part_that_fails_ends_the_others_and_is_the_one_error() -> None:
    ended: list[str] = []

    class Failing(Server):
        async def send(self, call: Call, exchange: Exchange, deadline: float) -> Reply:
            body = json.loads(call.content)
            self.asked.append(body)
            if len(self.asked) < 4:
                try:
                    await asyncio.Event().wait()
                finally:
                    ended.append(texts_of(body)[0])
            return Reply(400, {}, self._chunks({"error": {"message": "not this one"}}))

    server = Failing(vectors)
    with pytest.raises(UpstreamError, match=r"^not this one$"):
        await Asker(server).embed(*numbered(2048 * 5))
    assert sorted(ended) == ["0", "2048", "4096"]
