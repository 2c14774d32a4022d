"""Images and other media in JSON, and digests in their place: pure functions of bytes."""

import binascii
import hashlib
import re
from collections.abc import Callable, Iterator
from typing import Final

LEAST_MEDIA: Final = 1024
"""Characters of base64 that are taken for media. A smaller picture is no burden to a reader."""

_SHORT: Final = 64
"""Characters by which most texts have turned out to be no base64."""

_DIGEST: Final = b"sha256:"

_MEDIA: Final = re.compile(
    # The begin and end of a text of JSON; in JSON within JSON there are backslashes before the quotation marks.
    rb'"(?:data:[^"\\,\x00-\x1f]{0,200};base64,)?'
    rb"(?P<text>%b[0-9a-f]{64}|(?=[\w+/\\-]{%d})"
    # Line breaks are written as \n, and some programs write \/ and \u002B; in JSON within JSON with more backslashes.
    rb"(?:[A-Za-z0-9+/_-]++|\\++[nr/]|\\++u00[0-7][0-9A-Fa-f])*+(?:=|\\++[nr])*)"
    rb'\\*"' % (_DIGEST, _SHORT)
)

_ESCAPE: Final = re.compile(rb"\\+(?:[nr]|(?P<slash>/)|u00(?P<hex>..))")

_URL_SAFE: Final = bytes.maketrans(b"-_", b"+/")


def without_media(body: bytes) -> bytes:
    """A request's body with the digest of each long base64 text in its place: `sha256:` and 64 hexadecimal digits.

    It is the digest of what base64 stands for, so that `sha256sum` of a picture's file tells which picture it was. The
    `data:image/png;base64,` before it stays. Of a body that has been here before nothing changes.

    Args:
        body: JSON; in other bodies texts are looked for all the same, between quotation marks.
    """
    return media_replaced(body, _digest)


def media_in(body: bytes) -> Iterator[tuple[int, int]]:
    """Where the long base64 texts of a body begin and end, and the digests of such.

    Args:
        body: As for `without_media`.
    """
    for found in _MEDIA.finditer(body):
        text = found["text"]
        if text.startswith(_DIGEST) or len(_base64(text)) >= LEAST_MEDIA:
            yield found.span("text")


def media_replaced(body: bytes, other: Callable[[bytes], bytes]) -> bytes:
    """A body with something else in the place of what `media_in` finds.

    Args:
        body: As for `without_media`.
        other: What stands for a text, which is given as it is written.
    """
    parts, at = [], 0
    for start, stop in media_in(body):
        parts += [body[at:start], other(body[start:stop])]
        at = stop
    return b"".join([*parts, body[at:]])


def _digest(text: bytes) -> bytes:
    if text.startswith(_DIGEST):
        return text
    text = _base64(text)
    try:
        data = binascii.a2b_base64(text.translate(_URL_SAFE) + b"==")
    except binascii.Error:
        data = text  # no base64 after all, or cut off within a byte
    return _DIGEST + hashlib.sha256(data).hexdigest().encode()


def _base64(text: bytes) -> bytes:
    """A text without escapes and blanks."""
    if b"\\" not in text:
        return text
    plain = _ESCAPE.sub(lambda escape: escape["slash"] or bytes.fromhex((escape["hex"] or b"").decode()), text)
    return b"".join(plain.split())
