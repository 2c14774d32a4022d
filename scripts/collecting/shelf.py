"""Where recordings go: from the folder into which the proxy records to the one for which they are made.

Only what was answered as the catalogue expects is put there, so that a later run asks the rest again. What was not is
kept beside it: a refusal that nobody expected is worth a look.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from addon.recordings.files import DIGEST_LENGTH, RecordingFiles, read_recordings, slug
from addon.recordings.matching import asked_of
from addon.recordings.recording import Recording
from scripts.collecting.kinds import Ask

STAGING: Final = ".collecting"
"""The folder into which the proxy records; what a run that was killed left there is taken over by the next."""

UNEXPECTED: Final = "unexpected"
"""The folder of the recordings that were not answered as expected; the proxy does not read folders in folders."""

ABOUT: Final = "Made by scripts/collect_recordings.py against"

LONGEST_FAULT: Final = 200


def recorded(folder: Path) -> frozenset[str]:
    """The digests of the requests of which there are recordings.

    Raises:
        ValueError: A file is no recording; the message names it.
    """
    return frozenset(asked_of(recording).digest for recording in read_recordings(folder))


def take_over(folder: Path, asks: Mapping[str, Ask], base_url: str) -> None:
    """Move what the proxy has recorded to where it belongs.

    Args:
        folder: For which recordings are made.
        asks: The requests of the catalogue by their digests; recordings of others are left where they are.
        base_url: Of the provider, to be named in them.
    """
    staging, unexpected = folder / STAGING, folder / UNEXPECTED
    good, odd = RecordingFiles(folder), RecordingFiles(unexpected)
    for recording in read_recordings(staging):
        asked = asked_of(recording)
        if ask := asks.get(asked.digest):
            about = " ".join(filter(None, (f"{ABOUT} {base_url}: {ask.kind.name}.", recording.about)))
            is_good = not fault_of_recording(ask, recording)
            (good if is_good else odd).add(recording.model_copy(update={"about": about}), slug(asked), asked.digest)
            if is_good:
                for old in unexpected.glob(f"*-{asked.digest[:DIGEST_LENGTH]}-*.json"):
                    old.unlink()
            (staging / f"{recording.name}.json").unlink()
    for emptied in (staging, unexpected):
        if emptied.is_dir() and not any(emptied.iterdir()):
            emptied.rmdir()


def fault_of_recording(ask: Ask, recording: Recording) -> str:
    """What is not as expected of a recorded answer; empty when nothing is."""
    response = recording.client.response
    if response is None or recording.client.end != "complete":
        return "the answer was broken off"
    return fault_of(ask, response.status, response.body)


def fault_of(ask: Ask, status: int, body: bytes) -> str:
    """What is not as expected of an answer; empty when nothing is.

    Args:
        ask: What was asked.
        status: Of the answer.
        body: All of it; a stream may end in an error.
    """
    last_line = body.strip().rpartition(b"\n")[2].removeprefix(b"data:")
    error = _error_in(body) or _error_in(last_line)
    if status in ask.kind.expected and (status != 200 or not error):
        return ""
    return f"{status} {error}".strip()[:LONGEST_FAULT]


def _error_in(text: bytes) -> str:
    """The sentence of an error object, in Ollama's or OpenAI's form; empty where there is none."""
    try:
        value: Any = json.loads(text)
    except ValueError:
        return ""
    error = value.get("error") if isinstance(value, dict) else None
    told = error.get("message", error) if isinstance(error, dict) else error
    return "" if told is None else str(told).replace("\n", " ")
