"""Record live exchanges: a catalogue of requests, each capability of each family of models that an account has.

    uv run python -m scripts.collect_recordings --list               # what can be asked; nothing is
    uv run python -m scripts.collect_recordings --dry-run            # what would be asked, and the most it costs
    uv run python -m scripts.collect_recordings                      # the same, and after a yes it is asked
    uv run python -m scripts.collect_recordings --models 'gpt-5*' --only 'chat-tool*' --yes

The key and the base URL are those of the environment or of .env. What the folder has already is not asked again, so a
run that was broken off is gone on with by the same command. Take a folder for each provider.

Exit codes: 0 all was answered as expected; 1 something was not; 2 nothing was asked; 130 broken off by Ctrl+C.
"""

import argparse
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from addon.environment import PROJECT_ROOT, read_environment
from addon.redaction.redactor import Redactor, secrets_of_environment
from scripts import scan_recordings
from scripts.collecting import NothingAskedError
from scripts.collecting.asking import CTRL_C, Outcome, ask_all
from scripts.collecting.catalogue import KINDS
from scripts.collecting.planning import Choice, Plan, check_cost, plan_of, plan_text
from scripts.collecting.shelf import STAGING, UNEXPECTED, recorded, take_over
from scripts.proxy_process import ProxyFailedError, proxy_arguments, running_proxy, upstream_url
from scripts.recorded.console import exit_code

FOLDER: Final = PROJECT_ROOT / "recordings" / "live"
"""Apart from the recordings that were made against the project's own test upstream."""

NOT_RECORDED: Final = ("is not recorded", "recordings cannot be written", "recording could not be made")
"""What the proxy says where an exchange is not kept (`addon/recordings/recorder.py`)."""

NOTHING_ASKED: Final = 2
BROKEN_OFF: Final = 130
"""The exit code of a shell for a program that Ctrl+C has ended."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Plan, ask, and say what came of it; the exit code."""
    wanted = _parser().parse_args(arguments)
    if wanted.list:
        for kind in KINDS:
            print(f"{kind.name:<26} {kind.route:<28} {', '.join(sorted(kind.needs))}".rstrip())
        return 0
    environment = read_environment()
    redactor = Redactor(secrets_of_environment(environment))
    try:
        choice = Choice(wanted.models, wanted.all_models, wanted.only)
        plan = plan_of(choice, upstream_url(wanted.base_url, environment), wanted.folder)
        print(redactor.text(plan_text(plan)))
        if wanted.dry_run or not plan.missing:
            for ask in plan.missing:
                print(ask.label)
            return 0
        check_cost(plan, wanted.max_cost)
        if not (wanted.yes or is_agreed()):
            raise NothingAskedError("nothing was asked")
        outcome = run(plan, wanted.jobs, redactor)
    except (NothingAskedError, ProxyFailedError, ValueError) as error:
        print(redactor.text(f"collect_recordings: {error}"), file=sys.stderr)
        return NOTHING_ASKED
    except KeyboardInterrupt:
        print("broken off; the same command goes on", file=sys.stderr)
        return BROKEN_OFF
    problems = problems_of(plan, outcome)
    print(redactor.text(outcome_text(plan, outcome, problems)))
    scanned = scan_recordings.main([str(plan.folder)]) if plan.folder.is_dir() else 0
    return BROKEN_OFF if outcome.stopped == CTRL_C else int(bool(problems or scanned))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="collect_recordings", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--models", nargs="+", metavar="GLOB", default=["*"], help="only models with such ids")
    parser.add_argument("--all-models", action="store_true", help="all of them, not one of each family")
    parser.add_argument(
        "--only", nargs="+", metavar="GLOB", default=["*"], help="only requests with such names (--list)"
    )
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where recordings go (default: %(default)s)")
    parser.add_argument("--base-url", metavar="URL", default="", help="another server than that of the environment")
    parser.add_argument("--jobs", type=positive, default=2, metavar="N", help="requests at once (default: %(default)s)")
    parser.add_argument("--max-cost", type=float, metavar="DOLLARS", help="ask nothing when it may cost more")
    parser.add_argument("--yes", action="store_true", help="do not ask whether to go on")
    parser.add_argument("--dry-run", action="store_true", help="say what would be asked; only the list of models is")
    parser.add_argument("--list", action="store_true", help="print the names of the requests")
    return parser


def positive(text: str) -> int:
    """A number of requests.

    Raises:
        ArgumentTypeError: It is none.
    """
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r}: give a whole number from 1")
    return int(text)


def is_agreed() -> bool:
    """Ask the person whether to go on.

    Raises:
        NothingAskedError: Nobody is there.
    """
    if not sys.stdin.isatty():
        raise NothingAskedError("there is no terminal on which to ask whether to go on: add --yes")
    try:
        return input("Go on? [y/N] ").strip().lower() in {"y", "yes"}
    except EOFError:
        return False


def run(plan: Plan, jobs: int, redactor: Redactor) -> Outcome:
    """Ask what is missing, and put away what was recorded, also when it ends early."""
    outcome = Outcome()
    try:
        with running_proxy(proxy_arguments(plan.base_url, "all", plan.folder / STAGING)) as proxy:
            ask_all(proxy.port, plan.missing, jobs, outcome, redactor.text)
        outcome.told = [line for line in proxy.lines if any(words in line for words in NOT_RECORDED)]
    finally:
        take_over(plan.folder, plan.everything, plan.base_url)
    return outcome


def problems_of(plan: Plan, outcome: Outcome) -> list[str]:
    """What was answered otherwise than the catalogue expects, or was not recorded, a line for each."""
    there = recorded(plan.folder) | recorded(plan.folder / UNEXPECTED)
    problems = []
    for ask, fault in outcome.answered.items():
        if ask.digest not in there:
            fault = f"{fault}; it was not recorded" if fault else "it was answered, but not recorded"
        if fault:
            problems.append(f"{ask.label}: {fault}")
    return problems


def outcome_text(plan: Plan, outcome: Outcome, problems: Sequence[str]) -> str:
    """What came of a run, for a person."""
    lines = []
    if problems:
        lines += [
            f"Not as expected, {len(problems)} of {len(outcome.answered)}:",
            *(f"  {problem}" for problem in problems),
        ]
        lines += [f"  the proxy said: {line}" for line in outcome.told]
        if (plan.folder / UNEXPECTED).is_dir():
            lines.append(f"What was recorded of them is in {plan.folder / UNEXPECTED}; the next run asks again.")
    there = recorded(plan.folder)
    left = sum(ask.digest not in there for ask in plan.missing)
    lines.append(f"Recorded in {plan.folder}: {len(plan.missing) - left} of {len(plan.missing)}.")
    if outcome.stopped:
        lines.append(f"Ended early ({outcome.stopped}): {left} requests are left, and the same command goes on.")
    return "\n".join(lines)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # else the proxy would stay behind
    sys.exit(exit_code(main))
