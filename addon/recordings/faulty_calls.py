"""What faults do to recorded calls: pure functions. They act on the upstream's side, and the translators do the rest.

Chunks are counted as the upstream's data: events of a stream, however they were cut on the wire, without comments and
`[DONE]`; of any other body its pieces. Something is always missing: a number beyond what there is counts as all but
the last chunk. Only good answers are spoilt; a recorded refusal or failure is played as it was.
"""

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final
from urllib.parse import urlsplit

from addon.recordings.faults import Fault, Kind
from addon.recordings.recording import Chunk, Response, UpstreamCall

RETRY_AFTER: Final = {429: "1", 503: "1"}
"""Seconds that real servers name with these statuses."""

SAYINGS: Final = {
    401: ("Incorrect API key provided.", "invalid_request_error", "invalid_api_key"),
    404: ("The model does not exist or you do not have access to it.", "invalid_request_error", "model_not_found"),
    429: ("Rate limit reached for requests. Please try again in 1s.", "requests", "rate_limit_exceeded"),
    500: ("The server had an error while processing your request. Sorry about that!", "server_error", None),
    503: ("The engine is currently overloaded, please try again later.", "server_error", None),
}
"""Sentence, type and code of OpenAI's own errors."""

NOT_AGAIN: Final = ("x-should-retry", "false")
"""Tells the proxy not to hide a refusal by asking again."""

_EVENT: Final = re.compile(rb".*?(?:\r\n\r\n|\n\n|\r\r)", re.DOTALL)
_DATA: Final = re.compile(rb"(?:^|[\r\n])data:(?! ?\[DONE\])")


@dataclass(frozen=True, slots=True)
class FaultyCall:
    """A call as it is played.

    Attributes:
        call: With the answer that is left.
        silent_at: Before which of its chunks the upstream is silent; their number is the end.
        silence: For how many seconds, at any speed of the replay.
    """

    call: UpstreamCall
    silent_at: int = 0
    silence: float = 0


def faulty_call(call: UpstreamCall, fault: Fault, patience: float) -> FaultyCall:
    """A recorded call with a fault.

    Args:
        call: As it was recorded.
        fault: What goes wrong.
        patience: The seconds for which an upstream may be silent.
    """
    if fault.kind == "status":
        return FaultyCall(_refused(call, fault))
    response = call.response
    if response is None or response.status >= 300:
        return FaultyCall(call)
    return _EFFECTS[fault.kind](call, response, fault, patience)


def _refused(call: UpstreamCall, fault: Fault) -> UpstreamCall:
    status, t_ms = fault.status, call.response.t_ms if call.response else call.end_ms
    phrase = HTTPStatus(status).phrase if status in HTTPStatus else "Error"
    kind = "server_error" if status >= 500 else "invalid_request_error"
    sentence, kind, code = SAYINGS.get(status, (f"{phrase}.", kind, None))
    error = {"message": f"{sentence} (The fault {fault.text!r} was asked for.)", "type": kind, "code": code}
    body = json.dumps({"error": error | {"param": None}}).encode()
    headers = [("content-type", "application/json"), NOT_AGAIN]
    if status in RETRY_AFTER:
        headers.append(("retry-after", RETRY_AFTER[status]))
    response = Response(t_ms=t_ms, status=status, headers=tuple(headers), chunks=((t_ms, body),))
    return call.model_copy(update={"response": response, "error": None, "end": "complete", "end_ms": t_ms})


def _stalled(call: UpstreamCall, response: Response, fault: Fault, patience: float) -> FaultyCall:
    return _silent_for_good(call, response, _before(response, fault), fault, patience)


def _slow(call: UpstreamCall, response: Response, fault: Fault, patience: float) -> FaultyCall:
    if fault.seconds >= patience:
        return _silent_for_good(call, response, (), fault, patience)
    return FaultyCall(call, silence=fault.seconds)


def _cut(call: UpstreamCall, response: Response, fault: Fault, _patience: float) -> FaultyCall:
    error = f"UpstreamBroken: {_upstream(call)} broke off in the middle of its answer"
    return FaultyCall(_ended(call, response, _before(response, fault), fault, error))


def _with_broken_json(call: UpstreamCall, response: Response, fault: Fault, _patience: float) -> FaultyCall:
    chunks = list(_chunks(response))
    if data := _data_at(chunks, response):
        at = data[_number(fault, len(data))]
        t_ms, chunk = chunks[at]
        chunks[at] = (t_ms, _half(chunk))
    return FaultyCall(call.model_copy(update={"response": response.model_copy(update={"chunks": tuple(chunks)})}))


_EFFECTS: Final[dict[Kind, Callable[[UpstreamCall, Response, Fault, float], FaultyCall]]] = {
    "stall": _stalled,
    "cut": _cut,
    "broken-json": _with_broken_json,
    "slow": _slow,
}
"""What each fault does to a good answer."""


def _before(response: Response, fault: Fault) -> tuple[Chunk, ...]:
    """What comes before a fault."""
    chunks = _chunks(response)
    data = _data_at(chunks, response)
    return chunks[: data[_number(fault, len(data))]] if data else chunks


def _number(fault: Fault, there_are: int) -> int:
    """How many chunks come before a fault."""
    asked = there_are // 2 if fault.chunks is None else fault.chunks
    return min(asked, there_are - 1)


def _is_stream(response: Response) -> bool:
    types = [value for name, value in response.headers if name.lower() == "content-type"]
    return any(value.lower().startswith("text/event-stream") for value in types)


def _chunks(response: Response) -> tuple[Chunk, ...]:
    """The pieces of an answer; those of a stream are whole events, each at the time when it was complete."""
    if not _is_stream(response):
        return response.chunks
    events, rest = list[Chunk](), b""
    for t_ms, piece in response.chunks:
        rest += piece
        end = 0
        for match in _EVENT.finditer(rest):
            events.append((t_ms, match[0]))
            end = match.end()
        rest = rest[end:]
    return (*events, (response.chunks[-1][0], rest)) if rest else tuple(events)


def _data_at(chunks: Sequence[Chunk], response: Response) -> list[int]:
    """The places of the chunks that bear data."""
    stream = _is_stream(response)
    return [at for at, (_, chunk) in enumerate(chunks) if (_DATA.search(chunk) if stream else chunk.strip())]


def _half(chunk: bytes) -> bytes:
    """A chunk that ends in the middle of its JSON; the blank lines after it are kept."""
    whole = chunk.rstrip()
    return whole[: (max(0, whole.find(b"{")) + len(whole) + 1) // 2] + chunk[len(whole) :]


def _silent_for_good(
    call: UpstreamCall, response: Response, chunks: tuple[Chunk, ...], fault: Fault, patience: float
) -> FaultyCall:
    error = f"UpstreamTimeout: {_upstream(call)} stopped in the middle of its answer (ollama_request_timeout)"
    return FaultyCall(_ended(call, response, chunks, fault, error), len(chunks), patience)


def _ended(call: UpstreamCall, response: Response, chunks: tuple[Chunk, ...], fault: Fault, error: str) -> UpstreamCall:
    """A call whose answer ends with an error after these chunks."""
    update = {
        "response": response.model_copy(update={"chunks": chunks}),
        "error": f"{error}: the fault {fault.text!r} was asked for",
        "end": "cut",
        "end_ms": chunks[-1][0] if chunks else response.t_ms,
    }
    return call.model_copy(update=update)


def _upstream(call: UpstreamCall) -> str:
    return f"the upstream {urlsplit(call.url).netloc}"
