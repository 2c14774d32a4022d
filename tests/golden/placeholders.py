"""What an expected text may leave open: `<time>` and the like stand for what differs each time.

No JSON body has such a name of its own, because Go writes `<` in JSON as `\\u003c`.
"""

import re
from collections.abc import Mapping
from typing import Final

_FLOAT: Final = r"-?\d(?:\.\d*[1-9])?(?:e-[1-9]\d*)?"  # without zeros at the ends of its parts

PLACEHOLDERS: Final[Mapping[str, str]] = {
    # A time of Go's: the fraction has at most nine digits, and no zeros at its end.
    "<time>": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{0,8}[1-9])?Z",
    # The same in the zone of the machine.
    "<zoned>": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{0,8}[1-9])?(?:Z|[+-]\d\d:\d\d)",
    # A `Date` header.
    "<date>": r"[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT",
    # A duration or a size: Ollama leaves 0 out.
    "<n>": r"[1-9]\d*",
    # Some integers, and some numbers of a vector, as Go writes them.
    "<integers>": r"\d+(?:,\d+)*",
    "<floats>": f"{_FLOAT}(?:,{_FLOAT})*",
    # A tool call's id as the upstream of the tests makes it.
    "<call>": r"call_[0-9a-f]{24}",
    "<sha256>": r"[0-9a-f]{64}",
    # The inside of a JSON string that is not empty: a sentence of this proxy, where Ollama has none.
    "<words>": r'(?:[^"\\\x00-\x1f]|\\["\\/bfnrt]|\\u[0-9a-f]{4})+',
    # Further objects of a list.
    "<more>": r"(?:,\{.*\})?",
}
"""Name -> regular expression."""

_NAME = re.compile("(" + "|".join(map(re.escape, PLACEHOLDERS)) + ")")


def with_names(expected: str, got: str) -> str:
    """What was got, to be compared with what was expected.

    Args:
        expected: A text, perhaps with placeholders.
        got: Another.

    Returns:
        The second text, in which each line that fits the expected one stands as that: it equals `expected` when all
        lines fit, and else the two differ in just the lines that are wrong.
    """
    wanted, lines = expected.split("\n"), got.split("\n")
    fitting = [line if _fits(line, own) else own for line, own in zip(wanted, lines, strict=False)]
    return "\n".join([*fitting, *lines[len(wanted) :]])


def _fits(expected: str, got: str) -> bool:
    pattern = "".join(PLACEHOLDERS.get(part) or re.escape(part) for part in _NAME.split(expected))
    return re.fullmatch(pattern, got) is not None
