"""Where the answers come from: an upstream, an upstream whose answers are recorded, or recordings."""

from collections.abc import Sequence
from dataclasses import dataclass

from addon.http_transport import HttpTransport
from addon.listing import KEPT_SECONDS
from addon.option_table import RECORD_MODE
from addon.recorder import Recorder, RecordingTransport
from addon.recording import Recording
from addon.redact import Redactor, secrets_of
from addon.replayer import Replayer
from addon.settings import Settings
from addon.transport import Transport


@dataclass(frozen=True, slots=True)
class Source:
    """What a record mode means.

    Attributes:
        transport: What carries the calls.
        recorder: What writes recordings; None when none are made.
        recordings: What is replayed.
        list_seconds: How long a model list is kept for others. Where exchanges are recorded or replayed it is not: each
            makes its own calls, and none depends on what came before it.
    """

    transport: Transport
    recorder: Recorder | None = None
    recordings: Sequence[Recording] = ()
    list_seconds: float = 0


def source_of(settings: Settings) -> Source:
    """The source that the settings ask for.

    Raises:
        ValueError: A file among the recordings is none.
    """
    redactor = Redactor(secrets_of(settings))
    match settings.record_mode:
        case "off":
            return Source(HttpTransport(settings), list_seconds=KEPT_SECONDS)
        case "all":
            recorder = Recorder(settings.recordings, settings.base_url, redactor)
            return Source(RecordingTransport(HttpTransport(settings)), recorder)
        case "none":
            remedy = settings.offline_reason or f"{RECORD_MODE} is 'none': give off or all to ask the upstream"
            replayer = Replayer(settings.recordings, redactor, remedy)
            return Source(replayer, recordings=replayer.recordings)
