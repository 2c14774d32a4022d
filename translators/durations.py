"""Go durations: `300ms`, `1.5h`, `2h45m`, as `time.ParseDuration` reads them."""

import re

from translators.go_quote import escaped

NANOSECONDS = 1_000_000_000
"""In a second."""

LONGEST = 2**63 - 1
"""The longest duration that Go has, in nanoseconds: about 292 years."""

_UNITS = {
    "ns": 1,
    "us": 1_000,
    "\u00b5s": 1_000,  # micro sign
    "\u03bcs": 1_000,  # Greek letter mu
    "ms": 1_000_000,
    "s": NANOSECONDS,
    "m": 60 * NANOSECONDS,
    "h": 3600 * NANOSECONDS,
}

_TERM = re.compile(r"([0-9]*)(?:\.([0-9]*))?([^.0-9]*)")
_MOST_DIGITS = len(str(LONGEST))  # before the point; int() itself refuses thousands
_EXACT_DIGITS = 18  # of a fraction; more do not fit into Go's 64 bits, and do not matter


def parse_duration(text: str) -> int:
    """The duration in nanoseconds.

    Raises:
        ValueError: Go's text for what is wrong.
    """
    negative = text[:1] == "-"
    unsigned = text[1:] if text[:1] in ("-", "+") else text
    if unsigned == "0":
        return 0
    invalid = ValueError(f"time: invalid duration {_quoted(text)}")
    if not unsigned:
        raise invalid
    total = at = 0
    while at < len(unsigned):
        term = _TERM.match(unsigned, at)
        if not term or not (term[1] or term[2]):
            raise invalid
        whole, fraction, unit = term.groups(default="")
        if len(whole.lstrip("0")) > _MOST_DIGITS:
            raise invalid
        if not unit:
            raise ValueError(f"time: missing unit in duration {_quoted(text)}")
        if unit not in _UNITS:
            raise ValueError(f"time: unknown unit {_quoted(unit)} in duration {_quoted(text)}")
        digits = fraction[:_EXACT_DIGITS]
        total += int(whole or "0") * _UNITS[unit] + int(int(digits or "0") * (_UNITS[unit] / 10 ** len(digits)))
        if total > LONGEST + 1:
            raise invalid
        at = term.end()
    if total > LONGEST and not negative:
        raise invalid
    return -total if negative else total


def _quoted(text: str) -> str:
    """As Go's `time` package quotes: not as `%q` does, every byte beyond ASCII is shown as its number."""
    return '"' + "".join(map(_shown, text)) + '"'


def _shown(char: str) -> str:
    if char in '"\\':
        return escaped(char)
    if " " <= char < "\x80":
        return char
    return "".join(f"\\x{byte:02x}" for byte in char.encode())
