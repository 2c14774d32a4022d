"""What is noted of one exchange while it runs, for its recording: cheap to write, made into a recording afterwards.

All times are nanoseconds since the client's request was complete.
"""

import asyncio
from array import array
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import accumulate
from typing import Final
from weakref import WeakKeyDictionary

from mitmproxy import http

from addon.call import DRAIN_SECONDS, Call
from addon.recordings.matching import Protocol
from addon.recordings.recording import (
    Client,
    End,
    Headers,
    Recording,
    Request,
    Response,
    UpstreamCall,
    request_headers,
    response_headers,
)
from translators.errors import UpstreamError

PROVIDER: Final = "default"
"""The name of the one upstream that there is."""

TAPE_BYTES: Final = 2_000
CHUNK_BYTES: Final = 16
"""What the tape of an exchange that is over takes in memory besides what was said: measured as 2 kB for a small chat,
4 kB with 60 chunks on either side."""

UNNAMED: Final = "unnamed"
"""The name of a recording before it has a file."""


@dataclass(slots=True)
class Answer:
    """An answer as it comes.

    Attributes:
        head_ns: When the head was there; None as long as it is not.
        status: The HTTP status.
        headers: Those that are kept.
        end: How it ended; one that has not ended counts as aborted.
        end_ns: When it ended; None as long as it has not.
        body: All pieces together, once it has ended: a list of them takes 145 bytes more for each.
    """

    head_ns: int | None = None
    status: int = 0
    headers: Headers = ()
    end: End = "aborted"
    end_ns: int | None = None
    body: bytes = b""
    _coming: list[tuple[int, bytes]] = field(default_factory=list)
    _times: "array[int]" = field(default_factory=lambda: array("q"))
    _stops: "array[int]" = field(default_factory=lambda: array("q"))

    @property
    def chunks(self) -> list[tuple[int, bytes]]:
        """When each piece of the body came, and what it was; until it has ended this list grows."""
        coming = self._coming  # first: it may end meanwhile, while another thread makes the recording
        if self.end_ns is None:
            return coming
        spans = zip((0, *self._stops), self._stops, strict=False)
        return [(at_ns, self.body[start:stop]) for at_ns, (start, stop) in zip(self._times, spans, strict=True)]

    def began(self, now_ns: int, status: int, headers: Iterable[tuple[str, str]]) -> None:
        """The head is there."""
        self.head_ns, self.status, self.headers = now_ns, status, response_headers(headers)

    def came(self, now_ns: int, response: http.Response) -> None:
        """The head is there, and with it the body if that is whole."""
        self.began(now_ns, response.status_code, response.headers.items(multi=True))
        if response.raw_content:
            self._coming.append((now_ns, response.raw_content))

    def ended(self, now_ns: int, end: End) -> None:
        """It is over."""
        chunks = self.chunks
        self.body = b"".join([piece for _, piece in chunks])
        self._times = array("q", [at_ns for at_ns, _ in chunks])
        self._stops = array("q", accumulate(len(piece) for _, piece in chunks))
        self.end, self.end_ns = end, now_ns
        self._coming = []

    def share(self, response: http.Response) -> None:
        """Let a flow that is kept have these very bytes, where its own are equal: they are there once then."""
        if response.raw_content == self.body:
            response.raw_content = self.body

    @property
    def last_ns(self) -> int:
        """When it ended, or else when something last came of it; 0 when nothing did."""
        if self.end_ns is not None:
            return self.end_ns
        return self._coming[-1][0] if self._coming else self.head_ns or 0

    def response(self) -> Response | None:
        """What a recording says of it; None when there was no head."""
        if self.head_ns is None:
            return None
        chunks = tuple((_ms(at_ns), piece) for at_ns, piece in self.chunks)
        return Response(t_ms=_ms(self.head_ns), status=self.status, headers=self.headers, chunks=chunks)


