"""Requests to `/api/embed` and its older form `/api/embeddings` (Ollama's `api/types.go`, `server/routes.go`)."""

from typing import Any, ClassVar

from pydantic import Field

from translators.errors import RequestError
from translators.go_struct import GoStruct, Int, OptionalBool
from translators.ollama_fields import KeepAlive
from translators.ollama_request_checks import check_required_model, check_wanted_model, read_struct


class EmbedRequest(GoStruct):
    """A request to `/api/embed`.

    Attributes:
        model: Exactly as asked, for the answer.
        input: A string, a list of strings, or None; `embed_request` lets nothing else through.
        keep_alive: Nanoseconds; `FOREVER`, or None when not asked.
        truncate: Whether an input that is too long is cut.
        dimensions: How many numbers of each vector are wanted; 0 and less, and more than it has: all.
        options: As sent; Ollama checks them when the model is loaded.
    """

    model: str = ""
    input: Any = None
    keep_alive: KeepAlive = None
    truncate: OptionalBool = True
    dimensions: Int = 0
    options: dict[str, Any] = Field(default_factory=dict)

    @property
    def inputs(self) -> list[str]:
        """The texts, one for each vector; none: load the model. A list of one empty text is one text."""
        if isinstance(self.input, list):
            return self.input
        return [self.input] if self.input else []


class EmbeddingRequest(GoStruct):
    """A request to `/api/embeddings`.

    Attributes:
        model: As asked.
        prompt: The text; empty: load the model.
        keep_alive: Nanoseconds; `FOREVER`, or None when not asked.
        options: As sent; Ollama checks them when the model is loaded.
        truncate: Never: this route refuses what is too long.
        dimensions: Always all.
    """

    model: str = ""
    prompt: str = ""
    keep_alive: KeepAlive = None
    options: dict[str, Any] = Field(default_factory=dict)
    truncate: ClassVar[bool] = False
    dimensions: ClassVar[int] = 0

    @property
    def inputs(self) -> list[str]:
        """The text, if there is one."""
        return [self.prompt] if self.prompt else []


def embed_request(body: bytes) -> EmbedRequest:
    """Read a request to `/api/embed`.

    Raises:
        ModelNotFound: 404, no model named.
        RequestError: 400 with Ollama's text.
    """
    request = read_struct(EmbedRequest, body)
    check_wanted_model(request.model)
    if not _is_input(request.input):
        raise RequestError("invalid input type")
    return request


def embeddings_request(body: bytes) -> EmbeddingRequest:
    """Read a request to `/api/embeddings`.

    Raises:
        RequestError: 400 with Ollama's text.
    """
    request = read_struct(EmbeddingRequest, body)
    check_required_model(request.model)
    return request


def _is_input(value: Any) -> bool:
    if isinstance(value, list):
        return all(isinstance(item, str) for item in value)
    return value is None or isinstance(value, str)
