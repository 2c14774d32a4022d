"""What changes on the way between an OpenAI client and an OpenAI-style server: the model's name, and what was refused.

The body is never written anew: spacing, the order of keys, escapes, duplicate keys and numbers stay as the client wrote
them, so that whatever one server takes and another refuses is between the client and its server.
"""

import json
import re
from collections.abc import Collection
from typing import Any, Final, NamedTuple

import orjson

from translators.names import upstream_id
from translators.repairs import Edit, Repair, edits_of

END_BYTES: Final = 10
"""As many of the last bytes of a stream as the functions below look at."""

_DONE: Final = (b"[DONE]\n\n", b"[DONE]\r\n\r\n", b"[DONE]\r\r")
_EVENT_ENDS: Final = (b"\n\n", b"\r\n\r\n", b"\r\r")

_READER: Final = json.JSONDecoder(parse_int=float, strict=False)  # Python reads no integer of 5,000 digits
_BLANKS: Final = "[ \t\n\r]*"
_OPENING: Final = re.compile(rf"{_BLANKS}{{{_BLANKS}")
_COLON: Final = re.compile(rf"{_BLANKS}:{_BLANKS}")
_COMMA: Final = re.compile(rf"{_BLANKS},{_BLANKS}")
_CLOSING: Final = re.compile(rf"{_BLANKS}}}{_BLANKS}")


def request_to_openai(body: bytes) -> tuple[str, bytes]:
    """The model that a request asks for, and the request with the model's name as the upstream knows it.

    Of several `model` keys the last one counts, as wherever JSON is parsed; those deeper inside are not looked at.

    Args:
        body: Meant to be a JSON object. What is none, or names no model, is for the upstream to refuse: it comes back
            as it is, with an empty name.

    Returns:
        The name as the client wrote it; and the body, in which only the value of `model` may have changed.
    """
    try:
        request = orjson.loads(body)  # a quarter of the time of the search below, and mostly nothing has to change
    except orjson.JSONDecodeError:
        pass  # perhaps only stricter than the upstream: half a character in a text, NaN
    else:
        asked = request.get("model") if isinstance(request, dict) else None
        if not isinstance(asked, str):
            return "", body
        if upstream_id(asked) == asked:
            return asked, body
    try:
        return _replaced(body.decode(), body)
    except (ValueError, RecursionError):  # not UTF-8, not JSON, nested too deep
        return "", body


def repaired_body(body: bytes, repairs: Collection[Repair]) -> bytes:
    """A request with repairs applied as `repairs.repaired` does it, and every other member as it was written.

    Args:
        body: Meant to be a JSON object; what is none comes back as it is.
        repairs: In the order in which they were learned.
    """
    if not repairs:  # as for most models: then the body need not be searched
        return body
    try:
        text = body.decode()
        members = _members(text)
        for repair in repairs:
            edits = edits_of(repair, {member.key: member.value for member in members})
            for edit in edits:
                text = _edited(text, edit.path, edit)
            if edits:
                members = _members(text)
    except (ValueError, RecursionError):
        return body
    return text.encode()


class _Member(NamedTuple):
    """A member of an object, and where its key begins and ends, its value begins, and both end."""

    key: str
    value: Any
    start: int
    key_end: int
    value_start: int
    end: int


def _replaced(text: str, body: bytes) -> tuple[str, bytes]:
    found = [member for member in _members(text) if member.key == "model"]
    if not found or not isinstance(found[-1].value, str):
        return "", body
    name, start, end = found[-1].value, found[-1].value_start, found[-1].end
    wanted = upstream_id(name)
    if wanted == name:
        return name, body
    return name, b"".join((text[:start].encode(), json.dumps(wanted).encode(), text[end:].encode()))


def _edited(text: str, path: tuple[str, ...], edit: Edit) -> str:
    """The text of an object after an edit; of several members with one key the last is the one that counts."""
    key, *inner = path
    members = _members(text)
    named = [member for member in members if member.key == key]
    if not named:
        end = members[-1].end if members else text.index("{") + 1
        return f"{text[:end]}{',' if members else ''}{json.dumps(key)}:{json.dumps(edit.value)}{text[end:]}"
    last = named[-1]
    if inner:
        new = _edited(text[last.value_start : last.end], tuple(inner), edit)
        return text[: last.value_start] + new + text[last.end :]
    if edit.action == "write":
        return text[: last.value_start] + json.dumps(edit.value) + text[last.end :]
    if edit.action == "delete":
        return _without(text, members, named)
    if len(named) > 1:  # one that was shadowed would count now
        return _edited(_without(text, members, named[:-1]), path, edit)
    return text[: last.start] + json.dumps(edit.value) + text[last.key_end :]


def _without(text: str, members: list[_Member], deleted: list[_Member]) -> str:
    """The text of an object without some of its members, and without a comma for each."""
    gone = {member.start for member in deleted}
    stays = next((place for place, member in enumerate(members) if member.start not in gone), None)
    if stays is None:
        return text[: members[0].start] + text[members[-1].end :]
    spans = [
        (member.start, members[place + 1].start) if place < stays else (members[place - 1].end, member.end)
        for place, member in enumerate(members)
        if member.start in gone
    ]
    for start, end in reversed(spans):
        text = text[:start] + text[end:]
    return text


def _members(text: str) -> list[_Member]:
    """The members of an object, in their order.

    Raises:
        ValueError: Not a JSON object.
    """
    found: list[_Member] = []
    place = _OPENING.match(text)
    if place and _CLOSING.fullmatch(text, place.end()):
        return found
    while place:
        key, key_end = _READER.raw_decode(text, place.end())
        colon = _COLON.match(text, key_end)
        if not isinstance(key, str) or colon is None:
            raise ValueError("not a key")
        value, end = _READER.raw_decode(text, colon.end())
        found.append(_Member(key, value, place.end(), key_end, colon.end(), end))
        place = _COMMA.match(text, end)
        if place is None and not _CLOSING.fullmatch(text, end):
            raise ValueError("not an object")
    if not found:
        raise ValueError("not an object")
    return found


def is_complete(end: bytes) -> bool:
    """Whether a stream has said that nothing follows: `data: [DONE]`, the end of Chat Completions and Completions.

    Args:
        end: Its last `END_BYTES` so far, or all of it.
    """
    return end.endswith(_DONE)


def between_events(end: bytes) -> bool:
    """Whether a stream is where an event may begin.

    Args:
        end: Its last `END_BYTES` so far, or all of it.
    """
    return not end or end.endswith(_EVENT_ENDS)
