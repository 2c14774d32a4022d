"""What to change in a request that an OpenAI-style server refused, so that it may be taken.

A refusal names one field. That is dropped, renamed, or gets a value that the server takes. What changes the meaning of
a request is never repaired: then the client gets the refusal.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

from translators.errors import UpstreamError
from translators.openai_refusals import bounds, field_named, refuses_field, refuses_value, values_listed
from translators.openai_responses_payload import ENCRYPTED_REASONING, LOGPROBS
from translators.profiles import EFFORT_SCALE, nearest_effort
from translators.repairs import Repair, Scalar, edits_of, is_number, value_at

_LENGTHS: Final = ("max_tokens", "max_completion_tokens", "max_output_tokens")
_FORMATS: Final = ("response_format", "text.format")
_LEVELS: Final = frozenset({"reasoning_effort", "reasoning.effort", "verbosity", "text.verbosity"})
"""Fields whose values are on `EFFORT_SCALE`."""

# Fields that a request can do without, also when only their value is refused; and who was seen to refuse each.
_DROPPABLE: Final = frozenset(
    {
        "temperature",  # OpenAI's reasoning models, Moonshot
        "top_p",  # OpenAI's reasoning models
        "presence_penalty",  # OpenAI's reasoning models, xAI, DeepSeek R1
        "frequency_penalty",  # OpenAI's reasoning models, Gemini, Perplexity
        "seed",  # Gemini, Mistral
        "stop",  # OpenAI's reasoning models, xAI
        "logprobs",  # OpenAI's reasoning models, Gemini, LiteLLM
        "top_logprobs",  # OpenAI's reasoning models
        "logit_bias",  # OpenAI's reasoning models
        "prediction",  # OpenAI's reasoning models
        "reasoning_effort",  # gpt-4o and older, Groq, xAI
        "reasoning.effort",  # gpt-4o and older, xAI
        "reasoning.summary",  # gpt-5.3-codex-spark
        "include",  # OpenAI: its items, by models that do not reason, or do
        "verbosity",  # gpt-4o and older: all but medium
        "text.verbosity",  # gpt-4o and older: all but medium
        "stream_options",  # Fireworks, Databricks, Mistral's models on Azure
        "parallel_tool_calls",  # OpenAI's o models, Cerebras
        "store",  # Groq, Cerebras, Gemini
        "metadata",  # Gemini
        "service_tier",  # OpenAI
        "user",  # Together, for embeddings
        "encoding_format",  # Mistral
    }
)

# Fields that say what the client asks for, so that it must hear of it. What is in neither list is dropped when a server
# does not know it.
_NEVER: Final = frozenset(
    {
        "model",
        *("messages", "prompt", "input", "instructions", "suffix", "previous_response_id", "conversation"),
        *("tools", "functions", "function_call", "web_search_options", "modalities", "audio"),
        *("dimensions", "input_type"),
        "text",  # the format is in it
        *("guided_json", "guided_regex", "guided_choice", "guided_grammar", "structured_outputs"),  # vLLM
        *("grammar", "json_schema"),  # llama.cpp
        "stream",  # OpenAI: "Your organization must be verified to stream this model."
        "background",
    }
)
_ONLY_DEFAULT: Final[Mapping[str, Scalar]] = {"n": 1, "tool_choice": "auto"}
"""Fields that are dropped only where they say what goes without saying."""

# Sentences that do not name the field, or not all that is to be known. The first that applies to a request counts.
_SENTENCES: Final = tuple(
    (re.compile(pattern, re.IGNORECASE | re.DOTALL), repair)
    for pattern, repair in (
        # OpenAI, gpt-5.4 and later; the default effort is refused too
        (
            r"function tools with reasoning_effort.*set reasoning_effort to 'none'",
            Repair("reasoning_effort", "set", "none", beside="tools"),
        ),
        # OpenAI
        (
            r"setting 'max_tokens' and 'max_completion_tokens' at the same time",
            Repair("max_tokens", "drop", beside="max_completion_tokens"),
        ),
        # Claude, at Bedrock and behind gateways
        (r"temperature`? and `?top_p`? cannot both be specified", Repair("top_p", "drop", beside="temperature")),
        # OpenAI, Responses
        (r"verified to generate reasoning summaries", Repair("reasoning.summary", "drop")),
        (r"encrypted content is not supported", Repair("include", "drop", refused=ENCRYPTED_REASONING)),
        (r"logprobs are not supported with reasoning models", Repair("include", "drop", refused=LOGPROBS)),
        # DeepSeek
        (r"does not support json output", Repair("response_format", "drop")),
        # vLLM until 0.5.1
        (r"base64 encoding is not currently supported", Repair("encoding_format", "drop", refused="base64")),
    )
)
_TOOLS_REFUSED: Final = re.compile("function tools with reasoning_effort", re.IGNORECASE)
"""How that goes on without another effort: "Please use /v1/responses instead"."""

# The prompt fits and the answer's limit does not: the answer may be as long as what is left.
_NO_ROOM: Final = re.compile(
    # vLLM
    r"maximum context length is (\d+) tokens.*?(?:request has|contains at least) (\d+) input tokens"
    # OpenAI and vLLM before; OpenRouter
    r"|maximum context length is (\d+) tokens.*?\((\d+) (?:in (?:the messages|your prompt)|of text)"
    # text-generation-inference
    r"|must be <= (\d+)\. Given: (\d+) `inputs` tokens",
    re.DOTALL,
)
_LENGTH: Final = re.compile(r"\bmax_(?:completion_|output_)?tokens\b")
_OTHER_LENGTH: Final = re.compile(
    r"(?:use|moved to) ['\"`]?(?P<name>max_(?:completion_|output_)?tokens)\b", re.IGNORECASE
)
_ONLY_ONE: Final = re.compile(r"only (?:the default|\S+ is allowed)", re.IGNORECASE)
"""OpenAI; Moonshot: "only 1 is allowed for this model". So no other value is taken."""

_SHORTEST_LIMIT: Final = 256
"""Tokens."""

_MOVED: Final = re.compile(r"this parameter has moved to", re.IGNORECASE)
"""OpenAI, of fields that belong to another of its APIs. The client should hear that: it asks for what they say."""
_IN_SCHEMA: Final = re.compile(r"schema for|json[_ ]schema (?:field|keyword)|\.schema\b", re.IGNORECASE)
_ONE_FORMAT: Final = re.compile(r"json_schema|json_object|response_format[\w.]*\W{0,2}type")


def repair_for(error: UpstreamError, payload: Mapping[str, Any]) -> Repair | None:
    """What to change in a request after a refusal, so that it may be taken; None when the refusal is to be told.

    Args:
        error: The refusal.
        payload: The request that was refused, as it was sent: Chat Completions, Responses, Completions, Embeddings.

    Returns:
        A repair that changes this payload.
    """
    candidates = (repair for sentence, repair in _SENTENCES if sentence.search(error.message))
    repair = next((repair for repair in candidates if edits_of(repair, payload)), None)
    repair = repair or _length_repair(error.message, payload) or _field_repair(error, payload)
    return repair if repair and edits_of(repair, payload) else None


def _length_repair(message: str, payload: Mapping[str, Any]) -> Repair | None:
    """The answer's limit, which refusals call by any of its names, into the range that is told."""
    field = next((name for name in _LENGTHS if is_number(payload.get(name))), "")
    if not field:
        return None
    no_room = _NO_ROOM.search(message)
    if no_room:
        limit, prompt = (int(number) for number in no_room.groups() if number is not None)
        return Repair(field, "drop", once=True) if prompt < limit else None
    return _range_repair(field, payload[field], message) if _LENGTH.search(message) else None


