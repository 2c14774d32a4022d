"""One request on its way: its clock, and what is learned about it for the log."""

import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from mitmproxy import http

from addon.inspecting.companions import Companions
from addon.recordings.playback import Playback
from addon.recordings.tape import Tape
from addon.setting_values import without
from translators.errors import OllamaError
from translators.events import Usage
from translators.notes import Note
from translators.ollama_answers import Moment

LONGEST_REQUEST_ID: Final = 128

CLIENT_GONE: Final = "the client has gone, or the proxy is being stopped"
"""The error of an exchange that nobody waits for any more; nothing has failed."""


@dataclass(frozen=True, slots=True)
class ExchangeRecord:
    """What happened between a client's request and the end of its answer; no bodies and no keys.

    Attributes:
        request_id: The client's `x-request-id`, or one of our own.
        upstream_request_id: The upstream's; empty when it gave none or was not asked.
        route: Method and path, such as `POST /api/chat`.
        model: As the client named it; empty when the route knows no model.
        status: The HTTP status of the answer.
        ttft_ms: Milliseconds to the first output; None when there was none.
        duration_ms: Milliseconds to the end of the answer.
        prompt_tokens: As the upstream counted; None when it did not.
        output_tokens: As the upstream counted; None when it did not.
        retries: Why upstream calls were made again, a reason for each time.
        replay: The recording that was played; empty when the answer is live.
        notes: What of the request did not travel unchanged.
        error: Why it failed; None when it did not.
        client: The client's address as mitmproxy has it, of which host and port come first; None when unknown.
    """

    request_id: str
    upstream_request_id: str
    route: str
    model: str
    status: int
    ttft_ms: float | None
    duration_ms: float
    prompt_tokens: int | None
    output_tokens: int | None
    retries: tuple[str, ...]
    replay: str
    notes: tuple[str, ...]
    error: str | None
    client: tuple[Any, ...] | None


@dataclass(slots=True)
class Exchange:
    """What happens between a client's request and the end of its answer.

    Attributes:
        flow: The client's flow.
        request_id: The client's `x-request-id`, or one of our own.
        hops: Value of the loop header for upstream calls.
        key: The upstream's, which no error may show.
        model: As the client named it; empty when the route knows no model.
        asked_model: The upstream's id of the model that was asked; empty when none was.
        upstream_id: The upstream's `x-request-id`.
        repairs: What was changed in the request after refusals, in a few words each.
        retries: Why upstream calls were made again, a reason for each time.
        tape: Where it is noted for its recording; None when nothing is recorded.
        companions: Makes flows of its upstream calls; None when nobody would see them.
        playback: The recording that answers it; None when the upstream does, or was not asked yet.
        live: Whether the upstream answers it though other exchanges are played.
        notes: What did not travel unchanged.
        usage: Token counts, when the upstream gave any.
        error: Why it failed; empty when it did not.
        cors: Headers that its answer gets because of where it came from.
        first_ns: Nanoseconds to the first output; None as long as there is none.
        started_ns: When the request was complete, on the performance counter.
    """

    flow: http.HTTPFlow
    hops: str
    key: str = field(repr=False)
    request_id: str = field(init=False)
    model: str = ""
    asked_model: str = ""
    upstream_id: str = ""
    repairs: list[str] = field(default_factory=list)
    retries: list[str] = field(default_factory=list)
    tape: Tape | None = None
    companions: Companions | None = None
    playback: Playback | None = None
    live: bool = False
    notes: Sequence[Note] = ()
    usage: Usage | None = None
    error: str = ""
    cors: Sequence[tuple[str, str]] = ()
    first_ns: int | None = None
    started_ns: int = field(default_factory=time.perf_counter_ns)

    def __post_init__(self) -> None:
        """Take the client's request id, if it is one that can stand in a log line."""
        asked = self.flow.request.headers.get("x-request-id", "")
        usable = 0 < len(asked) <= LONGEST_REQUEST_ID and asked.isascii() and asked.isprintable()
        self.request_id = asked if usable else uuid.uuid4().hex

    @property
    def elapsed_ns(self) -> int:
        """Nanoseconds since the request was complete."""
        return time.perf_counter_ns() - self.started_ns

    def moment(self) -> Moment:
        """Now, as the translators want it."""
        return Moment(time.time_ns(), self.elapsed_ns)

    def first_output(self) -> None:
        """The first piece of the answer is there."""
        if self.first_ns is None:
            self.first_ns = self.elapsed_ns

    def told(self, error: OllamaError) -> OllamaError:
        """An error as it may be shown to the client: without the key, wherever the upstream put it."""
        error.message = self.error = without(self.key, error.message)
        return error

    def record(self, status: int) -> ExchangeRecord:
        """What observers are told when it is over."""
        usage = self.usage or Usage(None, None)
        return ExchangeRecord(
            request_id=self.request_id,
            upstream_request_id=self.upstream_id,
            route=without(self.key, f"{self.flow.request.method} {self.flow.request.path.partition('?')[0]}"),
            model=without(self.key, self.model),
            status=status,
            ttft_ms=None if self.first_ns is None else self.first_ns / 1e6,
            duration_ms=self.elapsed_ns / 1e6,
            prompt_tokens=usage.prompt_tokens,
            output_tokens=usage.output_tokens,
            retries=tuple(self.retries),
            replay=self.playback.recording.name if self.playback else "",
            notes=tuple(map(str, self.notes)),
            error=self.error or None,
            client=self.flow.client_conn.peername,
        )
