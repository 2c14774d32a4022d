"""Reading JSON that other servers wrote: fast where it is right, forgiving where it is not."""

import json
import math
from typing import Any

import orjson

_MOST_DIGITS = 309
"""Of an integer: a double has no more, and Python refuses thousands with a sentence of its own."""


def read_json(data: bytes | str) -> Any:
    """The value of a JSON text, safe to write again.

    What strict parsers refuse and servers send is read all the same: lone surrogates and bytes that are not UTF-8
    (U+FFFD), raw control characters in strings, a byte order mark, NaN, Infinity and numbers beyond a double (null).

    Raises:
        ValueError: Not JSON, or nested more than 1024 deep.
    """
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError:
        return _read_loosely(data if isinstance(data, str) else data.decode("utf-8-sig", "replace"))


def _read_loosely(text: str) -> Any:
    try:
        value = json.loads(text, strict=False, parse_float=_finite, parse_int=_integer, parse_constant=lambda _: None)
        clean = json.dumps(value, ensure_ascii=False)
    except RecursionError as error:
        raise ValueError("JSON is nested too deep") from error
    # through UTF-16, where halves of one character find each other and a lone one becomes U+FFFD
    return orjson.loads(clean.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace"))


def _finite(text: str) -> float | None:
    number = float(text)
    return number if math.isfinite(number) else None


def _integer(text: str) -> int | None:
    return int(text) if len(text) <= _MOST_DIGITS else None
