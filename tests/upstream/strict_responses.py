"""Whether the Responses API would take a request, and what it asks as a Chat request.

One fault is reported at a time: the model, members that are called otherwise or unknown, types and bounds, then what
the model's family refuses, then what only the model's side notices. The sentences of refusals by a family differ from
those of Chat Completions; they are quoted from issues of 2025 and 2026.
"""

from typing import Any

from tests.upstream.families import Family, family_of
from tests.upstream.messages import describe_image
from tests.upstream.models import check_served
from tests.upstream.refusals import (
    Refusal,
    image_refusal,
    listing,
    missing,
    schema_refusal,
    unknown,
    unsupported_parameter,
)
from tests.upstream.response_items import chat_messages, check_belonging, items_of
from tests.upstream.response_parameters import MOVED, RESPONSES, normal_tool
from tests.upstream.wording import count_prompt

type Body = dict[str, Any]

_NO_INPUT = "One of \"input\" or \"previous_response_id\" or 'prompt' or 'conversation' must be provided."


def check_response(body: Body) -> None:
    """Raise the Refusal that POST /v1/responses would give."""
    if "model" not in body:
        raise missing("model")
    for name, place in MOVED.items():
        if name in body:
            text = (
                f"Unsupported parameter: '{name}'. In the Responses API, this parameter has moved to '{place}'. Try "
                "again with the new parameter. See the API documentation for more information: "
                "https://platform.openai.com/docs/api-reference/responses/create."
            )
            raise Refusal(text, code="unsupported_parameter")
    if "input" not in body:
        raise missing("input")
    check_served(str(body["model"]), "responses")
    for name in body:
        if name not in RESPONSES:
            raise unknown(name)
    for name, parameter in RESPONSES.items():
        if name in body:
            parameter.examine(name, body[name])
    if not body["input"]:
        raise Refusal(_NO_INPUT, code="missing_required_parameter")
    family = family_of(body["model"])
    _check_combinations(body)
    _check_reasoning(body, family)
    _check_sampling(body, family)
    _check_text(body, family)
    items = items_of(body["input"])
    check_belonging(items)
    _check_images(items, family)
    if count_prompt(chat_request(body)["messages"]) > family.window:
        text = "Your input exceeds the context window of this model. Please adjust your input and try again."
        raise Refusal(text, param="input", code="context_length_exceeded")


def chat_request(body: Body) -> Body:
    """The same request to Chat Completions, so that both are answered alike.

    Args:
        body: A request to the Responses API of the right shape.
    """
    text, effort = body.get("text") or {}, (body.get("reasoning") or {}).get("effort")
    form = text.get("format") or {"type": "text"}
    instructions = [{"role": "system", "content": body["instructions"]}] if body.get("instructions") else []
    chat: Body = {
        "model": body["model"],
        "messages": [*instructions, *chat_messages(items_of(body["input"]))],
        "response_format": {"type": form["type"], "json_schema": form},
        "reasoning_effort": effort,
        "max_completion_tokens": body.get("max_output_tokens"),
        "parallel_tool_calls": body.get("parallel_tool_calls"),
        "tool_choice": _chat_tool_choice(body.get("tool_choice") or "auto"),
    }
    if body.get("tools"):
        chat["tools"] = [{"type": "function", "function": normal_tool(tool)} for tool in body["tools"]]
    return chat


def _chat_tool_choice(choice: str | Body) -> str | Body:
    return choice if isinstance(choice, str) else {"type": "function", "function": {"name": choice["name"]}}


def _check_combinations(body: Body) -> None:
    if body.get("stream_options") is not None and not body.get("stream"):
        text = "The 'stream_options' parameter is only allowed when 'stream' is enabled."
        raise Refusal(text, param="stream_options")
    choice, tools = body.get("tool_choice") or "auto", body.get("tools") or []
    if choice == "required" and not tools:
        raise Refusal("Tool choice 'required' must be specified with 'tools' parameter.", param="tool_choice")
    if isinstance(choice, dict) and choice["name"] not in [tool["name"] for tool in tools]:
        raise Refusal("Tool choice 'function' not found in 'tools' parameter.", param="tool_choice")


def _check_reasoning(body: Body, family: Family) -> None:
    efforts = (*family.efforts, *family.response_efforts)
    for name, value in (body.get("reasoning") or {}).items():
        if value is None:
            continue
        if not efforts:
            raise unsupported_parameter(f"reasoning.{name}")
        if name == "effort" and value not in efforts:
            raise _unsupported("reasoning.effort", value, body["model"], efforts)
    if not efforts and "reasoning.encrypted_content" in (body.get("include") or []):
        raise Refusal("Encrypted content is not supported with this model.", param="include")


def _unsupported(path: str, value: Any, model: str, choices: tuple[str, ...]) -> Refusal:
    text = (
        f"Unsupported value: '{value}' is not supported with the '{model}' model. "
        f"Supported values are: {listing(choices, 'and')}."
    )
    return Refusal(text, param=path, code="unsupported_value")


def _check_sampling(body: Body, family: Family) -> None:
    """A code is missing in these refusals (OpenHands/software-agent-sdk#1837, JetBrains/koog#1263)."""
    if family.samples((body.get("reasoning") or {}).get("effort")):
        return
    for name, default in (("temperature", 1), ("top_p", None), ("top_logprobs", 0)):
        if body.get(name) not in (None, default):
            text = f"Unsupported parameter: '{name}' is not supported with this model."
            raise Refusal(text, param=name)
    if "message.output_text.logprobs" in (body.get("include") or []):
        raise Refusal("logprobs are not supported with reasoning models.", param="include")


def _check_text(body: Body, family: Family) -> None:
    text = body.get("text") or {}
    kind = (text.get("format") or {}).get("type")
    verbosity = text.get("verbosity")
    if verbosity is not None and verbosity not in family.verbosities:
        raise _unsupported("text.verbosity", verbosity, body["model"], family.verbosities)
    if kind == "json_schema" and not family.schemas:
        raise schema_refusal("text.format")
    # The instructions do not count as input.
    if kind == "json_object" and "json" not in str(body["input"]).lower():
        said = (
            "Response input messages must contain the word 'json' in some form to use 'text.format' of type "
            "'json_object'."
        )
        raise Refusal(said, param="input")


def _check_images(items: list[Body], family: Family) -> None:
    for position, item in enumerate(items):
        content = item.get("content")
        for place, part in enumerate(content if isinstance(content, list) else []):
            if part["type"] != "input_image":
                continue
            if not family.images:
                raise image_refusal(f"input[{position}].content[{place}].type")
            describe_image(part["image_url"])
