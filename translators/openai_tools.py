"""Ollama tool definitions as OpenAI function tools.

Ollama checks next to nothing in a definition; OpenAI refuses the whole request for a name outside its pattern, for
parameters that are not an object schema and for an array without `items`.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Any

from translators.notes import Note
from translators.ollama_tools import Tool

LONGEST_NAME = 64
"""OpenAI's limit for the names of functions and of response formats."""

_LEGAL_NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")
_REFUSED_IN_NAMES = re.compile(r"[^a-zA-Z0-9_-]")

# Where schemas stand inside a schema, beside `items`. Values such as `enum` and `default` are not looked into.
_KEYS_OF_MAPS = frozenset({"properties", "$defs"})
_KEYS_OF_LISTS = frozenset({"anyOf", "oneOf", "allOf"})


def legal_name(name: str, otherwise: str) -> str:
    """The name with what OpenAI refuses replaced by `_`, cut to 64 characters; `otherwise` for an empty one."""
    return _REFUSED_IN_NAMES.sub("_", name)[:LONGEST_NAME] or otherwise


def legal_names(names: Iterable[str]) -> dict[str, str]:
    """Map function names to names that OpenAI accepts, no two to the same one.

    Legal names stay. The others get theirs in the given order, so the tools of a request, which stay the same through
    a conversation, should come before the names in its history.
    """
    unique = dict.fromkeys(names)
    legal = {name: name for name in unique if _LEGAL_NAME.fullmatch(name)}
    taken = set(legal)
    for name in unique:
        if name in legal:
            continue
        candidate, number = legal_name(name, "tool"), 1
        while candidate in taken:
            number += 1
            suffix = f"_{number}"
            candidate = legal_name(name, "tool")[: LONGEST_NAME - len(suffix)] + suffix
        legal[name] = candidate
        taken.add(candidate)
    return legal


def tools_to_openai(tools: Sequence[Tool], names: dict[str, str]) -> tuple[list[dict[str, Any]], list[Note]]:
    """Translate tool definitions.

    Args:
        tools: As the client defined them.
        names: From `legal_names`, for at least the names of these tools.

    Returns:
        OpenAI function tools, their schemas whole but for the repairs, and a note for each kind of repair.
    """
    definitions = []
    notes = []
    for tool in tools:
        name = names[tool.function.name]
        parameters = _object_schema(tool.function.parameters or {})
        description = {"description": tool.function.description} if tool.function.description else {}
        definitions.append({"type": "function", "function": {"name": name, **description, "parameters": parameters}})
        if name != tool.function.name:
            notes.append(Note("tools.function.name", "renamed", f"{name}: OpenAI refuses other characters and over 64"))
        if parameters != tool.function.parameters:
            notes.append(Note("tools.function.parameters", "converted", "completed to a schema that OpenAI accepts"))
    return definitions, notes


def _object_schema(parameters: dict[str, Any]) -> dict[str, Any]:
    """The schema as an object schema with `properties`: both are required by OpenAI and optional in Ollama."""
    typed = {**parameters, "type": parameters.get("type") or "object", "properties": parameters.get("properties") or {}}
    return _completed(typed)


def _completed(schema: dict[str, Any]) -> dict[str, Any]:
    """A copy in which each type is one that JSON Schema knows and each array says what its items are."""
    root = dict(schema)
    pending = [root]  # not recursive: requests may nest deeper than Python's stack

    def copied(value: Any) -> Any:
        if isinstance(value, dict):
            value = dict(value)
            pending.append(value)
        return value

    while pending:
        node = pending.pop()
        for key in _KEYS_OF_MAPS.intersection(node):
            if isinstance(node[key], dict):
                node[key] = {name: copied(subschema) for name, subschema in node[key].items()}
        for key in _KEYS_OF_LISTS.intersection(node):
            if isinstance(node[key], list):
                node[key] = [copied(subschema) for subschema in node[key]]
        if "items" in node:
            node["items"] = copied(node["items"])
        _complete_type(node)
    return root


def _complete_type(schema: dict[str, Any]) -> None:
    types = schema.get("type")
    if isinstance(types, str) and "," in types:
        # Ollama's Python SDK writes `int | str` as "integer, string".
        types = schema["type"] = [name.strip() for name in types.split(",")]
    if types == "array" or (isinstance(types, list) and "array" in types):
        # The same SDK drops the items of `list[int]`; an empty schema allows whatever "array" alone allowed.
        schema.setdefault("items", {})
