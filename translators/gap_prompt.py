"""A generate request with `suffix` as a chat, for models that only chat: a prompt that asks for the text in the gap.

Models that complete text fill a gap by themselves (`openai_completions_payload.py`). A chat model has to be told what a
gap is, and that nothing but its text is wanted: editors insert the answer as it comes.
"""

from itertools import chain, count
from typing import Final

from translators.notes import Note
from translators.ollama_context import Turn
from translators.ollama_generate import SHARED_WITH_CHAT, AsChat
from translators.ollama_requests import ChatRequest, GenerateRequest, Message

_TASK: Final = (
    "You complete text and code at the cursor. The user sends a document in which {gap} marks the cursor. Answer with "
    "exactly what belongs in the place of {gap}, and with nothing else: no explanation, no quotes, no code fence, and "
    "nothing of what stands before or behind it. Keep to the indentation, and begin and end in the middle of a line "
    "where the document does. If nothing is missing there, answer with nothing."
)
_ASKED_BY_PROMPT: Final = Note("suffix", "converted", "into a prompt that asks a chat model for the text in the gap")
_RAW_DROPPED: Final = Note("raw", "dropped", "a chat model has its own template")


def gap_to_chat(request: GenerateRequest) -> AsChat:
    """Turn a request with `prompt` and `suffix` into a conversation.

    Args:
        request: Its system text, if it has one, stands before the task.
    """
    notes = [_ASKED_BY_PROMPT, *([_RAW_DROPPED] if request.raw else [])]
    marks = chain(("{{GAP}}",), (f"{{{{GAP_{number}}}}}" for number in count(2)))
    gap = next(mark for mark in marks if mark not in request.prompt + request.suffix)
    task = _TASK.format(gap=gap)
    task = f"{request.system}\n\n{task}" if request.system else task
    messages = [
        Message(role="system", content=task),
        Message(role="user", content=f"{request.prompt}{gap}{request.suffix}").model_copy(
            update={"images": request.images}  # they are checked
        ),
    ]
    fields = {name: getattr(request, name) for name in SHARED_WITH_CHAT}
    chat = ChatRequest().model_copy(update={"messages": messages, **fields})
    return AsChat(chat, [Turn("user", request.prompt)], tuple(notes))
