"""That the table of a request accounts for every member of both sides, and says nothing that is not so."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from addon.recordings.recording import Recording, read_recording
from tests.any_json import BODIES, changed
from translators.errors import OllamaError
from translators.go_decode import decode, plain
from translators.inspection.destinations import DESTINATIONS, STRUCTS, leaves_of
from translators.inspection.mapping import ABSENT, mapping
from translators.inspection.translation import translated
from translators.notes import Note
from translators.openai_apis import Api, api_of

type Json = dict[str, Any]

RECORDED = {
    file.stem: recording
    for file in sorted((Path(__file__).parents[2] / "recordings").glob("*.json"))
    if (recording := read_recording(file)).client.request.path in STRUCTS
}
EVERY_API = ["gpt-4o", "gpt-5", "gpt-5-pro", "gpt-5.6", "o1-mini", "gpt-3.5-turbo-instruct", "deepseek-v4", "llama3"]


def is_same(one: Any, other: Any) -> bool:
    """Whether two JSON values are written alike, but for 1.0 and 1."""
    return one == other and json.dumps(one, sort_keys=True).replace(".0", "") == json.dumps(
        other, sort_keys=True
    ).replace(".0", "")


def fields_of(asked: Mapping[str, Any], path: str) -> Iterator[tuple[str, Any]]:
    for key, value in asked.items():
        if STRUCTS[path].field_of(key) == "options" and isinstance(value, dict) and value:
            yield from ((f"{key}.{option}", inner) for option, inner in value.items())
        else:
            yield key, value


def check(path: str, asked: Json, api: Api, sent: Mapping[str, Any], notes: tuple[Note, ...]) -> None:
    """A table accounts for each member of both sides once, and says nothing that is not so."""
    table = mapping(path, asked, api, sent, notes)
    fields = list(fields_of(asked, path))
    parts = {note.field for note in notes} - {name for name, _ in fields}
    assert [(row.field, row.value) for row in table if row.value is not ABSENT and row.field not in parts] == fields
    shown = [(row.member, row.sent) for row in table if row.sent is not ABSENT]
    expected = [("include" if name.startswith("include.") else name, value) for name, value in leaves_of(sent).items()]
    assert sorted(map(repr, shown)) == sorted(map(repr, expected))
    for row in table:
        top, _, option = row.field.partition(".")
        own_name = (option or STRUCTS[path].field_of(top)) == row.member
        match row.action:
            case "same":
                assert own_name
                assert is_same(row.value, row.sent)
            case "renamed" if row.sent is not ABSENT:
                assert not own_name
                assert is_same(row.value, row.sent)
            case "renamed":
                assert row.field in parts
            case "converted":
                assert row.field not in dict(fields) or row.sent is ABSENT or not is_same(row.value, row.sent)
            case "defaulted":
                assert row.value in (ABSENT, None) or any(note.action == "defaulted" for note in notes)
            case "dropped":
                assert row.sent is ABSENT
        assert row.why or row.action in {"same", "renamed"}, row


@pytest.mark.parametrize("recording", RECORDED.values(), ids=RECORDED.keys())
def test_recorded_requests_are_accounted_for(recording: Recording) -> None:
    route, body = recording.client.request.path, recording.client.request.body
    asked = plain(decode(body))
    for call in recording.upstream:
        if api := api_of(call.request.path):
            check(route, asked, api, json.loads(call.request.body), ())
    sent = translated(route, body)
    assert sent is not None
    check(route, asked, sent.api, sent.body, sent.notes)


@pytest.mark.parametrize("path", STRUCTS)
@pytest.mark.parametrize("model", EVERY_API)
def test_full_requests_are_accounted_for(path: str, model: str) -> None:
    asked = BODIES[path] | {"model": model}
    for without in [None, *asked.keys() - {"model", "messages", "prompt", "input"}]:
        smaller = {key: value for key, value in asked.items() if key != without}
        try:
            sent = translated(path, json.dumps(smaller).encode())
        except OllamaError:
            continue
        assert sent is not None
        check(path, smaller, sent.api, sent.body, sent.notes)


@given(data=st.data())
@settings(max_examples=200, deadline=None)
def test_odd_requests_are_accounted_for(data: st.DataObject) -> None:
    path = data.draw(st.sampled_from(list(STRUCTS)))
    model = data.draw(st.sampled_from(EVERY_API))
    body = data.draw(changed(BODIES[path] | {"model": model}))
    try:
        sent = translated(path, body)
    except OllamaError:
        return
    if sent is not None:
        check(path, plain(decode(body)), sent.api, sent.body, sent.notes)


@given(data=st.data())
@settings(max_examples=100, deadline=None)
def test_requests_and_what_others_were_sent_are_accounted_for(data: st.DataObject) -> None:
    path = data.draw(st.sampled_from(list(STRUCTS)))
    names = ["model", "messages", "input", "include", "reasoning", "text", "stop", "max_tokens", "x", ""]
    values = st.none() | st.booleans() | st.integers(0, 2) | st.lists(st.just("a")) | st.just({"effort": "low"})
    sent = data.draw(st.dictionaries(st.sampled_from(names), values))
    api: Api = data.draw(st.sampled_from(list(DESTINATIONS)))
    check(path, dict(BODIES[path]), api, sent, ())
