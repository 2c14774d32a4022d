"""What differs in shape between two recordings of the same request: pure functions."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from typing import Final, NamedTuple

from addon.recordings.recording import Recording, Response, UpstreamCall
from scripts.recorded.said import header_of, response_events
from scripts.recorded.shape import Difference, Shape, shape_differences, shape_of
from translators.inspection.events import Event

NOTHING: Final = "nothing"
"""What stands for an answer that never came, and for no call."""


class Part(NamedTuple):
    """What differs in one answer.

    Attributes:
        of: Whose answer it is, for people.
        differences: At least one.
    """

    of: str
    differences: list[Difference]


def recording_differences(old: Recording, new: Recording) -> list[Part]:
    """What differs in shape in the upstream's answers and in the client's; empty when nothing does."""
    parts = [Part("upstream", _call_differences(old.upstream, new.upstream))]
    for was, now in _paired(old.upstream, new.upstream):
        parts.append(Part(f"upstream {_route(was)}", answer_differences(was.response, now.response)))
    client = answer_differences(old.client.response, new.client.response)
    if old.client.end != new.client.end:
        client.append(Difference("~", f"end: {old.client.end} → {new.client.end}"))
    parts.append(Part(f"client {old.client.request.method} {old.client.request.path}", client))
    return [part for part in parts if part.differences]


def answer_differences(old: Response | None, new: Response | None) -> list[Difference]:
    """What differs in shape between two answers; None is one that never came."""
    if old is None or new is None:
        texts = [NOTHING if answer is None else f"status {answer.status}" for answer in (old, new)]
        return [] if old is new else [Difference("~", f"answer: {' → '.join(texts)}")]
    found = []
    if old.status != new.status:
        found.append(Difference("~", f"status: {old.status} → {new.status}"))
    was, now = response_events(old), response_events(new)
    return [*found, *_header_differences(old, new), *_kind_differences(was, now), *_event_differences(was, now)]


def _call_differences(old: Sequence[UpstreamCall], new: Sequence[UpstreamCall]) -> list[Difference]:
    was, now = ([f"{_route(call)} {_outcome(call)}" for call in calls] for calls in (old, new))
    return [] if was == now else [Difference("~", f"calls: {_listed(was)} → {_listed(now)}")]


def _paired(old: Sequence[UpstreamCall], new: Sequence[UpstreamCall]) -> list[tuple[UpstreamCall, UpstreamCall]]:
    """The calls that are to be compared: in turn where the same were made, else the last one of each route."""
    if [*map(_route, old)] == [*map(_route, new)]:
        return [*zip(old, new, strict=True)]
    was, now = ({_route(call): call for call in calls} for calls in (old, new))
    return [(call, now[route]) for route, call in was.items() if route in now]


def _header_differences(old: Response, new: Response) -> list[Difference]:
    was, now = ({name.lower() for name, _ in response.headers} for response in (old, new))
    found = [Difference("+" if name in now else "-", f"header {name}") for name in sorted(was ^ now)]
    types = [header_of(response, "content-type") for response in (old, new)]
    if all(types) and types[0] != types[1]:
        found.append(Difference("~", f"header content-type: {types[0]} → {types[1]}"))
    return found


def _kind_differences(old: Sequence[Event], new: Sequence[Event]) -> list[Difference]:
    """Kinds of events that only one answer has, and the order of the others, where a run of one kind counts as one."""
    was, now = ({event.kind for event in events} for events in (old, new))
    found = [Difference("+" if kind in now else "-", f"event {kind}") for kind in sorted(was ^ now)]
    orders = [[kind for kind, _ in groupby(e.kind for e in events if e.kind in was & now)] for events in (old, new)]
    if orders[0] != orders[1]:
        found.append(Difference("~", f"order of events: {_listed(orders[0])} → {_listed(orders[1])}"))
    return found


def _event_differences(old: Sequence[Event], new: Sequence[Event]) -> list[Difference]:
    """What differs within events of the same kind; a difference of several kinds is told once."""
    was, now = _shapes(old), _shapes(new)
    kinds = [kind for kind in was if kind in now]
    found = defaultdict[Difference, list[str]](list)
    for kind in kinds:
        for difference in shape_differences(was[kind], now[kind]):
            found[difference].append(kind)
    return [
        Difference(sign, text if len(having) == len(kinds) else f"{text}, in {_listed(having)}")
        for (sign, text), having in found.items()
    ]


def _shapes(events: Iterable[Event]) -> Mapping[str, Shape]:
    values = defaultdict[str, list[object]](list)
    for event in events:
        values[event.kind].append(event.value)
    return {kind: shape_of(having) for kind, having in values.items()}


def _route(call: UpstreamCall) -> str:
    return f"{call.request.method} {call.request.path.partition('?')[0]}"


def _outcome(call: UpstreamCall) -> str:
    """How a call went, without what no two calls have alike."""
    error = call.error.partition(":")[0] if call.error else ""
    status = str(call.response.status) if call.response else "" if error else NOTHING
    return " ".join(filter(None, [status, error or ("" if call.end == "complete" else call.end)]))


def _listed(items: Sequence[str]) -> str:
    return ", ".join(items) or NOTHING
