"""Reasoning between think tags at the beginning of the text."""

import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from translators.events import Text, Thinking
from translators.think_tags import MOST_HELD, OPENING, ThinkTagSplitter

# The text as it came, its thinking and what is left of it.
ANSWERS: dict[str, tuple[str, str, str]] = {
    "no tag": ("Hi <b>you</b>", "", "Hi <b>you</b>"),
    "white space and no tag": ("\n Hi", "", "\n Hi"),
    "white space only": ("\n \n", "", "\n \n"),
    "nothing": ("", "", ""),
    "thinking and text": ("<think>hm</think>Hi", "hm", "Hi"),
    "white space at the tags": (" \n<think>\n hm \n</think>\n\n Hi ", "hm \n", "Hi "),
    "an empty thought": ("<think>\n\n</think>\n\nHi", "", "Hi"),
    "thinking only": ("<think>hm</think>\n", "hm", ""),
    "a tag that is never closed": ("<think>hm</thi", "hm</thi", ""),
    "a tag that is never closed and nothing in it": ("<think>\n", "", ""),
    "an opening tag that is cut": ("<thin", "", "<thin"),
    "what only begins like the opening tag": ("<thinking>Hi", "", "<thinking>Hi"),
    "what only begins like the closing tag": ("<think>a</thin b</think>Hi", "a</thin b", "Hi"),
    "half a closing tag before a whole one": ("<think>a</</think>Hi", "a</", "Hi"),
    "a second thought": ("<think>a</think>Hi<think>b</think>", "a", "Hi<think>b</think>"),
    "a second thought at once": ("<think>a</think><think>b</think>Hi", "a", "<think>b</think>Hi"),
    "an opening tag in the thought": ("<think>a<think>b</think>Hi", "a<think>b", "Hi"),
    "a tag that does not come first": ("Hi <think>hm</think>", "", "Hi <think>hm</think>"),
    "a closing tag alone": ("hm</think>Hi", "", "hm</think>Hi"),
    "JSON": ('{"a": "<think>"}', "", '{"a": "<think>"}'),
}


WHOLE = re.compile(r"\s*<think>\s*(.*?)(?:</think>\s*(.*))?\Z", re.DOTALL)
"""The same rules for a text that is there as a whole."""


def split(pieces: list[str]) -> tuple[str, str]:
    """The thinking and the text."""
    splitter = ThinkTagSplitter()
    events: list[Text | Thinking] = []
    for piece in pieces:
        events += [Text(piece)] if splitter.done else splitter.feed(piece)
    events += splitter.flush()
    assert all(event.text for event in events)
    thinking, text = ("".join(e.text for e in events if isinstance(e, kind)) for kind in (Thinking, Text))
    return thinking, text


@pytest.mark.parametrize(("answer", "thinking", "text"), ANSWERS.values(), ids=ANSWERS)
def test_what_stands_between_the_first_tags_is_thinking(answer: str, thinking: str, text: str) -> None:
    assert split([answer]) == (thinking, text)
    assert split(list(answer)) == (thinking, text)


@given(
    st.lists(st.sampled_from(["<think>", "</think>", "<", "/", "think", ">", " ", "\n", "a", "</thi"]), max_size=9),
    st.lists(st.integers(0, 60), max_size=6),
)
def test_where_the_text_is_cut_makes_no_difference(tokens: list[str], cuts: list[int]) -> None:
    answer = "".join(tokens)
    edges = sorted({0, len(answer), *(min(cut, len(answer)) for cut in cuts)})
    thinking, text = split([answer[a:b] for a, b in pairwise(edges)])
    match = WHOLE.match(answer)
    assert (thinking, text) == ((match[1], match[2] or "") if match else ("", answer))


def test_text_is_held_back_only_as_long_as_it_can_be_a_tag() -> None:
    splitter = ThinkTagSplitter()
    assert splitter.feed("\n<thi") == []
    assert splitter.feed("s") == [Text("\n<this")]
    assert splitter.done


def test_more_white_space_than_stands_before_a_tag_is_text() -> None:
    splitter = ThinkTagSplitter()
    assert splitter.feed(" " * MOST_HELD) == []
    assert splitter.feed(" ") == [Text(" " * (MOST_HELD + 1))]
    assert splitter.done
    assert split([" " * MOST_HELD, f"{OPENING}hm"]) == ("hm", "")


def test_a_thought_is_told_while_it_runs() -> None:
    splitter = ThinkTagSplitter()
    assert splitter.feed("<think>") == []
    assert splitter.feed("a") == [Thinking("a")]
    assert splitter.feed("b</thin") == [Thinking("b")]
    assert splitter.feed("gs") == [Thinking("</things")]
    assert splitter.feed("</think>\n") == []
    assert not splitter.done
    assert splitter.feed("Hi") == [Text("Hi")]
    assert splitter.done


def test_what_was_flushed_is_no_tag_any_more() -> None:
    splitter = ThinkTagSplitter()
    assert splitter.feed(" <") == []
    assert splitter.flush() == [Text(" <")]
    assert splitter.done
    assert splitter.flush() == []
