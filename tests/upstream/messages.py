"""What a conversation must look like: the shape of each message, and how tool results follow their calls."""

import base64
import binascii
import re
from typing import Any

from tests.upstream.refusals import (
    Refusal,
    empty_array,
    missing,
    not_among,
    string_too_long,
    unknown,
    wrong_pattern,
    wrong_type,
)

ROLES = ("system", "assistant", "user", "function", "tool", "developer")
PARTS = ("text", "image_url", "input_audio", "refusal", "audio", "file")
MOST_CALL_ID = 40

_COMMON_KEYS = frozenset({"role", "content", "name"})
_KEYS = {
    "assistant": _COMMON_KEYS | {"tool_calls", "refusal", "audio", "function_call"},
    "tool": _COMMON_KEYS | {"tool_call_id"},
}
_NAME_PATTERN = r"^[^\s<|\\/>]+$"
_DATA_URL = re.compile(r"data:(?P<type>[^;,]*);base64,(?P<data>.*)", re.DOTALL)
_UNSUPPORTED_IMAGE = (
    "You uploaded an unsupported image. Please make sure your image has of one the following formats: "
    "['png', 'jpeg', 'gif', 'webp']."
)


def check_messages(messages: list[Any], path: str) -> None:
    """Raise a Refusal for the first message of the wrong shape."""
    if not messages:
        raise empty_array(path)
    for position, message in enumerate(messages):
        _check_message(message, f"{path}[{position}]")


def _check_message(message: Any, path: str) -> None:
    if not isinstance(message, dict):
        raise wrong_type(path, "an object", message)
    if "role" not in message:
        raise missing(f"{path}.role")
    role = message["role"]
    if role not in ROLES:
        raise not_among(f"{path}.role", str(role), ROLES)
    if "content" not in message and not (role == "assistant" and message.get("tool_calls")):
        raise missing(f"{path}.content")
    _check_content(message.get("content"), f"{path}.content")
    name = message.get("name", "x")
    if not isinstance(name, str):
        raise wrong_type(f"{path}.name", "a string", name)
    if not re.fullmatch(_NAME_PATTERN, name):
        raise wrong_pattern(f"{path}.name", _NAME_PATTERN)
    if role == "tool" and "tool_call_id" not in message:
        raise missing(f"{path}.tool_call_id")
    if role == "tool":
        _check_call_id(message["tool_call_id"], f"{path}.tool_call_id")
    if role == "assistant" and "tool_calls" in message:
        _check_calls(message["tool_calls"], f"{path}.tool_calls")


def _check_content(content: Any, path: str) -> None:
    if content is None or isinstance(content, str):
        return
    if not isinstance(content, list):
        raise wrong_type(path, "one of a string or array of objects", content)
    if not content:
        raise empty_array(path)
    for position, part in enumerate(content):
        place = f"{path}[{position}]"
        if not isinstance(part, dict):
            raise wrong_type(place, "an object", part)
        if "type" not in part:
            raise missing(f"{place}.type")
        kind = part["type"]
        if kind not in PARTS:
            raise not_among(f"{place}.type", str(kind), PARTS)
        if kind not in part:
            raise missing(f"{place}.{kind}")
        if kind == "text" and not isinstance(part["text"], str):
            raise wrong_type(f"{place}.text", "a string", part["text"])
        if kind == "image_url":
            _check_image_part(part["image_url"], f"{place}.image_url")


def _check_image_part(image: Any, path: str) -> None:
    if not isinstance(image, dict):
        raise wrong_type(path, "an object", image)
    if "url" not in image:
        raise missing(f"{path}.url")
    if not isinstance(image["url"], str):
        raise wrong_type(f"{path}.url", "a string", image["url"])
    details = ("low", "high", "auto", "original")
    if image.get("detail", "auto") not in details:
        raise not_among(f"{path}.detail", str(image["detail"]), details)


def _check_calls(calls: Any, path: str) -> None:
    if not isinstance(calls, list):
        raise wrong_type(path, "an array of objects", calls)
    if not calls:
        raise empty_array(path)
    for position, call in enumerate(calls):
        place = f"{path}[{position}]"
        if not isinstance(call, dict):
            raise wrong_type(place, "an object", call)
        for key in ("id", "type", "function"):
            if key not in call:
                raise missing(f"{place}.{key}")
        for key in call:
            if key not in {"id", "type", "function"}:
                raise unknown(f"{place}.{key}")
        _check_call_id(call["id"], f"{place}.id")
        if call["type"] != "function":
            raise not_among(f"{place}.type", str(call["type"]), ("function", "custom"))
        for key in ("name", "arguments"):
            if key not in call["function"]:
                raise missing(f"{place}.function.{key}")
            if not isinstance(call["function"][key], str):
                raise wrong_type(f"{place}.function.{key}", "a string", call["function"][key])


