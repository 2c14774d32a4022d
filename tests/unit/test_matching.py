"""Which recording answers which request, and how a difference is told."""

from typing import Any

import pytest

from addon.recordings.matching import Asked, nearest, normal_request, protocol_of
from tests.recorded import compact


def asked(body: Any, path: str = "/api/chat", method: str = "POST") -> Asked:
    return normal_request(method, path, body if isinstance(body, bytes) else compact(body))


def said(text: str, **more: Any) -> dict[str, Any]:
    return {"model": "gpt-4o", "messages": [{"role": "user", "content": text}], **more}


SKY = said("Why is the sky blue?")
CALLS = [{"function": {"name": "f", "arguments": {}}}]


@pytest.mark.parametrize(
    "same",
    [
        b'{"messages": [{"content": "Why is the sky blue?", "role": "user"}],\n "model": "gpt-4o"}',
        SKY | {"stream": False, "keep_alive": "5m"},
        SKY | {"tools": [], "options": {}, "format": None, "template": ""},  # as the ollama package and others send it
        SKY | {"options": {"seed": None}},
        SKY | {"model": "gpt-4o:latest"},
    ],
)
def test_what_does_not_change_an_answer_does_not_hide_its_recording(same: Any) -> None:
    assert asked(same) == asked(SKY)
    assert asked(same).digest == asked(SKY).digest


@pytest.mark.parametrize(
    "other",
    [
        said("Why is grass green?"),
        SKY | {"model": "gpt-4o-mini"},
        SKY | {"options": {"seed": 1}},
        SKY | {"think": False},
        SKY | {"messages": [*SKY["messages"], *SKY["messages"]]},
        b"{",
        b"",
    ],
)
def test_what_may_change_an_answer_does(other: Any) -> None:
    assert asked(other).digest != asked(SKY).digest


def test_whole_numbers_are_the_same_however_they_are_written() -> None:
    assert asked(SKY | {"options": {"top_p": 1.0}}) == asked(SKY | {"options": {"top_p": 1}})
    assert asked(SKY | {"options": {"top_p": 1.5}}) != asked(SKY | {"options": {"top_p": 1}})


@pytest.mark.parametrize("path", ["/api/chat", "/v1/chat/completions"])
def test_ids_of_tool_calls_do_not_count(path: str) -> None:
    def round_trip(call_id: str) -> Asked:
        call = {"id": call_id, "type": "function", "function": {"name": "f", "arguments": "{}"}}
        messages = [
            {"role": "user", "content": "call f"},
            {"role": "assistant", "content": "", "tool_calls": [call]},
            {"role": "tool", "content": "3", "tool_call_id": call_id},
        ]
        return asked({"model": "m", "messages": messages}, path)

    assert round_trip("call_1") == round_trip("call_2")


def test_ids_of_items_of_responses_do_not_count() -> None:
    def answered(call_id: str) -> Asked:
        return asked({"input": [{"type": "function_call_output", "call_id": call_id, "output": "3"}]}, "/v1/responses")

    assert answered("call_1") == answered("call_2")


@pytest.mark.parametrize("name", ["id", "call_id", "tool_call_id"])
def test_a_member_of_a_tools_schema_counts_though_it_is_named_as_an_id(name: str) -> None:
    def offered(kind: str) -> Asked:
        parameters = {"type": "object", "properties": {name: {"type": kind}, "tool_calls": [{name: kind}]}}
        return asked(SKY | {"tools": [{"type": "function", "function": {"name": "f", "parameters": parameters}}]})

    assert offered("string") != offered("integer")


def test_the_case_of_keys_counts_in_openais_protocol_only() -> None:
    assert asked({"Model": "gpt-4o", "MESSAGES": SKY["messages"], "Stream": False}) == asked(SKY)
    assert asked(b'{"model":"a","Model":"gpt-4o","MODEL":null,"x":1}') == asked({"model": "gpt-4o", "x": 1})
    assert asked({"Model": "gpt-4o"}, "/v1/responses") != asked({"model": "gpt-4o"}, "/v1/responses")


def test_bytes_of_a_path_that_are_not_utf_8_are_compared_as_a_recording_keeps_them() -> None:
    assert asked(b"", "/v1/models/a\udcff").digest == asked(b"", "/v1/models/a\ufffd").digest


def test_in_openais_protocol_the_form_of_the_answer_counts() -> None:
    path = "/v1/chat/completions"
    assert asked(SKY | {"stream": True}, path) != asked(SKY, path)
    assert asked(SKY | {"tools": []}, path) != asked(SKY, path)
    assert asked(SKY | {"model": "gpt-4o:latest"}, path) == asked(SKY, path)


def test_queries_and_head_do_not_count() -> None:
    assert asked(b"", "/api/tags?ts=1", "HEAD") == asked(b"", "/api/tags", "GET")


@pytest.mark.parametrize(
    ("path", "protocol"), [("/api/chat", "ollama"), ("/v1/models", "openai"), ("/openai/health", None), ("/", None)]
)
def test_only_ollamas_and_openais_routes_are_recorded(path: str, protocol: str | None) -> None:
    assert protocol_of(path) == protocol


def test_the_nearest_is_of_the_same_route_then_the_one_with_the_most_words_in_common() -> None:
    generate = asked({"model": "gpt-4o", "prompt": "Why is grass green?"}, "/api/generate")
    recorded = [generate, asked(said("Tell a joke")), asked(SKY)]
    assert nearest(asked(said("Why is grass green?")), recorded, lambda each: each) is recorded[2]
    assert nearest(asked({"prompt": "a joke"}, "/api/generate"), recorded, lambda each: each) is generate
    assert nearest(asked(SKY), list[Asked](), lambda each: each) is None
