import json
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from translators.errors import UpstreamBroken
from translators.events import ToolCall
from translators.tool_call_deltas import ToolCallAssembler

Json = dict[str, Any]
OSLO = ToolCall(0, "c1", "weather", {"city": "Oslo"})
ROME = ToolCall(1, "c2", "weather", {"city": "Rome"})
NOW = ToolCall(0, "c1", "now", {})


def piece(index: int | None, arguments: Any, id_: str | None = None, name: str | None = None) -> Json:
    """One element of `tool_calls`, with the keys that were given."""
    function = {"name": name, "arguments": arguments}
    element = {"index": index, "id": id_, "function": {k: v for k, v in function.items() if v is not None}}
    return {k: v for k, v in element.items() if v is not None}


def assemble(*pieces: Json) -> list[ToolCall]:
    assembler = ToolCallAssembler()
    return [call for p in pieces for call in assembler.feed(p)] + assembler.close(at_limit=False)


CALLS: dict[str, tuple[list[Json], list[ToolCall]]] = {
    "in pieces": ([piece(0, "", "c1", "weather"), piece(0, '{"city"'), piece(0, ':"Oslo"}')], [OSLO]),
    "at once": ([piece(0, '{"city":"Oslo"}', "c1", "weather")], [OSLO]),
    "index begins at 1": ([piece(1, "", "c1", "weather"), piece(1, '{"city":"Oslo"}')], [OSLO]),
    "one after the other": (
        [
            *(piece(0, "", "c1", "weather"), piece(0, '{"city":"Oslo"}')),
            *(piece(1, "", "c2", "weather"), piece(1, '{"city":"Rome"}')),
        ],
        [OSLO, ROME],
    ),
    "interleaved": (
        [
            *(piece(0, "", "c1", "weather"), piece(1, "", "c2", "weather")),
            *(piece(0, '{"city":'), piece(1, '{"city":"R'), piece(0, '"Oslo"}'), piece(1, 'ome"}')),
        ],
        [OSLO, ROME],
    ),
    "interleaved, the later one complete first": (
        [
            *(piece(0, '{"city":', "c1", "weather"), piece(1, '{"city":"Rome"}', "c2", "weather")),
            *(piece(2, "{}", "c3", "now"), piece(0, '"Oslo"}')),
        ],
        [OSLO, ROME, ToolCall(2, "c3", "now", {})],
    ),
    "index missing": (
        [piece(None, '{"city":"Oslo"}', "c1", "weather"), piece(None, '{"city":"Rome"}', "c2", "weather")],
        [OSLO, ROME],
    ),
    "index missing, in pieces": (
        [
            *(piece(None, "", "c1", "weather"), piece(None, '{"city":'), piece(None, '"Oslo"}', "c1", "weather")),
            *(piece(None, "", "c2", "weather"), piece(None, '{"city":"Rome"}')),
        ],
        [OSLO, ROME],
    ),
    "index and id missing": (
        [piece(None, '{"city":"Oslo"}', "", "weather"), piece(None, '{"city":"Rome"}', "", "weather")],
        [ToolCall(0, "", "weather", {"city": "Oslo"}), ToolCall(1, "", "weather", {"city": "Rome"})],
    ),
    "another id under the same index": (
        [piece(0, '{"city":"Oslo"}', "c1", "weather"), piece(0, '{"city":"Rome"}', "c2", "weather")],
        [OSLO, ROME],
    ),
    "id repeated": ([piece(0, '{"city":', "c1", "weather"), piece(0, '"Oslo"}', "c1", "weather")], [OSLO]),
    "id emptied": ([piece(0, '{"city":', "c1", "weather"), piece(0, '"Oslo"}', "", "")], [OSLO]),
    "id late": ([piece(0, '{"city":', "", "weather"), piece(0, '"Oslo"}', "c1")], [OSLO]),
    "arguments as an object": ([piece(0, {"city": "Oslo"}, "c1", "weather")], [OSLO]),
    "arguments never given": ([piece(0, None, "c1", "now")], [NOW]),
    "arguments empty": ([piece(0, "", "c1", "now"), piece(0, " ")], [NOW]),
    "arguments null": ([{"id": "c1", "function": {"name": "now", "arguments": None}}], [NOW]),
    "arguments the word null": ([piece(0, "null", "c1", "now")], [NOW]),
    "arguments an empty list": ([piece(0, [], "c1", "now")], [NOW]),
    "nothing but empty strings": ([piece(0, "", "", "")], []),
    "no function": ([{"index": 0}, {"function": None}, {}], []),
}


@pytest.mark.parametrize(("pieces", "calls"), CALLS.values(), ids=CALLS)
def test_calls_are_put_together(pieces: list[Json], calls: list[ToolCall]) -> None:
    assert assemble(*pieces) == calls


def test_a_call_is_given_out_as_soon_as_another_begins() -> None:
    assembler = ToolCallAssembler()
    assert assembler.feed(piece(0, '{"city":"Oslo"}', "c1", "weather")) == []
    assert assembler.feed(piece(1, "", "c2", "weather")) == [OSLO]
    assert assembler.feed(piece(1, '{"city":"Rome"}')) == []
    assert assembler.close(at_limit=False) == [ROME]
    assert assembler.close(at_limit=False) == []


def test_a_piece_for_a_call_that_was_given_out_changes_nothing() -> None:
    first, second = piece(0, '{"city":"Oslo"}', "c1", "weather"), piece(1, '{"city":"Rome"}', "c2", "weather")
    assert assemble(first, second, first) == [OSLO, ROME]


@pytest.mark.parametrize("arguments", ['{"city":', "[1,2]", '"text"', "7", "nonsense", [1], 7])
def test_arguments_that_are_no_object_are_refused_with_the_name_of_the_function(arguments: Any) -> None:
    with pytest.raises(UpstreamBroken, match=r'^the upstream returned invalid tool call arguments for "weather": '):
        assemble(piece(0, arguments, "c1", "weather"))


def test_arguments_cut_by_the_token_limit_say_so_and_are_quoted_but_not_at_length() -> None:
    assembler = ToolCallAssembler()
    assembler.feed(piece(0, '{"a":"' + "x" * 500, "c1", "f"))
    with pytest.raises(UpstreamBroken, match="cut by the token limit") as caught:
        assembler.close(at_limit=True)
    assert len(caught.value.message) < 250


@given(st.dictionaries(st.text(max_size=5), st.integers(-9, 9), max_size=3), st.data())
def test_where_arguments_are_cut_makes_no_difference(value: Json, data: st.DataObject) -> None:
    text = json.dumps(value)
    edges = [0, *data.draw(st.lists(st.integers(0, len(text)), max_size=4).map(sorted)), len(text)]
    pieces = [piece(0, text[a:b]) for a, b in pairwise(edges)]
    assert assemble(piece(0, "", "c1", "f"), *pieces) == [ToolCall(0, "c1", "f", value)]
