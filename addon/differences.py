"""What differs between a request and a recorded one, told to a person: pure functions."""

from collections.abc import Iterator
from typing import Any, Final

from addon.matching import Asked, json_text, json_value

IGNORED_UPSTREAM: Final = frozenset({"stream", "stream_options"})
"""Members of a translated request that may differ from the recorded one: they follow the client's `stream`."""

MOST_DIFFERENCES: Final = 3
LONGEST_VALUE: Final = 60
"""Characters of a value that an explanation shows."""

_ABSENT: Final = object()


def request_difference(asked: Asked, recorded: Asked) -> str:
    """What differs between two requests, for a person; empty when the same recording answers both."""
    if asked.route != recorded.route:
        return f"the route is {asked.route}, recorded is {recorded.route}"
    return _told(asked.body, recorded.body)


def upstream_difference(sent: bytes, recorded: bytes) -> str:
    """What differs between a translated request and the recorded one, for a person; empty when nothing does."""
    values = [json_value(body, "openai") for body in (sent, recorded)]
    sent_body, recorded_body = (
        {key: value[key] for key in value if key not in IGNORED_UPSTREAM} if isinstance(value, dict) else value
        for value in values
    )
    return _told(sent_body, recorded_body)


def _told(value: Any, recorded: Any) -> str:
    differences = list(_differences(value, recorded, ""))
    more = len(differences) - MOST_DIFFERENCES
    return "; ".join(differences[:MOST_DIFFERENCES]) + (f"; and {more} more" if more > 0 else "")


def _differences(value: Any, recorded: Any, place: str) -> Iterator[str]:
    if isinstance(value, dict) and isinstance(recorded, dict):
        # The model comes first: where it differs, what else does says little.
        for key in sorted({*value, *recorded}, key=lambda key: (key != "model", key)):
            inner = f"{place}.{key}" if place else key
            yield from _differences(value.get(key, _ABSENT), recorded.get(key, _ABSENT), inner)
    elif isinstance(value, list) and isinstance(recorded, list):
        if len(value) != len(recorded):
            yield f"{place} has {len(value)} items, recorded are {len(recorded)}"
        for position, pair in enumerate(zip(value, recorded, strict=False)):
            yield from _differences(*pair, f"{place}[{position}]")
    elif value is _ABSENT:
        yield f"{place} is left out, recorded is {_shown(recorded)}"
    elif recorded is _ABSENT:
        yield f"{place} is {_shown(value)}, recorded is none"
    elif json_text(value) != json_text(recorded):
        start = _first_difference(value, recorded)
        yield f"{place or 'the body'} is {_shown(value, start)}, recorded is {_shown(recorded, start)}"


def _first_difference(value: Any, recorded: Any) -> int:
    """Where two texts part; 0 for other values."""
    if not (isinstance(value, str) and isinstance(recorded, str)):
        return 0
    pairs = enumerate(zip(value, recorded, strict=False))
    return next((at for at, (one, other) in pairs if one != other), min(len(value), len(recorded)))


def _shown(value: Any, start: int = 0) -> str:
    """A value, shortened round the place where it begins to differ."""
    text = value if isinstance(value, str) else json_text(value)
    begin = max(0, start - LONGEST_VALUE // 2) if len(text) > LONGEST_VALUE else 0
    piece = text[begin : begin + LONGEST_VALUE]
    shortened = f"{'…' if begin else ''}{piece}{'…' if begin + LONGEST_VALUE < len(text) else ''}"
    return repr(shortened) if isinstance(value, str) else shortened
