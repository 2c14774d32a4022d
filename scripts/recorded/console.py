"""How the programs end whose output may go into another program."""

import os
import sys
from collections.abc import Callable
from typing import Final

_NOBODY_READS: Final = 141
"""What a shell says of a program that a closed pipe has ended: 128 and the number of SIGPIPE."""


def exit_code(main: Callable[[], int]) -> int:
    """Run a program; its exit code. That nobody reads its output any more (`| head`) ends it quietly."""
    try:
        code = main()
        sys.stdout.flush()
    except BrokenPipeError:
        # What is still to be written would fail once more at the end of the process.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _NOBODY_READS
    return code
