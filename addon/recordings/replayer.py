"""Replay: answers upstream calls from recordings, in their recorded time; nothing is asked elsewhere."""

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Sequence
from pathlib import Path
from typing import Final

from mitmproxy import http

from addon.call import Call, Reply
from addon.exchange import Exchange
from addon.openai_face import OWN_RETRIES
from addon.recordings.differences import request_difference, upstream_difference
from addon.recordings.faults import Fault, fault_of
from addon.recordings.faulty_calls import NOT_AGAIN, FaultyCall, faulty_call
from addon.recordings.library import Library
from addon.recordings.matching import Asked, normal_request
from addon.recordings.playback import Playback
from addon.recordings.recording import Recording, Response, UpstreamCall
from addon.redaction.redactor import Redactor
from addon.settings import Repeats
from translators.errors import RequestError

logger = logging.getLogger(__name__)

MOST_NAMES: Final = 20
"""Recordings that one sentence names."""


class Replayer:
    """A transport that carries no call: it plays what was recorded for the client's request.

    Attributes:
        library: What can be played.
    """

    def __init__(
        self, folder: Path, redactor: Redactor, remedy: str, *, speed: float = 1.0, repeats: Repeats = "last"
    ) -> None:
        """Read the recordings.

        Args:
            folder: Where they are; a folder that is not there has none.
            redactor: What took credentials out of them; requests are compared without credentials too.
            remedy: What to do where none fits.
            speed: How many times as fast as it was recorded; infinity is at once.
            repeats: What answers a request that is made more often than it was recorded: its last recording again, or
                none.

        Raises:
            ValueError: A file is no recording.
        """
        self.library = Library(folder)
        self._remedy = remedy
        self._redactor = redactor
        self._speed = speed
        self._repeats = repeats
        self._turns: Counter[str] = Counter()
        self._failed: Counter[tuple[str, Fault]] = Counter()
        self._played: Counter[str] = Counter()
        self._drifted: set[str] = set()

    def begin(self, exchange: Exchange) -> bool:
        """Choose the recording that is played for an exchange; False when there is none for it.

        Raises:
            RequestError: 400, the client asks for a fault that there is not.
        """
        request = exchange.flow.request
        digest = self._normal(request).digest
        count, turn = self.library.count(digest), self._turns[digest]
        if not count or (turn >= count and self._repeats == "fail"):
            return False
        recording = self.library.get(digest, min(turn, count - 1))
        fault = self._due(fault_of(request.headers, recording.fault), recording.name)
        if fault is None or fault.kind != "status":  # after a refusal the next request gets the same recording
            self._turns[digest] += 1
        self._played[recording.name] += 1
        exchange.playback = Playback(recording, self._speed, fault)
        return True

    async def send(self, call: Call, exchange: Exchange, deadline: float) -> Reply:
        """Play one call; see `Transport`. What is left until the deadline is how long a fault may be silent.

        Raises:
            RequestError: 404, nothing was recorded that fits.
        """
        if exchange.playback is None and not self.begin(exchange):
            raise RequestError(self._unknown(self._normal(exchange.flow.request)), status=404)
        playback = exchange.playback
        assert playback is not None
        sent = self._redactor.body(call.content)
        recorded = playback.next_call(call.method, call.path, sent)
        if recorded is None:
            name = playback.recording.name
            raise RequestError(
                f"the recording {name!r} holds no call {call.method} {call.path}: record it again", status=404
            )
        self._tell_drift(sent, recorded, playback.recording.name)
        now = asyncio.get_running_loop().time()
        faulty = faulty_call(recorded, playback.fault, deadline - now) if playback.fault else FaultyCall(recorded)
        clock = _Clock(now, recorded.t_ms, playback.speed)
        response = faulty.call.response
        if response is None:
            await clock.until(faulty.call.end_ms)
            raise playback.failure(faulty.call)
        await clock.until(response.t_ms)
        headers = dict(response.headers)
        if playback.fault and OWN_RETRIES in exchange.flow.request.headers:
            headers.pop(NOT_AGAIN[0], None)  # it asks again by itself, and would obey
        return Reply(response.status, headers, _played(faulty, response, clock, lambda: playback.failure(faulty.call)))

    async def close(self) -> None:
        """There is nothing to close."""

    def add(self, recording: Recording, digest: str) -> None:
        """A recording that was just made is known from now on; the request that made it was its first.

        Args:
            recording: Which.
            digest: Of its request.
        """
        self.library.add(recording, digest)
        self._turns[digest] += 1

    def report(self) -> list[str]:
        """What to tell at the end: which recordings were played, and which never were."""
        names = self.library.names
        played = [f"{name!r} ({_times(self._played[name])})" for name in names if name in self._played]
        never = [repr(each.name) for each in self.library.recordings if each.name not in self._played]
        sentences = []
        if played:
            sentences.append(f"{len(played)} of {len(names)} recordings were played: {_listed(played)}")
        if never:
            sentences.append(f"{len(never)} of {len(names)} recordings were never played: {_listed(never)}")
        return sentences

    def _normal(self, request: http.Request) -> Asked:
        redactor, path = self._redactor, request.path
        body = redactor.request_body(path, request.raw_content or b"")
        return normal_request(request.method, redactor.path(path), body)

    def _due(self, fault: Fault | None, name: str) -> Fault | None:
        """The fault with which a recording is played now; after its number of refusals there is none, once."""
        if fault is None or fault.kind != "status":
            return fault
        self._failed[name, fault] += 1
        if self._failed[name, fault] <= fault.times:
            return fault
        del self._failed[name, fault]
        return None

    def _unknown(self, asked: Asked) -> str:
        if count := self.library.count(asked.digest):
            last = self.library.get(asked.digest, count - 1).name
            return (
                f"this request was recorded {_times(count)}, last as {last!r}, and is made "
                f"more often: set ollama_replay_repeats to last to get that one again; {self._remedy}"
            )
        found = self.library.nearest(asked)
        if found is None:
            return f"no recording answers this request: there are none in {self.library.folder}; {self._remedy}"
        difference = request_difference(asked, found[0])
        return (
            f"no recording answers this request: it differs from the nearest, {found[1].name!r}: {difference}; "
            f"{self._remedy}"
        )

    def _tell_drift(self, sent: bytes, recorded: UpstreamCall, name: str) -> None:
        if name in self._drifted:
            return
        if difference := upstream_difference(sent, recorded.request.body):
            self._drifted.add(name)
            logger.warning(
                "The recording %s has drifted: the request to the upstream is another one now: %s", name, difference
            )


