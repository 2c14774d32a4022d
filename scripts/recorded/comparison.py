"""What differs between two recordings, in words and in shape; not in times."""

import difflib
import json
from collections.abc import Iterator

from addon.recordings.matching import asked_of, json_value
from addon.recordings.recording import Recording
from scripts.recorded.said import said_to_client
from scripts.recorded.shape_differences import recording_differences
from scripts.recorded.showing import said_lines


def differences(one: Recording, other: Recording) -> Iterator[str]:
    """Lines that tell what differs; none when nothing does.

    Requests are compared in their normal form, so that what does not change an answer is no difference. Of the answers
    the client's is compared by what it says; of both sides the shape.
    """
    yield from _unified("request", _request(one), _request(other))
    yield from _unified("sent", _sent(one), _sent(other))
    yield from _unified("answer", _answer(one), _answer(other))
    for part in recording_differences(one, other):
        yield f"=== shape of {part.of}"
        yield from map(str, part.differences)


def _unified(title: str, one: list[str], other: list[str]) -> Iterator[str]:
    lines = [*difflib.unified_diff(one, other, lineterm="", n=2)][2:]  # without the names of the files
    if lines:
        yield f"=== {title}"
        yield from lines


def _request(recording: Recording) -> list[str]:
    asked = asked_of(recording)
    return [asked.route, *_json_lines(asked.body)]


def _sent(recording: Recording) -> list[str]:
    lines = []
    for call in recording.upstream:
        lines.append(f"{call.request.method} {call.request.path}")
        lines += _json_lines(json_value(call.request.body, "openai"))
    return lines


def _answer(recording: Recording) -> list[str]:
    said = said_to_client(recording)
    if said.document is not None:
        return _json_lines(said.document)
    return [line for text in said_lines(said) for line in text.splitlines()]


def _json_lines(value: object) -> list[str]:
    return json.dumps(value, ensure_ascii=False, indent=2, sort_keys=True).splitlines()
