"""JSON the way Go's `encoding/json` writes it, which is what Ollama's clients are used to (`encode.go`).

One difference is on purpose: U+0085 is escaped too, because the Python SDK splits lines there.
"""

import json
import re
from decimal import Decimal
from json.encoder import encode_basestring
from typing import Any

# Go escapes these for HTML and JavaScript; a lone surrogate cannot be UTF-8 and becomes the replacement character.
_ESCAPES = {ord(c): f"\\u{ord(c):04x}" for c in "<>&\u0085\u2028\u2029"} | dict.fromkeys(
    range(0xD800, 0xE000), "\\ufffd"
)
_SPECIAL = re.compile("[<>&\u0085\u2028\u2029\ud800-\udfff]")
_STRING_OR_FLOAT = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|-?\d+(?:\.\d+(?:e[+-]\d+)?|e[+-]\d+)')
_COMPACT = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def encode(value: Any) -> bytes:
    """A JSON value as Go writes it: compact, keys in their order, UTF-8.

    Raises:
        ValueError: A number is not finite.
        TypeError: Not a JSON value.
    """
    return _STRING_OR_FLOAT.sub(_go_token, _escaped(_COMPACT.encode(value))).encode()


def encode_string(text: str) -> str:
    """A JSON string as Go writes it, quotes included; always encodable as UTF-8."""
    return _escaped(encode_basestring(text))


def _escaped(text: str) -> str:
    return text if _SPECIAL.search(text) is None else text.translate(_ESCAPES)


def go_number(text: str) -> str:
    """A JSON number with the same digits, laid out as Go does: exponents only below 1e-6 and from 1e21, and no `.0`."""
    number = float(text)
    if number and not 1e-6 <= abs(number) < 1e21:
        return text.replace("e-0", "e-")
    return format(Decimal(text), "f").removesuffix(".0")


def _go_token(token: re.Match[str]) -> str:
    text = token[0]
    return text if text[0] == '"' else go_number(text)
