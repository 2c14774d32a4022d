"""A JSON document read into a request model key after key, as Go's `encoding/json` does it (`decode.go`).

This is the slow way, for bodies that pydantic refuses and those in which a key is repeated: only the order of the
document tells which of several errors Go reports, and what is left of several values.

Go decodes on after a type error and reports the first one. But an error inside a type with its own `UnmarshalJSON`
ends the decoding and is reported instead, whatever came before. An error names the innermost struct outside of such a
type, and the whole path of fields; indexes and map keys are not part of it.
"""

import math
import re
from dataclasses import replace
from typing import Any

from pydantic_core import PydanticCustomError

from translators.errors import RequestError
from translators.go_base64 import checked_base64
from translators.go_decode import Document, NumberLiteral, literals_in, plain
from translators.go_struct import GoStruct, GoType, json_key
from translators.go_target import FREE, Target, fields_of, target_of

_KINDS = ((bool, "bool"), (NumberLiteral, "number"), (str, "string"), (list, "array"), (tuple, "object"))

_INTEGERS = {
    "int": (re.compile(r"-?[0-9]{1,19}"), range(-(2**63), 2**63)),
    "uint8": (re.compile(r"[0-9]{1,3}"), range(256)),
}
"""How whole numbers are written, and which of them there are."""


class _Fault(Exception):
    """An error as Go's decoder sees it.

    Attributes:
        said: The whole text, or that of a type error up to the place.
        go_type: What should have been there; empty when this is no type error.
        struct: The name of the innermost struct.
        path: The fields on the way.
    """

    def __init__(self, said: str, go_type: str = "", struct: str = "", path: tuple[str, ...] = ()) -> None:
        super().__init__(said)
        self.said = said
        self.go_type = go_type
        self.struct = struct
        self.path = path

    @property
    def text(self) -> str:
        if not self.go_type:
            return self.said
        place = f"struct field {self.struct}.{'.'.join(self.path)}" if self.path else "value"
        return f"{self.said} into Go {place} of type {self.go_type}"


def unmarshal(struct: type[GoStruct], document: Document) -> Any:
    """What a document says for a struct.

    Returns:
        JSON that the model reads as Go would read the document: an object with each field at most once.

    Raises:
        RequestError: 400 with Go's text for the error that it reports.
    """
    try:
        return _Decoding().run(target_of(struct), document)
    except _Fault as fault:
        raise RequestError(fault.text) from None
    except RecursionError:  # Go's own limit is 10,000 brackets; ours are Python's, some hundred for schemas in schemas
        raise RequestError("exceeded max depth") from None


class _Decoding:
    """One run of Go's decoder: over a body, or over a part of it that decodes itself."""

    def __init__(self) -> None:
        self._struct = ""
        self._path: tuple[str, ...] = ()
        self._first: _Fault | None = None

    def run(self, target: Target, document: Document) -> Any:
        """The value of a document, or its first fault."""
        value = self._value(target, document, None)
        if self._first:
            raise self._first
        return value

    def _value(self, target: Target, item: Document, before: Any) -> Any:
        """The value of a place.

        Args:
            target: What should be there.
            item: What is there.
            before: What an earlier key has put there; None for nothing.
        """
        if item is None:
            return before if target.keeps_at_null else None
        if target.known.own_decoder:
            try:
                return _decoded_by_itself(target, item)
            except _Fault as fault:
                raise self._placed(fault) from None
        if target.decoded_as:
            self._value(target.decoded_as, item, None)
            return plain(item)
        if target.shape is Any:
            return self._free(item, before) if target.go_name == FREE else plain(item)
        if isinstance(item, list) and target.element and target.shape is not dict:
            return self._elements(target.element, item, before or [])
        if isinstance(item, tuple) and target.element and target.shape is dict:
            filled: dict[str, Any] = before or {}
            filled.update((key, self._value(target.element, value, None)) for key, value in item)
            return filled
        if isinstance(item, tuple) and issubclass(target.shape, GoStruct):
            return self._fields(target.shape, item, before or {})
        return self._scalar(target, item, before)

    def _elements(self, target: Target, items: list[Document], before: list[Any]) -> list[Any]:
        """The elements of a list; Go fills those that an earlier key has put there."""
        known = before[: len(items)] + [None] * (len(items) - len(before))
        return [self._value(target, item, earlier) for item, earlier in zip(items, known, strict=True)]

    def _fields(
        self, struct: type[GoStruct], pairs: tuple[tuple[str, Document], ...], before: dict[str, Any]
    ) -> dict[str, Any]:
        outside = self._struct, self._path
        filled = dict(before)
        for key, item in pairs:
            name = struct.field_of(key)
            if name:
                field = json_key(name)
                self._struct, self._path = struct.__name__, (*outside[1], field)
                filled[field] = self._value(fields_of(struct)[name], item, filled.get(field))
                self._struct, self._path = outside
        return filled

    def _scalar(self, target: Target, item: Document, before: Any) -> Any:
        kind = next(name for python_type, name in _KINDS if isinstance(item, python_type))
        if target.shape is bytes and isinstance(item, str):
            try:
                return checked_base64(item)
            except ValueError as error:
                return self._noted(_Fault(str(error)), before)
        if target.shape is int and isinstance(item, NumberLiteral):
            number = _integer(item.text, target.go_name)
            if number is not None:
                return number
            kind = f"number {item.text}"
        elif type(item) is target.shape:
            return item
        return self._noted(_Fault(f"json: cannot unmarshal {kind}", target.go_name), before)

    def _free(self, item: Document, before: Any) -> Any:
        """A value of any kind, in which every number becomes a float."""
        for literal in literals_in(item):
            if math.isinf(float(literal.text)):
                return self._noted(_Fault(f"json: cannot unmarshal number {literal.text}", "float64"), before)
        return plain(item)

    def _noted(self, fault: _Fault, value: Any) -> Any:
        """Note a fault at this place, and go on with a value."""
        self._first = self._first or self._placed(fault)
        return value

    def _placed(self, fault: _Fault) -> _Fault:
        if not self._path or not fault.go_type:
            return fault
        return _Fault(fault.said, fault.go_type, self._struct, (*self._path, *fault.path))


def _decoded_by_itself(target: Target, item: Document) -> Any:
    """What a type's own `UnmarshalJSON` makes of a value."""
    inside = replace(target, known=GoType())
    try:
        if target.prepare:
            item = target.prepare(item)
        value = item if target.finish and not target.decoded_as else _Decoding().run(inside, item)
        if target.finish:
            target.finish(value)
    except PydanticCustomError as error:
        raise _Fault(error.message()) from None
    return value


def _integer(text: str, go_name: str) -> int | None:
    """The whole number that is written, if it is one of that type."""
    pattern, numbers = _INTEGERS[go_name]
    return int(text) if pattern.fullmatch(text) and int(text) in numbers else None
