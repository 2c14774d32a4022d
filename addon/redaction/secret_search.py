"""Finds in bytes what must not be kept: credentials by their shape, known secrets, and what the user's pattern finds.

It is found as it stands, and in texts of JSON behind their escapes, also in JSON that is itself a text of JSON, as
arguments of tool calls are.

The search runs in a thread beside the event loop, which stands still during each single call of C code. So bodies,
which can be tens of megabytes, are searched in slices.
"""

import json
import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple

from addon.redaction.media import media_in, media_replaced
from addon.redaction.pattern_search import pattern_spans
from addon.redaction.secret_shapes import SHAPES
from addon.setting_values import LEAST_TELLING

if TYPE_CHECKING:
    from addon.redaction.beginnings import Beginnings

MARK: Final = "[redacted]"
"""Stands in the place of what was taken out, and is never found itself."""

OWN: Final = "a secret of the settings"
FOUND: Final = "what the pattern finds"

SHORT: Final = 2_048
"""Bytes up to which it is quicker to look for one beginning after the other, and needs no numpy."""

_KNOWN_BY: Final = 3
"""Bytes by which the beginning of a credential is known."""

_FILLING: Final = b"\x7f"
"""Stands, while other things are looked for, in the place of what is not searched; JSON may have it in texts."""

_NOT_WITHIN: Final = (
    rb"(?:(?<![A-Za-z0-9])|(?<=\\[bfnrt])|(?<=%[0-9A-Fa-f]{2})"
    rb"|(?<=\[\dm)|(?<=\[\d\dm)|(?<=\[\d;\dm)|(?<=\[\d;\d\dm))"
)
"""A credential does not begin inside a word or base64. The letter of an escape before it is no part of a word: of JSON,
of a URL, or of a terminal's colours."""

_NOT_IN_A_TEXT: Final = re.compile(r'[][{}:,+.\s\dEtruefalsn-]+|.*["\x00-\x1f].*', re.DOTALL)
"""What may stand in JSON outside of its texts, or over their ends."""

_LITERAL: Final = re.compile(rb'"([^"\\\x00-\x1f]*+(?:\\[^\x00-\x1f][^"\\\x00-\x1f]*+)*+)"')
"""A text of JSON; its end is found again on the next line if one is not closed."""

_NUMBER: Final = re.compile(rb"-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?")
_DIGITS: Final = frozenset(bytes([byte]) for byte in b"0123456789+-.eE")

type _Search = tuple[re.Pattern[bytes], str]
"""What a credential looks like, and its kind."""


class Hit(NamedTuple):
    """Something that was found.

    Attributes:
        start: Where it begins, in bytes.
        stop: Where it ends.
        kind: What it is, as a message names it.
        text: It, without the escapes that it is written with.
        mark: What is to stand in its place.
    """

    start: int
    stop: int
    kind: str
    text: bytes
    mark: bytes = MARK.encode()


class Escapes(NamedTuple):
    """A way to write characters.

    Attributes:
        pattern: Finds what stands for a character.
        meaning: What stands for which, in UTF-8.
    """

    pattern: re.Pattern[bytes]
    meaning: Callable[[bytes], bytes]


