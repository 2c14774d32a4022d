"""The upstream's names of models, as clients spell them."""

from collections.abc import Mapping

import pytest
from mitmproxy.test import tflow

from addon.catalogue import Catalogue
from addon.exchange import Exchange
from addon.listing import Listing, named
from addon.model_list import ModelList
from addon.upstream import Upstream


class Listed(Upstream):
    """An upstream that does nothing but list these models."""

    def __init__(self, *ids: str) -> None:
        self.ids = ids

    async def models(self, exchange: Exchange, validators: Mapping[str, str] | None = None) -> ModelList:
        return ModelList({"object": "list", "data": [{"id": each, "object": "model"} for each in self.ids]})


def exchange() -> Exchange:
    return Exchange(tflow.tflow(), "", "")


async def listing(*ids: str, seconds: float = 10) -> Listing:
    made = Listing(Listed(*ids), Catalogue.load(None), seconds)
    await made.models(exchange())
    return made


@pytest.mark.parametrize(
    ("asked", "meant"),
    [
        ("qwen3:8b", "Qwen3:8b"),
        ("QWEN3:8B:local", "Qwen3:8b"),
        ("registry.ollama.ai/library/gpt-4o", "gpt-4o"),
        ("GPT-4o:latest", "gpt-4o"),
        ("never-heard-of:latest", "never-heard-of"),
    ],
)
async def test_a_name_means_the_listed_id_that_differs_in_case_only(asked: str, meant: str) -> None:
    assert (await listing("Qwen3:8b", "gpt-4o")).id_of(asked) == meant


@pytest.mark.parametrize("asked", ["gemini-2.5-pro", "models/gemini-2.5-pro", "Models/Gemini-2.5-Pro:latest"])
async def test_a_model_of_gemini_is_found_with_and_without_its_prefix(asked: str) -> None:
    made = await listing("models/gemini-2.5-pro", "gpt-4o")
    assert made.id_of(asked) == "gemini-2.5-pro"
    found = await made.find(asked, exchange())
    assert found is not None
    assert found.id == "gemini-2.5-pro"


@pytest.mark.parametrize("ids", [("Foo", "foo"), ("foo", "Foo")])
async def test_of_two_ids_that_differ_in_case_only_each_is_itself(ids: tuple[str, str]) -> None:
    two = await listing(*ids)
    for asked in ids:
        assert two.id_of(asked) == asked
        found = await two.find(asked, exchange())
        assert found is not None
        assert found.id == asked
    assert two.id_of("FOO") in ids


async def test_where_exchanges_are_recorded_no_name_depends_on_an_earlier_one() -> None:
    assert (await listing("Qwen3:8b", seconds=0)).id_of("qwen3:8b") == "qwen3:8b"


async def test_a_model_that_neither_list_nor_catalogue_knows_is_none() -> None:
    made = await listing("Qwen3:8b")
    assert await made.find("nope", exchange()) is None
    assert named(await made.models(exchange()), "nope") is None
    assert await made.find("gpt-4o", exchange()) is not None  # the catalogue knows it
