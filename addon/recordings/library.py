"""The recordings that can be played: found by the request that they answer."""

from collections import defaultdict
from pathlib import Path

from addon.recordings.files import read_recordings
from addon.recordings.matching import Asked, asked_of, nearest
from addon.recordings.recording import Recording, read_recording
from translators.errors import RequestError


class Library:
    """All recordings of a folder, and those that were added since it was read.

    Attributes:
        folder: Where they are.
        recordings: Those that were there at the start, in the order of their file names.
        names: Of all.
    """

    def __init__(self, folder: Path) -> None:
        """Read the folder; one that is not there has no recordings.

        Args:
            folder: Where they are.

        Raises:
            ValueError: A file is no recording.
        """
        self.folder = folder
        self.recordings = read_recordings(folder)
        self.names = [recording.name for recording in self.recordings]
        self._asked = [(asked_of(recording), recording) for recording in self.recordings]
        # Of those that were added only the names are kept, so that the memory stays as it is.
        self._by_digest: defaultdict[str, list[Recording | str]] = defaultdict(list)
        for asked, recording in self._asked:
            self._by_digest[asked.digest].append(recording)

    def add(self, recording: Recording, digest: str) -> None:
        """A recording was written into the folder.

        Args:
            recording: Which.
            digest: Of its request.
        """
        self.names.append(recording.name)
        self._by_digest[digest].append(recording.name)

    def count(self, digest: str) -> int:
        """How many recordings answer a request."""
        return len(self._by_digest.get(digest, ()))

    def get(self, digest: str, number: int) -> Recording:
        """One of the recordings that answer a request, in the order in which they were made.

        Raises:
            RequestError: 500, it was added, and its file cannot be read any more.
        """
        found = self._by_digest[digest][number]
        if not isinstance(found, str):
            return found
        try:
            return read_recording(self.folder / f"{found}.json")
        except (OSError, ValueError) as error:
            raise RequestError(f"the recording {found!r} cannot be read any more: {error}", status=500) from None

    def nearest(self, asked: Asked) -> tuple[Asked, Recording] | None:
        """The recording, of those at the start, whose request is most like this one; None when there was none."""
        return nearest(asked, self._asked, lambda entry: entry[0])