class SecretSearch:
    """Finds what must not be kept.

    Attributes:
        is_for_texts: Whether all of it stands in texts of JSON alone: no pattern, which may be for JSON itself, and no
            secret that may be a number.
    """

    def __init__(self, secrets: Iterable[str], pattern: re.Pattern[str] | None) -> None:
        """Prepare the search.

        Args:
            secrets: What must not be kept besides what looks like a credential; none that is a mere syllable. A long
                one is known by its beginning, because servers repeat keys in part.
            pattern: What the user named; None when that is nothing.
        """
        self._searches: defaultdict[bytes, list[_Search]] = defaultdict(list)
        for shape in SHAPES:
            self._add(shape.start, _NOT_WITHIN, shape.rest, shape.kind)
        self.is_for_texts = pattern is None
        for secret in secrets:
            # In bodies it stands as JSON writes it.
            for form in {secret, json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]}:
                start = form[:LEAST_TELLING]
                rest = r"[\w-]*" if len(form) > LEAST_TELLING and re.fullmatch(r"[\w-]+", form) else ""
                known_by = start if rest else form
                self._add(known_by, b"", rest, OWN)
                self.is_for_texts = self.is_for_texts and not _NOT_IN_A_TEXT.fullmatch(known_by)
        self._pattern = pattern
        self._beginnings: Beginnings | None = None

    def _add(self, start: str, before: bytes, rest: str, kind: str) -> None:
        pattern = re.compile(before + re.escape(start).encode() + rest.encode(), re.DOTALL)
        if len(start.encode()) >= _KNOWN_BY:
            self._searches[start.encode()[:_KNOWN_BY]].append((pattern, kind))

    def prepare(self) -> "Beginnings":
        """What finds all beginnings in long data at once: loading it takes 0.1 s, so who will need it asks early."""
        if self._beginnings is None:
            from addon.redaction.beginnings import Beginnings

            self._beginnings = Beginnings(self._searches)
        return self._beginnings

    def hits(self, data: bytes) -> list[Hit]:
        """What is in a body or text, sorted and apart from each other."""
        data = data.replace(MARK.encode(), _FILLING * len(MARK))
        inner = list(self._in_literals(data)) if self._may_hide(data) or self._pattern else []
        # Escapes outside of all texts: it is no JSON, or cut off, and its quotation marks say nothing.
        is_other = self._may_hide(data) and any(map(self._may_hide, _outside_literals(data)))
        found = self._behind_all_escapes(data) if is_other else self._as_it_stands(data)
        # In JSON a pattern such as `secret=.*` finds the end of a text by its quotation mark only.
        starts = [hit.start for hit in inner]
        for hit in found:
            at = bisect_right(starts, hit.start) - 1
            if hit.kind != FOUND or at < 0 or inner[at].stop <= hit.start:
                inner.append(_whole_number(data, hit))
        return _apart(hit for hit in inner if hit.text.strip(_FILLING))

    def hits_beside_media(self, data: bytes) -> list[Hit]:
        """The same, but for images and other media in JSON: they are not searched, and no hit is within one."""
        hits = self.hits(media_replaced(data, lambda _: _FILLING))
        return list(_moved(hits, ((start, stop, len(_FILLING)) for start, stop in media_in(data)))) if hits else []

    def url_hits(self, url: bytes) -> list[Hit]:
        """The same in a URL or path, whose characters may be written in hexadecimal."""
        return _apart([*self.hits(url), *_behind(_PERCENT, url, self.hits)])

    def _credentials(self, data: bytes) -> Iterator[Hit]:
        for at in self.prepare().places(data) if len(data) > SHORT else self._places(data):
            for pattern, kind in self._searches.get(data[at : at + _KNOWN_BY], ()):
                if match := pattern.match(data, at):
                    yield Hit(*match.span(), kind, match[0])

    def _places(self, data: bytes) -> Iterator[int]:
        for known in self._searches:
            at = data.find(known)
            while at >= 0:
                yield at
                at = data.find(known, at + 1)

    def _as_it_stands(self, data: bytes) -> list[Hit]:
        return [*self._credentials(data), *self._named(data)]

    def _named(self, data: bytes) -> Iterator[Hit]:
        """What the pattern finds; nothing where there is none."""
        for start, stop in pattern_spans(self._pattern, data) if self._pattern else ():
            yield Hit(start, stop, FOUND, data[start:stop])

    def _behind_all_escapes(self, data: bytes) -> list[Hit]:
        hits = self._as_it_stands(data)
        if self._may_hide(data):
            hits += _behind(_JSON, data, self._behind_all_escapes)
        return hits

    def _in_literals(self, data: bytes) -> Iterator[Hit]:
        """What is in the texts of JSON, and not to be seen outside of them; in order."""
        for literal in _LITERAL.finditer(data):
            text, begin = literal[1], literal.start(1)
            for hit in _behind(_JSON, text, self.hits) if self._may_hide(text) else self._named(text):
                mark = json.dumps(hit.mark.decode())[1:-1].encode()
                yield hit._replace(start=begin + hit.start, stop=begin + hit.stop, mark=mark)

    def _may_hide(self, text: bytes) -> bool:
        """Whether what is looked for may be escaped; credentials with line breaks are looked for as escapes, too."""
        return b"\\" in text if self._pattern else b"\\u" in text or b"\\/" in text


