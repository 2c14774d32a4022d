"""The folder of the recordings: reading all of them, and adding one so that no reader ever sees half a file.

A recording is written under a temporary name, and renamed when it is complete and on the disk. The temporary name is
also what keeps two processes from taking the same number: only one of them can make that file.
"""

import os
import re
import time
from collections import Counter, defaultdict
from contextlib import suppress
from pathlib import Path
from typing import Final

from addon.recording import Recording, read_recording, recording_text

DIGEST_LENGTH: Final = 8

ABANDONED_SECONDS: Final = 60
"""A temporary file that is older was left by a process that was killed."""

_NAME: Final = re.compile(rf".*-([0-9a-f]{{{DIGEST_LENGTH}}})-\d+\.json")

type FileId = tuple[int, int]
"""What tells whether a file of the same name is still the same file."""


def read_recordings(folder: Path) -> list[Recording]:
    """All recordings of a folder, those of the same request in the order in which they were made.

    Raises:
        ValueError: A file is no recording, or cannot be read; the message names it.
    """
    try:
        return [read_recording(path) for path in sorted(_files(folder), key=_natural)]
    except OSError as error:
        raise ValueError(f"{error.filename} cannot be read: {error.strerror}") from None


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.glob("*.json") if not path.name.startswith(".")]


def _natural(path: Path) -> list[str | int]:
    """A key that sorts `x-2.json` before `x-10.json`."""
    return [int(part) if part.isdecimal() else part for part in re.split(r"(\d+)", path.name)]


class RecordingFiles:
    """Adds recordings to a folder; those of the same request that were there before are replaced."""

    def __init__(self, folder: Path) -> None:
        """Look at what is there; nothing is changed.

        Args:
            folder: Made when the first recording is added.
        """
        self._folder = folder
        self._earlier: defaultdict[str, dict[Path, FileId | None]] = defaultdict(dict)
        for path in _files(folder):
            if match := _NAME.fullmatch(path.name):
                self._earlier[match[1]][path] = _id_of(path)
        self._numbers: Counter[str] = Counter()
        self._ready = False

    def add(self, recording: Recording, slug: str, digest: str) -> None:
        """Write a recording.

        Args:
            recording: Without a name.
            slug: How its name begins.
            digest: Of its request; recordings with the same are of the same request.

        Raises:
            OSError: It cannot be written; then no file of its name is there.
        """
        if not self._ready:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._sweep()
            self._ready = True
        digest = digest[:DIGEST_LENGTH]
        earlier = self._earlier.pop(digest, {})
        written: Path | None = None
        while written is None:
            self._numbers[digest] += 1
            path = self._folder / f"{slug}-{digest}-{self._numbers[digest]}.json"
            written = self._write(path, recording, earlier.get(path))
        for path, file_id in earlier.items():
            if path != written and _id_of(path) == file_id:
                path.unlink(missing_ok=True)

    def _write(self, path: Path, recording: Recording, earlier: FileId | None) -> Path | None:
        """Write a file of this name, unless the name is taken by another file than the earlier one."""
        temporary = path.with_name(f".{path.stem}.tmp")
        try:
            file = temporary.open("x", encoding="utf-8", newline="\n")
        except FileExistsError:
            return None
        try:
            with file:
                free = _id_of(path) in (None, earlier)
                if free:
                    file.write(recording_text(recording.model_copy(update={"name": path.stem})))
                    file.flush()
                    os.fsync(file.fileno())
            if free:
                return temporary.replace(path)
        except BaseException:
            temporary.unlink()
            raise
        temporary.unlink()
        return None

    def _sweep(self) -> None:
        for path in self._folder.glob(".*.tmp"):
            with suppress(FileNotFoundError):  # another process was faster
                if time.time() - path.stat().st_mtime > ABANDONED_SECONDS:
                    path.unlink()


def _id_of(path: Path) -> FileId | None:
    try:
        status = path.stat()
    except FileNotFoundError:
        return None
    return status.st_ino, status.st_mtime_ns
