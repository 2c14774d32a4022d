"""Values of each kind that an annotation of the package allows, as they stand in JSON."""

from collections.abc import Iterator, Mapping, Sequence
from types import NoneType, UnionType
from typing import Annotated, Any, Final, Literal, Union, get_args, get_origin

from pydantic import BaseModel

from scripts.extract_types import wire_fields

_BY_TYPE: Final[Mapping[Any, Sequence[Any]]] = {
    NoneType: (),  # the package sends no null
    Any: ("text",),
    bool: (False, True),
    int: (1,),
    float: (0.5,),
    str: ("text",),
}

_TEXTS: Final = {"keep_alive": "5m", "think": "high"}
"""Texts that mean something: any other one is refused, by a real server too."""

_WRITTEN_AS_TEXT: Final = {"Image": "aGk="}
"""Models of the package that it writes as a text: `Image` as base64."""


def samples(annotation: Any, key: str) -> Iterator[Any]:
    """One value of each kind that an annotation allows; for a model, one object for each value of each field.

    Args:
        annotation: Of a field of the package's.
        key: The field's key in JSON.

    Raises:
        TypeError: A type that is not foreseen here; the message names it.
    """
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin in (Union, UnionType):
        for argument in arguments:
            yield from samples(argument, key)
    elif origin is Annotated:
        yield from samples(arguments[0], key)
    elif origin is Literal:
        yield from arguments
    elif isinstance(origin, type) and issubclass(origin, Mapping):
        yield from ({"name": value} for value in samples(arguments[1], key))
    elif isinstance(origin, type) and issubclass(origin, Sequence):
        yield []
        yield from ([value] for value in samples(arguments[0], key))
    elif isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield from _objects(annotation)
    elif annotation is str and key in _TEXTS:
        yield _TEXTS[key]
    elif annotation in _BY_TYPE:
        yield from _BY_TYPE[annotation]
    else:
        raise TypeError(f"{annotation!r} is a type without samples: add it to scripts/sdk_drift/samples.py")


def _objects(model: type[BaseModel]) -> Iterator[Any]:
    if model.__qualname__ in _WRITTEN_AS_TEXT:
        yield _WRITTEN_AS_TEXT[model.__qualname__]
        return
    for key, _, field in wire_fields(model):
        yield from ({key: value} for value in samples(field.annotation, key))
