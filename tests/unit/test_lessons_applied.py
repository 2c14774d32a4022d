"""How requests are shaped by what refusals have taught."""

import json
from dataclasses import replace
from typing import Any

import pytest

from translators.lessons import NOTHING, Lessons
from translators.profiles import ALL_FORMATS, DEFAULT, REASONER, Dialect, profile_for
from translators.repairs import Repair

type Json = dict[str, Any]

BODY: Json = {"model": "m", "messages": [{"role": "user", "content": "Hi"}], "seed": 7, "max_tokens": 5}
NO_SEED = Repair("seed", "drop")
NO_STOP = Repair("stop", "drop")
RENAMED = Repair("max_tokens", "rename", "max_completion_tokens")


# --- applying -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("repair", "changed", "told"),
    [
        (NO_SEED, {"max_tokens": 5}, "seed dropped: the upstream refused it"),
        (
            RENAMED,
            {"seed": 7, "max_completion_tokens": 5},
            "max_tokens renamed: max_completion_tokens: the upstream refused it",
        ),
        (
            Repair("max_tokens", "at_least", 16),
            {"seed": 7, "max_tokens": 16},
            "max_tokens converted: at least 16: the upstream refused it",
        ),
        (
            Repair("max_tokens", "at_most", 4),
            {"seed": 7, "max_tokens": 4},
            "max_tokens converted: at most 4: the upstream refused it",
        ),
        (
            Repair("seed", "set", 1),
            {"seed": 1, "max_tokens": 5},
            "seed converted: 1: the upstream refused it",
        ),
        (
            Repair("seed", "set", "x"),
            {"seed": "x", "max_tokens": 5},
            "seed converted: 'x': the upstream refused it",
        ),
    ],
)
def test_a_repair_changes_a_request_and_is_told(repair: Repair, changed: Json, told: str) -> None:
    lessons = Lessons(repairs={"chat": (repair,)})
    rest = {"model": BODY["model"], "messages": BODY["messages"]}
    before = json.dumps(BODY)
    body, notes = lessons.apply(BODY, "chat")
    assert (body, [str(note) for note in notes]) == ({**rest, **changed}, [told])
    assert json.dumps(BODY) == before


def test_repairs_are_applied_one_after_the_other() -> None:
    lessons = Lessons(repairs={"chat": (RENAMED, Repair("max_completion_tokens", "at_least", 16), NO_SEED)})
    body, notes = lessons.apply(BODY, "chat")
    assert body == {"model": "m", "messages": BODY["messages"], "max_completion_tokens": 16}
    assert [note.field for note in notes] == ["max_tokens", "max_completion_tokens", "seed"]


def test_a_repair_that_has_nothing_to_change_is_not_told() -> None:
    lessons = Lessons(repairs={"chat": (NO_STOP,), "responses": (NO_SEED,)})
    assert lessons.apply(BODY, "chat") == (BODY, [])
    assert lessons.apply_to_text(b'{ "model": "m" }', "chat") == (b'{ "model": "m" }', [])


def test_all_else_of_a_clients_text_stays_as_it_was_written() -> None:
    lessons = Lessons(repairs={"chat": (NO_SEED, RENAMED)})
    text = '{ "model" : "m",\r\n\t"seed": 7 , "messages":[ {"content":"\\u00e9 é"} ], "max_tokens": 5.0e0, "n":1 }'
    body, notes = lessons.apply_to_text(text.encode(), "chat")
    assert body.decode() == text.replace(',\r\n\t"seed": 7', "").replace('"max_tokens"', '"max_completion_tokens"')
    assert [str(note) for note in notes] == [
        "seed dropped: the upstream refused it",
        "max_tokens renamed: max_completion_tokens: the upstream refused it",
    ]


@pytest.mark.parametrize("dialect", ["responses", "completions"])
def test_another_apis_text_is_not_touched(dialect: Dialect) -> None:
    body = b'{"seed":7}'
    assert Lessons(repairs={"chat": (NO_SEED,)}).apply_to_text(body, dialect) == (body, [])


@pytest.mark.parametrize("body", [b"", b"[7]", b'{"seed":', b'"seed"', b"\xff\xfe", b"null"])
def test_a_text_that_is_no_object_stays_as_it_is(body: bytes) -> None:
    assert Lessons(repairs={"chat": (NO_SEED,)}).apply_to_text(body, "chat") == (body, [])


