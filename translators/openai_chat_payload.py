"""Ollama chat and generate requests as Chat Completions requests.

Nothing is copied that is not named here: OpenAI refuses unknown fields. What does not travel unchanged is told in
notes. `keep_alive`, `truncate` and `shift` govern an engine that an OpenAI-style server does not show; they are
dropped without one.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from translators.errors import OllamaError, RequestError
from translators.go_quote import quoted
from translators.images import image_part, images_to_user_messages
from translators.notes import Note
from translators.ollama_context import Turn
from translators.ollama_generate import generate_request_to_chat
from translators.ollama_requests import ChatRequest, GenerateRequest, Message
from translators.openai_tools import legal_name, legal_names, tools_to_openai
from translators.options import options_to_openai
from translators.pairing import pair_tool_calls
from translators.profiles import Profile, reasoning_effort

_ROLES = frozenset({"system", "user", "assistant", "tool"})

_SYSTEM_FOR_DEVELOPER = Note("messages.role", "converted", "developer to system, which every server knows")
_USER_FOR_UNKNOWN = Note("messages.role", "converted", "to user: OpenAI knows system, user, assistant and tool")
_CALLS_OF_OTHERS = Note("messages.tool_calls", "dropped", "only assistant messages can have them")
_NO_THINKING = Note("messages.thinking", "dropped", "OpenAI takes no reasoning back")

_JSON_SENTENCE = "Answer in JSON."
_SCHEMA_ASKED = Note("format", "renamed", "response_format json_schema")
_JSON_ASKED = Note("format", "renamed", "response_format json_object")
_JSON_ASKED_ALOUD = Note(
    "format", "converted", f'response_format json_object, and "{_JSON_SENTENCE}": OpenAI wants the word in a message'
)


@dataclass(frozen=True, slots=True)
class Translated:
    """A request that is ready for the upstream.

    Attributes:
        payload: The request body. JSON that encodes as UTF-8, because the request models hold nothing else: neither
            lone surrogates nor NaN pass the decoder.
        notes: What did not travel unchanged, each said once.
        tool_names: Function names in the payload -> the client's names, for those that differ.
        conversation: For `/api/generate`: what the answer's `context` begins with; None where it has none.
        dialect: The protocol that it is in, and its answer will be.
    """

    payload: dict[str, Any]
    notes: tuple[Note, ...]
    tool_names: dict[str, str]
    conversation: list[Turn] | None = None
    dialect: Literal["chat", "completions"] = "chat"


def chat_request_to_openai(request: ChatRequest, model: str, profile: Profile) -> Translated:
    """Translate `/api/chat`.

    Args:
        request: With at least one message.
        model: The upstream's id of the model.
        profile: What that model accepts.

    Raises:
        OllamaError: 500, a bad `format` or an option of the wrong type, in Ollama's words.
    """
    notes: list[Note] = []
    conversation = _conversation(request.messages, notes)
    called = [call.function.name for message in conversation for call in message.tool_calls]
    names = legal_names([*(tool.function.name for tool in request.tools), *called])
    messages = [_message(message, names) for message in conversation]
    tools = _noted(tools_to_openai(request.tools, names), notes)
    response_format = _noted(format_to_openai(request.format, messages), notes)
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
    return Translated(payload, tuple(dict.fromkeys(notes)), tool_names)


def generate_request_to_openai(request: GenerateRequest, model: str, profile: Profile) -> Translated:
    """Translate `/api/generate` as the chat that it means.

    Args:
        request: With a prompt, and without `suffix` and `raw`.
        model: The upstream's id of the model.
        profile: What that model accepts.

    Raises:
        RequestError: 500, a bad `template` or `format`, or an option of the wrong type, in Ollama's words.
    """
    chat = generate_request_to_chat(request)
    try:
        translated = chat_request_to_openai(chat.request, model, profile)
    except OllamaError as error:  # unlike chat, generate looks at the format before it begins an answer
        raise RequestError(error.message, status=error.status) from error
    return replace(translated, notes=(*chat.notes, *translated.notes), conversation=chat.conversation)


def _noted[T](result: tuple[T, list[Note]], notes: list[Note]) -> T:
    """The result alone; its notes are added to those of the request."""
    notes += result[1]
    return result[0]


def _conversation(messages: Sequence[Message], notes: list[Note]) -> list[Message]:
    """The messages, still Ollama's, with OpenAI's roles, paired tool calls, and images where OpenAI takes them."""
    if any(message.thinking for message in messages):
        notes.append(_NO_THINKING)
    paired = _noted(pair_tool_calls(_with_openai_roles(messages, notes)), notes)
    return _noted(images_to_user_messages(paired), notes)


def _with_openai_roles(messages: Sequence[Message], notes: list[Note]) -> list[Message]:
    known = []
    for message in messages:
        update: dict[str, Any] = {}
        if message.role == "developer":
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


def _message(message: Message, names: dict[str, str]) -> dict[str, Any]:
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
    return {"role": message.role, "content": message.content or None, "tool_calls": calls}


def format_to_openai(wanted: Any, messages: list[dict[str, Any]]) -> tuple[dict[str, Any] | None, list[Note]]:
    """Ollama's `format` as `response_format`; may put a sentence into `messages`.

    Raises:
        OllamaError: 500, a format that is none, in Ollama's words.
    """
    if wanted is None or wanted == "":
        return None, []
    if isinstance(wanted, dict):
        title = wanted.get("title")
        name = legal_name(title if isinstance(title, str) else "", "response")
        # Not strict: OpenAI would refuse most schemas that Ollama takes, such as any with an optional property.
        envelope = {"name": name, "schema": wanted, "strict": False}
        return {"type": "json_schema", "json_schema": envelope}, [_SCHEMA_ASKED]
    if wanted != "json":
        given = json.dumps(wanted, ensure_ascii=False, separators=(",", ":"))
        raise OllamaError(f'invalid format: {quoted(given)}; expected "json" or a valid JSON Schema object')
    json_object = {"type": "json_object"}
    if any(_says_json(message["content"]) for message in messages):
        return json_object, [_JSON_ASKED]
    _add_to_system(messages, _JSON_SENTENCE)
    return json_object, [_JSON_ASKED_ALOUD]


def _says_json(content: Any) -> bool:
    texts = [content] if isinstance(content, str) else [part.get("text", "") for part in content or []]
    return any("json" in text.lower() for text in texts)


def _add_to_system(messages: list[dict[str, Any]], sentence: str) -> None:
    """Say it at the end of a leading system message: some servers allow only one, and only there."""
    if messages and messages[0]["role"] == "system":
        messages[0]["content"] = f"{messages[0]['content']}\n\n{sentence}"
    else:
        messages.insert(0, {"role": "system", "content": sentence})


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
