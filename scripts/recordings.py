"""Look at recordings: what there is, what is in one, what two differ in, and whether all are sound.

    uv run python -m scripts.recordings list                     # a table, one line each
    uv run python -m scripts.recordings show NAME                # the conversation, what was sent, what came and when
    uv run python -m scripts.recordings diff NAME OTHER          # requests, answers and shapes; not times
    uv run python -m scripts.recordings verify                   # files, names, times, layout, secrets

NAME is as `list` shows it, or the path of a file. Exit codes: 0; 1 when two recordings differ, or something is wrong
with a file; 2 when the command itself is wrong.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path

from addon.environment import PROJECT_ROOT, read_environment
from addon.recordings.recording import Recording
from scripts.recorded.checks import file_problems, left_over
from scripts.recorded.comparison import differences
from scripts.recorded.console import exit_code
from scripts.recorded.files import each_recording, named_recording
from scripts.recorded.listing import row_of, table
from scripts.recorded.showing import told
from scripts.scan_recordings import problems_of, search_of

FOLDER = PROJECT_ROOT / "recordings"


def main(arguments: Sequence[str]) -> int:
    """Do what the arguments say; the exit code."""
    options = parse(arguments)
    try:
        match options.command:
            case "list":
                return list_folder(options.folder, as_json=options.json)
            case "show":
                print("\n".join(told(named_recording(options.name, options.folder))))
                return 0
            case "diff":
                return diff(*(named_recording(name, options.folder) for name in options.names))
            case _:
                return verify(options.folder)
    except ValueError as error:
        say(str(error))
        return 2


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """The options `command` and `folder`, and those of the command; ends the program where they are wrong."""
    summary, _, details = (__doc__ or "").partition("\n\n")
    parser = argparse.ArgumentParser(
        prog="recordings.py", description=summary, epilog=details, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    listing = commands.add_parser("list", help="a table of a folder, one line for each recording")
    listing.add_argument("folder", nargs="?", type=Path, default=FOLDER, help="default: %(default)s")
    listing.add_argument("--json", action="store_true", help="the same as a JSON list")
    show = commands.add_parser("show", help="one recording, to be read")
    show.add_argument("name", metavar="NAME|FILE")
    difference = commands.add_parser("diff", help="what differs between two; exit code 1 when something does")
    difference.add_argument("names", nargs=2, metavar="NAME|FILE")
    for command in (show, difference):
        command.add_argument(
            "--folder", type=Path, default=FOLDER, help="where names are looked for (default: %(default)s)"
        )
    check = commands.add_parser("verify", help="a line for each problem of a folder; exit code 1 when there is one")
    check.add_argument("folder", nargs="?", type=Path, default=FOLDER, help="default: %(default)s")
    return parser.parse_args(arguments)


def list_folder(folder: Path, *, as_json: bool) -> int:
    """Print what a folder holds; the exit code is 1 when a file of it is no recording."""
    rows, broken = [], []
    for path, recording in each_recording(folder):
        if isinstance(recording, str):
            broken.append(recording)
        else:
            rows.append(row_of(recording, path.stat().st_size))
    print(json.dumps([*map(asdict, rows)], ensure_ascii=False, indent=1) if as_json else "\n".join(table(rows)))
    for problem in broken:
        say(problem)
    return 1 if broken else 0


def diff(one: Recording, other: Recording) -> int:
    """Print what differs between two recordings; the exit code is 1 when something does."""
    found = list(differences(one, other))
    print("\n".join(found) if found else "same, times aside")
    return 1 if found else 0


def verify(folder: Path) -> int:
    """Print what is wrong in a folder, a line each; the exit code is 1 when something is."""
    problems, count, search = list[str](), 0, search_of(read_environment())
    for path, recording in each_recording(folder):
        count += 1
        if isinstance(recording, str):
            problems.append(recording)
        else:
            problems += [f"{path}: {problem}" for problem in file_problems(path, recording)]
            problems += problems_of(path, search)
    problems += [f"{path}: a recording that was never completed: remove it" for path in left_over(folder)]
    print("\n".join([*problems, f"files: {count}, problems: {len(problems)}"]))
    return 1 if problems else 0


def say(text: str) -> None:
    """Tell whoever called, apart from the output."""
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(exit_code(partial(main, sys.argv[1:])))
