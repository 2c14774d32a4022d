"""The input of the Responses API: the shape of each item, what belongs together, and what it says as Chat messages."""

import re
from collections.abc import Mapping
from typing import Any

from tests.upstream.refusals import Refusal, missing, not_among, string_too_long, unknown, wrong_type
from tests.upstream.seals import is_sealed

type Item = dict[str, Any]

ROLES = ("assistant", "system", "developer", "user")
MOST_CALL_ID = 64

# type -> (its members, those that must be there, how its id begins)
_ITEMS: Mapping[str, tuple[frozenset[str], tuple[str, ...], str]] = {
    "message": (frozenset({"type", "id", "role", "content", "status", "phase"}), ("role", "content"), "msg"),
    "function_call": (
        frozenset({"type", "id", "call_id", "name", "arguments", "status"}),
        ("call_id", "name", "arguments"),
        "fc",
    ),
    "function_call_output": (frozenset({"type", "id", "call_id", "output", "status"}), ("call_id", "output"), "fc"),
    "reasoning": (
        frozenset({"type", "id", "summary", "content", "encrypted_content", "status"}),
        ("id", "summary"),
        "rs",
    ),
}
_STRINGS = ("call_id", "name", "arguments", "encrypted_content")

# part -> its member that must be a string
_INPUT_PARTS = {"input_text": "text", "input_image": "image_url"}
_OUTPUT_PARTS = {"output_text": "text", "refusal": "refusal"}

_SCHEME = re.compile(r"https?://|data:")


def check_input(value: Any, path: str) -> None:
    """Raise a Refusal for the first item of the wrong shape."""
    for position, item in enumerate(value if isinstance(value, list) else []):
        _check_item(item, f"{path}[{position}]")


def _check_item(item: Any, path: str) -> None:
    if not isinstance(item, dict):
        raise wrong_type(path, "an object", item)
    kind = kind_of(item)
    if kind not in _ITEMS:
        raise not_among(f"{path}.type", str(kind), tuple(_ITEMS))
    members, needed, prefix = _ITEMS[kind]
    for key in item:
        if key not in members:
            raise unknown(f"{path}.{key}")
    for key in needed:
        if key not in item:
            raise missing(f"{path}.{key}")
    for key in _STRINGS:
        if item.get(key) is not None and not isinstance(item[key], str):
            raise wrong_type(f"{path}.{key}", "a string", item[key])
    if item.get("id") is not None and not str(item["id"]).startswith(prefix):
        text = f"Invalid '{path}.id': '{item['id']}'. Expected an ID that begins with '{prefix}'."
        raise Refusal(text, param=f"{path}.id", code="invalid_value")
    if len(item.get("call_id", "")) > MOST_CALL_ID:
        raise string_too_long(f"{path}.call_id", MOST_CALL_ID, len(item["call_id"]))
    if kind == "message":
        _check_message(item, path)
    if kind == "function_call_output":
        _check_content(item["output"], f"{path}.output", _INPUT_PARTS)


def _check_message(item: Item, path: str) -> None:
    if item["role"] not in ROLES:
        raise not_among(f"{path}.role", str(item["role"]), ROLES)
    parts = _OUTPUT_PARTS if item["role"] == "assistant" else _INPUT_PARTS
    _check_content(item["content"], f"{path}.content", parts)


def _check_content(content: Any, path: str, parts: Mapping[str, str]) -> None:
    if isinstance(content, str):
        return
    if not isinstance(content, list):
        raise wrong_type(path, "one of an array of objects or string", content)
    for position, part in enumerate(content):
        place = f"{path}[{position}]"
        if not isinstance(part, dict):
            raise wrong_type(place, "an object", part)
        if "type" not in part:
            raise missing(f"{place}.type")
        if part["type"] not in parts:
            raise not_among(f"{place}.type", str(part["type"]), tuple(parts))
        member = parts[part["type"]]
        if member not in part:
            raise missing(f"{place}.{member}")
        value = part[member]
        wanted = "an image URL" if member == "image_url" else "a string"
        if not isinstance(value, str) or (member == "image_url" and not _SCHEME.match(value)):
            raise wrong_type(f"{place}.{member}", wanted, value)


def kind_of(item: Item) -> Any:
    """An item's type: a message needs none."""
    return item.get("type", "message" if "role" in item else None)


def check_belonging(items: list[Item]) -> None:
    """Raise a Refusal for a call without its result, a result without its call, or reasoning that cannot be used.

    Args:
        items: Items of the right shape.
    """
    for position, item in enumerate(items):
        kind, later, earlier = kind_of(item), items[position + 1 :], items[:position]
        if kind == "function_call" and not _answers(later, "function_call_output", item["call_id"]):
            raise Refusal(f"No tool output found for function call {item['call_id']}.", param="input")
        if kind == "function_call_output" and not _answers(earlier, "function_call", item["call_id"]):
            text = f"No tool call found for function call output with call_id {item['call_id']}."
            raise Refusal(text, param="input")
        if kind == "reasoning":
            _check_reasoning(item, later)


def _answers(items: list[Item], kind: str, call_id: str) -> bool:
    return any(kind_of(item) == kind and item["call_id"] == call_id for item in items)


def _check_reasoning(item: Item, later: list[Item]) -> None:
    sealed = item.get("encrypted_content")
    if sealed is None:
        text = (
            f"Item with id '{item['id']}' not found. Items are not persisted when `store` is set to false. "
            "Try again with `store` set to true, or remove this item from your input."
        )
        raise Refusal(text, param="input", status=404)
    if not is_sealed(sealed):
        text = (
            f"The encrypted content {sealed[:4]}...{sealed[-4:]} could not be verified. "
            "Reason: Encrypted content could not be decrypted or parsed."
        )
        raise Refusal(text, code="invalid_encrypted_content")
    following = later[0] if later else {}
    if kind_of(following) not in {"reasoning", "function_call"} and following.get("role") != "assistant":
        text = f"Item '{item['id']}' of type 'reasoning' was provided without its required following item."
        raise Refusal(text, param="input")


def items_of(value: str | list[Item]) -> list[Item]:
    """The items of an input: a string is a message of the user's."""
    return [{"role": "user", "content": value}] if isinstance(value, str) else value


def chat_messages(items: list[Item]) -> list[dict[str, Any]]:
    """What items say, as Chat messages: calls that follow each other are one message's; reasoning is left out."""
    messages: list[dict[str, Any]] = []
    before = None
    for item in items:
        kind = kind_of(item)
        if kind == "message":
            messages.append({"role": item["role"], "content": _chat_content(item["content"])})
        elif kind == "function_call_output":
            messages.append({"role": "tool", "tool_call_id": item["call_id"], "content": _chat_content(item["output"])})
        elif kind == "function_call":
            if before != "function_call":
                messages.append({"role": "assistant", "content": None, "tool_calls": []})
            function = {"name": item["name"], "arguments": item["arguments"]}
            messages[-1]["tool_calls"].append({"id": item["call_id"], "type": "function", "function": function})
        before = kind
    return messages


def _chat_content(content: str | list[dict[str, Any]]) -> str | list[dict[str, Any]]:
    return content if isinstance(content, str) else [_chat_part(part) for part in content]


def _chat_part(part: dict[str, Any]) -> dict[str, Any]:
    if part["type"] == "input_image":
        return {"type": "image_url", "image_url": {"url": part["image_url"]}}
    return {"type": "text", "text": part["refusal" if part["type"] == "refusal" else "text"]}
