"""Record mode: writes a recording when an answer is over, beside the event loop."""

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Final

from mitmproxy.utils import asyncio_utils

from addon.recordings.files import RecordingFiles, slug
from addon.recordings.matching import asked_of
from addon.recordings.recording import Recording
from addon.recordings.redacting import SpelledOut, redacted
from addon.recordings.tape import Tape
from addon.redaction.redactor import Redactor

logger = logging.getLogger(__name__)


MOST_UNWRITTEN: Final = 64 * 1024 * 1024
"""Bytes of exchanges that are over and wait for the disk."""


type _Told = Callable[[Recording, str], None]


def _ignored(_recording: Recording, _digest: str) -> None:
    """Nobody wants to know."""


class Recorder:
    """Writes recordings.

    Attributes:
        folder: Where they go.
        written: How many there are by now.
        lost: How many exchanges could not be recorded.
    """

    def __init__(
        self,
        folder: Path,
        redactor: Redactor,
        *,
        replace: bool = True,
        made: _Told = _ignored,
    ) -> None:
        """Prepare; nothing is written.

        Args:
            folder: Where the recordings go.
            redactor: What takes credentials out of them.
            replace: Whether recordings of the same request that are there already are replaced, not added to.
            made: Is told each recording and the digest of its request, on the event loop, once it is written.
        """
        self.folder = folder
        self.written = self.lost = 0
        self._redactor = redactor
        self._files = RecordingFiles(folder, replace=replace)
        self._made = made
        self._worker = ThreadPoolExecutor(1, "recorder")
        self._saving: set[asyncio.Task[None]] = set()
        self._unwritten = 0
        self._room = asyncio.Event()
        self._room.set()
        self._told: set[str] = set()

    async def room(self) -> None:
        """Wait while too much is unwritten: a disk that is slower than the clients must not fill the memory."""
        await self._room.wait()

    def save(self, tape: Tape) -> None:
        """Write the recording of an exchange that is over, if the upstream was asked for it. Returns at once."""
        if tape.calls:
            self._count(size := tape.size)
            task = asyncio_utils.create_task(self._save(tape), name="recording", keep_ref=True)
            self._saving.add(task)
            task.add_done_callback(lambda task: self._saved(task, size))

    async def close(self) -> None:
        """Wait until everything is written."""
        while self._saving:
            await asyncio.wait(self._saving)
        self._worker.shutdown()

    def _count(self, size: int) -> None:
        self._unwritten += size
        if self._unwritten <= MOST_UNWRITTEN:
            self._room.set()
        else:
            self._room.clear()

    def _saved(self, task: asyncio.Task[None], size: int) -> None:
        self._saving.discard(task)
        self._count(-size)

    async def _save(self, tape: Tape) -> None:
        await tape.calls_over()
        try:
            recording, digest = await asyncio.get_running_loop().run_in_executor(self._worker, self._write, tape)
        except Exception as error:
            self.lost += 1
            self._tell_of(error)
        else:
            self.written += 1
            self._made(recording, digest)

    def _tell_of(self, error: Exception) -> None:
        match error:
            case SpelledOut():
                logger.warning("%s", error)
            case OSError():
                problem = f"recordings cannot be written to {self.folder}: {error.strerror}: the answers go on"
                if problem not in self._told:
                    self._told.add(problem)
                    logger.warning("%s", problem)
            case _:
                logger.error("A recording could not be made because of an error in the proxy", exc_info=error)

    def _write(self, tape: Tape) -> tuple[Recording, str]:
        recording = redacted(tape.recording(), self._redactor)
        asked = asked_of(recording)
        name = slug(asked)
        if self._redactor.text(name) != name:  # words that only together look like a credential
            name = slug(replace(asked, body=None))
        return self._files.add(recording, name, asked.digest), asked.digest