def test_tools_are_no_reason_not_to_reason_where_another_api_may_be_asked() -> None:
    no_effort = Repair("reasoning_effort", "set", "none", beside="tools")
    lessons = Lessons(repairs={"chat": (no_effort, NO_SEED)})
    body = {"model": "m", "tools": [], "seed": 7}
    assert lessons.apply(body, "chat")[0] == {"model": "m", "tools": [], "reasoning_effort": "none"}
    assert lessons.apply(body, "chat", may_move=True)[0] == {"model": "m", "tools": []}


# --- lasting --------------------------------------------------------------------------------------------------


def test_what_was_wrong_beside_one_prompt_or_schema_is_mended_there_and_does_not_last() -> None:
    no_room = Repair("max_tokens", "drop", once=True)
    lessons = Lessons(repairs={"chat": (NO_SEED, no_room)}, formats_once=frozenset({"strict"}))
    assert lessons.apply(BODY, "chat")[0] == {"model": "m", "messages": BODY["messages"]}
    assert lessons.shape(DEFAULT).formats == ALL_FORMATS - {"strict"}
    assert lessons.lasting() == Lessons(repairs={"chat": (NO_SEED,)})
    assert Lessons(repairs={"chat": (no_room,)}).lasting() == NOTHING


# --- shaping --------------------------------------------------------------------------------------------------


def test_what_taught_nothing_changes_no_profile() -> None:
    for model_id in ("gpt-4o", "gpt-4", "deepseek-reasoner", "llama3.2"):
        assert NOTHING.shape(profile_for(model_id)) is profile_for(model_id)


def test_formats_that_were_refused_are_taken_from_the_profile() -> None:
    lessons = Lessons(formats=frozenset({"json_object", "json_schema"}))
    assert lessons.shape(DEFAULT).formats == {"json_object", "json_schema"}
    assert lessons.shape(profile_for("gpt-4")) == profile_for("gpt-4")
    assert Lessons(formats=frozenset({"json_schema"})).shape(profile_for("gpt-4")).formats == set()


@pytest.mark.parametrize(
    ("model_id", "learned_back", "field"),
    [
        ("llama3.2", None, ""),
        ("llama3.2", True, "reasoning_content"),
        ("llama3.2", False, ""),
        ("deepseek-reasoner", None, "reasoning_content"),
        ("deepseek-reasoner", True, "reasoning_content"),
        ("deepseek-reasoner", False, ""),
    ],
)
def test_whether_reasoning_goes_back_is_learned_both_ways(model_id: str, learned_back: bool | None, field: str) -> None:
    assert Lessons(reasoning_back=learned_back).shape(profile_for(model_id)).reasoning_back == field


def test_signatures_go_back_where_they_were_missed() -> None:
    assert not DEFAULT.signatures_back
    assert Lessons(signatures_back=True).shape(DEFAULT) == replace(DEFAULT, signatures_back=True)


def test_what_seems_to_reason_as_openais_models_do_gets_their_rules_unless_it_is_known_by_name() -> None:
    lessons = Lessons(reasoner=True, dialect="responses")
    assert lessons.shape(DEFAULT) == REASONER
    assert REASONER.reasons(None)
    for model_id in ("gpt-4o", "deepseek-reasoner"):
        assert lessons.shape(profile_for(model_id)) == profile_for(model_id)


# --- merging --------------------------------------------------------------------------------------------------


def test_older_and_newer_lessons_are_known_together_and_the_newer_count() -> None:
    older = Lessons("responses", {"chat": (NO_SEED, NO_STOP), "responses": (NO_SEED,)}, ALL_FORMATS - {"strict"}, True)
    newer = Lessons(
        "chat", {"chat": (RENAMED, NO_SEED)}, ALL_FORMATS - {"json_object"}, False, signatures_back=True, reasoner=True
    )
    assert older | newer == Lessons(
        "chat",
        {"chat": (NO_SEED, NO_STOP, RENAMED), "responses": (NO_SEED,)},
        frozenset({"json_schema"}),
        False,
        signatures_back=True,
        reasoner=True,
    )


@pytest.mark.parametrize(
    "lessons",
    [
        Lessons(),
        Lessons("chat", {"chat": (NO_SEED,)}, frozenset({"json_object"}), False, signatures_back=True, reasoner=True),
        Lessons("responses", {"completions": (RENAMED,)}, frozenset(), True),
    ],
)
def test_nothing_new_changes_nothing(lessons: Lessons) -> None:
    assert lessons | Lessons() == lessons
    assert Lessons() | lessons == lessons
    assert lessons | lessons == lessons
