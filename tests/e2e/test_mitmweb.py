"""What a person sees and does in mitmweb: a real one, in a real browser."""

import json
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from mitmproxy.utils.emoji import emoji
from playwright.sync_api import Browser, expect

from addon.inspecting.marks import DROPPED, FAILED
from scripts.mitmweb_page import chromium
from tests.browser import WatchedPage, needs_chromium, page_of
from tests.process import KEY, serving
from tests.upstream import Upstream
from tests.web import Web, web_serving
from tests.wire import Raw, ask

pytestmark = [pytest.mark.slow, pytest.mark.browser, needs_chromium]

type Json = dict[str, Any]

CLIENT, COMPANION = "/api/chat", "/v1/chat/completions"
"""Paths of the client's flow and of that of the upstream call."""

TRACE = KEY[3:20]
"""A part of the key that is the same however it is written."""

CLIENTS_KEY = "sk-of-the-client-4711"
"""What a client sends as its own, of which only the end is shown."""

COLUMNS = [word for name in ("path", "method", "status", "comment") for word in ("--set", f"web_columns={name}")]
"""mitmweb's list has no comments unless it is told to."""

ROUND_TRIP: Json = {
    "model": "gpt-4o",
    "messages": [
        {"role": "user", "content": "How is the weather in Oslo?"},
        {"role": "assistant", "tool_calls": [{"function": {"name": "weather", "arguments": {"city": "Oslo"}}}]},
        {"role": "tool", "tool_name": "weather", "content": "3°C and rain"},
    ],
    "tools": [
        {
            "type": "function",
            "function": {
                "name": "weather",
                "description": "The weather of a city",
                "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
            },
        }
    ],
    "options": {"temperature": 0.5, "num_predict": 64, "top_k": 40},
}
"""A conversation with a tool call and its result, and an option that Chat Completions does not have."""


def chat(text: str) -> Json:
    return {"model": "gpt-4o", "messages": [{"role": "user", "content": text}]}


