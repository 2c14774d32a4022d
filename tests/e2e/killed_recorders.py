"""Processes that die while they write recordings: `python -m tests.e2e.killed_recorders FOLDER --rounds 200 --seed 7`.

Each is a fork of this program, in which everything is loaded, so that a round takes milliseconds. It ends as `kill -9`
ends it, at a line of the code that makes and writes a file; chance decides which. After each round all files of the
folder must be recordings, and what was told to be written must be there. The last round is not killed: it sweeps away
what the others left.
"""

import argparse
import asyncio
import json
import os
import signal
import sys
from collections.abc import Callable, Set
from pathlib import Path
from random import Random
from types import CodeType

from addon.recordings import files as recording_files
from addon.recordings import layout, recording
from addon.recordings.files import ABANDONED_SECONDS, read_recordings
from addon.recordings.recorder import Recorder
from addon.recordings.tape import Tape
from addon.redaction.redactor import Redactor
from tests.recorded import CALL, exchange

WRITING = frozenset({recording_files.__file__})
WHERE = (WRITING | {recording.__file__, layout.__file__}, WRITING)
"""The code in which a process dies, by turns: while a file is made and written, or while it gets its name."""

SAME, SAME_SLUG = "asked in every round", "chat-gpt-4o-asked-in-every-round-"
"""A prompt whose recording is replaced in every round, and how the names of its recordings begin."""


def main() -> int:
    """Run the rounds and print what happened; the exit code."""
    parser = argparse.ArgumentParser(description="Kill processes that record.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    folder, random = options.folder, Random(options.seed)
    (written, all_lines), (more, lines) = (one_round(folder, f"first {len(where)}", where, 0) for where in WHERE)
    written |= more
    for number in range(options.rounds):
        life = random.randint(1, (all_lines, lines)[number % 2])
        told, _ = one_round(folder, f"round {number}", WHERE[number % 2], life)
        written |= told
        there = {each.name for each in read_recordings(folder)}
        assert {name for name in written if not name.startswith(SAME_SLUG)} <= there, "a written recording is lost"
        assert any(name.startswith(SAME_SLUG) for name in there), "the old recording went before the new one was there"
    halves = left(folder)
    for path in halves:
        os.utime(path, (0, path.stat().st_mtime - ABANDONED_SECONDS - 1))
    one_round(folder, "last", WHERE[0], 0)
    assert not left(folder), "what the killed ones left is still there"
    print(json.dumps({"recordings": len(read_recordings(folder)), "halves": len(halves)}))  # noqa: T201  # a program
    return 0


def left(folder: Path) -> list[Path]:
    """The temporary files."""
    return list(folder.glob(".*"))


def one_round(folder: Path, name: str, where: Set[str], life: int) -> tuple[set[str], int]:
    """Record in a process of its own, until that has ended.

    Args:
        folder: Where the recordings go.
        name: Of the round; in its prompts.
        where: The files of code whose lines count.
        life: How many of these lines the process lives; 0 when it is not killed.

    Returns:
        The names of the recordings of which it told that they are written, and how many lines that took; 0 when it was
        killed.
    """
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        with os.fdopen(writer, "w", buffering=1) as pipe:
            record(folder, name, where, life, lambda text: print(text, file=pipe))
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as pipe:
        told = pipe.read().split()
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == (-signal.SIGKILL if life else 0), name
    return set(told if life else told[:-1]), 0 if life else int(told[-1])


def record(folder: Path, name: str, where: Set[str], life: int, tell: Callable[[object], None]) -> None:
    """Record some exchanges at once; tells the name of each that is written, and at the end how many lines it took."""
    lines = 0

    def at_line(code: CodeType, _line: int) -> object:
        nonlocal lines
        if code.co_filename not in where:
            return sys.monitoring.DISABLE
        lines += 1
        if lines == life:
            os.kill(os.getpid(), signal.SIGKILL)
        return None

    async def save() -> None:
        recorder = Recorder(folder, Redactor(), made=lambda made, _: tell(made.name))
        for prompt, chunks in ((f"{name} one", 1), (f"{name} two", 300), (SAME, 20), (f"{name} four", 3)):
            recorder.save(tape_of(prompt, chunks))
        await recorder.close()

    sys.monitoring.use_tool_id(sys.monitoring.DEBUGGER_ID, "kill")
    sys.monitoring.register_callback(sys.monitoring.DEBUGGER_ID, sys.monitoring.events.LINE, at_line)
    sys.monitoring.set_events(sys.monitoring.DEBUGGER_ID, sys.monitoring.events.LINE)
    asyncio.run(save())
    tell(lines)


def tape_of(prompt: str, chunks: int) -> Tape:
    """The notes of an exchange that is over."""
    body = {"model": "gpt-4o", "messages": [{"role": "user", "content": prompt}]}
    tape = Tape(exchange(body).flow.request, "ollama", "http://127.0.0.1:9100/v1")
    for answer in (tape.answer, tape.call(CALL, 0).answer):
        answer.began(1_000_000, 200, [("Content-Type", "application/x-ndjson")])
        answer.chunks.extend((number * 1_000_000, b'{"piece":"%d"}\n' % number) for number in range(chunks))
        answer.ended(chunks * 1_000_000, "complete")
    return tape


if __name__ == "__main__":
    sys.exit(main())
