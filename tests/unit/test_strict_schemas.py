from typing import Any, Literal

import pytest
from openai.lib._pydantic import to_strict_json_schema
from pydantic import BaseModel, ConfigDict, Field

from tests.json_schemas import Schema, broken_rules, closed
from translators.strict_schemas import strict_schema

ITEM = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}
CLOSED_ITEM = {**ITEM, "additionalProperties": False}


def strict_property(schema: Any, required: bool = True, **definitions: Any) -> Any:
    names = ["p"] if required else []
    given = {"type": "object", "properties": {"p": schema}, "required": names, "$defs": {"Item": ITEM, **definitions}}
    strict = strict_schema(given)
    return strict and strict["properties"]["p"]


class City(BaseModel):
    name: str = Field(min_length=1, pattern="^[A-Z]")
    population: int = Field(ge=0)


class Country(BaseModel):
    """A country."""

    name: str
    capital: City
    cities: list[City] = Field(min_length=1)
    continent: Literal["Africa", "Asia"]
    area: int | float
    motto: str | None


class Tree(BaseModel):
    value: int
    children: list["Tree"]


class Cat(BaseModel):
    kind: Literal["cat"] = "cat"
    lives: int


class Dog(BaseModel):
    kind: Literal["dog"]
    good: bool


class Owner(BaseModel):
    model_config = ConfigDict(extra="forbid")
    pet: Cat | Dog = Field(discriminator="kind", description="The pet")
    address: City | None = None
    nickname: str | None = Field(default=None, description="If any")


@pytest.mark.parametrize("model", [Country, City, Cat])
def test_a_pydantic_model_becomes_what_the_openai_package_makes_of_it(model: type[BaseModel]) -> None:
    expected = to_strict_json_schema(model)
    expected["properties"].get("kind", {}).pop("default", None)  # the package leaves defaults other than null
    assert strict_schema(model.model_json_schema()) == expected


def test_a_recursive_model_has_an_object_at_its_root() -> None:
    strict = strict_schema(Tree.model_json_schema())
    assert strict is not None
    definition = strict.pop("$defs")["Tree"]
    assert strict == definition
    assert strict["properties"]["children"]["items"] == {"$ref": "#/$defs/Tree"}


def test_a_discriminated_union_and_fields_that_may_be_none_are_kept() -> None:
    strict = strict_schema(Owner.model_json_schema())
    assert strict is not None
    assert strict["required"] == ["pet", "address", "nickname"]
    pets = [{"$ref": "#/$defs/Cat"}, {"$ref": "#/$defs/Dog"}]
    assert strict["properties"]["pet"] == {"anyOf": pets, "description": "The pet", "title": "Pet"}
    assert strict["$defs"]["Cat"]["required"] == ["kind", "lives"]
    assert not broken_rules(strict)


def test_what_is_strict_already_stays_as_it_is() -> None:
    schema = closed({"a": {"type": ["string", "null"], "description": "d"}, "b": {"anyOf": [{"$ref": "#"}, ITEM_REF]}})
    schema["$defs"] = {"Item": CLOSED_ITEM}
    assert strict_schema(schema) == schema


ITEM_REF = {"$ref": "#/$defs/Item"}
STRING, NULL = {"type": "string"}, {"type": "null"}
TAGGED = [closed({"t": {"const": "a", "type": "string"}}), closed({"t": {"enum": ["b", "c"], "type": "string"}})]


@pytest.mark.parametrize(
    ("given", "strict"),
    [
        (ITEM, CLOSED_ITEM),
        ({"type": ["object", "null"], "properties": {}}, {**closed({}), "type": ["object", "null"]}),
        ({**ITEM_REF, "default": {"n": 1}}, ITEM_REF),
        ({**ITEM_REF, "description": "d"}, {"anyOf": [ITEM_REF], "description": "d"}),
        ({"allOf": [ITEM_REF], "title": "T"}, {"anyOf": [ITEM_REF], "title": "T"}),
        ({"allOf": [{**STRING, "title": "inner"}], "title": "outer"}, {**STRING, "title": "outer"}),
        ({"enum": ["a", "b"]}, {"enum": ["a", "b"], "type": "string"}),
        ({"enum": [1, None]}, {"enum": [1, None], "type": ["integer", "null"]}),
        ({"enum": [1, 2.5], "type": "number"}, {"enum": [1, 2.5], "type": "number"}),
        ({"const": True}, {"const": True, "type": "boolean"}),
        ({"const": None}, {"const": None, "type": "null"}),
        ({**STRING, "default": "x", "examples": ["y"], "deprecated": True}, STRING),
        ({"oneOf": [STRING, NULL]}, {"anyOf": [STRING, NULL]}),
        ({"oneOf": [{"const": 1}, {"const": 2}]}, {"anyOf": [{"const": n, "type": "integer"} for n in (1, 2)]}),
        ({"oneOf": TAGGED, "discriminator": {"propertyName": "t"}}, {"anyOf": TAGGED}),
        ({**STRING, "pattern": r"^(?:a|\d{2}\.)[^(]$"}, {**STRING, "pattern": r"^(?:a|\d{2}\.)[^(]$"}),
        (closed({"default": STRING, "$ref": STRING, "title": STRING}),) * 2,  # names of properties, not keywords
    ],
)
def test_a_change_that_keeps_the_meaning_is_made(given: Schema, strict: Schema) -> None:
    assert strict_property(given) == strict
    assert not broken_rules(closed({"p": strict}, **{"$defs": {"Item": CLOSED_ITEM}}))


