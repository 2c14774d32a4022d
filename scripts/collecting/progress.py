"""How far a run is: a bar on a terminal, a line for each request elsewhere."""

import shutil
import sys
from typing import Final

WIDTH: Final = 24
"""Characters of the bar."""

_CLEARED: Final = "\r\033[K"


class Progress:
    """Prints to the standard output; only one thread may use it."""

    def __init__(self, total: int) -> None:
        """Begin.

        Args:
            total: How many requests there are.
        """
        self.done = 0
        self._total = total
        self._is_terminal = sys.stdout.isatty()

    def add(self, label: str, fault: str, seconds: float) -> None:
        """Tell that a request was answered.

        Args:
            label: Of the request.
            fault: What was not as expected; empty when nothing was.
            seconds: How long it took.
        """
        self.done += 1
        if not self._is_terminal:
            print(f"{self.done}/{self._total} {label}: {fault or 'ok'} ({seconds:.1f} s)", flush=True)
            return
        if fault:
            print(f"{_CLEARED}{label}: {fault}")
        line = bar(self.done, self._total, label, shutil.get_terminal_size().columns)
        print(f"{_CLEARED}{line}", end="", flush=True)

    def end(self) -> None:
        """Leave the line of the bar."""
        if self._is_terminal:
            print(_CLEARED, end="", flush=True)


def bar(done: int, total: int, label: str, columns: int) -> str:
    """The line on a terminal, no longer than it is wide.

    Args:
        done: How many requests were answered.
        total: How many there are, at least one.
        label: Of the last.
        columns: The terminal's.
    """
    filled = WIDTH * done // total
    return f"[{'#' * filled}{'.' * (WIDTH - filled)}] {done}/{total} {label}"[: columns - 1]
