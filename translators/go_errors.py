"""Type errors in Go's words: what `encoding/json` answers to a value of the wrong type (`ollama-contract.md` 1.2).

Go decodes on after a type error and reports the first one in the order of the document. But an error inside a type
with its own `UnmarshalJSON` ends the decoding and is reported instead, whatever came before. An error names the
innermost struct outside of such a type, and the whole path of fields; indexes and map keys are not part of it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

from pydantic_core import ErrorDetails

from translators.go_decode import NumberLiteral
from translators.go_struct import GO_TEXT, GoStruct, GoType

_KINDS = ((bool, "bool"), (NumberLiteral, "number"), (str, "string"), (list, "array"), (dict, "object"))

_MOST_ERRORS = 100  # of which the first is looked for; a list of a million wrong elements must not take seconds

_GO_NAMES = {str: "string", bool: "bool", int: "int", Any: "interface {}", dict: "map[string]interface {}"}


def type_error(struct: type[GoStruct], errors: Sequence[ErrorDetails], document: Any) -> str:
    """The one text that Go answers, of all the errors that pydantic found.

    Args:
        struct: The model of the whole request.
        errors: What a validation by that model reported; not empty.
        document: What was validated, its numbers as `NumberLiteral`.
    """
    places = (_Place.of(error, struct, document) for error in errors[:_MOST_ERRORS])
    return min(places, key=_Place.order).text()


@dataclass(slots=True)
class _Place:
    """Where in the document an error is, and where Go's decoder is at that moment.

    Attributes:
        error: Pydantic's.
        hint: The annotation of what should be there.
        value: What is there.
        struct: The name of the innermost struct outside of any type that decodes itself.
        fields: The fields on the way.
        steps: The positions on the way, a new list behind each type that decodes itself.
    """

    error: ErrorDetails
    hint: Any
    value: Any
    struct: str = ""
    fields: list[str] = field(default_factory=list)
    steps: list[list[int]] = field(default_factory=lambda: [[]])

    @classmethod
    def of(cls, error: ErrorDetails, struct: type[GoStruct], document: Any) -> "_Place":
        place = cls(error, struct, document)
        for part in error["loc"]:
            place.enter(part)
        return place

    def enter(self, part: int | str) -> None:
        """Go on to a field, an element of a list or a value of a map."""
        shape, _ = _unwrapped(self.hint)
        key = part
        if get_origin(shape) in (list, dict):
            self.hint = get_args(shape)[-1]
        else:
            # Of several keys that mean the same field, the last one that is not null was validated.
            key = [key for key, item in self.value.items() if item is not None and shape.field_of(key) == part][-1]
            self.hint = get_type_hints(shape, include_extras=True)[str(part)]
            self.fields.append(str(part))
            if len(self.steps) == 1:
                self.struct = shape.__name__
        self.steps[-1].append(part if isinstance(part, int) else list(self.value).index(key))
        self.value = self.value[key]
        if _unwrapped(self.hint)[1].own_decoder:
            self.steps.append([])

    def order(self) -> tuple[tuple[bool, list[int]], ...]:
        """Of two errors, the one that Go reports comes first: at each level, what ended the decoding."""
        *outer, last = self.steps
        return *((False, step) for step in outer), (True, last)

    def text(self) -> str:
        if self.error["type"] == GO_TEXT:
            return self.error["msg"]
        if self.error["type"] == "recursion_loop":  # pydantic gives up at 255 nested objects, Go only in its scanner
            return "exceeded max depth"
        go_name = _go_name(self.hint)
        kind = next(name for python_type, name in _KINDS if isinstance(self.value, python_type))
        if kind == "number" and go_name == "int":
            kind = f"number {self.value}"
        target = f"struct field {self.struct}.{'.'.join(self.fields)}" if self.fields else "value"
        return f"json: cannot unmarshal {kind} into Go {target} of type {go_name}"


def _go_name(hint: Any) -> str:
    shape, go_type = _unwrapped(hint)
    if go_type.name:
        return go_type.name
    if get_origin(shape) is list:
        return f"[]{_go_name(get_args(shape)[0])}"
    return _GO_NAMES.get(get_origin(shape) or shape) or f"api.{shape.__name__}"


def _unwrapped(hint: Any) -> tuple[Any, GoType]:
    """The annotation without what says that it is optional, and what is known of the Go type."""
    known = GoType()
    while True:
        if get_origin(hint) is Annotated:
            hint, *extras = get_args(hint)
            known = next((extra for extra in extras if isinstance(extra, GoType)), known)
            hint = known.checked_as or hint
        elif get_origin(hint) in (Union, UnionType):
            hint = get_args(hint)[0]
        else:
            return hint, known
