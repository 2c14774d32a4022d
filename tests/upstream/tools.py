"""What a request may say about tools and about the form of the answer."""

import re
from typing import Any

from tests.upstream.refusals import (
    Refusal,
    array_too_long,
    empty_array,
    missing,
    not_among,
    string_too_long,
    unknown,
    wrong_pattern,
    wrong_type,
)
from tests.upstream.schemas import complaint

MOST_TOOLS = 128
MOST_NAME = 64
NAME_PATTERN = "^[a-zA-Z0-9_-]+$"

_NAME = re.compile(NAME_PATTERN)
_FUNCTION_KEYS = {"name", "description", "parameters", "strict"}


def check_name(name: Any, path: str) -> None:
    """Raise a Refusal when a tool's or a response format's name is not one."""
    if not isinstance(name, str):
        raise wrong_type(path, "a string", name)
    if not name:
        message = (
            f"Invalid '{path}': empty string. Expected a string with minimum length 1, but got an empty string instead."
        )
        raise Refusal(message, param=path, code="empty_string")
    if len(name) > MOST_NAME:
        raise string_too_long(path, MOST_NAME, len(name))
    if not _NAME.fullmatch(name):
        raise wrong_pattern(path, NAME_PATTERN)


def check_tools(tools: list[Any], path: str) -> None:
    """Raise a Refusal for the first fault in `tools`."""
    if not tools:
        raise empty_array(path)
    if len(tools) > MOST_TOOLS:
        raise array_too_long(path, MOST_TOOLS, len(tools))
    for position, tool in enumerate(tools):
        _check_tool(tool, f"{path}[{position}]")


def _check_tool(tool: Any, path: str) -> None:
    if not isinstance(tool, dict):
        raise wrong_type(path, "an object", tool)
    if "type" not in tool:
        raise missing(f"{path}.type")
    if tool["type"] != "function":
        raise not_among(f"{path}.type", str(tool["type"]), ("function", "custom"))
    if "function" not in tool:
        raise missing(f"{path}.function")
    if not isinstance(tool["function"], dict):
        raise wrong_type(f"{path}.function", "an object", tool["function"])
    check_function(tool["function"], f"{path}.function")


def check_function(function: dict[str, Any], path: str) -> None:
    """Raise a Refusal for the first fault in a function: its members, its name, its parameters."""
    for key in function:
        if key not in _FUNCTION_KEYS:
            raise unknown(f"{path}.{key}")
    if "name" not in function:
        raise missing(f"{path}.name")
    check_name(function["name"], f"{path}.name")
    if not isinstance(function.get("description", ""), str):
        raise wrong_type(f"{path}.description", "a string", function["description"])
    _check_parameters(function, f"{path}.parameters")


def _check_parameters(function: dict[str, Any], path: str) -> None:
    # Left out or `{}` is a function without parameters.
    parameters = function.get("parameters", {})
    if not isinstance(parameters, dict):
        raise wrong_type(path, "an object", parameters)
    problem = complaint(parameters, strict=function.get("strict") is True) if parameters else None
    if problem:
        message = f"Invalid schema for function '{function['name']}': {problem}"
        raise Refusal(message, param=path, code="invalid_function_parameters")


def check_tool_choice(choice: Any, path: str) -> None:
    """Raise a Refusal when `tool_choice` is neither a mode nor a function."""
    modes = ("none", "auto", "required")
    if isinstance(choice, str):
        if choice not in modes:
            raise not_among(path, choice, modes)
        return
    if "function" not in choice:
        raise missing(f"{path}.function")
    if "name" not in choice["function"]:
        raise missing(f"{path}.function.name")


def check_response_format(form: dict[str, Any], path: str) -> None:
    """Raise a Refusal for the first fault in `response_format`."""
    kinds = ("json_object", "json_schema", "text")
    if "type" not in form:
        raise missing(f"{path}.type")
    if form["type"] not in kinds:
        raise not_among(f"{path}.type", str(form["type"]), kinds)
    if form["type"] != "json_schema":
        return
    if "json_schema" not in form:
        raise missing(f"{path}.json_schema")
    wrapper = form["json_schema"]
    if not isinstance(wrapper, dict):
        raise wrong_type(f"{path}.json_schema", "an object", wrapper)
    check_wrapper(wrapper, f"{path}.json_schema", blamed=path)


def check_wrapper(wrapper: dict[str, Any], path: str, *, blamed: str) -> None:
    """Raise a Refusal for the first fault in what holds a schema: its name, and the schema when it is strict.

    Args:
        wrapper: The object with `name`, `schema` and `strict`.
        path: Where it stands.
        blamed: The `param` of the refusal of a schema.
    """
    if "name" not in wrapper:
        raise missing(f"{path}.name")
    check_name(wrapper["name"], f"{path}.name")
    if "schema" not in wrapper:
        raise missing(f"{path}.schema")
    problem = complaint(wrapper["schema"], strict=True) if wrapper.get("strict") is True else None
    if problem:
        message = f"Invalid schema for response_format '{wrapper['name']}': {problem}"
        raise Refusal(message, param=blamed, code="invalid_json_schema")
