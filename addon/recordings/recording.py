"""One recorded exchange: the format of a file in `recordings/`, made to be read in a diff.

Both sides stand in it in the order in which they happened. All times are milliseconds since the client's request was
complete. A request's body is kept as JSON where that loses nothing, else as text; what was answered is always kept in
the pieces in which it came. What is no UTF-8 is kept as `{"base64": ...}`. Of the headers only those that change what
happens are kept, so no credential and no cookie is in them.
"""

import base64
import codecs
import json
import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    PlainValidator,
    ValidationError,
)

from addon.answer_headers import is_answer_header
from addon.recordings.faults import checked_fault

FORMAT: Final = 1

LONGEST_OBJECT: Final = 262_144
"""Bytes of a request's body that is still kept as JSON: nobody reads a larger one in a diff."""

SLICE: Final = 65_536
"""Bytes of a text that are written by one call of C code, during which the event loop stands still."""

REQUEST_HEADERS: Final = frozenset(
    {"accept", "content-encoding", "content-type", "idempotency-key", "openai-beta", "user-agent"}
)
"""What a client may send that changes its answer or names the program; kept of both sides."""

ROUTING_HEADERS: Final = frozenset({"allow", "location"})
"""What may be answered that this proxy goes by, besides what its clients go by; kept of both sides."""

_STRING_OR_BLANK: Final = re.compile(r'("(?:[^"\\]+|\\.)*+")|\s+', re.DOTALL)
_SURROGATE: Final = re.compile("[\ud800-\udfff]")


def without_surrogates(text: str) -> str:
    """A text with U+FFFD in the place of what is not Unicode; so mitmproxy hands over bytes that are not UTF-8."""
    return _SURROGATE.sub("\ufffd", text)


def _text_from_json(value: Any) -> Any:
    return without_surrogates(value) if isinstance(value, str) else value


def _bytes_from_json(value: Any) -> bytes:
    if isinstance(value, bytes):
        return value
    if isinstance(value, str):
        return value.encode()
    if isinstance(value, dict) and value.keys() == {"base64"} and isinstance(value["base64"], str):
        return base64.b64decode(value["base64"], validate=True)
    raise ValueError('give a text, or {"base64": TEXT}')


def bytes_to_json(data: bytes) -> Any:
    """Bytes that are UTF-8 as they are; they are written as a text."""
    try:
        for _ in texts(data):
            pass
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(data).decode()}
    return data


def texts(data: bytes) -> Iterator[str]:
    """The slices of a text.

    Raises:
        UnicodeDecodeError: It is not UTF-8.
    """
    return codecs.iterdecode((data[at : at + SLICE] for at in range(0, len(data), SLICE)), "utf-8")


def _body_from_json(value: Any) -> bytes:
    if value is None:
        return b""
    if isinstance(value, dict) and value.keys() != {"base64"}:
        return compact(value).encode()
    return _bytes_from_json(value)


def _body_to_json(body: bytes) -> Any:
    """A body as the JSON object that it is, if writing that again gives the same JSON text, blanks aside."""
    kept = bytes_to_json(body) if body else None
    if not isinstance(kept, bytes) or len(kept) > LONGEST_OBJECT:
        return kept
    text = kept.decode()
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return kept
    if not isinstance(value, dict) or value.keys() == {"base64"}:
        return kept
    again = compact(value)
    return value if again == text or again == _STRING_OR_BLANK.sub(r"\1", text) else kept


def _chunks_from_json(value: Any) -> tuple[tuple[float, bytes], ...]:
    if isinstance(value, tuple):
        return value  # as a tape makes them; JSON has only lists
    if not isinstance(value, list):
        raise ValueError("give a list of [MILLISECONDS, TEXT]")
    chunks = []
    for number, item in enumerate(value):
        try:
            t_ms, data = item
            chunks.append((t_ms + 0.0, _bytes_from_json(data)))
        except (TypeError, ValueError):
            raise ValueError(
                f'item {number} is no chunk: give [MILLISECONDS, TEXT] or [MILLISECONDS, {{"base64": TEXT}}]'
            ) from None
    return tuple(chunks)


compact: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
"""JSON on one line, without blanks."""

