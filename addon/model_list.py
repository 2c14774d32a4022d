"""An upstream's model list as HTTP told it: how long it is good, and how to ask whether it has changed (RFC 9111)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

LONGEST_SECONDS: Final = 300.0
"""The longest that a list is believed, whatever its server says: a new model should be seen without a restart."""

_MAX_AGE: Final = re.compile(r'(?:^|[,\s])max-age="?(\d{1,9})', re.IGNORECASE)
_ASKED_ALWAYS: Final = re.compile(r"\bno-(?:store|cache)\b", re.IGNORECASE)
_NEVER_KEPT: Final = re.compile(r"\bno-store\b", re.IGNORECASE)

# The header that tells a list's version -> the one that asks for another.
_VALIDATORS: Final = {"etag": "If-None-Match", "last-modified": "If-Modified-Since"}


@dataclass(frozen=True, slots=True)
class ModelList:
    """One answer of `GET /models`.

    Attributes:
        body: The parsed JSON, whatever its shape; None when nothing has changed.
        unchanged: Whether the list is still the one whose validators were sent.
        seconds: How long its server lets it be used again; 0 when it does not say.
        validators: Headers for the next call, which ask for a list only if it is another.
    """

    body: Any
    unchanged: bool = False
    seconds: float = 0.0
    validators: Mapping[str, str] = field(default_factory=dict)


def good_seconds(headers: Mapping[str, str]) -> float:
    """How many seconds an answer may be used again, at most `LONGEST_SECONDS`.

    Args:
        headers: Of the answer, found by names in lower case.
    """
    control = headers.get("cache-control", "")
    most = _MAX_AGE.search(control)
    if most is None or _ASKED_ALWAYS.search(control):
        return 0.0
    age = headers.get("age", "").strip()  # of an answer from a cache in between
    spent = int(age) if re.fullmatch("[0-9]{1,9}", age) else 0
    return min(max(int(most[1]) - spent, 0), LONGEST_SECONDS)


def validators_of(headers: Mapping[str, str]) -> dict[str, str]:
    """The headers that ask for an answer only if it is another than this one.

    Args:
        headers: Of the answer, found by names in lower case.
    """
    if _NEVER_KEPT.search(headers.get("cache-control", "")):
        return {}
    return {asking: headers[telling] for telling, asking in _VALIDATORS.items() if headers.get(telling)}
