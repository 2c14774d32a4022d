"""Which recording answers a request, and what differs where none does: pure functions of methods, paths and bodies.

Requests are compared in a normal form, so that what does not change an answer does not hide a recording: the order of
keys, ids of tool calls (upstreams make them up), `:latest`, 1 and 1.0, and to Ollama also `keep_alive`, `stream` and
whatever is empty (programs send `"tools":[]` or leave it out). To OpenAI's protocol `stream` counts, because there the
recorded bytes are the answer.
"""

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, Literal

from translators.loose_json import read_json
from translators.names import without_latest

type Protocol = Literal["ollama", "openai"]

IGNORED: Final[dict[Protocol, frozenset[str]]] = {
    "ollama": frozenset({"keep_alive", "stream"}),
    "openai": frozenset(),
}
"""Members of a request that do not decide which recording answers it."""

IGNORED_UPSTREAM: Final = frozenset({"stream", "stream_options"})
"""Members of a translated request that may differ from the recorded one: they follow the client's `stream`."""

CALL_IDS: Final = frozenset({"tool_call_id", "call_id"})

MOST_DIFFERENCES: Final = 3
LONGEST_VALUE: Final = 60
"""Characters of a value that an explanation shows."""

LONGEST_SLUG: Final = 60

_ABSENT: Final = object()


@dataclass(frozen=True)
class Asked:
    """A client's request in its normal form.

    Attributes:
        method: `HEAD` counts as `GET`.
        path: Without the query.
        body: The JSON value, or the text of a body that is none.
    """

    method: str
    path: str
    body: Any

    @property
    def route(self) -> str:
        """Method and path."""
        return f"{self.method} {self.path}"

    @cached_property
    def digest(self) -> str:
        """The same for requests that the same recording answers, 64 hexadecimal digits."""
        return hashlib.sha256(f"{self.route}\n{_text(self.body)}".encode("utf-8", "replace")).hexdigest()

    @cached_property
    def words(self) -> frozenset[str]:
        """What its body says."""
        return frozenset(re.findall(r"\w+", _text(self.body).lower()))

    @property
    def model(self) -> str:
        """The model that it names; empty when it names none."""
        model = self.body.get("model") if isinstance(self.body, dict) else None
        return model if isinstance(model, str) else ""


def protocol_of(path: str) -> Protocol | None:
    """What a client of this path speaks; None where exchanges are not recorded: probes of load balancers, and `/`."""
    if path.startswith("/v1/"):
        return "openai"
    return "ollama" if path.startswith("/api/") else None


def normal_request(method: str, path: str, body: bytes) -> Asked:
    """A request as it is compared.

    Args:
        method: In capitals.
        path: With or without a query.
        body: As it came.
    """
    path = path.partition("?")[0]
    protocol = protocol_of(path) or "ollama"
    return Asked("GET" if method == "HEAD" else method, path, _normal_body(body, protocol))


def _normal_body(body: bytes, protocol: Protocol) -> Any:
    value = _parsed(body, drop_empty=protocol == "ollama")
    if not isinstance(value, dict):
        return value
    if isinstance(value.get("model"), str):
        value["model"] = without_latest(value["model"])
    return {name: member for name, member in value.items() if name not in IGNORED[protocol]}


def _parsed(body: bytes, *, drop_empty: bool) -> Any:
    try:
        return _tidy(read_json(body), drop_empty=drop_empty) if body else None
    except (ValueError, RecursionError):
        return body.decode("utf-8", "replace")


def _tidy(value: Any, *, drop_empty: bool) -> Any:
    """A JSON value with its keys sorted and without ids of tool calls."""
    if isinstance(value, dict):
        members = {
            key: _without_ids(value[key]) if key == "tool_calls" else value[key]
            for key in sorted(value)
            if key not in CALL_IDS
        }
        tidy = {key: _tidy(member, drop_empty=drop_empty) for key, member in members.items()}
        return {key: member for key, member in tidy.items() if not drop_empty or member not in (None, "", [], {})}
    if isinstance(value, list):
        return [_tidy(item, drop_empty=drop_empty) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _without_ids(calls: Any) -> Any:
    if not isinstance(calls, list):
        return calls
    return [{key: call[key] for key in call if key != "id"} if isinstance(call, dict) else call for call in calls]


def nearest[T](asked: Asked, recorded: Iterable[T], request_of: Callable[[T], Asked]) -> T | None:
    """What is most like a request: the same route if there is one, then the most words in common; None of nothing.

    Args:
        asked: The request.
        recorded: What there is.
        request_of: The request of each.
    """

    def likeness(candidate: T) -> tuple[bool, float]:
        other = request_of(candidate)
        together = len(asked.words | other.words)
        return asked.route == other.route, len(asked.words & other.words) / together if together else 1.0

    return max(recorded, key=likeness, default=None)


def request_difference(asked: Asked, recorded: Asked) -> str:
    """What differs between two requests, for a person; empty when the same recording answers both."""
    if asked.route != recorded.route:
        return f"the route is {asked.route}, recorded is {recorded.route}"
    return _told(asked.body, recorded.body)


def upstream_difference(sent: bytes, recorded: bytes) -> str:
    """What differs between a translated request and the recorded one, for a person; empty when nothing does."""
    values = [_parsed(body, drop_empty=False) for body in (sent, recorded)]
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
    elif _text(value) != _text(recorded):
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
    text = value if isinstance(value, str) else _text(value)
    begin = max(0, start - LONGEST_VALUE // 2) if len(text) > LONGEST_VALUE else 0
    piece = text[begin : begin + LONGEST_VALUE]
    shortened = f"{'…' if begin else ''}{piece}{'…' if begin + LONGEST_VALUE < len(text) else ''}"
    return repr(shortened) if isinstance(value, str) else shortened


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def slug(asked: Asked) -> str:
    """The beginning of a recording's file name: route, model and the first words of the prompt."""
    route = asked.path.removeprefix("/api/")
    text = "-".join(re.findall(r"[a-z0-9]+(?:\.[a-z0-9]+)*", f"{route} {asked.model} {_prompt(asked.body)}".lower()))
    return text[:LONGEST_SLUG].strip("-.")


def _prompt(body: Any) -> str:
    """What the user said last, in any of the protocols."""
    if not isinstance(body, dict):
        return ""
    said = body.get("prompt") or body.get("input") or body.get("messages") or ""
    if isinstance(said, list):
        users = [item for item in said if isinstance(item, dict) and item.get("role") == "user"]
        said = (users or said)[-1]
    if isinstance(said, dict):
        said = said.get("content", "")
    if isinstance(said, list):
        said = next((part["text"] for part in said if isinstance(part, dict) and "text" in part), "")
    return said if isinstance(said, str) else ""
