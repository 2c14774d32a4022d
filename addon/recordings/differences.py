"""What differs between a request and a recorded one, told to a person: pure functions."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from addon.recordings.matching import Asked, json_text, json_value

IGNORED_UPSTREAM: Final = frozenset({"stream", "stream_options"})
"""Members of a translated request that may differ from the recorded one: they follow the client's `stream`."""

MOST_DIFFERENCES: Final = 3
MOST_ITEMS: Final = 3
"""Of a list that an explanation shows."""
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
    try:
        differences = list(_differences(value, recorded, ""))
    except RecursionError:
        return "" if json_text(value) == json_text(recorded) else "something differs that is too deep inside to be told"
    more = len(differences) - MOST_DIFFERENCES
    return "; ".join(differences[:MOST_DIFFERENCES]) + (f"; and {more} more" if more > 0 else "")


def _differences(value: Any, recorded: Any, place: str) -> Iterator[str]:
    if isinstance(value, dict) and isinstance(recorded, dict):
        # The model comes first: where it differs, what else does says little.
        for key in sorted({*value, *recorded}, key=lambda key: (key != "model", key)):
            inner = f"{place}.{key}" if place else key
            yield from _differences(value.get(key, _ABSENT), recorded.get(key, _ABSENT), inner)
    elif isinstance(value, list) and isinstance(recorded, list):
        yield from _item_differences(value, recorded, place)
    elif value is _ABSENT:
        yield f"{place} is left out, recorded is {_shown(recorded)}"
    elif recorded is _ABSENT:
        yield f"{place} is {_shown(value)}, recorded is none"
    elif json_text(value) != json_text(recorded):
        start = _common(value, recorded) if isinstance(value, str) and isinstance(recorded, str) else 0
        yield f"{place or 'the body'} is {_shown(value, start)}, recorded is {_shown(recorded, start)}"


def _item_differences(value: list[Any], recorded: list[Any], place: str) -> Iterator[str]:
    """Of two lists what is between their common beginning and their common end."""
    texts, recorded_texts = [json_text(item) for item in value], [json_text(item) for item in recorded]
    begin = _common(texts, recorded_texts)
    end = _common(texts[begin:][::-1], recorded_texts[begin:][::-1])
    items, recorded_items = value[begin : len(value) - end], recorded[begin : len(recorded) - end]
    if len(value) != len(recorded):
        yield f"{place} has {_counted(len(value))}, recorded are {len(recorded)}"
    together = min(len(items), len(recorded_items))
    for at in range(together):
        yield from _differences(items[at], recorded_items[at], f"{place}[{begin + at}]")
    for at, item in enumerate(items[together:], begin + together):
        yield f"{place}[{at}] is new: {_shown(item)}"
    for at, item in enumerate(recorded_items[together:], begin + together):
        yield f"the recorded {place}[{at}] is missing: {_shown(item)}"


def _common(one: Sequence[str], other: Sequence[str]) -> int:
    """How many texts two lists have in common at their beginning."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((at for at, (text, other_text) in pairs if text != other_text), min(len(one), len(other)))


def _shown(value: Any, start: int = 0) -> str:
    """A value, shortened round the place where it begins to differ; of a message or a tool what tells it apart."""
    match value:
        case str():
            return repr(_piece(value, start))
        case {"role": str() as role, "content": str() as content}:
            return f"the {role}'s {_shown(content)}"
        case {"function": {"name": str() as name}} | {"type": "function", "name": str() as name}:
            return f"the function {name!r}"
        case [dict() | str(), *_]:
            more = f", and {len(value) - MOST_ITEMS} more" if len(value) > MOST_ITEMS else ""
            return f"[{', '.join(map(_shown, value[:MOST_ITEMS]))}{more}]"
    return _piece(json_text(value), start)


def _piece(text: str, start: int) -> str:
    begin = max(0, start - LONGEST_VALUE // 2) if len(text) > LONGEST_VALUE else 0
    end = begin + LONGEST_VALUE
    return f"{'…' if begin else ''}{text[begin:end]}{'…' if end < len(text) else ''}"


def _counted(number: int) -> str:
    return "1 item" if number == 1 else f"{number} items"
