"""What `scripts/collect_recordings.py` asks of which models, and what it may cost."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from addon.model_facts import facts_of
from scripts.collecting import NothingAskedError, prices
from scripts.collecting.catalogue import KINDS, ONCE, TAGS, asks_of
from scripts.collecting.kinds import MOST_ANSWER_TOKENS, MOST_V1_TOKENS, Ask
from scripts.collecting.models import LONGEST_FILLED, Model, models_of, representatives
from scripts.collecting.planning import Choice, Plan, check_cost, choose, plan_text, wanted_asks
from scripts.collecting.prices import Estimate, estimate, price_of, rank_of
from translators.options import REASONING_ALLOWANCE

OPENAI = "https://api.openai.com/v1"
HERE = "http://127.0.0.1:9100/v1"
CHAT = ("completion", "tools", "vision")
THINKING = (*CHAT, "thinking")


def model(model_id: str, *capabilities: str, group: str = "", window: int = 128_000, modified: float = 0.0) -> Model:
    return Model(model_id, group, capabilities or CHAT, window, modified)


GPT_4O = model("gpt-4o-mini")
GPT_5 = model("gpt-5-nano", *THINKING)
PRO = model("gpt-5-pro", *THINKING)
COMPLETES = model("gpt-3.5-turbo-instruct", "completion", "insert", window=4_096)
EMBEDS = model("text-embedding-3-small", "embedding", window=8_191)
DOES_ALL = model("unheard-of", *THINKING, "insert", "embedding", window=4_096)


def named(asked: Model) -> dict[str, Ask]:
    return {ask.kind.name: ask for ask in asks_of([asked]) if ask.model}


def one(asked: Model, name: str) -> Ask:
    return named(asked)[name]


def body(ask: Ask) -> dict[str, Any]:
    value = json.loads(ask.content)
    assert isinstance(value, dict)
    return value


def plan(*asks: Ask, base_url: str = OPENAI) -> Plan:
    return Plan(base_url, Path("live"), {ask.digest: ask for ask in asks}, list(asks), 0)


class TestCatalogue:
    """What is asked of whom."""

    def test_each_name_is_there_once(self) -> None:
        assert max(Counter(kind.name for kind in KINDS).values()) == 1

    @pytest.mark.parametrize("asked", [GPT_4O, GPT_5, PRO, COMPLETES, EMBEDS, DOES_ALL], ids=lambda asked: asked.id)
    def test_no_request_takes_the_recording_of_another(self, asked: Model) -> None:
        assert max(Counter(ask.digest for ask in asks_of([asked])).values()) == 1

    def test_each_kind_suits_some_model(self) -> None:
        asked = asks_of([GPT_4O, GPT_5, PRO, COMPLETES, EMBEDS, DOES_ALL])
        assert {ask.kind.name for ask in asked} == {kind.name for kind in KINDS}

    def test_what_names_no_model_is_asked_once(self) -> None:
        asks = list(asks_of([GPT_4O, GPT_5]))
        assert [ask.kind for ask in asks if ask.model is None] == list(ONCE)

    def test_a_model_is_asked_only_what_it_can_do(self) -> None:
        plain = named(model("gpt-3.5-turbo", "completion", window=16_385))
        assert not [name for name in plain if any(word in name for word in ("tool", "think", "image", "embed", "raw"))]
        assert {"chat-stream", "error-too-long"} <= plain.keys()

    def test_a_model_that_embeds_is_asked_nothing_else(self) -> None:
        assert all(name == "show" or "embed" in name for name in named(EMBEDS))

    def test_a_model_that_only_completes_is_not_asked_to_chat(self) -> None:
        asks = named(COMPLETES)
        assert {"generate-suffix", "generate-raw", "v1-completions", "v1-completions-stream"} <= asks.keys()
        assert not [name for name in asks if name.startswith(("chat", "v1-chat", "v1-responses"))]

    def test_a_model_of_the_responses_api_is_not_asked_by_chat_completions(self) -> None:
        asks = named(PRO)
        assert "v1-responses-tool" in asks
        assert not [name for name in asks if "v1-chat" in name]

    def test_tools_go_to_chat_completions_only_where_it_takes_them(self) -> None:
        assert "v1-chat-tool" in named(GPT_5)
        assert "v1-chat-tool" not in named(model("gpt-5.6-luna", *THINKING))

    def test_logprobs_are_asked_of_models_that_tell_them(self) -> None:
        assert "chat-logprobs" in named(GPT_4O)
        assert "chat-logprobs" not in named(GPT_5)

    @pytest.mark.parametrize("asked", [GPT_4O, GPT_5, PRO, COMPLETES], ids=lambda asked: asked.id)
    def test_every_answer_of_text_has_a_limit(self, asked: Model) -> None:
        limits = ("options", "max_tokens", "max_completion_tokens", "max_output_tokens")
        texts = [ask for ask in named(asked).values() if ask.kind.path != "/api/show"]
        assert all(any(name in body(ask) for name in limits) for ask in texts)

    def test_a_limit_is_spelled_as_the_model_takes_it(self) -> None:
        assert body(one(GPT_4O, "v1-chat"))["max_tokens"] == MOST_V1_TOKENS
        assert body(one(GPT_5, "v1-chat"))["max_completion_tokens"] == MOST_V1_TOKENS

    def test_options_of_its_own_keep_the_limit(self) -> None:
        assert body(one(GPT_4O, "chat-stop"))["options"] == {"num_predict": MOST_ANSWER_TOKENS, "stop": ["5"]}
        assert body(one(GPT_4O, "chat-num-predict"))["options"] == {"num_predict": 20}

    def test_a_text_that_is_too_long_is_longer_than_the_window(self) -> None:
        assert len(body(one(EMBEDS, "error-embed-too-long"))["input"].split()) > EMBEDS.context_length

    def test_large_and_unknown_windows_are_not_filled(self) -> None:
        assert "error-too-long" not in named(GPT_4O)
        assert facts_of("unheard-of", "").context_length > LONGEST_FILLED


class TestModels:
    """Which models are asked."""

    def test_the_list_of_models_is_read(self) -> None:
        details = {"family": "gpt", "context_length": 128_000}
        listed = {"model": "gpt-4o:latest", "modified_at": "1970-01-02T00:00:00Z", "capabilities": ["completion"]}
        assert models_of({"models": [{**listed, "details": details}]}) == [
            Model("gpt-4o", "gpt", ("completion",), 128_000, 86_400.0)
        ]

    def chosen(self, *models: Model, base_url: str = OPENAI) -> list[str]:
        return [each.id for each in choose(models, Choice(["*"], False, ["*"]), base_url)]

    def test_the_cheapest_of_a_family_stands_for_it(self) -> None:
        assert self.chosen(model("gpt-4o"), model("gpt-4.1-nano"), model("gpt-4o-mini")) == ["gpt-4.1-nano"]

    def test_families_are_those_of_the_profiles(self) -> None:
        assert self.chosen(model("gpt-4o"), model("gpt-5"), model("o3"), model("gpt-5-mini")) == [
            "gpt-4o",
            "gpt-5-mini",
            "o3",
        ]

    def test_where_prices_are_unknown_a_small_name_then_the_newest_wins(self) -> None:
        large, old, new = (
            model(name, group="x", modified=when) for name, when in (("x-9", 9.0), ("x-1-mini", 1.0), ("x-2-mini", 2.0))
        )
        assert self.chosen(large, old, new, base_url=HERE) == ["x-2-mini"]
        assert self.chosen(large, base_url=HERE) == ["x-9"]

    def test_a_dated_release_or_a_fine_tuned_model_stands_for_nobody_else(self) -> None:
        tuned, dated = model("ft:gpt-4o:acme::x", modified=3.0), model("gpt-4o-2024-08-06", modified=2.0)
        assert self.chosen(tuned, dated, model("gpt-4o", modified=1.0), base_url=HERE) == ["gpt-4o"]

    def test_a_model_without_a_family_is_one(self) -> None:
        assert self.chosen(model("alone"), model("lonely"), base_url=HERE) == ["alone", "lonely"]

    def test_models_that_search_or_speak_are_asked_only_with_all(self) -> None:
        search = model("gpt-4o-search-preview")
        assert choose([search], Choice(["*search*"], True, ["*"]), OPENAI) == [search]
        with pytest.raises(NothingAskedError, match="--all-models; there are: gpt-4o-search-preview"):
            self.chosen(search)

    def test_a_name_that_nobody_has_is_told_with_those_that_there_are(self) -> None:
        with pytest.raises(NothingAskedError, match=r"'gpt-9'.*there are: gpt-4o-mini, gpt-5-nano"):
            choose([GPT_4O, GPT_5], Choice(["gpt-9"], True, ["*"]), OPENAI)

    def test_requests_are_chosen_by_name(self) -> None:
        asks = wanted_asks([GPT_4O], Choice(["*"], False, ["chat-tool*", "tags"]))
        assert [ask.kind.name for ask in asks][:3] == ["tags", "chat-tool", "chat-tool-whole"]
        with pytest.raises(NothingAskedError, match=r"called like 'sing-\*' and suits the models: see --list"):
            wanted_asks([GPT_4O], Choice(["*"], False, ["sing-*"]))

    def test_representatives_need_no_price(self) -> None:
        assert representatives([GPT_4O], lambda asked: rank_of(asked, "")) == [GPT_4O]


class TestPrices:
    """What a run may cost."""

    def test_each_model_has_one_price_and_is_known(self) -> None:
        names = [name for _, _, names in prices.PRICES for name in names.split()]
        assert max(Counter(names).values()) == 1
        assert [name for name in names if not facts_of(name, "openai").found] == []

    @pytest.mark.parametrize(
        ("model_id", "price"),
        [
            ("gpt-4o", (2.5, 10.0)),
            ("gpt-4o-2024-08-06", (2.5, 10.0)),
            ("gpt-4o-2024-05-13", (5.0, 15.0)),
            ("gpt-99", None),
            ("ft:gpt-4o:acme::x", None),
        ],
    )
    def test_a_dated_release_costs_what_its_model_does_but_for_those_with_own_prices(
        self, model_id: str, price: tuple[float, float] | None
    ) -> None:
        assert price_of(model(model_id), "openai") == price

    def test_other_servers_prices_are_unknown(self) -> None:
        assert price_of(GPT_4O, "") is None

    def test_lists_and_refusals_cost_nothing(self) -> None:
        free = [
            Ask(TAGS),
            one(GPT_4O, "show"),
            one(EMBEDS, "error-embed-too-long"),
            one(GPT_4O, "error-v1-no-messages"),
        ]
        assert estimate(free, "") == Estimate(0, 0, 0.0, ())

    def test_an_answer_may_be_as_long_as_its_limit_and_the_room_for_reasoning(self) -> None:
        assert estimate([one(GPT_4O, "chat-stream")], "").written == MOST_ANSWER_TOKENS
        assert estimate([one(GPT_5, "chat-stream")], "").written == MOST_ANSWER_TOKENS + REASONING_ALLOWANCE
        assert estimate([one(GPT_5, "v1-chat")], "").written == MOST_V1_TOKENS
        assert estimate([one(EMBEDS, "embed-batch"), one(EMBEDS, "v1-embeddings")], "").written == 0

    def test_what_is_read_grows_with_pictures_and_ends_at_the_window(self) -> None:
        seen = estimate([one(GPT_4O, "chat-image")], "").read
        assert seen > estimate([one(GPT_4O, "chat-whole")], "").read + 8_000
        assert estimate([one(EMBEDS, "embed-truncated")], "").read == EMBEDS.context_length

    def test_dollars_are_those_of_the_models_whose_price_is_known(self) -> None:
        asks = [one(GPT_4O, "chat-stream"), one(model("gpt-99"), "chat-stream")]
        cost = estimate(asks, "openai")
        assert cost.unpriced == ("gpt-99",)
        assert cost.dollars == pytest.approx((0.15 * cost.read / 2 + 0.6 * cost.written / 2) / 1e6, rel=0.01)

    def test_the_plan_says_what_it_costs_at_most(self) -> None:
        told = plan_text(plan(one(PRO, "chat-stream"), one(PRO, "chat-think")))
        assert "Requests: 2 at https://api.openai.com/v1; recorded already: 0; models: 1." in told
        assert "50,600 written: about $6.09." in told
        assert "room for reasoning" in told

    def test_the_plan_says_whose_prices_are_unknown(self) -> None:
        known, unknown = one(GPT_4O, "chat-stream"), one(model("gpt-99"), "chat-stream")
        assert "about $0.00, and the price is unknown of gpt-99." in plan_text(plan(known, unknown))
        assert "written: the price is unknown of gpt-99." in plan_text(plan(unknown))

    def test_a_limit_of_the_cost_is_kept(self) -> None:
        check_cost(plan(one(PRO, "chat-stream")), 4.0)
        check_cost(plan(one(model("gpt-99"), "chat-stream")), None)
        with pytest.raises(NothingAskedError, match="more than --max-cost 3"):
            check_cost(plan(one(PRO, "chat-stream")), 3.0)

    def test_a_limit_that_cannot_be_kept_stops_the_run(self) -> None:
        with pytest.raises(NothingAskedError, match="prices of some models are unknown"):
            check_cost(plan(one(GPT_4O, "chat-stream"), base_url=HERE), 100.0)