class _Clock:
    """The time of a recorded exchange, while it is played.

    Each moment is counted from the beginning, so that what one wait is too long does not add up.
    """

    def __init__(self, now: float, t_ms: float, speed: float) -> None:
        """Start it.

        Args:
            now: The loop's time.
            t_ms: The moment of the recording that is now.
            speed: How many times as fast as it was recorded.
        """
        self._speed = speed
        self._began = now - self._seconds(t_ms)

    async def until(self, t_ms: float) -> None:
        """Wait for a moment of the recording."""
        await asyncio.sleep(max(0, self._began + self._seconds(t_ms) - asyncio.get_running_loop().time()))

    async def stand_still(self, seconds: float) -> None:
        """Wait for so long, at any speed; what follows comes so much later."""
        self._began += seconds
        await asyncio.sleep(seconds)

    def _seconds(self, t_ms: float) -> float:
        return t_ms / 1000 / self._speed


async def _played(
    faulty: FaultyCall, response: Response, clock: _Clock, failure: Callable[[], Exception]
) -> AsyncGenerator[bytes]:
    call = faulty.call
    for number, (t_ms, chunk) in enumerate((*response.chunks, (call.end_ms, b""))):
        if faulty.silence and number == faulty.silent_at:
            await clock.stand_still(faulty.silence)
        await clock.until(t_ms)
        if chunk:
            yield chunk
    if call.end != "complete":
        raise failure()


def _times(number: int) -> str:
    return "once" if number == 1 else f"{number} times"


def _listed(names: Sequence[str]) -> str:
    more = len(names) - MOST_NAMES
    return ", ".join(names[:MOST_NAMES]) + (f" and {more} more" if more > 0 else "")
