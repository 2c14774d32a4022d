"""The proxy's options for one test: from the defaults here, the ini file, the markers, and the command line.

They are called by the proxy's names without the `ollama_` at their beginning. Which there are, the proxy knows: with an
unknown one it does not start.
"""

import hashlib
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

RECORD_MODES: Final = ("none", "once", "new_episodes", "all")
"""Those of the proxy but for `off`, which neither records nor replays."""

DEFAULTS: Final = {"record_mode": "none", "replay_speed": "instant"}

TAKEN: Final = {
    "recordings": "give the folder as the first argument of the marker or of the factory",
    "port": "set ollama_replay_port in the ini file",
    "listen": "the proxy of a test listens on 127.0.0.1",
    "log_level": "the plugin reads the log",
    "log_format": "the plugin reads the log",
}
"""Options that are the plugin's own to give, and what to do instead."""

LONGEST_NAME: Final = 100
"""Characters of a folder's name; Windows allows 260 for a whole path."""


def proxy_options(
    lines: Iterable[str], given: Mapping[str, object], command_line: Mapping[str, str | None]
) -> dict[str, str]:
    """Join the options; the later of the arguments wins.

    Args:
        lines: `NAME=VALUE`, of the ini file.
        given: Of the markers, or of who calls the factory; True and False are written as the proxy writes them.
        command_line: None for what is not given there.

    Raises:
        ValueError: A line is no option, or an option is not to be given here, or the record mode is none.
    """
    options = dict(DEFAULTS)
    for line in lines:
        name, sign, value = (part.strip() for part in line.partition("="))
        if not sign:
            raise ValueError(f"ollama_proxy_options has the line {line!r}: write NAME=VALUE")
        options[name] = value
    options |= {name: str(value).lower() if isinstance(value, bool) else str(value) for name, value in given.items()}
    options |= {name: value for name, value in command_line.items() if value is not None}
    for name, remedy in TAKEN.items():
        if name in options:
            raise ValueError(f"the option {name}={options[name]!r} cannot be given: {remedy}")
    if options["record_mode"] not in RECORD_MODES:
        raise ValueError(f"record_mode is {options['record_mode']!r}: give one of {', '.join(RECORD_MODES)}")
    return options


def recordings_folder(file: Path, test_class: type | None, test: str) -> Path:
    """Where the recordings of a test are: a folder of its own, below `recordings` beside its file.

    Args:
        file: Of the test.
        test_class: The class that it is a method of, if any.
        test: Its name, with the ids of its parameters. Where class and name are no folder's name, a digest is added.
    """
    name = f"{test_class.__name__}.{test}" if test_class else test
    plain = re.sub(r"[^\w.,=+\[\]-]", "-", name, flags=re.ASCII)[:LONGEST_NAME]
    if plain != name:
        plain += f"-{hashlib.sha256(name.encode()).hexdigest()[:8]}"
    return file.parent / "recordings" / file.stem / plain
