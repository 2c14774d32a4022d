"""Ask the requests of recordings once more, live, and compare the shape of the answers: has the provider changed?

    uv run python -m scripts.rerecord                               # all of recordings/, with the key of .env
    uv run python -m scripts.rerecord tapes --only 'chat-gpt-5*'    # some of another folder
    uv run python -m scripts.rerecord tapes --keep new              # and keep the new recordings

Compared are statuses, headers, kinds of events and their order, members of JSON, their types and their order; of
texts only those that are words of the protocol (finish_reason, role, type, …): what a model says may differ each time.
A line begins with + for what is new, - for what is missing, ~ for what changed.

Exit codes: 0 all the same; 1 something differs; 2 something could not be asked. What never can be (its request was
redacted, its pictures were left out, its answer broke) is skipped, and changes no exit code.
"""

import argparse
import shutil
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from functools import partial
from http.client import HTTPException
from pathlib import Path

from addon.environment import PROJECT_ROOT, read_environment
from addon.option_table import BASE_URL
from addon.recordings.differences import upstream_difference
from addon.recordings.files import read_recordings
from addon.recordings.matching import asked_of
from addon.recordings.recording import Recording, Request
from scripts.proxy_process import ProxyFailedError, ask_proxy, proxy_arguments, running_proxy, upstream_url
from scripts.recorded.console import exit_code
from scripts.recorded.files import existing
from scripts.recorded.obstacles import is_chance, obstacle
from scripts.recorded.said import said_to_client
from scripts.recorded.shape_differences import recording_differences

FOLDER = PROJECT_ROOT / "recordings"

INTERRUPTED = 130

NOT_SENT_AGAIN = frozenset({"idempotency-key"})
"""Headers, in lower case, by which an upstream would know the earlier request, and answer it from memory."""


class CannotRunError(ValueError):
    """Nothing can be asked; the message says why, and what to do."""


