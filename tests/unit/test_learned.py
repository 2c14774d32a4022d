"""What upstreams' refusals have taught, model by model."""

import logging

import pytest

from addon.generation import MOST_MODELS
from addon.learned import Learned, keep_lessons
from translators.lessons import NOTHING, Lessons
from translators.repairs import Repair

NO_SEED = Lessons(repairs={"chat": (Repair("seed", "drop"),)})
NO_STOP = Lessons(repairs={"chat": (Repair("stop", "drop"),)})


def remembering() -> Learned[Lessons]:
    return Learned(NOTHING, most=MOST_MODELS, remembers=True)


def test_nothing_is_known_of_a_model_that_was_never_refused() -> None:
    assert remembering().of("m") == Lessons()


def test_what_a_model_taught_is_known_of_that_model_only() -> None:
    learned = remembering()
    keep_lessons(learned, "m", NO_SEED, ["seed dropped"])
    assert learned.of("m") == NO_SEED
    assert learned.of("n") is NOTHING


def test_what_two_requests_taught_at_the_same_time_is_known_together() -> None:
    learned = remembering()
    keep_lessons(learned, "m", NO_SEED, ["seed dropped"])
    keep_lessons(learned, "m", NO_STOP, ["stop dropped"])
    assert learned.of("m").repairs == {"chat": (Repair("seed", "drop"), Repair("stop", "drop"))}


def test_nothing_is_kept_where_no_exchange_may_depend_on_another(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    learned = Learned(NOTHING, most=MOST_MODELS, remembers=False)
    keep_lessons(learned, "m", NO_SEED, ["seed dropped"])
    assert learned.of("m") is NOTHING
    assert "seed dropped" in caplog.text


def test_what_is_true_of_one_request_is_neither_kept_nor_told(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    learned = remembering()
    no_room = Repair("max_tokens", "drop", once=True)
    keep_lessons(
        learned, "m", Lessons(repairs={"chat": (no_room,)}, formats_once=frozenset({"strict"})), ["max_tokens dropped"]
    )
    assert learned.of("m") == NOTHING
    assert caplog.records == []


def test_what_is_learned_is_told_once_with_the_model(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    keep_lessons(remembering(), "gpt-x", NO_SEED | NO_STOP, ["seed dropped", "stop dropped"])
    (record,) = caplog.records
    assert record.levelno == logging.INFO
    assert record.getMessage() == (
        "gpt-x: the upstream refused a request until it was changed: seed dropped; stop dropped"
    )


def test_what_other_requests_taught_meanwhile_is_not_told_again(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    learned = remembering()
    keep_lessons(learned, "m", NO_SEED, ["seed dropped"])
    keep_lessons(learned, "m", NO_SEED, ["seed dropped"])
    assert [record.getMessage().rpartition(": ")[2] for record in caplog.records] == ["seed dropped"]
    keep_lessons(learned, "m", NO_SEED | NO_STOP, ["stop dropped"])
    assert [record.getMessage().rpartition(": ")[2] for record in caplog.records] == ["seed dropped", "stop dropped"]


def test_the_model_that_taught_nothing_for_the_longest_time_is_forgotten_first() -> None:
    learned = remembering()
    for number in range(MOST_MODELS):
        keep_lessons(learned, f"m{number}", NO_SEED, ["seed dropped"])
    keep_lessons(learned, "m0", NO_STOP, ["stop dropped"])
    assert learned.of("m1") == NO_SEED
    keep_lessons(learned, "one more", NO_SEED, ["seed dropped"])
    assert learned.of("m1") is NOTHING
    assert learned.of("m2") == NO_SEED
    assert learned.of("m0") == NO_SEED | NO_STOP
