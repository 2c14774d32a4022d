"""`context`: a conversation as integers and back."""

import zlib
from array import array

import pytest
from hypothesis import given
from hypothesis import strategies as st

from translators import ollama_context
from translators.ollama_context import MOST_BYTES, MOST_TURNS, Turn, context_of, conversation_in

turns = st.builds(Turn, st.sampled_from(["system", "user", "assistant"]), st.text(st.characters(codec="utf-8")))
conversations = st.lists(turns)

SKY = [Turn("user", "Why is the sky blue?"), Turn("assistant", "Because short waves are scattered most. ☁")]


def packed_by_hand(text: bytes) -> list[int]:
    """What somebody gets who writes other content in our form."""
    packed = zlib.compress(text)
    return [context_of([])[0], *array("H", packed + b"\0" * (len(packed) % 2))]


@given(conversations)
def test_a_conversation_comes_back_as_it_was(conversation: list[Turn]) -> None:
    assert conversation_in(context_of(conversation)) == conversation


@given(conversations)
def test_the_integers_fit_where_clients_keep_tokens(conversation: list[Turn]) -> None:
    assert all(0 <= number < 2**16 for number in context_of(conversation))


def test_a_long_conversation_has_no_more_integers_than_a_tokenizer_would_give() -> None:
    words = " ".join(f"word{number}" for number in range(1000))
    assert len(context_of([Turn("user", words)])) < 2000


@pytest.mark.parametrize("context", [[], [1, 2, 3], [-1], [2**40], context_of(SKY)[1:], [275], [275, 70_000]])
def test_tokens_of_another_server_are_not_read(context: list[int]) -> None:
    assert conversation_in(context) is None


def test_a_context_that_was_cut_or_changed_is_not_read() -> None:
    whole = context_of(SKY)
    for place in range(1, len(whole)):
        assert conversation_in(whole[:place]) is None
        assert conversation_in([*whole[:place], whole[place] ^ 1, *whole[place + 1 :]]) in (None, SKY)  # SKY: padding


@pytest.mark.parametrize(
    "text", [b"1", b"{}", b"[1]", b'[["user"]]', b'[["tool","x"]]', b'[["user",1]]', b"[" * 9999, b""]
)
def test_other_content_in_our_form_is_not_read(text: bytes) -> None:
    assert conversation_in(packed_by_hand(text)) is None


def test_what_inflates_to_more_than_a_conversation_may_have_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    context = context_of([Turn("user", "a" * 5000)])
    monkeypatch.setattr(ollama_context, "MOST_BYTES", 4000)
    assert conversation_in(context) is None


def test_of_a_conversation_that_is_too_long_the_end_is_kept() -> None:
    long = [Turn("user", "a" * (MOST_BYTES // 2)), Turn("assistant", "b" * (MOST_BYTES // 2)), Turn("user", "c")]
    assert conversation_in(context_of(long)) == long[1:]
    assert conversation_in(context_of([Turn("user", "\x01" * MOST_BYTES)])) == []
    many = [Turn("user", str(number)) for number in range(MOST_TURNS + 5)]
    assert conversation_in(context_of(many)) == many[5:]


def test_more_turns_than_are_ever_written_are_not_read() -> None:
    text = "[" + ",".join(['["user",""]'] * (MOST_TURNS + 1)) + "]"
    assert conversation_in(packed_by_hand(text.encode())) is None
