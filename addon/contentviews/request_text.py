"""One request of an Ollama client as people read it: what became of its fields, what it says, which tools it offers.

mitmproxy's programs cut long views, so the table of the fields comes first. A request of which is not known what was
sent for it is translated anew: so foreign traffic and edited requests can be looked at as well.
"""

import textwrap
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from addon.contentviews.columns import heading, raw_text, table
from translators.errors import OllamaError, RequestError
from translators.go_decode import NotPlain, decode, decode_plain, plain
from translators.inspection.mapping import ABSENT, Row, mapping
from translators.inspection.transcript import settings, shortened, tools_offered, transcript
from translators.inspection.translation import Sent, translated
from translators.inspection.values import json_text
from translators.loose_json import read_json
from translators.notes import Note
from translators.openai_apis import api_of, name_of

_HEADER: Final = ("Ollama", "value", "action", "OpenAI", "value", "why")
_WIDEST: Final = (26, 20, 9, 22, 20)
_LONGEST_CELL: Final = 100
"""Characters of a value of which it is decided how much fits."""
_MOST_ITEMS: Final = 8
_LONGEST_ITEM: Final = 20
"""How many items of a list are told one by one, and how many characters these may have."""


@dataclass(frozen=True, slots=True)
class Happened:
    """What really became of a request.

    Attributes:
        notes: What did not travel unchanged.
        path: Of the upstream's request, whatever stands before `/chat/completions` and the like.
        body: Of the upstream's request.
    """

    notes: tuple[Note, ...]
    path: str
    body: bytes


def request_text(route: str, body: bytes, happened: Happened | None, refusal: str = "") -> str:
    """A request as people read it.

    Args:
        route: One of `STRUCTS`.
        body: As the client sent it, whatever that is.
        happened: What really became of it; None where that is not known: then it is translated anew.
        refusal: How it was refused before anything became of it; empty when it was not.
    """
    return "\n".join(_refused(body, refusal) if refusal else _told(route, body, happened))


def _told(route: str, body: bytes, happened: Happened | None) -> Iterator[str]:
    try:
        sent, asked = _sent(happened), _asked(body)
        again = "" if sent else "As this proxy would translate it: "
        sent = sent or translated(route, body)
    except OllamaError as error:
        status = f" with {error.status}" if isinstance(error, RequestError) else ""  # else it may be a stream's line
        yield from _refused(body, f"Refused{status}: {error.message}")
        return
    model = asked.get("model")
    if sent is None:
        yield f"Only loads or unloads {model}: the upstream is asked for no answer"
        yield from _said(asked, with_settings=True)
        return
    yield f"{again}{model} → {sent.body.get('model')}, {name_of(sent.api)}"
    yield ""
    rows = mapping(route, asked, sent.api, sent.body, sent.notes)
    yield from table([_HEADER, *map(_cells, rows)], _WIDEST)
    yield from _said(asked, with_settings=False)


def _refused(body: bytes, refusal: str) -> Iterator[str]:
    yield refusal
    try:
        value = read_json(body)
    except ValueError:
        value = None
    if isinstance(value, dict):
        yield from _said(value, with_settings=True)
    elif body:
        yield from ("", raw_text(body))


def _said(asked: Any, *, with_settings: bool) -> Iterator[str]:
    """The sections below the table.

    Args:
        asked: The client's request.
        with_settings: Whether no table has told of the settings.
    """
    yield from _section("conversation", transcript(asked))
    yield from _section("tools", tools_offered(asked))
    more = settings(asked) if with_settings else {}
    if not with_settings and isinstance(schema := asked.get("format"), dict):
        more = {"format": shortened(schema)}
    yield from _section("with", [json_text(more, 2)] if more else [])


def _section(title: str, texts: Iterable[str]) -> Iterator[str]:
    lines = [textwrap.indent(text, "  ", lambda _: True) for text in texts]
    if lines:
        yield from ("", heading(title), *lines)


def _cells(row: Row) -> tuple[str, ...]:
    return row.field, _cell(row.value), row.action, row.member, _cell(row.sent), row.why


def _cell(value: Any) -> str:
    """A value on one line, as JSON; of a list that is long or holds long items, how many it has."""
    if value is ABSENT:
        return ""
    if isinstance(value, str):
        return json_text(value[:_LONGEST_CELL])
    if isinstance(value, list) and (len(value) > _MOST_ITEMS or any(map(_is_long, value))):
        return f"[{len(value):,} {'item' if len(value) == 1 else 'items'}]"
    return json_text(shortened(value))


def _is_long(item: Any) -> bool:
    return isinstance(item, dict | list) or (isinstance(item, str) and len(item) > _LONGEST_ITEM)


def _asked(body: bytes) -> dict[str, Any]:
    """A client's request as Ollama reads it.

    Raises:
        RequestError: It is no JSON object.
    """
    try:
        value = decode_plain(body)
    except NotPlain:
        value = plain(decode(body))
    return value if isinstance(value, dict) else {}


def _sent(happened: Happened | None) -> Sent | None:
    """What was sent; None where that is not known, or not to be read."""
    api = api_of(happened.path) if happened else None
    if happened is None or api is None:
        return None
    try:
        value = read_json(happened.body)
    except ValueError:
        return None
    return Sent(happened.notes, api, value) if isinstance(value, dict) else None
