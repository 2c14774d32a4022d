"""How long an upstream's model list is believed, and how another is asked for."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web
from mitmproxy.test.tflow import tflow
from multidict import CIMultiDict

from addon.catalogue import Catalogue
from addon.exchange import Exchange
from addon.http_transport import HttpTransport
from addon.listing import Listing
from addon.model_list import LONGEST_SECONDS, good_seconds, validators_of
from addon.settings import settings_from
from addon.upstream import Upstream
from tests.setting_sources import options, outside
from translators.errors import UpstreamError

AT_ONCE = 1e-9
"""Seconds that are over when they have begun."""

LIST = {"object": "list", "data": [{"id": "gpt-4o", "object": "model"}]}


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, 0),
        ({"Cache-Control": "max-age=60"}, 60),
        ({"Cache-Control": 'public,Max-Age="60", stale-while-revalidate=3600'}, 60),
        ({"Cache-Control": "s-maxage=60"}, 0),  # for caches that many share
        ({"Cache-Control": "public, max-age=300", "Age": "290"}, 10),  # as OpenRouter's edge answers
        ({"Cache-Control": "max-age=60", "Age": "61"}, 0),
        ({"Cache-Control": "max-age=60", "Age": "soon"}, 60),
        ({"Cache-Control": "max-age=86400"}, LONGEST_SECONDS),
        ({"Cache-Control": "max-age=" + "9" * 5000}, LONGEST_SECONDS),
        ({"Cache-Control": "private, no-store, max-age=60"}, 0),
        ({"Cache-Control": "no-cache, max-age=60"}, 0),
        ({"Cache-Control": "max-age=0"}, 0),
        ({"Cache-Control": "max-age=-1"}, 0),
        ({"Cache-Control": "max-age=x"}, 0),
    ],
)
def test_a_list_is_good_for_as_long_as_its_server_says_within_bounds(headers: dict[str, str], seconds: float) -> None:
    assert good_seconds(CIMultiDict(headers)) == seconds


def test_a_changed_list_is_asked_for_by_the_version_of_the_last() -> None:
    headers = CIMultiDict({"ETag": 'W/"1"', "Last-Modified": "Wed, 06 May 2026 17:38:41 GMT", "Date": "x"})
    assert validators_of(headers) == {
        "If-None-Match": 'W/"1"',
        "If-Modified-Since": "Wed, 06 May 2026 17:38:41 GMT",
    }
    assert validators_of({}) == {}
    assert validators_of({"etag": '"1"', "cache-control": "no-store"}) == {}


class Server:
    """Answers `GET /models` with what it is told, and remembers how it was asked."""

    def __init__(self) -> None:
        self.answers: list[web.Response] = []
        self.asked: list[str] = []

    async def answer(self, request: web.Request) -> web.Response:
        self.asked.append(request.headers.get("If-None-Match", ""))
        return self.answers.pop(0)

    @asynccontextmanager
    async def listing(self, seconds: float, models: Path | None = None) -> AsyncIterator[Listing]:
        """The models of this server, of which a list is good for that long at least."""
        app = web.Application()
        app.router.add_get("/v1/models", self.answer)
        runner = web.AppRunner(app)
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            base_url = f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
            transport = HttpTransport(settings_from(options(ollama_base_url=base_url), outside("")))
            try:
                yield Listing(Upstream(transport, max_retries=0, seconds=30), Catalogue.load(models), seconds)
            finally:
                await transport.close()
        finally:
            await runner.cleanup()


def exchange() -> Exchange:
    return Exchange(tflow(), "", "")


async def names(listing: Listing) -> list[str]:
    return [model.id for model in await listing.models(exchange())]


async def test_a_list_that_has_not_changed_is_not_sent_again() -> None:
    server = Server()
    other = {"data": [{"id": "o3"}]}
    server.answers = [
        web.json_response(LIST, headers={"ETag": '"1"'}),
        web.Response(status=304),
        web.Response(status=304, headers={"ETag": '"2"'}),
        web.json_response(other),
        web.json_response(LIST),
    ]
    async with server.listing(AT_ONCE) as listing:
        assert [await names(listing) for _ in range(5)] == [["gpt-4o"]] * 3 + [["o3"], ["gpt-4o"]]
        assert listing.id_of("GPT-4O") == "gpt-4o"
    assert server.asked == ["", '"1"', '"1"', '"2"', ""]


async def test_a_list_is_asked_for_again_when_its_time_is_over_and_not_before() -> None:
    server = Server()
    server.answers = [web.json_response(LIST), web.json_response(LIST, headers={"Cache-Control": "max-age=60"})]
    async with server.listing(AT_ONCE) as listing:
        for _ in range(5):
            assert await names(listing) == ["gpt-4o"]
    assert len(server.asked) == 2


async def test_where_exchanges_are_recorded_each_asks_for_the_whole_list() -> None:
    server = Server()
    headers = {"ETag": '"1"', "Cache-Control": "max-age=60"}
    server.answers = [web.json_response(LIST, headers=headers) for _ in range(3)]
    async with server.listing(0) as listing:
        for _ in range(3):
            assert await names(listing) == ["gpt-4o"]
    assert server.asked == ["", "", ""]


async def test_an_answer_that_nothing_has_changed_to_who_has_nothing_is_an_error() -> None:
    server = Server()
    server.answers = [web.Response(status=304)]
    async with server.listing(AT_ONCE) as listing:
        with pytest.raises(UpstreamError, match="304 Not Modified"):
            await names(listing)


async def test_a_list_that_cannot_be_had_any_more_is_an_error_and_not_the_old_list() -> None:
    server = Server()
    server.answers = [web.json_response(LIST), web.Response(status=401), web.json_response(LIST)]
    async with server.listing(AT_ONCE) as listing:
        assert await names(listing) == ["gpt-4o"]
        with pytest.raises(UpstreamError, match="401"):
            await names(listing)
        assert await names(listing) == ["gpt-4o"]


@pytest.mark.parametrize("status", [404, 405, 501])
async def test_where_there_is_no_list_the_user_s_models_are_listed(status: int, tmp_path: Path) -> None:
    models = tmp_path / "models.toml"
    models.write_text('[models.prod]\nbase_model = "gpt-4o"\n[models."dev-*"]\n[models.old]\nhidden = true', "utf-8")
    server = Server()
    server.answers = [web.Response(status=status)]
    async with server.listing(AT_ONCE, models) as listing:
        assert await names(listing) == ["prod"]
        found = await listing.find("prod", exchange())
    assert found is not None
    assert found.context_length == 128_000


@pytest.mark.parametrize("status", [404, 405, 501])
async def test_where_there_is_no_list_and_the_user_names_no_model_the_error_says_how(status: int) -> None:
    server = Server()
    server.answers = [web.Response(status=status)]
    async with server.listing(AT_ONCE) as listing:
        with pytest.raises(UpstreamError, match=str(status)) as caught:
            await names(listing)
    assert caught.value.message.endswith("; if it has no list, name its models in a models.toml (ollama_models)")


async def test_an_upstream_that_refuses_is_no_upstream_without_a_list(tmp_path: Path) -> None:
    models = tmp_path / "models.toml"
    models.write_text("[models.prod]", "utf-8")
    server = Server()
    server.answers = [web.Response(status=403)]
    async with server.listing(AT_ONCE, models) as listing:
        with pytest.raises(UpstreamError, match="403"):
            await names(listing)
