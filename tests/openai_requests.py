"""Parts of requests to an OpenAI-like server."""

from typing import Any

USER = [{"role": "user", "content": "hi"}]
CALL = {"id": "call_1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
ASSISTANT = {"role": "assistant", "content": None, "tool_calls": [CALL]}
RESULT = {"role": "tool", "tool_call_id": "call_1", "content": "ok"}
EMPTY_OBJECT = {"type": "object", "properties": {}}
CLOSED = {"additionalProperties": False, "type": "object"}
TOOL = {"type": "function", "function": {"name": "f", "parameters": EMPTY_OBJECT}}


def tool(**function: Any) -> dict[str, Any]:
    return {"tools": [{"type": "function", "function": function}]}


def image(url: Any, role: str = "user") -> dict[str, Any]:
    return {"messages": [{"role": role, "content": [{"type": "image_url", "image_url": {"url": url}}]}]}


def strict_format(schema: Any) -> dict[str, Any]:
    return {"response_format": {"type": "json_schema", "json_schema": {"name": "x", "schema": schema, "strict": True}}}
