"""Recordings without what differs each time, so that two of the same request can be compared."""

import re
from datetime import UTC, datetime
from typing import Final

from addon.recordings.recording import Recording, Response

NO_TIME: Final = datetime(2000, 1, 1, tzinfo=UTC)

TIMES: Final = re.compile(rb'("created_at":)"[^"]*"|("\w+_duration":)\d+')
"""Ollama's times; the group that matched is the member's name."""


def without_times(body: bytes) -> bytes:
    """An answer to the client with X for each of its times."""
    return TIMES.sub(rb"\1\2X", body)


def masked(recording: Recording) -> Recording:
    """A recording without what differs each time: every time is 0, and X in an answer to the client."""
    client = recording.client
    calls = [
        call.model_copy(update={"t_ms": 0.0, "end_ms": 0.0, "response": _masked(call.response)})
        for call in recording.upstream
    ]
    answered = {"response": _masked(client.response), "end_ms": 0.0}
    changes = {"recorded_at": NO_TIME, "client": client.model_copy(update=answered), "upstream": tuple(calls)}
    return recording.model_copy(update=changes)


def _masked(response: Response | None) -> Response | None:
    if response is None:
        return None
    chunks = tuple((0.0, without_times(data)) for _, data in response.chunks)
    return response.model_copy(update={"t_ms": 0.0, "chunks": chunks})