def main(arguments: Sequence[str]) -> int:
    """Do what the arguments say; the exit code."""
    options = parse(arguments)
    try:
        chosen = chosen_recordings(options.folder, options.only)
        url = upstream_url(options.base_url or "", read_environment())
        kept = kept_folder(options.keep, options.folder)
        to_ask = announced(chosen, url)
        if not to_ask:
            return 0
        with tempfile.TemporaryDirectory() as home:
            new = asked_again(to_ask, url, Path(home))
            code = compared(to_ask, new)
            if kept:
                shutil.copytree(home, kept, dirs_exist_ok=True)
                say(f"the new recordings are in {kept}")
            return code
    except (ValueError, ProxyFailedError) as error:
        say(f"rerecord: {error}")
        return 2
    except KeyboardInterrupt:
        return INTERRUPTED


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """The options `folder`, `only`, `keep` and `base_url`; ends the program where they are wrong."""
    summary, _, details = (__doc__ or "").partition("\n\n")
    parser = argparse.ArgumentParser(
        prog="rerecord.py", description=summary, epilog=details, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", nargs="?", type=Path, default=FOLDER, help="of the recordings (default: %(default)s)")
    parser.add_argument("--only", metavar="GLOB", default="*", help="only recordings whose names are like this")
    parser.add_argument("--keep", metavar="DIR", type=Path, help="put the new recordings there")
    parser.add_argument("--base-url", metavar="URL", help=f"whom to ask (default: {BASE_URL.variables[0]}, or OpenAI)")
    return parser.parse_args(arguments)


def chosen_recordings(folder: Path, only: str) -> list[Recording]:
    """The recordings of a folder whose names match.

    Raises:
        CannotRunError: There are none.
        ValueError: There is no such folder, or files of it are no recordings.
    """
    recordings = [each for each in read_recordings(existing(folder)) if fnmatchcase(each.name, only)]
    if not recordings:
        raise CannotRunError(f"{folder} has no recording like {only!r}: see what there is with scripts.recordings list")
    return recordings


def kept_folder(keep: Path | None, folder: Path) -> Path | None:
    """Where new recordings are kept.

    Raises:
        CannotRunError: There are those that they are compared with.
    """
    if keep and keep.resolve() == folder.resolve():
        raise CannotRunError(f"--keep is {str(keep)!r}, where the old recordings are: name another folder")
    return keep


def announced(recordings: Sequence[Recording], url: str) -> list[Recording]:
    """Those that can be asked again; says which cannot, and what is going to be asked of whom."""
    to_ask = []
    for recording in recordings:
        if why := obstacle(recording):
            print(f"{recording.name}: skipped, because {why}")
        else:
            to_ask.append(recording)
    models = Counter(asked_of(recording).model or "no model" for recording in to_ask)
    told = ", ".join(f"{count} of {model}" for model, count in models.most_common())
    say(f"requests to {url}: {len(to_ask)}{f' ({told})' if told else ''}, skipped: {len(recordings) - len(to_ask)}")
    others = sorted({call.url for recording in to_ask for call in recording.upstream} - {url})
    if others:
        say(f"they were recorded from {', '.join(others)}: other servers answer in other shapes")
    return to_ask


def asked_again(recordings: Sequence[Recording], url: str, folder: Path) -> list[Recording]:
    """Ask through a proxy that records into a folder; what it recorded.

    Raises:
        ProxyFailedError: The proxy does not start.
        CannotRunError: The proxy does not answer any more, or already the first answer is none for a reason that is not
            the request's: then nothing more is asked.
    """
    given_up = 0
    with running_proxy(proxy_arguments(url, "all", folder)) as proxy:
        for number, recording in enumerate(recordings, 1):
            began = time.monotonic()
            try:
                status = ask_again(proxy.port, recording.client.request)
            except (OSError, HTTPException) as error:
                raise CannotRunError(f"{recording.name}: the proxy did not answer: {error}") from error
            say(f"[{number}/{len(recordings)}] {recording.name}: {status} in {time.monotonic() - began:.1f} s")
            if number == 1 and is_no_answer(recording, status):
                given_up = status
                break
    new = read_recordings(folder)
    if given_up:
        why = said_to_client(new[0]).error if new else "nothing was recorded of it"
        raise CannotRunError(f"nothing more is asked, because the first answer was {given_up}: {why}")
    return new


def ask_again(port: int, request: Request) -> int:
    """Ask a proxy what was asked before; the status. Of an answer that breaks off its recording tells.

    Raises:
        OSError, HTTPException: There is no answer.
    """
    headers = {name: value.encode() for name, value in request.headers if name.lower() not in NOT_SENT_AGAIN}
    return ask_proxy(port, request.method, request.path, request.body, headers).status


def is_no_answer(old: Recording, status: int) -> bool:
    """Whether a status says that a request could not be asked now, and not what it is answered."""
    was = old.client.response
    return is_chance(status) and not (was and was.status == status)


def compared(old: Sequence[Recording], new: Sequence[Recording]) -> int:
    """Print what became of each request, and a summary; the exit code."""
    outcomes: Counter[str] = Counter()
    for was, now in paired(old, new):
        outcome, lines = judged(was, now)
        outcomes[outcome] += 1
        print("\n  ".join([f"{was.name}: {outcome}", *lines]))
    print(", ".join(f"{outcome}: {outcomes[outcome]}" for outcome in ("same", "differs", "not asked")))
    return 2 if outcomes["not asked"] else 1 if outcomes["differs"] else 0


def paired(old: Sequence[Recording], new: Sequence[Recording]) -> Iterator[tuple[Recording, Recording | None]]:
    """Each old recording with the new one of the same request; those of one request in their order.

    None where there is none, or where it cannot be told which one it is.
    """
    found = defaultdict[str, list[Recording]](list)
    for recording in new:
        found[asked_of(recording).digest].append(recording)
    digests = [asked_of(recording).digest for recording in old]
    certain = {digest for digest, count in Counter(digests).items() if len(found[digest]) == count}
    for recording, digest in zip(old, digests, strict=True):
        yield recording, found[digest].pop(0) if digest in certain else None


def judged(old: Recording, new: Recording | None) -> tuple[str, list[str]]:
    """What became of a request, in a word, and the lines that tell more."""
    if new is None:
        return "not asked", ["there is no new recording of it"]
    if new.client.response is not None and is_no_answer(old, new.client.response.status):
        return "not asked", [f"{new.client.response.status}: {said_to_client(new).error}"]
    parts = recording_differences(old, new)
    lines = [line for part in parts for line in (f"{part.of}:", *(f"  {each}" for each in part.differences))]
    if parts:
        calls = zip(new.upstream, old.upstream, strict=False)
        sent = next(filter(None, (upstream_difference(n.request.body, o.request.body) for n, o in calls)), "")
        lines += [f"what was sent differs too: {sent}"] if sent else []
    return ("differs" if parts else "same"), lines


def say(text: str) -> None:
    """Tell whoever waits."""
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(exit_code(partial(main, sys.argv[1:])))