@pytest.mark.parametrize(
    "schema",
    [
        {"anyOf": [STRING, NULL]},
        {"anyOf": [STRING, NULL], "default": None},
        {"type": ["integer", "null"]},
        {"enum": ["a", None]},
        {"oneOf": [ITEM_REF, NULL]},
        {"const": "a", "default": "a"},
        {"enum": [False], "default": False},
    ],
)
def test_an_optional_property_is_required_where_a_value_says_the_same_as_leaving_it_out(schema: Schema) -> None:
    assert strict_property(schema, required=False) is not None


@pytest.mark.parametrize(
    "schema",
    [
        STRING,
        {**STRING, "default": "x"},
        {"anyOf": [STRING, NULL], "default": "x"},
        {"type": ["string", "null"], "enum": ["a"]},  # null is a type of it, not a value
        {"const": 1, "default": True},
        {"const": "a"},
        ITEM_REF,
    ],
)
def test_any_other_optional_property_cannot_be_strict(schema: Schema) -> None:
    assert strict_property(schema) is not None
    assert strict_property(schema, required=False) is None


NOT_STRICT: list[Any] = [
    {},
    True,
    None,
    {"title": "Any"},
    {"type": "object"},
    {**ITEM, "additionalProperties": True},
    {**ITEM, "additionalProperties": {}},
    {**ITEM, "required": ["n", "other"]},
    {**ITEM, "required": [["n"]]},
    {**ITEM, "required": "n"},
    {**ITEM, "properties": []},
    {**ITEM, "properties": {"n": True}},
    {**ITEM, "patternProperties": {}},
    {**ITEM, "minProperties": 1},
    {"properties": ITEM["properties"]},
    {"type": "array"},
    {"type": "array", "items": {}},
    {"type": "array", "items": [STRING]},
    {"type": "array", "items": STRING, "uniqueItems": True},
    {"type": "array", "items": STRING, "minItems": -1},
    {"type": "array", "prefixItems": [STRING]},
    {"type": []},
    {"type": "text"},
    {"type": [["string"]]},
    {"type": {"string": 1}},
    {**STRING, "minimum": 1},
    {**STRING, "format": "uri"},
    {**STRING, "format": ["date"]},
    {**STRING, "pattern": "^(?!a)b$"},
    {**STRING, "pattern": "(?P<name>a)"},
    {**STRING, "pattern": r"\p{L}"},
    {**STRING, "pattern": r"(a)\1"},
    {**STRING, "pattern": "\\"},
    {**STRING, "nullable": True},
    {**STRING, "description": 1},
    {**STRING, "$id": "https://example.com/other"},
    {**STRING, "enum": ["a", None]},
    {**STRING, "enum": ["a"], "const": "a"},
    {"type": "integer", "exclusiveMinimum": True},
    {"type": "number", "multipleOf": 0},
    {"type": "integer", "enum": [True]},
    {"enum": []},
    {"enum": ["a", 1]},
    {"enum": [{"a": 1}]},
    {"enum": "a"},
    {"const": []},
    {"anyOf": []},
    {"anyOf": STRING},
    {"anyOf": [STRING, True]},
    {"anyOf": [STRING], "type": "string"},
    {"anyOf": [STRING], "oneOf": [STRING]},
    {"oneOf": [{"type": "integer"}, {"type": "number"}]},
    {"oneOf": [ITEM, closed({"s": STRING})]},
    {"oneOf": [STRING, {**STRING, "maxLength": 3}]},
    {"oneOf": [TAGGED[0], TAGGED[0]]},
    {"oneOf": [{"const": 1}, {"const": 1.0}]},
    {"allOf": []},
    {"allOf": [STRING, STRING]},
    {"allOf": [STRING], "minLength": 1},
    {"allOf": [True]},
    {"not": NULL},
    {"if": STRING, "then": STRING},
    {**ITEM_REF, "minProperties": 1},
    {"$ref": "#/$defs/Missing"},
    {"$ref": "#/properties/p"},
    {"$ref": "https://example.com/schema"},
    {"$ref": ["#"]},
]


