"""How upstreams say that a text is too long, and how it is cut."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from translators.errors import UpstreamError
from translators.input_overflow import Overflow, note_of_cut, overflow_in, shortened

TOLD = [
    ("Invalid 'input[3]': maximum input length is 8192 tokens.", Overflow(3, 8192, None)),
    ("Invalid 'input': maximum input length is 8192 tokens.", Overflow(None, 8192, None)),
    (
        "This model's maximum context length is 8192 tokens, however you requested 51435 tokens (51435 in your prompt; "
        "0 for the completion). Please reduce your prompt; or completion length.",
        Overflow(None, 8192, 51435),
    ),
    (
        "This model's maximum context length is 8191 tokens, however, you requested 8469 tokens (8469 in your prompt; "
        "0 for the completion). Please reduce your prompt; or completion length.",
        Overflow(None, 8191, 8469),
    ),
    (
        "This model's maximum context length is 512 tokens. However, you requested 1451 tokens in the input for "
        "embedding generation. Please reduce the length of the input.",
        Overflow(None, 512, 1451),
    ),
    (
        "This model's maximum context length is 512 tokens. However, your request has 1451 input tokens. Please reduce "
        "the length of the input messages.",
        Overflow(None, 512, 1451),
    ),
    (
        "You passed 8193 input tokens and requested 0 output tokens. However, the model's context length is only 8192 "
        "tokens, resulting in a maximum input length of 8192 tokens.",
        Overflow(None, 8192, None),
    ),
    (
        "This model's maximum context length is 8192 tokens. However, you requested 10 output tokens and your prompt "
        "contains at least 8183 input tokens, for a total of at least 8193 tokens.",
        Overflow(None, 8192, None),
    ),
    (
        "request (9412 tokens) exceeds the available context size (8192 tokens), try increasing it",
        Overflow(None, 8192, 9412),
    ),
    ("input (99 tokens) is larger than the max context size (64 tokens). skipping", Overflow(None, 64, 99)),
    (
        "input (992 tokens) is too large to process. increase the physical batch size (current batch size: 512)",
        Overflow(None, 512, 992),
    ),
    ("Input validation error: `inputs` must have less than 512 tokens. Given: 534", Overflow(None, 512, 534)),
    ("`inputs` must have less than 32000 characters. Given: 67337", Overflow(None, 32000, 67337)),
    (
        "the request exceeds the available context size. try increasing the context size or enable context shift",
        Overflow(None, None, None),
    ),
    ("input is too large to process. increase the physical batch size", Overflow(None, None, None)),
    ("input must have less than 8192 tokens", Overflow(None, 8192, None)),
    ("length of prompt_tokens (57535) must be less than max_seq_len (32768)", Overflow(None, 32768, 57535)),
    ("Single text cannot exceed 8194 tokens. 8746 tokens given.", Overflow(None, 8194, 8746)),
    ("Input length 1728 exceeds maximum allowed token size 512", Overflow(None, 512, 1728)),
    ("Range of input length should be [1, 2048]", Overflow(None, 2048, None)),
    ("embeddings max tokens per batch size is 384", Overflow(None, 384, None)),
    (
        "400 Bad Request: Too many input tokens. Max input tokens: 8192, request input token count: 9875 ",
        Overflow(None, 8192, 9875),
    ),
    ("#/texts/0: expected maxLength: 2048, actual: 2459", Overflow(None, 2048, 2459)),
    ("The input token count exceeds the maximum number of tokens allowed 2048.", Overflow(None, 2048, None)),
    ("The input token count exceeds the maximum number of tokens allowed.", Overflow(None, None, None)),
    ("the input length exceeds the context length", Overflow(None, None, None)),
    ("input length exceeds maximum context length", Overflow(None, None, None)),
]


@pytest.mark.parametrize(("message", "overflow"), TOLD)
def test_what_upstreams_say_of_a_text_that_is_too_long(message: str, overflow: Overflow) -> None:
    assert overflow_in(UpstreamError(message, status=400), 1) == overflow
    assert overflow_in(UpstreamError(message, status=400), 9) == overflow


@pytest.mark.parametrize(
    "message",
    [
        "Invalid 'input': array too long. Expected an array with maximum length 2048, but got an array with length 2049"
        " instead.",
        "'$.input' is invalid. Please check the API reference: https://platform.openai.com/docs/api-reference.",
        "You are not allowed to generate embeddings from this model",
        "-1 is less than the minimum of 1 - 'dimensions'",
        "",
    ],
)
def test_what_is_about_something_else(message: str) -> None:
    assert overflow_in(UpstreamError(message, status=400), 1) is None


@pytest.mark.parametrize(
    ("message", "overflow"),
    [
        ("Requested 306153 tokens, max 300000 tokens per request", Overflow(None, 300000, 306153)),
        ("Too many tokens overall, split into more batches.", Overflow(None, 0, 0)),
    ],
)
def test_a_text_that_is_alone_and_too_much_for_a_request_is_too_long(message: str, overflow: Overflow) -> None:
    error = UpstreamError(message, status=400)
    assert overflow_in(error, 1) == overflow
    assert overflow_in(error, 2) is None


def test_a_text_is_cut_in_proportion_and_a_little_more() -> None:
    assert shortened(["abcdefghij" * 10], Overflow(None, 512, 1024)) == ["abcdefghij" * 4 + "abcdefg"]


def test_only_the_text_that_was_named_is_cut_in_proportion() -> None:
    assert shortened(["a" * 100, "b" * 80, "c" * 90], Overflow(1, 512, 1024)) == ["a" * 100, "b" * 38, "c" * 90]


def test_without_a_name_the_longest_text_is_meant_and_all_that_exceed_what_is_left_of_it() -> None:
    assert shortened(["a" * 100, "b" * 30, "c" * 90], Overflow(None, 512, 1024)) == ["a" * 47, "b" * 30, "c" * 47]


def test_without_its_length_every_text_is_cut_to_four_characters_for_a_token() -> None:
    texts = ["a" * 1000, "b" * 390, "c" * 500]
    assert shortened(texts, Overflow(2, 100, None)) == ["a" * 400, "b" * 390, "c" * 400]


def test_where_four_characters_for_a_token_were_too_many_the_text_is_halved() -> None:
    assert shortened(["a" * 400, "b" * 390], Overflow(1, 100, None)) == ["a" * 400, "b" * 195]


def test_without_numbers_the_longest_text_is_halved() -> None:
    assert shortened(["a" * 100, "b" * 60, "c"], Overflow(None, None, None)) == ["a" * 50, "b" * 50, "c"]


def test_a_place_that_there_is_not_is_no_name() -> None:
    assert shortened(["a" * 10, "b" * 4], Overflow(7, None, None)) == ["a" * 5, "b" * 4]


@pytest.mark.parametrize("texts", [["a"], [""], ["a", ""]])
def test_when_nothing_is_left_to_cut_there_is_no_other_try(texts: list[str]) -> None:
    assert shortened(texts, Overflow(None, None, None)) is None


numbers = st.none() | st.integers(0, 10**6)


@given(st.lists(st.text(), min_size=1), st.builds(Overflow, st.none() | st.integers(0, 3), numbers, numbers))
def test_a_cut_is_a_beginning_and_makes_something_shorter(texts: list[str], overflow: Overflow) -> None:
    shorter = shortened(texts, overflow)
    if shorter is not None:
        assert shorter != texts
        assert all(text.startswith(cut) for text, cut in zip(texts, shorter, strict=True))
        assert not any(text and not cut for text, cut in zip(texts, shorter, strict=True))


def tokens_of_words(text: str) -> int:
    return len(text.split())


@pytest.mark.parametrize("count", [tokens_of_words, len, lambda text: len(text.encode()) // 3])
def test_three_cuts_are_enough_for_words_letters_and_bytes(count: Callable[[str], int]) -> None:
    limit, texts = 512, ["word " * 3000, "漢字" * 4000, "short"]
    for _ in range(3):
        long = next((place for place, text in enumerate(texts) if count(text) > limit), None)
        if long is not None:
            shorter = shortened(texts, Overflow(long, limit, count(texts[long])))
            assert shorter is not None
            texts = shorter
    assert all(count(text) <= limit for text in texts)


def test_a_note_counts_the_texts_that_were_cut() -> None:
    told = str(note_of_cut(2, 3))
    assert told == "input converted: 2 of 3 texts cut: longer than the model takes"
