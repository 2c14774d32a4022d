"""What the package expects of answers and this project does not give, or gives as another type.

Our answers are parsed as the package parses them, but strictly: a number in a string would be taken for a number.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from pydantic import BaseModel, ValidationError

from scripts.extract_types import Models, classes_in, wire_fields

_NO_PICTURES: Final = "Ollama 0.33 makes no pictures"
_NO_LAYERS: Final = "a hosted model has no layers that could be fetched"
_NOT_OF_EMBED: Final = "the package gives it all fields of a generated answer; a real server has only some of them"

NEVER_FILLED: Final[Mapping[str, str]] = {
    "EmbedResponse.created_at": _NOT_OF_EMBED,
    "EmbedResponse.done": _NOT_OF_EMBED,
    "EmbedResponse.done_reason": _NOT_OF_EMBED,
    "EmbedResponse.eval_count": _NOT_OF_EMBED,
    "EmbedResponse.eval_duration": _NOT_OF_EMBED,
    "EmbedResponse.prompt_eval_duration": _NOT_OF_EMBED,
    "GenerateResponse.completed": _NO_PICTURES,
    "GenerateResponse.image": _NO_PICTURES,
    "GenerateResponse.total": _NO_PICTURES,
    "Message.images": "an answer of a chat has no pictures",
    "Message.tool_name": "only a tool's result has it, and that is a request's",
    "ProgressResponse.completed": _NO_LAYERS,
    "ProgressResponse.digest": _NO_LAYERS,
    "ProgressResponse.total": _NO_LAYERS,
}
"""Fields that no answer of ours ever has, as `Type.key`, and why (Ollama's `api/types.go`)."""


class AnswerDrift(NamedTuple):
    """What the comparison found.

    Attributes:
        drift: One sentence for each thing to be mended or listed.
        ours_alone: Keys of ours that the package does not know, as `Type.key`: it drops them.
    """

    drift: list[str]
    ours_alone: list[str]


def answer_drift(
    models: Models, answers: Mapping[str, Sequence[bytes]], never_filled: Mapping[str, str] = NEVER_FILLED
) -> AnswerDrift:
    """Compare our answers with the package's response types.

    Args:
        models: The package's.
        answers: Ours, by the name of their type.
        never_filled: Fields that stay empty on purpose, as `Type.key`, and why.
    """
    drift: list[str] = []
    filled: set[str] = set()
    ours_alone: set[str] = set()
    for name, bodies in answers.items():
        if name not in models:
            drift.append(f"{name}: the package no longer has this response")
            continue
        for body in bodies:
            try:
                parsed = models[name].model_validate_json(body, strict=True)
            except ValidationError as error:
                drift += (_misfit(name, dict(detail)) for detail in error.errors())
            else:
                filled |= set(_filled(parsed))
                ours_alone |= set(_unparsed(json.loads(body), parsed))
    expected = {place for name in answers if name in models for place in _places(models[name], never_filled)}
    drift += (f"{place}: no answer of ours ever has it" for place in sorted(expected - filled - never_filled.keys()))
    drift += (
        f"{place}: listed as never filled, but an answer of ours has it: take it off the list"
        for place in sorted(filled & never_filled.keys())
    )
    return AnswerDrift(drift, sorted(ours_alone))


def _misfit(name: str, detail: dict[str, Any]) -> str:
    place = ".".join(map(str, (name, *detail["loc"])))
    return f"{place}: {detail['msg']}, but ours is {detail['input']!r}"


def _places(model: type[BaseModel], closed: Mapping[str, str]) -> Iterator[str]:
    """The fields of a model and of those in it, but not what is within a field of the table."""
    for key, _, field in wire_fields(model):
        place = f"{model.__qualname__}.{key}"
        yield place
        if place not in closed:
            for nested in classes_in(field.annotation, BaseModel):
                yield from _places(nested, closed)


def _filled(value: Any) -> Iterator[str]:
    """The fields that have a value, in a parsed answer and all that is in it."""
    if isinstance(value, BaseModel):
        for key, name, _ in wire_fields(type(value)):
            item = getattr(value, name)
            if name in value.model_fields_set and item is not None:
                yield f"{type(value).__qualname__}.{key}"
                yield from _filled(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _filled(item)


def _unparsed(ours: Any, parsed: Any) -> Iterator[str]:
    """The keys that did not reach the parsed answer."""
    if isinstance(parsed, BaseModel):
        names = {key: name for key, name, _ in wire_fields(type(parsed))}
        for key, item in ours.items():
            if key in names:
                yield from _unparsed(item, getattr(parsed, names[key]))
            else:
                yield f"{type(parsed).__qualname__}.{key}"
    elif isinstance(parsed, list | tuple):
        for item, parsed_item in zip(ours, parsed, strict=True):
            yield from _unparsed(item, parsed_item)
