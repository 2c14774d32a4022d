"""Request bodies read as Ollama reads them, which is as Go's `encoding/json` does (`ollama-contract.md` 1.2).

Most bodies are plain JSON and take the fast path through orjson. What it refuses is either wrong, and then Go's text
for it is the answer, or one of the things that Go lets pass: something after the first value, bytes that are not
UTF-8, halves of surrogate pairs.
"""

import json
import math
import re
from collections.abc import Callable
from typing import Any

import orjson

from translators.errors import RequestError
from translators.go_scanner import end_of_first_value

_UNDECODABLE = re.compile("[\udc80-\udcff]")  # what `surrogateescape` leaves of bytes that are not UTF-8, one for each
_ESCAPE = re.compile(r"\\(?:u[dD][89abAB]..\\u[dD][c-fC-F]..|(?P<lone>u[dD][89a-fA-F]..)|.)")

_MOST_DIGITS = 20  # of a 64-bit number, sign included; int() itself refuses thousands
_INTEGERS = range(-(2**63), 2**64)  # orjson reads what is beyond as a float


class NumberLiteral(str):
    """A JSON number as the client wrote it."""

    __slots__ = ()


def decode(body: bytes) -> Any:
    """The first JSON value of a body.

    Invalid UTF-8 and lone surrogates become U+FFFD; of equal keys the last one wins; a number with neither fraction
    nor exponent is an int, any other a float; an integer beyond 64 bits is a float, as all numbers are in Go.

    Raises:
        RequestError: 400 with Go's text: nothing there, not JSON, more than 1024 brackets open, or a number too large
            for a float (which Go only minds in a field that it reads).
    """
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return _read(body, _integer, _float)


def decode_with_literals(body: bytes) -> Any:
    """The value that `decode` gives, with every number as a `NumberLiteral`, because Go's type errors quote them."""
    return _read(body, NumberLiteral, NumberLiteral)


def _read(body: bytes, parse_int: Callable[[str], Any], parse_float: Callable[[str], Any]) -> Any:
    value = body[: end_of_first_value(body)].decode("utf-8", "surrogateescape")
    text = _ESCAPE.sub(_without_lone_surrogate, _UNDECODABLE.sub("\ufffd", value))
    return json.loads(text, parse_int=parse_int, parse_float=parse_float)


def _without_lone_surrogate(escape: re.Match[str]) -> str:
    return "\\ufffd" if escape["lone"] else escape[0]


def _integer(text: str) -> int | float:
    if len(text) <= _MOST_DIGITS and (number := int(text)) in _INTEGERS:
        return number
    return _float(text)


def _float(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise RequestError(f"json: cannot unmarshal number {text} into Go value of type float64")
    return number
