"""The shape of recorded answers, and what differs between two."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from addon.recordings.recording import read_recording
from scripts.recorded.said import response_events
from scripts.recorded.shape import Difference, place_text, shape_differences, shape_of
from scripts.recorded.shape_differences import answer_differences, recording_differences
from tests.answer_shapes import SHAPES
from tests.process import ROOT
from tests.recorded import HELLO, compact, recording, response, upstream_call

FILES = sorted((ROOT / "recordings").glob("*.json"))

KEYS = st.sampled_from(["a", "b", "type", "error", "code", "x.y", "[]"])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)

SSE: Any = {"content_type": "text/event-stream"}


def told(old: Any, new: Any) -> list[str]:
    return [str(difference) for difference in shape_differences(shape_of([old]), shape_of([new]))]


def turned(value: Any) -> Any:
    """The same value with the keys of all objects in the opposite order."""
    if isinstance(value, dict):
        return {key: turned(value[key]) for key in reversed(value)}
    return [*map(turned, value)] if isinstance(value, list) else value


def stream(*payloads: Any, done: bool = True) -> Any:
    body = b"".join(b"data: %s\n\n" % compact(payload) for payload in payloads) + (b"data: [DONE]\n\n" if done else b"")
    return response((2.0, body), **SSE)


def chunk(finish: str | None = None, **delta: Any) -> dict[str, Any]:
    return {"object": "chat.completion.chunk", "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}


def lines(old: Any, new: Any) -> list[str]:
    return [str(difference) for difference in answer_differences(old, new)]


class TestShape:
    """The shape of JSON values."""

    @given(value=JSON)
    def test_any_value_has_the_shape_of_itself(self, value: Any) -> None:
        assert told(value, json.loads(json.dumps(value))) == []

    @given(value=JSON)
    def test_another_order_of_keys_is_no_other_difference_than_that(self, value: Any) -> None:
        for line in told(value, turned(value)):
            assert line.startswith("~ ")
            assert " come as " in line

    @given(old=JSON, new=JSON)
    def test_what_is_new_one_way_is_missing_the_other_way(self, old: Any, new: Any) -> None:
        forth, back = (shape_differences(*map(shape_of, pair)) for pair in (([old], [new]), ([new], [old])))
        signs = {"+": "-", "-": "+"}
        assert [signs.get(each.sign, "~") for each in back] == [each.sign for each in forth]
        plain = [[each for each in found if each.sign != "~"] for found in (forth, back)]
        assert [each.text for each in plain[0]] == [each.text for each in plain[1]]

    @given(value=JSON)
    def test_a_member_more_is_the_only_difference(self, value: Any) -> None:
        assert told({"a": 1}, {"a": 1, "new": value})[0].startswith("+ new (")
        assert len(told({"a": 1}, {"a": 1, "new": value})) == 1

    @pytest.mark.parametrize(
        ("old", "new", "differences"),
        [
            ({"a": "x"}, {"a": "y"}, []),
            ({"a": 1}, {"a": 1.5}, []),
            ({"a": 1}, {"a": None}, ["~ a: number → null"]),
            ({"a": [{"b": 1}]}, {"a": [{"b": 1}, {"b": "x"}]}, ["~ a[].b: number → number or string"]),
            ({"a": []}, {"a": [{"b": 1}]}, []),
            ({"a": {"b": {"c": 1}}}, {"a": {}}, ["- a.b (object)"]),
            ({"finish_reason": "stop"}, {"finish_reason": "length"}, ["~ finish_reason: 'stop' → 'length'"]),
            ({"error": {"code": "a"}, "code": "a"}, {"error": {"code": "b"}, "code": "b"}, ["~ error.code: 'a' → 'b'"]),
            ({"arguments": {"city": "Oslo"}}, {"arguments": {"town": 1}}, []),
            ({"a": 1, "b": 2, "c": 3}, {"a": 1, "c": 3, "b": 2}, ["~ the whole: the keys b, c come as c, b"]),
            ({"info": {"llama.size": 1}}, {"info": {}}, ['- info."llama.size" (number)']),
            ([1], {"a": 1}, ["~ the whole: array → object"]),
        ],
    )  # fmt: skip
    def test_differences_are_told_where_they_begin(self, old: Any, new: Any, differences: list[str]) -> None:
        assert told(old, new) == differences

    def test_an_order_that_varies_in_the_old_answer_has_not_changed(self) -> None:
        both = shape_of([{"a": 1, "b": 2}, {"b": 2, "a": 1}])
        assert shape_differences(both, shape_of([{"b": 2, "a": 1}])) == []

    def test_a_place_reads_as_people_write_it(self) -> None:
        assert place_text(("choices", None, "delta", "content")) == "choices[].delta.content"
        assert place_text((None, "a")) == "[].a"
        assert str(Difference("+", "a (null)")) == "+ a (null)"


class TestAnswers:
    """What differs between two answers."""

    @pytest.mark.parametrize("name", SHAPES)
    def test_an_answer_in_any_dialect_has_the_shape_of_itself(self, name: str) -> None:
        assert lines(stream(*SHAPES[name].payloads), stream(*SHAPES[name].payloads)) == []

    def test_other_words_in_other_pieces_are_no_difference(self) -> None:
        old = stream(chunk(role="assistant", content=""), chunk(content="Hello"), chunk("stop"))
        new = stream(chunk(role="assistant", content=""), *(chunk(content=f" {n}") for n in range(9)), chunk("stop"))
        assert lines(old, new) == []

    def test_a_new_field_of_some_events_is_told_once_with_their_kinds(self) -> None:
        old = stream(chunk(role="assistant"), chunk(content="a"), chunk("stop"))
        new = stream(chunk(role="assistant", refusal=None), chunk(content="b", refusal=None), chunk("stop"))
        assert lines(old, new) == ["+ choices[].delta.refusal (null), in role, content"]

    def test_a_new_field_of_all_events_is_told_without_their_kinds(self) -> None:
        events = [chunk(role="assistant"), chunk(content="a"), chunk("stop")]
        new = [{**event, "tier": "x"} for event in events]
        assert lines(stream(*events, done=False), stream(*new, done=False)) == ["+ tier (string)"]

    def test_kinds_and_their_order_are_told(self) -> None:
        old = stream(chunk(reasoning="r"), chunk(content="c"), chunk("stop"))
        new = stream(
            chunk(content="c"), chunk(reasoning="r"), {"choices": [], "usage": {"total_tokens": 1}}, done=False
        )
        assert lines(old, new)[:4] == [
            "- event [DONE]",
            "- event finish_reason",
            "+ event usage",
            "~ order of events: reasoning, content → content, reasoning",
        ]

    def test_the_events_of_responses_are_known_by_name_and_by_type(self) -> None:
        payload = {"type": "response.created", "response": {"status": "in_progress"}}
        by_name = response((1.0, b"event: response.created\ndata: %s\n\n" % compact(payload)), **SSE)
        assert [event.kind for event in response_events(by_name)] == ["response.created"]
        assert lines(by_name, stream(payload, done=False)) == []

    def test_ollamas_lines_are_known_by_what_they_say(self) -> None:
        rows = [{"message": {"content": "a"}}, {"message": {"thinking": "b"}}, {"done": True}, {"error": "sorry"}]
        body = b"".join(compact(row) + b"\n" for row in rows)
        kinds = [event.kind for event in response_events(response((1.0, body), content_type="application/x-ndjson"))]
        assert kinds == ["content", "thinking", "done", "error"]

    def test_status_headers_and_content_type_are_told(self) -> None:
        old = response((1.0, b"{}"), content_type="application/json", x_request_id="1")
        new = response((1.0, b"{}"), status=404, content_type="application/json; charset=utf-8", retry_after="1")
        assert lines(old, new) == [
            "~ status: 200 → 404",
            "+ header retry-after",
            "- header x-request-id",
            "~ header content-type: application/json → application/json; charset=utf-8",
        ]

    def test_what_is_no_json_has_a_kind_too(self) -> None:
        page = response((1.0, b"<html>"), content_type="text/html")
        assert [event.kind for event in response_events(page)] == ["text"]
        assert response_events(response()) == []
        assert lines(page, None) == ["~ answer: status 200 → nothing"]
        assert lines(None, None) == []


class TestRecordings:
    """What differs between two recordings."""

    @pytest.mark.parametrize("file", FILES, ids=[file.stem for file in FILES])
    def test_a_recording_has_the_shape_of_itself(self, file: Path) -> None:
        assert recording_differences(read_recording(file), read_recording(file)) == []

    def test_both_sides_are_told_apart(self) -> None:
        new = recording(upstream_call(response=response((1.0, b'{"a":1}'))), body=HELLO)
        old = recording(upstream_call(response=response((1.0, b"{}"))), body=HELLO)
        changed = new.model_copy(update={"client": new.client.model_copy(update={"end": "aborted"})})
        parts = recording_differences(old, changed)
        assert [(part.of, [*map(str, part.differences)]) for part in parts] == [
            ("upstream POST /chat/completions", ["+ a (number)"]),
            ("client POST /api/chat", ["~ end: complete → aborted"]),
        ]

    def test_calls_that_were_made_otherwise_are_told_and_the_last_of_each_route_compared(self) -> None:
        refused = upstream_call(response=response((1.0, b'{"error":{}}'), status=400))
        old = recording(upstream_call(response=response((1.0, b'{"b":1}'))))
        new = recording(refused, upstream_call(response=response((1.0, b"{}"))))
        calls, answer = recording_differences(old, new)
        assert [*map(str, calls.differences)] == [
            "~ calls: POST /chat/completions 200 → POST /chat/completions 400, POST /chat/completions 200"
        ]
        assert [*map(str, answer.differences)] == ["- b (number)"]
