from typing import Any

import pytest

from translators.errors import UpstreamBroken
from translators.events import ToolCall
from translators.function_call_items import FunctionCallItems

Json = dict[str, Any]
Told = tuple[Json, int, bool]
OSLO = ToolCall(0, "c1", "weather", {"city": "Oslo"})
ROME = ToolCall(1, "c2", "weather", {"city": "Rome"})
OSLO_TEXT, ROME_TEXT = '{"city":"Oslo"}', '{"city":"Rome"}'


def added(call_id: str, item_id: str, place: int, arguments: Any = "", name: str = "weather") -> Told:
    item = {"type": "function_call", "id": item_id, "call_id": call_id, "name": name, "arguments": arguments}
    return item, place, False


def piece(item_id: str, place: int, delta: Any) -> Told:
    return {"item_id": item_id, "delta": delta}, place, False


def arguments_done(item_id: str, place: int, arguments: Any) -> Told:
    return {"item_id": item_id, "arguments": arguments}, place, True


def item_done(call_id: str, item_id: str, place: int, arguments: Any, name: str = "weather") -> Told:
    return (*added(call_id, item_id, place, arguments, name)[:2], True)


def take(*told: Told) -> list[ToolCall]:
    calls = FunctionCallItems()
    return [call for each in told for call in calls.feed(each[0], each[1], done=each[2])] + calls.close(at_limit=False)


CALLS: dict[str, tuple[list[Told], list[ToolCall]]] = {
    "everything that OpenAI sends": (
        [
            *(added("c1", "f1", 0), piece("f1", 0, '{"city"'), piece("f1", 0, ':"Oslo"}')),
            *(arguments_done("f1", 0, OSLO_TEXT), item_done("c1", "f1", 0, OSLO_TEXT)),
        ],
        [OSLO],
    ),
    "pieces alone": ([added("c1", "f1", 0), piece("f1", 0, '{"city"'), piece("f1", 0, ':"Oslo"}')], [OSLO]),
    "arguments done alone": ([added("c1", "f1", 0), arguments_done("f1", 0, OSLO_TEXT)], [OSLO]),
    "the item done alone": ([item_done("c1", "f1", 0, OSLO_TEXT)], [OSLO]),
    "whole when it is added": ([added("c1", "f1", 0, OSLO_TEXT)], [OSLO]),
    "whole when it is added, then in pieces, then whole": (
        [added("c1", "f1", 0, OSLO_TEXT), piece("f1", 0, OSLO_TEXT), item_done("c1", "f1", 0, OSLO_TEXT)],
        [OSLO],
    ),
    "begun when it is added": (
        [added("c1", "f1", 0, '{"city"'), piece("f1", 0, ':"Oslo"}'), item_done("c1", "f1", 0, OSLO_TEXT)],
        [OSLO],
    ),
    "an object": ([item_done("c1", "f1", 0, {"city": "Oslo"})], [OSLO]),
    "no arguments": ([item_done("c1", "f1", 0, "")], [ToolCall(0, "c1", "weather", {})]),
    "arguments null": ([item_done("c1", "f1", 0, None)], [ToolCall(0, "c1", "weather", {})]),
    "the name only at the end": (
        [added("c1", "f1", 0, name=""), arguments_done("f1", 0, OSLO_TEXT), item_done("c1", "f1", 0, OSLO_TEXT)],
        [OSLO],
    ),
    "two, one after the other": (
        [
            *(added("c1", "f1", 0), piece("f1", 0, OSLO_TEXT), item_done("c1", "f1", 0, OSLO_TEXT)),
            *(added("c2", "f2", 1), piece("f2", 1, ROME_TEXT), item_done("c2", "f2", 1, ROME_TEXT)),
        ],
        [OSLO, ROME],
    ),
    "interleaved, the later one done first": (
        [
            *(added("c1", "f1", 0), added("c2", "f2", 1), piece("f2", 1, '{"city":'), piece("f1", 0, '{"city":')),
            *(piece("f2", 1, '"Rome"}'), piece("f1", 0, '"Oslo"}')),
            *(item_done("c2", "f2", 1, ROME_TEXT), item_done("c1", "f1", 0, OSLO_TEXT)),
        ],
        [OSLO, ROME],
    ),
    "item ids that are new in each event": (
        [
            *(added("c1", "x1", 0), piece("x2", 0, '{"city"'), piece("x3", 0, ':"Oslo"}')),
            *(arguments_done("x4", 0, OSLO_TEXT), item_done("c1", "x5", 0, OSLO_TEXT)),
            *(added("c2", "x6", 1), piece("x7", 1, ROME_TEXT), item_done("c2", "x8", 1, ROME_TEXT)),
        ],
        [OSLO, ROME],
    ),
    "one place for all": (
        [
            *(added("c1", "f1", 0), added("c2", "f2", 0), piece("f1", 0, OSLO_TEXT), piece("f2", 0, ROME_TEXT)),
            *(arguments_done("f1", 0, OSLO_TEXT), arguments_done("f2", 0, ROME_TEXT)),
        ],
        [OSLO, ROME],
    ),
    "no ids": (
        [
            *(added("", "", 0), added("", "", 1), piece("", 1, ROME_TEXT), piece("", 0, OSLO_TEXT)),
            *(item_done("", "", 0, OSLO_TEXT), item_done("", "", 1, ROME_TEXT)),
        ],
        [ToolCall(0, "", "weather", {"city": "Oslo"}), ToolCall(1, "", "weather", {"city": "Rome"})],
    ),
    "no call_id": ([item_done("", "f1", 0, OSLO_TEXT)], [ToolCall(0, "f1", "weather", {"city": "Oslo"})]),
    "fields of other types": ([({"call_id": 1, "id": [], "name": {}, "arguments": 0, "delta": 7}, 0, True)], []),
}


