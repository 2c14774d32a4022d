"""The fault matrix as data: what a client of the proxy sees of each way in which the upstream fails.

Rows are ways to fail, columns are routes in their modes. Most cells follow from row and column; `EXCEPTIONS` has the
others. All numbers of tries are those of `ollama_max_retries` 1.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, Literal


@dataclass(frozen=True, slots=True)
class Column:
    """A route in one of its modes.

    Attributes:
        name: In test ids.
        path: Of the route.
        family: Routes that work alike: text, embeddings, or what needs the upstream's list of models.
        stream: The client asks for a stream.
        status: Of all errors, whatever the row says; None where the row decides.
    """

    name: str
    path: str
    family: Literal["text", "embeddings", "list"]
    stream: bool = False
    status: int | None = None

    @property
    def openai(self) -> bool:
        """Whether the route is OpenAI's, and not Ollama's."""
        return self.path.startswith("/v1/")

    @property
    def passes_on(self) -> bool:
        """Whether the client gets what the upstream answers, byte for byte."""
        return self.openai and self.family != "list"


COLUMNS: Final = (
    Column("chat-whole", "/api/chat", "text"),
    Column("chat-stream", "/api/chat", "text", stream=True),
    Column("generate-whole", "/api/generate", "text"),
    Column("generate-stream", "/api/generate", "text", stream=True),
    Column("embed", "/api/embed", "embeddings"),
    Column("embeddings", "/api/embeddings", "embeddings", status=500),
    Column("tags", "/api/tags", "list"),
    Column("show", "/api/show", "list"),
    Column("v1-chat-whole", "/v1/chat/completions", "text"),
    Column("v1-chat-stream", "/v1/chat/completions", "text", stream=True),
    Column("v1-embeddings", "/v1/embeddings", "embeddings"),
    Column("v1-models", "/v1/models", "list"),
)


@dataclass(frozen=True, slots=True)
class Row:
    """A way in which the upstream fails, and what a client sees of it.

    Attributes:
        name: In test ids.
        fault: What the test upstream is told to do; empty where there is no upstream.
        status: Of an answer that has not begun.
        told: A piece of the error sentence.
        code: Of the error that an OpenAI client gets; empty where it gets what the upstream answers.
        tries: How often the upstream is asked.
        retry_after: A pattern of the `Retry-After` that the client gets; empty for none.
        after: What of a good answer has come before it fails.
        streams_only: It can happen in streams of text only.
        impatient: It is seen with a request timeout of a second.
    """

    name: str
    fault: str
    status: int
    told: str
    code: str = ""
    tries: int = 1
    retry_after: str = ""
    after: Literal["nothing", "head", "half"] = "nothing"
    streams_only: bool = False
    impatient: bool = False


_UNREACHABLE: Final = "upstream_unreachable"
_TIMEOUT: Final = "upstream_timeout"
_BROKEN: Final = "upstream_broken"

_NO_CONNECTION: Final = "cannot be reached: "
_BROKE_OFF: Final = "broke off in the middle of its answer: "
_SILENT: Final = "was silent for 1 s (see ollama_request_timeout)"
_STOPPED: Final = "stopped in the middle of its answer (ollama_request_timeout)"
_DATE: Final = ".{3}, .* GMT"
_LIMITED: Final = "Rate limit reached for gpt-4o in organization org-test"
_NO_LIST: Final = "the upstream's model list is not JSON"
_NO_LIST_YET: Final = "the upstream did not tell its models within 1 s"
_SERVER_ERROR: Final = "The server had an error while processing your request. Sorry about that!"


def _api_error(status: int, fault: str = "status", *, tries: int = 1) -> Row:
    told = f"The test upstream was told to answer {status}."
    return Row(f"{fault}-{status}", f"{fault}:{status}", status, told, tries=tries)


NOWHERE: Final = (
    Row("refused", "", 502, "127.0.0.1:1 cannot be reached: Connection refused", _UNREACHABLE, tries=2),
    Row("dns", "", 502, "nosuchhost.invalid:9 cannot be reached: ", _UNREACHABLE, tries=2),
    Row("tls-plain", "", 502, "cannot be reached: TLS failed, ", _UNREACHABLE, tries=2),
    Row("tls-self-signed", "", 502, "TLS failed, self-signed certificate (see ollama_ca_file)", _UNREACHABLE, tries=2),
    Row("tls-silent", "", 504, _SILENT, _TIMEOUT, impatient=True),
)
RETRIED: Final = (
    Row("cut-head", "cut-head", 502, _NO_CONNECTION + "Server disconnected", _UNREACHABLE, tries=2),
    Row("reset-head", "reset-head", 502, _NO_CONNECTION + "Connection reset by peer", _UNREACHABLE, tries=2),
    Row("garbage-head", "garbage-head", 502, _NO_CONNECTION, _UNREACHABLE, tries=2),
    *(_api_error(status, tries=2) for status in (408, 409, 500, 501, 502, 503, 504, 529)),
    _api_error(500, "status-cut", tries=2),
    Row("html-502", "html:502", 502, "the upstream answered 502 Bad Gateway without a message", tries=2),
    Row("empty-503", "empty:503", 503, "the upstream answered 503 Service Unavailable without a message", tries=2),
    Row("rate-limit", "429", 429, _LIMITED, tries=2, retry_after="1"),
    Row("retry-after-float", "retry-after:0.05", 429, _LIMITED, tries=2, retry_after=r"0\.05"),
    Row("retry-after-date", "retry-after-date:1", 429, _LIMITED, tries=2, retry_after=_DATE),
    Row("retry-after-ms", "retry-after-ms:20", 429, _LIMITED, tries=2),
    Row("retry-after-past", "retry-after:-1", 429, _LIMITED, tries=2, retry_after="-1"),
    Row("retry-after-garbage", "retry-after:soon", 429, _LIMITED, tries=2, retry_after="soon"),
    Row("told-to-retry", "should-retry:400:true", 400, "The test upstream was told to answer 400.", tries=2),
)
ASKED_ONCE: Final = (
    *(_api_error(status) for status in (400, 401, 403, 404, 413, 422)),
    _api_error(400, "status-cut"),
    Row("quota", "quota", 429, "You exceeded your current quota"),
    Row("retry-after-too-long", "retry-after:31", 429, _LIMITED, retry_after="31"),
    Row("retry-after-date-too-late", "retry-after-date:60", 429, _LIMITED, retry_after=_DATE),
    Row("retry-after-ms-too-long", "retry-after-ms:31000", 429, _LIMITED),
    Row("told-not-to-retry", "should-retry:503:false", 503, "The test upstream was told to answer 503."),
    Row("redirect", "redirect", 502, "redirects to 'https://elsewhere.invalid/v1'", _BROKEN),
    Row("html-200", "html-200", 502, "the upstream answered with a web page instead of JSON"),
    Row("error-200", "error-200", 502, "Provider returned error"),
    Row("empty-200", "empty-200", 502, "the upstream answered with an empty body"),
    Row("garbage-json", "garbage-json", 502, "the upstream's answer is not JSON"),
    Row("garbage-gzip", "garbage-gzip", 502, _BROKE_OFF, _BROKEN, after="head"),
    Row("error-first", "error-first", 500, _SERVER_ERROR, streams_only=True),
    Row("error-mid", "error-mid", 500, _SERVER_ERROR, after="half", streams_only=True),
    Row("cut-clean", "cut-clean", 502, "answer ended without finishing", after="half", streams_only=True),
    Row("cut-body", "cut-body", 502, _BROKE_OFF, _BROKEN, after="head"),
    Row("cut", "cut", 502, _BROKE_OFF, _BROKEN, after="half"),
    Row("reset-body", "reset-body", 502, _BROKE_OFF, _BROKEN, after="head"),
    Row("reset", "reset", 502, _BROKE_OFF, _BROKEN, after="half"),
    Row("stall", "stall", 504, _SILENT, _TIMEOUT, impatient=True),
    Row("stall-body", "stall-body", 504, _STOPPED, _TIMEOUT, after="head", impatient=True),
    Row("stall-mid", "stall-mid", 504, _STOPPED, _TIMEOUT, after="half", impatient=True),
    Row("retry-after-the-timeout", "retry-after:5", 429, _LIMITED, retry_after="5", impatient=True),
)


# (row, family of columns) -> what is different there.
EXCEPTIONS: Final[Mapping[tuple[str, str], Mapping[str, Any]]] = {
    # aiohttp makes a GET again by itself when the connection breaks before the head: each of our tries is two.
    ("cut-head", "list"): {"tries": 4},
    ("reset-head", "list"): {"tries": 4},
    # A list is read whole, within a time of its own, and is JSON or not.
    ("tls-silent", "list"): {"told": _NO_LIST_YET},
    ("stall", "list"): {"told": _NO_LIST_YET},
    ("stall-body", "list"): {"told": _NO_LIST_YET},
    ("stall-mid", "list"): {"told": _NO_LIST_YET},
    ("html-200", "list"): {"told": _NO_LIST, "code": _BROKEN},
    ("empty-200", "list"): {"told": _NO_LIST, "code": _BROKEN},
    ("garbage-json", "list"): {"told": _NO_LIST, "code": _BROKEN},
}


@dataclass(frozen=True, slots=True)
class Cell:
    """A row in a column.

    Attributes:
        row: With the exceptions of the column.
        column: The route and its mode.
        once: The upstream fails at the first try only.
    """

    row: Row
    column: Column
    once: bool = False

    @property
    def name(self) -> str:
        """The test id: `FAULT-ROUTE-MODE`."""
        return f"{self.row.name}{'-once' if self.once else ''}-{self.column.name}"

    @property
    def fault(self) -> str:
        """What the test upstream is told to do."""
        if not self.once:
            return self.row.fault
        name, *arguments = self.row.fault.split(":")
        return ":".join((f"{name}-once", *arguments, self.name))

    @property
    def status(self) -> int:
        """The status of an answer that has not begun."""
        return self.column.status or self.row.status

    @property
    def begins(self) -> bool:
        """Whether a good answer has begun, so that the error is its end."""
        # Ollama's head waits for the first line; OpenAI's is passed on when it is there.
        return self.column.stream and (self.row.after == "half" or (self.row.after == "head" and self.column.openai))

    @property
    def passed_on(self) -> bool:
        """Whether the client gets the upstream's own answer, error or not."""
        return self.column.passes_on and not self.row.code

    @property
    def place(self) -> str:
        """Cells with the same upstream and the same proxy."""
        if not self.row.fault:
            return self.row.name
        if self.column.family == "list":
            return "lists-impatient" if self.row.impatient else self.column.name
        return "impatient" if self.row.impatient else "patient"


def _cells() -> Iterator[Cell]:
    for row in (*NOWHERE, *RETRIED, *ASKED_ONCE):
        for column in COLUMNS:
            if column.stream or not row.streams_only:
                yield Cell(replace(row, **EXCEPTIONS.get((row.name, column.family), {})), column)
    for row in RETRIED:
        for column in COLUMNS:
            # A list that was had is kept for a while: only the last cell of its column can succeed.
            if column.family != "list" or row is RETRIED[-1]:
                yield Cell(row, column, once=True)


CELLS: Final = tuple(_cells())
