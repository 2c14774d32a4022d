"""The cases of `cases/*.toml`: a request, and what a real Ollama server answers to it, byte by byte.

name      what the case claims
asks      method and path
headers   of the request, beside Host (127.0.0.1:11434 where there is none here), Content-Length and Connection
body      of the request, as it is sent
raw       the whole request, in place of these, where its head is what matters
before    requests that are made first, each as method and path, and body; their answers do not matter
answer    status, and the kind of head: a row of `KINDS`
more      headers of the answer beside its kind's
head      the whole head of the answer, in place of these
says      body of the answer, with the names of `placeholders.py`; to HEAD, what GET would say
"""

import tomllib
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

FOLDER: Final = Path(__file__).with_name("cases")

LENGTH: Final = "Content-Length: <length>"
CHUNKED: Final = "Transfer-Encoding: chunked"

# Kind -> content type and framing (Go, gin): a body of up to 2048 bytes has its length; a longer one and each
# stream is chunked.
KINDS: Final = {
    "text": ("text/plain; charset=utf-8", LENGTH),  # the root
    "router": ("text/plain", LENGTH),  # 404 and 405
    "redirect": ("text/html; charset=utf-8", LENGTH),
    "redirect unframed": ("text/html; charset=utf-8", ""),  # of HEAD
    "json": ("application/json; charset=utf-8", LENGTH),
    "json chunked": ("application/json; charset=utf-8", CHUNKED),
    "json unframed": ("application/json; charset=utf-8", ""),  # HEAD of what would be chunked
    "ndjson": ("application/x-ndjson", CHUNKED),
    "failed stream": ("application/json", CHUNKED),  # before its first line
    "progress": ("application/json", LENGTH),  # pull, push and create with `stream: false`
    "empty": ("", LENGTH),
    "no content": ("", ""),
}


@dataclass(frozen=True, slots=True)
class Case:
    """One case.

    Attributes:
        name: What it claims, with the file's name before it.
        before: Requests that are made first.
        request: As it is sent.
        head: The expected head, a line each, with placeholders and `<length>`.
        says: The expected body, with placeholders.
        bodiless: The answer has no body, because HEAD was asked.
    """

    name: str
    before: tuple[bytes, ...]
    request: bytes
    head: str
    says: str
    bodiless: bool


def read_cases() -> list[Case]:
    """All cases of all files, in their order."""
    return [
        _case(path.stem, table)
        for path in sorted(FOLDER.glob("*.toml"))
        for table in tomllib.loads(path.read_text("utf-8"))["case"]
    ]


def _case(subject: str, table: dict[str, Any]) -> Case:
    known = {"name", "asks", "headers", "body", "raw", "before", "answer", "more", "head", "says"}
    assert table.keys() <= known, f"{table['name']!r} has {table.keys() - known}"
    headers = table.get("headers", [])
    request = table["raw"].encode() if "raw" in table else _request(table["asks"], headers, table.get("body", ""))
    return Case(
        name=f"{subject}: {table['name']}",
        before=tuple(_request(asks, [], body) for asks, body in table.get("before", ())),
        request=request,
        head=table["head"].rstrip("\n") if "head" in table else _head(table["answer"], table.get("more", [])),
        says=table.get("says", ""),
        bodiless=request.startswith(b"HEAD "),
    )


def _request(asks: str, headers: list[str], body: str) -> bytes:
    host = [] if any(header.startswith("Host:") for header in headers) else ["Host: 127.0.0.1:11434"]
    length = [f"Content-Length: {len(body.encode())}"] if body else []
    head = [f"{asks} HTTP/1.1", *host, *headers, *length, "Connection: close"]
    return "".join(f"{line}\r\n" for line in [*head, ""]).encode() + body.encode()


def _head(answer: str, more: list[str]) -> str:
    """The head in Go's order: the headers of the handler by their names, then those of the server."""
    status, _, kind = answer.partition(" ")
    content_type, framing = KINDS[kind]
    own = sorted([*more, *([f"Content-Type: {content_type}"] if content_type else [])], key=_name)
    first = f"HTTP/1.1 {status} {HTTPStatus(int(status)).phrase}"
    return "\n".join([first, *own, "Date: <date>", *([framing] if framing else []), "Connection: close"])


def _name(header: str) -> str:
    return header.partition(":")[0]
