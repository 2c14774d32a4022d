"""What differs between a recording and one of its replay, for people; and the recording renewed by its replay."""

import difflib
import re
from itertools import chain, repeat
from typing import Final

from addon.recordings.layout import recording_text
from addon.recordings.recording import Client, Recording, UpstreamCall
from scripts.recorded.masking import TIMES, masked, without_times

LONGEST_LINE: Final = 160
"""Characters of a line that a diff shows as it is; a longer one is broken where the members of its JSON begin."""

MOST_LINES: Final = 60
"""Lines of the diff of one side."""

_MEMBER: Final = re.compile(r',(?=\\")')
_SIDES: Final = ("what the client is answered", "what the upstream is asked")
_BETWEEN_SIDES: Final = '\n  "upstream": '


def difference(recording: Recording, again: Recording) -> str:
    """What differs between a recording and one of its replay, as a unified diff for each side; empty if nothing does.

    Args:
        recording: The recording.
        again: What was recorded while it was replayed.
    """
    was, now = (recording_text(masked(each)).split(_BETWEEN_SIDES, 1) for each in (recording, again))
    return "\n".join(_diff(*side) for side in zip(_SIDES, was, now, strict=True) if side[1] != side[2])


def _diff(title: str, was: str, now: str) -> str:
    lines = [*difflib.unified_diff(_lines(was), _lines(now), f"{title}, recorded", f"{title}, now", lineterm="")]
    more = [f"... and {len(lines) - MOST_LINES} more lines"] if len(lines) > MOST_LINES else []
    return "\n".join([*lines[:MOST_LINES], *more])


def _lines(text: str) -> list[str]:
    return [
        part
        for line in text.splitlines()
        for part in (_MEMBER.sub(",\n", line).split("\n") if len(line) > LONGEST_LINE else [line])
    ]


def calls_of(recording: Recording) -> list[str]:
    """The calls to the upstream; where others are made, what they would be answered is not known."""
    return [f"{call.request.method} {call.request.path}" for call in recording.upstream]


def renewed(recording: Recording, again: Recording) -> Recording:
    """A recording with what came out of its replay, in which only that has changed: times and dates stay.

    Args:
        recording: The recording.
        again: What was recorded while it was replayed, with the same calls.
    """
    pairs = zip(recording.upstream, again.upstream, strict=True)
    return again.model_copy(
        update={
            "recorded_at": recording.recorded_at,
            "client": _timed(recording.client, again.client),
            "upstream": tuple(_timed(old, new).model_copy(update={"t_ms": old.t_ms}) for old, new in pairs),
        }
    )


def _timed[Part: (Client, UpstreamCall)](old: Part, new: Part) -> Part:
    """The new part with the old one's times; what is beyond its last piece has that one's."""
    if old.response is None or new.response is None:
        return new.model_copy(update={"end_ms": old.end_ms})
    known = old.response.chunks or ((old.response.t_ms, b""),)
    pairs = zip(new.response.chunks, chain(known, repeat(known[-1])), strict=False)
    chunks = tuple((t_ms, _with_times_of(was, data)) for (_, data), (t_ms, was) in pairs)
    response = new.response.model_copy(update={"t_ms": old.response.t_ms, "chunks": chunks})
    return new.model_copy(update={"response": response, "end_ms": old.end_ms})


def _with_times_of(was: bytes, data: bytes) -> bytes:
    if without_times(was) == without_times(data):
        return was
    times = {found[1] or found[2]: found[0] for found in TIMES.finditer(was)}
    return TIMES.sub(lambda found: times.get(found[1] or found[2], found[0]), data)
