"""A request from an OpenAI client to an OpenAI-style server: of its bytes only the model's name may change."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from translators.names import upstream_id
from translators.openai_forward import END_BYTES, between_events, is_complete, request_to_openai

NAMES = st.text(st.characters(codec="utf-8"), min_size=1) | st.sampled_from(
    ["gpt-4o", "gpt-4o:latest", " ft:gpt-4o:org::x:LATEST ", "meta-llama/llama-3:free", ":latest", '"\\', "模型:latest"]
)
NUMBERS = st.integers() | st.floats(allow_nan=False, allow_infinity=False)
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | st.text(st.characters(codec="utf-8")),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["model", "messages", "a"]), inner),
    max_leaves=10,
)
OBJECTS = st.dictionaries(st.sampled_from(["stream", "messages", "tools", "", "Model"]), VALUES)
SPACES = st.text(" \t\r\n", max_size=2)


@st.composite
def bodies(draw: st.DrawFn) -> tuple[str, bytes, bytes]:
    """A model's name, a request for it, and the same request for the model as the upstream names it."""
    name, members = draw(NAMES), list(draw(OBJECTS).items())
    place = draw(st.integers(0, len(members)))
    written = [f"{json.dumps(key)}{draw(SPACES)}:{draw(SPACES)}{json.dumps(value)}" for key, value in members]
    model_key = draw(st.sampled_from(['"model"', '"mod\\u0065l"']))

    def request(value: str) -> bytes:
        all_members = [*written[:place], f"{model_key}:{value}", *written[place:]]
        return f"{before}{{{comma.join(all_members)}}}{after}".encode()

    before, comma, after = draw(SPACES), f"{draw(SPACES)},{draw(SPACES)}", draw(SPACES)
    asked = json.dumps(name, ensure_ascii=draw(st.booleans()))
    wanted = asked if upstream_id(name) == name else json.dumps(upstream_id(name))
    return name, request(asked), request(wanted)


@given(bodies())
def test_of_any_request_only_the_models_name_changes(example: tuple[str, bytes, bytes]) -> None:
    name, asked, wanted = example
    assert request_to_openai(asked) == (name, wanted)


@pytest.mark.parametrize(
    ("asked", "wanted"),
    [
        (b'{"model":"gpt-4o:latest"}', b'{"model":"gpt-4o"}'),
        (b' {\n "model" :\t" gpt-4o:Latest " }\n', b' {\n "model" :\t"gpt-4o" }\n'),
        (b'{"a":1.0E+2,"model":"x:latest","a":[1e400]}', b'{"a":1.0E+2,"model":"x","a":[1e400]}'),
        (b'{"model":"x\\u003alatest","b":"\\u003a"}', b'{"model":"x","b":"\\u003a"}'),
        (b'{"model":"\xc3\xa9:latest"}', b'{"model":"\\u00e9"}'),
        (b'{"metadata":{"model":"y:latest"},"model":"x:latest"}', b'{"metadata":{"model":"y:latest"},"model":"x"}'),
        (b'{"model":"y:latest","model":"x:latest"}', b'{"model":"y:latest","model":"x"}'),
        # What only strict parsers refuse.
        (b'{"p":"\\ud83d","model":"x:latest"}', b'{"p":"\\ud83d","model":"x"}'),
        (b'{"p":NaN,"model":"x:latest"}', b'{"p":NaN,"model":"x"}'),
        (b'{"p":"a\nb","model":"x:latest"}', b'{"p":"a\nb","model":"x"}'),
        (b'{"n":' + b"9" * 5000 + b',"model":"x:latest"}', b'{"n":' + b"9" * 5000 + b',"model":"x"}'),
    ],
)
def test_the_name_loses_its_added_tag_where_it_stands(asked: bytes, wanted: bytes) -> None:
    assert request_to_openai(asked)[1] == wanted


@pytest.mark.parametrize(
    ("body", "model"),
    [
        (b'{"model":"y:latest","model":"x"}', "x"),  # the last one counts
        (b'{"model":"x","stream":true}', "x"),
        (b'{"p":NaN,"model":"x"}', "x"),
        (b'{"model":7}', ""),
        (b'{"p":NaN,"model":7}', ""),
        (b'{"messages":[{"model":"x:latest"}]}', ""),
        (b"{}", ""),
        (b"", ""),
        (b"[]", ""),
        (b'"x:latest"', ""),
        (b'[{"model":"x:latest"}]', ""),
        (b'{"model":"x:latest"', ""),
        (b'{"model":"x:latest",}', ""),
        (b'{"model":"x:latest"}}', ""),
        (b'{"model":"x:latest"} {}', ""),
        (b'{"model" "x:latest"}', ""),
        (b'{1:2,"model":"x:latest"}', ""),
        (b"{'model':'x:latest'}", ""),
        (b'\xef\xbb\xbf{"model":"x:latest"}', ""),
        (b'{"p":"\xff","model":"x:latest"}', ""),
        (b'{"p":' + b"[" * 200_000 + b',"model":"x:latest"}', ""),
        (b"\x1f\x8b\x08compressed", ""),
    ],
)
def test_everything_else_stays_as_it_is(body: bytes, model: str) -> None:
    assert request_to_openai(body) == (model, body)


@given(st.binary() | VALUES.map(lambda value: json.dumps(value).encode()))
def test_no_body_is_an_error_here(body: bytes) -> None:
    assert request_to_openai(body)[1].startswith(body[:1])


def test_a_deep_request_is_changed_too() -> None:
    nested: Any = "deep"
    for _ in range(900):
        nested = [nested]
    body = json.dumps({"messages": nested, "model": "x:latest"}).encode()
    assert request_to_openai(body) == ("x:latest", body.replace(b'"x:latest"', b'"x"'))


@pytest.mark.parametrize("end", [b"\n\n", b"\r\n\r\n", b"\r\r"])
def test_done_and_the_ends_of_events_are_known_in_every_framing(end: bytes) -> None:
    assert is_complete((b"data: [DONE]" + end)[-END_BYTES:])
    assert not is_complete(b"data: [DONE]" + end[:-1])
    assert not is_complete((b'data: {"a":"[DONE]"}' + end)[-END_BYTES:])
    assert between_events((b'data: {"a":1}' + end)[-END_BYTES:])
    assert not between_events(b'data: {"a":1}' + end[:-1])
    assert not between_events(b'data: {"a')
    assert between_events(b"")
