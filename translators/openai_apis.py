"""OpenAI's APIs that are asked: their paths, what people call them, and what reads their answers."""

from collections.abc import Callable, Mapping
from typing import Final, Literal

from translators.answer import Reader
from translators.lessons import API_NAMES
from translators.openai_chat_reader import ChatCompletionReader
from translators.openai_completion_reader import CompletionReader
from translators.openai_responses_reader import ResponseReader
from translators.profiles import Dialect

type Api = Dialect | Literal["embeddings"]

PATHS: Final[Mapping[Api, str]] = {
    "chat": "/chat/completions",  # before the next one, whose path is the end of this
    "completions": "/completions",
    "responses": "/responses",
    "embeddings": "/embeddings",
}
"""Behind the base URL."""

READERS: Final[Mapping[Dialect, Callable[[int], Reader]]] = {
    "chat": ChatCompletionReader,
    "completions": CompletionReader,
    "responses": ResponseReader,
}
"""Made with the number of alternatives that the client wants to know for each token, which may be 0."""


def api_of(path: str) -> Api | None:
    """Which API a path leads to, whatever stands before its end, and before a query; None for anything else."""
    bare = path.partition("?")[0].rstrip("/")
    return next((api for api, end in PATHS.items() if bare.endswith(end)), None)


def name_of(api: Api) -> str:
    """What people call an API."""
    return "Embeddings" if api == "embeddings" else API_NAMES[api]
