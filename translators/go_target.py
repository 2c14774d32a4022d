"""What Go knows of the type of a field, from the annotation that it has in the request model."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from types import UnionType
from typing import Annotated, Any, TypeAliasType, Union, cast, get_args, get_origin, get_type_hints

from pydantic import BeforeValidator, PlainValidator

from translators.go_struct import GoStruct, GoType

FREE = "interface {}"
"""Go's name of a type that takes any value and decodes it; `json.RawMessage` takes any and leaves it as it is."""

_GO_NAMES = {str: "string", bool: "bool", int: "int", Any: FREE, dict: "map[string]interface {}"}

_BYTE = GoType("uint8")


@dataclass(frozen=True, slots=True)
class Target:
    """A type into which Go decodes a JSON value.

    Attributes:
        shape: `str`, `bool`, `int`, `bytes`, `list`, `dict`, `Any`, or the model of a struct.
        known: What the annotation does not tell.
        go_name: As error texts call it.
        element: What a list or a map holds, or the bytes of `bytes`.
        decoded_as: What Go decodes in its place, if something else.
        prepare: What its own decoder does before it decodes.
        finish: What its own decoder does with the decoded value.
    """

    shape: Any
    known: GoType
    go_name: str
    element: "Target | None" = None
    decoded_as: "Target | None" = None
    prepare: Callable[[Any], Any] | None = None
    finish: Callable[[Any], Any] | None = None

    @property
    def keeps_at_null(self) -> bool:
        """Whether `null` leaves what is there, as it does but for pointers, slices, maps and free values."""
        plain = self.shape in (str, bool, int) or issubclass(self.shape, GoStruct)
        return plain and not (self.known.own_decoder or self.known.pointer or self.decoded_as)


@cache
def fields_of(struct: type[GoStruct]) -> dict[str, Target]:
    """The types of a struct's fields, by the names that they have in Python."""
    hints = get_type_hints(struct, include_extras=True)
    return {name: target_of(hints[name]) for name in struct.model_fields}


def target_of(hint: Any, name: str = "") -> Target:
    """The type that an annotation means.

    Args:
        hint: A field's or an element's, or a model.
        name: Of the type in error texts, where the annotation does not tell it.
    """
    shape, extras = _unwrapped(hint)
    known = next((extra for extra in extras if isinstance(extra, GoType)), GoType())
    origin = get_origin(shape) or shape
    arguments = get_args(shape)
    element = target_of(arguments[-1]) if arguments else Target(int, _BYTE, _BYTE.name) if origin is bytes else None
    go_name = name or known.name or _GO_NAMES.get(origin, "")
    if not go_name:
        go_name = f"[]{element.go_name}" if element else f"api.{origin.__name__}"
    return Target(
        shape=origin,
        known=known,
        go_name=go_name,
        element=element,
        decoded_as=target_of(known.decoded_as, known.name) if known.decoded_as else None,
        prepare=_function(BeforeValidator, extras),
        finish=_function(PlainValidator, extras),
    )


def _function(kind: type[BeforeValidator] | type[PlainValidator], extras: list[Any]) -> Callable[[Any], Any] | None:
    return next((cast(Callable[[Any], Any], extra.func) for extra in extras if isinstance(extra, kind)), None)


def _unwrapped(hint: Any) -> tuple[Any, list[Any]]:
    """The annotation without what says that it is optional, and what it is annotated with."""
    extras: list[Any] = []
    while True:
        if isinstance(hint, TypeAliasType):
            hint = hint.__value__
        elif get_origin(hint) is Annotated:
            hint, *more = get_args(hint)
            extras += more
        elif get_origin(hint) in (Union, UnionType):
            hint = get_args(hint)[0]
        else:
            return hint, extras
