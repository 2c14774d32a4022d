"""Embeddings: unit vectors that depend on the text alone."""

import base64
import hashlib
import math
import sys
from array import array
from typing import Any

from tests.upstream.refusals import Refusal, array_too_long
from tests.upstream.wording import tokens_of

type Body = dict[str, Any]

SIZES = {"text-embedding-3-large": 3072}
DEFAULT_SIZE = 1536
MOST_INPUTS = 2048
MOST_TOKENS = 8192
MOST_TOKENS_TOGETHER = 300_000


def embed(body: Body) -> Body:
    """The answer to a valid request.

    Raises:
        Refusal: The input is empty, of a wrong type, too long or too much, or has fewer dimensions than asked for.
    """
    size = SIZES.get(body["model"], DEFAULT_SIZE)
    wanted = body.get("dimensions", size)
    if wanted > size:
        text = f"Invalid value for 'dimensions' = {wanted}. Must be less than or equal to {size}."
        raise Refusal(text)
    inputs = _inputs(body["input"])
    counts = [len(tokens_of(each)) if isinstance(each, str) else len(each) for each in inputs]
    _check_counts(counts)
    vectors = [_vector(str(each), wanted) for each in inputs]
    as_text = body.get("encoding_format") == "base64"
    return {
        "object": "list",
        "data": [
            {"object": "embedding", "index": index, "embedding": _base64(vector) if as_text else list(vector)}
            for index, vector in enumerate(vectors)
        ],
        "model": body["model"],
        "usage": {"prompt_tokens": sum(counts), "total_tokens": sum(counts)},
    }


def _inputs(value: Any) -> list[str | list[int]]:
    """A text, texts, tokens, or lists of tokens, as a list of texts or lists of tokens."""
    inputs = value if isinstance(value, list) else [value]
    if inputs and all(_is_token(each) for each in inputs):
        inputs = [inputs]
    if len(inputs) > MOST_INPUTS:
        raise array_too_long("input", MOST_INPUTS, len(inputs))
    if not inputs or not all(_is_text(each) or _is_tokens(each) for each in inputs):
        text = "'$.input' is invalid. Please check the API reference: https://platform.openai.com/docs/api-reference."
        raise Refusal(text)
    return inputs


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and value != ""


def _is_tokens(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(_is_token(each) for each in value)


def _is_token(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _check_counts(counts: list[int]) -> None:
    for position, count in enumerate(counts):
        if count > MOST_TOKENS:
            raise Refusal(f"Invalid 'input[{position}]': maximum input length is {MOST_TOKENS} tokens.")
    if sum(counts) > MOST_TOKENS_TOGETHER:
        name = "max_tokens_per_request"
        text = f"Requested {sum(counts)} tokens, max {MOST_TOKENS_TOGETHER} tokens per request"
        raise Refusal(text, code=name, kind=name)


def _vector(text: str, size: int) -> array[float]:
    """A unit vector of float32 numbers; a shorter one is a longer one's beginning, made unit again."""
    noise = array("H", hashlib.shake_256(text.encode()).digest(2 * size))
    numbers = [value / 32767.5 - 1 for value in noise]
    length = math.sqrt(sum(number * number for number in numbers))
    return array("f", [number / length for number in numbers])


def _base64(vector: array[float]) -> str:
    if sys.byteorder == "big":
        vector.byteswap()
    return base64.b64encode(vector.tobytes()).decode()
