"""An answer as people read it: what it says, then the account of it, then its chunks.

mitmweb shows the first 512 lines of a view until it is asked for more. So what is said is shown as far as account and
chunks still have room, and whatever is left out follows them.
"""

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any, Final, NamedTuple

from addon.contentviews.answer_account import account_lines
from addon.contentviews.chunk_table import chunk_table
from addon.contentviews.columns import heading, raw_text
from addon.contentviews.measured import Measured
from addon.live_layers import KEPT_BODY_BYTES
from translators.inspection.answers import Said, said_by_ollama, said_by_openai
from translators.inspection.events import DOCUMENT, Event, events_of, is_ndjson
from translators.inspection.recognising import EMBEDDING, GENERATION, PROGRESS, ollama_route
from translators.inspection.transcript import call_text, shortened
from translators.inspection.values import json_text
from translators.openai_apis import Api

MOST_TEXT_LINES: Final = 220
MOST_THINKING_LINES: Final = 70
MOST_CALL_LINES: Final = 70
"""How much of each is shown before the account; with account and chunks that is less than 512 lines."""

MOST_LINES: Final = 100_000
"""Of a body that are read. What is kept of ours has more only where a line has less than 42 bytes, and Ollama's have
more than a hundred."""


class _Readable(NamedTuple):
    """What is read of a body.

    Attributes:
        body: Its beginning, mostly all of it.
        left_out: A sentence about what is not read; empty where that is nothing.
    """

    body: bytes
    left_out: str


type _Part = tuple[str, list[str]]
"""A title, and the lines under it."""


def ollama_answer_text(path: str, content_type: str, body: bytes, measured: Measured) -> str:
    """An answer of Ollama, or one to its client.

    Args:
        path: Of the request.
        content_type: The `Content-Type`, or an empty string.
        body: As far as it is there, decompressed.
        measured: What is known of the answer besides.
    """
    route = ollama_route(path)
    if route not in GENERATION | EMBEDDING | PROGRESS:
        return any_text(content_type, body)
    readable = _readable(body)
    events = events_of(readable.body, content_type)
    said = said_by_ollama(route, events)
    is_told = said.facts.end or said.error or measured.error or readable.left_out
    if route in GENERATION and measured.ended and not is_told:
        said.facts.end = "none: the answer broke off"
    errors, account = _errors(said.error, measured.error), account_lines(said.facts, measured, readable.left_out)
    if route in PROGRESS:
        return _laid_out([("", errors), ("", _steps(events)), ("account", account)])
    if route in EMBEDDING:
        return _document_text(said.document, errors, account)
    chunks = chunk_table(body, content_type, measured.pieces)
    return _answer_text(said, errors, account, chunks, body, ended=measured.ended)


def openai_answer_text(api: Api | None, content_type: str, body: bytes, measured: Measured) -> str:
    """An answer of an OpenAI-style server.

    Args:
        api: That it is of; None where that is none of those that are known.
        content_type: The `Content-Type`, or an empty string.
        body: As far as it is there, decompressed.
        measured: What is known of the answer besides.
    """
    readable = _readable(body)
    is_whole = measured.ended and not readable.left_out
    said = said_by_openai(api, measured.status, content_type, readable.body, ended=is_whole)
    errors, account = _errors(said.error, measured.error), account_lines(said.facts, measured, readable.left_out)
    if said.document is not None:
        return _document_text(said.document, errors, account)
    chunks = chunk_table(body, content_type, measured.pieces)
    return _answer_text(said, errors, account, chunks, body, ended=measured.ended)


def any_text(content_type: str, body: bytes) -> str:
    """A body of which nothing is known but its type: JSON is laid out, that of lines on a line each.

    Args:
        content_type: The `Content-Type`, or an empty string.
        body: Decompressed.
    """
    indent = None if is_ndjson(content_type) else 2
    return "\n".join(
        value if isinstance(value, str) and name not in ("", DOCUMENT) else json_text(value, indent)
        for name, value in events_of(_readable(body).body, content_type)
    )


