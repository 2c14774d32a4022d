"""Base64 as Go's `base64.StdEncoding` checks it: padding is needed, line breaks may stand anywhere."""

import re

_COMPLETE = re.compile(r"[A-Za-z0-9+/]*+={0,2}")
_WITH_BREAKS = re.compile(rb"[A-Za-z0-9+/\r\n]*")
_BREAKS = re.compile(rb"[\r\n]*")


def checked_base64(text: str) -> str:
    """The same base64 without line breaks.

    Raises:
        ValueError: Go's text, with the offset in bytes at which it gives up.
    """
    joined = text.replace("\n", "").replace("\r", "")
    if len(joined) % 4 == 0 and _COMPLETE.fullmatch(joined):
        return joined
    raise ValueError(f"illegal base64 data at input byte {_offset_of_error(text.encode())}")


def _offset_of_error(data: bytes) -> int:
    """What `decodeQuantum` reports; its offsets within padding look odd and are its own."""
    end = _after(_WITH_BREAKS, data, 0)
    digits = end - data.count(b"\n", 0, end) - data.count(b"\r", 0, end)
    place = digits % 4
    if end == len(data):
        return end - place
    if data[end : end + 1] != b"=" or place < 2:
        return end
    behind = _after(_BREAKS, data, end + 1)
    if place == 3 or behind == len(data):
        return behind
    if data[behind : behind + 1] != b"=":
        return behind - 1
    return _after(_BREAKS, data, behind + 1)


def _after(pattern: re.Pattern[bytes], data: bytes, at: int) -> int:
    found = pattern.match(data, at)
    return found.end() if found else at
