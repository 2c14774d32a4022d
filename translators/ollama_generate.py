"""A generate request as the chat that it means.

`/api/generate` knows a prompt, a system text, a template and the integers of an earlier answer; a hosted model knows
messages. `suffix` and `raw` mean no chat, and are not looked at: the caller refuses requests that need them.
"""

from dataclasses import dataclass
from typing import Final

from translators.go_template import parse_template
from translators.notes import Note
from translators.ollama_context import Turn, conversation_in
from translators.ollama_requests import ChatRequest, GenerateRequest, Message

SHARED_WITH_CHAT: Final = ("stream", "format", "options", "think", "logprobs", "top_logprobs")
"""Fields that mean the same in a chat request."""

_FOREIGN_CONTEXT: Final = Note("context", "dropped", "not a whole one of this proxy's: others cannot be read")
_TEMPLATE_SAID: Final = Note("template", "converted", "into the text of the prompt")
_TEMPLATE_DROPPED: Final = Note("template", "dropped", "it says more than text: the upstream's model has its own")


@dataclass(frozen=True, slots=True)
class AsChat:
    """What a generate request means.

    Attributes:
        request: The same as a chat request.
        conversation: Its messages as far as `context` keeps them: what the answer's `context` begins with.
        notes: What did not travel unchanged.
    """

    request: ChatRequest
    conversation: list[Turn]
    notes: tuple[Note, ...]


def generate_request_to_chat(request: GenerateRequest) -> AsChat:
    """Turn a request with a prompt into a conversation that ends in it.

    Raises:
        RequestError: 500, a `template` that Go could not parse, in its words.
    """
    notes: list[Note] = []
    conversation = _earlier(request, notes)
    system, prompt = _templated(request, notes)
    if system:  # a new system text replaces the earlier one: the model's own is never in a context
        conversation = [Turn("system", system), *(turn for turn in conversation if turn.role != "system")]
    messages = [Message(role=turn.role, content=turn.content) for turn in conversation]
    asked = Message(role="user", content=prompt).model_copy(update={"images": request.images})  # they are checked
    fields = {name: getattr(request, name) for name in SHARED_WITH_CHAT}
    chat = ChatRequest().model_copy(update={"messages": [*messages, asked], **fields})
    return AsChat(chat, [*conversation, Turn("user", prompt)], tuple(notes))


def _earlier(request: GenerateRequest, notes: list[Note]) -> list[Turn]:
    if not request.context:
        return []
    conversation = conversation_in(request.context)
    if conversation is None:
        notes.append(_FOREIGN_CONTEXT)
        return []
    return conversation


def _templated(request: GenerateRequest, notes: list[Note]) -> tuple[str, str]:
    """(system, prompt) after the template has said its part."""
    if not request.template:
        return request.system, request.prompt
    template = parse_template(request.template)
    rendered = template.render({".System": request.system, ".Prompt": request.prompt})
    if rendered is None:
        notes.append(_TEMPLATE_DROPPED)
        return request.system, request.prompt
    notes.append(_TEMPLATE_SAID)
    return "" if template.uses_system else request.system, rendered
