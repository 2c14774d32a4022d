"""Texts of a body that read otherwise than the body itself: an answer spells its text out, one token an event."""

import re
from collections import defaultdict
from collections.abc import Iterator
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


def hidden_texts_of(body: bytes) -> Iterator[str]:
    """The texts of a body that may read otherwise than the body itself: put together of pieces, or escaped.

    The pieces of a text stand in the same place of several JSON documents, or of several items of a list.

    Args:
        body: One JSON document, lines of JSON, or server-sent events; anything else has no texts.
    """
    texts: defaultdict[str, list[str]] = defaultdict(list)
    for document in _documents(_without_bulk(body)):
        _collect(document, "", texts)
    escaped = b"\\" in body
    return ("".join(pieces) for pieces in texts.values() if escaped or len(pieces) > 1)


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


def _collect(value: Any, place: str, texts: defaultdict[str, list[str]]) -> None:
    if isinstance(value, str):
        texts[place].append(value)
    elif isinstance(value, dict):
        index = ".".join(str(value[name]) for name in _INDEXES if name in value)
        for key, member in value.items():
            if member is not None:
                _collect(member, f"{place}[{index}].{key}", texts)
    elif isinstance(value, list):
        for item in value:
            _collect(item, place, texts)
