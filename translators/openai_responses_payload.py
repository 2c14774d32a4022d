"""A Chat Completions request as one to the Responses API.

Both say the same in other words: messages are items, tools are flat, tool calls and their results are items of their
own. Nothing is kept at the upstream (`store: false`), so a conversation that goes on brings its reasoning along,
encrypted by the upstream (`openai_tool_turns.py`). What a model accepts here was decided before, by `Profile.on`.
"""

from collections.abc import Mapping
from typing import Any, Final

from translators.openai_tool_turns import ToolTurn

ENCRYPTED_REASONING: Final = "reasoning.encrypted_content"
LOGPROBS: Final = "message.output_text.logprobs"

_SAME: Final = ("temperature", "top_p", "max_output_tokens", "stream")
"""Fields that both APIs have, or that were chosen for this one already."""


def chat_payload_to_responses(
    payload: Mapping[str, Any], turns: Mapping[int, ToolTurn], *, reasons: bool, shows_reasoning: bool
) -> dict[str, Any]:
    """Translate a payload.

    Args:
        payload: Of Chat Completions, made with `Profile.on("responses")`.
        turns: What the upstream said itself, by the index of the message that says it again.
        reasons: Whether the model may reason: then the reasoning is wanted, to be sent back.
        shows_reasoning: Whether a summary of it is wanted too.
    """
    answer_logprobs = bool(payload.get("logprobs"))
    include = [*([ENCRYPTED_REASONING] if reasons else []), *([LOGPROBS] if answer_logprobs else [])]
    reasoning = {
        **({"effort": payload["reasoning_effort"]} if "reasoning_effort" in payload else {}),
        **({"summary": "auto"} if reasons and shows_reasoning else {}),
    }
    text_format = _text_format(payload.get("response_format"))
    return {
        "model": payload["model"],
        "input": _items(payload["messages"], turns),
        **({"tools": [_tool(tool) for tool in payload["tools"]]} if "tools" in payload else {}),
        **({"text": {"format": text_format}} if text_format else {}),
        **({"reasoning": reasoning} if reasoning else {}),
        **{field: payload[field] for field in _SAME if field in payload},
        **({"top_logprobs": payload["top_logprobs"]} if answer_logprobs else {}),
        "store": False,
        **({"include": include} if include else {}),
    }


def _items(messages: list[dict[str, Any]], turns: Mapping[int, ToolTurn]) -> list[dict[str, Any]]:
    """The messages as items; before those of a turn that is known stands its reasoning, and its calls have its ids."""
    items: list[dict[str, Any]] = []
    own_ids: dict[str, str] = {}
    for index, message in enumerate(messages):
        if message["role"] == "tool":
            call_id = message["tool_call_id"]
            output = {"call_id": own_ids.get(call_id, call_id), "output": message["content"]}
            items.append({"type": "function_call_output", **output})
            continue
        calls = message.get("tool_calls", ())
        if turn := turns.get(index):
            items += turn.items
            own_ids |= {call["id"]: own.id or call["id"] for call, own in zip(calls, turn.calls, strict=True)}
        if message.get("content") or not calls:
            items.append({"role": message["role"], "content": _content(message.get("content"))})
        for call in calls:
            call_id = own_ids.get(call["id"], call["id"])
            items.append({"type": "function_call", "call_id": call_id, **call["function"]})
    return items


def _content(content: Any) -> Any:
    return [_part(part) for part in content] if isinstance(content, list) else content or ""


def _part(part: dict[str, Any]) -> dict[str, Any]:
    if part["type"] == "text":
        return {"type": "input_text", "text": part["text"]}
    if part["type"] == "image_url":
        return {"type": "input_image", "detail": "auto", "image_url": part["image_url"]["url"]}
    return part  # audio, which the API may refuse in its own words


def _tool(tool: dict[str, Any]) -> dict[str, Any]:
    """A flat function tool; it is strict here when nothing is said, and few schemas of Ollama's clients bear that."""
    return {"type": "function", "strict": False, **tool["function"]}


def _text_format(response_format: dict[str, Any] | None) -> dict[str, Any] | None:
    if response_format is None:
        return None
    if response_format["type"] == "json_schema":
        return {"type": "json_schema", **response_format["json_schema"]}
    return response_format
