"""`python -m tests.conformance.goldens`: how ours differs from a real Ollama, for a person (set SHARED_DIR)."""

import os
import sys
import tomllib
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from tests.conformance.golden_accounts import Accounts, Table, account, report, table_from
from tests.conformance.golden_captures import differences, golden_tags

TABLE: Final = Path(__file__).with_name("meant_differences.toml")


def meant_differences() -> Table:
    """The table of the project."""
    return table_from(tomllib.loads(TABLE.read_text("utf-8")))


def check(folder: Path) -> Accounts:
    """Ask ours for all goldens that are in scope, and sort them; the folder, an empty one, is for what is captured."""
    table = meant_differences()
    goldens = list(golden_tags())
    return account(goldens, differences(table.in_scope(goldens), folder), table)


def main() -> int:
    """Run the command; the exit code."""
    if not os.environ.get("SHARED_DIR"):
        sys.stderr.write("Set SHARED_DIR to the folder that holds goldens-check/ and ollama-goldens/.\n")
        return 2
    with TemporaryDirectory() as folder:
        accounts = check(Path(folder))
    sys.stdout.write(report(accounts, golden_tags()) + "\n")
    return int(bool(accounts.unexplained or accounts.not_captured or accounts.idle))


if __name__ == "__main__":
    sys.exit(main())
