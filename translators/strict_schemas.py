"""JSON schemas in the form that OpenAI takes with `strict: true`, where that form allows the same values.

Strict mode makes a schema binding, as it is in Ollama; without it the schema is a wish. The price is a narrow dialect
of JSON Schema, in which one foreign keyword has the whole request refused. So what is not known to be taken gives None.

What OpenAI takes:

* https://developers.openai.com/api/docs/guides/structured-outputs, "Supported schemas";
* the checks in OpenAI's SDKs: `src/lib/transform.ts` of openai-node, `JsonSchemaValidator.kt` of openai-java;
* refusals and probes that were reported on GitHub, named where they decide.

"The same values" is measured by an Ollama server, which turns a schema into a grammar (llama.cpp,
`common/json-schema-to-grammar.cpp`): an object that names its `properties` and says nothing of `additionalProperties`
never gets others there, so that saying `false` takes nothing away.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Set
from typing import Any

_MOST_LEVELS = 10
"""Steps from the root into properties, items and branches, references not followed, as openai-java counts them. Beyond:
"11 levels of nesting exceeds limit of 10"."""
_MOST_PROPERTIES = 5_000
_MOST_ENUM_VALUES = 1_000
_MOST_CHARACTERS = 120_000
"""Of the names of properties and definitions, and of enum and const values."""
_LONG_ENUM = 250
_MOST_CHARACTERS_OF_A_LONG_ENUM = 15_000

_ANNOTATIONS = frozenset({"title", "description"})
"""Kept: both SDKs send them, beside `anyOf` too."""

_DROPPED = frozenset({"default", "examples", "discriminator", "$comment", "deprecated", "readOnly", "writeOnly"})
"""Dropped, because they do not say which values are valid. `default` and `examples` were refused once
(567-labs/instructor#1074, openai-python#2274), the first at Azure in 2026 too (openai-agents-python#4390, one report);
`discriminator` is OpenAPI's, from pydantic; for the others no source says that they are taken."""

_DEFINITIONS = ("$defs", "definitions")
_ONLY_AT_THE_ROOT = frozenset({*_DEFINITIONS, "$schema", "$id"})
_ESCAPED_IN_REFERENCES = frozenset("~/%")

_FORMATS = frozenset({"date-time", "time", "date", "duration", "email", "hostname", "ipv4", "ipv6", "uuid"})
"""The guide's. Of others: "'uri' is not a valid format" (cyanheads/git-mcp-server#47)."""

_PLAIN_PATTERN = re.compile(r"(?:[^\\(]|\((?!\?)|\(\?:|\\(?:[dDwWsSnrtfv\W_]|x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}))*+")
r"""What every engine of regular expressions reads alike. Known to be refused: lookaround (pydantic/pydantic-ai#5519,
vercel/ai#21037) and `\p{…}` (BerriAI/litellm#40485)."""

_TYPE_NAMES = {str: "string", bool: "boolean", int: "integer", float: "number", type(None): "null"}
_TYPES: Set[str] = {*_TYPE_NAMES.values(), "object", "array"}
_STRING, _NUMBER, _ARRAY, _OBJECT = {"string"}, {"number", "integer"}, {"array"}, {"object"}


def _is_type(named: Any) -> bool:
    return all(isinstance(name, str) and name in _TYPES for name in (named if isinstance(named, list) else [named]))


def _is_value(value: Any) -> bool:
    return type(value) in _TYPE_NAMES


def _is_count(value: Any) -> bool:
    return type(value) is int and value >= 0


def _is_number(value: Any) -> bool:
    return type(value) in (int, float)


_KEYWORDS: dict[str, tuple[Set[str], Callable[[Any], bool]]] = {
    "type": (_TYPES, _is_type),
    "enum": (_TYPES, lambda values: isinstance(values, list) and values != [] and all(map(_is_value, values))),
    "const": (_TYPES, _is_value),
    "properties": (_OBJECT, lambda properties: isinstance(properties, dict)),
    "required": (_OBJECT, lambda names: isinstance(names, list)),
    "additionalProperties": (_OBJECT, lambda allowed: allowed is False),
    "items": (_ARRAY, lambda schema: isinstance(schema, dict)),
    "minItems": (_ARRAY, _is_count),
    "maxItems": (_ARRAY, _is_count),
    "pattern": (_STRING, lambda pattern: isinstance(pattern, str) and _PLAIN_PATTERN.fullmatch(pattern) is not None),
    "format": (_STRING, lambda name: isinstance(name, str) and name in _FORMATS),
    "minLength": (_STRING, _is_count),  # this and the next not in the guide, but enforced: pydantic/pydantic-ai#7400
    "maxLength": (_STRING, _is_count),
    "minimum": (_NUMBER, _is_number),
    "maximum": (_NUMBER, _is_number),
    "exclusiveMinimum": (_NUMBER, _is_number),
    "exclusiveMaximum": (_NUMBER, _is_number),
    "multipleOf": (_NUMBER, lambda value: _is_number(value) and value > 0),
}
"""What a node with a type may say, from the guide: the types that a keyword is about, one of which must be the node's,
and which of its values are taken."""


class _NotStrict(Exception):
    """No schema that strict mode takes is known to allow what this one allows."""


def strict_schema(schema: dict[str, Any]) -> dict[str, Any] | None:
    """The schema as OpenAI takes it with `strict: true`, or None where that would change what it allows.

    Objects are closed (see the module); a description beside a `$ref` stands beside an `anyOf` of one instead; an
    `allOf` of one is merged; an `oneOf` becomes `anyOf` if its branches exclude each other; `enum` and `const` get
    their `type`; keywords that only annotate go, but `title` and `description`.

    An optional property becomes required only where a value says the same as leaving it out: null, if it may be null
    and has no other default (pydantic's `X | None = None`), or the only value it can have, if that is its default. Any
    other would make the model invent a value or hand the client a null that it does not know.

    Args:
        schema: A JSON schema as the client sent it, of any depth. It is not changed.

    Returns:
        A schema all of whose values are valid for the given one.
    """
    try:
        strict = _strict_root(schema)
    except _NotStrict:
        return None
    return strict if _is_within_limits(strict) else None


def _strict_root(schema: dict[str, Any]) -> dict[str, Any]:
    definitions = {keyword: schema[keyword] for keyword in _DEFINITIONS if keyword in schema}
    if not all(isinstance(named, dict) for named in definitions.values()):
        raise _NotStrict
    root = {keyword: value for keyword, value in schema.items() if keyword not in _ONLY_AT_THE_ROOT}
    references = {
        f"#/{keyword}/{name}": definition
        for keyword, named in definitions.items()
        for name, definition in named.items()
        if _ESCAPED_IN_REFERENCES.isdisjoint(name)
    }
    references["#"] = root
    strict = _strict_node(_dereferenced(root, references), references, 0)
    if strict.get("type") != "object":
        raise _NotStrict
    for keyword, named in definitions.items():
        strict[keyword] = {name: _strict_node(definition, references, 1) for name, definition in named.items()}
    return strict


def _dereferenced(schema: Any, references: Mapping[str, Any]) -> dict[str, Any]:
    """What a reference stands for, with the annotations beside it; a schema that is none as it is."""
    node = _flattened(schema)
    for _ in range(_MOST_LEVELS):
        if "$ref" not in node:
            return node
        node = {**_flattened(references[_pop_reference(node, references)]), **node}
    raise _NotStrict  # it may refer to itself


def _pop_reference(node: dict[str, Any], references: Mapping[str, Any]) -> str:
    reference = node.pop("$ref")
    if not isinstance(reference, str) or reference not in references or not node.keys() <= _ANNOTATIONS:
        raise _NotStrict
    return reference


def _flattened(schema: Any) -> dict[str, Any]:
    """A copy without what only annotates, and with an `allOf` of one, as pydantic wrote before 2.9, merged."""
    for _ in range(_MOST_LEVELS):
        if not isinstance(schema, dict):
            break
        node = {keyword: value for keyword, value in schema.items() if keyword not in _DROPPED}
        if not all(isinstance(node.get(keyword, ""), str) for keyword in _ANNOTATIONS):
            break
        if "allOf" not in node:
            return node
        entries = node.pop("allOf")
        if not isinstance(entries, list) or len(entries) != 1 or not node.keys() <= _ANNOTATIONS:
            break
        [entry] = entries
        schema = {**entry, **node} if isinstance(entry, dict) else None
    raise _NotStrict


def _strict_node(schema: Any, references: Mapping[str, Any], level: int) -> dict[str, Any]:
    if level > _MOST_LEVELS:
        raise _NotStrict
    node = _flattened(schema)
    if "$ref" in node:
        reference = {"$ref": _pop_reference(node, references)}
        # "$ref cannot have keywords {'description'}" (camel-ai/camel#3001). The SDKs write the definition out instead,
        # which grows without bound where described definitions refer to each other.
        return {**node, "anyOf": [reference]} if node else reference
    if "anyOf" in node or "oneOf" in node:
        return _strict_union(node, references, level)
    return _strict_typed(node, references, level)


def _strict_union(node: dict[str, Any], references: Mapping[str, Any], level: int) -> dict[str, Any]:
    keyword = "anyOf" if "anyOf" in node else "oneOf"
    branches = node.pop(keyword)
    if not isinstance(branches, list) or not branches or not node.keys() <= _ANNOTATIONS:
        raise _NotStrict
    strict = {**node, "anyOf": [_strict_node(branch, references, level + 1) for branch in branches]}
    # "'oneOf' is not permitted" (livekit/agents#5302)
    if keyword == "oneOf" and not _exclude_each_other([_dereferenced(branch, references) for branch in branches]):
        raise _NotStrict
    return strict


def _exclude_each_other(branches: list[dict[str, Any]]) -> bool:
    """Whether no value is valid for two of the branches once all their properties are required.

    Seen where each has values or types of its own, or where a property tells them apart, as discriminators do.
    """
    types = ({"number" if name == "integer" else name for name in _types(branch)} for branch in branches)
    if _are_disjoint(map(_allowed_values, branches)) or _are_disjoint(types):
        return True
    properties = [branch.get("properties") for branch in branches if _types(branch) == _OBJECT]
    named = [given for given in properties if isinstance(given, dict)]
    if len(named) < len(branches):
        return False
    shared = set.intersection(*map(set, named))
    return any(_are_disjoint(_allowed_values(given[name]) for given in named) for name in shared)


def _are_disjoint(sets: Iterable[Set[Any]]) -> bool:
    """Whether no two share a member; an empty one is not known, so that it may share any."""
    known = list(sets)
    return all(known) and sum(map(len, known)) == len(set().union(*known))


def _types(node: Mapping[str, Any]) -> Set[str]:
    named = node.get("type", [])
    return {name for name in (named if isinstance(named, list) else [named]) if isinstance(name, str)}


def _values(node: Mapping[str, Any]) -> list[Any]:
    values = [node["const"]] if "const" in node else node.get("enum")
    return values if isinstance(values, list) else []


def _allowed_values(schema: Any) -> Set[tuple[bool, Any]]:
    """The values that `enum` or `const` names, told apart as in JSON (Python has True == 1); empty if it is another."""
    values = _values(schema) if isinstance(schema, dict) else []
    return {(isinstance(value, bool), value) for value in values} if all(map(_is_value, values)) else set()


def _strict_typed(node: dict[str, Any], references: Mapping[str, Any], level: int) -> dict[str, Any]:
    strict = node if "type" in node else {**node, "type": _type_of_values(_values(node))}
    types = _types(strict)
    for keyword in strict.keys() - _ANNOTATIONS:
        if keyword not in _KEYWORDS:
            raise _NotStrict
        about, is_taken = _KEYWORDS[keyword]
        if types.isdisjoint(about) or not is_taken(strict[keyword]):
            raise _NotStrict
    of_values = {_TYPE_NAMES[type(value)] for value in _values(strict)}
    if not of_values <= types | ({"integer"} if "number" in types else set()) or {"enum", "const"} <= strict.keys():
        raise _NotStrict
    if "object" in types:
        strict = {**strict, **_closed(node, references, level)}
    if "array" in types:
        strict = {**strict, "items": _strict_node(node.get("items"), references, level + 1)}
    return strict


def _type_of_values(values: list[Any]) -> str | list[str]:
    """Their `type`, without which: "schema must have a 'type' key" (openclaw/clawpatch#60)."""
    names = {_TYPE_NAMES.get(type(value), "") for value in values}
    match sorted(names - {"null"}):
        case [] if names:
            return "null"
        case [name]:
            return [name, "null"] if "null" in names else name
        case _:
            raise _NotStrict  # anything may be valid; or strings and numbers, which no source says is taken


def _closed(node: dict[str, Any], references: Mapping[str, Any], level: int) -> dict[str, Any]:
    """The three keywords of an object as strict mode demands them: all properties required, no others allowed."""
    given, required = node.get("properties"), node.get("required", [])
    if given is None or not all(isinstance(name, str) and name in given for name in required):
        raise _NotStrict
    properties = {name: _strict_node(schema, references, level + 1) for name, schema in given.items()}
    for name in properties.keys() - set(required):
        if not _says_absent(given[name].get("default"), properties[name]):
            raise _NotStrict
    return {"properties": properties, "required": list(properties), "additionalProperties": False}


def _says_absent(default: Any, strict: dict[str, Any]) -> bool:
    """Whether a property has a value that says the same as leaving it out, and that a model would choose for it."""
    if default is None:
        return _allows_null(strict)
    values = _allowed_values(strict)
    return len(values) == 1 and values == _allowed_values({"const": default})


def _allows_null(strict: dict[str, Any]) -> bool:
    if "anyOf" in strict:
        return any(map(_allows_null, strict["anyOf"]))
    return "null" in _types(strict) and None in (_values(strict) or [None])


def _is_within_limits(strict: dict[str, Any]) -> bool:
    properties = values = characters = 0
    for node in _nodes(strict):
        names = [*node.get("properties", ()), *(name for keyword in _DEFINITIONS for name in node.get(keyword, ()))]
        lengths = [len(str(value)) for value in _values(node)]
        if len(lengths) > _LONG_ENUM and sum(lengths) > _MOST_CHARACTERS_OF_A_LONG_ENUM:
            return False
        properties += len(node.get("properties", ()))
        values += len(node.get("enum", ()))
        characters += sum(map(len, names)) + sum(lengths)
    return properties <= _MOST_PROPERTIES and values <= _MOST_ENUM_VALUES and characters <= _MOST_CHARACTERS


def _nodes(strict: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield strict
    for keyword in ("properties", *_DEFINITIONS):
        for node in strict.get(keyword, {}).values():
            yield from _nodes(node)
    for node in (*strict.get("anyOf", ()), *([strict["items"]] if "items" in strict else ())):
        yield from _nodes(node)
