"""Words: what a message says, what counts as a token, what a prompt asks a tool for."""

import re
from collections.abc import Iterable
from typing import Any

_TOKEN = re.compile(r"\s*\S+")
_TEXTS = ("text", "input_text", "output_text")
_MARKER = re.compile(r"\s*\[\[[^\]]*\]\]")


def tokens_of(text: str) -> tuple[str, ...]:
    """Cut a text into tokens: each word with the space before it. They join to the text again."""
    found = _TOKEN.findall(text)
    rest = text[sum(map(len, found)) :]
    return (*found, rest) if rest else tuple(found)


def content_text(content: Any) -> str:
    """The text of a message's content, be it a string, parts or null."""
    if isinstance(content, list):
        return "\n".join(part["text"] for part in content if isinstance(part, dict) and part.get("type") in _TEXTS)
    return content if isinstance(content, str) else ""


def last_user_text(messages: Iterable[Any]) -> str:
    """What the user said last; empty when the user said nothing."""
    texts = [
        content_text(each.get("content")) for each in messages if isinstance(each, dict) and each.get("role") == "user"
    ]
    return texts[-1] if texts else ""


def without_markers(text: str) -> str:
    """A text without its `[[fault:...]]` and `[[gate:...]]`."""
    return _MARKER.sub("", text).strip()


def count_prompt(messages: Iterable[dict[str, Any]]) -> int:
    """The prompt's tokens, counted in words."""
    return sum(len(tokens_of(content_text(message.get("content")))) for message in messages)
