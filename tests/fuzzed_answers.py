"""Answers of an upstream with something wrong in them: bytes, events or JSON values changed, lost, repeated, moved."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from random import Random
from typing import Any

from tests.answer_shapes import SHAPES, Json, Shape

_CONTENT_TYPES = ["text/event-stream", "text/event-stream; charset=utf-8", "application/json", "text/html", ""]

# As JSON, so that each use is a new one.
_VALUES = [
    *("null", "true", "false", "0", "1", "-1", "0.5", "1e300", "1" + "0" * 30, '""', '"x"', '"0"', r'"\ud83d"'),
    *('"<think>"', '"</think>"', '"error"', '"stop"', "[]", "{}", "[null]", "[[]]", "[{}]", '{"error":"sorry"}'),
    *('{"content":"x"}', '{"message":"sorry","code":429}', "[" * 400 + "]" * 400),
]

_EVENTS = [
    *(b"data: [DONE]", b"data: DONE", b"data:", b"data: {", b"data: null", b"data: [1]", b"data: text", b": comment"),
    *(b"event: ping", b"event: ping\ndata: {}", b"event: error\ndata: sorry", b'error: {"message":"sorry"}'),
    *(b'data: {"error":"sorry"}', b'data: {"object":"error","message":"sorry"}', b'data: {"type":"ping"}'),
    *(b'data: {"error":{"message":"sorry","code":429}}', b"<html>sorry</html>", b"\xef\xbb\xbf", b"retry: 5\nid: 1"),
]

_JUNK = [
    b"\x00",
    b"\r",
    b"\n",
    b"\n\n",
    b"\r\n\r\n",
    b"\xff\xfe",
    b"\xef\xbb\xbf",
    b"data: ",
    b'"',
    b"}",
    b"{",
    b"\\",
    b"\xf0",
]


@dataclass(frozen=True)
class FuzzedAnswer:
    """One answer with status 200.

    Attributes:
        shape: Of the answer before the changes.
        content_type: As the upstream gives it.
        body: With the changes.
        complete: Whether the body ends as the transport says, else the connection breaks.
    """

    shape: Shape
    content_type: str
    body: bytes
    complete: bool


def fuzzed_answer(random: Random) -> FuzzedAnswer:
    """One answer with one to three changes."""
    shape = SHAPES[random.choice(sorted(SHAPES))]
    changes = [random.choice([_change_value, _change_events, _change_bytes]) for _ in range(random.randint(1, 3))]
    payloads: list[Json] = json.loads(json.dumps(shape.payloads))
    for _ in range(changes.count(_change_value)):
        _change_value(payloads, random)
    events = events_of(shape, payloads, ascii_only=random.random() < 0.3)
    for _ in range(changes.count(_change_events)):
        _change_events(events, random)
    body = b"".join(events)
    for _ in range(changes.count(_change_bytes)):
        body = _change_bytes(body, random)
    claimed = "text/event-stream" if len(shape.payloads) > 1 else "application/json"
    content_type = random.choice(_CONTENT_TYPES) if random.random() < 0.1 else claimed
    return FuzzedAnswer(shape, content_type, body, complete=random.random() < 0.9)


def events_of(shape: Shape, payloads: list[Json], *, ascii_only: bool = False) -> list[bytes]:
    """The bytes of each event; a whole document is one."""
    if len(shape.payloads) == 1:
        return [json.dumps(payloads[0], ensure_ascii=ascii_only).encode("utf-8", "surrogatepass")]
    end = shape.line_end
    events = [shape.before]
    for payload in payloads:
        name = f"event: {payload.get('type')}{end}" if shape.named else ""
        events.append(f"{name}data: {json.dumps(payload, ensure_ascii=ascii_only)}{end}{end}")
    if shape.done:
        events.append(f"data: [DONE]{end}{end}")
    return [event.encode("utf-8", "surrogatepass") for event in events]


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Each container with each of its keys or indexes."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield value, key
        yield from _places(item)


def _change_value(payloads: list[Json], random: Random) -> None:
    payload = random.choice(payloads)
    places = list(_places(payload))
    if not places:
        return
    holder, key = random.choice(places)
    if random.random() < 0.2:
        del holder[key]
    elif random.random() < 0.2:
        holder[key] = [holder[key]]
    else:
        holder[key] = json.loads(random.choice(_VALUES))


def _change_events(events: list[bytes], random: Random) -> None:
    at = random.randrange(len(events))
    match random.choice(["lose", "repeat", "swap", "insert", "cut"]):
        case "lose":
            events[at] = b""
        case "repeat":
            events.insert(random.randrange(len(events)), events[at])
        case "swap":
            other = random.randrange(len(events))
            events[at], events[other] = events[other], events[at]
        case "insert":
            events.insert(at, random.choice(_EVENTS) + random.choice([b"\n\n", b"\n", b"\r\n\r\n", b""]))
        case _:
            del events[at:]
            events.append(b"")


def _change_bytes(body: bytes, random: Random) -> bytes:
    start = random.randint(0, len(body))
    end = min(len(body), start + random.choice([1, 1, 2, 5, 20, 100]))
    match random.choice(["lose", "repeat", "flip", "insert", "cut"]):
        case "lose":
            return body[:start] + body[end:]
        case "repeat":
            return body[:end] + body[start:]
        case "flip":
            flipped = bytes(byte ^ (1 << random.randrange(8)) for byte in body[start : start + 1])
            return body[:start] + flipped + body[start + 1 :]
        case "insert":
            return body[:start] + random.choice(_JUNK) + body[start:]
        case _:
            return body[:start]


def pieces_of(body: bytes, random: Random) -> list[bytes]:
    """The body cut at random, in no more than ten pieces."""
    edges = sorted({0, len(body), *(random.randint(0, len(body)) for _ in range(random.randint(0, 9)))})
    return [body[a:b] for a, b in pairwise(edges)]