@dataclass(slots=True)
class TapedCall:
    """One call to the upstream.

    Attributes:
        asked: The call as it was to be sent.
        call: What was sent, which somebody may have edited.
        sent_ns: When.
        attempt: 1, and more where the same call is made again.
        answer: What came.
        error: What went wrong with the connection.
        over: Called when it has ended.
    """

    asked: Call
    call: Call
    sent_ns: int
    attempt: int
    answer: Answer = field(default_factory=Answer)
    error: str | None = None
    over: Callable[[], None] | None = None

    def failed(self, now_ns: int, error: BaseException) -> None:
        """It ended before its time: by an error of the upstream, or because nobody wants the answer any more."""
        broke = isinstance(error, UpstreamError)
        if isinstance(error, UpstreamError):
            self.error = f"{type(error).__name__}: {error.message}"
        self.answer.ended(now_ns, "cut" if broke else "aborted")


class Tape:
    """Notes of one exchange.

    Attributes:
        answer: What the client is answered.
        calls: The calls to the upstream, in the order in which they were sent.
    """

    def __init__(self, request: http.Request, protocol: Protocol, url: str) -> None:
        """Begin, with a request that is complete.

        Args:
            request: The client's.
            protocol: What it speaks.
            url: The upstream's base URL.
        """
        self.answer = Answer()
        self.calls: list[TapedCall] = []
        self._protocol = protocol
        self._url = url
        self._began = datetime.now(UTC)
        self._method, self._path, self._body = request.method, request.path, request.raw_content or b""
        self._headers = request_headers(request.headers.items(multi=True))
        self._change: asyncio.Event | None = None

    def call(self, call: Call, now_ns: int) -> TapedCall:
        """A call is sent now; the one that is sent again is the same object."""
        taped = TapedCall(call, call, now_ns, 1 + sum(earlier.asked is call for earlier in self.calls))
        self.calls.append(taped)
        return taped

    def call_over(self, taped: TapedCall) -> None:
        """One of the calls has ended."""
        if taped.over:
            taped.over()
            taped.over = None  # with what it was to be told for: this tape may be kept
        if self._change:
            self._change.set()

    async def calls_over(self) -> None:
        """Wait until all calls have ended, but no longer than the end of a body is awaited after its last event."""
        try:
            async with asyncio.timeout(2 * DRAIN_SECONDS):
                while any(taped.answer.end_ns is None for taped in self.calls):
                    self._change = self._change or asyncio.Event()
                    self._change.clear()
                    await self._change.wait()
        except TimeoutError:
            pass  # nobody reads on

    @property
    def size(self) -> int:
        """About how many bytes it takes in memory."""
        answers = [self.answer, *(taped.answer for taped in self.calls)]
        asked = len(self._body) + sum(len(taped.call.content) for taped in self.calls)
        answered = sum(CHUNK_BYTES + len(piece) for answer in answers for _, piece in answer.chunks)
        return TAPE_BYTES + asked + answered

    def recording(self) -> Recording:
        """What was noted, as a recording without a name."""
        return Recording(
            name=UNNAMED,
            about="",
            recorded_at=self._began,
            protocol=self._protocol,
            client=Client(
                request=Request(method=self._method, path=self._path, headers=self._headers, body=self._body),
                response=self.answer.response(),
                end=self.answer.end,
                end_ms=_ms(self.answer.last_ns),
            ),
            upstream=tuple(_upstream_call(taped, self._url) for taped in self.calls),
        )


class Tapes(WeakKeyDictionary[http.HTTPFlow, Tape]):
    """What was noted of the flows that mitmproxy keeps."""


def _upstream_call(taped: TapedCall, url: str) -> UpstreamCall:
    call, answer = taped.call, taped.answer
    return UpstreamCall(
        t_ms=_ms(taped.sent_ns),
        provider=PROVIDER,
        url=url,
        attempt=taped.attempt,
        request=Request(
            method=call.method, path=call.path, headers=request_headers(call.headers.items()), body=call.content
        ),
        response=answer.response(),
        error=taped.error,
        end=answer.end,
        end_ms=_ms(answer.last_ns or taped.sent_ns),
    )


def _ms(nanoseconds: int) -> float:
    return round(nanoseconds / 1e6, 1)
