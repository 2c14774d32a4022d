import json
import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from translators.ollama_tools import Tool, ToolFunction
from translators.openai_tools import legal_name, legal_names, tools_to_openai

OPENAI_NAME = re.compile(r"^[a-zA-Z0-9_-]{1,64}$")
EMPTY_SCHEMA = {"type": "object", "properties": {}}


def parameters_sent(parameters: dict[str, Any] | None) -> dict[str, Any]:
    tool = Tool(type="function", function=ToolFunction(name="f", parameters=parameters))
    [definition], _ = tools_to_openai([tool], {"f": "f"})
    sent: dict[str, Any] = definition["function"]["parameters"]
    return sent


@pytest.mark.parametrize(
    ("names", "legal"),
    [
        (["get_weather", "turn-on"], ["get_weather", "turn-on"]),
        (["home.turn_on"], ["home_turn_on"]),
        (["home.turn_on", "home_turn_on"], ["home_turn_on_2", "home_turn_on"]),
        (["a.b", "a b", "a/b"], ["a_b", "a_b_2", "a_b_3"]),
        (["größe"], ["gr__e"]),
        ([""], ["tool"]),
        (["a" * 70], ["a" * 64]),
        (["a" * 70, "a" * 71], ["a" * 64, "a" * 62 + "_2"]),
    ],
)
def test_names_that_openai_refuses_get_legal_ones_that_nobody_else_has(names: list[str], legal: list[str]) -> None:
    assert list(map(legal_names(names).__getitem__, names)) == legal


@settings(deadline=None)  # a busy machine is not a fault of the code
@given(st.lists(st.text(st.sampled_from("ab_.-é "), max_size=70), max_size=6))
def test_legal_names_are_legal_and_lead_back_to_one_name_each(names: list[str]) -> None:
    mapping = legal_names(names)
    assert set(mapping) == set(names)
    assert all(OPENAI_NAME.match(legal) for legal in mapping.values())
    assert len(set(mapping.values())) == len(mapping)


def test_a_name_keeps_its_legal_form_when_the_history_grows() -> None:
    tools = ["a.b", "c d"]
    assert [legal_names([*tools, *history])["c d"] for history in ([], ["x.y", "c.d"])] == ["c_d", "c_d"]


def test_an_empty_name_has_a_substitute() -> None:
    assert legal_name("", "response") == "response"


def test_a_definition_travels_whole() -> None:
    schema = {
        "type": "object",
        "title": "Weather",
        "additionalProperties": False,
        "required": ["city"],
        "properties": {
            "city": {"type": "string", "minLength": 1, "default": "Oslo", "enum": ["Oslo", "Rome"]},
            "days": {"type": ["integer"], "minimum": 1},
            "place": {"$ref": "#/$defs/place"},
        },
        "$defs": {"place": {"type": "array", "items": {"type": "number"}}},
    }
    tool = Tool(type="function", function=ToolFunction(name="weather", description="Tells it.", parameters=schema))
    assert tools_to_openai([tool], {"weather": "weather"}) == (
        [
            {
                "type": "function",
                "function": {"name": "weather", "description": "Tells it.", "parameters": schema},
            }
        ],
        [],
    )


@pytest.mark.parametrize("tool_type", ["", "Function", "tool"])
def test_every_tool_is_a_function_and_an_empty_description_is_left_out(tool_type: str) -> None:
    tool = Tool(type=tool_type, function=ToolFunction(name="f", description="", parameters=EMPTY_SCHEMA))
    assert tools_to_openai([tool], {"f": "f"})[0] == [
        {"type": "function", "function": {"name": "f", "parameters": EMPTY_SCHEMA}}
    ]


@pytest.mark.parametrize(
    ("parameters", "sent"),
    [
        (None, EMPTY_SCHEMA),
        ({}, EMPTY_SCHEMA),
        ({"type": "", "properties": None}, EMPTY_SCHEMA),
        ({"type": "object"}, EMPTY_SCHEMA),
        (
            {"properties": {"x": {"type": "string"}}, "required": ["x"]},
            {"properties": {"x": {"type": "string"}}, "required": ["x"], "type": "object"},
        ),
    ],
)
def test_parameters_become_an_object_schema(parameters: dict[str, Any] | None, sent: dict[str, Any]) -> None:
    assert parameters_sent(parameters) == sent


@pytest.mark.parametrize(
    ("schema", "sent"),
    [
        ({"type": "integer, string"}, {"type": ["integer", "string"]}),
        ({"type": ["integer"]}, {"type": ["integer"]}),
        ({"type": "array"}, {"type": "array", "items": {}}),
        ({"type": "array, string"}, {"type": ["array", "string"], "items": {}}),
        ({"type": "array", "items": {"type": "array"}}, {"type": "array", "items": {"type": "array", "items": {}}}),
        ({"oneOf": [{"type": "a, b"}, True]}, {"oneOf": [{"type": ["a", "b"]}, True]}),
        (
            {"type": "object", "properties": {"type": {"type": "array"}}},
            {"type": "object", "properties": {"type": {"type": "array", "items": {}}}},
        ),
        ({"enum": ["a, b"], "default": {"type": "array"}}, {"enum": ["a, b"], "default": {"type": "array"}}),
        ({}, {}),
    ],
)
def test_schemas_inside_are_completed_and_values_inside_are_left_alone(
    schema: dict[str, Any], sent: dict[str, Any]
) -> None:
    assert parameters_sent({"type": "object", "properties": {"x": schema}})["properties"]["x"] == sent


def test_a_schema_may_be_nested_deeper_than_python_s_stack() -> None:
    schema: dict[str, Any] = {"type": "array"}
    for _ in range(1020):
        schema = {"type": "array", "items": schema}
    assert json.dumps(parameters_sent({"properties": {"x": schema}})).count("items") == 1021


def test_the_client_s_schema_is_not_changed() -> None:
    parameters = {"properties": {"x": {"type": "array"}}}
    parameters_sent(parameters)
    assert parameters == {"properties": {"x": {"type": "array"}}}


def test_each_repair_is_noted() -> None:
    tool = Tool(type="function", function=ToolFunction(name="a.b", parameters=None))
    _, notes = tools_to_openai([tool], {"a.b": "a_b"})
    assert [(note.field, note.action) for note in notes] == [
        ("tools.function.name", "renamed"),
        ("tools.function.parameters", "converted"),
    ]
