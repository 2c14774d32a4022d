"""Where the answers come from: an upstream, recordings, or both; and whether what an upstream says is recorded."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from addon.http_transport import HttpTransport
from addon.listing import KEPT_SECONDS
from addon.option_table import RECORD_MODE
from addon.recordings.files import holds_recordings
from addon.recordings.new_episodes import NewEpisodes
from addon.recordings.recorder import Recorder, RecordingTransport
from addon.recordings.replayer import Replayer
from addon.redaction.redactor import Redactor, redactor_of
from addon.settings import RecordMode, Settings
from addon.transport import Transport

LIVE: Final = "give off or all to ask the upstream"


@dataclass(frozen=True, slots=True)
class Source:
    """What a record mode means.

    Attributes:
        mode: The mode that it comes to: `once` is either `none` or `all` from the start.
        transport: What carries the calls; it notes them where an exchange has a tape.
        redactor: What takes out what must not be kept; None where nothing is.
        recorder: What writes recordings; None when none are made.
        replayer: What plays recordings; None when none are played.
        list_seconds: How long a model list is kept for others. Where exchanges are recorded or replayed it is not: each
            makes its own calls, and none depends on what came before it.
    """

    mode: RecordMode
    transport: Transport
    redactor: Redactor | None = None
    recorder: Recorder | None = None
    replayer: Replayer | None = None
    list_seconds: float = 0

    def report(self) -> list[str]:
        """What to tell at the end: what was recorded, and what was played."""
        told = self.replayer.report() if self.replayer else []
        if self.recorder:
            told.append(f"{self.recorder.written} exchanges were recorded in {self.recorder.folder}")
        return told

    async def close(self) -> None:
        """Close the connections to the upstream, and write what is recorded."""
        await self.transport.close()
        if self.recorder:
            await self.recorder.close()


def source_of(settings: Settings, earlier: tuple[Settings, Source] | None = None) -> Source:
    """The source that the settings ask for.

    Args:
        settings: All of them.
        earlier: What was asked for before in this process, and what it came to: `once` stays what it was.

    Raises:
        ValueError: A file among the recordings is none.
    """
    return _SOURCES[_mode(settings, earlier)](settings)


def _mode(settings: Settings, earlier: tuple[Settings, Source] | None) -> RecordMode:
    if settings.record_mode != "once":
        return settings.record_mode
    if earlier and (earlier[0].record_mode, earlier[0].recordings) == ("once", settings.recordings):
        return earlier[1].mode
    return "none" if holds_recordings(settings.recordings) else "all"


def _off(settings: Settings) -> Source:
    redactor = redactor_of(settings) if settings.redact else None
    return Source("off", RecordingTransport(HttpTransport(settings)), redactor, list_seconds=KEPT_SECONDS)


def _all(settings: Settings) -> Source:
    redactor = redactor_of(settings)
    recorder = Recorder(settings.recordings, redactor)
    return Source("all", RecordingTransport(HttpTransport(settings)), redactor, recorder)


def _none(settings: Settings) -> Source:
    redactor = redactor_of(settings)
    remedy = settings.offline_reason or f"{RECORD_MODE} is {settings.record_mode!r}: {LIVE}"
    replayer = _replayer(settings, redactor, remedy)
    return Source("none", RecordingTransport(replayer), redactor, replayer=replayer)


def _new_episodes(settings: Settings) -> Source:
    redactor = redactor_of(settings)
    replayer = _replayer(settings, redactor, f"{RECORD_MODE} is 'new_episodes': give all to record it again")
    recorder = Recorder(settings.recordings, redactor, replace=False, made=replayer.add)
    # What is replayed is not noted, and so not recorded once more.
    transport = NewEpisodes(replayer, RecordingTransport(HttpTransport(settings)))
    return Source("new_episodes", transport, redactor, recorder, replayer)


def _replayer(settings: Settings, redactor: Redactor, remedy: str) -> Replayer:
    return Replayer(settings.recordings, redactor, remedy, speed=settings.replay_speed, repeats=settings.replay_repeats)


_SOURCES: Final[dict[RecordMode, Callable[[Settings], Source]]] = {
    "off": _off,
    "none": _none,
    "new_episodes": _new_episodes,
    "all": _all,
}
