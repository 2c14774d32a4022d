"""Whether OpenAI would take a request. One fault is reported at a time, in OpenAI's order.

1. the model and the messages are there, and the model exists;
2. no unknown parameters;
3. parameters in the order of their table: type, bounds, values, and those that the model's family refuses outright;
4. values that the family refuses, then what only the model's side notices.

A recorded answer agrees: gpt-5-nano, given `max_tokens: 0`, `temperature: -0.5` and null content at once, complains
about max_tokens.
"""

from collections.abc import Mapping
from typing import Any

from tests.upstream.families import Family, family_of
from tests.upstream.messages import check_conversation
from tests.upstream.models import Endpoint, check_served
from tests.upstream.parameters import CHAT, COMPLETIONS, EMBEDDINGS, TEMPERATURE, TOP_P, Parameter
from tests.upstream.refusals import (
    Refusal,
    image_refusal,
    listing,
    missing,
    schema_refusal,
    unknown,
    unsupported_parameter,
    unsupported_value,
)
from tests.upstream.wording import count_prompt

type Body = dict[str, Any]

_NO_MODEL = "you must provide a model parameter"


def check_completion(body: Body) -> None:
    """Raise the Refusal that POST /v1/completions would give."""
    _check_plain(body, "completions", "prompt", COMPLETIONS)
    _check_stream_options(body)


def check_embedding(body: Body) -> None:
    """Raise the Refusal that POST /v1/embeddings would give, but for its input."""
    _check_plain(body, "embeddings", "input", EMBEDDINGS)


def check_chat(body: Body) -> None:
    """Raise the Refusal that POST /v1/chat/completions would give."""
    _check_presence(body, "chat", "messages")
    family = family_of(body["model"])
    for name in body:
        if name not in CHAT:
            raise unknown(name) if family.efforts else _unrecognized(name)
    for name, parameter in CHAT.items():
        if name in body:
            parameter.examine(name, body[name])
            if body[name] is not None:
                _check_taken(name, body[name], family)
    _check_combinations(body)
    _check_incompatible(body, family)
    _check_sampling(body, family)
    _check_tools(body, family)
    _check_length(body, family)
    _check_seen_and_heard(body["messages"], family)
    check_conversation(body["messages"], family.message_keys)
    _check_json_word(body)


def _check_plain(body: Body, endpoint: Endpoint, needed: str, table: Mapping[str, Parameter]) -> None:
    _check_presence(body, endpoint, needed)
    for name in body:
        if name not in table:
            raise _unrecognized(name)
    for name, parameter in table.items():
        if name in body:
            parameter.examine(name, body[name])


def _check_presence(body: Body, endpoint: Endpoint, needed: str) -> None:
    model = body.get("model")
    if not isinstance(model, str) or not model:
        raise Refusal(_NO_MODEL)
    if needed not in body:
        raise missing(needed)
    check_served(model, endpoint)


def _unrecognized(name: str) -> Refusal:
    """The older models' sentence for an unknown parameter."""
    return Refusal(f"Unrecognized request argument supplied: {name}")


def _check_taken(name: str, value: Any, family: Family) -> None:
    """Parameters and enumerations that differ by family, at their place in the order."""
    if name in family.refused:
        raise unsupported_parameter(name, " Use 'max_completion_tokens' instead." if name == "max_tokens" else "")
    if name == "reasoning_effort":
        if not family.efforts:
            raise _unrecognized(name)
        _check_supported(name, value, family.efforts)
    if name == "verbosity":
        _check_supported(name, value, family.verbosities)
    if name == "response_format" and value["type"] == "json_schema" and not family.schemas:
        raise schema_refusal(name)


