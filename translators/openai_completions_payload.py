"""Ollama requests as legacy Completions requests: text that is gone on with, without a model's template.

That is what `raw` asks for, and `suffix`, which fills in the middle; models that only chat refuse it. A model that only
completes gets every other request so too: as a real server does it with a model whose template is `{{ .Prompt }}`, it
is sent the messages' text alone.
"""

from typing import Any, Final

from translators.errors import OllamaError, RequestError
from translators.go_template import parse_template
from translators.names import qualified_name
from translators.notes import Note
from translators.ollama_context import Turn
from translators.ollama_requests import ChatRequest, GenerateRequest
from translators.openai_chat_payload import Translated
from translators.openai_response_format import format_to_openai
from translators.options import options_to_openai
from translators.profiles import DEFAULT

MOST_LOGPROBS: Final = 5
"""Alternatives for each token; OpenAI refuses more here."""

UNLIMITED_TOKENS: Final = 2048
"""Sent where no `num_predict` is: without it OpenAI stops after 16, and half of the smallest window is as good as no
limit (gpt-3.5-turbo-instruct: 4,096)."""

_NO_IMAGES: Final = "Multimodal data provided, but model does not support multimodal requests."
"""In the words of Ollama's engine."""

_NOT_FOR_TEXT: Final = "text is gone on with as it is"

_FEWER_LOGPROBS: Final = Note("top_logprobs", "converted", f"{MOST_LOGPROBS}: the most that OpenAI takes for text")
_ONLY_COMPLETES: Final = Note("messages", "converted", "to their text alone: the model only completes text")
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
        format_to_openai(request.format, [], DEFAULT)
        fields, notes = _fields(request)
    except OllamaError as error:
        raise RequestError(error.message, status=error.status) from error
    if request.images:
        raise RequestError(_NO_IMAGES)
    notes += [
        Note(name, "dropped", _NOT_FOR_TEXT)
        for name in ("system", "template", "context", "format", "think")
        if getattr(request, name)
    ]
    suffix = {"suffix": request.suffix} if request.suffix else {}
    payload = {"model": model, "prompt": request.prompt, **suffix, **fields}
    conversation = None if request.raw else [Turn("user", request.prompt)]
    return Translated(payload, tuple(notes), {}, conversation, "completions")


def conversation_to_completion(request: ChatRequest, model: str) -> Translated:
    """Translate a chat for a model that only completes: the text of its messages, a blank line between two of them.

    Args:
        request: With at least one message.
        model: The upstream's id of the model.

    Raises:
        OllamaError: 500, a bad `format` or an option of the wrong type, 400, images or tools; in Ollama's words.
    """
    format_to_openai(request.format, [], DEFAULT)
    fields, notes = _fields(request)
    if request.image_count:
        raise RequestError(_NO_IMAGES)
    if request.tools:
        raise RequestError(f"{qualified_name(request.model)} does not support tools")
    notes.append(_ONLY_COMPLETES)
    notes += [Note(name, "dropped", _NOT_FOR_TEXT) for name in ("format", "think") if getattr(request, name)]
    prompt = "\n\n".join(message.content for message in request.messages if message.content)
    return Translated({"model": model, "prompt": prompt, **fields}, tuple(notes), {}, None, "completions")


def _fields(request: ChatRequest | GenerateRequest) -> tuple[dict[str, Any], list[Note]]:
    """What a chat and a text have in common: options, log probabilities, streaming."""
    options, notes = options_to_openai(request.options, DEFAULT, None)
    notes = [note for note in notes if note.field != "options.num_predict" or "max_tokens" in options]
    if "max_tokens" not in options:
        options["max_tokens"] = UNLIMITED_TOKENS
        notes.append(_NO_LIMIT)
    if request.logprobs and request.top_logprobs > MOST_LOGPROBS:
        notes.append(_FEWER_LOGPROBS)
    logprobs = {"logprobs": min(max(request.top_logprobs, 1), MOST_LOGPROBS)} if request.logprobs else {}
    stream = {"stream": True, "stream_options": {"include_usage": True}} if request.stream else {}
    return {**options, **logprobs, **stream}, notes
