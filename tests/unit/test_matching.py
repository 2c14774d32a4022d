"""Which recording answers which request, and how a difference is told."""

from typing import Any

import pytest

from addon.matching import Asked, nearest, normal_request, protocol_of, request_difference, slug, upstream_difference
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


@pytest.mark.parametrize(
    ("body", "path", "told"),
    [
        (
            said("Why is grass green?"),
            "/api/chat",
            "messages[0].content is 'Why is grass green?', recorded is 'Why is the sky blue?'",
        ),
        (
            SKY | {"model": "gpt-5", "options": {"seed": 1}},
            "/api/chat",
            "model is 'gpt-5', recorded is 'gpt-4o'; options is {\"seed\":1}, recorded is none",
        ),
        ({"model": "gpt-4o"}, "/api/chat", "messages is left out, recorded is [{"),
        (
            SKY | {"messages": [*SKY["messages"], {"role": "user", "content": "Why?"}]},
            "/api/chat",
            "messages has 2 items, recorded are 1",
        ),
        (
            SKY | {"a": 1, "b": 2, "c": 3, "d": 4},
            "/api/chat",
            "a is 1, recorded is none; b is 2, recorded is none; c is 3, recorded is none; and 1 more",
        ),
        (SKY, "/api/generate", "the route is POST /api/generate, recorded is POST /api/chat"),
        (b"{", "/api/chat", "the body is '{', recorded is {"),
        (SKY, "/api/chat", ""),
    ],
)
def test_a_difference_names_the_place_and_both_values(body: Any, path: str, told: str) -> None:
    difference = request_difference(asked(body, path), asked(SKY))
    assert difference.startswith(told) if told else difference == ""


def test_of_long_texts_the_place_is_shown_where_they_part() -> None:
    beginning = "The same words again and again. " * 10
    difference = request_difference(asked(said(beginning + "one")), asked(said(beginning + "two")))
    shown = "'…e same words again and again. {}'"
    assert difference == f"messages[0].content is {shown.format('one')}, recorded is {shown.format('two')}"


def test_a_translated_request_may_differ_in_stream_only() -> None:
    recorded = compact(SKY | {"stream": True, "stream_options": {"include_usage": True}})
    assert upstream_difference(compact(SKY), recorded) == ""
    told = "max_tokens is 5, recorded is none"
    assert upstream_difference(compact(SKY | {"max_tokens": 5}), recorded) == told
    assert upstream_difference(b"", b"") == ""


@pytest.mark.parametrize(
    ("body", "path", "expected"),
    [
        (SKY, "/api/chat", "chat-gpt-4o-why-is-the-sky-blue"),
        ({"model": "m", "prompt": "Tell! " * 30}, "/api/generate", "generate-m" + "-tell" * 10),
        ({"model": "m", "input": ["One", "Two"]}, "/api/embed", "embed-m-two"),
        ({"model": "m", "input": "One"}, "/v1/responses", "v1-responses-m-one"),
        (
            {"model": "m", "messages": [{"role": "user", "content": [{"type": "text", "text": "Hi!"}]}]},
            "/v1/chat/completions",
            "v1-chat-completions-m-hi",
        ),
        (b"", "/api/tags", "tags"),
        ({"model": "../../etc/passwd"}, "/api/show", "show-etc-passwd"),
    ],
)
def test_a_file_name_begins_with_route_model_and_prompt(body: Any, path: str, expected: str) -> None:
    assert slug(asked(body, path)) == expected
