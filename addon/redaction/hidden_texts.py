"""Texts of a body that read otherwise than the body itself: an answer spells its text out, one token an event."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import Any, Final

import orjson

from translators.sse import SSEDecoder

_BULK: Final = re.compile(
    rb"\[[-+.\deE,\s]{1000,}+\]"  # a list of numbers
    rb'|"(?P<begin>[^"\\\[\]{}]{1024})[^"\\\[\]{}]{2048,}+"'  # a long text in one piece: base64
)
"""What makes a body large, and was searched as it stands. Between two texts there are always brackets or little."""

_INDEXES: Final = ("index", "output_index", "content_index", "summary_index")
"""Members by which a piece says itself to which of several texts it belongs: Chat Completions', and Responses'."""


LONGEST_LINE: Final = 65_536
"""Bytes of JSON that are parsed by one call without holding up the event loop."""


MOST_ALIKE: Final = 32


def hidden_texts_of(body: bytes) -> Iterator[str]:
    """The texts of a body that may read otherwise than the body itself: put together of pieces, or escaped.

    The pieces of a text stand in the same place of several JSON documents, or of several items of a list.

    Args:
        body: One JSON document, lines of JSON, or server-sent events; anything else has no texts.
    """
    escaped = b"\\" in body
    for pieces in _texts_in(list(_documents(_without_bulk(body))), set()):
        if escaped or len(pieces) > 1:
            yield "".join(pieces)


def all_texts_of(body: bytes) -> bytes | None:
    """All that a body says, to be searched in its place: much shorter where an answer came in many pieces.

    Args:
        body: As for `hidden_texts_of`.

    Returns:
        The names of members, one text for each place, and the lines that are no JSON or say more than their JSON does,
        such as a member that stands twice. None of a body that has more in one line than can be parsed at once.
    """
    lines = body.split(b"\n")
    if len(max(lines, key=len)) > LONGEST_LINE:
        return None
    documents, others = [], set[bytes]()
    for line in lines:
        document = line.removeprefix(b"data:").strip()
        if not document:
            continue
        try:
            value = orjson.loads(document)
        except orjson.JSONDecodeError:
            if document.startswith((b"{", b"[", b'"')) and document != b"[DONE]":
                return None  # a document of several lines
            others.add(line)
            continue
        documents.append(value)
        if orjson.dumps(value) != document:
            others.add(line)
    names = set[str]()
    said = ["".join(_unlike(pieces)) for pieces in _texts_in(documents, names)]
    return b"\n".join(["\n".join([*said, *names]).encode("utf-8", "replace"), *others])


def _texts_in(values: list[Any], names: set[str]) -> Iterator[list[str]]:
    """The texts of values that stand in the same place of their documents: the pieces of each.

    Args:
        values: Texts, objects, lists of them; others say nothing.
        names: Is given the names of all members.
    """
    while any(isinstance(value, list) for value in values):
        values = [item for value in values for item in (value if isinstance(value, list) else (value,))]
    if pieces := [value for value in values if isinstance(value, str)]:
        yield pieces
    objects = [value for value in values if isinstance(value, dict)]
    known = dict.fromkeys(chain.from_iterable(objects))
    names.update(known)
    for group in _by_index(objects, [name for name in _INDEXES if name in known]):
        for name in known:
            if column := [member for each in group if (member := each.get(name)) is not None]:
                yield from _texts_in(column, names)


def _by_index(objects: list[dict[str, Any]], indexes: Sequence[str]) -> Iterable[list[dict[str, Any]]]:
    if not indexes:
        return (objects,)
    groups: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    for each in objects:
        groups[".".join(str(each[name]) for name in indexes if name in each)].append(each)
    return groups.values()


def _unlike(pieces: list[str]) -> list[str]:
    """The pieces of a text; of those that are always the same, such as a model's name, only some."""
    return pieces if len(set(pieces)) > 1 else pieces[:MOST_ALIKE]


def _without_bulk(body: bytes) -> bytes:
    """A body without long lists of numbers, and with only the ends of long texts: what may go on in another piece."""
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
