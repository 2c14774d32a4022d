"""The top-level parameters of the Responses API, as a table, and what stands within them."""

from collections.abc import Mapping
from typing import Any

from tests.upstream.parameters import TEMPERATURE, TOP_P, Parameter, check_metadata
from tests.upstream.refusals import Refusal, missing, not_among, unknown, wrong_type
from tests.upstream.response_items import check_input
from tests.upstream.tools import MOST_TOOLS, check_function, check_wrapper

INCLUDABLE = (
    "file_search_call.results",
    "web_search_call.results",
    "web_search_call.action.sources",
    "message.input_image.image_url",
    "computer_call_output.output.image_url",
    "code_interpreter_call.outputs",
    "reasoning.encrypted_content",
    "message.output_text.logprobs",
)
SUMMARIES = ("auto", "concise", "detailed")
FORMATS = ("json_object", "json_schema", "text")

# What Chat Completions calls otherwise -> its name here, which the refusal tells.
MOVED = {
    "messages": "input",
    "functions": "tools",
    "max_tokens": "max_output_tokens",
    "max_completion_tokens": "max_output_tokens",
    "response_format": "text.format",
    "reasoning_effort": "reasoning.effort",
    "verbosity": "text.verbosity",
}


def _check_keys(value: dict[str, Any], path: str, known: tuple[str, ...]) -> None:
    for key in value:
        if key not in known:
            raise unknown(f"{path}.{key}")


def _check_reasoning(value: dict[str, Any], path: str) -> None:
    # What an effort may be is the family's to say: see `strict_responses.py`.
    _check_keys(value, path, ("effort", "summary", "generate_summary"))
    summary = value.get("summary")
    if summary is not None and summary not in SUMMARIES:
        raise not_among(f"{path}.summary", str(summary), SUMMARIES)


def _check_text(value: dict[str, Any], path: str) -> None:
    _check_keys(value, path, ("format", "verbosity"))
    form = value.get("format")
    if form is None:
        return
    path = f"{path}.format"
    if not isinstance(form, dict):
        raise wrong_type(path, "an object", form)
    if "type" not in form:
        raise missing(f"{path}.type")
    if form["type"] not in FORMATS:
        raise not_among(f"{path}.type", str(form["type"]), FORMATS)
    if form["type"] == "json_schema":
        _check_keys(form, path, ("type", "name", "description", "schema", "strict"))
        check_wrapper(form, path, blamed=f"{path}.schema")


def _check_tools(tools: list[Any], path: str) -> None:
    # An empty list is taken here, which Chat Completions refuses.
    if len(tools) > MOST_TOOLS:
        raise Refusal(f"Invalid '{path}': array too long.", param=path, code="array_above_max_length")
    for position, tool in enumerate(tools):
        place = f"{path}[{position}]"
        if not isinstance(tool, dict):
            raise wrong_type(place, "an object", tool)
        if "type" not in tool:
            raise missing(f"{place}.type")
        # OpenAI's own tools, such as web_search, are not played.
        if tool["type"] != "function":
            raise not_among(f"{place}.type", str(tool["type"]), ("function",))
        if "name" not in tool:
            raise missing(f"{place}.name")
        check_function({key: value for key, value in normal_tool(tool).items() if key != "type"}, place)


def normal_tool(tool: dict[str, Any]) -> dict[str, Any]:
    """A tool as the API reads it, and repeats it in its answers.

    `strict` is true where it is left out, and a schema is then closed where it says nothing of it (recorded).
    """
    normal = {**tool, "strict": tool.get("strict") is not False}
    parameters = tool.get("parameters") or {}
    return {**normal, "parameters": _closed(parameters) if tool.get("strict") is None else parameters}


def _closed(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_closed(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {key: _closed(value) for key, value in schema.items()}
    if isinstance(schema.get("properties"), dict):
        closed.setdefault("additionalProperties", False)
    return closed


def _check_tool_choice(choice: Any, path: str) -> None:
    modes = ("none", "auto", "required")
    if isinstance(choice, str):
        if choice not in modes:
            raise not_among(path, choice, modes)
    elif choice.get("type") != "function":
        raise not_among(f"{path}.type", str(choice.get("type")), ("function",))
    elif "name" not in choice:
        raise missing(f"{path}.name")


def _check_include(values: list[Any], path: str) -> None:
    for position, value in enumerate(values):
        if value not in INCLUDABLE:
            raise not_among(f"{path}[{position}]", str(value), INCLUDABLE)


def _check_stream_options(value: dict[str, Any], path: str) -> None:
    _check_keys(value, path, ("include_obfuscation",))


def _check_previous(value: str, path: str) -> None:
    # Nothing is kept here, so that there is never a previous response.
    raise Refusal(f"Previous response with id '{value}' not found.", param=path, code="previous_response_not_found")


_BOOLEAN = Parameter("a boolean")
_STRING = Parameter("a string")
_OBJECT = Parameter("an object")

RESPONSES: Mapping[str, Parameter] = {
    "model": Parameter("a string", nullable=False),
    "input": Parameter("one of an array of objects or string", nullable=False, check=check_input),
    "instructions": _STRING,
    "max_output_tokens": Parameter("an integer", minimum=16),
    "max_tool_calls": Parameter("an integer", minimum=1),
    "temperature": TEMPERATURE,
    "top_p": TOP_P,
    "top_logprobs": Parameter("an integer", minimum=0, maximum=20),
    "reasoning": Parameter("an object", check=_check_reasoning),
    "text": Parameter("an object", check=_check_text),
    "tools": Parameter("an array of objects", check=_check_tools),
    "tool_choice": Parameter("one of 'none', 'auto', or 'required' or object", check=_check_tool_choice),
    "parallel_tool_calls": _BOOLEAN,
    "include": Parameter("an array of strings", check=_check_include),
    "previous_response_id": Parameter("a string", check=_check_previous),
    "background": _BOOLEAN,
    "store": _BOOLEAN,
    "stream": _BOOLEAN,
    "stream_options": Parameter("an object", check=_check_stream_options),
    "truncation": Parameter(choices=("auto", "disabled")),
    "service_tier": Parameter(choices=("auto", "default", "fast", "flex", "priority")),
    "metadata": Parameter("an object", check=check_metadata),
    "prompt": _OBJECT,
    "prompt_cache_key": _STRING,
    "prompt_cache_retention": Parameter(choices=("in-memory", "24h")),
    "safety_identifier": _STRING,
    "user": _STRING,
}
