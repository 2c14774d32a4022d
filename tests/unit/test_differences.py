"""What differs between a request and a recorded one, as a person is told."""

import re
from typing import Any

import pytest

from addon.recordings.differences import request_difference, upstream_difference
from addon.recordings.matching import Asked, normal_request
from tests.recorded import compact


def asked(body: Any, path: str = "/api/chat") -> Asked:
    return normal_request("POST", path, body if isinstance(body, bytes) else compact(body))


def said(text: str) -> dict[str, Any]:
    return {"model": "gpt-4o", "messages": [{"role": "user", "content": text}]}


SKY = said("Why is the sky blue?")


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
        (
            {"model": "gpt-4o"},
            "/api/chat",
            "messages is left out, recorded is [the user's 'Why is the sky blue?']",
        ),
        (
            SKY | {"messages": [*SKY["messages"], {"role": "user", "content": "Why?"}]},
            "/api/chat",
            "messages has 2 items, recorded are 1; messages[1] is new: the user's 'Why?'",
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


def message(role: str, text: str) -> dict[str, Any]:
    return {"role": role, "content": text}


HISTORY = [message("user", "Hi"), message("assistant", "Hello"), message("user", "Tell me more")]


def tool(name: str) -> dict[str, Any]:
    return {"type": "function", "function": {"description": "What it does. " * 9, "name": name, "parameters": {}}}


def picture(seed: int) -> dict[str, Any]:
    return {"role": "user", "content": "Look", "images": [f"iVBORw0KGgo{seed}" + "Ab1+" * 300]}


@pytest.mark.parametrize(
    ("body", "recorded", "told"),
    [
        (
            {"messages": [message("system", "Be brief."), *HISTORY]},
            {"messages": HISTORY},
            "messages has 4 items, recorded are 3; messages[0] is new: the system's 'Be brief.'",
        ),
        (
            {"messages": HISTORY[:1]},
            {"messages": HISTORY},
            "messages has 1 item, recorded are 3; the recorded messages[1] is missing: the assistant's 'Hello'; "
            "the recorded messages[2] is missing: the user's 'Tell me more'",
        ),
        (
            {"messages": [HISTORY[0], message("assistant", "Hey"), HISTORY[2]]},
            {"messages": HISTORY},
            "messages[1].content is 'Hey', recorded is 'Hello'",
        ),
        (
            {"tools": [tool("weather"), tool("time")]},
            {"tools": [tool("weather")]},
            "tools has 2 items, recorded are 1; tools[1] is new: the function 'time'",
        ),
        (
            {},
            {"tools": [tool(name) for name in "abcde"]},
            "tools is left out, recorded is [the function 'a', the function 'b', the function 'c', and 2 more]",
        ),
        (
            {"messages": [picture(1)]},
            {"messages": [picture(2)]},
            "messages[0].images[0] is 'sha256:…', recorded is 'sha256:…'",
        ),
    ],
)
def test_of_lists_it_is_told_which_item_is_new_missing_or_another(body: Any, recorded: Any, told: str) -> None:
    assert re.sub("(?<=sha256:)[^']*", "…", request_difference(asked(body), asked(recorded))) == told


def test_what_nests_deeply_is_no_failure() -> None:
    one, other = (b'{"x":%s%d%s}' % (b"[" * 900, number, b"]" * 900) for number in (1, 2))
    assert request_difference(asked(one), asked(other)) == "something differs that is too deep inside to be told"
    assert upstream_difference(one, one) == ""


def test_a_translated_request_may_differ_in_stream_only() -> None:
    recorded = compact(SKY | {"stream": True, "stream_options": {"include_usage": True}})
    assert upstream_difference(compact(SKY), recorded) == ""
    told = "max_tokens is 5, recorded is none"
    assert upstream_difference(compact(SKY | {"max_tokens": 5}), recorded) == told
    assert upstream_difference(b"", b"") == ""
