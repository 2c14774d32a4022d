"""Answers of this project, as its writers write them: at least one of each kind, with every field that it may have."""

from collections.abc import Mapping
from typing import Final

from translators.events import Event, Finish, Logprobs, Text, Thinking, ToolCall, Usage
from translators.ollama_answers import CHAT, GENERATE, Moment, StreamWriter, WholeWriter, load_answer
from translators.ollama_context import Turn
from translators.ollama_embed_requests import EmbedRequest
from translators.ollama_embeddings import EMBEDDINGS_LOAD_ANSWER, embed_answer, embed_load_answer, embeddings_answer
from translators.ollama_models import CAPABILITIES, Model, ps_body, show_body, tags_body
from translators.ollama_progress import SUCCESS, progress_body
from translators.ollama_requests import ShowRequest
from translators.openai_embeddings_reader import Embeddings
from translators.vectors import vector_from_list

_NOW: Final = Moment(wall_ns=1_767_225_600_123_456_789, elapsed_ns=5_000_000)

_TOKEN: Final = {"token": "Hi", "logprob": -0.5, "bytes": [72, 105]}

_EVENTS: Final[list[Event]] = [
    Thinking("Hm"),
    Logprobs([_TOKEN | {"top_logprobs": [_TOKEN]}]),
    Text("Hi"),
    ToolCall(0, "call_1", "get_weather", {"city": "Oslo"}),
    Usage(11, 4),
    Finish("stop"),
]

_MODEL: Final = Model("gpt-4o", 128_000, CAPABILITIES, embedding_length=8)


def our_answers() -> Mapping[str, list[bytes]]:
    """Bodies and stream lines, by the package's name of their type."""
    embeddings = Embeddings([vector_from_list([0.6, 0.8])], Usage(3, None))
    embedded = b"".join(embed_answer(EmbedRequest(model="m"), embeddings, sent_ns=1, elapsed_ns=_NOW.elapsed_ns))
    return {
        "ChatResponse": _generated(CHAT),
        "EmbedResponse": [embedded, embed_load_answer("m")],
        "EmbeddingsResponse": [embeddings_answer(embeddings), EMBEDDINGS_LOAD_ANSWER],
        "GenerateResponse": _generated(GENERATE),
        "ListResponse": [tags_body([_MODEL]), tags_body([])],
        "ProcessResponse": [ps_body([(_MODEL, _NOW.wall_ns)]), ps_body([])],
        "ProgressResponse": [progress_body(SUCCESS)],
        "ShowResponse": [show_body(_MODEL, ShowRequest(model="gpt-4o"), "")],
    }


def _generated(shape: str) -> list[bytes]:
    """An answer as lines and whole, and that to a request without a prompt."""
    asked = [Turn("user", "Hi")] if shape == GENERATE else None  # for `context`, which a chat has not
    stream = StreamWriter(shape, "m", sent_ns=1, tool_names={}, conversation=asked)
    whole = WholeWriter(shape, "m", sent_ns=1, tool_names={}, conversation=asked)
    load = load_answer(shape, "m", "load", _NOW.wall_ns)
    return [*stream.feed(_EVENTS, _NOW), *whole.feed(_EVENTS, _NOW), load]