@pytest.mark.parametrize("schema", NOT_STRICT, ids=str)
def test_what_strict_mode_refuses_or_what_would_change_cannot_be_strict(schema: Any) -> None:
    assert strict_property(schema) is None
    assert strict_property(ITEM_REF, Unused=schema) is None
    assert strict_property({"oneOf": [ITEM_REF, {"$ref": "#/$defs/Other"}]}, Other=schema) is None


@pytest.mark.parametrize(
    "root",
    [
        {},
        STRING,
        {"type": "array", "items": STRING},
        {"anyOf": [CLOSED_ITEM]},
        {"$ref": "#"},
        {"$ref": "#/$defs/A", "$defs": {"A": {"$ref": "#/$defs/B"}, "B": {"$ref": "#/$defs/A"}}},
        {"$ref": "#/$defs/a~1b", "$defs": {"a~1b": ITEM}},  # spells a/b
        {**ITEM, "$defs": []},
    ],
    ids=str,
)
def test_the_root_must_be_an_object(root: Schema) -> None:
    assert strict_schema(root) is None


def test_the_root_may_be_a_described_reference_and_name_its_dialect() -> None:
    given = {"$schema": "s", "$id": "i", "$ref": "#/definitions/I", "title": "T", "definitions": {"I": ITEM}}
    assert strict_schema(given) == {**CLOSED_ITEM, "title": "T", "definitions": {"I": CLOSED_ITEM}}


LONG_CONST = {"type": "string", "const": "x" * 120_000}


def nested(keyword: str, levels: int) -> Schema:
    schema: Any = STRING
    for _ in range(levels):
        if keyword == "items":
            schema = {"type": "array", "items": schema}
        elif keyword == "properties":
            schema = closed({"p": schema})
        else:
            schema = {keyword: [schema]}
    return closed({"p": schema})


def with_enum(count: int, characters: int) -> Schema:
    values = ["x" * (characters - count + 1), *("y" * (count - 1))]
    return closed({"": {"type": "string", "enum": values}})


def with_names(count: int, characters: int) -> Schema:
    names = [f"{number:0{characters}}" for number in range(count)]
    return closed(dict.fromkeys(names, STRING))


@pytest.mark.parametrize(
    ("most", "too_much"),
    [
        (nested("properties", 9), nested("properties", 10)),
        (nested("items", 9), nested("items", 10)),
        (nested("anyOf", 9), nested("anyOf", 10)),
        (closed({}, **{"$defs": {"": nested("items", 8)}}), closed({}, **{"$defs": {"": nested("items", 9)}})),
        (with_names(5_000, 4), with_names(5_001, 4)),
        (with_names(1_000, 120), with_names(1_000, 121)),
        (with_enum(1_000, 15_000), with_enum(1_001, 15_000)),
        (with_enum(251, 15_000), with_enum(251, 15_001)),
        (with_enum(250, 120_000), with_enum(250, 120_001)),
        (closed({"": LONG_CONST}), closed({"p": LONG_CONST})),
        (closed({}, definitions={"": LONG_CONST}), closed({}, definitions={"D": LONG_CONST})),
    ],
)
def test_openai_limits_are_kept(most: Schema, too_much: Schema) -> None:
    assert strict_schema(most) == most
    assert strict_schema(too_much) is None


@pytest.mark.parametrize("keyword", ["properties", "items", "anyOf", "oneOf", "allOf"])
def test_a_schema_nested_10000_deep_cannot_be_strict(keyword: str) -> None:
    assert strict_schema(nested(keyword, 10_000)) is None


def test_definitions_that_describe_each_other_are_not_written_out() -> None:
    described = {"description": "d"}
    definitions = {
        f"D{level}": closed({side: {"$ref": f"#/$defs/D{level + 1}", **described} for side in "lr"})
        for level in range(40)
    }
    definitions["D40"] = closed({})
    strict = strict_schema({"$ref": "#/$defs/D0", "$defs": definitions})
    assert strict is not None
    assert strict["$defs"]["D39"]["properties"]["l"] == {"anyOf": [{"$ref": "#/$defs/D40"}], **described}
