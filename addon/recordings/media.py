"""Digests in the place of images and other media in requests: pure functions of bytes."""

import binascii
import hashlib
import json
import re
from typing import Final

LEAST_MEDIA: Final = 1024
"""Characters of base64 that are taken for media. A smaller picture is no burden to a reader."""

_SHORT: Final = 64
"""Characters by which most texts have turned out to be no base64."""

_BASE64: Final = re.compile(
    # The begin and end of a text of JSON; in JSON within JSON there are backslashes before the quotation marks.
    rb'"(?P<prefix>data:[^"\\,\x00-\x1f]{0,200};base64,)?'
    rb"(?=[\w+/\\-]{%d})"
    # Line breaks are written as \n, and some programs write \/ and \u002B.
    rb"(?P<text>(?:[A-Za-z0-9+/_-]++|\\[nr/]|\\u00[0-7][0-9A-Fa-f])*+(?:=|\\[nr])*)"
    rb'(?P<end>\\*")' % _SHORT
)


def without_media(body: bytes) -> bytes:
    """A request's body with the digest of each long base64 text in its place: `sha256:` and 64 hexadecimal digits.

    It is the digest of what base64 stands for, so that `sha256sum` of a picture's file tells which picture it was. The
    `data:image/png;base64,` before it stays. Of a body that has been here before nothing changes.

    Args:
        body: JSON; in other bodies texts are looked for all the same, between quotation marks.
    """
    return _BASE64.sub(_digested, body) if len(body) > LEAST_MEDIA else body


def _digested(found: re.Match[bytes]) -> bytes:
    text = found["text"]
    if b"\\" in text:
        text = b"".join(json.loads(b'"%b"' % text).encode().split())
    if len(text) < LEAST_MEDIA:
        return found[0]
    return b'"%bsha256:%b%b' % (found["prefix"] or b"", _digest(text), found["end"])


def _digest(text: bytes) -> bytes:
    try:
        data = binascii.a2b_base64(text.translate(_URL_SAFE) + b"==")
    except binascii.Error:
        data = text  # no base64 after all, or cut off within a byte
    return hashlib.sha256(data).hexdigest().encode()


_URL_SAFE: Final = bytes.maketrans(b"-_", b"+/")
