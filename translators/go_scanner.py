"""Where a JSON value ends, or what Go says is wrong with it: the checks and texts of `encoding/json`'s scanner.

This is the slow way, for bodies that a fast parser has refused; strings, the only long tokens, are still matched in C.
Like Go it looks at bytes: what is inside a string need not be UTF-8.
"""

import re
from enum import IntEnum, auto

from translators.errors import RequestError
from translators.go_quote import escaped

MAX_DEPTH = 1024
"""Brackets open at once. Go's limit is 10,000; this is orjson's, so that both ways of reading accept the same."""


class _State(IntEnum):  # hashed as an integer, not by its name as an Enum
    VALUE = auto()
    FIRST_VALUE = auto()
    KEY = auto()
    FIRST_KEY = auto()
    COLON = auto()
    IN_OBJECT = auto()
    IN_ARRAY = auto()


_CONTEXTS = {
    _State.VALUE: "looking for beginning of value",
    _State.FIRST_VALUE: "looking for beginning of value",
    _State.KEY: "looking for beginning of object key string",
    _State.FIRST_KEY: "looking for beginning of object key string",
    _State.COLON: "after object key",
    _State.IN_OBJECT: "after object key:value pair",
    _State.IN_ARRAY: "after array element",
}

_VALUES = frozenset({_State.VALUE, _State.FIRST_VALUE})
_KEYS = frozenset({_State.KEY, _State.FIRST_KEY})

_SEPARATORS = {
    (_State.COLON, b":"): _State.VALUE,
    (_State.IN_OBJECT, b","): _State.KEY,
    (_State.IN_ARRAY, b","): _State.VALUE,
}

_OPENERS = {
    b"{": (_State.FIRST_KEY, _State.IN_OBJECT),
    b"[": (_State.FIRST_VALUE, _State.IN_ARRAY),
}
"""The state right after the bracket, and the one after each value within it."""

_CLOSERS = frozenset(
    {
        (_State.FIRST_KEY, b"}"),
        (_State.IN_OBJECT, b"}"),
        (_State.FIRST_VALUE, b"]"),
        (_State.IN_ARRAY, b"]"),
    }
)

_LITERALS = {b"t": "true", b"f": "false", b"n": "null"}

_SPACE = re.compile(rb"[ \t\r\n]*+")
_STRING = re.compile(rb'"(?:[^"\\\x00-\x1f]++|\\["\\/bfnrt]|\\u[0-9a-fA-F]{4})*+')
_HEX_DIGITS = re.compile(rb"\\u[0-9a-fA-F]{0,3}")

_NUMBER_PARTS = (
    (re.compile(rb"-?"), re.compile(rb"0|[1-9][0-9]*+"), "in numeric literal"),
    (re.compile(rb"\."), re.compile(rb"[0-9]++"), "after decimal point in numeric literal"),
    (re.compile(rb"[eE][+-]?"), re.compile(rb"[0-9]++"), "in exponent of numeric literal"),
)
"""What begins a part, the digits that then must follow, and the complaint about anything else."""


def end_of_first_value(body: bytes) -> int:
    """Check the first JSON value in a body; what follows it is not looked at.

    Returns:
        The offset behind the value.

    Raises:
        RequestError: Go's text for what is wrong.
    """
    at = _after(_SPACE, body, 0)
    if at == len(body):
        raise RequestError("missing request body")
    state = _State.VALUE
    containers: list[_State] = []
    while True:
        char = body[at : at + 1]
        if state in _VALUES and char in _OPENERS:
            state, within = _OPENERS[char]
            containers.append(within)
            if len(containers) > MAX_DEPTH:
                raise _unexpected(body, at, "exceeded max depth")
            at += 1
        elif (state, char) in _SEPARATORS:
            state = _SEPARATORS[state, char]
            at += 1
        elif state in _KEYS and char == b'"':
            state = _State.COLON
            at = _end_of_string(body, at)
        else:
            if (state, char) in _CLOSERS:
                containers.pop()
                at += 1
            elif state in _VALUES:
                at = _end_of_scalar(body, at)
            else:
                raise _unexpected(body, at, _CONTEXTS[state])
            if not containers:
                return at
            state = containers[-1]
        at = _after(_SPACE, body, at)


def _end_of_scalar(body: bytes, at: int) -> int:
    char = body[at : at + 1]
    if char == b'"':
        return _end_of_string(body, at)
    if char == b"-" or char.isdigit():
        return _end_of_number(body, at)
    if char not in _LITERALS:
        raise _unexpected(body, at, _CONTEXTS[_State.VALUE])
    literal = _LITERALS[char]
    for offset, letter in enumerate(literal):
        if body[at + offset : at + offset + 1] != letter.encode():
            raise _unexpected(body, at + offset, f"in literal {literal} (expecting '{letter}')")
    return at + len(literal)


def _end_of_string(body: bytes, at: int) -> int:
    at = _after(_STRING, body, at)
    char = body[at : at + 1]
    if char == b'"':
        return at + 1
    if char != b"\\":
        raise _unexpected(body, at, "in string literal")
    if body[at + 1 : at + 2] != b"u":
        raise _unexpected(body, at + 1, "in string escape code")
    raise _unexpected(body, _after(_HEX_DIGITS, body, at), "in \\u hexadecimal character escape")


def _end_of_number(body: bytes, at: int) -> int:
    for beginning, digits, context in _NUMBER_PARTS:
        begun = beginning.match(body, at)
        if not begun:
            continue
        found = digits.match(body, begun.end())
        if not found:
            raise _unexpected(body, begun.end(), context)
        at = found.end()
    return at


def _after(pattern: re.Pattern[bytes], body: bytes, at: int) -> int:
    found = pattern.match(body, at)
    return found.end() if found else at


def _unexpected(body: bytes, at: int, context: str) -> RequestError:
    if at >= len(body):
        return RequestError("unexpected EOF")
    char = chr(body[at])  # Go takes the byte for a character: a byte order mark shows as 'ï'
    shown = {'"': '"', "'": "\\'"}.get(char) or escaped(char)
    return RequestError(f"invalid character '{shown}' {context}")
