"""Which requests of recordings can be asked again, so that something is learned from their answers."""

import re
from typing import Final

from addon.recordings.recording import Recording, UpstreamCall
from addon.redaction.redactor import MARK
from scripts.recorded.said import said_by_upstream
from translators.openai_retries import RETRIED_STATUSES

_MEDIA_DIGEST: Final = re.compile(rb"sha256:[0-9a-f]{64}")
"""What stands in the place of a picture where `ollama_record_media` is off."""

_KEY_REFUSED: Final = 401
"""Not 403 as well: so OpenAI also refuses what a model is not for."""


def obstacle(recording: Recording) -> str:
    """Why a recording's request cannot be asked again so that the answers can be compared; empty when it can."""
    request = recording.client.request
    if recording.fault is not None:
        return f"it plays a fault ({recording.fault})"
    if MARK.encode() in request.body or MARK in request.path or any(MARK in value for _, value in request.headers):
        return f"its request holds {MARK}"
    if _MEDIA_DIGEST.search(request.body):
        return "its request holds the digest of a picture or sound, not the thing itself"
    if not request.path.isascii():
        return "its path is not as it was sent"
    if recording.client.end != "complete" or recording.client.response is None:
        return "its client left before the end"
    return next(
        (f"it holds a failure that cannot be asked for ({told})" for told in map(_failure, recording.upstream) if told),
        "",
    )


def is_chance(status: int) -> bool:
    """Whether an answer's status tells of the moment, the key or the connection, and not of the request."""
    return status >= 500 or status in RETRIED_STATUSES or status == _KEY_REFUSED


def _failure(call: UpstreamCall) -> str:
    if call.error is not None:
        return call.error.partition(":")[0]
    if call.response is None or call.end == "cut":
        return f"an answer that was {call.end}"
    if is_chance(call.response.status):
        return f"status {call.response.status}"
    # Aborted alone is none: so end answers of which nothing more was wanted.
    return "an answer that ended in an error" if call.response.status < 400 and said_by_upstream(call).error else ""
