"""Ollama's `format` as `response_format` of Chat Completions, as near to it as the server can.

Ollama holds a model to a schema whatever the schema says. OpenAI does so for schemas of a narrow kind only (`strict`);
others are a wish. Some servers know only one of `json_schema` and `json_object`, and some neither.
"""

import json
from typing import Any, Final

from translators.errors import OllamaError
from translators.go_quote import quoted
from translators.notes import Note
from translators.openai_tools import legal_name
from translators.profiles import Profile
from translators.strict_schemas import strict_schema

_JSON_SENTENCE: Final = "Answer in JSON."
_SCHEMA_SENTENCE: Final = "Answer in JSON that follows this JSON schema: "

_SCHEMA_ASKED: Final = Note("format", "renamed", "response_format json_schema, strict")
_SCHEMA_WISHED: Final = Note("format", "converted", "response_format json_schema, not strict: OpenAI would refuse it")
_JSON_ASKED: Final = Note("format", "renamed", "response_format json_object")
_JSON_ASKED_ALOUD: Final = Note(
    "format", "converted", f'response_format json_object, and "{_JSON_SENTENCE}": OpenAI wants the word in a message'
)
_JSON_FOR_SCHEMA: Final = Note(
    "format", "converted", "response_format json_object, and the schema in a message: the upstream takes no json_schema"
)
_SCHEMA_FOR_JSON: Final = Note(
    "format", "converted", "response_format json_schema of any object: the upstream takes no json_object"
)
_ONLY_SAID: Final = Note("format", "converted", "a sentence in a message: the upstream takes no response_format")

_ANY_OBJECT: Final = {"name": "response", "schema": {"type": "object"}, "strict": False}


def format_to_openai(
    wanted: Any, messages: list[dict[str, Any]], profile: Profile
) -> tuple[dict[str, Any] | None, list[Note]]:
    """Translate `format`; may put a sentence into `messages`.

    Args:
        wanted: Any JSON value.
        messages: Of the request; a sentence is added to them where the server needs one.
        profile: What the model accepts.

    Returns:
        The `response_format`, or None for none; and what a person should know.

    Raises:
        OllamaError: 500, a format that is none, in Ollama's words.
    """
    if wanted is None or wanted == "":
        return None, []
    if isinstance(wanted, dict):
        return _schema(wanted, messages, profile)
    if wanted != "json":
        given = json.dumps(wanted, ensure_ascii=False, separators=(",", ":"))
        raise OllamaError(f'invalid format: {quoted(given)}; expected "json" or a valid JSON Schema object')
    if "json_object" in profile.formats:
        if any(_says_json(message["content"]) for message in messages):
            return {"type": "json_object"}, [_JSON_ASKED]
        _add_sentence(messages, _JSON_SENTENCE, profile)
        return {"type": "json_object"}, [_JSON_ASKED_ALOUD]
    if "json_schema" in profile.formats:
        return {"type": "json_schema", "json_schema": _ANY_OBJECT}, [_SCHEMA_FOR_JSON]
    _add_sentence(messages, _JSON_SENTENCE, profile)
    return None, [_ONLY_SAID]


def _schema(
    schema: dict[str, Any], messages: list[dict[str, Any]], profile: Profile
) -> tuple[dict[str, Any] | None, list[Note]]:
    if "json_schema" in profile.formats:
        title = schema.get("title")
        name = legal_name(title if isinstance(title, str) else "", "response")
        strict = strict_schema(schema) if "strict" in profile.formats else None
        envelope = {"name": name, "schema": schema if strict is None else strict, "strict": strict is not None}
        note = _SCHEMA_WISHED if strict is None else _SCHEMA_ASKED
        return {"type": "json_schema", "json_schema": envelope}, [note]
    _add_sentence(messages, _SCHEMA_SENTENCE + json.dumps(schema, ensure_ascii=False), profile)
    if "json_object" in profile.formats:
        return {"type": "json_object"}, [_JSON_FOR_SCHEMA]
    return None, [_ONLY_SAID]


def _says_json(content: Any) -> bool:
    texts = [content] if isinstance(content, str) else [part.get("text", "") for part in content or []]
    return any("json" in text.lower() for text in texts)


def _add_sentence(messages: list[dict[str, Any]], sentence: str, profile: Profile) -> None:
    """Say it at the end of a leading system message: some servers allow only one, and only there."""
    if messages and messages[0]["role"] == "system":
        messages[0]["content"] = f"{messages[0]['content']}\n\n{sentence}"
    else:
        messages.insert(0, {"role": "system" if profile.system_role else "user", "content": sentence})
