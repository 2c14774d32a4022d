"""Ask the cells of the fault matrix: what its client sees, and how often the upstream is asked."""

import socket
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx
import ollama

from tests.certificates import self_signed
from tests.e2e.faults_table import Cell
from tests.process import LOOPBACK, Process, serving
from tests.upstream import Upstream
from tests.wire import ask

CHAT_MODEL: Final = "gpt-4o"
EMBEDDING_MODEL: Final = "text-embedding-3-small"
LISTED_MODEL: Final = "reasoner-1"
"""It stands in the upstream's list and is known from nowhere else, so that show needs the list."""

AT_ONCE: Final = {"patient": 32, "impatient": 12, "tls-silent": 12}
"""How many cells are asked at once where they do not disturb each other; fewer where an answer has to begin in time."""
PATIENCE: Final = 30.0
"""Seconds until a cell counts as hanging."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a client got.

    Attributes:
        status: Of the response.
        headers: Of the response, names in lower case.
        pieces: What the `ollama` package read, before an error or until the end; none for an OpenAI client.
        error: The error that the package raised; None for none.
        content: The body that an OpenAI client read.
    """

    status: int
    headers: Mapping[str, str]
    pieces: tuple[Any, ...] = ()
    error: ollama.ResponseError | None = None
    content: bytes = b""


@dataclass(frozen=True, slots=True)
class Seen:
    """What was seen of one cell.

    Attributes:
        answer: What its client got.
        tries: How often the upstream was asked; None where there is none.
        log: The proxy's line about it.
    """

    answer: Answer
    tries: int | None
    log: str


_OLLAMA: Final[Mapping[str, Callable[[ollama.Client, str], Iterable[Any]]]] = {
    "chat-whole": lambda client, text: [client.chat(CHAT_MODEL, _messages(text))],
    "chat-stream": lambda client, text: client.chat(CHAT_MODEL, _messages(text), stream=True),
    "generate-whole": lambda client, text: [client.generate(CHAT_MODEL, text)],
    "generate-stream": lambda client, text: client.generate(CHAT_MODEL, text, stream=True),
    "embed": lambda client, text: [client.embed(EMBEDDING_MODEL, text)],
    "embeddings": lambda client, text: [client.embeddings(EMBEDDING_MODEL, text)],
    "tags": lambda client, _: [client.list()],
    "show": lambda client, _: [client.show(LISTED_MODEL)],
}


def openai_body(cell: Cell) -> dict[str, Any] | None:
    """What an OpenAI client sends in a cell; None for GET."""
    if cell.column.family == "list":
        return None
    if cell.column.family == "embeddings":
        return {"model": EMBEDDING_MODEL, "input": _text(cell), "dimensions": 8}
    return {"model": CHAT_MODEL, "messages": _messages(_text(cell)), "stream": cell.column.stream}


def _messages(text: str) -> list[dict[str, str]]:
    return [{"role": "user", "content": text}]


def _text(cell: Cell) -> str:
    fault = f" [[fault:{cell.fault}]]" if cell.fault else ""
    return f"one two three <{cell.name}>{fault}"


def ask_place(place: str, cells: Sequence[Cell], folder: Path) -> dict[str, Seen]:
    """Start the upstream and the proxy of a place, and ask its cells.

    Args:
        place: Its name.
        cells: All of the place.
        folder: For its files.

    Returns:
        What was seen, by the names of the cells.
    """
    variables = {"PROXY_MAX_RETRIES": "1"} | ({"PROXY_REQUEST_TIMEOUT": "1"} if cells[0].row.impatient else {})
    # Elsewhere a cell changes the upstream for all, or takes part in a call for the list that another one made.
    at_once = AT_ONCE.get(place, 1)
    with _upstream(place, folder) as (upstream, base_url), serving(base_url, folder, **variables) as proxy:
        with ThreadPoolExecutor(at_once) as pool:
            seen = pool.map(lambda cell: (cell.name, _ask_cell(cell, proxy, upstream)), cells)
        return dict(seen)


@contextmanager
def _upstream(place: str, folder: Path) -> Iterator[tuple[Upstream | None, str]]:
    """The upstream of a place, or None, and the base URL that the proxy is told."""
    match place:
        case "refused":
            yield None, "http://127.0.0.1:1/v1"
        case "dns":
            yield None, "http://nosuchhost.invalid:9/v1"
        case "tls-silent":
            with socket.create_server((LOOPBACK, 0)) as listener:  # connects, and never says anything
                yield None, f"https://{LOOPBACK}:{listener.getsockname()[1]}/v1"
        case "tls-plain":
            with Upstream.in_thread() as upstream:
                yield None, upstream.base_url.replace("http:", "https:")
        case "tls-self-signed":
            with Upstream.in_thread(tls=self_signed(folder)) as upstream:
                yield None, upstream.base_url
        case _:
            with Upstream.in_thread() as upstream:
                yield upstream, upstream.base_url


def _ask_cell(cell: Cell, proxy: Process, upstream: Upstream | None) -> Seen:
    lists = cell.column.family == "list"
    if upstream and lists:
        upstream.fault_of_gets = cell.fault
    before = len(upstream.requests) if upstream else 0
    answer = _ask_openai(cell, proxy) if cell.column.openai else _ask_ollama(cell, proxy)
    tries = None
    if upstream:
        tries = len(upstream.requests) - before if lists else len(upstream.requests_with(f"<{cell.name}>"))
    return Seen(answer, tries, proxy.wait_for(f"id={cell.name} "))


def _ask_ollama(cell: Cell, proxy: Process) -> Answer:
    """Ask with the real package."""
    heads: list[httpx.Response] = []
    pieces: list[Any] = []
    failed: ollama.ResponseError | None = None
    with ollama.Client(
        proxy.url,
        headers={"x-request-id": cell.name},
        event_hooks={"response": [heads.append]},
        timeout=PATIENCE,
        trust_env=False,
        verify=False,  # there is no TLS, and to load the certificates takes longer than a cell
    ) as client:
        try:
            pieces.extend(_OLLAMA[cell.column.name](client, _text(cell)))
        except ollama.ResponseError as error:
            failed = error
    return Answer(heads[0].status_code, heads[0].headers, tuple(pieces), failed)


def _ask_openai(cell: Cell, proxy: Process) -> Answer:
    body = openai_body(cell)
    got = ask(proxy.port, "POST" if body else "GET", cell.column.path, body, X_Request_Id=cell.name)
    chunked = got.header("Transfer-Encoding") == "chunked"
    content = b"".join(got.chunks) if chunked else got.body
    return Answer(got.status, {name.lower(): value for name, value in got.headers}, content=content)
