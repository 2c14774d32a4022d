"""The shape of JSON: which members there are, of which types and in which order; not what texts and numbers say.

Values of one kind (the events of a stream, the items of a list) have one shape together: what any of them has. So a
shape tells what a reader has to be ready for. A few members are read as words of the protocol and not as text.
"""

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Any, Final, Literal, NamedTuple

type Place = tuple[str | None, ...]
"""The keys that lead to a value from outside in; None leads to every item of a list."""
type Keys = tuple[str, ...]
"""The keys of an object in their order."""
type Sign = Literal["+", "-", "~"]

WORDS: Final[frozenset[Place]] = frozenset(
    {
        ("role",),
        ("object",),
        ("type",),
        ("status",),  # of Responses and their items; of Ollama's progress
        ("finish_reason",),
        ("incomplete_details", "reason"),  # Responses
        ("done_reason",),  # Ollama
        ("error", "code"),
    }
)
"""How the places end whose texts are words of the protocol, and are compared by value."""

FREE: Final[frozenset[Place]] = frozenset(
    {
        ("arguments",),  # of tool calls: the model's
        ("metadata",),  # the caller's own, which OpenAI repeats
        ("logit_bias",),  # tokens
        ("logprobs", "top_logprobs", None),  # legacy Completions: tokens
    }
)
"""How the places end of objects whose keys are data."""

_LONGEST_END: Final = max(map(len, WORDS | FREE))
_PLAIN_KEY: Final = re.compile(r"[\w-]+")


class Difference(NamedTuple):
    """One difference of two shapes.

    Attributes:
        sign: `+` what is new, `-` what is missing, `~` what changed.
        text: Where, and what.
    """

    sign: Sign
    text: str

    def __str__(self) -> str:
        """One line, as people are told it."""
        return f"{self.sign} {self.text}"


@dataclass(frozen=True, slots=True)
class Shape:
    """The shape of some values.

    Attributes:
        types: JSON's names of the types at each place.
        words: The words at the places of `WORDS`.
        orders: The keys of the objects at each place.
    """

    types: Mapping[Place, frozenset[str]]
    words: Mapping[Place, frozenset[str]]
    orders: Mapping[Place, frozenset[Keys]]


def shape_of(values: Iterable[Any]) -> Shape:
    """The shape that some JSON values have together."""
    types, words, orders = (
        defaultdict[Place, set[str]](set),
        defaultdict[Place, set[str]](set),
        defaultdict[Place, set[Keys]](set),
    )
    left: list[tuple[Place, Any]] = [((), value) for value in values]
    while left:
        place, value = left.pop()
        types[place].add(_type_of(value))
        if isinstance(value, list):
            left += [((*place, None), item) for item in value]
        elif isinstance(value, dict) and not _ends_in(place, FREE):
            orders[place].add(tuple(value))
            left += [((*place, key), member) for key, member in value.items()]
        elif isinstance(value, str) and _ends_in(place, WORDS):
            words[place].add(value)
    return Shape(_frozen(types), _frozen(words), _frozen(orders))


def shape_differences(old: Shape, new: Shape) -> list[Difference]:
    """What differs between two shapes; of what is new, missing or of another type not also what is within it."""
    found: list[Difference] = []
    told: set[Place] = set()
    for place in sorted({*old.types, *new.types}, key=_sort_key):
        if any(place[:end] in told for end in range(len(place))):
            continue
        was, now = old.types.get(place), new.types.get(place)
        if was != now:
            told.add(place)
        if was and now:
            found += _changes(place, old, new)
        elif place and place[-1] is not None:  # else a list was always empty on one side, which tells nothing of items
            sign: Sign = "+" if now else "-"
            found.append(Difference(sign, f"{place_text(place)} ({_types_text(now or was or frozenset())})"))
    return found


def place_text(place: Place) -> str:
    """A place as people read it: `choices[].delta.content`."""
    text = "".join("[]" if key is None else f".{_key_text(key)}" for key in place)
    return text.removeprefix(".") or "the whole"


def _sort_key(place: Place) -> str:
    """A key by which what holds others comes before them."""
    return place_text(place) if place else ""


def _changes(place: Place, old: Shape, new: Shape) -> Iterator[Difference]:
    where = place_text(place)
    if old.types[place] != new.types[place]:
        yield Difference("~", f"{where}: {_types_text(old.types[place])} → {_types_text(new.types[place])}")
        return
    was, now = (shape.words.get(place, frozenset()) for shape in (old, new))
    if was != now:
        yield Difference("~", f"{where}: {_words_text(was)} → {_words_text(now)}")
    turned = _turned(*(shape.orders.get(place, frozenset()) for shape in (old, new)))
    if turned:
        yield Difference("~", f"{where}: the keys {', '.join(turned[0])} come as {', '.join(turned[1])}")


def _turned(old: frozenset[Keys], new: frozenset[Keys]) -> tuple[Keys, Keys] | None:
    """Two orders of the same keys, of which one side has only the first and the other only the second."""
    if old == new:
        return None
    before, after = _pairs(old), _pairs(new)
    turned = {(first, second) for first, second in before - after if (second, first) in after - before}
    if not turned:
        return None
    first, second = min(turned)
    was = next(keys for keys in sorted(old) if (first, second) in combinations(keys, 2))
    now = next(keys for keys in sorted(new) if (second, first) in combinations(keys, 2))
    moved = {key for pair in turned for key in pair if key in was and key in now}
    return tuple(key for key in was if key in moved), tuple(key for key in now if key in moved)


def _pairs(orders: Iterable[Keys]) -> set[tuple[str, str]]:
    """Which key came before which."""
    return {pair for keys in orders for pair in combinations(keys, 2)}


def _type_of(value: Any) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case int() | float():
            return "number"
        case str():
            return "string"
        case list():
            return "array"
        case _:
            return "object"


def _ends_in(place: Place, ends: frozenset[Place]) -> bool:
    return any(place[-length:] in ends for length in range(1, _LONGEST_END + 1))


def _frozen[Item](sets: Mapping[Place, Iterable[Item]]) -> dict[Place, frozenset[Item]]:
    return {place: frozenset(items) for place, items in sets.items()}


def _key_text(key: str) -> str:
    return key if _PLAIN_KEY.fullmatch(key) else json.dumps(key, ensure_ascii=False)


def _types_text(types: frozenset[str]) -> str:
    return " or ".join(sorted(types))


def _words_text(words: frozenset[str]) -> str:
    return " or ".join(sorted(map(repr, words)))