def _field_repair(error: UpstreamError, payload: Mapping[str, Any]) -> Repair | None:
    """The repair of the field that is named."""
    field = field_named(error, payload)
    if not field or field in _NEVER or _TOOLS_REFUSED.search(error.message):
        return None
    value = value_at(payload, field.split("."))
    if field in _LENGTHS and refuses_field(error):
        return _other_length(field, error.message)
    if _MOVED.search(error.message):
        return None
    if field in _FORMATS:
        return _format_repair(field, value, error)
    if _IN_SCHEMA.search(error.message):
        return None
    if field in _ONLY_DEFAULT:
        return Repair(field, "drop", refused=_ONLY_DEFAULT[field]) if refuses_field(error) else None
    if repair := _range_repair(field, value, error.message):
        return repair
    if field in _DROPPABLE and refuses_value(error):
        return _value_repair(field, value, error.message)
    return Repair(field, "drop") if refuses_field(error) else None


def _range_repair(field: str, value: Any, message: str) -> Repair | None:
    least, most = bounds(message)
    size = len(value) if isinstance(value, list) else value
    if not is_number(size):
        return None
    if most is not None and field in _LENGTHS and most < _SHORTEST_LIMIT:  # no model's: it is read wrongly
        return None
    if most is not None and size > most:
        return Repair(field, "at_most", most)
    if least is None or size >= least or isinstance(value, list):
        return None
    if field in _LENGTHS and size <= 0:  # means that there is no limit
        return Repair(field, "drop", refused=value)
    return Repair(field, "at_least", least)


