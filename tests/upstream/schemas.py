"""What OpenAI says about a JSON schema: the little that it always wants, and the much that `strict: true` wants."""

from collections.abc import Iterator
from typing import Any

type Schema = Any
type Context = tuple[str, ...]

MOST_PROPERTIES = 5000
MOST_LEVELS = 10
MOST_ENUM_VALUES = 1000
MOST_CHARACTERS = 120_000
LONG_ENUM = 250
MOST_CHARACTERS_OF_LONG_ENUM = 15_000

_KINDS: dict[str, tuple[type[Any], str]] = {
    "properties": (dict, "object"),
    "$defs": (dict, "object"),
    "definitions": (dict, "object"),
    "anyOf": (list, "array"),
    "oneOf": (list, "array"),
    "allOf": (list, "array"),
}
"""Keywords that hold schemas: what else they hold is told as `jsonschema` does it."""

# Each is quoted in a live refusal, or named by the guide to Structured Outputs as not supported. The lengths of strings
# are refused although the guide has listed them since 2025 (coder/mux#1220, 2025-12-18).
_NOT_PERMITTED = (
    *("allOf", "oneOf", "not", "if", "then", "else", "dependentRequired", "dependentSchemas"),
    *("default", "minLength", "maxLength", "uniqueItems", "contains", "patternProperties", "propertyNames"),
)
_FORMATS = ("date-time", "time", "date", "duration", "email", "hostname", "ipv4", "ipv6", "uuid")


def complaint(schema: Schema, *, strict: bool) -> str | None:
    """What is wrong with a tool's parameters or a response format.

    Args:
        schema: The JSON schema, any JSON value.
        strict: Whether the rules of `strict: true` apply too.

    Returns:
        The part of the error message after `Invalid schema for function 'x': `, or None.
    """
    root = schema.get("type") if isinstance(schema, dict) else None
    if root != "object":
        return f"""schema must be a JSON Schema of 'type: "object"', got 'type: "{root}"'."""
    if strict and "anyOf" in schema:
        return "schema must have type 'object' and not have 'oneOf'/'anyOf'/'allOf'/'enum'/'not' at the top level."
    if "properties" not in schema and not strict:
        return "In context=(), object schema missing properties."
    rule = _strict_rule if strict else _lenient_rule
    for context, part in _walk(schema, ()):
        for keyword, (kind, name) in _KINDS.items():
            if keyword in part and not isinstance(part[keyword], kind):
                return f"{part[keyword]!r} is not of type '{name}'."
        problem = rule(part)
        if problem:
            return f"In context={context!r}, {problem}"
    return _too_large(schema) if strict else None


def _walk(schema: Schema, context: Context) -> Iterator[tuple[Context, dict[str, Any]]]:
    """A schema and all schemas within it, outermost first, each with the way to it."""
    if not isinstance(schema, dict):
        return
    yield context, schema
    yield from _walk(schema.get("items"), (*context, "items"))
    for keyword, (kind, _) in _KINDS.items():
        inner = schema.get(keyword)
        if isinstance(inner, kind):
            parts = inner.items() if isinstance(inner, dict) else enumerate(inner)
            for name, part in parts:
                yield from _walk(part, (*context, keyword, str(name)))


def _types(schema: dict[str, Any]) -> list[Any]:
    kind = schema.get("type", [])
    return kind if isinstance(kind, list) else [kind]


def _lenient_rule(schema: dict[str, Any]) -> str | None:
    if "array" in _types(schema) and "items" not in schema:
        return "array schema missing items."
    return None


def _strict_rule(schema: dict[str, Any]) -> str | None:
    for keyword in _NOT_PERMITTED:
        if keyword in schema:
            return f"'{keyword}' is not permitted."
    if "$ref" in schema and len(schema) > 1:
        beside = ", ".join(f"'{keyword}'" for keyword in schema if keyword != "$ref")
        return f"$ref cannot have keywords {{{beside}}}."
    if schema.get("format", "date") not in _FORMATS:
        return f"'{schema['format']}' is not a valid format."
    if not {"type", "anyOf", "$ref", "enum", "const"} & schema.keys():
        return "schema must have a 'type' key."
    if "object" in _types(schema):
        if schema.get("additionalProperties") is not False:
            return "'additionalProperties' is required to be supplied and to be false."
        required = schema.get("required", [])
        for name in schema.get("properties", {}):
            if name not in required:
                return (
                    "'required' is required to be supplied and to be an array including every key in properties. "
                    f"Missing '{name}'."
                )
    return _lenient_rule(schema)


def _too_large(schema: dict[str, Any]) -> str | None:
    parts = list(_walk(schema, ()))
    names = [name for _, part in parts for name in part.get("properties", {})]
    enums = [list(map(str, part["enum"])) for _, part in parts if "enum" in part]
    values = [value for enum in enums for value in enum]
    longest = max((sum(map(len, enum)) for enum in enums if len(enum) > LONG_ENUM), default=0)
    deepest = max(context.count("properties") for context, _ in parts)
    characters = sum(map(len, names)) + sum(map(len, values))
    for what, count, most in (
        ("object properties", len(names), MOST_PROPERTIES),
        ("levels of nesting", deepest, MOST_LEVELS),
        ("enum values", len(values), MOST_ENUM_VALUES),
        ("characters in names and enum values", characters, MOST_CHARACTERS),
        (f"characters in an enum of more than {LONG_ENUM} values", longest, MOST_CHARACTERS_OF_LONG_ENUM),
    ):
        if count > most:
            return f"schema has {count} {what}, which is more than the {most} allowed."
    return None
