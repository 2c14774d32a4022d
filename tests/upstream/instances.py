"""A JSON value that fits a schema, made of the words of a prompt: tool arguments and structured answers."""

import re
from typing import Any

_SMALL_WORDS = frozenset(
    {"a", "an", "and", "are", "at", "call", "for", "from", "in", "into", "is", "it", "me", "of", "on", "or"}
    | {"please", "that", "the", "then", "this", "to", "use", "what", "with", "you"}
)
_DEEPEST = 4


class Words:
    """The words of a prompt that mean something, taken one after the other, and its numbers."""

    def __init__(self, text: str) -> None:
        found = [word.strip(".,;:!?\"'()") for word in text.split()]
        self._words = [word for word in found if word and word.lower() not in _SMALL_WORDS]
        self._numbers = [int(number) for number in re.findall(r"-?\d+", text)]

    def word(self, otherwise: str) -> str:
        """The next word, or the given one when there are no more."""
        return self._words.pop(0) if self._words else otherwise

    def number(self) -> int:
        """The next number, or 1 when there are no more."""
        return self._numbers.pop(0) if self._numbers else 1


def instance(schema: Any, words: Words) -> Any:
    """A value that fits a schema.

    Args:
        schema: A JSON schema.
        words: Where strings and numbers come from.

    Returns:
        Objects have the properties in `required`, or all when there is no such list. For a schema that makes no sense,
        which OpenAI takes when it is not strict, a word.
    """
    try:
        return _instance(schema, words, "text", schema, 0)
    except (AttributeError, LookupError, RecursionError, TypeError, ValueError):
        return words.word("text")


def _instance(schema: Any, words: Words, name: str, root: Any, depth: int) -> Any:
    """A value within another.

    Args:
        schema: A JSON schema.
        words: Where strings and numbers come from.
        name: The property that the value is for; a string when the words run out.
        root: The schema that `$ref` refers into.
        depth: How deep the value stands: a recursive schema ends at the first null that it allows.
    """
    if not isinstance(schema, dict):
        return words.word(name)
    if "$ref" in schema:
        return _instance(_resolve(schema["$ref"], root), words, name, root, depth + 1)
    if "const" in schema:
        return schema["const"]
    if schema.get("enum"):
        return schema["enum"][0]
    for keyword in ("anyOf", "oneOf"):
        if schema.get(keyword):
            choice = _choose(schema[keyword], depth)
            return _instance(choice, words, name, root, depth + 1)
    if schema.get("allOf"):
        merged: dict[str, Any] = {}
        for part in schema["allOf"]:
            merged |= part
        return _instance(merged, words, name, root, depth + 1)
    return _typed(schema, words, name, root, depth)


def _typed(schema: dict[str, Any], words: Words, name: str, root: Any, depth: int) -> Any:
    kind = schema.get("type", "object" if "properties" in schema else "string")
    if isinstance(kind, list):
        kind = "null" if "null" in kind and depth > _DEEPEST else kind[0]
    match kind:
        case "object":
            properties = schema.get("properties", {})
            return {
                key: _instance(properties.get(key, {}), words, key, root, depth + 1)
                for key in schema.get("required", properties)
            }
        case "array":
            count = max(1, schema.get("minItems", 1))
            items = schema.get("items", {})
            return [_instance(items, words, name, root, depth + 1) for _ in range(count)]
        case "integer":
            return min(max(words.number(), schema.get("minimum", -(10**9))), schema.get("maximum", 10**9))
        case "number":
            return min(max(words.number() + 0.5, schema.get("minimum", -1e9)), schema.get("maximum", 1e9))
        case "boolean":
            return True
        case "null":
            return None
        case _:
            return words.word(name)


def _choose(choices: list[Any], depth: int) -> Any:
    nulls = [choice for choice in choices if isinstance(choice, dict) and choice.get("type") == "null"]
    return nulls[0] if nulls and depth > _DEEPEST else choices[0]


def _resolve(reference: str, root: Any) -> Any:
    """Follow `#/$defs/X` and `#`."""
    found = root
    for step in reference.removeprefix("#").strip("/").split("/"):
        found = found[step] if step else found
    return found
