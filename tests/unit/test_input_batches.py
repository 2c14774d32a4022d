"""More texts than an upstream embeds at once."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from translators.errors import UpstreamError
from translators.events import Usage
from translators.input_batches import batches_of, most_characters_in, most_inputs_in, size_of, tokens_together_in
from translators.openai_embeddings_reader import Embeddings, joined

COUNTS = [
    (
        "Invalid 'input': array too long. Expected an array with maximum length 2048, but got an array with length"
        " 2049 instead.",
        2048,
    ),
    ("batch size 64 > maximum allowed batch size 32", 32),
    ("input batch size 473 > maximum allowed batch size 64", 64),
    (
        "Too many inputs. The max number of inputs is 16.  We hope to increase the number of inputs per request soon.",
        16,
    ),
    ("Too many inputs for model None. The max number of inputs is 1.  We hope to increase the number of inputs", 1),
    ("* BatchEmbedContentsRequest.requests: at most 100 requests can be in one batch", 100),
    ("250 instance(s) is allowed per prediction. Actual: 1243", 250),
    ("invalid request: total number of texts must be at most 96 - received 97", 96),
    ("Request to model 'voyage-4' failed. The batch size limit is 1000. Your batch size is 3663.", 1000),
    (
        "<400> InternalError.Algo.InvalidParameter: Value error, batch size is invalid, it should not be larger than "
        "10.: input.contents",
        10,
    ),
    (
        "[RID: ec4] Validation error: 'body -> jina-embeddings-v4' Each input list can contain at most 512 items..",
        512,
    ),
    ("input length is larger than the largest allowed size 2048", 2048),
    ("embeddings max batch size is 16, and can not be 0", 16),
    ("input数组最大不得超过64条", 64),
    (
        "body.input.str: Input should be a valid string; "
        "body.input.list[str]: List should have at most 8 items after validation, not 9",
        8,
    ),
    ("body.input: ensure this value has at most 8 items", 8),
    ("body.input: Input should be a valid string", 1),
    ("1 validation error for Request\nbody -> input\n  str type expected (type=type_error.str)", 1),
    ("JSON format issue: expected string at field input got instead array", 1),
    ("invalid input length, zhipu only support one input (request id: 2024)", 1),
]


@pytest.mark.parametrize(("message", "most"), COUNTS)
def test_an_upstream_says_how_many_texts_it_takes(message: str, most: int) -> None:
    assert most_inputs_in(UpstreamError(message, status=400), 4000) == most
    assert most_inputs_in(UpstreamError(message, status=400), 1) is None


@pytest.mark.parametrize(
    ("message", "count", "most"),
    [
        ("Too many inputs in request, split into more batches.", 257, 128),
        ("array too long. Expected an array with maximum length 0, but got", 9, 4),
        ("array too long. Expected an array with maximum length 99, but got", 9, 4),
    ],
)
def test_without_a_number_of_any_use_half_as_many_are_sent(message: str, count: int, most: int) -> None:
    assert most_inputs_in(UpstreamError(message, status=400), count) == most


TOGETHER = [
    ("Requested 306153 tokens, max 300000 tokens per request", (300000, 306153)),
    (
        "Request to model 'voyage-code-3' failed. The max allowed tokens per submitted batch is 120000. Your batch has "
        "124417 tokens after truncation. Please lower the number of tokens in the batch.",
        (120000, 124417),
    ),
    ("Too many tokens in batch. Max is 16384 got 17555", (16384, 17555)),
    ("Too many tokens overall, split into more batches.", (0, 0)),
    (
        "Unable to submit request because the input token count is 34708 but the model supports up to 20000. Reduce "
        "the input token count and try again.",
        (20000, 34708),
    ),
]


@pytest.mark.parametrize(("message", "told"), TOGETHER)
def test_an_upstream_says_how_many_tokens_it_takes_together(message: str, told: tuple[int, int]) -> None:
    error = UpstreamError(message, status=400)
    assert tokens_together_in(error) == told
    assert most_inputs_in(error, 9) is None
    most = most_characters_in(error, ["a" * 1999, "b" * 1999])
    assert most is not None
    assert most == (4000 * told[0] // told[1] if told[1] else 2000)
    assert most_characters_in(error, ["a" * 1999]) is None


@pytest.mark.parametrize("told", [(5, 5), (300000, 5), (0, 7)])
def test_where_the_numbers_of_tokens_cannot_be_right_half_of_the_characters_are_sent(told: tuple[int, int]) -> None:
    error = UpstreamError(f"Requested {told[1]} tokens, max {told[0]} tokens per request", status=400)
    assert most_characters_in(error, ["abc", ""]) == 2


@pytest.mark.parametrize(
    "message",
    [
        "Expected an array with maximum length 2048, but the array too long",
        "This model's maximum context length is 8192 tokens",
        "body.model: Input should be a valid string",
        "",
    ],
)
def test_what_is_about_something_else_limits_no_batch(message: str) -> None:
    error = UpstreamError(message, status=400)
    assert most_inputs_in(error, 9) is None
    assert tokens_together_in(error) is None
    assert most_characters_in(error, ["a", "b"]) is None


@pytest.mark.parametrize(
    ("most", "batches"),
    [(1, [["a"], ["b"], ["c"]]), (2, [["a", "b"], ["c"]]), (3, [["a", "b", "c"]]), (9, [["a", "b", "c"]])],
)
def test_batches_keep_the_order_and_lose_nothing(most: int, batches: list[list[str]]) -> None:
    assert batches_of("abc", most, None) == batches


def test_a_batch_is_full_of_characters_or_of_texts_and_a_larger_text_is_alone() -> None:
    texts = ["aaa", "bbb", "", "c" * 20, "d", "e", "f"]
    assert batches_of(texts, 2, 8) == [["aaa", "bbb"], [""], ["c" * 20], ["d", "e"], ["f"]]


@given(st.lists(st.text(max_size=9), min_size=1), st.integers(1, 9), st.none() | st.integers(0, 30))
def test_no_batch_has_more_than_fits(texts: list[str], most: int, characters: int | None) -> None:
    batches = batches_of(texts, most, characters)
    assert [text for batch in batches for text in batch] == texts
    for batch in batches:
        assert 0 < len(batch) <= most
        assert len(batch) == 1 or characters is None or sum(map(size_of, batch)) <= characters


@pytest.mark.parametrize(
    ("counts", "total"), [([1, 2], Usage(3, None)), ([0, 0], Usage(0, None)), ([1, None], None), ([None], None)]
)
def test_counts_of_parts_are_added_where_all_are_known(counts: list[int | None], total: Usage | None) -> None:
    parts = [Embeddings([], None if count is None else Usage(count, None)) for count in counts]
    assert joined(parts) == Embeddings([], total)
