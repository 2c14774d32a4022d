"""What the chunks of one stream have in common: everything but their text.

A server writes the same bytes round each piece of text, from the first piece to the last: ids, names, nulls. Once one
such chunk has been read with care, the next one that has the same bytes round its text is known to say the same, and
only its text is new.
"""

import re
from typing import NamedTuple, Self

_KEY = b'"content":'
_PLAIN = re.compile(rb"[ !#-%'-;=?-\[\]-~]+")
"""Printable ASCII that means itself in a JSON string, and that Go's encoder leaves as it is."""


class Envelope(NamedTuple):
    """The bytes round a chunk's text.

    Attributes:
        before: From `data: ` to the text's opening quote.
        after: From its closing quote to the blank line.
    """

    before: bytes
    after: bytes

    @classmethod
    def of(cls, data: bytes, text: str) -> Self | None:
        """The envelope of a chunk that has been read and is nothing but text; None when its text cannot be found.

        Args:
            data: One whole server-sent event: `data: ` and JSON without line ends, then a blank line.
            text: What the chunk's `content` says.
        """
        plain = text.encode()
        if data.count(_KEY) != 1 or not _PLAIN.fullmatch(plain):
            return None
        before, _, rest = data.partition(_KEY)
        blanks = len(rest) - len(rest.lstrip(b" "))
        start = len(before) + len(_KEY) + blanks + 1
        end = start + len(plain)
        if data[start - 1 : end + 1] != b'"%s"' % plain:
            return None
        return cls(data[:start], data[end:])

    def text_in(self, data: bytes) -> str:
        """The text of a chunk with the same bytes round it; empty for any other chunk, and for text that needs care."""
        before, after = self
        if not (data.startswith(before) and data.endswith(after)):
            return ""
        plain = data[len(before) : -len(after)]
        return plain.decode() if _PLAIN.fullmatch(plain) else ""
