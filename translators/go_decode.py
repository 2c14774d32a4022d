"""JSON bodies as Go's `encoding/json` understands them (`decode.go`, `scanner.go`).

Most bodies are plain JSON and are read by orjson. What it refuses is either wrong, and then Go's text for it is the
answer, or one of the things that Go lets pass: something after the first value, bytes that are not UTF-8, halves of
surrogate pairs, numbers that no float can hold where nobody reads them.
"""

import json
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import orjson

from translators.go_scanner import end_of_first_value

_UNDECODABLE = re.compile("[\udc80-\udcff]")  # what `surrogateescape` leaves of bytes that are not UTF-8, one for each
_ESCAPE = re.compile(r"\\(?:u[dD][89abAB]..\\u[dD][c-fC-F]..|(?P<lone>u[dD][89a-fA-F]..)|.)")

_BY_HAND = 16 * 1024
"""Bytes; no program repeats keys, so a longer body is not looked through for it: there the last of them wins."""

_WHOLE = re.compile(r"-?[0-9]{1,20}")
_WHOLE_NUMBERS = range(-(2**63), 2**64)


class NotPlain(ValueError):
    """A body that is not JSON, or that says more than a value of Python's can hold."""


@dataclass(frozen=True, slots=True)
class NumberLiteral:
    """A JSON number as the client wrote it, because Go's errors quote it."""

    text: str


type Document = bool | str | NumberLiteral | list[Document] | tuple[tuple[str, Document], ...] | None
"""A JSON value with all that was written: an object is the tuple of its pairs, in which a key may be repeated."""


def decode_plain(body: bytes) -> Any:
    """The value of a body that is one JSON value, with no key repeated.

    Raises:
        NotPlain: It is not; `decode` tells what it is.
    """
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise NotPlain("not JSON as orjson reads it") from error
    if len(body) <= _BY_HAND and _has_lost_pairs(body, value):
        raise NotPlain("a key seems to be repeated")
    return value


def _has_lost_pairs(body: bytes, value: Any) -> bool:
    """Whether keys are repeated: of equal keys orjson keeps the last one, so the others' colons are lost.

    Not noticed is one beside as many colons written as escapes, which no program writes.
    """
    try:
        return body.count(b":") != orjson.dumps(value).count(b":")
    except orjson.JSONEncodeError:  # it writes fewer levels than it reads
        return False


def decode(body: bytes) -> Document:
    """The first JSON value of a body; invalid UTF-8 and lone surrogates become U+FFFD.

    Raises:
        RequestError: 400 with Go's text: nothing there, not JSON, or more than 1024 brackets open.
    """
    try:
        orjson.loads(body)
    except orjson.JSONDecodeError:
        value = body[: end_of_first_value(body)].decode("utf-8", "surrogateescape")
        text = _ESCAPE.sub(_without_lone_surrogate, _UNDECODABLE.sub("\ufffd", value))
    else:
        text = body.decode()
    document: Document = json.loads(text, parse_int=NumberLiteral, parse_float=NumberLiteral, object_pairs_hook=tuple)
    return document


def plain(document: Document) -> Any:
    """A document as Python has it: of equal keys the last one wins, and a number beyond floats is the largest float.

    Without recursion, because a document may nest deeper than Python calls.
    """
    holder: list[Any] = [document]
    waiting: list[tuple[Any, Any]] = [(holder, 0)]
    while waiting:
        container, key = waiting.pop()
        value = container[key]
        if isinstance(value, NumberLiteral):
            container[key] = _number(value.text)
        elif isinstance(value, tuple):
            container[key] = dict(value)
            waiting += [(container[key], inner) for inner in container[key]]
        elif isinstance(value, list):
            container[key] = list(value)
            waiting += [(container[key], inner) for inner in range(len(value))]
    return holder[0]


def literals_in(document: Document) -> Iterator[NumberLiteral]:
    """All numbers of a document, in its order."""
    waiting = [document]
    while waiting:
        value = waiting.pop()
        if isinstance(value, NumberLiteral):
            yield value
        elif isinstance(value, tuple):
            waiting += [item for _, item in reversed(value)]
        elif isinstance(value, list):
            waiting += reversed(value)


def _number(text: str) -> int | float:
    """As orjson reads it: whole numbers of 64 bits exactly."""
    if _WHOLE.fullmatch(text) and int(text) in _WHOLE_NUMBERS:
        return int(text)
    return min(max(float(text), -sys.float_info.max), sys.float_info.max)


def _without_lone_surrogate(escape: re.Match[str]) -> str:
    return "\\ufffd" if escape["lone"] else escape[0]
