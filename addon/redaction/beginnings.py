"""Where any of many short words stands in bytes, found in one pass; imported late, because numpy takes 0.1 s."""

from collections.abc import Iterable, Iterator

import numpy

from addon.redaction.pattern_search import SLICE


class Beginnings:
    """Finds places where one of some words may begin."""

    def __init__(self, words: Iterable[bytes]) -> None:
        """Prepare the search.

        Args:
            words: Each of two bytes or more; the first two are looked for.
        """
        self._pairs = numpy.zeros(1 << 16, bool)
        for word in words:
            self._pairs[word[0] << 8 | word[1]] = True

    def places(self, data: bytes) -> Iterator[int]:
        """Where to look closer, in order."""
        for begin in range(0, len(data) - 1, SLICE):
            window = numpy.frombuffer(data, numpy.uint8, min(SLICE + 1, len(data) - begin), begin)
            pairs = window[:-1].astype(numpy.uint16) << 8 | window[1:]
            yield from (numpy.flatnonzero(self._pairs[pairs]) + begin).tolist()
