"""Ollama chat and generate requests for an upstream: which of OpenAI's APIs is asked, and by what payload."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from translators.efforts import wanted_effort
from translators.errors import OllamaError, RequestError
from translators.gap_prompt import gap_to_chat
from translators.ollama_generate import generate_request_to_chat
from translators.ollama_requests import ChatRequest, GenerateRequest
from translators.openai_chat_payload import Translated, chat_request_to_openai
from translators.openai_completions_payload import completion_request_to_openai, conversation_to_completion
from translators.openai_responses_payload import chat_payload_to_responses
from translators.openai_tool_turns import ToolTurn, with_turns
from translators.profiles import Dialect, Profile, dialect_for


def chat_to_openai(request: ChatRequest, model: str, profile: Profile, dialect: Dialect | None) -> Translated:
    """Translate `/api/chat`.

    Args:
        request: With at least one message.
        model: The upstream's id of the model.
        profile: What that model accepts.
        dialect: The API by which it is to be asked; None: the one that suits the request.

    Raises:
        OllamaError: 500, a bad `format` or an option of the wrong type, 400, what no text can say; in Ollama's words.
    """
    if dialect is None:
        effort = wanted_effort(request.think, profile)[0]
        dialect = dialect_for(profile, effort, has_tools=bool(request.tools))
    if dialect == "completions":
        return conversation_to_completion(request, model)
    return replace(chat_request_to_openai(request, model, profile.on(dialect)), dialect=dialect)


def generate_to_openai(
    request: GenerateRequest, model: str, profile: Profile, dialect: Dialect | None, *, gap_by_chat: bool = False
) -> Translated:
    """Translate `/api/generate`, as the chat that it means or, with `raw` or `suffix`, as text to go on with.

    Args:
        request: With a prompt.
        model: The upstream's id of the model.
        profile: What that model accepts.
        dialect: The API by which it is to be asked; None: the one that suits the request.
        gap_by_chat: Whether a model that only chats is asked by a prompt to fill in the middle (`suffix`).

    Raises:
        RequestError: 500, a bad `template` or `format` or an option of the wrong type, 400, what no text can say; in
            Ollama's words.
    """
    by_prompt = bool(request.suffix) and gap_by_chat and (dialect or profile.dialect) != "completions"
    if (request.raw or request.suffix) and not by_prompt:
        return completion_request_to_openai(request, model)
    chat = gap_to_chat(request) if by_prompt else generate_request_to_chat(request)
    try:
        translated = chat_to_openai(chat.request, model, profile, dialect)
    except OllamaError as error:  # unlike chat, generate looks at the format before it begins an answer
        raise RequestError(error.message, status=error.status) from error
    return replace(translated, notes=(*chat.notes, *translated.notes), conversation=chat.conversation)


def body_to_send(translated: Translated, turns: Mapping[int, ToolTurn], profile: Profile) -> dict[str, Any]:
    """The body of the upstream's request.

    Args:
        translated: The request.
        turns: What the upstream said itself, by the index of the message that says it again.
        profile: What the model accepts.
    """
    payload = translated.payload
    match translated.dialect:
        case "responses":
            effort = payload.get("reasoning_effort")
            reasons = profile.efforts is None or profile.reasons(effort)
            return chat_payload_to_responses(payload, turns, reasons=reasons, shows_reasoning=translated.thinks)
        case "chat" if turns or profile.reasoning_back or profile.signatures_back:
            return payload | {"messages": with_turns(payload["messages"], turns, profile)}
        case _:
            return payload
