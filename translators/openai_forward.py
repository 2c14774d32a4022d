"""What changes on the way between an OpenAI client and an OpenAI-style server: the model's name, and nothing else.

The body is never written anew: spacing, the order of keys, escapes, duplicate keys and numbers stay as the client wrote
them, so that whatever one server takes and another refuses is between the client and its server.
"""

import json
import re
from typing import Final

import orjson

from translators.names import upstream_id

END_BYTES: Final = 10
"""As many of the last bytes of a stream as the functions below look at."""

_DONE: Final = (b"[DONE]\n\n", b"[DONE]\r\n\r\n", b"[DONE]\r\r")
_EVENT_ENDS: Final = (b"\n\n", b"\r\n\r\n", b"\r\r")

_READER: Final = json.JSONDecoder(parse_int=float, strict=False)  # Python reads no integer of 5,000 digits
_BLANKS: Final = "[ \t\n\r]*"
_OPENING: Final = re.compile(rf"{_BLANKS}{{{_BLANKS}")
_COLON: Final = re.compile(rf"{_BLANKS}:{_BLANKS}")
_COMMA: Final = re.compile(rf"{_BLANKS},{_BLANKS}")
_CLOSING: Final = re.compile(rf"{_BLANKS}}}{_BLANKS}")


def request_to_openai(body: bytes) -> tuple[str, bytes]:
    """The model that a request asks for, and the request with the model's name as the upstream knows it.

    Of several `model` keys the last one counts, as wherever JSON is parsed; those deeper inside are not looked at.

    Args:
        body: Meant to be a JSON object. What is none, or names no model, is for the upstream to refuse: it comes back
            as it is, with an empty name.

    Returns:
        The name as the client wrote it; and the body, in which only the value of `model` may have changed.
    """
    try:
        request = orjson.loads(body)  # a quarter of the time of the search below, and mostly nothing has to change
    except orjson.JSONDecodeError:
        pass  # perhaps only stricter than the upstream: half a character in a text, NaN
    else:
        asked = request.get("model") if isinstance(request, dict) else None
        if not isinstance(asked, str):
            return "", body
        if upstream_id(asked) == asked:
            return asked, body
    try:
        return _replaced(body.decode(), body)
    except (ValueError, RecursionError):  # not UTF-8, not JSON, nested too deep
        return "", body


def _replaced(text: str, body: bytes) -> tuple[str, bytes]:
    name, start, end = _model_in(text)
    wanted = upstream_id(name)
    if wanted == name:
        return name, body
    return name, b"".join((text[:start].encode(), json.dumps(wanted).encode(), text[end:].encode()))


def _model_in(text: str) -> tuple[str, int, int]:
    """Value and place of the last `model` on the top level of an object; an empty name when it is no text.

    Raises:
        ValueError: Not a JSON object.
    """
    found: tuple[str, int, int] = ("", 0, 0)
    place = _OPENING.match(text)
    while place:
        key, end = _READER.raw_decode(text, place.end())
        colon = _COLON.match(text, end)
        if not isinstance(key, str) or colon is None:
            raise ValueError("not a key")
        value, end = _READER.raw_decode(text, colon.end())
        if key == "model":
            found = (value if isinstance(value, str) else "", colon.end(), end)
        place = _COMMA.match(text, end)
        if place is None and not _CLOSING.fullmatch(text, end):
            raise ValueError("not an object")
    return found


def is_complete(end: bytes) -> bool:
    """Whether a stream has said that nothing follows: `data: [DONE]`, the end of Chat Completions and Completions.

    Args:
        end: Its last `END_BYTES` so far, or all of it.
    """
    return end.endswith(_DONE)


def between_events(end: bytes) -> bool:
    """Whether a stream is where an event may begin.

    Args:
        end: Its last `END_BYTES` so far, or all of it.
    """
    return not end or end.endswith(_EVENT_ENDS)