type Body = Annotated[bytes, BeforeValidator(_body_from_json), PlainSerializer(_body_to_json)]
type Chunk = tuple[float, bytes]
"""When a piece came, in milliseconds, and what it was."""
type Chunks = Annotated[tuple[Chunk, ...], PlainValidator(_chunks_from_json), PlainSerializer(lambda chunks: chunks)]
"""Read and written as a whole, because there is one for each token."""
type Text = Annotated[str, BeforeValidator(_text_from_json)]
"""What is not UTF-8 of it is U+FFFD."""
type Headers = tuple[tuple[Text, Text], ...]
type End = Literal["complete", "cut", "aborted"]
"""How an answer ended: `cut` by who gave it, `aborted` by who asked for it."""
type Time = Annotated[datetime, PlainSerializer(lambda time: time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"))]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Request(_Part):
    """What was asked.

    Attributes:
        method: In capitals.
        path: With the query; of an upstream call what follows the base URL.
        headers: Those of `REQUEST_HEADERS`.
        body: As it was sent.
    """

    method: Text
    path: Text
    headers: Headers
    body: Body


class Response(_Part):
    """What was answered.

    Attributes:
        t_ms: When the head was there.
        status: The HTTP status.
        headers: Those of `response_headers`; of an upstream call with names in lower case.
        chunks: The body in the pieces in which it came; a body that came whole is one.
    """

    t_ms: float
    status: int
    headers: Headers
    chunks: Chunks

    @property
    def body(self) -> bytes:
        """All of the body."""
        return b"".join(piece for _, piece in self.chunks)


class Client(_Part):
    """The client's side.

    Attributes:
        request: What it asked.
        response: What it was answered; None when it left before the answer began.
        end: How the answer ended.
        end_ms: When it ended.
    """

    request: Request
    response: Response | None
    end: End
    end_ms: float


class UpstreamCall(_Part):
    """One call to an upstream.

    Attributes:
        t_ms: When it was sent.
        provider: Which of the upstreams was asked; there is one, `default`.
        url: The upstream's base URL.
        attempt: 1, and more where the same call is made again.
        request: What was sent, without the headers that every call has.
        response: What came; None when there was no answer.
        error: What went wrong with the connection: the name of the error and its text.
        end: How the answer ended; `cut` also where there was none.
        end_ms: When it ended.
    """

    t_ms: float
    provider: str
    url: Text
    attempt: int
    request: Request
    response: Response | None
    error: Annotated[Text, Field(pattern="^Upstream(Unreachable|Timeout|Broken): ")] | None
    end: End
    end_ms: float


class Recording(_Part):
    """One exchange.

    Attributes:
        format: The version of this format.
        name: The name of its file, without `.json`; answers that are replayed carry it.
        about: What a reader should know of it.
        recorded_at: When its request was complete.
        protocol: What the client spoke.
        fault: What goes wrong when it is played (`faults.py`); None, and not in the file, for nothing.
        client: The client's side.
        upstream: The calls that were made for it, in the order in which they were sent.
    """

    format: Literal[1] = FORMAT
    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]
    about: str
    recorded_at: Time
    protocol: Literal["ollama", "openai"]
    fault: Annotated[str, AfterValidator(checked_fault)] | None = None
    client: Client
    upstream: tuple[UpstreamCall, ...]


def request_headers(pairs: Iterable[tuple[str, str]]) -> Headers:
    """Those of a request's headers that are kept, in their order."""
    return tuple((name, value) for name, value in pairs if name.lower() in REQUEST_HEADERS)


def response_headers(pairs: Iterable[tuple[str, str]]) -> Headers:
    """Those of a response's headers that are kept, in their order."""
    return tuple(
        (name, value) for name, value in pairs if (low := name.lower()) in ROUTING_HEADERS or is_answer_header(low)
    )


def read_recording(path: Path) -> Recording:
    """Read a file.

    Raises:
        ValueError: It is no recording; the message names the file and the place in it.
        OSError: It cannot be read.
    """
    try:
        return Recording.model_validate_json(path.read_bytes())
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in first["loc"]).lstrip(".")
        told = f"{place}: {first['msg']}" if place else first["msg"]
        raise ValueError(f"{path} is no recording: {told}") from None
