"""Ollama chat requests as Chat Completions requests.

Nothing is copied that is not named here: OpenAI refuses unknown fields. What does not travel unchanged is told in
notes. `keep_alive`, `truncate` and `shift` govern an engine that an OpenAI-style server does not show; they are
dropped without one.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from translators.efforts import reasoning_effort
from translators.images import image_part, images_to_user_messages
from translators.notes import Note
from translators.ollama_context import Turn
from translators.ollama_requests import ChatRequest, Message
from translators.openai_response_format import format_to_openai
from translators.openai_tools import legal_names, tools_to_openai
from translators.options import options_to_openai
from translators.pairing import pair_tool_calls
from translators.profiles import Dialect, Profile

_ROLES = frozenset({"system", "user", "assistant", "tool"})
_SYSTEM_ROLES = frozenset({"system", "developer"})

_SYSTEM_FOR_DEVELOPER = Note("messages.role", "converted", "developer to system, which every server knows")
_USER_FOR_UNKNOWN = Note("messages.role", "converted", "to user: OpenAI knows system, user, assistant and tool")
_CALLS_OF_OTHERS = Note("messages.tool_calls", "dropped", "only assistant messages can have them")
_NO_SYSTEM_ROLE = Note("messages.role", "converted", "system to user: the model takes no system messages")
_NO_THINKING = Note("messages.thinking", "dropped", "the model takes no reasoning back, or only that of tool calls")


@dataclass(frozen=True, slots=True)
class Translated:
    """A request that is ready for the upstream.

    Attributes:
        payload: The request body; for the Responses API still in the form of Chat Completions, because its last
            step needs to know what the upstream said before. JSON that encodes as UTF-8, because the request models
            hold nothing else: neither lone surrogates nor NaN pass the decoder.
        notes: What did not travel unchanged, each said once.
        tool_names: Function names in the payload -> the client's names, for those that differ.
        conversation: For `/api/generate`: what the answer's `context` begins with; None where it has none.
        dialect: The protocol that it is in, and its answer will be.
        thinks: Whether the client may be shown the model's reasoning: it did not ask for none.
    """

    payload: dict[str, Any]
    notes: tuple[Note, ...]
    tool_names: dict[str, str]
    conversation: list[Turn] | None = None
    dialect: Dialect = "chat"
    thinks: bool = True


def chat_request_to_openai(request: ChatRequest, model: str, profile: Profile) -> Translated:
    """Translate `/api/chat`.

    Args:
        request: With at least one message.
        model: The upstream's id of the model.
        profile: What that model accepts on the API by which it is asked, Chat Completions or Responses.

    Raises:
        OllamaError: 500, a bad `format` or an option of the wrong type, in Ollama's words.
    """
    notes: list[Note] = []
    conversation = _conversation(request.messages, profile, notes)
    called = [call.function.name for message in conversation for call in message.tool_calls]
    names = legal_names([*(tool.function.name for tool in request.tools), *called])
    messages = [_message(message, names, profile.reasoning_back) for message in conversation]
    tools = _noted(tools_to_openai(request.tools, names), notes)
    response_format = _noted(format_to_openai(request.format, messages, profile), notes)
    effort = _noted(reasoning_effort(request.think, profile, has_tools=bool(tools)), notes)
    payload = {
        "model": model,
        "messages": messages,
        **({"tools": tools} if tools else {}),
        **({"response_format": response_format} if response_format else {}),
        **({"reasoning_effort": effort} if effort else {}),
        **_noted(options_to_openai(request.options, profile, effort), notes),
        **_noted(_logprobs(request, profile, effort), notes),
        **({"stream": True, "stream_options": {"include_usage": True}} if request.stream else {}),
    }
    tool_names = {legal: name for name, legal in names.items() if legal != name}
    return Translated(payload, tuple(dict.fromkeys(notes)), tool_names, thinks=request.think is not False)


def _noted[T](result: tuple[T, list[Note]], notes: list[Note]) -> T:
    """The result alone; its notes are added to those of the request."""
    notes += result[1]
    return result[0]


def _conversation(messages: Sequence[Message], profile: Profile, notes: list[Note]) -> list[Message]:
    """The messages, still Ollama's, with OpenAI's roles, paired tool calls, and images where OpenAI takes them."""
    if any(message.thinking and not (profile.reasoning_back and message.tool_calls) for message in messages):
        notes.append(_NO_THINKING)
    paired = _noted(pair_tool_calls(_with_openai_roles(messages, profile, notes)), notes)
    return _noted(images_to_user_messages(paired), notes)


def _with_openai_roles(messages: Sequence[Message], profile: Profile, notes: list[Note]) -> list[Message]:
    known = []
    for message in messages:
        update: dict[str, Any] = {}
        if message.role in _SYSTEM_ROLES and not profile.system_role:
            update["role"] = "user"
            notes.append(_NO_SYSTEM_ROLE)
        elif message.role == "developer":
            update["role"] = "system"
            notes.append(_SYSTEM_FOR_DEVELOPER)
        elif message.role not in _ROLES:
            update["role"] = "user"
            notes.append(_USER_FOR_UNKNOWN)
        if message.tool_calls and message.role != "assistant":
            update["tool_calls"] = []
            notes.append(_CALLS_OF_OTHERS)
        known.append(message.model_copy(update=update) if update else message)
    return known


def _message(message: Message, names: dict[str, str], reasoning_back: str) -> dict[str, Any]:
    if message.role == "tool":
        return {"role": "tool", "tool_call_id": message.tool_call_id, "content": message.content}
    if message.images:
        text = [{"type": "text", "text": message.content}] if message.content else []
        return {"role": message.role, "content": [*text, *map(image_part, message.images)]}
    if not message.tool_calls:
        return {"role": message.role, "content": message.content}
    calls = [
        {
            "id": call.id,
            "type": "function",
            "function": {
                "name": names[call.function.name],
                "arguments": json.dumps(call.function.arguments, ensure_ascii=False, separators=(",", ":")),
            },
        }
        for call in message.tool_calls
    ]
    reasoning = {reasoning_back: message.thinking} if reasoning_back and message.thinking else {}
    return {"role": message.role, "content": message.content or None, **reasoning, "tool_calls": calls}


def _logprobs(request: ChatRequest, profile: Profile, effort: str | None) -> tuple[dict[str, Any], list[Note]]:
    if not request.logprobs:
        return {}, []
    if not profile.takes_sampling(effort):
        return {}, [Note("logprobs", "dropped", profile.sampling_refusal)]
    top = min(request.top_logprobs, profile.top_logprobs)
    notes = []
    if top < request.top_logprobs:
        notes.append(Note("top_logprobs", "converted", f"{top}: the most that {profile.name} takes"))
    # At least one alternative is asked for, as Ollama does it: some servers send no log probabilities without.
    return {"logprobs": True, "top_logprobs": max(top, 1)}, notes
