"""What strict mode demands of a schema and what a schema allows, apart from the code that is tested with them."""

import re
from collections.abc import Iterator
from typing import Any

from hypothesis import strategies as st

type Schema = dict[str, Any]


def closed(properties: Schema, **others: Any) -> Schema:
    required = list(properties)
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False, **others}


# From openai-java's JsonSchemaValidator, and minLength and maxLength, which it does not know yet.
NODES_MAY_HAVE: dict[str, set[str]] = {
    "$ref": {"$ref"},
    "anyOf": {"anyOf"},
    "object": {"properties", "required", "additionalProperties"},
    "array": {"items", "minItems", "maxItems"},
    "string": {"enum", "const", "pattern", "format", "minLength", "maxLength"},
    "number": {"enum", "const", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"},
    "integer": {"enum", "const", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"},
    "boolean": {"enum", "const"},
    "null": {"enum", "const"},
}


def broken_rules(root: Schema) -> list[str]:
    """What OpenAI would refuse in a schema sent with `strict: true`, its limits of size apart."""
    definitions = root.get("$defs", {})
    broken = [] if root.get("type") == "object" else ["the root is not an object"]
    pending = [{keyword: value for keyword, value in root.items() if keyword != "$defs"}, *definitions.values()]
    while pending:
        node = pending.pop()
        kinds = node.get("type", [keyword for keyword in ("$ref", "anyOf") if keyword in node])
        kinds = [kinds] if isinstance(kinds, str) else kinds
        keywords = set[str]().union(*(NODES_MAY_HAVE[kind] for kind in kinds))
        if "type" in node:
            keywords |= {"type"}
        if "$ref" not in node:
            keywords |= {"title", "description"}
        elif node["$ref"].removeprefix("#/$defs/") not in {*definitions, "#"}:
            broken.append(f"reference to nothing: {node}")
        if not kinds or node.keys() - keywords:
            broken.append(f"kinds {kinds} have {sorted(node)}")
        if "object" in kinds and (
            node["additionalProperties"] is not False or node["required"] != [*node["properties"]]
        ):
            broken.append(f"open: {node}")
        pending += [*node.get("properties", {}).values(), *node.get("anyOf", [])]
        pending += [node["items"]] if "array" in kinds else []
    return broken


def is_valid(value: Any, schema: Any, root: Schema) -> bool:
    """Whether a value is valid by JSON Schema, for the keywords that the tests generate; `format` only annotates."""
    return not any(failures(value, schema, root))


def failures(value: Any, schema: Schema, root: Schema) -> Iterator[bool]:
    types = {str: {"string"}, bool: {"boolean"}, int: {"integer", "number"}, float: {"number"}, list: {"array"}}
    named = schema.get("type", [])
    named = {named} if isinstance(named, str) else set(named)
    if named:
        yield named.isdisjoint(types.get(type(value), {"object"} if isinstance(value, dict) else {"null"}))
    if "$ref" in schema:
        target = schema["$ref"].removeprefix("#/$defs/")
        yield not is_valid(value, root if target == "#" else root["$defs"][target], root)
    same = [(type(value) is bool, value) == (type(other) is bool, other) for other in schema.get("enum", [])]
    yield "enum" in schema and not any(same)
    yield "const" in schema and (type(value) is bool, value) != (type(schema["const"]) is bool, schema["const"])
    for keyword, accepts in {"anyOf": lambda n: n > 0, "oneOf": lambda n: n == 1, "allOf": None}.items():
        if keyword in schema:
            valid = sum(is_valid(value, branch, root) for branch in schema[keyword])
            yield not accepts(valid) if accepts else valid < len(schema[keyword])
    if isinstance(value, str):
        yield not schema.get("minLength", 0) <= len(value) <= schema.get("maxLength", len(value))
        yield "pattern" in schema and not re.search(schema["pattern"], value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        yield not schema.get("minimum", value) <= value <= schema.get("maximum", value)
        yield "exclusiveMaximum" in schema and value >= schema["exclusiveMaximum"]
        yield "multipleOf" in schema and value % schema["multipleOf"] != 0
    if isinstance(value, list):
        yield not schema.get("minItems", 0) <= len(value) <= schema.get("maxItems", len(value))
        yield any(not is_valid(item, schema.get("items", {}), root) for item in value)
    if isinstance(value, dict):
        properties = schema.get("properties", {})
        yield not value.keys() >= set(schema.get("required", []))
        yield schema.get("additionalProperties") is False and not value.keys() <= properties.keys()
        yield any(not is_valid(value[name], given, root) for name, given in properties.items() if name in value)


@st.composite
def values_of(draw: st.DrawFn, schema: Any, root: Schema, levels: int = 8) -> Any:
    """A value of the schema, drawn by its keywords, in which objects have all named properties and no others."""
    if "$ref" in schema:
        target = schema["$ref"].removeprefix("#/$defs/")
        return draw(values_of(root if target == "#" else root["$defs"][target], root, levels))
    for keyword in ("anyOf", "oneOf", "allOf"):
        if keyword in schema:
            return draw(values_of(draw(st.sampled_from(schema[keyword])), root, levels))
    if "const" in schema or "enum" in schema:
        return draw(st.sampled_from(schema.get("enum", [schema.get("const")])))
    named = schema["type"]
    match draw(st.sampled_from(named)) if isinstance(named, list) else named:
        case "object":
            return {name: draw(values_of(given, root, levels - 1)) for name, given in schema["properties"].items()}
        case "array":
            most = schema.get("maxItems", 2) if levels > 0 else 0
            return draw(st.lists(values_of(schema["items"], root, levels - 1), min_size=0, max_size=most))
        case "string" if "pattern" in schema:
            return draw(st.from_regex(schema["pattern"], fullmatch=True))
        case "string":
            return draw(st.text("ab", min_size=schema.get("minLength", 0), max_size=schema.get("maxLength", 5)))
        case "integer" | "number":
            return schema.get("minimum", 0) + draw(st.integers(0, 4)) * schema.get("multipleOf", 1)
        case "boolean":
            return draw(st.booleans())
        case _:
            return None
