"""Ollama generate requests as legacy Completions requests: text that is gone on with, without a model's template.

That is what `raw` asks for, and `suffix`, which fills in the middle. Models that only chat refuse it, in the upstream's
words.
"""

from typing import Any, Final

from translators.errors import OllamaError, RequestError
from translators.go_template import parse_template
from translators.notes import Note
from translators.ollama_context import Turn
from translators.ollama_requests import GenerateRequest
from translators.openai_chat_payload import Translated, format_to_openai
from translators.options import options_to_openai
from translators.profiles import DEFAULT

MOST_LOGPROBS: Final = 5
"""Alternatives for each token; OpenAI refuses more here."""

UNLIMITED_TOKENS: Final = 2048
"""Sent where no `num_predict` is: without it OpenAI stops after 16, and half of the smallest window is as good as no
limit (gpt-3.5-turbo-instruct: 4,096)."""

_NOT_FOR_TEXT: Final = "text is gone on with as it is"

_FEWER_LOGPROBS: Final = Note("top_logprobs", "converted", f"{MOST_LOGPROBS}: the most that OpenAI takes for text")
_NO_LIMIT: Final = Note("options.num_predict", "defaulted", f"max_tokens {UNLIMITED_TOKENS}: OpenAI's default is 16")


def completion_request_to_openai(request: GenerateRequest, model: str) -> Translated:
    """Translate a request of `/api/generate` with `raw` or `suffix`.

    Args:
        request: With a prompt.
        model: The upstream's id of the model.

    Raises:
        RequestError: 500, a bad `template` or `format` or an option of the wrong type, 400, images; in Ollama's words.
    """
    parse_template(request.template)
    try:
        format_to_openai(request.format, [])
        options, notes = options_to_openai(request.options, DEFAULT, None)
    except OllamaError as error:
        raise RequestError(error.message, status=error.status) from error
    if request.images:  # in the words of Ollama's engine
        raise RequestError("Multimodal data provided, but model does not support multimodal requests.")
    notes = [note for note in notes if note.field != "options.num_predict" or "max_tokens" in options]
    if "max_tokens" not in options:
        options["max_tokens"] = UNLIMITED_TOKENS
        notes.append(_NO_LIMIT)
    if request.logprobs and request.top_logprobs > MOST_LOGPROBS:
        notes.append(_FEWER_LOGPROBS)
    for field in ("system", "template", "context", "format", "think"):
        if getattr(request, field):
            notes.append(Note(field, "dropped", _NOT_FOR_TEXT))
    payload: dict[str, Any] = {
        "model": model,
        "prompt": request.prompt,
        **({"suffix": request.suffix} if request.suffix else {}),
        **options,
        **({"logprobs": min(max(request.top_logprobs, 1), MOST_LOGPROBS)} if request.logprobs else {}),
        **({"stream": True, "stream_options": {"include_usage": True}} if request.stream else {}),
    }
    conversation = None if request.raw else [Turn("user", request.prompt)]
    return Translated(payload, tuple(notes), {}, conversation, "completions")