@pytest.mark.parametrize(("told", "calls"), CALLS.values(), ids=CALLS)
def test_a_call_is_given_out_once_however_it_is_told(told: list[Told], calls: list[ToolCall]) -> None:
    assert take(*told) == calls


def test_a_call_leaves_as_soon_as_it_is_whole_and_those_before_it_are() -> None:
    calls = FunctionCallItems()

    def feed(told: Told) -> list[ToolCall]:
        return calls.feed(told[0], told[1], done=told[2])

    assert feed(added("c1", "f1", 0)) == feed(added("c2", "f2", 1)) == []
    assert feed(arguments_done("f2", 1, ROME_TEXT)) == []
    assert feed(arguments_done("f1", 0, OSLO_TEXT)) == [OSLO, ROME]
    assert feed(item_done("c1", "f1", 0, OSLO_TEXT)) == []
    assert calls.close(at_limit=False) == []


@pytest.mark.parametrize("at_limit", [False, True])
def test_broken_arguments_are_told_at_the_end_which_knows_of_the_limit(at_limit: bool) -> None:
    calls = FunctionCallItems()
    assert calls.feed(*item_done("c1", "f1", 0, '{"city":')[:2], done=True) == []
    assert calls.feed(*item_done("c2", "f2", 1, ROME_TEXT)[:2], done=True) == []
    with pytest.raises(UpstreamBroken, match="invalid tool call arguments") as raised:
        calls.close(at_limit=at_limit)
    assert ("token limit" in raised.value.message) == at_limit


@pytest.mark.parametrize("ids", [("c1", "c2"), ("", "")])
def test_a_final_response_repeats_calls_and_completes_those_that_are_open(ids: tuple[str, str]) -> None:
    calls = FunctionCallItems()
    first, second = ids
    given = calls.feed(*item_done(first, "", 3, OSLO_TEXT)[:2], done=True)
    given += calls.feed(*added(second, "", 5)[:2], done=False)
    final = [item_done(first, "", 0, OSLO_TEXT)[0], item_done(second, "", 0, ROME_TEXT)[0]]
    given += calls.feed_final(final)
    assert [(call.id, call.arguments) for call in given] == [(first, {"city": "Oslo"}), (second, {"city": "Rome"})]
    assert calls.close(at_limit=False) == []


def test_a_final_response_may_hold_only_some_of_the_calls() -> None:
    calls = FunctionCallItems()
    assert calls.feed(*item_done("c1", "f1", 0, OSLO_TEXT)[:2], done=True) == [OSLO]
    assert calls.feed(*added("c2", "f2", 1)[:2], done=False) == []
    assert calls.feed_final([item_done("c2", "x2", 0, ROME_TEXT)[0]]) == [ROME]
    assert calls.close(at_limit=False) == []


def test_a_final_response_alone_tells_its_calls() -> None:
    items = [item_done("c1", "f1", 0, OSLO_TEXT)[0], item_done("c2", "f2", 0, ROME_TEXT)[0]]
    assert FunctionCallItems().feed_final(items) == [OSLO, ROME]
