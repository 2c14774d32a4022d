"""What a body says, put together of its pieces."""

import json
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from addon.redaction.hidden_texts import all_texts_of, hidden_texts_of
from tests.recorded import compact


def line(content: str, index: int = 0) -> bytes:
    return compact({"choices": [{"index": index, "delta": {"role": "assistant", "content": content}}]}) + b"\n"


def test_the_pieces_of_each_text_are_put_together_by_their_place() -> None:
    body = b"".join(line(content, index) for content, index in [("a", 0), ("x", 1), ("b", 0), ("y", 1)])
    assert list(hidden_texts_of(body)) == ["assistantassistant", "ab", "assistantassistant", "xy"]


def test_all_that_a_body_says_is_each_name_and_each_text_once() -> None:
    said = all_texts_of(b"event: added\ndata: " + line("a") + b"\ndata: " + line("b") + b"\ndata: [DONE]\n\n")
    assert said is not None
    lines = said.split(b"\n")
    assert {b"ab", b"content", b"choices", b"event: added", b"data: [DONE]"} <= set(lines)
    assert line("a").strip() not in lines


@pytest.mark.parametrize("body", [b'{\n"a":1\n}', b'{"a":"' + b"x" * 70_000 + b'"}', b'data: {"a"\ndata: :1}\n\n'])
def test_a_document_of_several_lines_or_a_very_long_one_is_not_put_together(body: bytes) -> None:
    assert all_texts_of(body) is None


def test_what_json_drops_is_said_as_it_stands() -> None:
    twice = b'{"a":"first","a":"second"}'
    assert twice in (all_texts_of(twice) or b"").split(b"\n")


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
values = st.recursive(
    texts | st.none() | st.booleans() | st.integers(-9, 9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)


def strings_of(value: Any) -> set[str]:
    match value:
        case str():
            return {value}
        case dict():
            return set(value).union(*map(strings_of, value.values()))
        case list():
            return set().union(*map(strings_of, value))
        case _:
            return set()


@given(st.lists(values, max_size=4), st.booleans())
def test_every_text_of_any_documents_is_said(documents: list[Any], events: bool) -> None:
    bodies = [orjson.dumps(document) for document in documents]
    body = b"".join(b"data: %b\n\n" % each if events else each + b"\n" for each in bodies)
    said = (all_texts_of(body) or b"").decode()
    for text in strings_of(documents):
        assert text in said or json.dumps(text) in said