@pytest.fixture(scope="module")
def web(upstream: Upstream, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    with web_serving(upstream.base_url, tmp_path_factory.mktemp("home"), *COLUMNS) as running:
        yield running


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


@pytest.fixture
def page(browser: Browser, web: Web) -> Iterator[WatchedPage]:
    """A page with an empty list, which must have got nothing of the key when the test is over."""
    web.clear()
    with page_of(browser, web) as opened:
        yield opened
        leaked = TRACE in opened.everything_received()  # outside of the assertion, which would show the text
        assert not leaked


@pytest.fixture
def clients() -> Iterator[ThreadPoolExecutor]:
    """Where clients wait for their answers while the test looks at the page."""
    with ThreadPoolExecutor() as pool:
        yield pool


@pytest.fixture
def gate(upstream: Upstream, clients: ThreadPoolExecutor, request: pytest.FixtureRequest) -> Iterator[str]:
    """A gate of the upstream, through which everything goes when the test is over."""
    yield request.node.name
    upstream.release(request.node.name, 1000)


def asked(web: Web, body: Json, **headers: str) -> Raw:
    return ask(web.proxy.port, "POST", "/api/chat", body, **headers)


def test_the_list_shows_what_the_client_asked_and_below_it_what_the_upstream_was_asked(
    page: WatchedPage, web: Web, upstream: Upstream
) -> None:
    asked(web, chat("Hello") | {"options": {"top_k": 40}})
    expect(page.rows).to_have_count(2)
    client, companion = page.rows.all()
    expect(page.cell(client, "path")).to_contain_text(f"{web.proxy.url}/api/chat")
    expect(page.cell(companion, "path")).to_contain_text(f"{upstream.base_url}/chat/completions")
    for row in (client, companion):
        expect(page.cell(row, "method")).to_have_text("POST")
        expect(page.cell(row, "status")).to_have_text("200")
    line = re.compile(r"^gpt-4o · \d+ \+ \d+ tokens · TTFT \d+ ms · dropped: options\.top_k (#[0-9a-f]{8})$")
    expect(page.cell(client, "comment")).to_have_text(line)
    found = line.match(page.cell(client, "comment").inner_text())
    assert found
    expect(page.cell(companion, "comment")).to_have_text(f"call 1 of POST /api/chat {found[1]}")
    expect(page.mark(client)).to_have_text(emoji[DROPPED])
    expect(page.mark(companion)).to_have_text("")


def test_filters_find_flows_by_their_marks_and_comments(page: WatchedPage, web: Web) -> None:
    asked(web, chat("Hello"))
    asked(web, chat("Hello") | {"options": {"top_k": 40}})
    asked(web, chat("[[fault:status:400]]Hello"))
    expect(page.rows).to_have_count(6)
    expect(page.cell(page.row(CLIENT).last, "comment")).to_contain_text("error")  # else it is not over
    last = page.cell(page.row(CLIENT).last, "comment").inner_text().split()[-1]
    for expression, paths in (
        ("~marked", [CLIENT, CLIENT, COMPANION]),
        ("~marker x", [CLIENT, COMPANION]),
        ("~comment dropped:.*top_k", [CLIENT]),
        (f"~comment {last}", [CLIENT, COMPANION]),
        ("~comment ^call", [COMPANION] * 3),
    ):
        page.find(expression)
        expect(page.rows.locator(".col-path")).to_have_text([re.compile(f"{path}$") for path in paths])


def test_a_tool_round_trip_with_a_dropped_option_is_read_without_choosing_a_view(page: WatchedPage, web: Web) -> None:
    asked(web, ROUND_TRIP)
    page.open(page.row(CLIENT), "Request")
    expect(page.view_name).to_have_text("Ollama exchange")
    for row in (
        r"options\.top_k +40 +dropped",
        r"options\.num_predict +64 +renamed +max_tokens +64",
        r"options\.temperature +0\.5 +same +temperature +0\.5",
        r"user: How is the weather in Oslo\?",
        r'assistant, tool call: weather\(\{"city": "Oslo"\}\)',
        r"tool weather: 3°C and rain",
    ):
        expect(page.content).to_contain_text(re.compile(row))
    page.open(page.row(CLIENT), "Response")
    expect(page.view_name).to_have_text("Ollama exchange")
    expect(page.content).to_contain_text(re.compile(r"weather\(Oslo\) \[\S+\] said 3°C and rain\."))
    page.open(page.row(COMPANION), "Response")
    expect(page.view_name).to_have_text("OpenAI SSE")
    expect(page.content).to_contain_text(re.compile(r"weather\(Oslo\) \[\S+\] said 3°C and rain\."))


def test_the_text_of_a_slow_stream_grows_on_both_sides_while_it_runs(
    page: WatchedPage, web: Web, upstream: Upstream, clients: ThreadPoolExecutor, gate: str
) -> None:
    answer = clients.submit(asked, web, chat(f"[[gate:{gate}]]one two three"))
    upstream.release(gate, 3)
    page.open(page.row(CLIENT), "Response")
    expect(page.content).to_contain_text("You said: one")
    page.open(page.row(COMPANION), "Response")
    expect(page.content).to_contain_text("You said: one")
    upstream.release(gate)
    expect(page.content).to_contain_text("You said: one two")
    page.open(page.row(CLIENT), "Response")
    expect(page.content).to_contain_text("You said: one two")
    expect(page.content).not_to_contain_text("three")
    assert not answer.done()
    upstream.release(gate, 1000)
    expect(page.content).to_contain_text("You said: one two three")
    assert answer.result().lines[-1]["done"]


def test_a_prompt_that_is_edited_in_the_page_is_answered_anew(page: WatchedPage, web: Web) -> None:
    asked(web, chat("the first question"))
    page.open(page.row(CLIENT), "Request")
    page.edit(json.dumps(chat("the second question")))
    page.press("Replay")
    page.open(page.row(CLIENT), "Response")
    expect(page.content).to_contain_text("You said: the second question")
    expect(page.content).not_to_contain_text("the first question")
    expect(page.row(CLIENT)).to_have_count(1)
    expect(page.row(COMPANION)).to_have_count(2)


def test_a_request_to_the_upstream_that_is_edited_in_the_page_is_answered_anew(
    page: WatchedPage, web: Web, upstream: Upstream
) -> None:
    asked(web, chat("the third question"))
    page.open(page.row(COMPANION), "Request")
    page.edit(json.dumps(chat("the fourth question") | {"stream": True}))
    page.press("Replay")
    page.open(page.row(COMPANION), "Response")
    expect(page.content).to_contain_text("You said: the fourth question")
    expect(page.row(COMPANION)).to_have_count(1)
    (received,) = upstream.requests_with("the fourth question")
    assert received.headers["authorization"] == f"Bearer {KEY}"


def test_a_duplicate_is_replayed_and_leaves_the_flow_that_it_was_made_of_as_it_is(page: WatchedPage, web: Web) -> None:
    asked(web, chat("the fifth question"))
    page.open(page.row(CLIENT), "Request")
    page.press("Duplicate")
    expect(page.row(CLIENT)).to_have_count(2)
    first, second = page.row(CLIENT).all()
    page.open(second, "Request")
    page.edit(json.dumps(chat("the sixth question")))
    page.press("Replay")
    page.open(second, "Response")
    expect(page.content).to_contain_text("You said: the sixth question")
    page.open(first, "Response")
    expect(page.content).to_contain_text("You said: the fifth question")


def test_a_failed_exchange_is_marked_and_says_why(page: WatchedPage, web: Web) -> None:
    asked(web, chat("[[fault:status:400]]Hello"))
    for path in (CLIENT, COMPANION):
        expect(page.mark(page.row(path))).to_have_text(emoji[FAILED])
    expect(page.cell(page.row(CLIENT), "comment")).to_contain_text("error: The test upstream was told to answer 400.")
    page.open(page.row(CLIENT), "Response")
    expect(page.content).to_contain_text("The test upstream was told to answer 400.")


def test_nothing_that_the_page_shows_or_saves_holds_the_key_or_the_clients_own(
    page: WatchedPage, web: Web, upstream: Upstream, tmp_path: Path
) -> None:
    asked(web, chat("a question to be found"), Authorization=f"Bearer {CLIENTS_KEY}")
    asked(web, chat("a question to be found"), Authorization=f"Bearer {KEY}")
    asked(web, chat("[[fault:401]]Hello"))
    page.open(page.row(COMPANION).first, "Request")
    page.press("Replay")
    expect(page.cell(page.row(COMPANION).first, "path").locator(".fa-repeat")).to_be_visible()
    har = tmp_path / "all.har"
    web.command("save.har", "@all", str(har))
    told = [
        page.everything_seen(),
        page.everything_received(),
        har.read_text("utf-8"),
        web.api.get("/flows/dump").content.decode("utf-8", "replace"),
        "\n".join(web.command("export", form, f"@{flow['id']}") for form in ("curl", "raw") for flow in web.flows()),
    ]
    assert ["a question to be found" in text for text in told] == [True] * len(told)
    assert ["Bearer …4711" in text for text in told[:2]] == [True, True]
    assert [trace in text for text in told for trace in (TRACE, CLIENTS_KEY)] == [False, False] * len(told)
    assert {each.headers["authorization"] for each in upstream.requests_with("a question to be found")} == {
        f"Bearer {KEY}"
    }


def test_what_mitmdump_has_written_is_read_with_the_same_views(
    browser: Browser, upstream: Upstream, tmp_path: Path
) -> None:
    flows = tmp_path / "flows"
    with serving(upstream.base_url, tmp_path, "-w", str(flows)) as proxy:
        ask(proxy.port, "POST", "/api/chat", ROUND_TRIP)
    with (
        web_serving("http://127.0.0.1:1/v1", tmp_path, *COLUMNS, "--rfile", str(flows)) as web,
        page_of(browser, web) as page,
    ):
        page.open(page.row(CLIENT), "Request")
        expect(page.view_name).to_have_text("Ollama exchange")
        expect(page.content).to_contain_text(re.compile(r"options\.top_k +40 +dropped"))
        page.open(page.row(CLIENT), "Response")
        expect(page.view_name).to_have_text("Ollama exchange")
        expect(page.content).to_contain_text("said 3°C and rain.")
        page.open(page.row(COMPANION), "Response")
        expect(page.view_name).to_have_text("OpenAI SSE")
        expect(page.content).to_contain_text("said 3°C and rain.")
