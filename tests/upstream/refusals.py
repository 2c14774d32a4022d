"""How OpenAI says no: one exception, and the sentences that recur.

The sentences are OpenAI's own, quoted from recorded answers and from reports of live ones (2025 and 2026).
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any


class Refusal(Exception):
    """An error answer in OpenAI's form.

    Attributes:
        status: The HTTP status.
        headers: Extra response headers, such as Retry-After.
        body: `{"error": {"message", "type", "param", "code"}}`, always all four keys.
    """

    def __init__(
        self,
        message: str,
        *,
        param: str | None = None,
        code: str | None = None,
        status: int = 400,
        kind: str = "invalid_request_error",
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.headers = dict(headers or {})
        self.body = {"error": {"message": message, "type": kind, "param": param, "code": code}}


def listing(values: Sequence[str], word: str) -> str:
    """Write values as OpenAI lists them: `'a', 'b', and 'c'`."""
    quoted = [f"'{value}'" for value in values]
    if len(quoted) <= 2:
        return f" {word} ".join(quoted)
    return f"{', '.join(quoted[:-1])}, {word} {quoted[-1]}"


def type_name(value: Any) -> str:
    """Name a JSON value's type as OpenAI does."""
    match value:
        case None:
            return "null"
        case bool():
            return "a boolean"
        case int():
            return "an integer"
        case float():
            return "a decimal number"
        case str():
            return "a string"
        case list():
            return "an array"
        case _:
            return "an object"


def wrong_type(path: str, wanted: str, value: Any) -> Refusal:
    """The refusal of a value of the wrong JSON type."""
    message = f"Invalid type for '{path}': expected {wanted}, but got {type_name(value)} instead."
    return Refusal(message, param=path, code="invalid_type")


def missing(path: str) -> Refusal:
    """The refusal of an object that lacks a required member."""
    return Refusal(f"Missing required parameter: '{path}'.", param=path, code="missing_required_parameter")


def unknown(path: str) -> Refusal:
    """The refusal of a member that nobody knows."""
    return Refusal(f"Unknown parameter: '{path}'.", param=path, code="unknown_parameter")


def not_among(path: str, value: str, choices: Sequence[str]) -> Refusal:
    """The refusal of a string outside an enumeration."""
    message = f"Invalid value: '{value}'. Supported values are: {listing(choices, 'and')}."
    return Refusal(message, param=path, code="invalid_value")


def empty_array(path: str) -> Refusal:
    """The refusal of an array that needs an element."""
    message = f"Invalid '{path}': empty array. Expected an array with minimum length 1, but got an empty array instead."
    return Refusal(message, param=path, code="empty_array")


def array_too_long(path: str, most: int, length: int) -> Refusal:
    """The refusal of an array with too many elements."""
    message = (
        f"Invalid '{path}': array too long. "
        f"Expected an array with maximum length {most}, but got an array with length {length} instead."
    )
    return Refusal(message, param=path, code="array_above_max_length")


def string_too_long(path: str, most: int, length: int) -> Refusal:
    """The refusal of a string with too many characters."""
    message = (
        f"Invalid '{path}': string too long. "
        f"Expected a string with maximum length {most}, but got a string with length {length} instead."
    )
    return Refusal(message, param=path, code="string_above_max_length")


def wrong_pattern(path: str, pattern: str) -> Refusal:
    """The refusal of a string that does not match its pattern."""
    message = (
        f"Invalid '{path}': string does not match pattern. Expected a string that matches the pattern '{pattern}'."
    )
    return Refusal(message, param=path, code="invalid_value")


def out_of_range(path: str, value: float, *, word: str, minimum: float | None, maximum: float | None) -> Refusal | None:
    """The refusal of a number below or above its bounds, or None when it is within them.

    Args:
        path: The parameter.
        value: The number that was sent.
        word: `integer` or `decimal`.
        minimum: The smallest number allowed, if there is one.
        maximum: The largest number allowed, if there is one.
    """
    if minimum is not None and value < minimum:
        code, text, comparison, bound = "below_min", "below minimum", ">=", minimum
    elif maximum is not None and value > maximum:
        code, text, comparison, bound = "above_max", "above maximum", "<=", maximum
    else:
        return None
    message = (
        f"Invalid '{path}': {word} {text} value. "
        f"Expected a value {comparison} {json.dumps(bound)}, but got {json.dumps(value)} instead."
    )
    return Refusal(message, param=path, code=f"{word}_{code}_value")


def schema_refusal(path: str) -> Refusal:
    """The refusal of a `json_schema` by a model that knows only JSON mode."""
    message = (
        "Invalid parameter: 'response_format' of type 'json_schema' is not supported with this model. Learn more about "
        "supported models at the Structured Outputs guide: https://platform.openai.com/docs/guides/structured-outputs"
    )
    return Refusal(message, param=path)


def image_refusal(path: str) -> Refusal:
    """The refusal of an image by a model that cannot see."""
    return Refusal("Invalid content type. image_url is only supported by certain models.", param=path)


def unsupported_parameter(name: str, advice: str = "") -> Refusal:
    """The refusal of a parameter that the model's family does not take, whatever its value."""
    message = f"Unsupported parameter: '{name}' is not supported with this model.{advice}"
    return Refusal(message, param=name, code="unsupported_parameter")


def unsupported_value(path: str, value: Any, advice: str) -> Refusal:
    """The refusal of a value that the model's family does not take."""
    shown = f"'{value}'" if isinstance(value, str) else str(value)
    message = f"Unsupported value: '{path}' does not support {shown} with this model. {advice}"
    return Refusal(message, param=path, code="unsupported_value")
