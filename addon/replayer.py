"""Replay: answers upstream calls from recordings, in their recorded time; nothing is asked elsewhere."""

import asyncio
import logging
from collections import Counter, defaultdict
from collections.abc import AsyncGenerator, Callable
from pathlib import Path

from mitmproxy import http

from addon.call import Call, Reply
from addon.differences import request_difference, upstream_difference
from addon.exchange import Exchange
from addon.matching import Asked, nearest, normal_request
from addon.playback import Playback
from addon.recording import Recording, UpstreamCall
from addon.recording_files import read_recordings
from addon.redact import Redactor
from translators.errors import RequestError

logger = logging.getLogger(__name__)


class Replayer:
    """A transport that carries no call: it plays what was recorded for the client's request.

    Attributes:
        recordings: All of the folder, in the order of their file names.
    """

    def __init__(self, folder: Path, redactor: Redactor, remedy: str) -> None:
        """Read the recordings.

        Args:
            folder: Where they are; a folder that is not there has none.
            redactor: What took credentials out of them; requests are compared without credentials too.
            remedy: What to do where none fits.

        Raises:
            ValueError: A file is no recording.
        """
        self.recordings = read_recordings(folder)
        self._folder = folder
        self._remedy = remedy
        self._redactor = redactor
        self._requests = [(_asked(recording), recording) for recording in self.recordings]
        self._by_digest: defaultdict[str, list[Recording]] = defaultdict(list)
        for asked, recording in self._requests:
            self._by_digest[asked.digest].append(recording)
        self._played: Counter[str] = Counter()
        self._drifted: set[str] = set()

    async def send(self, call: Call, exchange: Exchange, deadline: float) -> Reply:
        """Play one call; see `Transport`.

        Raises:
            RequestError: 404, nothing was recorded that fits.
        """
        if exchange.playback is None:
            exchange.playback = Playback(self._find(exchange.flow.request))
        playback = exchange.playback
        recorded = playback.next_call(call.method, call.path, self._redactor.body(call.content))
        if recorded is None:
            name = playback.recording.name
            raise RequestError(
                f"the recording {name!r} holds no call {call.method} {call.path}: record it again", status=404
            )
        self._tell_drift(call, recorded, playback.recording.name)
        began = asyncio.get_running_loop().time() - recorded.t_ms / 1000
        if recorded.response is None:
            await _until(began, recorded.end_ms)
            raise playback.failure(recorded)
        await _until(began, recorded.response.t_ms)
        chunks = _played(recorded, began, lambda: playback.failure(recorded))
        return Reply(recorded.response.status, dict(recorded.response.headers), chunks)

    async def close(self) -> None:
        """There is nothing to close."""

    def _find(self, request: http.Request) -> Recording:
        asked = normal_request(request.method, request.path, self._redactor.body(request.raw_content or b""))
        recordings = self._by_digest.get(asked.digest)
        if not recordings:
            raise RequestError(f"{self._unknown(asked)}; {self._remedy}", status=404)
        turn = self._played[asked.digest]
        self._played[asked.digest] += 1
        return recordings[min(turn, len(recordings) - 1)]

    def _unknown(self, asked: Asked) -> str:
        found = nearest(asked, self._requests, lambda entry: entry[0])
        if found is None:
            return f"no recording answers this request: there are none in {self._folder}"
        difference = request_difference(asked, found[0])
        return f"no recording answers this request: it differs from the nearest, {found[1].name!r}: {difference}"

    def _tell_drift(self, call: Call, recorded: UpstreamCall, name: str) -> None:
        if name in self._drifted:
            return
        if difference := upstream_difference(self._redactor.body(call.content), recorded.request.body):
            self._drifted.add(name)
            logger.warning(
                "The recording %s has drifted: the request to the upstream is another one now: %s", name, difference
            )


def _asked(recording: Recording) -> Asked:
    request = recording.client.request
    return normal_request(request.method, request.path, request.body)


async def _played(call: UpstreamCall, began: float, failure: Callable[[], Exception]) -> AsyncGenerator[bytes]:
    assert call.response is not None
    for t_ms, chunk in call.response.chunks:
        await _until(began, t_ms)
        if chunk:
            yield chunk
    await _until(began, call.end_ms)
    if call.end != "complete":
        raise failure()


async def _until(began: float, t_ms: float) -> None:
    """Wait for a moment of the recording.

    Args:
        began: When the recorded exchange would have begun, on the loop's clock. Each moment is counted from there, so
            that what one wait is too long does not add up.
        t_ms: The moment.
    """
    await asyncio.sleep(max(0, began + t_ms / 1000 - asyncio.get_running_loop().time()))
