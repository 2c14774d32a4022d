"""What `/api/ps` shows: the models that a real server would have in memory."""

import asyncio
import json
from datetime import datetime
from typing import Any

import ollama
import pytest
from mitmproxy.test import tflow

from addon.catalogue import Catalogue
from addon.exchange import Exchange
from addon.loaded import MOST_MODELS, Loaded
from translators.durations import LONGEST, NANOSECONDS
from translators.ollama_fields import FOREVER
from translators.ollama_models import Model, digest_of, ps_body, tags_entry

NOW = 1_767_213_719 * NANOSECONDS + 123_456_789
PS_KEYS = ["name", "model", "size", "digest", "details", "expires_at", "size_vram", "context_length"]

lookup = Catalogue.load(None).lookup


class Clock:
    """Nanoseconds since the epoch that pass when the test says so."""

    def __init__(self) -> None:
        self.now_ns = NOW

    def __call__(self) -> int:
        return self.now_ns

    def forward(self, seconds: float) -> None:
        self.now_ns += int(seconds * NANOSECONDS)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def loaded(clock: Clock) -> Loaded:
    return Loaded(lookup, 300 * NANOSECONDS, clock)


def listed(loaded: Loaded) -> list[dict[str, Any]]:
    response = asyncio.run(loaded.ps(Exchange(tflow.tflow(), "", "")))
    body: dict[str, list[dict[str, Any]]] = json.loads(response.raw_content or b"")
    return body["models"]


def names(loaded: Loaded) -> list[str]:
    return [entry["name"] for entry in listed(loaded)]


def seconds_left(loaded: Loaded, clock: Clock) -> list[float]:
    stamps = [datetime.fromisoformat(entry["expires_at"]).timestamp() for entry in listed(loaded)]
    return [round(stamp - clock.now_ns / NANOSECONDS, 3) for stamp in stamps]


def test_at_first_nothing_is_loaded(loaded: Loaded) -> None:
    assert listed(loaded) == []
    assert ps_body([]) == b'{"models":[]}'


def test_an_entry_has_the_keys_of_a_real_server_and_says_what_tags_says(loaded: Loaded) -> None:
    loaded.note("gpt-4o", None)
    (entry,) = listed(loaded)
    tag = tags_entry(lookup("gpt-4o").model("gpt-4o"))
    assert list(entry) == PS_KEYS
    assert all(entry[key] == tag[key] for key in ("name", "model", "size", "digest"))
    assert entry["details"].items() <= tag["details"].items()
    assert (entry["digest"], entry["size_vram"], entry["context_length"]) == (digest_of("gpt-4o"), 0, 128_000)
    assert entry["expires_at"] == "2025-12-31T20:46:59.123456789Z"
    assert ollama.ProcessResponse(models=[ollama.ProcessResponse.Model(**entry)]).models[0].name == "gpt-4o:latest"


@pytest.mark.parametrize(
    ("keep_alive", "seconds"), [(None, 300), (NANOSECONDS, 1), (3600 * NANOSECONDS, 3600), (LONGEST, LONGEST / 1e9)]
)
def test_a_model_stays_for_its_keep_alive(loaded: Loaded, clock: Clock, keep_alive: int | None, seconds: float) -> None:
    loaded.note("m", keep_alive)
    assert seconds_left(loaded, clock) == [pytest.approx(seconds)]
    clock.forward(seconds)
    assert names(loaded) == []


def test_forever_is_292_years(loaded: Loaded, clock: Clock) -> None:
    loaded.note("m", FOREVER)
    assert listed(loaded)[0]["expires_at"].startswith("2318-")
    clock.forward(200 * 365 * 86400)
    assert names(loaded) == ["m:latest"]


def test_a_keep_alive_of_zero_unloads(loaded: Loaded) -> None:
    loaded.note("m", None)
    loaded.note("m", 0)
    assert names(loaded) == []


def test_a_keep_alive_is_kept_until_another_is_asked(loaded: Loaded, clock: Clock) -> None:
    loaded.note("m", 20 * NANOSECONDS)
    clock.forward(15)
    loaded.note("m", None)
    assert seconds_left(loaded, clock) == [20]


def test_a_model_that_was_unloaded_begins_anew(loaded: Loaded, clock: Clock) -> None:
    loaded.note("m", 20 * NANOSECONDS)
    clock.forward(21)
    loaded.note("m", None)
    assert seconds_left(loaded, clock) == [300]


def test_a_model_in_use_does_not_expire_and_its_time_begins_when_the_answer_ends(loaded: Loaded, clock: Clock) -> None:
    with loaded.use("m", NANOSECONDS):
        clock.forward(60)
        assert seconds_left(loaded, clock) == [1]
    clock.forward(0.5)
    assert seconds_left(loaded, clock) == [0.5]


def test_a_model_is_in_use_until_the_last_of_its_answers_ends(loaded: Loaded, clock: Clock) -> None:
    with loaded.use("m", 0):
        with loaded.use("m", 0):
            pass
        assert names(loaded) == ["m:latest"]
    assert names(loaded) == []


def test_an_answer_that_fails_ends_too(loaded: Loaded) -> None:
    with pytest.raises(ZeroDivisionError), loaded.use("m", 0):
        raise ZeroDivisionError
    assert names(loaded) == []


def test_what_expires_last_stands_first_and_of_one_second_by_name() -> None:
    entries = [(Model(name, 1, ()), NOW + late) for name, late in (("c", 0), ("b", 5), ("d", NANOSECONDS), ("a", 0))]
    assert [entry["name"] for entry in json.loads(ps_body(entries))["models"]] == [
        "d:latest",
        "a:latest",
        "b:latest",
        "c:latest",
    ]


def test_a_hundred_models_are_remembered_and_those_that_expire_first_are_not(loaded: Loaded) -> None:
    for number in range(MOST_MODELS + 5):
        loaded.note(f"m{number}", (1000 - number) * NANOSECONDS)
    loaded.note("forever", FOREVER)
    assert len(names(loaded)) == MOST_MODELS
    assert names(loaded)[:2] == ["forever:latest", "m0:latest"]
    assert f"m{MOST_MODELS - 1}:latest" not in names(loaded)
