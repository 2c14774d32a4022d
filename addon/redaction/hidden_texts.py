"""Texts of a body that read otherwise than the body itself: an answer spells its text out, one token an event."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, pairwise
from typing import Any, Final

import orjson

from addon.redaction.media import media_replaced
from translators.sse import SSEDecoder

_BULK: Final = re.compile(
    rb"\[[-+.\deE,\s]{1000,}+\]"  # a list of numbers
    rb'|"(?P<begin>[^"\\\[\]{}]{1024})[^"\\\[\]{}]{2048,}+"'  # a long text in one piece: base64
)
"""What makes a body large, and was searched as it stands. Between two texts there are always brackets or little."""

_INDEXES: Final = ("index", "output_index", "content_index", "summary_index")
"""Members by which a piece says itself to which of several texts it belongs: Chat Completions', and Responses'."""

_ASIDE: Final = (b":", b"event:", b"id:", b"retry:")
"""What lines of server-sent events begin with that are no data."""

LONGEST_LINE: Final = 65_536
"""Bytes of JSON that are parsed by one call without holding up the event loop."""

MOST_ALIKE: Final = 32
"""Pieces of a text that are all the same, such as a model's name, and are put together: no credential has more."""


def hidden_texts_of(body: bytes) -> Iterator[str]:
    """The texts of a body that may read otherwise than the body itself: put together of pieces, or escaped.

    The pieces of a text stand in the same place of several JSON documents, or of several items of a list.

    Args:
        body: One JSON document, lines of JSON, or server-sent events; anything else has no texts. Media say nothing.
    """
    escaped = b"\\" in body
    for pieces in _texts_in(list(_documents(_without_bulk(body))), set()):
        if escaped or len(pieces) > 1:
            yield "".join(pieces)


def all_texts_of(body: bytes) -> bytes | None:
    """All that a body says, to be searched in its place: much shorter where an answer came in many pieces.

    Where nothing is found in it, nothing is in the body and in its hidden texts.

    Args:
        body: As for `hidden_texts_of`.

    Returns:
        On lines of their own the names of members, each text, whole and in its different pieces, and the lines that are
        no JSON or say more than their JSON does, such as a member that stands twice. None of a body that is written in
        any but the usual way, or has more in one line than can be parsed at once.
    """
    lines = body.split(b"\n")
    if b"\r" in body or len(max(lines, key=len)) > LONGEST_LINE:
        return None
    events = body.startswith(b"data:") or b"\ndata:" in body
    documents, others = [], set[bytes]()
    for line, following in pairwise([*lines, b""]):
        if not line:
            continue
        is_data = line.startswith(b"data:")
        if events and (following if is_data else not line.startswith(_ASIDE)):
            return None
        if events and (not is_data or line == b"data: [DONE]"):
            others.add(line)
            continue
        document = line.removeprefix(b"data:").strip(b" ")
        try:
            value = orjson.loads(document)
            if orjson.dumps(value) != document:
                others.add(line)
        except (orjson.JSONDecodeError, orjson.JSONEncodeError):
            return None  # a document of several lines, or one that is nested deeply
        documents.append(value)
    names = set[str]()
    said = [text for pieces in _texts_in(documents, names) for text in _said_in(pieces)]
    return b"\n".join(["\n".join([*said, *names]).encode(), *others])


def _said_in(pieces: list[str]) -> Iterable[str]:
    """What the pieces of a text say: together, and each of them, because a credential has borders."""
    if len(pieces) == 1:
        return pieces
    different = dict.fromkeys(pieces)
    return "".join(pieces if len(different) > 1 else pieces[:MOST_ALIKE]), *different


def _texts_in(values: list[Any], names: set[str]) -> Iterator[list[str]]:
    """The texts of values that stand in the same place of their documents: the pieces of each.

    Args:
        values: Texts, objects, lists of them; others say nothing.
        names: Is given the names of all members.
    """
    places = [values]
    while places:
        values = places.pop()
        while list in (kinds := set(map(type, values))):
            values = [item for value in values for item in (value if isinstance(value, list) else (value,))]
        if str in kinds:
            yield [value for value in values if isinstance(value, str)]
        if dict not in kinds:
            continue
        objects = [value for value in values if isinstance(value, dict)]
        known = dict.fromkeys(chain.from_iterable(objects))
        names.update(known)
        groups = _by_index(objects, [name for name in _INDEXES if name in known])
        columns = (
            [member for each in group if (member := each.get(name)) is not None] for group in groups for name in known
        )
        places += reversed([column for column in columns if column])


def _by_index(objects: list[dict[str, Any]], indexes: Sequence[str]) -> Iterable[list[dict[str, Any]]]:
    if not indexes:
        return (objects,)
    groups: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    for each in objects:
        groups[".".join(str(each[name]) for name in indexes if name in each)].append(each)
    return groups.values()


def _without_bulk(body: bytes) -> bytes:
    """A body without media and long lists of numbers, and with only the ends of long texts, which may go on."""
    body = media_replaced(body, lambda _: b"")
    parts, at = [], 0
    for match in _BULK.finditer(body):
        begin = match["begin"]
        parts += [body[at : match.start()], b"[]" if begin is None else b'"%s %s"' % (begin, match[0][-1025:-1])]
        at = match.end()
    return b"".join([*parts, body[at:]])


def _documents(body: bytes) -> Iterator[Any]:
    try:
        yield orjson.loads(body)
        return
    except orjson.JSONDecodeError:
        decoder = SSEDecoder()
        events = [event.data for event in (*decoder.feed(body), *decoder.close())]
    for data in events or body.splitlines():
        try:
            yield orjson.loads(data)
        except orjson.JSONDecodeError:
            continue
