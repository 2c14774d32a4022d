"""What may be made to go wrong while a recording is played, so that a client's handling of errors can be tested.

The same words stand in a request's header `X-Ollama-Replay-Fault` and in a recording's own member `fault`; the header
wins. What each fault does to an answer is in `faulty_calls.py`.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from translators.errors import RequestError

HEADER: Final = "X-Ollama-Replay-Fault"

NONE: Final = "none"
"""In the header: the recording's own fault does not count."""

type Kind = Literal["stall", "cut", "broken-json", "status", "slow"]


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault.

    Attributes:
        kind: What goes wrong.
        text: As it was asked for.
        chunks: Of `stall`, `cut` and `broken-json`: how many come before it; None for the half of them.
        status: Of `status`: the HTTP status.
        times: Of `status`: how many requests fail before one succeeds.
        seconds: Of `slow`: how much later the answer begins.
    """

    kind: Kind
    text: str
    chunks: int | None = None
    status: int = 0
    times: int = 1
    seconds: float = 0


@dataclass(frozen=True, slots=True)
class _Form:
    """How a fault is written.

    Attributes:
        shown: For a person.
        rest: What follows the kind, with groups named for the attributes of `Fault`.
    """

    shown: str
    rest: re.Pattern[str]


_CHUNKS: Final = re.compile(r"(?::(?P<chunks>[0-9]{1,6}))?")

_FORMS: Final[dict[Kind, _Form]] = {
    "stall": _Form("stall[:CHUNKS]", _CHUNKS),
    "cut": _Form("cut[:CHUNKS]", _CHUNKS),
    "broken-json": _Form("broken-json[:CHUNKS]", _CHUNKS),
    "status": _Form(
        "status:400..599[:TIMES]", re.compile(r":(?P<status>[45][0-9]{2})(?::(?P<times>[1-9][0-9]{0,5}))?")
    ),
    "slow": _Form("slow:SECONDS", re.compile(r":(?P<seconds>[0-9]{1,6}(?:\.[0-9]{1,3})?)")),
}

_NUMBERS: Final[Mapping[str, Callable[[str], Any]]] = {"chunks": int, "status": int, "times": int, "seconds": float}


def parse_fault(text: str) -> Fault:
    """Read a fault.

    Raises:
        ValueError: It is none; the message says what can be given.
    """
    for kind, form in _FORMS.items():
        if text.startswith(kind) and (match := form.rest.fullmatch(text, len(kind))):
            given = {name: _NUMBERS[name](value) for name, value in match.groupdict().items() if value is not None}
            return Fault(kind, text, **given)
    raise ValueError(f"{text!r} is no fault: give {', '.join(form.shown for form in _FORMS.values())}")


def checked_fault(text: str) -> str:
    """The text of a fault, as it is.

    Raises:
        ValueError: As `parse_fault`.
    """
    parse_fault(text)
    return text


def fault_of(headers: Mapping[str, str], own: str | None) -> Fault | None:
    """The fault with which a recording is played to a client; None for none.

    Args:
        headers: Of the client's request, found by names in any case.
        own: The recording's.

    Raises:
        RequestError: 400, the header holds no fault.
    """
    asked = headers.get(HEADER, "").strip()
    if not asked:
        return parse_fault(own) if own else None
    if asked == NONE:
        return None
    try:
        return parse_fault(asked)
    except ValueError as error:
        raise RequestError(f"{HEADER}: {error}, or {NONE}") from None


def check_fault(headers: Mapping[str, str], *, plays: bool) -> None:
    """Refuse a request whose fault cannot happen: who asks for one would take a good answer for a handled error.

    Args:
        headers: Of the client's request, found by names in any case.
        plays: Whether its answer may come, or has come, from a recording.

    Raises:
        RequestError: 400, the header holds no fault, or no recording is played.
    """
    fault = fault_of(headers, None)
    if fault and not plays:
        raise RequestError(
            f"{HEADER}: {fault.text!r} needs a recording, and none is played for this request: leave the header out, "
            "or see ollama_record_mode"
        )
