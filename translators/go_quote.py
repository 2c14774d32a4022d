"""Strings as Go's `strconv.Quote` and its `%q` write them: Ollama quotes values that way in its error texts."""

_NAMED_ESCAPES = {
    '"': '\\"',
    "\\": "\\\\",
    "\a": "\\a",
    "\b": "\\b",
    "\f": "\\f",
    "\n": "\\n",
    "\r": "\\r",
    "\t": "\\t",
    "\v": "\\v",
}


def quoted(text: str) -> str:
    """The text in double quotes, with escapes for all that Go does not count as printable."""
    return f'"{"".join(map(escaped, text))}"'


def escaped(char: str) -> str:
    """One character as it stands between Go's double quotes."""
    if char in _NAMED_ESCAPES:
        return _NAMED_ESCAPES[char]
    # Both languages call letters, marks, numbers, punctuation, symbols and the ASCII space printable.
    if char.isprintable():
        return char
    code = ord(char)
    return f"\\x{code:02x}" if code < 0x80 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
