"""Everything that can go wrong, as an Ollama client is told it.

    OllamaError                     status and text of an Ollama error answer
    ├── RequestError                the client's request cannot be served as it stands
    │   └── ModelNotFound           404, in the words of the route that was asked
    └── UpstreamError               the OpenAI-style server refused or failed, in its own words
        ├── UpstreamUnreachable     502, no connection, or one that broke before the answer
        ├── UpstreamTimeout         504, silence for longer than the request timeout
        └── UpstreamBroken          502, an answer that is cut, empty or not what the protocol says

An error before the first byte of an answer becomes its HTTP status and `{"error": text}`; later it becomes
one `{"error": text}` line (Ollama's `server/routes.go`). Below `/v1` both have OpenAI's form (`openai_answers.py`).
"""

from typing import ClassVar


class OllamaError(Exception):
    """An error answer in Ollama's form.

    Attributes:
        status: The HTTP status, 4xx or 5xx.
        message: The text of the `error` field.
        retry_after: Value of a `Retry-After` header to pass on, in the upstream's own form.
    """

    default_status: ClassVar[int] = 500

    def __init__(self, message: str, *, status: int | None = None, retry_after: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.status = self.default_status if status is None else status
        self.retry_after = retry_after


class RequestError(OllamaError):
    """The client's request cannot be served as it stands."""

    default_status = 400


class ModelNotFound(RequestError):
    """No such model; the text differs by route (Ollama's `server/routes.go`)."""

    default_status = 404


class UpstreamError(OllamaError):
    """The upstream answered with an error.

    Attributes:
        code: The upstream's `code`, such as `model_not_found`; empty when it gave none.
        param: The request field that the upstream complained about; empty when it named none.
    """

    default_status = 502

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        retry_after: str | None = None,
        code: str = "",
        param: str = "",
    ) -> None:
        super().__init__(message, status=status, retry_after=retry_after)
        self.code = code
        self.param = param


class UpstreamUnreachable(UpstreamError):
    """No connection to the upstream, or one that broke before the answer began."""


class UpstreamTimeout(UpstreamError):
    """The upstream was silent for longer than the request timeout."""

    default_status = 504


class UpstreamBroken(UpstreamError):
    """The upstream's answer is cut, empty or not what the protocol says."""