def _outside_literals(data: bytes) -> Iterator[bytes]:
    at = 0
    for literal in _LITERAL.finditer(data):
        yield data[at : literal.start()]
        at = literal.end()
    yield data[at:]


def _whole_number(data: bytes, hit: Hit) -> Hit:
    """A hit, or where it is in a number of JSON all of that: a text is put in its place."""
    start, stop = hit.start, hit.stop
    while data[start - 1 : start] in _DIGITS and start:
        start -= 1
    while data[stop : stop + 1] in _DIGITS and stop < len(data):
        stop += 1
    before, after = data[max(0, start - 8) : start].rstrip()[-1:], data[stop : stop + 8].lstrip()[:1]
    if _NUMBER.fullmatch(data, start, stop) and before in (b":", b",", b"[") and after in (b",", b"]", b"}"):
        return hit._replace(start=start, stop=stop, mark=b'"%b"' % MARK.encode())
    return hit


def _behind(escapes: Escapes, raw: bytes, search: Callable[[bytes], list[Hit]]) -> Iterator[Hit]:
    """What a search finds in a text without its escapes, at its places in the text with them."""
    plain = escapes.pattern.sub(lambda match: escapes.meaning(match[0]), raw)
    if plain != raw and (hits := search(plain)):
        found = escapes.pattern.finditer(raw)
        yield from _moved(hits, ((*match.span(), len(escapes.meaning(match[0]))) for match in found))


def _moved(hits: Iterable[Hit], replaced: Iterable[tuple[int, int, int]]) -> Iterator[Hit]:
    """What was found in some data of which parts had been replaced, at its places before that.

    Args:
        hits: What was found.
        replaced: Where each part begins and ends, and how long what replaced it is.
    """
    # Where each part begins and ends, after that and before. Even positions in these lists begin what is between them.
    bare, written = [0], [0]
    for start, stop, length in replaced:
        begin = bare[-1] + start - written[-1]
        bare += [begin, begin + length]
        written += [start, stop]

    def place(of: int, *, end: bool) -> int:
        at = bisect_right(bare, of) - 1
        inside = of - bare[at]
        if at % 2 and inside:
            return written[at + 1 if end else at]
        return written[at] + inside

    for hit in hits:
        yield hit._replace(start=place(hit.start, end=False), stop=place(hit.stop, end=True))


@lru_cache(4096)
def _json_meaning(escape: bytes) -> bytes:
    try:
        character: str = json.loads(b'"%b"' % escape)
    except ValueError:
        return escape  # none of JSON's
    return character.encode("utf-8", "surrogatepass")


def _percent_meaning(escape: bytes) -> bytes:
    return b" " if escape == b"+" else bytes.fromhex(escape[1:].decode())


_JSON: Final = Escapes(
    re.compile(rb"\\(?:u[Dd][89ABab][0-9A-Fa-f]{2}\\u[Dd][C-Fc-f][0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4}|.)", re.DOTALL),
    _json_meaning,
)
_PERCENT: Final = Escapes(re.compile(rb"%[0-9A-Fa-f]{2}|\+"), _percent_meaning)


def _apart(hits: Iterable[Hit]) -> list[Hit]:
    apart: list[Hit] = []
    for hit in sorted(hits, key=lambda hit: (hit.start, -hit.stop)):
        if apart and hit.start < apart[-1].stop:
            apart[-1] = apart[-1]._replace(stop=max(hit.stop, apart[-1].stop))
        else:
            apart.append(hit)
    return apart
