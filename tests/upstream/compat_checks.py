"""What compatible servers refuse, each in its own words and form. Requests come as they were sent, of any shape."""

import re
from collections.abc import Callable, Iterator
from typing import Any

from tests.upstream.parameters import CHAT
from tests.upstream.refusals import Refusal
from tests.upstream.seals import is_sealed

type Body = dict[str, Any]
type Check = Callable[[Body], None]

MISTRAL_REFUSES = frozenset(
    {"max_completion_tokens", "stream_options", "seed", "logprobs", "top_logprobs", "reasoning_effort", "store"}
)
GROQ_REFUSES = frozenset({"logprobs", "top_logprobs", "logit_bias", "verbosity", "store"})
GEMINI_REFUSES = frozenset(
    {"seed", "frequency_penalty", "presence_penalty", "logprobs", "top_logprobs", "logit_bias", "verbosity", "store"}
)
# What xAI's reasoning models refuse -> what they call it.
XAI_REFUSES = {"stop": "stop", "presence_penalty": "presencePenalty", "frequency_penalty": "frequencyPenalty"}

_NINE = re.compile(r"[a-zA-Z0-9]{9}")

_ANY_SIGNATURE = "skip_thought_signature_validator"
"""What Google takes in the place of a signature (Gemini API, "Thought signatures", frequently asked)."""


class Foreign(Refusal):
    """An error that has not OpenAI's form.

    Attributes:
        status: The HTTP status.
        headers: None.
        body: Any JSON value.
    """

    def __init__(self, body: Any, status: int = 400) -> None:
        super().__init__(str(body), status=status)
        self.body = body


def _unknown(body: Body, refused: frozenset[str]) -> list[str]:
    return [name for name, value in body.items() if value is not None and (name in refused or name not in CHAT)]


def _assistants(body: Body) -> Iterator[tuple[int, Body]]:
    """The assistant's messages, each with its position."""
    messages = body.get("messages")
    for position, message in enumerate(messages if isinstance(messages, list) else []):
        if isinstance(message, dict) and message.get("role") == "assistant":
            yield position, message


def _calls(message: Body) -> list[Body]:
    calls = message.get("tool_calls")
    return [call for call in calls if isinstance(call, dict)] if isinstance(calls, list) else []


def _format_kind(body: Body) -> Any:
    form = body.get("response_format")
    return form.get("type") if isinstance(form, dict) else None


def mistral_names(body: Body) -> None:
    """All at once, as its validator lists them (openclaude#739)."""
    found = [
        {"type": "extra_forbidden", "loc": ["body", name], "msg": "Extra inputs are not permitted", "input": body[name]}
        for name in _unknown(body, MISTRAL_REFUSES)
    ]
    if found:
        raise Foreign({"detail": found}, 422)


def nine_letter_ids(body: Body) -> None:
    """Mistral takes no other tool call ids (editor-code-assistant/eca#233)."""
    for _, message in _assistants(body):
        for call in _calls(message):
            if not _NINE.fullmatch(str(call.get("id"))):
                text = f"Tool call id was {call.get('id')} but must be a-z, A-Z, 0-9, with a length of 9."
                error = {"object": "error", "message": text, "type": "invalid_function_call"}
                raise Foreign({**error, "param": None, "code": "3280"})


def _plain(text: str) -> Foreign:
    return Foreign({"error": {"message": text, "type": "invalid_request_error"}})


def groq_names(body: Body) -> None:
    """One at a time (musistudio/llms#64)."""
    for name in _unknown(body, GROQ_REFUSES):
        raise _plain(f"property '{name}' is unsupported")


def groq_messages(body: Body) -> None:
    """Reasoning is not taken back (janhq/jan#8136)."""
    for position, message in _assistants(body):
        for name in message.keys() & {"reasoning", "reasoning_content"}:
            place = f"messages.{position}"
            raise _plain(
                f"'{place}' : for 'role:assistant' the following must be satisfied"
                f"[('{place}' : property '{name}' is unsupported)]"
            )