def _readable(body: bytes) -> _Readable:
    """What is read of a body: mitmproxy does nothing else meanwhile, and lines without end can be sent to it."""
    if body.count(b"\n") + body.count(b"\r") > MOST_LINES:
        lines = body.splitlines(keepends=True)[:MOST_LINES]
        return _Readable(b"".join(lines), f"only the first {MOST_LINES:,} lines are read")
    left_out = f"only the first {len(body):,} bytes were kept" if len(body) == KEPT_BODY_BYTES else ""
    return _Readable(body, left_out)


def _answer_text(
    said: Said, errors: list[str], account: list[str], chunks: list[str], body: bytes, *, ended: bool
) -> str:
    """The text of an answer; its body is shown as it is where it says nothing, and no chunks show it."""
    parts: list[tuple[str, list[str], int]] = [
        ("", said.text.splitlines(), MOST_TEXT_LINES),
        ("thinking", said.thinking.splitlines(), MOST_THINKING_LINES),
        ("tool calls", [line for call in said.calls for line in call_text(call, 2).splitlines()], MOST_CALL_LINES),
    ]
    shown: list[_Part] = [("", errors)]
    rest: list[_Part] = []
    for title, lines, most in parts:
        more = lines[most:]
        shown.append((title, lines[:most] + [f"… {len(more):,} more lines, at the end …"] * bool(more)))
        rest.append((f"rest of the {title or 'text'}", more))
    if not any(lines for _, lines in shown):
        shown.append(("", ["(it says nothing)" if ended else "(nothing so far)"]))
        rest.append(("body", raw_text(body).splitlines() if ended and not chunks else []))
    return _laid_out([*shown, ("account", account), ("chunks", chunks), *rest])


def _errors(*errors: str) -> list[str]:
    """What went wrong; an answer and its exchange often tell the same."""
    return [f"error: {error}" for error in dict.fromkeys(" ".join(error.split()) for error in errors) if error]


def _document_text(document: Any, errors: list[str], account: list[str]) -> str:
    answer = [] if document is None else [json_text(shortened(document), 2)]
    return _laid_out([("", errors), ("", _vectors(document)), ("account", account), ("answer", answer)])


def _vectors(document: Any) -> list[str]:
    """How many vectors an answer holds, and of how many dimensions, on a line; none where it holds none."""
    if not isinstance(document, dict):
        return []
    vectors: Any = document.get("embeddings")  # Ollama
    if isinstance(single := document.get("embedding"), list):  # its old route
        vectors = [single]
    if isinstance(data := document.get("data"), list):  # OpenAI
        vectors = [item.get("embedding") for item in data if isinstance(item, dict)]
    if not isinstance(vectors, list):
        return []
    lengths = sorted({len(vector) for vector in vectors if isinstance(vector, list)})
    of = f" of {' or '.join(f'{length:,}' for length in lengths)} dimensions" if lengths else ""
    base64 = " in base64" if any(isinstance(vector, str) for vector in vectors) else ""
    return [f"{len(vectors):,} {'vector' if len(vectors) == 1 else 'vectors'}{of}{base64}"]


def _steps(events: Sequence[Event]) -> list[str]:
    """A line for each step; of the lines that tell how far one has got only the last."""
    steps = list[str]()
    for _, group in groupby((event.value for event in events), _step):
        *_, last = group
        steps += _progress(last)
    return steps


def _step(value: Any) -> str:
    keys = ("status", "digest") if isinstance(value, dict) else ()
    return json_text([value.get(key) for key in keys] if keys else value)


def _progress(value: Any) -> Iterator[str]:
    """The line of a step; none of an error, which is told before them."""
    if not isinstance(value, dict) or not isinstance(status := value.get("status"), str):
        if not (isinstance(value, dict) and value.keys() == {"error"}):
            yield json_text(value)
        return
    rest = {key: told for key, told in value.items() if key != "status"}
    done, total = rest.pop("completed", None), rest.pop("total", None)
    far = f"{done:,} of {total:,} bytes" if isinstance(done, int) and isinstance(total, int) else ""
    yield " ".join(filter(None, [status, far, json_text(rest) if rest else ""]))


def _laid_out(parts: Sequence[_Part]) -> str:
    """Parts below each other, with their titles; empty ones are left out."""
    return "\n\n".join("\n".join([heading(title)] * bool(title) + lines) for title, lines in parts if lines)
