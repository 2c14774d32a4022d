"""Upstream calls as flows of their own: what mitmweb lists of them, what files hold, and what can be edited."""

import json
import re
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
from mitmproxy import http
from mitmproxy.io import FlowReader
from mitmproxy.utils.emoji import emoji

from addon.inspecting.marks import DROPPED, FAILED, REPAIRED
from tests.http_server import http_server
from tests.process import KEY, serving
from tests.upstream import Upstream
from tests.web import Web, web_serving
from tests.wire import ask

type Json = dict[str, Any]

CHAT = "/v1/chat/completions"
CLIENT_KEY = "sk-client-0123456789-last"


def chat(text: str, **members: Any) -> Json:
    return {"model": "gpt-4o", "messages": [{"role": "user", "content": text}], **members}


@pytest.fixture(scope="module")
def web(upstream: Upstream, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    with web_serving(upstream.base_url, tmp_path_factory.mktemp("home"), "--set", "ollama_max_retries=2") as running:
        yield running


@pytest.fixture(autouse=True)
def empty(web: Web) -> None:
    web.clear()


@pytest.fixture
def clients() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor() as pool:
        yield pool


def wait_until[T](look: Callable[[], T | None]) -> T:
    """What a look finds, as soon as it finds something."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        if found := look():
            return found
        time.sleep(0.01)
    raise AssertionError("half a minute of looks found nothing")


def paths(web: Web) -> list[str]:
    return [flow["request"]["path"] for flow in web.flows()]


def pair(web: Web) -> tuple[Json, Json]:
    """The client's flow and the one of its call, when both are over."""

    def ended() -> list[Json]:
        flows = web.flows()
        over = all((flow.get("response") or {}).get("timestamp_end") or flow.get("error") for flow in flows)
        return flows if len(flows) == 2 and over else []

    client, companion = wait_until(ended)
    return client, companion


def edit(web: Web, flow: Json, **request: Any) -> None:
    web.api.put(f"/flows/{flow['id']}", json={"request": request}).raise_for_status()


def replay(web: Web, flow: Json) -> Json:
    """Replay a flow; the flow once it is answered again."""
    web.api.post(f"/flows/{flow['id']}/replay").raise_for_status()

    def answered() -> Json | None:
        now = next(each for each in web.flows() if each["id"] == flow["id"])
        response = now.get("response") or {}
        return now if response.get("timestamp_end") != flow["response"]["timestamp_end"] and response else None

    return wait_until(answered)


def saved(file: Path) -> list[http.HTTPFlow]:
    """The flows in a file."""
    with file.open("rb") as opened:
        return [flow for flow in FlowReader(opened).stream() if isinstance(flow, http.HTTPFlow)]


def said(web: Web, flow: Json) -> str:
    """The text of an answer of Ollama's."""
    lines = web.content(flow["id"], "response").decode().splitlines()
    return "".join(json.loads(line)["message"]["content"] for line in lines)


def shown(web: Web, flow: Json, message: str) -> Json:
    """What the view shows that opens by itself."""
    answer = web.api.get(f"/flows/{flow['id']}/{message}/content/auto").raise_for_status()
    view: Json = answer.json()
    return view


def everything(web: Web) -> str:
    """All that mitmweb tells of its flows."""
    told = [json.dumps(web.flows())]
    for flow in web.flows():
        for message in ("request", "response"):
            if flow.get(message):
                told += [web.content(flow["id"], message).decode(), shown(web, flow, message)["text"]]
    return "\n".join([*told, json.dumps(web.api.get("/events").json())])


def test_the_call_stands_beside_the_clients_request_linked_both_ways_and_without_the_key(web: Web) -> None:
    ask(web.proxy.port, "POST", "/api/chat", chat("side by side", options={"top_k": 3}))
    client, companion = pair(web)
    assert (client["request"]["path"], companion["request"]["path"]) == ("/api/chat", CHAT)
    tag = client["comment"].rpartition(" ")[2]
    assert re.fullmatch("#[0-9a-f]{8}", tag)
    assert re.fullmatch(rf"gpt-4o · 3 \+ 5 tokens · TTFT \d+ ms · dropped: options.top_k {tag}", client["comment"])
    assert companion["comment"] == f"call 1 of POST /api/chat {tag}"
    assert client["marked"] == emoji[DROPPED]
    sent = json.loads(web.content(companion["id"], "request"))
    assert sent["messages"] == [{"role": "user", "content": "side by side"}]
    assert web.content(companion["id"], "response").endswith(b"data: [DONE]\n\n")
    assert companion["response"]["status_code"] == 200
    assert "authorization" not in {name.lower() for name, _ in companion["request"]["headers"]}
    assert ["openai-organization", "[redacted]"] in companion["response"]["headers"]
    assert KEY not in everything(web)


@pytest.mark.parametrize(
    ("expression", "found"),
    [
        ("~comment dropped", ["/api/chat"]),
        ("~comment {tag}", ["/api/chat", CHAT]),
        ("~meta exchange:.{tag}", ["/api/chat", CHAT]),
        ("~meta options.top_k", ["/api/chat"]),
        ("~meta '^ollama-openai.call'", [CHAT]),
        ("~marked", ["/api/chat"]),
        ("~marker scissors", ["/api/chat"]),
    ],
)
def test_filters_find_them(web: Web, expression: str, found: list[str], tmp_path: Path) -> None:
    ask(web.proxy.port, "POST", "/api/chat", chat("to be found", options={"top_k": 3}))
    client, _ = pair(web)
    wanted = expression.format(tag=client["comment"].rpartition("#")[2])
    web.command("save.file", wanted, str(tmp_path / "found"))
    assert [flow.request.path for flow in saved(tmp_path / "found")] == found


def test_calls_that_are_made_again_are_flows_of_their_own_and_marked(web: Web) -> None:
    ask(web.proxy.port, "POST", "/api/chat", chat("[[fault:429-once:companions]]"))
    client, first, second = wait_until(lambda: flows if len(flows := web.flows()) == 3 else [])
    assert [call["response"]["status_code"] for call in (first, second)] == [429, 200]
    assert [call["comment"].partition(" for ")[0].partition(" of ")[0] for call in (first, second)] == [
        "call 1",
        "call 2, attempt 2",
    ]
    assert (first["marked"], second["marked"]) == (emoji[FAILED], "")
    assert "retried: 429" in client["comment"]


@pytest.mark.parametrize("fault", ["cut", "cut-head", "401", "error-mid"])
def test_failures_are_marked_on_both_and_told(web: Web, fault: str) -> None:
    ask(web.proxy.port, "POST", "/api/chat", chat(f"[[fault:{fault}]]"))
    flows = wait_until(lambda: [each for each in web.flows() if "error" in each["comment"] and each["marked"]])
    assert flows[0]["marked"] == emoji[FAILED]
    assert KEY not in everything(web)


def test_the_text_of_a_running_answer_is_shown_on_both_while_it_runs(
    web: Web, upstream: Upstream, clients: ThreadPoolExecutor
) -> None:
    running = clients.submit(ask, web.proxy.port, "POST", "/api/chat", chat("one two three four [[gate:running]]"))
    upstream.release("running", 4)  # the head's chunk is let through by none

    def texts(wanted: str) -> list[Json]:
        flows = [flow for flow in web.flows() if flow.get("response")]
        return (
            flows if len(flows) == 2 and all(wanted in shown(web, flow, "response")["text"] for flow in flows) else []
        )

    client, companion = wait_until(lambda: texts("one two"))
    assert not running.done()
    assert "three four" not in shown(web, companion, "response")["text"]
    assert client["comment"] == companion["comment"].rpartition(" ")[2]
    upstream.release("running", 20)
    assert running.result().status == 200
    wait_until(lambda: texts("one two three four"))


def test_a_request_that_was_edited_is_replayed_whatever_key_its_client_had(web: Web, upstream: Upstream) -> None:
    ask(web.proxy.port, "POST", "/api/chat", chat("as it was"), Authorization=f"Bearer {CLIENT_KEY}")
    client, companion = pair(web)
    assert ["Authorization", "Bearer …last"] in client["request"]["headers"]
    edit(web, client, content=json.dumps(chat("as it is now")))
    assert said(web, replay(web, client)) == "You said: as it is now"
    again = wait_until(lambda: flows if len(flows := web.flows()) == 3 else [])
    assert again[0]["comment"].rpartition(" ")[2] == again[2]["comment"].rpartition(" ")[2]
    assert again[1]["comment"] == companion["comment"] != again[2]["comment"]
    assert upstream.requests_with("as it is now")[0].headers["authorization"] == f"Bearer {KEY}"
    assert CLIENT_KEY not in everything(web)


def test_a_duplicate_is_replayed_as_an_exchange_of_its_own(web: Web) -> None:
    ask(web.proxy.port, "POST", "/api/chat", chat("twice"))
    client, _ = pair(web)
    copy = web.api.post(f"/flows/{client['id']}/duplicate").raise_for_status().text
    edit(web, {"id": copy}, content=json.dumps(chat("the second time")))
    assert said(web, replay(web, {**client, "id": copy})) == "You said: the second time"
    assert said(web, client) == "You said: twice"
    assert len({flow["comment"].rpartition("#")[2] for flow in web.flows()}) == 2


def test_a_call_that_was_edited_is_replayed_with_the_key(web: Web, upstream: Upstream) -> None:
    ask(web.proxy.port, "POST", "/api/chat", chat("before"))
    _, companion = pair(web)
    edited = json.loads(web.content(companion["id"], "request"))
    edited["messages"][0]["content"] = "edited call"
    headers = [*companion["request"]["headers"], ["X-Mine", "yes"], ["Authorization", "Bearer of-mine"]]
    edit(web, companion, content=json.dumps(edited), headers=headers)
    replayed = replay(web, companion)
    assert b"edited call" in b"".join(
        re.findall(rb'"content": ?"([^"]*)"', web.content(replayed["id"], "response"))
    ).replace(b"  ", b" ")
    (received,) = upstream.requests_with("edited call")
    assert (received.headers["authorization"], received.headers["x-mine"]) == (f"Bearer {KEY}", "yes")
    assert len(web.flows()) == 2
    assert KEY not in everything(web)


def test_a_call_that_leads_elsewhere_is_replayed_without_the_key(web: Web) -> None:
    ask(web.proxy.port, "POST", "/api/chat", chat("stay here"))
    _, companion = pair(web)
    with Upstream.in_thread() as other:
        edit(web, companion, port=other.port)
        assert replay(web, companion)["response"]["status_code"] == 401
        (received,) = other.requests
        assert "authorization" not in received.headers
    web.proxy.wait_for("A replayed call is sent without the key: it leads to 127.0.0.1")


def test_a_replayed_call_that_fails_is_answered_with_the_error(upstream: Upstream, tmp_path: Path) -> None:
    with Upstream.in_thread() as gone, web_serving(gone.base_url, tmp_path) as web:
        ask(web.proxy.port, "POST", "/api/chat", chat("before"))
        _, companion = pair(web)
        edit(web, companion, content=json.dumps(chat("[[fault:cut-head]]")))
        failed = replay(web, companion)
        assert failed["response"]["status_code"] == 502
        assert failed["marked"] == emoji[FAILED]
        assert "cannot be reached" in json.loads(web.content(failed["id"], "response"))["error"]["message"]


def test_what_another_addon_answers_is_the_upstreams_answer(web: Web, upstream: Upstream, tmp_path: Path) -> None:
    (tmp_path / "models.json").write_text('{"object":"list","data":[{"id":"mapped-model","object":"model"}]}')
    asked_before = len(upstream.requests)
    web.command("set", "map_local", f"|/v1/models|{tmp_path / 'models.json'}")
    try:
        listed = ask(web.proxy.port, "GET", "/v1/models")
    finally:
        web.command("set", "map_local", "")
    assert b"mapped-model" in listed.body
    assert len(upstream.requests) == asked_before


def test_a_request_that_a_refusal_has_changed_is_marked_and_told(web: Web) -> None:
    ask(web.proxy.port, "POST", "/api/chat", {**chat("repaired"), "model": "novel-1", "options": {"temperature": 0.5}})
    client, first, second = wait_until(lambda: flows if len(flows := web.flows()) == 3 else [])
    assert "repaired: " in wait_until(lambda: web.flows()[0]["comment"] if web.flows()[0]["marked"] else "")
    assert [flow["marked"] for flow in (web.flows()[0], first, second)] == [emoji[REPAIRED], emoji[FAILED], ""]
    assert client["request"]["path"] == "/api/chat"


def test_vectors_are_told_with_their_model(web: Web) -> None:
    ask(web.proxy.port, "POST", "/api/embed", {"model": "text-embedding-3-small:latest", "input": "one two"})
    client, _ = pair(web)
    assert re.fullmatch(
        "text-embedding-3-small:latest → text-embedding-3-small · \\d+ tokens #[0-9a-f]{8}", client["comment"]
    )


def test_a_call_that_is_redirected_is_over_and_marked(web: Web) -> None:
    ask(web.proxy.port, "POST", "/api/chat", chat("[[fault:redirect]]"))
    _, companion = pair(web)
    assert (companion["response"]["status_code"], companion["marked"]) == (307, emoji[FAILED])
    assert "redirects" in companion["error"]["msg"]
    edit(web, companion, content=json.dumps(chat("once more, straight")))
    assert replay(web, companion)["response"]["status_code"] == 200


def test_what_was_wrong_with_an_answer_is_told_on_its_call_too(web: Web) -> None:
    ask(web.proxy.port, "POST", "/api/chat", chat("half of it is good [[fault:error-mid]]"))
    client, companion = pair(web)
    assert companion["marked"] == emoji[FAILED]
    assert companion["error"]["msg"] in client["comment"]


def test_a_filter_that_hides_all_hides_no_call_for_ever(web: Web) -> None:
    web.command("set", "view_filter", "~u /none")
    ask(web.proxy.port, "POST", "/api/chat", chat("hidden"))
    web.command("set", "view_filter", "")
    assert paths(web) == ["/api/chat", CHAT]
    assert "As this proxy would" not in shown(web, web.flows()[0], "request")["text"]


def test_a_body_that_is_too_large_is_refused_as_it_is_where_nobody_looks(upstream: Upstream, tmp_path: Path) -> None:
    arguments = ["-w", str(tmp_path / "flows"), "--set", "ollama_max_body=1"]
    with serving(upstream.base_url, tmp_path, *arguments) as proxy:
        assert ask(proxy.port, "POST", "/api/chat", b"x" * (1024 * 1024 + 1)).status == 413


class Repeating(BaseHTTPRequestHandler):
    """An upstream that repeats the key that it gets, in a header and in its answer."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        key = self.headers["Authorization"]
        message = {"role": "assistant", "content": f"The key: {key}"}
        body = json.dumps({"choices": [{"index": 0, "message": message, "finish_reason": "stop"}]}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("X-Key", key)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""


@pytest.mark.parametrize("streams", [True, False])
def test_a_key_that_the_upstream_repeats_is_in_no_flow(tmp_path: Path, *, streams: bool) -> None:
    with http_server(Repeating) as port, web_serving(f"http://127.0.0.1:{port}/v1", tmp_path) as web:
        ask(web.proxy.port, "POST", "/api/chat", chat("repeat it", stream=streams))
        client, companion = pair(web)
        assert "The key: Bearer ****" in web.content(companion["id"], "response").decode()
        assert "The key: Bearer ****" in web.content(client["id"], "response").decode()
        assert KEY not in everything(web)
        replay(web, companion)
        assert KEY not in everything(web)


class TestInterceptedCalls:
    @pytest.fixture(autouse=True)
    def intercepting(self, web: Web) -> Iterator[None]:
        web.command("set", "intercept", "~u /v1/chat & ~q")
        yield
        web.command("set", "intercept", "")

    def held(self, web: Web) -> Json:
        return wait_until(lambda: [flow for flow in web.flows() if flow["intercepted"]])[0]

    def test_what_is_changed_in_them_is_sent(self, web: Web, upstream: Upstream, clients: ThreadPoolExecutor) -> None:
        asked = clients.submit(ask, web.proxy.port, "POST", "/api/chat", chat("held back"))
        held = self.held(web)
        assert not upstream.requests_with("held back")
        changed = web.content(held["id"], "request").replace(b"held back", b"changed on its way")
        edit(web, held, content=changed.decode())
        web.api.post(f"/flows/{held['id']}/resume").raise_for_status()
        assert "".join(line["message"]["content"] for line in asked.result().lines) == "You said: changed on its way"
        (received,) = upstream.requests_with("changed on its way")
        assert received.headers["authorization"] == f"Bearer {KEY}"

    def test_one_that_is_killed_is_an_error_for_the_client(self, web: Web, clients: ThreadPoolExecutor) -> None:
        asked = clients.submit(ask, web.proxy.port, "POST", "/api/chat", chat("killed"))
        web.api.post(f"/flows/{self.held(web)['id']}/kill").raise_for_status()
        assert asked.result().status == 502
        assert b"the call to the upstream was killed in mitmproxy" in asked.result().body

    def test_one_whose_client_is_killed_is_not_sent(
        self, web: Web, upstream: Upstream, clients: ThreadPoolExecutor
    ) -> None:
        asked = clients.submit(ask, web.proxy.port, "POST", "/api/chat", chat("killed while held"))
        held = self.held(web)
        web.api.post(f"/flows/{web.flows()[0]['id']}/kill").raise_for_status()
        with pytest.raises((IndexError, OSError)):  # there is no answer
            asked.result()
        web.api.post(f"/flows/{held['id']}/resume").raise_for_status()
        wait_until(lambda: web.flows()[1].get("error"))
        assert not upstream.requests_with("killed while held")

    def test_one_whose_clients_flow_is_reverted_meanwhile_is_sent(self, web: Web, clients: ThreadPoolExecutor) -> None:
        asked = clients.submit(ask, web.proxy.port, "POST", "/api/chat", chat("[[fault:429-once:reverted]] reverted"))
        held = self.held(web)
        client = web.flows()[0]
        edit(web, client, content="{}")
        web.api.post(f"/flows/{client['id']}/revert").raise_for_status()
        for flow in (held, None):
            flow = flow or self.held(web)
            web.api.post(f"/flows/{flow['id']}/resume").raise_for_status()
        assert asked.result().status == 200
        client, first, second = web.flows()
        assert second["comment"].startswith("call 2, attempt 2 of ")
        assert len({flow["comment"].rpartition("#")[2] for flow in (client, first, second)}) == 1

    def test_the_time_for_which_one_is_held_is_not_the_upstreams(self, web: Web, clients: ThreadPoolExecutor) -> None:
        web.command("set", "ollama_request_timeout", "1")
        try:
            asked = clients.submit(ask, web.proxy.port, "POST", "/api/chat", chat("held for long"))
            held, began = self.held(web), time.monotonic()
            wait_until(lambda: time.monotonic() > began + 1.1)
            web.api.post(f"/flows/{held['id']}/resume").raise_for_status()
            assert asked.result().status == 200
        finally:
            web.command("set", "ollama_request_timeout", "300")

    def test_one_that_was_edited_is_made_again_unedited_and_counted(
        self, web: Web, upstream: Upstream, clients: ThreadPoolExecutor
    ) -> None:
        asked = clients.submit(ask, web.proxy.port, "POST", "/api/chat", chat("[[fault:429-once:edited]] first"))
        held = self.held(web)
        changed = web.content(held["id"], "request").replace(b"first", b"edited")
        edit(web, held, content=changed.decode())
        web.api.post(f"/flows/{held['id']}/resume").raise_for_status()
        again = wait_until(lambda: [flow for flow in web.flows() if flow["intercepted"] and flow["id"] != held["id"]])[
            0
        ]
        assert again["comment"].startswith("call 2, attempt 2 of ")
        web.api.post(f"/flows/{again['id']}/resume").raise_for_status()
        assert asked.result().status == 200
        texts = [received.text for received in upstream.requests_with("[[fault:429-once:edited]]")]
        assert ["edited" in text.rpartition("]]")[2] for text in texts] == [True, False]
        assert ", edited #" in web.flows()[1]["comment"]

    def test_one_that_is_changed_to_lead_elsewhere_is_not_sent(
        self, web: Web, upstream: Upstream, clients: ThreadPoolExecutor
    ) -> None:
        asked = clients.submit(ask, web.proxy.port, "POST", "/api/chat", chat("led astray"))
        held = self.held(web)
        edit(web, held, port=1)
        web.api.post(f"/flows/{held['id']}/resume").raise_for_status()
        assert b"only what is below" in asked.result().body
        assert not upstream.requests_with("led astray")


@pytest.mark.parametrize("which", ["client", "call"])
@pytest.mark.parametrize("gate", ["gate", "gate-head"])
def test_killing_either_ends_both_though_the_upstream_is_silent(
    web: Web, upstream: Upstream, clients: ThreadPoolExecutor, which: str, gate: str
) -> None:
    name = f"killed-{which}-{gate}"
    asked = clients.submit(ask, web.proxy.port, "POST", "/api/chat", chat(f"a long answer [[{gate}:{name}]]"))
    upstream.wait_received(name)
    if gate == "gate":
        upstream.release(name, 4)
        wait_until(lambda: len([each for each in web.flows() if each.get("response")]) == 2)
    client, companion = wait_until(lambda: flows if len(flows := web.flows()) == 2 else [])
    web.api.post(f"/flows/{(client if which == 'client' else companion)['id']}/kill").raise_for_status()
    wait_until(lambda: all(flow.get("error") for flow in web.flows()))
    with suppress(IndexError, OSError):
        assert not asked.result().body.endswith(b"0\r\n\r\n")
    upstream.wait_aborted(name)


def test_a_filter_that_intercepts_answers_holds_no_call(web: Web) -> None:
    web.command("set", "intercept", "~u /v1/chat & ~s")
    try:
        assert ask(web.proxy.port, "POST", "/api/chat", chat("not held")).status == 200
        wait_until(lambda: len(flows := web.flows()) == 2 and not any(flow["intercepted"] for flow in flows))
    finally:
        web.command("set", "intercept", "")


def test_marks_and_comments_of_the_user_stay(web: Web, upstream: Upstream, clients: ThreadPoolExecutor) -> None:
    asked = clients.submit(
        ask, web.proxy.port, "POST", "/api/chat", chat("noted [[gate:noted]] [[x]]", options={"top_k": 3})
    )
    client = wait_until(lambda: web.flows())[0]
    web.api.put(f"/flows/{client['id']}", json={"comment": "mine", "marked": ":star:"}).raise_for_status()
    upstream.release("noted", 30)
    assert asked.result().status == 200
    client, _ = pair(web)
    assert (client["comment"], client["marked"]) == ("mine", emoji[":star:"])


class TestFiles:
    def test_a_dump_has_both_with_the_same_views_in_mitmweb(self, upstream: Upstream, tmp_path: Path, web: Web) -> None:
        dump, har = tmp_path / "flows", tmp_path / "flows.har"
        with serving(upstream.base_url, tmp_path, "-w", str(dump), "--set", f"hardump={har}") as proxy:
            ask(
                proxy.port,
                "POST",
                "/api/chat",
                chat("written down", options={"top_k": 3}),
                Authorization=f"Bearer {CLIENT_KEY}",
            )
        flows = {flow.request.path: flow for flow in saved(dump)}
        assert set(flows) == {"/api/chat", CHAT}
        assert flows["/api/chat"].metadata["ollama-openai.exchange"] == flows[CHAT].metadata["ollama-openai.exchange"]
        entries = json.loads(har.read_text())["log"]["entries"]
        assert sorted(entry["request"]["url"].partition("1:")[2].partition("/")[2] for entry in entries) == [
            "api/chat",
            "v1/chat/completions",
        ]
        for file in (dump, har):
            assert KEY.encode() not in file.read_bytes()
            assert CLIENT_KEY.encode() not in file.read_bytes()
        web.command("view.flows.load", str(dump))
        client, companion = sorted(web.flows(), key=lambda flow: str(flow["request"]["path"]))
        assert shown(web, client, "request")["view_name"] == "Ollama exchange"
        assert re.search("options.top_k +3 +dropped", shown(web, client, "request")["text"])
        assert shown(web, client, "response")["text"].startswith("You said: written down")
        assert shown(web, companion, "response")["view_name"] == "OpenAI SSE"
        assert shown(web, companion, "response")["text"].startswith("You said: written down")

    def test_a_har_alone_has_both(self, upstream: Upstream, tmp_path: Path) -> None:
        har = tmp_path / "flows.har"
        with serving(upstream.base_url, tmp_path, "--set", f"hardump={har}") as proxy:
            ask(proxy.port, "POST", "/api/chat", chat("archived"))
        assert len(json.loads(har.read_text())["log"]["entries"]) == 2

    def test_a_flow_whose_answer_the_end_of_the_proxy_cuts_is_marked(self, upstream: Upstream, tmp_path: Path) -> None:
        dump = tmp_path / "flows"
        with ThreadPoolExecutor() as pool, serving(upstream.base_url, tmp_path, "-w", str(dump)) as proxy:
            asked = pool.submit(ask, proxy.port, "POST", "/api/chat", chat("cut by the end [[gate:ended]]"))
            upstream.release("ended", 4)
            upstream.wait_received("cut by the end")
            proxy.stop()
            asked.exception()
        flows = {flow.request.path: flow for flow in saved(dump)}
        assert set(flows) == {"/api/chat", CHAT}
        assert flows["/api/chat"].marked == FAILED
        assert "the proxy is being stopped" in flows["/api/chat"].comment

    def test_a_flow_of_another_proxy_is_replayed_here(self, upstream: Upstream, tmp_path: Path, web: Web) -> None:
        dump = tmp_path / "flows"
        with serving(upstream.base_url, tmp_path, "-w", str(dump)) as proxy:
            ask(proxy.port, "POST", "/api/chat", chat("elsewhere"))
        web.api.post("/flows/dump", files={"file": dump.read_bytes()}).raise_for_status()
        client = wait_until(lambda: [flow for flow in web.flows() if flow["request"]["path"] == "/api/chat"])[0]
        edit(web, client, content=json.dumps(chat("and here")))
        assert said(web, replay(web, client)) == "You said: and here"

    def test_without_the_option_there_are_only_the_clients(self, upstream: Upstream, tmp_path: Path) -> None:
        dump = tmp_path / "flows"
        with serving(upstream.base_url, tmp_path, "-w", str(dump), "--set", "ollama_companions=false") as proxy:
            ask(proxy.port, "POST", "/api/chat", chat("alone", options={"top_k": 3}))
        (client,) = saved(dump)
        assert (client.request.path, client.marked) == ("/api/chat", DROPPED)
        assert client.comment.startswith("gpt-4o · 1 + ")

    def test_an_answer_that_breaks_off_is_saved_as_far_as_it_came(self, upstream: Upstream, tmp_path: Path) -> None:
        dump = tmp_path / "flows"
        with serving(upstream.base_url, tmp_path, "-w", str(dump)) as proxy:
            ask(proxy.port, "POST", "/api/chat", chat("half of it comes [[fault:cut]]"))
        companion = next(flow for flow in saved(dump) if flow.request.path == CHAT)
        assert companion.response
        assert companion.response.raw_content
        assert companion.error
        assert "broke off" in companion.error.msg
        assert companion.marked == FAILED