def _check_supported(name: str, value: Any, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise unsupported_value(name, value, f"Supported values are: {listing(choices, 'and')}.")


def _check_combinations(body: Body) -> None:
    """Parameters that make sense only together, or only apart."""
    _check_stream_options(body)
    for name in ("tool_choice", "parallel_tool_calls"):
        if name in body and "tools" not in body:
            text = f"Invalid value for '{name}': '{name}' is only allowed when 'tools' are specified."
            raise Refusal(text, param=name)
    if body.get("top_logprobs") is not None and not body.get("logprobs"):
        text = "The 'top_logprobs' parameter is only allowed when 'logprobs' is enabled."
        raise Refusal(text, param="top_logprobs")
    if body.get("max_tokens") is not None and body.get("max_completion_tokens") is not None:
        text = "Setting 'max_tokens' and 'max_completion_tokens' at the same time is not supported."
        raise Refusal(text, param="max_tokens")
    choice = body.get("tool_choice")
    if isinstance(choice, dict):
        name = choice["function"]["name"]
        if name not in [tool["function"]["name"] for tool in body["tools"]]:
            # The sentence speaks of the older parameters, as OpenAI's does.
            text = (
                f"Invalid value for 'function_call': no function named '{name}' was specified in the "
                "'functions' parameter."
            )
            raise Refusal(text, param="function_call")


def _check_stream_options(body: Body) -> None:
    if body.get("stream_options") is not None and not body.get("stream"):
        text = "The 'stream_options' parameter is only allowed when 'stream' is enabled."
        raise Refusal(text, param="stream_options")


def _check_incompatible(body: Body, family: Family) -> None:
    """Models that search the web name all that they refuse at once."""
    found = [name for name in sorted(family.incompatible) if body.get(name) is not None]
    if found:
        raise Refusal(f"Model incompatible request argument{'s' * (len(found) > 1)} supplied: {', '.join(found)}")


def _check_sampling(body: Body, family: Family) -> None:
    """What a family refuses while it reasons; then the bounds of temperature and top_p."""
    temperature, top_p = body.get("temperature"), body.get("top_p")
    fixed = not family.samples(body.get("reasoning_effort"))
    if fixed and temperature not in (None, 1):
        raise unsupported_value("temperature", temperature, "Only the default (1) value is supported.")
    for name in ("top_p", "presence_penalty", "frequency_penalty"):
        if fixed and body.get(name) is not None:
            raise unsupported_parameter(name)
    if fixed and body.get("logprobs"):
        if family.logprobs_forbidden:
            raise Refusal("You are not allowed to request logprobs from this model", status=403)
        raise unsupported_parameter("logprobs")
    if temperature is not None:
        TEMPERATURE.bound("temperature", temperature)
    if top_p is not None:
        TOP_P.bound("top_p", top_p)
    if (body.get("top_logprobs") or 0) > family.top_logprobs:
        text = f"Invalid value for 'top_logprobs': must be less than or equal to {family.top_logprobs}."
        raise Refusal(text, param="top_logprobs")


def _check_tools(body: Body, family: Family) -> None:
    """The newest families take no function tools while they reason, and the oldest reasoners none at all."""
    if "tools" in body and family.tools == "nowhere":
        text = (
            "tools is not supported in this model. For a list of supported models, refer to "
            "https://platform.openai.com/docs/guides/function-calling#models-supporting-function-calling."
        )
        raise Refusal(text, status=404)
    effort = family.effort(body.get("reasoning_effort"))
    taken = family.tools == "always" or (family.tools == "at none" and effort == "none")
    if "tools" in body and not taken:
        text = (
            f"Function tools with reasoning_effort are not supported for {body['model']} in /v1/chat/completions. "
            f"{family.tools_advice}"
        )
        raise Refusal(text, param="reasoning_effort")


def _check_length(body: Body, family: Family) -> None:
    for name in ("max_tokens", "max_completion_tokens"):
        wanted = body.get(name)
        if wanted is not None and wanted > family.most_output:
            text = (
                f"{name} is too large: {wanted}. This model supports at most {family.most_output} completion tokens, "
                f"whereas you provided {wanted}."
            )
            raise Refusal(text, param=name)
    tokens = count_prompt(body["messages"])
    if tokens > family.window:
        text = family.window_text.format(window=family.window, tokens=tokens)
        raise Refusal(text, param="messages", code="context_length_exceeded")


def _check_seen_and_heard(messages: list[Body], family: Family) -> None:
    """Roles and images that the family does not take."""
    for position, message in enumerate(messages):
        if message["role"] in family.roles_refused:
            path = f"messages[{position}].role"
            text = f"Unsupported value: '{path}' does not support '{message['role']}' with this model."
            raise Refusal(text, param=path, code="unsupported_value")
        content = message.get("content")
        kinds = [part["type"] for part in content] if isinstance(content, list) else []
        if "image_url" in kinds and not family.images:
            raise image_refusal(f"messages.[{position}].content.[{kinds.index('image_url')}].type")


def _check_json_word(body: Body) -> None:
    """JSON mode wants the word in the conversation, or the model may write white space for ever."""
    if body.get("response_format", {}).get("type") != "json_object":
        return
    if "json" not in str([message.get("content") for message in body["messages"]]).lower():
        text = "'messages' must contain the word 'json' in some form, to use 'response_format' of type 'json_object'."
        raise Refusal(text, param="messages")