def _gemini(text: str, *parts: str) -> Foreign:
    error: Body = {"code": 400, "message": text, "status": "INVALID_ARGUMENT"}
    if parts:
        violations = [{"description": part} for part in parts]
        error["details"] = [{"@type": "type.googleapis.com/google.rpc.BadRequest", "fieldViolations": violations}]
    return Foreign([{"error": error}])


def gemini_names(body: Body) -> None:
    """All at once, a line each (ChatterUI#227)."""
    texts = [
        f'Invalid JSON payload received. Unknown name "{name}": Cannot find field.'
        for name in _unknown(body, GEMINI_REFUSES)
    ]
    if texts:
        raise _gemini("\n".join(texts), *texts)


def thought_signatures(body: Body) -> None:
    """Gemini 3 wants the signature back on the first call of each step (openclaude#67)."""
    for position, message in _assistants(body):
        for call in _calls(message)[:1]:
            extra = call.get("extra_content") or {}
            signature = (extra.get("google") or {}).get("thought_signature")
            if signature is None:
                name = (call.get("function") or {}).get("name")
                raise _gemini(
                    "Function call is missing a thought_signature in functionCall parts. This is required for tools "
                    "to work correctly, and missing thought_signature may lead to degraded model performance. "
                    f"Additional data, function call `default_api:{name}` , position {position + 1}. Please refer to "
                    "https://ai.google.dev/gemini-api/docs/thought-signatures for more details."
                )
            if signature != _ANY_SIGNATURE and not is_sealed(signature):
                raise _gemini("Thought signature is not valid.")


def _deepseek(text: str) -> Foreign:
    code = "invalid_request_error"
    return Foreign({"error": {"message": text, "type": code, "param": None, "code": code}})


def reasoning_with_calls(body: Body) -> None:
    """DeepSeek wants the reasoning back that led to a call (DeepSeek-V3#1053)."""
    for position, message in _assistants(body):
        if _calls(message) and "reasoning_content" not in message:
            raise _deepseek(
                f"Missing `reasoning_content` field in the assistant message at message index {position}. For more "
                "information, please refer to https://api-docs.deepseek.com/guides/thinking_mode#tool-calls"
            )


def no_schema(body: Body) -> None:
    """DeepSeek knows JSON mode only (llm-exe#662)."""
    if _format_kind(body) == "json_schema":
        raise _deepseek("This response_format type is unavailable now")


def no_json_object(body: Body) -> None:
    """LM Studio knows schemas only."""
    if _format_kind(body) not in {None, "json_schema", "text"}:
        raise Foreign({"error": "'response_format.type' must be 'json_schema' or 'text'"})


def no_tool_choice_object(body: Body) -> None:
    """LM Studio cannot be made to call one tool."""
    if isinstance(body.get("tool_choice"), dict):
        text = "Invalid tool_choice type: 'object'. Supported string values: none, auto, required"
        raise Foreign({"error": text})


def no_response_format(body: Body) -> None:
    """A server that knows no structured output."""
    if body.get("response_format") is not None:
        raise _plain("response_format is not supported by this model")


def system_first(body: Body) -> None:
    """Many chat templates at vLLM take one system message, at the start (vllm#41114); the older form of its errors."""
    messages = body.get("messages")
    later = messages[1:] if isinstance(messages, list) else []
    if any(isinstance(message, dict) and message.get("role") == "system" for message in later):
        text = "System message must be at the beginning."
        error = {"object": "error", "message": text, "type": "BadRequestError", "param": None, "code": 400}
        raise Foreign(error)


def xai_names(body: Body) -> None:
    """One at a time, under the names of its own API (open-webui#21266)."""
    for name, told in XAI_REFUSES.items():
        if body.get(name) is not None:
            text = f"Model {body.get('model')} does not support parameter {told}."
            raise Foreign({"code": "invalid-argument", "error": text})
