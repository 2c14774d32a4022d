"""What upstreams' refusals have taught, model by model."""

import logging

import pytest

from addon.learned import MOST_MODELS, Learned
from translators.lessons import NOTHING, Lessons
from translators.repairs import Repair

NO_SEED = Lessons(repairs={"chat": (Repair("seed", "drop"),)})
NO_STOP = Lessons(repairs={"chat": (Repair("stop", "drop"),)})


def test_nothing_is_known_of_a_model_that_was_never_refused() -> None:
    assert Learned(remembers=True).of("m") == Lessons()


def test_what_a_model_taught_is_known_of_that_model_only() -> None:
    learned = Learned(remembers=True)
    learned.keep("m", NO_SEED, ["seed dropped"])
    assert learned.of("m") == NO_SEED
    assert learned.of("n") is NOTHING


def test_what_two_requests_taught_at_the_same_time_is_known_together() -> None:
    learned = Learned(remembers=True)
    learned.keep("m", NO_SEED, ["seed dropped"])
    learned.keep("m", NO_STOP, ["stop dropped"])
    assert learned.of("m").repairs == {"chat": (Repair("seed", "drop"), Repair("stop", "drop"))}


def test_nothing_is_kept_where_no_exchange_may_depend_on_another(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    learned = Learned(remembers=False)
    learned.keep("m", NO_SEED, ["seed dropped"])
    assert learned.of("m") is NOTHING
    assert "seed dropped" in caplog.text


def test_what_is_true_of_one_request_is_neither_kept_nor_told(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    learned = Learned(remembers=True)
    no_room = Repair("max_tokens", "drop", once=True)
    learned.keep("m", Lessons(repairs={"chat": (no_room,)}, formats_once=frozenset({"strict"})), ["max_tokens dropped"])
    assert learned.of("m") == NOTHING
    assert caplog.records == []


def test_what_is_learned_is_told_once_with_the_model(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    Learned(remembers=True).keep("gpt-x", NO_SEED | NO_STOP, ["seed dropped", "stop dropped"])
    (record,) = caplog.records
    assert record.levelno == logging.INFO
    assert record.getMessage() == (
        "gpt-x: the upstream refused a request until it was changed: seed dropped; stop dropped"
    )


def test_what_other_requests_taught_meanwhile_is_not_told_again(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    learned = Learned(remembers=True)
    learned.keep("m", NO_SEED, ["seed dropped"])
    learned.keep("m", NO_SEED, ["seed dropped"])
    assert [record.getMessage().rpartition(": ")[2] for record in caplog.records] == ["seed dropped"]
    learned.keep("m", NO_SEED | NO_STOP, ["stop dropped"])
    assert [record.getMessage().rpartition(": ")[2] for record in caplog.records] == ["seed dropped", "stop dropped"]


def test_the_model_that_taught_nothing_for_the_longest_time_is_forgotten_first() -> None:
    learned = Learned(remembers=True)
    for number in range(MOST_MODELS):
        learned.keep(f"m{number}", NO_SEED, ["seed dropped"])
    learned.keep("m0", NO_STOP, ["stop dropped"])
    assert learned.of("m1") == NO_SEED
    learned.keep("one more", NO_SEED, ["seed dropped"])
    assert learned.of("m1") is NOTHING
    assert learned.of("m2") == NO_SEED
    assert learned.of("m0") == NO_SEED | NO_STOP
