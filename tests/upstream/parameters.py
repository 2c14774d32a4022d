"""The top-level parameters of each endpoint: their types, bounds and values, as tables.

The order of the chat table is the order in which OpenAI complains, which is not alphabetical: it was derived from pairs
of faults sent to gpt-5.6-terra (August 2026).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tests.upstream.messages import check_messages
from tests.upstream.refusals import (
    Refusal,
    array_too_long,
    empty_array,
    listing,
    not_among,
    out_of_range,
    unknown,
    wrong_type,
)
from tests.upstream.tools import check_response_format, check_tool_choice, check_tools

type Check = Callable[[Any, str], None]


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_integer(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


# What OpenAI calls a type -> whether a value is of it.
_TYPES: Mapping[str, Callable[[Any], bool]] = {
    "an integer": _is_integer,
    "a decimal": _is_number,
    "a boolean": lambda value: isinstance(value, bool),
    "a string": lambda value: isinstance(value, str),
    "an object": lambda value: isinstance(value, dict),
    "an array of objects": lambda value: isinstance(value, list),
    "one of a string or array of strings": lambda value: isinstance(value, str | list),
    "an array of strings": lambda value: isinstance(value, list),
    "one of an array of objects or string": lambda value: isinstance(value, str | list),
    "one of 'none', 'auto', or 'required' or object": lambda value: isinstance(value, str | dict),
}


@dataclass(frozen=True, slots=True)
class Parameter:
    """One top-level parameter.

    Attributes:
        wanted: Its type, in OpenAI's words: a key of `_TYPES`; for an enumeration the empty string.
        minimum: The smallest number.
        maximum: The largest number.
        choices: The strings of an enumeration.
        nullable: Null counts as not sent (the public specification says which).
        check: Whatever else is to be said of a value of the right type.
    """

    wanted: str = ""
    minimum: int | None = None
    maximum: int | None = None
    choices: tuple[str, ...] = ()
    nullable: bool = True
    check: Check | None = None

    def examine(self, path: str, value: Any) -> None:
        """Raise a Refusal when a value has the wrong type, is out of bounds or is not one of the choices."""
        if value is None and self.nullable:
            return
        if self.choices:
            if not isinstance(value, str):
                raise wrong_type(path, f"one of {listing(self.choices, 'or')}", value)
            if value not in self.choices:
                raise not_among(path, value, self.choices)
            return
        if self.wanted and not _TYPES[self.wanted](value):
            raise wrong_type(path, self.wanted, value)
        self.bound(path, value)
        if self.check:
            self.check(value, path)

    def bound(self, path: str, value: Any) -> None:
        """Raise a Refusal when a number is out of bounds."""
        if self.minimum is None and self.maximum is None:
            return
        word = "integer" if self.wanted == "an integer" else "decimal"
        refusal = out_of_range(path, value, word=word, minimum=self.minimum, maximum=self.maximum)
        if refusal:
            raise refusal


def _check_stop(value: Any, path: str) -> None:
    if not isinstance(value, list):
        return
    if not value:
        raise empty_array(path)
    if len(value) > 4:
        raise array_too_long(path, 4, len(value))
    for position, text in enumerate(value):
        if not isinstance(text, str):
            raise wrong_type(f"{path}[{position}]", "a string", text)


def _check_stream_options(value: Any, path: str) -> None:
    for key, option in value.items():
        if key not in {"include_usage", "include_obfuscation"}:
            raise unknown(f"{path}.{key}")
        if not isinstance(option, bool):
            raise wrong_type(f"{path}.{key}", "a boolean", option)


def check_metadata(value: Any, path: str) -> None:
    """Raise a Refusal when a value is no string."""
    for key, text in value.items():
        if not isinstance(text, str):
            raise wrong_type(f"{path}.{key}", "a string", text)


def _check_embedding_dimensions(value: Any, path: str) -> None:
    # This endpoint's older validator: it names no param, and writes the name last.
    if value < 1:
        raise Refusal(f"{value} is less than the minimum of 1 - '{path}'")


_STRING = Parameter("a string", nullable=False)
_BOOLEAN = Parameter("a boolean")
_INTEGER = Parameter("an integer")
_PENALTY = Parameter("a decimal", minimum=-2, maximum=2)
_STOP = Parameter("one of a string or array of strings", check=_check_stop)
_STREAM_OPTIONS = Parameter("an object", check=_check_stream_options)

# Bounds of temperature and top_p are looked at last, together with what the family takes: see `strict.py`.
TEMPERATURE = Parameter("a decimal", minimum=0, maximum=2)
TOP_P = Parameter("a decimal", minimum=0, maximum=1)

CHAT: Mapping[str, Parameter] = {
    "model": _STRING,
    "messages": Parameter("an array of objects", nullable=False, check=check_messages),
    "functions": Parameter("an array of objects", nullable=False),
    "function_call": Parameter(nullable=False),
    "tools": Parameter("an array of objects", nullable=False, check=check_tools),
    "tool_choice": Parameter("one of 'none', 'auto', or 'required' or object", nullable=False, check=check_tool_choice),
    "parallel_tool_calls": Parameter("a boolean", nullable=False),
    "max_completion_tokens": Parameter("an integer", minimum=1),
    # 128 in the specification, 8 in live answers
    "n": Parameter("an integer", minimum=1, maximum=8),
    "temperature": Parameter("a decimal"),
    "top_p": Parameter("a decimal"),
    "presence_penalty": _PENALTY,
    "frequency_penalty": _PENALTY,
    "logprobs": _BOOLEAN,
    "top_logprobs": Parameter("an integer", minimum=0),
    "user": _STRING,
    "seed": _INTEGER,
    "safety_identifier": _STRING,
    "prompt_cache_key": _STRING,
    "response_format": Parameter("an object", nullable=False, check=check_response_format),
    "service_tier": Parameter(choices=("auto", "default", "fast", "flex", "priority")),
    "max_tokens": Parameter("an integer", minimum=1),
    # any type: a wrong one is answered like a wrong value, see `strict.py`
    "reasoning_effort": Parameter(),
    "logit_bias": Parameter("an object"),
    "stop": _STOP,
    "stream": _BOOLEAN,
    "stream_options": _STREAM_OPTIONS,
    "store": _BOOLEAN,
    "metadata": Parameter("an object", check=check_metadata),
    "prediction": Parameter("an object"),
    "verbosity": Parameter(choices=("low", "medium", "high")),
}

COMPLETIONS: Mapping[str, Parameter] = {
    "model": _STRING,
    "prompt": Parameter("one of a string or array of strings"),
    "suffix": Parameter("a string"),
    # at least 0 here, where chat says 1 (recorded)
    "max_tokens": Parameter("an integer", minimum=0),
    "temperature": TEMPERATURE,
    "top_p": TOP_P,
    "n": Parameter("an integer", minimum=1, maximum=128),
    "logprobs": Parameter("an integer", minimum=0, maximum=5),
    "echo": _BOOLEAN,
    "best_of": Parameter("an integer", minimum=1, maximum=20),
    "presence_penalty": _PENALTY,
    "frequency_penalty": _PENALTY,
    "logit_bias": Parameter("an object"),
    "stop": _STOP,
    "stream": _BOOLEAN,
    "stream_options": _STREAM_OPTIONS,
    "seed": _INTEGER,
    "user": _STRING,
}

EMBEDDINGS: Mapping[str, Parameter] = {
    "model": _STRING,
    # many shapes, all answered with one sentence: see `embeddings.py`
    "input": Parameter(nullable=False),
    "dimensions": Parameter("an integer", nullable=False, check=_check_embedding_dimensions),
    "encoding_format": Parameter(choices=("float", "base64"), nullable=False),
    "user": _STRING,
}
