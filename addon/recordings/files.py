"""The folder of the recordings: reading all of them, and adding one so that no reader ever sees half a file.

A file is named for the request that it answers: words to know it by, a digest that decides, and a number.

A recording is written under a temporary name, and renamed when it is complete and on the disk. The temporary name is
also what keeps two processes from taking the same number: only one of them can make that file.
"""

import os
import re
import time
from collections import Counter, defaultdict
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from addon.recordings.layout import recording_pieces
from addon.recordings.matching import Asked
from addon.recordings.recording import Recording, read_recording

DIGEST_LENGTH: Final = 8

ABANDONED_SECONDS: Final = 60
"""A temporary file that is older was left by a process that was killed."""

LONGEST_SLUG: Final = 60

MOST_TOLD: Final = 5
"""Broken files that one message names."""

_NAME: Final = re.compile(rf".*-([0-9a-f]{{{DIGEST_LENGTH}}})-\d+")
_TEMPORARY: Final = re.compile(rf"\..+-[0-9a-f]{{{DIGEST_LENGTH}}}-\d+\.tmp")

type FileId = tuple[int, int]
"""What tells whether a file of the same name is still the same file."""


def read_recordings(folder: Path) -> list[Recording]:
    """All recordings of a folder, those of the same request in the order in which they were made.

    Raises:
        ValueError: Files are no recordings, or cannot be read; the message names them.
    """
    recordings, broken = list[Recording](), list[str]()
    for path in recording_paths(folder):
        try:
            recordings.append(read_recording(path))
        except OSError as error:
            broken.append(f"{path} cannot be read: {error.strerror}")
        except ValueError as error:
            broken.append(str(error))
    if broken:
        more = f"; and {len(broken) - MOST_TOLD} more" if len(broken) > MOST_TOLD else ""
        raise ValueError(f"{'; '.join(broken[:MOST_TOLD])}{more}: mend what is broken, or move it elsewhere")
    return recordings


def holds_recordings(folder: Path) -> bool:
    """Whether a folder has a file that should be a recording; one that is not there has none."""
    return bool(recording_paths(folder))


def recording_paths(folder: Path) -> list[Path]:
    """The files of a folder that have to be recordings, those of the same request in the order of their numbers."""
    files = [path for path in folder.glob("*.json") if not path.name.startswith(".") and _may_be_read(path)]
    return sorted(files, key=_natural)


def named_digest(path: Path) -> str:
    """The beginning of the digest in a file's name; empty where the name is of another form."""
    match = _NAME.fullmatch(path.stem)
    return match[1] if match else ""


def _natural(path: Path) -> list[str | int]:
    """A key that sorts `x-2.json` before `x-10.json`."""
    return [int(part) if part.isdecimal() else part for part in re.split(r"(\d+)", path.name)]


def _may_be_read(path: Path) -> bool:
    """Whether it is a file, or a link to one that is not there: no folder, and no pipe, which would never end."""
    return path.is_file() or not path.exists()


class RecordingFiles:
    """Adds recordings to a folder."""

    def __init__(self, folder: Path, *, replace: bool = True) -> None:
        """Look at what is there; nothing is changed.

        Args:
            folder: Made when the first recording is added.
            replace: Whether recordings of the same request that are there now are replaced, not added to.
        """
        self._folder = folder
        self._earlier: defaultdict[str, dict[Path, FileId | None]] = defaultdict(dict)
        for path in recording_paths(folder) if replace else ():
            if digest := named_digest(path):
                self._earlier[digest][path] = _id_of(path)
        self._numbers: Counter[str] = Counter()
        self._swept = False

    def add(self, recording: Recording, slug: str, digest: str) -> Recording:
        """Write a recording.

        Args:
            recording: Without a name.
            slug: How its name begins.
            digest: Of its request; recordings with the same are of the same request.

        Returns:
            The recording under the name of its file.

        Raises:
            OSError: It cannot be written; then no file of its name is there.
        """
        self._folder.mkdir(parents=True, exist_ok=True)  # also where somebody has removed it meanwhile
        if not self._swept:
            self._sweep()
            self._swept = True
        digest = digest[:DIGEST_LENGTH]
        earlier = self._earlier.pop(digest, {})
        written = False
        while not written:
            self._numbers[digest] += 1
            named = recording.model_copy(update={"name": f"{slug}-{digest}-{self._numbers[digest]}"})
            path = self._folder / f"{named.name}.json"
            written = self._write(path, named, earlier.pop(path, None))
        for old, file_id in earlier.items():
            self._remove(old, file_id)
        return named

    def _write(self, path: Path, recording: Recording, earlier: FileId | None) -> bool:
        """Write a file, unless its name is taken by another file than the earlier one; whether it was written."""
        temporary = _temporary(path)
        try:
            file = temporary.open("x", encoding="utf-8", newline="\n")
        except FileExistsError:
            return False
        try:
            with file:
                free = _id_of(path) in (None, earlier)
                if free:
                    file.writelines(recording_pieces(recording))
                    file.flush()
                    os.fsync(file.fileno())
            if free:
                temporary.replace(path)
                return True
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        temporary.unlink(missing_ok=True)
        return False

    def _remove(self, path: Path, file_id: FileId | None) -> None:
        """Remove a file, unless another process has put its own in its place, or is just doing so."""
        temporary = _temporary(path)
        with suppress(FileExistsError):
            temporary.touch(exist_ok=False)
            if _id_of(path) == file_id:
                path.unlink(missing_ok=True)
            temporary.unlink(missing_ok=True)

    def _sweep(self) -> None:
        for path in self._folder.glob(".*.tmp"):
            with suppress(FileNotFoundError):  # another process was faster
                if _TEMPORARY.fullmatch(path.name) and time.time() - path.stat().st_mtime > ABANDONED_SECONDS:
                    path.unlink()


def _temporary(path: Path) -> Path:
    return path.with_name(f".{path.stem}.tmp")


def _id_of(path: Path) -> FileId | None:
    try:
        status = path.stat()
    except FileNotFoundError:
        return None
    return status.st_ino, status.st_mtime_ns


def slug(asked: Asked) -> str:
    """The beginning of a recording's file name: route, model and the first words of the prompt."""
    route = asked.path.removeprefix("/api/")
    text = "-".join(re.findall(r"[a-z0-9]+(?:\.[a-z0-9]+)*", f"{route} {asked.model} {_prompt(asked.body)}".lower()))
    return text[:LONGEST_SLUG].strip("-.")


def _prompt(body: Any) -> str:
    """What the user said last, in any of the protocols."""
    if not isinstance(body, dict):
        return ""
    said = body.get("prompt") or body.get("input") or body.get("messages") or ""
    if isinstance(said, list):
        users = [item for item in said if isinstance(item, dict) and item.get("role") == "user"]
        said = (users or said)[-1]
    if isinstance(said, dict):
        said = said.get("content", "")
    if isinstance(said, list):
        said = next((part["text"] for part in said if isinstance(part, dict) and "text" in part), "")
    return said if isinstance(said, str) else ""
