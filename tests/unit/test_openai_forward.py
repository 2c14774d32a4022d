"""A request from an OpenAI client to an OpenAI-style server: only the model's name and what was refused may change."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from translators.names import upstream_id
from translators.openai_forward import END_BYTES, between_events, is_complete, repaired_body, request_to_openai
from translators.repairs import Repair, repaired

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


REPAIRS = [
    Repair("stop", "drop"),
    Repair("stop", "at_most", 1),
    Repair("n", "drop", refused=1),
    Repair("logprobs", "drop"),
    Repair("max_tokens", "rename", "max_completion_tokens"),
    Repair("max_tokens", "at_most", 8),
    Repair("max_completion_tokens", "rename", "max_tokens"),
    Repair("reasoning.effort", "drop"),
    Repair("reasoning.effort", "set", "low", refused="max"),
    Repair("reasoning.effort", "rename", "level"),
    Repair("reasoning_effort", "set", "none", beside="stop"),
    Repair("verbosity", "set", "low"),
    Repair("response_format", "set", "json_schema", refused="json_object"),
    Repair("response_format.json_schema.strict", "set", False, refused=True),
]
REFUSED_VALUES = (
    st.none()
    | st.booleans()
    | st.integers(-20, 20)
    | st.sampled_from(
        ["max", ["é\ud83d", "x"], {"type": "json_object"}, {"effort": "max"}, {"effort": "max", "a": [{}]}]
    )
    | st.sampled_from([{"type": "json_schema", "json_schema": {"strict": True, "schema": {"effort": 1}}}])
)
REFUSED_KEYS = st.sampled_from(sorted({repair.field.split(".")[0] for repair in REPAIRS} | {"top_logprobs", "model"}))


@st.composite
def written(draw: st.DrawFn, members: list[tuple[str, Any]]) -> bytes:
    """An object in unusual spacing."""

    def spaced(text: str) -> str:
        return f"{draw(SPACES)}{text}{draw(SPACES)}"

    indent = draw(st.sampled_from([None, 1]))
    texts = [f"{spaced(json.dumps(key))}:{spaced(json.dumps(value, indent=indent))}" for key, value in members]
    return spaced(f"{{{','.join(texts) or spaced('')}}}").encode()


@given(
    st.lists(st.tuples(REFUSED_KEYS, REFUSED_VALUES)).flatmap(
        written
    ),  # of several members with one key the last counts
    st.lists(st.sampled_from(REPAIRS), max_size=4),
)
def test_a_repaired_body_says_what_the_repaired_request_says(body: bytes, repairs: list[Repair]) -> None:
    after = json.loads(repaired_body(body, repairs))
    assert json.dumps(after, sort_keys=True) == json.dumps(repaired(json.loads(body), repairs), sort_keys=True)


@given(
    st.lists(st.tuples(REFUSED_KEYS, REFUSED_VALUES)).flatmap(written),
    st.lists(st.sampled_from(REPAIRS), max_size=4),
)
def test_a_body_without_what_was_refused_is_not_touched(body: bytes, repairs: list[Repair]) -> None:
    apt = [repair for repair in repairs if repaired(json.loads(body), [repair]) == json.loads(body)]
    assert repaired_body(body, apt) == body


@pytest.mark.parametrize(
    ("repair", "asked", "wanted"),
    [
        (Repair("stop", "drop"), b'{"stop":"x"}', b"{}"),
        (Repair("stop", "drop"), b' { "stop" : "x" }\n', b" {  }\n"),
        (Repair("stop", "drop"), b'{ "stop":"x" , "a" : 1.0E+2 }', b'{ "a" : 1.0E+2 }'),
        (Repair("stop", "drop"), b'{ "a" : 1.0E+2 , "stop":"x" }', b'{ "a" : 1.0E+2 }'),
        (Repair("stop", "drop"), b'{"a":1,\n "stop":["}", {}],\n "b":"\\u00e9"}', b'{"a":1,\n "b":"\\u00e9"}'),
        (Repair("stop", "drop"), b'{"stop":1,"stop":2,"a":3,"stop":4,"a":5,"stop":6}', b'{"a":3,"a":5}'),
        (Repair("logprobs", "drop"), b'{"a":1,"top_logprobs":3,"logprobs":true}', b'{"a":1}'),
        (Repair("reasoning.effort", "drop"), b'{"a":1,"reasoning":{ "effort":"low" }}', b'{"a":1}'),
        (Repair("reasoning.effort", "drop"), b'{"reasoning":{ "effort":"low", "b":2 }}', b'{"reasoning":{ "b":2 }}'),
        (
            Repair("max_tokens", "rename", "max_completion_tokens"),
            b'{"max_tokens" : 5.0,"a":{"max_tokens":1}}',
            b'{"max_completion_tokens" : 5.0,"a":{"max_tokens":1}}',
        ),
        (Repair("max_tokens", "rename", "b"), b'{"max_tokens":1,"a":2,"max_tokens":3}', b'{"a":2,"b":3}'),
        (Repair("max_tokens", "rename", "b"), b'{"max_tokens":1, "b" :2}', b'{"b" :2}'),
        (
            Repair("max_tokens", "at_most", 8),
            b'{"max_tokens":9,"max_tokens": 10 }',
            b'{"max_tokens":9,"max_tokens": 8 }',
        ),
        (Repair("max_tokens", "at_most", 8), b'{"max_tokens":' + b"9" * 5000 + b"}", b'{"max_tokens":8}'),
        (
            Repair("reasoning_effort", "set", "none", beside="tools"),
            b'{"tools":[{}] }',
            b'{"tools":[{}],"reasoning_effort":"none" }',
        ),
        (
            Repair("response_format.json_schema.strict", "set", False, refused=True),
            b'{"response_format":{"type":"json_schema", "json_schema":{"strict": true , "schema":{"strict":true}}}}',
            b'{"response_format":{"type":"json_schema", "json_schema":{"strict": false , "schema":{"strict":true}}}}',
        ),
        (Repair("verbosity", "set", "low"), b"{ }", b'{"verbosity":"low" }'),
        # What only strict parsers refuse.
        (Repair("stop", "drop"), b'{"p":"\\ud83d","q":NaN,"r":"a\nb","stop":1}', b'{"p":"\\ud83d","q":NaN,"r":"a\nb"}'),
    ],
)
def test_every_other_byte_stays_as_it_was_written(repair: Repair, asked: bytes, wanted: bytes) -> None:
    assert repaired_body(asked, [repair]) == wanted


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b'{"stop":"x"',
        b'{"stop":"x"} {}',
        b'{"stop":"\xff"}',
        b'{"stop":' + b"[" * 200_000 + b"}",
        b"\x1f\x8b\x08compressed",
    ],
)
def test_what_is_no_request_is_not_repaired(body: bytes) -> None:
    assert repaired_body(body, REPAIRS) == body


@pytest.mark.parametrize("end", [b"\n\n", b"\r\n\r\n", b"\r\r"])
def test_done_and_the_ends_of_events_are_known_in_every_framing(end: bytes) -> None:
    assert is_complete((b"data: [DONE]" + end)[-END_BYTES:])
    assert not is_complete(b"data: [DONE]" + end[:-1])
    assert not is_complete((b'data: {"a":"[DONE]"}' + end)[-END_BYTES:])
    assert between_events((b'data: {"a":1}' + end)[-END_BYTES:])
    assert not between_events(b'data: {"a":1}' + end[:-1])
    assert not between_events(b'data: {"a')
    assert between_events(b"")
