"""A client's request as people read it: who said what, and what else it asks for."""

import json
from collections.abc import Iterator
from typing import Any, Final

LONGEST_TEXT: Final = 200
"""Characters of a text within JSON that are shown; a message is shown whole."""
LONGEST_LIST: Final = 8
"""Items of a list within JSON that are shown."""

_SAID: Final = frozenset(
    {"model", "messages", "input", "prompt", "system", "instructions", "suffix", "images", "stream"}
)
"""Members of a request that are no mere settings."""


def transcript(body: Any) -> Iterator[str]:
    """The conversation of a request, a line each for whoever speaks; texts may have several lines.

    Args:
        body: The JSON value of a request of any of the protocols.
    """
    if not isinstance(body, dict):
        return
    for name in ("system", "instructions"):
        if body.get(name):
            yield f"system: {_content(body[name])}"
    for name in ("messages", "input"):
        said = body.get(name)
        if isinstance(said, list):
            yield from map(_message, said)
        elif said:
            yield f"user: {_content(said)}"
    if body.get("prompt"):
        yield f"user: {_content(body['prompt'])}{_images(body)}"
    if body.get("suffix"):
        yield f"suffix: {body['suffix']}"


def settings(body: Any) -> dict[str, Any]:
    """What a request says besides model and conversation, shortened."""
    return {key: shortened(value) for key, value in body.items() if key not in _SAID} if isinstance(body, dict) else {}


def shortened(value: Any) -> Any:
    """A JSON value with long texts and lists cut, and how much was left out."""
    match value:
        case str() if len(value) > LONGEST_TEXT:
            return f"{value[:LONGEST_TEXT]}… ({len(value):,} characters)"
        case dict():
            return {key: shortened(member) for key, member in value.items()}
        case list():
            more = len(value) - LONGEST_LIST
            return [*map(shortened, value[:LONGEST_LIST]), *([f"… and {more:,} more"] if more > 0 else [])]
        case _:
            return value


def call_text(call: Any) -> str:
    """A tool call, of either protocol, as `name(arguments)`."""
    function = call.get("function") if isinstance(call, dict) else None
    if not isinstance(function, dict):
        return json.dumps(call, ensure_ascii=False)
    arguments = function.get("arguments")
    told = arguments if isinstance(arguments, str) else json.dumps(arguments, ensure_ascii=False)
    return f"{function.get('name')}({told})"


def _message(message: Any) -> str:
    """A message, or an item of `/v1/responses`."""
    if not isinstance(message, dict):
        return f"user: {_content(message)}"
    who = message.get("role") or message.get("type") or "?"
    name = message.get("tool_name") or message.get("name") or message.get("tool_call_id") or message.get("call_id")
    thinking = next((message[key] for key in ("thinking", "reasoning_content", "reasoning") if message.get(key)), None)
    parts = [
        f"(thinking: {_content(thinking)})" if thinking else "",
        *(_content(message[key]) for key in ("content", "output", "arguments", "summary") if message.get(key)),
        *map(call_text, _listed(message.get("tool_calls"))),
    ]
    return f"{who}{f' {name}' if name else ''}: {' '.join(filter(None, parts))}{_images(message)}"


def _content(content: Any) -> str:
    """A text, or the parts of one; what is no text is told by its type and length."""
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        return " ".join(map(_content, content))
    if isinstance(content, dict):
        text = content.get("text") or content.get("thinking")
        if text:
            return _content(text)
        return f"[{content.get('type', 'part')}, {len(json.dumps(content, ensure_ascii=False)):,} characters]"
    return json.dumps(content)


def _images(holder: dict[str, Any]) -> str:
    return "".join(f" [image, {len(str(image)):,} characters]" for image in _listed(holder.get("images")))


def _listed(value: Any) -> list[Any]:
    """A list, also of what should be one: clients send anything, and upstreams may take it."""
    return value if isinstance(value, list) else [value] if value else []
