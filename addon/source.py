"""Where the answers come from: an upstream, recordings, or both; and whether what an upstream says is recorded."""

from dataclasses import dataclass
from typing import Final

from addon.http_transport import HttpTransport
from addon.listing import KEPT_SECONDS
from addon.noting import NotingTransport
from addon.option_table import RECORD_MODE
from addon.recordings.files import holds_recordings
from addon.recordings.new_episodes import NewEpisodes
from addon.recordings.recorder import Recorder
from addon.recordings.replayer import Replayer
from addon.redaction.redactor import Redactor, redactor_of, secrets_of
from addon.settings import RecordMode, Settings
from addon.transport import Transport

LIVE: Final = "give off or all to ask the upstream"


@dataclass(frozen=True, slots=True)
class Keeping:
    """What is recorded and what is replayed; it goes on while settings change that are not about it.

    Attributes:
        mode: The mode that it comes to: `once` is either `none` or `all` from the start.
        redactor: What takes out of them what must not be kept; None where nothing is kept or played.
        recorder: What writes recordings; None when none are made.
        replayer: What plays recordings; None when none are played.
    """

    mode: RecordMode
    redactor: Redactor | None = None
    recorder: Recorder | None = None
    replayer: Replayer | None = None

    async def close(self) -> None:
        """Wait until everything is written."""
        if self.recorder:
            await self.recorder.close()

    def report(self) -> list[str]:
        """What to tell at the end: what was recorded, and what was played."""
        told = self.replayer.report() if self.replayer else []
        if recorder := self.recorder:
            lost = f", and {recorder.lost} could not be" if recorder.lost else ""
            told.append(f"exchanges recorded in {recorder.folder}: {recorder.written}{lost}")
        return told


@dataclass(frozen=True, slots=True)
class Source:
    """Where the answers come from.

    Attributes:
        keeping: What is recorded and replayed.
        transport: What carries the calls; it notes them where an exchange has a tape.
        list_seconds: How long a model list is kept for others. Where exchanges are recorded or replayed it is not: each
            makes its own calls, and none depends on what came before it.
    """

    keeping: Keeping
    transport: Transport
    list_seconds: float


def source_of(settings: Settings, earlier: tuple[Settings, Keeping] | None = None) -> Source:
    """The source that the settings ask for.

    Args:
        settings: All of them.
        earlier: What was asked for before in this process, and what it came to: that goes on where it can.

    Raises:
        ValueError: A file among the recordings is none.
    """
    keeping = (
        earlier[1] if earlier and _of_keeping(earlier[0]) == _of_keeping(settings) else _keeping(settings, earlier)
    )
    return Source(keeping, _transport(settings, keeping), KEPT_SECONDS if keeping.mode == "off" else 0)


def _of_keeping(settings: Settings) -> tuple[object, ...]:
    """The settings of which recording and replay are made."""
    recordings = (settings.record_mode, settings.recordings, settings.record_media, settings.offline_reason)
    replay = (settings.replay_speed, settings.replay_repeats)
    return (*recordings, *replay, settings.redact, frozenset(secrets_of(settings)))


def _keeping(settings: Settings, earlier: tuple[Settings, Keeping] | None) -> Keeping:
    mode, folder = _mode(settings, earlier), settings.recordings
    if mode == "off":
        return Keeping(mode)
    redactor = redactor_of(settings)
    redactor.search.prepare()
    if mode == "all":
        return Keeping(mode, redactor, Recorder(folder, redactor))
    why = f"{RECORD_MODE} is {settings.record_mode!r}"
    remedy = f"{why}: give all to record it again" if mode == "new_episodes" else settings.offline_reason
    replayer = Replayer(
        folder, redactor, remedy or f"{why}: {LIVE}", speed=settings.replay_speed, repeats=settings.replay_repeats
    )
    if mode == "none":
        return Keeping(mode, redactor, replayer=replayer)
    return Keeping(mode, redactor, Recorder(folder, redactor, replace=False, made=replayer.add), replayer)


def _mode(settings: Settings, earlier: tuple[Settings, Keeping] | None) -> RecordMode:
    if settings.record_mode != "once":
        return settings.record_mode
    if earlier and (earlier[0].record_mode, earlier[0].recordings) == ("once", settings.recordings):
        return earlier[1].mode
    return "none" if holds_recordings(settings.recordings) else "all"


def _transport(settings: Settings, keeping: Keeping) -> Transport:
    if keeping.replayer is None:
        return NotingTransport(HttpTransport(settings))
    if keeping.recorder is None:
        return NotingTransport(keeping.replayer)
    return NotingTransport(NewEpisodes(keeping.replayer, HttpTransport(settings)))
