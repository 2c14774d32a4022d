"""Ollama's `format` as `response_format`, for servers that know all of its kinds and for those that do not."""

import json
from dataclasses import replace
from typing import Any

import pytest

from tests.json_schemas import closed
from translators.errors import OllamaError
from translators.notes import Note
from translators.openai_response_format import format_to_openai
from translators.profiles import ALL_FORMATS, DEFAULT, profile_for

type Json = dict[str, Any]

PETS = closed({"name": {"type": "string"}})
OPEN = {"type": "object", "properties": {"name": {"type": "string"}}}
SCHEMA_SAID = "Answer in JSON that follows this JSON schema: "
ONLY_SAID = Note("format", "converted", "a sentence in a message: the upstream takes no response_format")


def messages(*texts: str) -> list[Json]:
    return [{"role": "user", "content": text} for text in texts or ("Hi",)]


def asked(
    wanted: Any, said: list[Json] | None = None, formats: frozenset[str] = ALL_FORMATS
) -> tuple[Json | None, list[Note], list[Json]]:
    """The `response_format`, the notes, and the messages as they are then."""
    said = messages() if said is None else said
    response_format, notes = format_to_openai(wanted, said, replace(DEFAULT, formats=formats))
    return response_format, notes, said


@pytest.mark.parametrize("wanted", [None, ""])
def test_no_format_is_none(wanted: Any) -> None:
    assert asked(wanted) == (None, [], messages())


# --- json -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "said",
    [
        messages("Give me JSON."),
        messages("as Json", "now"),
        [{"role": "user", "content": [{"type": "image_url"}, {"type": "text", "text": "json"}]}],
        [{"role": "system", "content": "Answer in json."}, *messages()],
    ],
)
def test_json_is_json_object_alone_when_a_message_says_the_word(said: list[Json]) -> None:
    before = json.dumps(said)
    response_format, notes, after = asked("json", said)
    assert response_format == {"type": "json_object"}
    assert notes == [Note("format", "renamed", "response_format json_object")]
    assert json.dumps(after) == before


@pytest.mark.parametrize(
    ("said", "first"),
    [
        (messages(), "Answer in JSON."),
        ([{"role": "system", "content": "Be brief."}, *messages()], "Be brief.\n\nAnswer in JSON."),
        ([{"role": "user", "content": [{"type": "image_url"}]}], "Answer in JSON."),
        ([{"role": "assistant", "content": None, "tool_calls": []}], "Answer in JSON."),
        ([], "Answer in JSON."),
    ],
)
def test_the_word_is_said_for_openai_when_no_message_says_it(said: list[Json], first: str) -> None:
    response_format, notes, after = asked("json", said)
    assert response_format == {"type": "json_object"}
    assert after[0] == {"role": "system", "content": first}
    assert [note.action for note in notes] == ["converted"]


def test_the_word_is_said_by_the_user_to_a_model_that_takes_no_system_messages() -> None:
    said = messages()
    format_to_openai("json", said, profile_for("o1-mini"))
    assert said == messages("Answer in JSON.", "Hi")


def test_json_is_a_schema_of_any_object_for_a_server_that_knows_schemas_only() -> None:
    schema = {"name": "response", "schema": {"type": "object"}, "strict": False}
    note = Note("format", "converted", "response_format json_schema of any object: the upstream takes no json_object")
    for formats in ({"json_schema", "strict"}, {"json_schema"}):
        got = asked("json", None, frozenset(formats))
        assert got == ({"type": "json_schema", "json_schema": schema}, [note], messages())


@pytest.mark.parametrize("formats", [set[str](), {"strict"}])
def test_json_is_a_sentence_alone_for_a_server_that_knows_no_format(formats: set[str]) -> None:
    said = [{"role": "system", "content": "Answer in JSON."}, *messages()]
    assert asked("json", None, frozenset(formats)) == (None, [ONLY_SAID], said)


# --- schemas --------------------------------------------------------------------------------------------------


