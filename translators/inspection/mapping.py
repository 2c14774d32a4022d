"""What became of each field of an Ollama request, and where each member of the OpenAI request comes from.

What is told is what the two bodies say. The translators' notes say why, and what cannot be seen there: a row says
`same` or `renamed` only where the values are equal, and `dropped` only where nothing was sent.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

from translators.go_struct import json_key
from translators.inspection.destinations import (
    CONVERTED,
    CUT_HERE,
    DEFAULTED,
    DESTINATIONS,
    DROPPED,
    JOINED,
    STRUCTS,
    leaves_of,
)
from translators.notes import Note
from translators.openai_apis import Api
from translators.options import OPTIONS

type Action = Literal["same", "renamed", "converted", "defaulted", "dropped"]

ABSENT: Final = object()
"""The value on a side where nothing is said, which `null` is not."""

_CONVERSATIONS: Final = ("messages", "input", "prompt")
_OF_TEXT: Final = {"raw": "asked by this API, which adds no template", "logprobs": "asked for by their number"}
"""Why fields lead to no member of their own where text is gone on with, and count all the same."""

_EMPTY: Final[tuple[Any, ...]] = ("", [], {}, False, 0)


@dataclass(frozen=True, slots=True)
class Row:
    """What became of one field.

    Attributes:
        field: Of the Ollama request, as the client wrote it, dotted; empty where no field led to what was sent.
        value: Of the field; `ABSENT` where the client did not say it.
        action: What became of it.
        member: Of the OpenAI request, dotted; empty where there is none.
        sent: Its value; `ABSENT` where nothing was sent, or where another row tells the whole of it.
        why: A short phrase; empty where the row says it all.
    """

    field: str
    value: Any
    action: Action
    member: str
    sent: Any
    why: str


@dataclass(frozen=True, slots=True)
class _Field:
    """A field of the Ollama request.

    Attributes:
        written: As the client wrote it.
        name: As Ollama calls it; empty for what it does not know or does not count.
        value: `ABSENT` where only a note tells of it.
    """

    written: str
    name: str
    value: Any


def mapping(path: str, asked: Mapping[str, Any], api: Api, sent: Mapping[str, Any], notes: Sequence[Note]) -> list[Row]:
    """The rows of a request: its fields as they stand in it, then what else was sent.

    Args:
        path: The client's, one of `STRUCTS`.
        asked: The client's request.
        api: By which the upstream was asked.
        sent: The upstream's request.
        notes: What did not travel unchanged.

    Returns:
        One row for each member of `asked`, and for each of its options; one more for each note about a part of a
        member, such as `messages.role`. Each of `leaves_of(sent)` is in one of them, or in a row of its own.
    """
    leaves = leaves_of(sent)
    fields = _fields(path, asked)
    known = {field.name for field in fields}
    added = dict.fromkeys(note.field for note in notes if note.field not in known and _is_field(path, note.field))
    fields += [_Field(name, name, ABSENT) for name in added]
    by_field = _by_field(fields, notes, api)
    claims = _claims(fields, by_field, leaves, api)
    rows: list[Row] = []
    for field in fields:
        rows.append(_row(field, claims.get(field.name, ""), leaves, by_field.get(field.name, []), api))
        rows += _parts(field, by_field, asked)
    told = {note for row_notes in by_field.values() for note in row_notes}
    rest = [note for note in notes if note not in told]
    return [*rows, *_others(leaves.keys() - claims.values(), leaves, rest)]


def _fields(path: str, asked: Mapping[str, Any]) -> list[_Field]:
    """The fields of a request; its options each by itself."""
    struct = STRUCTS[path]
    fields: list[_Field] = []
    for key, value in asked.items():
        name = json_key(struct.field_of(key) or "")
        if name == "options" and isinstance(value, dict) and value:
            fields += [_Field(f"{key}.{option}", f"options.{option}", inner) for option, inner in value.items()]
        else:
            fields.append(_Field(key, name, value))
    # Keys that differ in case only name one field. The last of them counts; null says nothing.
    counting = {field.name: field for field in sorted(fields, key=lambda field: field.value is not None)}
    return [field if counting[field.name] is field else replace(field, name="") for field in fields]


def _is_field(path: str, name: str) -> bool:
    """Whether Ollama knows a field of that name, which is no part of another one."""
    top, _, option = name.partition(".")
    return STRUCTS[path].field_of(top) is not None and (not option or (top == "options" and option in OPTIONS))


def _by_field(fields: Iterable[_Field], notes: Iterable[Note], api: Api) -> dict[str, list[Note]]:
    """The notes about each field, by its name; those about parts by the name of the part.

    Refusals of an upstream are noted by OpenAI's names: they belong to the field that would have led there.
    """
    led = {member: field.name for field in fields for member in DESTINATIONS[api].get(field.name, ())}
    names = {field.name for field in fields}
    by_field: dict[str, list[Note]] = {}
    for note in notes:
        top = note.field.partition(".")[0]
        name = note.field if note.field in names or top in names else led.get(note.field)
        if name is not None:
            by_field.setdefault(name, []).append(note)
    return by_field


def _claims(
    fields: Iterable[_Field], by_field: Mapping[str, Sequence[Note]], leaves: Mapping[str, Any], api: Api
) -> dict[str, str]:
    """The leaf to which each field led, by the field's name; each leaf belongs to one field."""
    said = {field.name for field in fields if field.value not in (ABSENT, None) or by_field.get(field.name)}
    claims: dict[str, str] = {}
    for name, members in DESTINATIONS[api].items():
        free = (member for member in members if member in leaves and member not in claims.values())
        if name in said and (leaf := next(free, "")):
            claims[name] = leaf
    return claims


