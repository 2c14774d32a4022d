"""One change of a request, and how it is applied.

What an upstream refused once is changed in later requests for the same model before they leave. So a repair says what
it is for (`refused`, `beside`), and a limit stays a limit: a request without what was refused is not changed.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeGuard

type Scalar = str | int | float | bool


@dataclass(frozen=True, slots=True)
class Repair:
    """One change of a request; hashable, and with nothing in it that the client wrote but a field and a refused value.

    Attributes:
        field: The field, dotted where it is inside another one: `max_tokens`, `reasoning.summary`.
        action: What becomes of it; `at_most` and `at_least` bring a number into a range, `at_most` shortens a list.
        value: The new name, value or bound; for `response_format` and `text.format` the new `type`.
        refused: The only value that this is for; of an object its `type`, of a list one item. None: any value.
        beside: A field without which nothing is changed; empty when there is none.
        once: It is for the request that was refused alone: what was wrong is wrong beside this prompt, or this schema.
    """

    field: str
    action: Literal["drop", "rename", "set", "at_least", "at_most"]
    value: Scalar | None = None
    refused: Scalar | None = None
    beside: str = ""
    once: bool = False

    def __str__(self) -> str:
        if self.action == "drop":
            done = "dropped"
        elif self.action == "rename":
            done = f"renamed to {self.value}"
        elif self.action == "set":
            done = f"set to {self.value!r}"
        else:
            done = f"kept to {self.action.replace('_', ' ')} {self.value}"
        return f"{self.field} {done} beside {self.beside}" if self.beside else f"{self.field} {done}"


@dataclass(frozen=True, slots=True)
class Edit:
    """One change of a JSON object: the member at a path is deleted, gets another key, or gets another value.

    Attributes:
        path: The keys that lead to it.
        action: What becomes of it; a member that is not there is written too.
        value: The key or the value, of any JSON type.
    """

    path: tuple[str, ...]
    action: Literal["delete", "rename", "write"]
    value: Any = None


_ANY_OBJECT: Final = {"name": "object", "schema": {"type": "object"}, "strict": False}
_FORMATS: Final[Mapping[tuple[str, Any], Any]] = {
    ("response_format", "json_object"): {"type": "json_object"},
    ("response_format", "json_schema"): {"type": "json_schema", "json_schema": _ANY_OBJECT},
    ("text.format", "json_object"): {"type": "json_object"},
    ("text.format", "json_schema"): {"type": "json_schema", **_ANY_OBJECT},
}
"""The object for a field and its new type."""

_GOES_ALONG: Final = {"logprobs": "top_logprobs"}  # OpenAI refuses this one without the other

_ABSENT: Final = object()


def repaired(payload: Mapping[str, Any], repairs: Iterable[Repair]) -> dict[str, Any]:
    """A copy of a request with repairs applied, one after the other.

    Args:
        payload: Stays as it is; what is not changed is shared with the copy.
        repairs: In the order in which they were learned.
    """
    result = dict(payload)
    for repair in repairs:
        for edit in edits_of(repair, result):
            result = _edited(result, edit.path, edit)
    return result


def edits_of(repair: Repair, payload: Mapping[str, Any]) -> tuple[Edit, ...]:
    """What a repair changes in a request; nothing when the request has nothing of what it is for."""
    path = tuple(repair.field.split("."))
    value = value_at(payload, path)
    if repair.beside and payload.get(repair.beside) is None:
        return ()
    if value is _ABSENT:
        adds = repair.action == "set" and repair.refused is None and len(path) == 1
        return (Edit(path, "write", repair.value),) if adds else ()
    if repair.refused is not None and not _has(value, repair.refused):
        return ()
    if repair.action == "drop":
        return _drop(path, value, repair, payload)
    if repair.action == "rename":
        return (Edit(path, "delete") if repair.value in payload else Edit(path, "rename", repair.value),)
    new = _FORMATS.get((repair.field, repair.value), repair.value) if repair.action == "set" else _within(value, repair)
    return () if _is_same(new, value) else (Edit(path, "write", new),)


def value_at(payload: Mapping[str, Any], path: Iterable[str]) -> Any:
    """The value at a path; an object that is nothing else where there is none."""
    value: Any = payload
    for key in path:
        value = value.get(key, _ABSENT) if isinstance(value, Mapping) else _ABSENT
    return value


def is_number(value: object) -> TypeGuard[int | float]:
    """Whether a JSON value is a number, which a truth value is not."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def _has(value: Any, refused: Scalar) -> bool:
    if isinstance(value, Mapping):
        return bool(value.get("type") == refused)
    if _is_texts(value):
        return refused in value
    return _is_same(value, refused)


def _is_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _is_same(value: Any, other: Any) -> bool:
    return bool(value == other) and isinstance(value, bool) == isinstance(other, bool)


def _drop(path: tuple[str, ...], value: Any, repair: Repair, payload: Mapping[str, Any]) -> tuple[Edit, ...]:
    if _is_texts(value) and repair.refused is not None:
        rest = [item for item in value if item != repair.refused]
        if rest:
            return (Edit(path, "write", rest),)
    along = _GOES_ALONG.get(repair.field, "")
    while len(path) > 1 and len(value_at(payload, path[:-1])) == 1:  # an object with nothing left goes too
        path = path[:-1]
    return (Edit(path, "delete"), *([Edit((along,), "delete")] if along in payload else []))


def _within(value: Any, repair: Repair) -> Any:
    """A number within the bound of a repair, a list of texts not longer than it; anything else as it is."""
    bound = repair.value
    if is_number(bound) and is_number(value):
        return min(value, bound) if repair.action == "at_most" else max(value, bound)
    if is_number(bound) and _is_texts(value) and repair.action == "at_most":
        return value[: int(bound)]
    return value


def _edited(payload: Mapping[str, Any], path: tuple[str, ...], edit: Edit) -> dict[str, Any]:
    key, *inner = path
    if inner:
        return {**payload, key: _edited(payload[key], tuple(inner), edit)}
    if edit.action == "write":
        return {**payload, key: edit.value}
    if edit.action == "delete":
        return {name: value for name, value in payload.items() if name != key}
    return {edit.value if name == key else name: value for name, value in payload.items()}
