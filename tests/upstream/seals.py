"""Texts that only this server can have written: encrypted reasoning and thought signatures, sent back by clients."""

import hashlib

_START = "gAAAAAB"
_TAG = 16


def seal(text: str) -> str:
    """A text that `is_sealed` knows again."""
    return f"{_START}{_tag(text)}{text}"


def is_sealed(value: object) -> bool:
    """Whether this server wrote it; a changed or an invented text is not."""
    if not isinstance(value, str) or not value.startswith(_START):
        return False
    sealed = value.removeprefix(_START)
    return sealed[:_TAG] == _tag(sealed[_TAG:])


def _tag(text: str) -> str:
    return hashlib.sha256(f"sealed by the test upstream: {text}".encode()).hexdigest()[:_TAG]
