"""Schemas that hypothesis writes, made strict, and values of them."""

import copy
from typing import Any

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tests.json_schemas import Schema, broken_rules, closed, is_valid, values_of
from translators.strict_schemas import strict_schema

STRING, NULL = {"type": "string"}, {"type": "null"}
LEAVES: list[Any] = [
    STRING,
    {**STRING, "minLength": 1, "maxLength": 3},
    {**STRING, "pattern": "[a-c]{2}"},
    {**STRING, "format": "date-time"},
    {"type": "integer", "minimum": 1, "exclusiveMaximum": 6},
    {"type": "number", "multipleOf": 0.5},
    {"type": ["boolean", "null"]},
    {"enum": ["a", "b", None]},
    {"const": 1, "default": 1},
    {"type": "array", "items": {"$ref": "#"}},
    {"type": "array", "items": {"$ref": "#/$defs/D"}, "maxItems": 1},
    {"$ref": "#/$defs/E"},
    NULL,
]
ANNOTATIONS = st.fixed_dictionaries(
    {}, optional={"title": st.just("T"), "description": st.just("d"), "default": st.none()}
)


def objects(schemas: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    def with_required(properties: Schema) -> st.SearchStrategy[Any]:
        most = st.sampled_from([list(properties), [name for name in properties if name != "a"]])
        return most.map(lambda required: {"type": "object", "properties": properties, "required": required})

    return st.dictionaries(st.sampled_from(["a", "b", "type", "default"]), schemas, max_size=3).flatmap(with_required)


def tagged(schemas: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    tags = st.lists(st.sampled_from(["x", "y", 1, True, None]), min_size=1, max_size=3)
    return st.tuples(tags, schemas).map(
        lambda drawn: {"oneOf": [closed({"tag": {"const": tag}, "v": drawn[1]}) for tag in drawn[0]]}
    )


def nesting(schemas: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    branches = st.lists(schemas, min_size=1, max_size=3)
    return st.one_of(
        objects(schemas),
        tagged(schemas),
        schemas.map(lambda items: {"type": "array", "items": items}),
        st.builds(lambda keyword, given: {keyword: given}, st.sampled_from(["anyOf", "oneOf"]), branches),
        schemas.map(lambda entry: {"allOf": [entry]}),
        schemas.map(lambda entry: {"anyOf": [entry, NULL], "default": None}),
    )


def annotated(schemas: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.builds(lambda schema, annotations: {**annotations, **schema}, schemas, ANNOTATIONS)


SCHEMAS = st.recursive(annotated(st.sampled_from(LEAVES)), lambda inner: annotated(nesting(inner)), max_leaves=6)
ROOTS = st.builds(
    lambda root, definition: {**root, "$defs": {"D": definition, "E": {"enum": ["e"], "title": "E"}}},
    objects(SCHEMAS),
    objects(st.sampled_from(LEAVES)),
)


@settings(deadline=None, max_examples=200)  # a busy machine is not a fault of the code
@given(ROOTS, st.data())
def test_a_strict_schema_keeps_the_rules_and_allows_what_the_given_one_allows(
    given: Schema, data: st.DataObject
) -> None:
    before = copy.deepcopy(given)
    strict = strict_schema(given)
    assert given == before
    assume(strict is not None)
    assert strict is not None
    assert not broken_rules(strict)
    assert strict_schema(strict) == strict
    of_strict = data.draw(values_of(strict, strict))
    assert is_valid(of_strict, strict, strict)
    assert is_valid(of_strict, given, given)
    of_given = data.draw(values_of(given, given))
    assert is_valid(of_given, strict, strict)


WORDS = st.sampled_from(
    ["type", "properties", "required", "items", "anyOf", "oneOf", "allOf", "enum", "const", "$ref", "a"]
)
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.sampled_from(["object", "array", "string", "#", "#/$defs/a", "a"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=5),
)


@settings(deadline=None, max_examples=200)
@given(st.dictionaries(WORDS | st.just("$defs"), ANY_JSON, max_size=5), ANY_JSON)
def test_nothing_that_json_can_say_raises(root: Schema, inside: Any) -> None:
    strict_schema(root)
    strict_schema({**closed({"a": inside}), "$defs": {"a": inside}})