def _row(field: _Field, leaf: str, leaves: Mapping[str, Any], notes: Sequence[Note], api: Api) -> Row:
    members = DESTINATIONS[api].get(field.name, ())
    why = "; ".join(note.detail for note in notes if note.detail not in members)  # some say no more than the new name
    if leaf:
        action = _action_of_sent(field, leaf, leaves[leaf], notes)
        if action == "converted":
            why = "; ".join(filter(None, [_why_fewer(field, leaves[leaf]), why])) or _why_converted(field, leaves[leaf])
        return Row(field.written, field.value, action, _shown(leaf), leaves[leaf], why)
    conversation = next((name for name in _CONVERSATIONS if name in leaves), "")
    if conversation and _is_joined(field, notes):
        return Row(field.written, field.value, "converted", conversation, ABSENT, why or CONVERTED[field.name])
    actions = {note.action for note in notes}
    if "converted" in actions and "dropped" not in actions:
        return Row(field.written, field.value, "converted", "", ABSENT, why)
    if api == "completions" and field.name in _OF_TEXT and field.value is True:
        return Row(field.written, field.value, "converted", "", ABSENT, _OF_TEXT[field.name])
    return Row(field.written, field.value, "dropped", "", ABSENT, why or _why_dropped(field, api))


def _action_of_sent(field: _Field, leaf: str, sent: Any, notes: Sequence[Note]) -> Action:
    if field.value is not ABSENT and _equal(field.value, sent):
        return "same" if leaf in {field.name, field.name.removeprefix("options.")} else "renamed"
    if field.value in (ABSENT, None) or any(note.action == "defaulted" for note in notes):
        return "defaulted"
    return "converted"


def _is_joined(field: _Field, notes: Sequence[Note]) -> bool:
    empty = field.value in (ABSENT, None) or field.value in _EMPTY
    return field.name in JOINED and not empty and not any(note.action == "dropped" for note in notes)


def _why_fewer(field: _Field, sent: Any) -> str:
    """Why a call embeds fewer texts than were asked for; empty where it does not."""
    asked, carried = (len(texts) if isinstance(texts, list) else 1 for texts in (field.value, sent))
    return f"one call of several: {carried:,} of {asked:,} texts" if field.name == "input" and carried < asked else ""


def _why_converted(field: _Field, sent: Any) -> str:
    if field.name == "input" and isinstance(sent, str):
        return "one text alone is no list"
    return CONVERTED.get(field.name, "as Ollama reads it")


def _why_dropped(field: _Field, api: Api) -> str:
    if field.value is None:
        return "null is as if it were left out"
    if not field.name:
        return "Ollama takes no notice of it either"
    if field.name == "truncate" and api == "embeddings":
        return CUT_HERE
    if field.name in DROPPED:
        return DROPPED[field.name]
    return "as if it were left out" if field.value in _EMPTY else "not in what was sent"


def _parts(field: _Field, by_field: Mapping[str, Sequence[Note]], asked: Mapping[str, Any]) -> Iterator[Row]:
    """The rows of notes about parts of a field."""
    if not field.name or field.name.startswith("options."):
        return
    for name, notes in by_field.items():
        if name.startswith(f"{field.name}."):
            found = _values_at(asked.get(field.written), name.split(".")[1:])
            values = list({each if isinstance(each, str) else repr(each): each for each in found}.values())
            value = ABSENT if not values else values[0] if len(values) == 1 else values
            yield from (Row(name, value, note.action, "", ABSENT, note.detail) for note in notes)


def _values_at(value: Any, path: Sequence[str]) -> Iterator[Any]:
    """What stands at a path in an object, or in each object of a list; nothing of what is empty."""
    for holder in value if isinstance(value, list) else [value]:
        if not path:
            yield from [holder] if holder else []
        elif isinstance(holder, dict):
            yield from _values_at(holder.get(path[0]), path[1:])


def _others(unclaimed: Iterable[str], leaves: Mapping[str, Any], notes: Iterable[Note]) -> Iterator[Row]:
    """The rows of what was sent though no field led to it, and of what would have been, had it not been refused."""
    changed: dict[str, list[str]] = {}
    refused = []
    for note in notes:
        if note.field in leaves and note.action != "dropped":
            changed.setdefault(note.field, []).append(note.detail)
        else:
            refused.append(Row("", ABSENT, note.action, note.field, ABSENT, note.detail))
    left = set(unclaimed)
    for leaf in (name for name in leaves if name in left):
        why = "; ".join([*([DEFAULTED[leaf]] if leaf in DEFAULTED else []), *changed.get(leaf, ())])
        yield Row("", ABSENT, "defaulted", _shown(leaf), leaves[leaf], why or "not from the client's request")
    yield from refused


def _shown(leaf: str) -> str:
    return "include" if leaf.startswith("include.") else leaf


def _equal(one: Any, other: Any) -> bool:
    """Whether two JSON values are equal; `true` is not 1, which it is to Python, and 1.0 is.

    Without recursion, because a request may nest deeper than Python calls.
    """
    waiting = [(one, other)]
    while waiting:
        one, other = waiting.pop()
        if isinstance(one, dict) and isinstance(other, dict):
            if one.keys() != other.keys():
                return False
            waiting += [(value, other[key]) for key, value in one.items()]
        elif isinstance(one, list) and isinstance(other, list):
            if len(one) != len(other):
                return False
            waiting += zip(one, other, strict=True)
        elif isinstance(one, bool) != isinstance(other, bool) or one != other:
            return False
    return True
