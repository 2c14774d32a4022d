"""Every family of models, asked for everything that an Ollama client can ask for (`families_table.py`).

The proxy of the table records, and so remembers nothing: each request is as the first one to its model. Another one
remembers.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ollama
import pytest

from tests.e2e.families_table import KNOWN, OPTIONS, PROMPT, REQUESTS, UNKNOWN, WITHOUT_JSON, Row, rows_of
from tests.e2e.heard import Heard, hear
from tests.process import Process, serving
from tests.upstream import Received, Upstream

LETTERS = {"/v1/chat/completions": "C", "/v1/responses": "R", "/v1/completions": "P"}
LENGTHS = ("max_tokens", "max_completion_tokens", "max_output_tokens")
ROWS = rows_of(KNOWN, UNKNOWN)

each_row = pytest.mark.parametrize("row", [pytest.param(row, id=row.name) for row in ROWS])


@dataclass(frozen=True)
class Seen:
    """What was seen of one request.

    Attributes:
        received: What the upstream was asked.
        heard: The answer; None for a refusal.
        refusal: The refusal; None for an answer.
        log: The proxy's line about an answer.
    """

    received: list[Received]
    heard: Heard | None = None
    refusal: ollama.ResponseError | None = None
    log: str = ""

    @property
    def word(self) -> str:
        """As the table has it."""
        calls = "".join(LETTERS[each.path] for each in self.received)
        return calls if self.heard else f"{calls}!" if calls else "-"

    @property
    def notes(self) -> dict[str, str]:
        """What became of fields that did not travel unchanged, by the client's name for them or the upstream's."""
        found = re.findall(r"(?:\[|; )(?:options\.)?([\w.]+) (renamed|converted|dropped|defaulted):", self.log)
        return dict(found)


def ask(client: ollama.Client, upstream: Upstream, proxy: Process, row: Row, request: dict[str, Any]) -> Seen:
    before = len(upstream.requests)
    messages = [{"role": "user", "content": PROMPT}]
    try:
        heard = hear(client, row.model, **{"messages": messages, "stream": row.stream, **request})
    except ollama.ResponseError as refusal:
        return Seen(upstream.requests[before:], refusal=refusal)
    received = upstream.requests[before:]
    return Seen(received, heard, log=proxy.wait_for(f" upstream=req_{before + len(received) - 1:032x}"))


def ask_row(url: str, upstream: Upstream, proxy: Process, row: Row) -> dict[str, Seen]:
    with ollama.Client(url, trust_env=False) as client:
        return {name: ask(client, upstream, proxy, row, request) for name, request in REQUESTS.items()}


@pytest.fixture(scope="module")
def forgetful(upstream: Upstream, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    home = tmp_path_factory.mktemp("home")
    folder = {"PROXY_RECORD_MODE": "all", "PROXY_RECORDINGS": str(home / "recordings")}
    with serving(upstream.base_url, home, **folder) as process:
        yield process


@pytest.fixture(scope="module")
def seen(upstream: Upstream, forgetful: Process) -> Mapping[str, Mapping[str, Seen]]:
    """What was seen of each request, by row and column; the rows are asked one after the other."""
    return {row.name: ask_row(forgetful.url, upstream, forgetful, row) for row in ROWS}


@each_row
def test_the_upstream_is_asked_as_often_and_where_the_table_says(
    seen: Mapping[str, Mapping[str, Seen]], row: Row
) -> None:
    words = {name: each.word for name, each in seen[row.name].items()}
    assert words == dict(zip(REQUESTS, row.words, strict=True))


@each_row
def test_the_answer_is_what_was_asked_for(seen: Mapping[str, Mapping[str, Seen]], row: Row) -> None:
    for name, each in seen[row.name].items():
        if not each.heard:
            continue
        text = each.heard.text
        if name.startswith("tools"):
            assert each.heard.called == ["weather"]
        elif name in {"strict", "loose", "json"} and row.model not in WITHOUT_JSON:
            assert isinstance(json.loads(text), dict), name
        else:
            assert "Oslo" in text, name
            assert ("I see 1 image (image/png" in text) == (name == "image")


@each_row
def test_what_a_schema_demands_is_in_the_answer_where_the_upstream_takes_schemas(
    seen: Mapping[str, Mapping[str, Seen]], row: Row
) -> None:
    for name, each in seen[row.name].items():
        body = each.received[-1].text if each.received else ""
        if '"json_schema"' in body and "format" in REQUESTS[name] and name != "json":
            assert each.heard
            assert json.loads(each.heard.text).keys() >= set(REQUESTS[name]["format"]["required"])
            assert f'"strict":{str(name == "strict").lower()}' in body


@each_row
def test_a_refusal_is_a_400_that_says_what_the_model_lacks(seen: Mapping[str, Mapping[str, Seen]], row: Row) -> None:
    lacks: dict[str, Callable[[str], bool]] = {
        "tools": lambda told: told.endswith(f"library/{row.model}:latest does not support tools"),
        "tools+think": lambda told: "does not support t" in told,
        "think": lambda told: told == f'"{row.model}" does not support thinking',
        "low": lambda told: told == f'"{row.model}" does not support thinking',
        "image": lambda told: "only supported by certain models" in told or "does not support multimodal" in told,
    }
    for name, each in seen[row.name].items():
        if each.refusal:
            assert each.refusal.status_code == 400
            assert lacks[name](each.refusal.error), (name, each.refusal.error)


def is_sent(name: str, body: dict[str, Any]) -> bool:
    """Whether an option, or another field of Ollama's, is in the upstream's request."""
    if name == "num_predict":
        return any(field in body for field in LENGTHS)
    if name == "think":
        return "reasoning_effort" in body or "effort" in body.get("reasoning", {})
    if name == "logprobs":
        return name in body or "message.output_text.logprobs" in body.get("include", ())
    return name in body


@each_row
def test_what_is_not_sent_is_named_in_the_log_and_what_is_sent_is_not_said_to_be_dropped(
    seen: Mapping[str, Mapping[str, Seen]], row: Row
) -> None:
    asked = {"options": tuple(OPTIONS), "low": ("think",), "logprobs": ("logprobs",)}
    for column, names in asked.items():
        each = seen[row.name][column]
        if not each.heard:
            continue
        body, notes = each.received[-1].json, each.notes
        for name in names:
            aliases = {"think": "reasoning_effort", "logprobs": "include"}
            dropped = "dropped" in (notes.get(name), notes.get(aliases.get(name, name)))
            assert is_sent(name, body) != dropped, (column, name, each.log)


@pytest.fixture(scope="module")
def remembering(upstream: Upstream, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    with serving(upstream.base_url, tmp_path_factory.mktemp("home")) as process:
        yield process


@pytest.mark.parametrize("model", sorted({row.model for row in rows_of(UNKNOWN)}))
def test_what_a_model_taught_is_told_once_and_known_from_then_on(
    upstream: Upstream, remembering: Process, model: str
) -> None:
    rows = [row for row in ROWS if row.model == model]
    first, again = (
        [each for row in rows for each in ask_row(remembering.url, upstream, remembering, row).values()]
        for _ in range(2)
    )
    assert [len(each.received) for each in again if each.heard] == [1] * sum(bool(each.heard) for each in first)
    assert [bool(each.heard) for each in again] == [bool(each.heard) for each in first]
    told = [line.partition("until it was changed: ")[2] for line in remembering.lines if f"] {model}: the up" in line]
    lessons = "; ".join(told).split("; ") if told else []
    assert len(lessons) == len(set(lessons))
    assert bool(lessons) == any(len(each.received) > 1 for each in first)


def test_what_was_learned_is_noted_on_each_exchange_that_it_changes(upstream: Upstream, remembering: Process) -> None:
    row = Row("compat-gemini", (), stream=True)
    with ollama.Client(remembering.url, trust_env=False) as client:
        seen = [ask(client, upstream, remembering, row, REQUESTS["options"]) for _ in range(2)]
    for each in seen:
        assert "seed dropped: the upstream refused it" in each.log
    remembering.wait_for(f"{row.model}: the upstream refused a request until it was changed: presence_penalty")


def test_an_api_that_was_demanded_is_known_although_the_request_cannot_be_said_there(
    upstream: Upstream, tmp_path: Path
) -> None:
    row = Row("compat-completions", (), stream=True)
    with serving(upstream.base_url, tmp_path) as process, ollama.Client(process.url, trust_env=False) as client:
        seen = [ask(client, upstream, process, row, REQUESTS[name]) for name in ("tools", "tools", "image", "json")]
        process.wait_for("compat-completions: the upstream refused a request until it was changed: asked by legacy")
    assert [each.word for each in seen] == ["C!", "-", "-", "P"]
    assert [each.refusal.status_code for each in seen if each.refusal] == [400] * 3


def test_what_is_known_of_a_family_is_not_learned(seen: Mapping[str, Mapping[str, Seen]], forgetful: Process) -> None:
    assert len(seen) == len(ROWS)
    told = [line for line in forgetful.lines if "the upstream refused a request until" in line]
    assert told
    assert not [line for line in told if any(f"] {row.model}: " in line for row in rows_of(KNOWN))]
