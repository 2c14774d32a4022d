"""What becomes of each golden: equal, different for a stated reason, not applicable, or unexplained. No I/O.

A golden is what a real Ollama answered once; its differences are sentences about what ours answered to the same
request, such as `status: 500 != 502`. The reasons stand in `meant_differences.toml`.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from itertools import chain
from typing import Any

type Differences = Mapping[str, Sequence[str]]
"""By the name of each captured golden how ours differs from it; nothing where the two are equal."""


@dataclass(frozen=True, slots=True)
class Row:
    """Goldens that one reason explains alike.

    Attributes:
        reason: Why these are not answered as they were.
        goldens: Shell patterns of their names.
        lines: The differences that the reason explains, each pattern for a whole line; none where the goldens are not
            asked for at all.
    """

    reason: str
    goldens: tuple[str, ...]
    lines: tuple[str, ...] = ()

    def patterns_of(self, name: str) -> list[str]:
        """Its patterns that this name matches."""
        return [pattern for pattern in self.goldens if fnmatchcase(name, pattern)]


@dataclass(frozen=True, slots=True)
class Table:
    """The goldens that are not answered as they were.

    Attributes:
        meant: What ours answers otherwise.
        not_applicable: What ours is not asked.
    """

    meant: tuple[Row, ...]
    not_applicable: tuple[Row, ...]

    def in_scope(self, goldens: Iterable[str]) -> list[str]:
        """The goldens that ours is asked, in their order."""
        return [name for name in goldens if not any(row.patterns_of(name) for row in self.not_applicable)]


@dataclass(slots=True)
class Accounts:
    """The goldens, sorted.

    Attributes:
        equal: Names of those that ours answers alike.
        meant: By name the reasons for all its differences.
        not_applicable: By name why it is not asked.
        unexplained: By name the differences that no row explains.
        not_captured: Names of those that should have been asked and were not.
        idle: The rows' patterns that stand for nothing.
    """

    equal: list[str] = field(default_factory=list)
    meant: dict[str, set[str]] = field(default_factory=dict)
    not_applicable: dict[str, str] = field(default_factory=dict)
    unexplained: dict[str, list[str]] = field(default_factory=dict)
    not_captured: list[str] = field(default_factory=list)
    idle: list[str] = field(default_factory=list)


def table_from(document: Mapping[str, Any]) -> Table:
    """The table in a parsed `meant_differences.toml`."""
    meant = (
        Row(row["reason"], tuple(case["goldens"]), tuple(case["lines"]))
        for row in document["meant"]
        for case in row["case"]
    )
    not_applicable = (Row(row["reason"], tuple(row["goldens"])) for row in document["not_applicable"])
    return Table(tuple(meant), tuple(not_applicable))


def account(goldens: Iterable[str], differences: Differences, table: Table) -> Accounts:
    """Sort the goldens.

    Args:
        goldens: The names of all.
        differences: What was found; a golden that was not captured is not in it.
        table: The reasons.
    """
    accounts = Accounts()
    used: set[tuple[Row, str]] = set()
    for name in goldens:
        aside = next(((row, pattern) for row in table.not_applicable for pattern in row.patterns_of(name)), None)
        if aside:
            accounts.not_applicable[name] = aside[0].reason
            used.add(aside)
        elif name not in differences:
            accounts.not_captured.append(name)
        elif not differences[name]:
            accounts.equal.append(name)
        else:
            _explain(accounts, used, name, differences[name], table.meant)
    accounts.idle = list(_idle(table, used))
    return accounts


def _explain(
    accounts: Accounts, used: set[tuple[Row, str]], name: str, lines: Sequence[str], rows: Iterable[Row]
) -> None:
    """Find the reasons for the lines of one golden, and note the patterns that gave them in `used`."""
    explained: dict[str, set[str]] = {line: set() for line in lines}
    for row in rows:
        names = row.patterns_of(name)
        for pattern in row.lines if names else ():
            for line in filter(re.compile(pattern, re.DOTALL).fullmatch, lines):
                explained[line].add(row.reason)
                used.update((row, each) for each in [pattern, *names])
    if without := [line for line, reasons in explained.items() if not reasons]:
        accounts.unexplained[name] = without
    else:
        accounts.meant[name] = set.union(*explained.values())


def _idle(table: Table, used: set[tuple[Row, str]]) -> Iterator[str]:
    """The patterns that stand for nothing, each with the beginning of its row's reason."""
    for row in (*table.meant, *table.not_applicable):
        for pattern in (*row.goldens, *row.lines):
            if (row, pattern) not in used:
                yield f"{pattern!r} of the row {row.reason[:60]!r}"


def report(accounts: Accounts, tags: Mapping[str, Iterable[str]]) -> str:
    """The accounts for a person: counts by tag, the reasons with their counts, and what is wrong.

    Args:
        accounts: The sorted goldens.
        tags: By the name of each golden its tags; one with several is counted under each.
    """
    columns: dict[str, Iterable[str]] = {
        "equal": accounts.equal,
        "meant": accounts.meant,
        "not applicable": accounts.not_applicable,
        "unexplained": accounts.unexplained,
        "not captured": accounts.not_captured,
    }
    counts = {title: Counter(tag for name in names for tag in tags[name]) for title, names in columns.items()}
    every = sorted({tag for found in tags.values() for tag in found})
    rows = [[tag, *(str(counts[title][tag]) for title in columns)] for tag in every]
    rows.append([f"all {len(tags)}", *(str(len(list(names))) for names in columns.values())])
    table = [["tag", *columns], *rows]
    lines = ["  ".join([row[0].ljust(18), *(cell.rjust(14) for cell in row[1:])]) for row in table]
    for title, reasons in (
        ("Meant differences", chain.from_iterable(accounts.meant.values())),
        ("Not applicable", accounts.not_applicable.values()),
    ):
        lines += ["", f"{title}:", *(f"{count:6}  {reason}" for reason, count in Counter(reasons).most_common())]
    return "\n".join([*lines, *_wrong(accounts)])


def _wrong(accounts: Accounts) -> list[str]:
    """What makes the check fail, under headings."""
    lines: list[str] = []
    if accounts.unexplained:
        lines += ["", "Unexplained:"]
        for name, differences in accounts.unexplained.items():
            lines += [f"  {name}", *(f"      {line}" for line in differences)]
    if accounts.not_captured:
        lines += ["", "Not captured:", *(f"  {name}" for name in accounts.not_captured)]
    if accounts.idle:
        lines += ["", "Patterns that stand for nothing (take them out):", *(f"  {line}" for line in accounts.idle)]
    return lines
