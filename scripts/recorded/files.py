"""Finding the files of recordings, and reading each by itself."""

import difflib
from collections.abc import Iterator
from pathlib import Path

from addon.recordings.files import recording_paths
from addon.recordings.recording import Recording, read_recording


def recording_files(folder: Path) -> list[Path]:
    """As `recording_paths`, of a folder that has to be there.

    Raises:
        ValueError: There is no such folder.
    """
    return recording_paths(existing(folder))


def existing(folder: Path) -> Path:
    """A folder that has to be there.

    Raises:
        ValueError: It is not.
    """
    if not folder.is_dir():
        raise ValueError(f"{str(folder)!r} is no folder: name one that holds recordings")
    return folder


def each_recording(folder: Path) -> Iterator[tuple[Path, Recording | str]]:
    """Every recording of a folder, or what is wrong with its file.

    Raises:
        ValueError: There is no such folder.
    """
    for path in recording_files(folder):
        try:
            yield path, recording_at(path)
        except ValueError as error:
            yield path, str(error)


def named_recording(name: str, folder: Path) -> Recording:
    """The recording of a name, or of a file.

    Args:
        name: As `list` shows it, with or without `.json`; or the path of a file.
        folder: Where names are looked for.

    Raises:
        ValueError: There is none, or its file is broken.
    """
    for path in (Path(name), folder / name, folder / f"{name}.json"):
        if path.is_file():
            return recording_at(path)
    known = [path.stem for path in recording_files(folder)]
    near = difflib.get_close_matches(name, known, n=3, cutoff=0.3)
    raise ValueError(f"{name!r} is no file and no recording of {folder}: try {' or '.join(near) or 'list'}")


def recording_at(path: Path) -> Recording:
    """The recording in a file.

    Raises:
        ValueError: It is none, or cannot be read; the message names the file.
    """
    try:
        return read_recording(path)
    except OSError as error:
        raise ValueError(f"{path} cannot be read: {error.strerror}") from error
