"""Answers that called tools, and the messages by which clients of Ollama's protocol say them again."""

import json
from typing import Any

from translators.events import ToolCall
from translators.ollama_requests import chat_request
from translators.openai_chat_payload import chat_request_to_openai
from translators.openai_tool_turns import ToolTurn
from translators.profiles import DEFAULT

type Json = dict[str, Any]

HI: Json = {"role": "user", "content": "Hi"}
OSLO: Json = {"city": "Oslo", "days": {"from": 1, "to": 3}}
ROME: Json = {"city": "Rome"}


def payload(*messages: Json) -> list[Json]:
    """The messages of a Chat Completions request for a conversation of Ollama's."""
    request = chat_request(json.dumps({"model": "m", "messages": messages}).encode())
    sent: list[Json] = chat_request_to_openai(request, "m", DEFAULT).payload["messages"]
    return sent


def turn(*calls: tuple[str, str, Json], **more: Any) -> ToolTurn:
    """An answer with calls of (id, name, arguments)."""
    return ToolTurn(tuple(ToolCall(place, *one) for place, one in enumerate(calls)), **more)


def said_again(*calls: tuple[str, str, Json], content: str = "") -> Json:
    """The message by which a client says an answer again; empty ids are left out."""
    return {
        "role": "assistant",
        "content": content,
        "tool_calls": [
            {**({"id": call_id} if call_id else {}), "function": {"name": name, "arguments": arguments}}
            for call_id, name, arguments in calls
        ],
    }
