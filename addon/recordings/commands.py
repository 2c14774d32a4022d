"""Commands for mitmproxy's prompt and mitmweb's command bar: recording, replay, and redaction of flows.

`ollama.record.start`, `ollama.record.stop` and `ollama.replay.load` set the options that they are short for, so that
what they did is seen among the options, and can be saved with them.
"""

import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from mitmproxy import command, ctx, exceptions, flow, http, types
from mitmproxy.hooks import UpdateHook
from mitmproxy.log import ALERT
from mitmproxy.utils import asyncio_utils

from addon.flow_metadata import is_companion
from addon.option_table import RECORD_MODE, RECORDINGS
from addon.recordings.recorder import Recorder
from addon.recordings.tape import Tape, Tapes
from addon.redaction.flows import redact_flow
from addon.redaction.redactor import redactor_of
from addon.settings import current

logger = logging.getLogger(__name__)

_NO_FOLDER: Final = types.Path("")


class RecordingCommands:
    """The commands."""

    name = "ollama-recordings"

    def __init__(self, tapes: Tapes, read_again: Callable[[], None]) -> None:
        """Wire the addon.

        Args:
            tapes: What was noted of each flow.
            read_again: Reads the recordings anew, from the beginning.
        """
        self._tapes = tapes
        self._read_again = read_again

    @command.command("ollama.record.start")
    def start(self, folder: types.Path = _NO_FOLDER) -> None:
        """Record every exchange from now on, into a folder; without one into that of ollama_recordings."""
        if folder:
            _make(folder)
        _set("all", folder)

    @command.command("ollama.record.stop")
    def stop(self) -> None:
        """End recording or replay: answers are live, and nothing is kept."""
        _set("off", "")

    @command.command("ollama.replay.load")
    def load_recordings(self, folder: types.Path) -> None:
        """Replay the recordings of a folder from now on, from the beginning; nothing is asked elsewhere."""
        if not Path(folder).expanduser().is_dir():
            raise exceptions.CommandError(f"{folder!r} is no folder: name one that holds recordings")
        if not _set("none", folder):
            try:
                self._read_again()
            except ValueError as error:
                raise exceptions.CommandError(str(error)) from error

    @command.command("ollama.record.save")
    def save(self, flows: Sequence[flow.Flow], folder: types.Path) -> None:
        """Write recordings of flows that this proxy has answered, such as @marked, into a folder."""
        clients = [each for each in flows if not (isinstance(each, http.HTTPFlow) and is_companion(each))]
        tapes = [tape for each in clients if (tape := self._tape(each)) is not None]
        if not tapes:
            raise exceptions.CommandError(
                f"none of {_counted(len(clients), 'flow')} can be recorded: only exchanges that this process has "
                "answered, that are over, and for which the upstream was asked"
            )
        asyncio_utils.create_task(_write(tapes, len(clients), _make(folder)), name="recordings", keep_ref=True)

    @command.command("ollama.redact")
    def redact(self, flows: Sequence[flow.Flow]) -> None:
        """Take credentials, and what ollama_redact finds, out of flows such as @shown; save.har then exports them."""
        redactor = redactor_of(current(ctx.options))
        changed = [each for each in flows if isinstance(each, http.HTTPFlow) and redact_flow(each, redactor)]
        ctx.master.addons.trigger(UpdateHook(changed))
        running = sum(each.live for each in flows)
        later = f"; {_counted(running, 'flow')} not over yet: redact again then" if running else ""
        logger.log(ALERT, "%s of %s changed%s", len(changed), _counted(len(flows), "flow"), later)

    def _tape(self, each: flow.Flow) -> Tape | None:
        tape = self._tapes.get(each) if isinstance(each, http.HTTPFlow) else None
        return tape if tape and tape.calls and tape.answer.end_ns is not None else None


def _make(folder: str) -> Path:
    """A folder, made if it is not there.

    Raises:
        CommandError: It cannot be made.
    """
    path = Path(folder).expanduser()
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise exceptions.CommandError(f"{folder!r} cannot be a folder of recordings: {error.strerror}") from error
    return path


def _set(mode: str, folder: str) -> bool:
    """Set the options; whether they were others.

    Raises:
        CommandError: They cannot be what is asked for.
    """
    wanted = {RECORD_MODE.name: mode} | ({RECORDINGS.name: str(folder)} if folder else {})
    changed = any(getattr(ctx.options, name) != value for name, value in wanted.items())
    try:
        ctx.options.update(**wanted)
    except exceptions.OptionsError as error:
        raise exceptions.CommandError(str(error)) from error
    return changed


async def _write(tapes: Sequence[Tape], asked: int, folder: Path) -> None:
    recorder = Recorder(folder, redactor_of(current(ctx.options)), replace=False)
    for tape in tapes:
        recorder.save(tape)
    await recorder.close()
    logger.log(ALERT, "%s of %s written to %s", recorder.written, _counted(asked, "flow"), folder)


def _counted(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"
