"""More texts than an upstream embeds at once."""

import pytest

from translators.errors import UpstreamError
from translators.events import Usage
from translators.input_batches import batches_of, most_inputs_in
from translators.openai_embeddings_reader import Embeddings, joined


@pytest.mark.parametrize(
    ("message", "count", "most"),
    [
        (
            "Invalid 'input': array too long. Expected an array with maximum length 2048, but got an array with length"
            " 2049 instead.",
            2049,
            2048,
        ),
        ("batch size 64 > maximum allowed batch size 32", 64, 32),
        ("Requested 306153 tokens, max 300000 tokens per request", 100, 97),
        ("Requested 900000 tokens, max 300000 tokens per request", 100, 33),
        ("Requested 5 tokens, max 300000 tokens per request", 100, 50),
        ("Requested 900000 tokens, max 0 tokens per request", 3, 1),
        ("Requested 306153 tokens, max 300000 tokens per request", 1, None),
        ("Expected an array with maximum length 2048, but the array too long", 9, None),
        ("array too long. Expected an array with maximum length 0, but got", 9, 4),
        ("array too long. Expected an array with maximum length 99, but got", 9, 4),
        ("This model's maximum context length is 8192 tokens", 9, None),
        ("", 9, None),
    ],
)
def test_an_upstream_says_how_many_it_takes(message: str, count: int, most: int | None) -> None:
    assert most_inputs_in(UpstreamError(message, status=400), count) == most


@pytest.mark.parametrize(
    ("size", "batches"),
    [(1, [["a"], ["b"], ["c"]]), (2, [["a", "b"], ["c"]]), (3, [["a", "b", "c"]]), (9, [["a", "b", "c"]])],
)
def test_batches_keep_the_order_and_lose_nothing(size: int, batches: list[list[str]]) -> None:
    assert batches_of("abc", size) == batches


@pytest.mark.parametrize(
    ("counts", "total"), [([1, 2], Usage(3, None)), ([0, 0], Usage(0, None)), ([1, None], None), ([None], None)]
)
def test_counts_of_parts_are_added_where_all_are_known(counts: list[int | None], total: Usage | None) -> None:
    parts = [Embeddings([], None if count is None else Usage(count, None)) for count in counts]
    assert joined(parts) == Embeddings([], total)
