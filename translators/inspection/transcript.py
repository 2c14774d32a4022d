"""A client's request as people read it: who said what, which tools it offers, and what else it asks for.

Any JSON value may stand anywhere: what is not as it should be is told as it is.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from translators.inspection.values import json_text

LONGEST_TEXT: Final = 200
"""Characters of a text within JSON that are shown; a message is shown whole."""
LONGEST_LIST: Final = 8
"""Items of a list within JSON that are shown."""

MOST_LEVELS: Final = 50
"""Levels of JSON that are shown: a request may nest deeper than Python calls."""

_SAID: Final = frozenset(
    {"model", "messages", "input", "prompt", "system", "instructions", "suffix", "images", "stream", "tools"}
)
"""Members of a request that are no mere settings."""

_ROLES: Final = {"function_call": "assistant", "function_call_output": "tool", "reasoning": "assistant"}
"""Who says those items of `/v1/responses` that have no role."""
_THINKING: Final = ("thinking", "reasoning_content", "reasoning", "summary")
"""Where a model's reasoning stands: Ollama's messages, those of compatible servers, items of `/v1/responses`."""
_TEXTS: Final = ("content", "output")
_IMAGES: Final = frozenset({"image_url", "input_image"})
"""Types of content parts that are images, of Chat Completions and of Responses."""


def transcript(body: Any) -> Iterator[str]:
    """The conversation of a request, a line for each thing that is said; texts may have several lines.

    Args:
        body: The JSON value of a request of any of the protocols.
    """
    if not isinstance(body, dict):
        return
    for name in ("system", "instructions"):
        if body.get(name):
            yield f"system: {content_text(body[name])}"
    for name in ("messages", "input"):
        said = body.get(name)
        if isinstance(said, list):
            tools = _tools_of_results(said)
            for index, message in enumerate(said):
                yield from _message(message, tools.get(index, ""))
        elif said:
            yield f"user: {content_text(said)}"
    if body.get("prompt"):
        yield f"user: {content_text(body['prompt'])}{_images(body)}"
    if body.get("suffix"):
        yield f"suffix: {content_text(body['suffix'])}"


def tools_offered(body: Any) -> Iterator[str]:
    """The tools of a request, a line each: `name(parameters) — description`.

    Args:
        body: The JSON value of a request of any of the protocols.
    """
    for tool in _listed(body.get("tools")) if isinstance(body, dict) else ():
        function = _function_in(tool)
        if function is None:
            yield json_text(shortened(tool))
            continue
        description = function.get("description")
        about = f" — {' '.join(description.split())}" if isinstance(description, str) and description else ""
        yield f"{function.get('name')}({', '.join(_parameters(function.get('parameters')))}){shortened(about)}"


def settings(body: Any) -> dict[str, Any]:
    """What a request says besides model, conversation and tools, shortened."""
    return {key: shortened(value) for key, value in body.items() if key not in _SAID} if isinstance(body, dict) else {}


def shortened(value: Any) -> Any:
    """A JSON value with long texts and lists cut, and how much was left out; also what is nested very deep."""
    return _shortened(value, MOST_LEVELS)


def call_text(call: Any, indent: int | None = None) -> str:
    """A tool call as `name(arguments)`.

    Args:
        call: The JSON value of a call of any of the protocols.
        indent: As `json_text` takes it, for the arguments.
    """
    function = _function_in(call)
    if function is None:
        return json_text(call)
    arguments = function.get("arguments")
    return f"{function.get('name')}({arguments if isinstance(arguments, str) else json_text(arguments, indent)})"


def content_text(content: Any) -> str:
    """A text, or the parts of one; what is no text is told by its type and length.

    Args:
        content: The JSON value of the content of a message of any of the protocols.
    """
    return " ".join(map(_part, content)) if isinstance(content, list) else _part(content)


def _message(message: Any, tool: str) -> Iterator[str]:
    """What a message, or an item of `/v1/responses`, says.

    Args:
        message: Any JSON value.
        tool: Whose result it is; empty when that is not known, or when it is none.
    """
    if not isinstance(message, dict):
        yield f"user: {content_text(message)}"
        return
    kind = message.get("type")
    role = message.get("role") or (_ROLES.get(kind, kind) if isinstance(kind, str) else kind) or "?"
    calls = [message] if kind == "function_call" else _listed(message.get("tool_calls"))
    name = tool or ("" if kind == "function_call" else _name_in(message))
    who = f"{role} {name}" if name else f"{role}"
    thinking = next((message[key] for key in _THINKING if message.get(key)), None)
    if thinking:
        yield f"{who}, thinking: {content_text(thinking)}"
    said = [content_text(message[key]) for key in _TEXTS if message.get(key)]
    if text := " ".join(filter(None, [*said, _images(message).strip()])):
        yield f"{who}: {text}"
    yield from (f"{who}, tool call: {call_text(call)}" for call in calls)
    if not (thinking or text or calls):
        yield f"{who}: {content_text(message) if kind == 'reasoning' else ''}".rstrip()


def _name_in(message: dict[str, Any]) -> str:
    names = (message.get(key) for key in ("tool_name", "name", "tool_call_id", "call_id"))
    return next((str(name) for name in names if name), "")


def _tools_of_results(messages: Sequence[Any]) -> dict[int, str]:
    """Which tool each result is of, by its index in the conversation; those are left out of which it is not known.

    A result names its call, or its tool. Where no result of a turn does, they stand in the order of its calls.
    """
    tools: dict[int, str] = {}
    by_id: dict[str, str] = {}
    turns: list[tuple[list[str], list[int]]] = []
    previous = ""
    for index, message in enumerate(messages):
        role = _role_of(message)
        if role == "assistant" and (calls := _calls_in(message)):
            if previous != "assistant" or not turns:
                turns.append(([], []))
            for call_id, name in calls:
                turns[-1][0].append(name)
                by_id |= {call_id: name} if call_id else {}
        elif role == "tool":
            if named := message.get("tool_name") or by_id.get(_id_in(message)):
                tools[index] = str(named)
            if turns:
                turns[-1][1].append(index)
        previous = role
    for called, results in turns:
        if not any(_name_in(messages[index]) for index in results):
            tools |= zip(results, called, strict=False)
    return tools


def _calls_in(message: dict[str, Any]) -> list[tuple[str, str]]:
    """Ids and names of the calls that an assistant's message, or an item of `/v1/responses`, makes."""
    calls = [message] if message.get("type") == "function_call" else _listed(message.get("tool_calls"))
    return [(_id_in(call), str(function["name"])) for call in calls if (function := _function_in(call))]