def _check_call_id(value: Any, path: str) -> None:
    if not isinstance(value, str):
        raise wrong_type(path, "a string", value)
    if len(value) > MOST_CALL_ID:
        raise string_too_long(path, MOST_CALL_ID, len(value))


def check_conversation(messages: list[dict[str, Any]], more_keys: frozenset[str]) -> None:
    """Raise a Refusal for the first fault that only the model's side notices.

    Args:
        messages: Messages of the right shape.
        more_keys: Members of a message that the model's family knows beside the usual ones.
    """
    for position, message in enumerate(messages):
        for key in message:
            if key not in _KEYS.get(message["role"], _COMMON_KEYS) | more_keys:
                raise unknown(f"messages[{position}].{key}")
        if message.get("content") is None and not _may_be_silent(message):
            text = "Invalid value for 'content': expected a string, got null."
            raise Refusal(text, param=f"messages.[{position}].content")
    _check_pairing(messages)
    for position, message in enumerate(messages):
        _check_images(message, position)


def _may_be_silent(message: dict[str, Any]) -> bool:
    keys = ("tool_calls", "refusal", "audio", "function_call")
    return message["role"] == "assistant" and any(message.get(key) for key in keys)


def _check_pairing(messages: list[dict[str, Any]]) -> None:
    """Each call is answered at once by one tool message, and each tool message answers such a call."""
    unanswered: list[str] = []
    answering = False
    for position, message in enumerate(messages):
        if message["role"] == "tool":
            if not answering:
                text = (
                    "Invalid parameter: messages with role 'tool' must be a response to a preceeding message "
                    "with 'tool_calls'."
                )
                raise Refusal(text, param=f"messages.[{position}].role")
            identifier = message["tool_call_id"]
            if identifier not in unanswered:
                text = (
                    f"Invalid parameter: 'tool_call_id' of '{identifier}' not found in 'tool_calls' of "
                    "previous message."
                )
                raise Refusal(text, param=f"messages.[{position}].tool_call_id")
            unanswered.remove(identifier)
            continue
        _check_all_answered(unanswered, position)
        unanswered = [call["id"] for call in message.get("tool_calls", ())]
        answering = bool(unanswered)
    _check_all_answered(unanswered, len(messages))


def _check_all_answered(unanswered: list[str], position: int) -> None:
    if unanswered:
        text = (
            "An assistant message with 'tool_calls' must be followed by tool messages responding to each "
            f"'tool_call_id'. The following tool_call_ids did not have response messages: {', '.join(unanswered)}"
        )
        raise Refusal(text, param=f"messages.[{position}].role")


def _check_images(message: dict[str, Any], position: int) -> None:
    content = message.get("content")
    for part in content if isinstance(content, list) else []:
        if part["type"] != "image_url":
            continue
        if message["role"] != "user":
            text = (
                f"Invalid 'messages[{position}]'. Image URLs are only allowed for messages with role 'user', "
                f"but this message with role '{message['role']}' contains an image URL."
            )
            raise Refusal(text, param=f"messages[{position}]", code="invalid_value")
        describe_image(part["image_url"]["url"])


def describe_image(url: str) -> str:
    """What can be seen of an image without looking at it: `image/png, 68 bytes`, or its address.

    Raises:
        Refusal: The URL is neither https nor a data URL with an image of a known kind.
    """
    if url.startswith(("https://", "http://")):
        return url
    inline = _DATA_URL.fullmatch(url)
    if not inline:
        raise Refusal(f"Invalid image URL: {url[:80]!r}.", code="invalid_image_url")
    try:
        data = base64.b64decode(inline["data"], validate=True)
    except binascii.Error:
        data = b""
    kind = _image_kind(data)
    if not kind:
        raise Refusal(_UNSUPPORTED_IMAGE, code="invalid_image_format")
    return f"image/{kind}, {len(data)} bytes"


def _image_kind(data: bytes) -> str | None:
    """The kind that the bytes show: the type that a data URL claims is not believed."""
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "webp"
    for kind, start in (("png", b"\x89PNG\r\n\x1a\n"), ("jpeg", b"\xff\xd8\xff"), ("gif", b"GIF8")):
        if data.startswith(start):
            return kind
    return None