def test_a_schema_that_openai_can_hold_a_model_to_is_strict() -> None:
    response_format, notes, said = asked(PETS)
    envelope = {"name": "response", "schema": PETS, "strict": True}
    assert response_format == {"type": "json_schema", "json_schema": envelope}
    assert notes == [Note("format", "renamed", "response_format json_schema, strict")]
    assert said == messages()


@pytest.mark.parametrize("schema", [{"type": "object"}, {}, OPEN, {"type": "object", "additionalProperties": True}])
def test_any_other_schema_is_sent_as_it_is_and_not_strict(schema: Json) -> None:
    response_format, notes, _ = asked(schema)
    envelope = {"name": "response", "schema": schema, "strict": False}
    assert response_format == {"type": "json_schema", "json_schema": envelope}
    assert notes == [Note("format", "converted", "response_format json_schema, not strict: OpenAI would refuse it")]


def test_a_server_that_refuses_strict_schemas_gets_no_strict_one() -> None:
    response_format, _, _ = asked(PETS, None, frozenset({"json_schema"}))
    envelope = {"name": "response", "schema": PETS, "strict": False}
    assert response_format == {"type": "json_schema", "json_schema": envelope}


@pytest.mark.parametrize("strict", [True, False])
@pytest.mark.parametrize(
    ("title", "name"),
    [("", "response"), ("Pets", "Pets"), ("The pets!", "The_pets_"), ("é" * 70, "_" * 64)],
)
def test_a_schema_is_named_by_its_title_as_far_as_openai_allows(title: Any, name: str, strict: bool) -> None:
    response_format, _, _ = asked({**(PETS if strict else OPEN), "title": title})
    assert response_format is not None
    assert (response_format["json_schema"]["name"], response_format["json_schema"]["strict"]) == (name, strict)


def test_a_title_that_is_no_text_names_nothing() -> None:
    response_format, _, _ = asked({**OPEN, "title": 7})
    assert response_format is not None
    assert response_format["json_schema"]["name"] == "response"


@pytest.mark.parametrize(
    ("formats", "response_format", "note"),
    [
        (
            {"json_object"},
            {"type": "json_object"},
            Note(
                "format",
                "converted",
                "response_format json_object, and the schema in a message: the upstream takes no json_schema",
            ),
        ),
        (set[str](), None, ONLY_SAID),
    ],
)
def test_a_schema_is_told_in_words_to_a_server_that_knows_no_schemas(
    formats: set[str], response_format: Json | None, note: Note
) -> None:
    schema = {"type": "object", "title": "Größe"}
    said = [{"role": "system", "content": SCHEMA_SAID + '{"type": "object", "title": "Größe"}'}, *messages()]
    assert asked(schema, None, frozenset(formats)) == (response_format, [note], said)


def test_a_schema_stays_as_it_is() -> None:
    before = json.dumps(OPEN)
    for formats in (ALL_FORMATS, frozenset({"json_schema"}), frozenset({"json_object"}), frozenset[str]()):
        asked(OPEN, None, formats)
    assert json.dumps(OPEN) == before


@pytest.mark.parametrize("formats", [ALL_FORMATS, frozenset({"json_schema"}), frozenset[str]()])
@pytest.mark.parametrize(
    ("wanted", "quoted"),
    [
        ("xml", r'"\"xml\""'),
        ("Json", r'"\"Json\""'),
        (1, '"1"'),
        (1.5, '"1.5"'),
        (True, '"true"'),
        (False, '"false"'),
        ([], '"[]"'),
        ([1, {"a": None}], r'"[1,{\"a\":null}]"'),
        ("a\nb\\", r'"\"a\\nb\\\\\""'),
        ("ü\x7f\u200b\U000e0001", r'"\"ü\x7f\u200b\U000e0001\""'),
    ],
)
def test_any_other_format_is_ollama_s_own_500(wanted: Any, quoted: str, formats: frozenset[str]) -> None:
    with pytest.raises(OllamaError) as caught:
        asked(wanted, None, formats)
    assert caught.value.status == 500
    assert caught.value.message == f'invalid format: {quoted}; expected "json" or a valid JSON Schema object'
