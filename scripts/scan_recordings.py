"""Refuse recordings that hold what looks like a secret, before they are committed or shared.

    uv run python -m scripts.scan_recordings [PATH ...]

Searched is each file as it stands, and what the recording in it says: headers, paths, bodies, the joined pieces of
answers, and the texts that they spell out; images and other media are not. Looked for is whatever looks like a
credential, the key and ids of the environment and of .env, and what PROXY_REDACT or --pattern finds. The secrets
themselves are not printed. Exit code: 1 when something was found or a file is no recording, 2 when the command was
wrong, else 0.
"""

import argparse
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from addon.environment import PROJECT_ROOT, Environment, read_environment
from addon.option_table import REDACT
from addon.recordings.recording import Client, Headers, Recording, Request, UpstreamCall, read_recording
from addon.redaction.hidden_texts import hidden_texts_of
from addon.redaction.redactor import MARK, secrets_of_environment, unpacked
from addon.redaction.secret_search import SecretSearch
from addon.redaction.secret_shapes import REGISTRY_PASSWORD, REGISTRY_PATHS, SECRET_HEADERS, SECRET_PARAMETER
from addon.setting_values import pattern, redacted


class Find(NamedTuple):
    """A secret, or what looks like one.

    Attributes:
        where: In which part of a recording.
        kind: What it seems to be.
        secret: Itself, which is not shown.
    """

    where: str
    kind: str
    secret: str

    def __str__(self) -> str:
        return f"{self.where}: {self.kind} ({redacted(' '.join(self.secret.split()))})"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m scripts.scan_recordings", description=__doc__.partition("\n")[0])
    parser.add_argument("paths", nargs="*", type=Path, metavar="PATH", help="files or folders (default: recordings/)")
    parser.add_argument(
        "--pattern", metavar="REGEX", help=f"what must not be there either (default: {REDACT.variables[0]})"
    )
    given = parser.parse_args(arguments)
    try:
        search = search_of(read_environment(), given.pattern)
        files = _files(given.paths or [PROJECT_ROOT / "recordings"])
    except ValueError as error:
        parser.error(str(error))
    lines = [line for file in files for line in problems_of(file, search)]
    print("\n".join([*lines, f"{len(files)} files: {len(lines) or 'no'} problems"]))
    return 1 if lines else 0


def search_of(environment: Environment, expression: str | None = None) -> SecretSearch:
    """What finds credentials, and what an environment says must not be kept.

    Args:
        environment: Its key and ids are looked for as well.
        expression: A pattern; None for that of the environment.

    Raises:
        ValueError: The pattern is none.
    """
    named = str(environment.defaults[REDACT.name]) if expression is None else expression
    try:
        return SecretSearch(secrets_of_environment(environment), pattern(named))
    except ValueError as error:
        raise ValueError(f"the pattern is {named!r}: {error}") from None


def problems_of(file: Path, search: SecretSearch) -> list[str]:
    """What is wrong with a file, a line for each: that it is no recording, and the secrets in it.

    Args:
        file: Which.
        search: What finds them.
    """
    problems, finds = [], list[Find]()
    try:
        finds += finds_in(read_recording(file), search)
    except ValueError as error:
        problems.append(str(error))
    except OSError as error:
        return [f"{file} cannot be read: {error.strerror}"]
    finds += _others(finds, _finds("the file", file.read_bytes(), search))
    return [*problems, *(f"{file}: {find}" for find in dict.fromkeys(finds))]


def finds_in(recording: Recording, search: SecretSearch) -> Iterator[Find]:
    """The secrets in a recording, each with its place."""
    yield from _finds("name", recording.name.encode(), search)
    yield from _finds("about", recording.about.encode(), search)
    calls = {f"upstream[{at}]": call for at, call in enumerate(recording.upstream)}
    sides: dict[str, Client | UpstreamCall] = {"client": recording.client, **calls}
    for place, side in sides.items():
        yield from _finds_in_request(f"{place}.request", side.request, search)
        if side.response is not None:
            yield from _finds_in_headers(f"{place}.response.headers", side.response.headers, search)
            yield from _finds_in_body(f"{place}.response.chunks", side.response.body, search)
    for place, call in calls.items():
        yield from _finds_in_url(f"{place}.url", call.url, search)
        yield from _finds(f"{place}.error", (call.error or "").encode(), search)


def _finds_in_request(place: str, request: Request, search: SecretSearch) -> Iterator[Find]:
    yield from _finds_in_url(f"{place}.path", request.path, search)
    yield from _finds_in_headers(f"{place}.headers", request.headers, search)
    yield from _finds_in_body(f"{place}.body", request.body, search)
    yield from _finds_in_body(f"{place}.body, unpacked", unpacked(request.headers, request.body) or b"", search)
    if request.path.partition("?")[0] in REGISTRY_PATHS:
        for match in REGISTRY_PASSWORD.finditer(request.body):
            if match[2] != MARK.encode():
                yield Find(f"{place}.body", "a password", _text(match[2]))


def _finds_in_headers(place: str, headers: Headers, search: SecretSearch) -> Iterator[Find]:
    for name, value in headers:
        if name.lower() in SECRET_HEADERS and value != MARK:
            yield Find(place, f"a header {name}", value)
        else:
            yield from _finds_in_url(place, value, search)


def _finds_in_url(place: str, url: str, search: SecretSearch) -> Iterator[Find]:
    for hit in search.url_hits(url.encode()):
        yield Find(place, hit.kind, _text(hit.text))
    for match in SECRET_PARAMETER.finditer(url):
        if (value := match[0].removeprefix(match[1])) != MARK:
            yield Find(place, f"a parameter {match[1][1:-1]}", value)


def _finds_in_body(place: str, body: bytes, search: SecretSearch) -> list[Find]:
    finds = list(_finds(place, body, search))
    for text in hidden_texts_of(body):
        finds += _others(finds, _finds(f"{place}, put together", text.encode("utf-8", "replace"), search))
    return finds


def _finds(place: str, data: bytes, search: SecretSearch) -> Iterator[Find]:
    for hit in search.hits_beside_media(data):
        yield Find(place, hit.kind, _text(hit.text))


def _others(known: Iterable[Find], finds: Iterable[Find]) -> list[Find]:
    """Those of some finds that are not known from elsewhere."""
    secrets = {find.secret for find in known}
    return [find for find in finds if find.secret not in secrets]


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")


def _files(paths: Sequence[Path]) -> list[Path]:
    """The files that these paths mean.

    Raises:
        ValueError: One is not there.
    """
    files: list[Path] = []
    for path in paths:
        if not path.exists():
            raise ValueError(f"there is no {str(path)!r}: give a recording, or a folder of recordings")
        files += sorted(path.rglob("*.json")) if path.is_dir() else [path]
    return files


if __name__ == "__main__":
    sys.exit(main())
