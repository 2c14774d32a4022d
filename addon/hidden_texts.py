"""Texts of a body that read otherwise than the body itself: an answer spells its text out, one token an event."""

import re
from collections.abc import Iterable, Iterator
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


class _Texts:
    """The texts of JSON documents, by their places.

    Attributes:
        pieces: Of each place the pieces that stood there, in the order in which the places were seen first.
        keys: The names of all members.
    """

    def __init__(self, documents: Iterable[Any]) -> None:
        self.pieces: list[list[str]] = []
        self.keys: set[str] = set()
        root: dict[Any, Any] = {}
        for document in documents:
            self._add("", document, root)

    def _add(self, key: str, value: Any, node: dict[Any, Any]) -> None:
        """Note a value of a place; its node holds the pieces of texts by their keys, and the nodes below."""
        if isinstance(value, str):
            pieces = node.get(key)
            if pieces is None:
                pieces = node[key] = []
                self.pieces.append(pieces)
            pieces.append(value)
        elif isinstance(value, dict):
            self.keys.update(value)
            place = (key, *[value[name] for name in _INDEXES if name in value])
            inner = node.get(place)
            if inner is None:
                inner = node[place] = {}
            for name, member in value.items():
                if isinstance(member, str) and name in inner:
                    inner[name].append(member)  # as above, for nearly all there is
                elif isinstance(member, (str, dict, list)):
                    self._add(name, member, inner)
        elif isinstance(value, list):
            for item in value:
                self._add(key, item, node)


def hidden_texts_of(body: bytes) -> Iterator[str]:
    """The texts of a body that may read otherwise than the body itself: put together of pieces, or escaped.

    The pieces of a text stand in the same place of several JSON documents, or of several items of a list.

    Args:
        body: One JSON document, lines of JSON, or server-sent events; anything else has no texts.
    """
    texts = _Texts(_documents(_without_bulk(body)))
    escaped = b"\\" in body
    return ("".join(pieces) for pieces in texts.pieces if escaped or len(pieces) > 1)


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
    texts = _Texts(documents)
    # A piece that is always the same, such as a model's name, is said a few times only.
    said = ("".join(pieces if len(set(pieces)) > 1 else pieces[:MOST_ALIKE]) for pieces in texts.pieces)
    return b"\n".join(["\n".join([*said, *texts.keys]).encode("utf-8", "replace"), *others])


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
