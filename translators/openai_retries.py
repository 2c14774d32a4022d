"""When a failed call to an OpenAI-style server is made again, and how long to wait before (as OpenAI's SDKs do it).

A call is made again only as long as nothing of its answer has been passed on, and only for what may be over soon.
"""

import re
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Final

RETRIED_STATUSES: Final = frozenset({408, 409, 429})
"""Besides every status from 500 on."""

LONGEST_WAIT: Final = 30.0
"""Seconds. Whoever is told to wait longer should hear it: the client gets the error, with its `Retry-After`."""

_USED_UP: Final = re.compile(
    rb"""["'](?:insufficient_quota"""  # OpenAI, Azure, DashScope
    rb"|credit_balance_exhausted|(?:organization|project)_spend_limit_exceeded"  # OpenAI since 2026
    rb"""|exceeded_current_quota_error)\\*["']"""  # Moonshot
)
"""A code or type, quoted: also inside the JSON text or the Python text into which gateways put what they were told. Not
the sentence: Gemini says "You exceeded your current quota" of what is free again in the next minute."""

_FIRST_WAIT: Final = 0.5
_LONGEST_BACKOFF: Final = 8.0
_JITTER: Final = 0.25
"""How much of a back-off is left to chance, so that many clients do not come back at once."""


def is_retryable(status: int, headers: Mapping[str, str], body: bytes) -> bool:
    """Whether a refused call may succeed when it is made again.

    Args:
        status: 4xx or 5xx.
        headers: Found by names in lower case.
        body: In which the name of a used-up quota is looked for, in whatever envelope: no waiting cures that.
    """
    if _USED_UP.search(body):
        return False
    advice = headers.get("x-should-retry", "").lower()
    if advice in ("true", "false"):
        return advice == "true"
    return status in RETRIED_STATUSES or status >= 500


def seconds_to_wait(headers: Mapping[str, str], retries: int, now: float, chance: float) -> float | None:
    """How long to wait before the next try; None when the server asks for more than `LONGEST_WAIT`.

    Args:
        headers: Of the refusal, found by names in lower case; none when there was no answer.
        retries: How many there were already.
        now: Unix time in seconds, for a `Retry-After` that is a date.
        chance: From 0 to 1.
    """
    asked = _asked_wait(headers, now)
    if asked is None or asked <= 0:
        backoff: float = min(_FIRST_WAIT * 2**retries, _LONGEST_BACKOFF)
        return backoff * (1 - _JITTER * chance)
    return asked if asked <= LONGEST_WAIT else None


def _asked_wait(headers: Mapping[str, str], now: float) -> float | None:
    """Seconds that the server asks for: `retry-after-ms`, else `retry-after` in seconds or as a date."""
    milliseconds, text = _number(headers.get("retry-after-ms", "")), headers.get("retry-after", "")
    if milliseconds is not None:
        return milliseconds / 1000
    seconds = _number(text)
    if seconds is not None:
        return seconds
    try:
        return parsedate_to_datetime(text).timestamp() - now
    except (ValueError, OverflowError):
        return None


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return None if number != number else number  # nan