def _value_repair(field: str, value: Any, message: str) -> Repair | None:
    """The nearest value that the server takes, the only one, or none."""
    if isinstance(value, list):  # `include`, whose items are refused one by one
        item = next((item for item in value if isinstance(item, str) and item in message), None)
        return Repair(field, "drop", refused=item)
    if not isinstance(value, str | bool):
        return Repair(field, "drop", refused=None if _ONLY_ONE.search(message) else value)
    taken = list(values_listed(message))
    if value in taken:  # so it is about something else
        return None
    if field in _LEVELS and isinstance(value, str) and value in EFFORT_SCALE:
        # Who wants reasoning gets some: Groq's words are `none` and `default`, and then the default is better.
        levels = [level for level in EFFORT_SCALE if level in taken and level != "none"]
        taken = [nearest_effort(value, levels)] if levels else []
    return Repair(field, "set", taken[0], refused=value) if len(taken) == 1 else Repair(field, "drop", refused=value)


def _other_length(field: str, message: str) -> Repair | None:
    """The limit under the name that the server tells, else under the older one that more servers know, else none."""
    told = _OTHER_LENGTH.search(message)
    if told:
        return Repair(field, "rename", told["name"]) if told["name"] != field else None
    return Repair(field, "rename", "max_tokens") if field == "max_completion_tokens" else Repair(field, "drop")


def _format_repair(field: str, value: Any, error: UpstreamError) -> Repair | None:
    """The other kind of format where it is the kind that is refused, else none; of a schema only its strictness."""
    kind = value.get("type") if isinstance(value, Mapping) else None
    if error.code == "invalid_json_schema" or _IN_SCHEMA.search(error.message):
        strict = "response_format.json_schema.strict" if field == "response_format" else "text.format.strict"
        return Repair(strict, "set", False, refused=True, once=True)
    if not (refuses_field(error) or refuses_value(error)):
        return None
    told, taken = error.message.lower(), values_listed(error.message)
    if kind == "json_schema" and ("json_object" in taken or (not taken and _ONE_FORMAT.search(told))):
        return Repair(field, "set", "json_object", refused=kind)
    if kind == "json_object" and "json_schema" in taken:
        return Repair(field, "set", "json_schema", refused=kind)
    is_kind = isinstance(kind, str) and (kind in told or refuses_value(error))
    return Repair(field, "drop", refused=kind if is_kind else None)