def _role_of(message: Any) -> str:
    if not isinstance(message, dict):
        return ""
    role, kind = message.get("role"), message.get("type")
    return role if isinstance(role, str) else _ROLES.get(kind, "") if isinstance(kind, str) else ""


def _id_in(holder: Any) -> str:
    """The id of a call, or that of the call which a result answers; empty where there is none."""
    ids = (holder.get(key) for key in ("tool_call_id", "call_id", "id")) if isinstance(holder, dict) else ()
    return next((each for each in ids if isinstance(each, str) and each), "")


def _function_in(holder: Any) -> dict[str, Any] | None:
    """The function of a tool or call: an object in it, or the tool or call itself on `/v1/responses`."""
    function = holder.get("function", holder) if isinstance(holder, dict) else None
    return function if isinstance(function, dict) and "name" in function else None


def _parameters(schema: Any) -> Iterator[str]:
    """The parameters that a JSON schema tells, each as `name: type`, with `?` for those that may be left out."""
    properties = schema.get("properties") if isinstance(schema, dict) else None
    required = _listed(schema.get("required")) if isinstance(schema, dict) else []
    for name, property_ in properties.items() if isinstance(properties, dict) else ():
        types = _listed(property_.get("type")) if isinstance(property_, dict) else []
        yield f"{name}{'' if name in required else '?'}: {' | '.join(map(str, types)) or 'any'}"


def _shortened(value: Any, levels: int) -> Any:
    match value:
        case str() if len(value) > LONGEST_TEXT:
            return f"{value[:LONGEST_TEXT]}… ({len(value):,} characters)"
        case dict() | list() if value and not levels:
            return "…"
        case dict():
            return {key: _shortened(member, levels - 1) for key, member in value.items()}
        case list():
            more = len(value) - LONGEST_LIST
            kept = [_shortened(item, levels - 1) for item in value[:LONGEST_LIST]]
            return [*kept, *([f"… and {more:,} more"] if more > 0 else [])]
        case _:
            return value


def _part(part: Any) -> str:
    if isinstance(part, str):
        return part
    if not isinstance(part, dict):
        return json_text(part)
    text, kind = part.get("text") or part.get("thinking"), part.get("type", "part")
    if isinstance(text, list):  # Mistral's thinking has parts of its own
        text = " ".join(
            each for inner in text if isinstance(inner, dict) and isinstance(each := inner.get("text"), str)
        )
    if isinstance(text, str) and text:
        return text
    if isinstance(kind, str) and kind in _IMAGES:
        image = part.get("image_url")
        return _image(image.get("url") if isinstance(image, dict) else image)
    return f"[{kind}, {len(json_text(part)):,} characters]"


def _images(holder: dict[str, Any]) -> str:
    return "".join(f" {_image(image)}" for image in _listed(holder.get("images")))


def _image(image: Any) -> str:
    return f"[image, {len(image if isinstance(image, str) else json_text(image)):,} characters]"


def _listed(value: Any) -> list[Any]:
    """A list, also of what should be one: clients send anything, and upstreams may take it."""
    return value if isinstance(value, list) else [value] if value else []
