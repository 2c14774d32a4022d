"""The comparison of the `ollama` package's types with ours, on an invented package."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from types import GenericAlias
from typing import Annotated, Any, Literal

import ollama
import pytest
from pydantic import BaseModel, Field, create_model

from scripts import check_sdk_types, extract_types
from scripts.check_sdk_types import ELSEWHERE, changes, type_drift
from scripts.extract_types import REFERENCE, Models, installed_models, models_of, type_text, types_text
from scripts.sdk_drift.answers import NEVER_FILLED, answer_drift
from scripts.sdk_drift.our_answers import our_answers
from scripts.sdk_drift.requests import IGNORED, Known, option_drift, request_drift
from scripts.sdk_drift.samples import samples
from translators.go_struct import GoStruct, Int
from translators.ollama_request_checks import read_struct


class OurMessage(GoStruct):
    role: str = ""


class OurRequest(GoStruct):
    model: str = ""
    count: Int = 0
    messages: list[OurMessage] = Field(default_factory=list)


OURS = {"AskRequest": Known(OurRequest, lambda body: read_struct(OurRequest, body))}
ANSWER = b'{"text":"Hi","count":3,"parts":[{"word":"Hi"}]}'


def many(item: type[BaseModel]) -> Any:
    """`list[item]`, which cannot be written of a variable."""
    return GenericAlias(list, item)


def model(name: str, **fields: Any) -> type[BaseModel]:
    """A type of the invented package; every field may be left out."""
    optional: dict[str, Any] = {key: (annotation | None, None) for key, annotation in fields.items()}
    return create_model(name, **optional)


def package(*models: type[BaseModel]) -> Models:
    return {each.__qualname__: each for each in models}


def asking(**fields: Any) -> Models:
    """A package whose one request has these fields beside those that we know."""
    return package(model("AskRequest", **{"model": str, "count": int} | fields))


def answering(part: Any, **fields: Any) -> Models:
    """A package whose one answer has these fields beside a list of parts."""
    return package(model("Part", **part), model("AskResponse", parts=many(model("Part", **part)), **fields))


def answer_differences(models: Models, never_filled: Mapping[str, str] | None = None) -> list[str]:
    return answer_drift(models, {"AskResponse": [ANSWER]}, never_filled or {}).drift


def test_what_the_package_sends_and_we_know_is_no_difference() -> None:
    message = model("Message", role=str)
    assert request_drift(asking(messages=many(message)), OURS, {}) == []


def test_a_new_field_of_a_request_is_reported() -> None:
    assert request_drift(asking(colour=str), OURS, {}) == [
        f"AskRequest.colour: not a field of {__name__}.OurRequest",
    ]


def test_a_new_field_within_a_request_is_reported() -> None:
    message = model("Message", role=str, mood=str)
    assert request_drift(asking(messages=many(message)), OURS, {}) == [
        f"Message.mood: not a field of {__name__}.OurMessage",
    ]


def test_a_changed_type_of_a_request_is_reported_with_the_value_and_what_we_answer_to_it() -> None:
    assert request_drift(asking(count=int | str), OURS, {}) == [
        "AskRequest.count: the package may send {'count': 'text'}, which is refused: "
        "json: cannot unmarshal string into Go struct field OurRequest.count of type int",
    ]


def test_a_listed_field_of_a_request_is_no_difference_until_we_know_it() -> None:
    assert request_drift(asking(colour=str), OURS, {"AskRequest.colour": "ugly"}) == []
    assert request_drift(asking(), OURS, {"AskRequest.count": "uncountable"}) == [
        "AskRequest.count: listed as not known, but OurRequest has it: take it off the list",
    ]


def test_a_request_that_went_is_reported() -> None:
    assert request_drift({}, OURS, {}) == ["AskRequest: the package no longer has this request"]


def test_options_are_known_when_ollama_knows_or_knew_them() -> None:
    assert option_drift(model("Options", top_k=int, temperature=float, mirostat=int, stop=Sequence[str])) == []


def test_a_new_or_changed_option_is_reported() -> None:
    new, changed = option_drift(model("Options", warmth=float, stop=str))
    assert new == "Options.warmth: not in the table of options (translators/options.py)"
    assert changed == (
        "Options.stop: the package may send {'stop': 'text'}, which is refused: option \"stop\" must be of type array"
    )


def test_an_answer_that_fills_all_fields_is_no_difference() -> None:
    assert answer_differences(answering({"word": str}, text=str, count=int)) == []


def test_a_field_of_an_answer_that_we_never_fill_is_reported_unless_it_is_listed() -> None:
    models = answering({"word": str, "loud": bool}, text=str, count=int, mood=str)
    assert answer_differences(models) == [
        "AskResponse.mood: no answer of ours ever has it",
        "Part.loud: no answer of ours ever has it",
    ]
    assert answer_differences(models, {"AskResponse.mood": "even", "Part.loud": "quiet"}) == []


def test_a_listed_field_of_an_answer_that_we_do_fill_is_reported() -> None:
    assert answer_differences(answering({"word": str}, text=str, count=int), {"AskResponse.text": "mute"}) == [
        "AskResponse.text: listed as never filled, but an answer of ours has it: take it off the list",
    ]


def test_a_changed_type_of_an_answer_is_reported_even_where_the_package_would_convert_it() -> None:
    assert answer_differences(answering({"word": str}, text=str, count=str))[0] == (
        "AskResponse.count: Input should be a valid string, but ours is 3"
    )


def test_a_field_that_became_required_is_reported() -> None:
    part = create_model("Part", word=(str, ...), loud=(bool, ...))
    models = package(part, model("AskResponse", text=str, count=int, parts=many(part)))
    assert answer_differences(models)[0].startswith("AskResponse.parts.0.loud: Field required, but ours is ")


def test_a_response_that_went_is_reported() -> None:
    assert answer_differences({}) == ["AskResponse: the package no longer has this response"]


def test_keys_that_the_package_does_not_know_are_told_and_no_difference() -> None:
    found = answer_drift(answering({}, text=str), {"AskResponse": [ANSWER]}, {})
    assert found.drift == []
    assert found.ours_alone == ["AskResponse.count", "Part.word"]


def test_a_new_type_is_reported_unless_it_belongs_to_others_or_to_a_type_that_is_compared() -> None:
    base, nested = model("Base"), model("Nested")
    request = create_model("AskRequest", __base__=base, parts=(many(nested), ...))
    elsewhere = model(f"{next(iter(ELSEWHERE))}Request")
    assert type_drift(package(base, nested, request, elsewhere, model("SingRequest")), ["AskRequest", "Gone"]) == [
        "SingRequest: a type that is compared with nothing of ours",
    ]


@pytest.mark.parametrize(
    ("annotation", "text"),
    [
        (ollama._types.ChatRequest.model_fields["think"].annotation, "bool | str | None"),
        (str | None | bool, "bool | str | None"),
        (Literal["b", "a"] | None, "'a' | 'b' | None"),
        (Sequence[Mapping[str, Any] | int], "Sequence[Mapping[str, Any] | int]"),
        (Annotated[int, "a note"], "int"),
        (datetime, "datetime"),
    ],
)
def test_a_type_has_one_spelling(annotation: Any, text: str) -> None:
    assert type_text(annotation) == text


def test_a_type_is_sampled_with_a_value_of_each_kind() -> None:
    annotation = bool | Literal["low"] | Sequence[int] | dict[str, float] | Annotated[str, "a note"] | None
    assert list(samples(annotation, "any")) == [False, True, "low", [], [1], {"name": 0.5}, "text"]
    assert list(samples(model("Message", role=str, count=int), "any")) == [{"role": "text"}, {"count": 1}]


def test_a_type_that_cannot_be_sampled_is_named() -> None:
    with pytest.raises(TypeError, match=r"datetime.*samples\.py"):
        list(samples(datetime, "when"))


def test_the_reference_is_written_with_the_keys_of_json_and_nested_types() -> None:
    assert types_text({"M": create_model("M", from_=(str, ...), info=(int | None, Field(None, alias="$i")))}, "1") == (
        "# ollama 1, written by scripts/extract_types.py\nM.$i: int | None\nM.from: str (required)\n"
    )
    assert {"Message", "Message.ToolCall.Function", "ListResponse.Model"} <= models_of(
        vars(ollama._types), "ollama._types"
    ).keys()


def test_changes_are_the_lines_that_differ() -> None:
    assert changes("A.a: int\nA.b: str\n", "A.a: int\nA.b: int\nA.c: str\n") == [
        "+ A.b: int",
        "- A.b: str",
        "+ A.c: str",
    ]


def test_the_committed_reference_is_that_of_the_installed_package() -> None:
    told = "the `ollama` package changed: run `python -m scripts.extract_types` and read the diff"
    assert REFERENCE.read_text("utf-8") == types_text(installed_models(), version("ollama")), told


def test_the_reference_is_written_where_it_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["extract_types", "--output", str(tmp_path / "types.txt")])
    extract_types.main()
    assert (tmp_path / "types.txt").read_bytes() == REFERENCE.read_bytes()
    assert f"types of ollama {version('ollama')} written to" in capsys.readouterr().out


def test_the_installed_package_has_nothing_unknown(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["check_sdk_types", "--reference"])
    code = check_sdk_types.main()
    told = capsys.readouterr().out
    assert code == 0, told
    assert told.splitlines()[-1] == "Nothing unknown."
    assert "Changes since the reference:\nKeys of ours" in told


def test_a_difference_ends_the_check_with_1_and_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["check_sdk_types"])
    newer = dict(installed_models()) | {"SingRequest": model("SingRequest", song=str)}
    monkeypatch.setattr(check_sdk_types, "installed_models", lambda: newer)
    assert check_sdk_types.main() == 1
    assert "SingRequest: a type that is compared with nothing of ours" in capsys.readouterr().out


def test_every_row_of_the_tables_is_needed_by_the_installed_package_or_by_the_oldest() -> None:
    fields = {line.split(": ")[0] for line in REFERENCE.read_text("utf-8").splitlines()[1:]}
    assert {*IGNORED, *NEVER_FILLED} - fields == {"CreateRequest.modelfile"}
    names = {field.split(".")[0] for field in fields}
    assert all(any(name.startswith(beginning) for name in names) for beginning in ELSEWHERE)
    assert our_answers().keys() <= names
