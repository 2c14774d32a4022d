"""Request fields that Ollama decodes itself, with its own checks and texts (its `api/types.go`)."""

import base64
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, FailFast, PlainValidator

from translators.durations import LONGEST, NANOSECONDS, parse_duration
from translators.go_base64 import checked_base64
from translators.go_quote import quoted
from translators.go_struct import GoType, go_error

FOREVER = -1
"""The `keep_alive` of a model that is never unloaded."""

type Think = bool | Literal["low", "medium", "high", "max"]

_THINK_CHOICES = '"high", "medium", "low", "max", true, or false'
_THINK_LEVELS = frozenset({"low", "medium", "high", "max"})


def _think(value: Any) -> Any:
    if isinstance(value, bool):
        return value
    if not isinstance(value, str):
        raise go_error(f"think must be a boolean or string ({_THINK_CHOICES})")
    if value not in _THINK_LEVELS:
        raise go_error(f"invalid think value: {quoted(value)} (must be {_THINK_CHOICES})")
    return value


_KEEP_ALIVE_REFUSED = {bool: "bool", list: "[]interface {}", dict: "map[string]interface {}"}


def _keep_alive(value: Any) -> int:
    if type(value) in _KEEP_ALIVE_REFUSED:
        raise go_error(f"Unsupported type: '{_KEEP_ALIVE_REFUSED[type(value)]}'")
    if not isinstance(value, str):
        return FOREVER if value < 0 else int(min(float(value) * NANOSECONDS, LONGEST))
    try:
        duration = parse_duration(value)
    except ValueError as error:
        raise go_error(str(error)) from error
    return FOREVER if duration < 0 else duration


def _image(value: Any) -> Any:
    if value is None:
        return ""
    if isinstance(value, list):
        # To Go an image is a list of bytes, which may also be written as an array of numbers.
        numbers = [0 if item is None else item for item in value]
        if all(type(item) is int and item in range(256) for item in numbers):
            return base64.b64encode(bytes(numbers)).decode()
    return checked_base64(value) if isinstance(value, str) else value


def _ordered_object(value: Any) -> Any:
    if not isinstance(value, dict | tuple):  # as pydantic has an object, or as go_decode
        # The only complaint of the parser that Ollama uses where it keeps the order of keys.
        raise go_error("Value looks like object, but can't find closing '}' symbol")
    return value


KeepAlive = Annotated[int | None, PlainValidator(_keep_alive), GoType(own_decoder=True, decoded_as=Any)]
"""Nanoseconds, or `FOREVER`."""

OptionalThink = Annotated[Think | None, PlainValidator(_think), GoType(own_decoder=True)]

RawMessage = Annotated[Any, GoType("json.RawMessage")]
"""Any value; Ollama keeps it as it was sent, and checks it later."""

Images = Annotated[list[Annotated[str, BeforeValidator(_image), GoType("api.ImageData", decoded_as=bytes)]], FailFast()]
"""Standard base64 without line breaks."""

IsObject = BeforeValidator(_ordered_object)
"""For a dict whose keys stay in their order; goes with `GoType(own_decoder=True)`."""
