"""OpenAI embeddings answers as vectors, while they come in.

An answer may have 70 MB, and the time to read it whole would be a pause for everybody else. So the vectors are cut out
of the text and read one by one as they come; what is left is a small JSON document.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from translators.errors import UpstreamBroken, UpstreamError
from translators.events import Usage
from translators.loose_json import read_json
from translators.openai_document import read_document
from translators.openai_errors import error_from_event, sentence_in
from translators.vectors import Vector, is_finite, vector_from_base64, vector_from_list

_KEY: Final = b'"embedding"'
# In JSON text this can only be a key before its value: a quote within a string has a backslash before it.
_OPENING: Final = re.compile(_KEY + rb'\s*+:\s*+([\["])')
_CLOSING: Final = {b"[": b"]", b'"': b'"'}


@dataclass(frozen=True, slots=True)
class Embeddings:
    """What an upstream answered.

    Attributes:
        vectors: One for each input, in their order, of finite numbers, as the upstream sent them.
        usage: Token counts; None when it gave none.
    """

    vectors: list[Vector]
    usage: Usage | None


def joined(parts: Sequence[Embeddings]) -> Embeddings:
    """Answers to the parts of one request as one; its token counts are known only where every part has some."""
    vectors = [vector for part in parts for vector in part.vectors]
    usages = [part.usage.prompt_tokens for part in parts if part.usage is not None]
    known = [tokens for tokens in usages if tokens is not None]
    return Embeddings(vectors, Usage(sum(known), None) if len(known) == len(parts) else None)


class EmbeddingsReader:
    """Reads one answer with status 200."""

    def __init__(self, count: int) -> None:
        """Begin an answer.

        Args:
            count: How many vectors were asked for.
        """
        self._count = count
        self._rest: list[bytes] = []  # the document, with a list of one number for each vector: its place in `_found`
        self._found: list[Vector | UpstreamError] = []
        self._vector: list[bytes] = []  # the text of the one that is coming in
        self._closing = b""  # what ends it; empty outside of vectors
        self._held = b""  # perhaps the beginning of an opening

    def feed(self, data: bytes) -> None:
        """Take bytes of the body, cut anywhere."""
        data = self._held + data
        self._held = b""
        at = 0
        while at < len(data):
            at = self._inside(data, at) if self._closing else self._outside(data, at)

    def close(self) -> Embeddings:
        """The body has ended; returns what it says.

        Raises:
            UpstreamBroken: It is not what was asked for.
            UpstreamError: It is an error in spite of its status, or a number is none.
        """
        document = read_document(b"".join((*self._rest, *self._vector, self._held)))
        if error := error_from_event(document):
            raise error
        if not isinstance(document.get("data"), list):
            instead = sentence_in(document) or "is its base URL an OpenAI-style server?"
            raise UpstreamBroken(f"the upstream's answer has no list of embeddings: {instead}")
        places = _places(document["data"], self._count)
        vectors: list[Vector] = []
        for place in places:
            found = self._found[place]
            if isinstance(found, UpstreamError):
                raise found
            vectors.append(found)
        return Embeddings(vectors, _usage(document.get("usage")))

    def _outside(self, data: bytes, at: int) -> int:
        """Go on to the next vector; returns where it begins, or the end."""
        opening = _OPENING.search(data, at)
        if opening is None:
            held = data.rfind(_KEY, at)
            if held < 0:
                held = max(at, len(data) + 1 - len(_KEY))
            self._rest.append(data[at:held])
            self._held = data[held:]
            return len(data)
        self._rest.append(data[at : opening.start(1)])
        self._closing = _CLOSING[opening[1]]
        self._vector.append(opening[1])
        return opening.end()

    def _inside(self, data: bytes, at: int) -> int:
        """Go on to the end of the vector; returns where that is, or the end of the data."""
        end = data.find(self._closing, at) + 1
        self._vector.append(data[at : end or len(data)])
        if not end:
            return len(data)
        self._rest.append(b"[%d]" % len(self._found))
        self._found.append(_read_vector(b"".join(self._vector), len(self._found)))
        self._vector.clear()
        self._closing = b""
        return end


def _read_vector(text: bytes, place: int) -> Vector | UpstreamError:
    """The vector in a JSON value, or what is wrong with it: whether that matters is seen when the document is read."""
    try:
        value = read_json(text)
        vector = vector_from_base64(value) if isinstance(value, str) else vector_from_list(value)
    except ValueError as error:
        param = "encoding_format" if text.startswith(b'"') else ""  # as JSON numbers it may be readable
        return UpstreamBroken(f"embedding {place} of the upstream's answer {error}", param=param)
    if is_finite(vector):
        return vector
    return UpstreamError("embedding contains NaN or Inf values", status=400)  # Ollama's text


def _places(data: list[Any], count: int) -> list[int]:
    """Which of the vectors that were found belongs to each input."""
    if not all(isinstance(item, dict) for item in data):
        raise UpstreamBroken("the upstream's answer has a list of something else than embeddings")
    if len(data) != count:
        raise UpstreamBroken(f"the upstream answered {len(data)} embeddings for {count} inputs")
    places: dict[int, int] = {}
    for position, item in enumerate(data):
        index = item.get("index", position)  # some servers leave it out, Gemini where it is 0
        match item.get("embedding"):
            case [int(place)] if isinstance(index, int):
                places[index] = place
            case _:
                raise UpstreamBroken(f"embedding {position} of the upstream's answer is neither a list nor base64")
    if places.keys() != set(range(count)):
        raise UpstreamBroken(f"the upstream's embeddings have the indexes {sorted(places)[:8]!r} for {count} inputs")
    return [places[index] for index in range(count)]


def _usage(usage: Any) -> Usage | None:
    if isinstance(usage, Mapping):
        for name in ("prompt_tokens", "total_tokens"):  # Voyage has the total only
            tokens = usage.get(name)
            if type(tokens) is int and tokens >= 0:
                return Usage(tokens, None)
    return None
