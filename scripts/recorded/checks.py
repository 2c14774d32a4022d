"""What can be wrong with a recording's file, beyond what reading it finds."""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path

from addon.recordings.files import DIGEST_LENGTH, named_digest
from addon.recordings.layout import recording_text
from addon.recordings.matching import asked_of
from addon.recordings.recording import Recording, Response


def file_problems(path: Path, recording: Recording) -> Iterator[str]:
    """Sentences about a file that holds this recording."""
    if recording.name != path.stem:
        yield f"its name is {recording.name!r}: give it that of the file, {path.stem!r}"
    named, digest = named_digest(path), asked_of(recording).digest[:DIGEST_LENGTH]
    if named and named != digest:
        yield f"its name has the digest {named!r}, its request has {digest!r}: record it again, or rename it"
    yield from time_problems(recording)
    if path.read_bytes() != recording_text(recording).encode():
        yield "it is not laid out as the proxy writes it: it was edited, or written by another version"


def time_problems(recording: Recording) -> Iterator[str]:
    """Sentences about times that run backwards."""
    client, calls = recording.client, recording.upstream
    yield from _backwards("client", 0.0, client.response, client.end_ms)
    for number, call in enumerate(calls):
        yield from _backwards(f"upstream[{number}]", call.t_ms, call.response, call.end_ms)
    yield from _falls("upstream", [call.t_ms for call in calls])


def left_over(folder: Path) -> list[Path]:
    """Temporary files: of recordings that are being written now, or of a process that was killed."""
    return sorted(folder.glob(".*.tmp"))


def _backwards(where: str, asked_ms: float, response: Response | None, end_ms: float) -> Iterator[str]:
    came = [response.t_ms, *(t_ms for t_ms, _ in response.chunks)] if response else []
    yield from _falls(where, [asked_ms, *came, end_ms])


def _falls(where: str, times: Sequence[float]) -> Iterator[str]:
    """The first place where a time is before the one before it."""
    for before, after in pairwise(times):
        if after < before:
            yield f"{where}: its times run backwards, from {before} to {after} ms"
            return
