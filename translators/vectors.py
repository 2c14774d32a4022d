"""Embedding vectors: 32-bit floats, read from what servers send and written as Go writes them.

Only this module and what imports it need numpy, whose import takes a tenth of a second and 10 MiB: they are to be
imported when the first vectors come. numpy is there for orjson, which writes the shortest digits of a 32-bit float
from its arrays alone, in 20 ns a number.
"""

import base64
from typing import Any, Final

import numpy as np
import orjson
from numpy.typing import NDArray

from translators.go_json import go_number

type Vector = NDArray[np.float32]

_UNIT_LENGTH: Final = 1e-6  # how far from 1 the length of a vector may be that is not normalised again
_ROUGHLY_UNIT: Final = 0.01  # and one of which only the kind of its numbers is in question
_LARGEST: Final = 1e6
"""No model's numbers come near it; other kinds of number, read as 32-bit floats, go far beyond it in every vector."""

# The one 32-bit float from 1e-5 to 1 of which orjson and Go write other digits, of all 140 million: both texts are the
# shortest that are read as it, and it lies in the middle between them.
_TIE: Final = 2.0**-12
_TIE_IN_GO: Final = {"0.00024414062": "0.00024414063", "-0.00024414062": "-0.00024414063"}


def vector_from_base64(text: str) -> Vector:
    """The vector in base64, as `encoding_format` asks for it, or as some server sends it instead.

    That is little-endian 32-bit floats; 64-bit ones from old releases of vLLM; 8-bit integers from Perplexity. Nothing
    says which, but most vectors have length 1 in one reading and in no other.

    Raises:
        ValueError: Not base64, or of no length that fits.
    """
    try:
        data = base64.b64decode(text, validate=True)
    except ValueError as error:
        raise ValueError("is not base64") from error
    if not data or len(data) % 4:
        raise ValueError(f"has {len(data)} bytes, which are not 32-bit floats")
    floats = np.frombuffer(data, "<f4").astype(np.float32, copy=False)
    if _is_roughly_unit(floats):
        return floats
    numbers = np.abs(floats[np.isfinite(floats)])
    possible = not numbers.size or bool(numbers.max() < _LARGEST)
    if len(data) % 8 == 0:
        doubles = np.frombuffer(data, "<f8")
        # Where both are possible, what was a 32-bit float before shows it by 29 zero bits in every number.
        if _is_roughly_unit(doubles) and (not possible or bool((doubles == doubles.astype(np.float32)).all())):
            return doubles.astype(np.float32)
    return floats if possible else np.frombuffer(data, np.int8).astype(np.float32)


def vector_from_list(numbers: list[Any]) -> Vector:
    """The vector in a JSON list; null, which llama.cpp writes for what is not a number, is NaN.

    Raises:
        ValueError: It is empty, or holds something else than numbers.
    """
    if not numbers:
        raise ValueError("is empty")
    if strange := set(map(type, numbers)) - {float, int, type(None)}:
        raise ValueError(f"holds something else than numbers: {min(kind.__name__ for kind in strange)}")
    with np.errstate(over="ignore"):  # a number beyond 32 bits is infinite, and told as that
        return np.array(numbers, np.float64).astype(np.float32)


def is_finite(vector: Vector) -> bool:
    """Whether no number is NaN or infinite."""
    return bool(np.isfinite(vector).all())


def unit_vector(vector: Vector, dimensions: int) -> Vector:
    """A vector as `/api/embed` answers it: of length 1, and not longer than asked.

    Args:
        vector: Of finite numbers. What has length 1 already stays as it is, to the last bit; so does a zero vector.
        dimensions: How many numbers are wanted; 0 and less, and more than there are: all.
    """
    if 0 < dimensions < len(vector):
        vector = vector[:dimensions]
    length = _length(vector)
    if length == 0 or abs(length - 1) <= _UNIT_LENGTH:
        return vector
    return (vector.astype(np.float64) / length).astype(np.float32)


def vector_text(vector: Vector) -> bytes:
    """A vector as Go writes a list of 32-bit floats: the shortest digits that are read as the same float."""
    return _text(vector)


def wide_vector_text(vector: Vector) -> bytes:
    """The same numbers as Go writes them when they have become 64-bit floats: with up to 17 digits."""
    return _text(vector.astype(np.float64))


def _text(numbers: NDArray[np.float32 | np.float64]) -> bytes:
    text = orjson.dumps(numbers, option=orjson.OPT_SERIALIZE_NUMPY)
    sizes = np.abs(numbers)
    # Elsewhere both lay numbers out alike. Most vectors have none of these, so the text is not taken apart for most.
    places = np.flatnonzero((sizes < 1e-5) | (sizes >= 1) | (sizes == _TIE))
    if not places.size:
        return text
    parts = text[1:-1].decode().split(",")
    for place in places.tolist():
        parts[place] = _TIE_IN_GO.get(parts[place]) or go_number(parts[place])
    return f"[{','.join(parts)}]".encode()


def _is_roughly_unit(numbers: NDArray[np.float32 | np.float64]) -> bool:
    return abs(_length(numbers) - 1) < _ROUGHLY_UNIT


def _length(numbers: NDArray[np.float32 | np.float64]) -> float:
    with np.errstate(all="ignore"):  # of a wrong reading the length may be anything
        wide = numbers.astype(np.float64)
        return float(np.sqrt(wide @ wide))
