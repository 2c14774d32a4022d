"""Nothing that must not be kept is in any file, log or view: the key, the ids that go with it, what the user named."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from urllib.parse import quote

from mitmproxy import http
from mitmproxy.io import FlowReader

from addon.flow_metadata import is_companion
from addon.recordings.files import read_recordings
from addon.redaction.hidden_texts import hidden_texts_of
from addon.redaction.redactor import MARK
from tests.http_server import http_server
from tests.process import KEY, LOOPBACK, serving
from tests.upstream import Upstream
from tests.web import web_serving
from tests.wire import Raw, ask

ORGANIZATION = "org-Planted0123456789abcdef"
PROJECT = "proj_Planted0123456789abcdef"
PLANTED = "Jørgen Ødegaard 471147114711"
"""The test upstream repeats it in its answers, a word an event."""
REQUEST_ID = "who-471147114711"

TRACES = ("degaard", "471147114711", "Planted0123", KEY[3:20], "clients-own-key", "a-cookie")
"""A part of each secret that is the same however it is written."""

CLIENTS_OWN = {"Authorization": "Bearer clients-own-key", "Cookie": "session=a-cookie", "X-Request-Id": REQUEST_ID}

SETTINGS = {
    "OPENAI_ORG_ID": ORGANIZATION,
    "OPENAI_PROJECT_ID": PROJECT,
    "PROXY_REDACT": r"(?i)jørgen \w+ \d+|who-\d+",
    "PROXY_RECORD_MODE": "all",
    "PROXY_RECORDINGS": "tapes",
    "LOG_LEVEL": "debug",
}


def asked_for() -> list[tuple[str, str, object]]:
    """Requests with the secret in each place that a client can put it, streamed, whole and refused."""
    prompt = f"I am {PLANTED}, and who are you?"
    chat = {"model": "gpt-4o", "messages": [{"role": "user", "content": prompt}]}
    generate = {"model": "gpt-4o", "prompt": prompt}
    return [
        ("POST", "/api/chat", chat),
        ("POST", "/api/chat", chat | {"stream": False}),
        ("POST", "/api/chat", json.dumps(chat, ensure_ascii=False).encode()),
        ("POST", "/api/chat", chat | {"messages": [{"role": "user", "content": f"{prompt} [[fault:401]]"}]}),
        ("POST", "/api/chat", chat | {"model": f"no {PLANTED}"}),
        ("POST", "/api/chat", f'{{"model": "{PLANTED}'.encode()),
        ("POST", "/api/generate", generate),
        ("POST", "/api/generate", generate | {"stream": False}),
        ("POST", "/api/embed", {"model": "text-embedding-3-small", "input": [prompt]}),
        ("POST", "/api/show", {"model": PLANTED}),
        ("GET", f"/api/tags?who={quote(PLANTED)}", None),
        ("POST", "/v1/chat/completions", chat | {"stream": True}),
        ("POST", "/v1/responses", {"model": "gpt-4o", "input": prompt, "stream": True}),
        ("GET", f"/v1/models/{quote(PLANTED)}", None),
    ]


def ask_everything(port: int) -> list[Raw]:
    return [ask(port, method, path, body, **CLIENTS_OWN) for method, path, body in asked_for()]


def assert_clean(name: str, text: str) -> None:
    for trace in TRACES:
        at = text.find(trace)
        assert at < 0, f"{name} holds {text[max(0, at - 60) : at + 60]!r}"


def texts_in(folder: Path) -> dict[str, str]:
    """What each file is called and holds."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {path.name: f"{path.name} {path.read_bytes().decode('utf-8', 'replace')}" for path in files}


def bodies(flow: http.HTTPFlow) -> Iterator[bytes]:
    for message in (flow.request, flow.response):
        if message is not None and message.content:
            yield message.content


def test_no_file_and_no_log_holds_a_secret(upstream: Upstream, tmp_path: Path) -> None:
    flows, har = tmp_path / "flows", tmp_path / "all.har"
    arguments = ["-v", "-w", str(flows), "--set", f"hardump={har}", "--set", "flow_detail=4"]
    with serving(upstream.base_url, tmp_path, *arguments, **SETTINGS) as proxy:
        answers = ask_everything(proxy.port)
    assert_clean("the log", proxy.output)
    for name, text in texts_in(tmp_path).items():
        assert_clean(name, text)
    # What a client is answered is what it was answered before.
    assert sum(b"degaard" in answer.body for answer in answers) >= 8
    assert "is not recorded: its texts spell out" in proxy.output
    assert len(read_recordings(tmp_path / "tapes")) >= 4
    with flows.open("rb") as file:
        saved = [flow for flow in FlowReader(file).stream() if isinstance(flow, http.HTTPFlow)]
    assert sum(not is_companion(flow) for flow in saved) == len(answers) < len(saved)
    for flow in saved:
        for body in bodies(flow):
            for text in hidden_texts_of(body):
                assert_clean("a text of a flow", text)
    assert upstream.requests[-1].headers["openai-organization"] == ORGANIZATION


def test_no_view_of_mitmweb_holds_a_secret(upstream: Upstream, tmp_path: Path) -> None:
    with web_serving(upstream.base_url, tmp_path, **SETTINGS) as web:
        asked = ask_everything(web.proxy.port)
        listed = web.api.get("/flows").raise_for_status()
        assert_clean("the list of flows", listed.text)
        flows = listed.json()
        assert len(flows) > len(asked)  # the upstream's calls are there too
        for flow in flows:
            for side in ("request", "response"):
                data = web.api.get(f"/flows/{flow['id']}/{side}/content.data")
                if data.status_code == 200:
                    assert_clean(f"the {side}", data.text)
                    assert_clean(f"the {side}", "\n".join(hidden_texts_of(data.content)))
                view = web.api.get(f"/flows/{flow['id']}/{side}/content/Auto.json")
                assert_clean(f"the view of the {side}", json.dumps(view.json(), ensure_ascii=False))
        assert_clean("the events", web.api.get("/events").raise_for_status().text)
        assert_clean("the options", web.api.get("/options").raise_for_status().text)
    assert_clean("the log", web.proxy.output)


class Naming(BaseHTTPRequestHandler):
    """An upstream that refuses everything, and names somebody in the ids of its requests."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(500)
        self.send_header("X-Request-Id", REQUEST_ID)
        self.send_header("X-Should-Retry", "false")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""


def test_no_request_id_in_the_log_holds_a_secret(tmp_path: Path) -> None:
    with http_server(Naming) as port:
        upstream = f"http://{LOOPBACK}:{port}/v1"
        with serving(upstream, tmp_path, **SETTINGS | {"LOG_FORMAT": "json"}) as proxy:
            refused = ask(proxy.port, "POST", "/v1/chat/completions", {"model": "m"}, **CLIENTS_OWN)
    assert refused.header("x-request-id") == REQUEST_ID
    assert_clean("the log", proxy.output)
    for name, text in texts_in(tmp_path).items():
        assert_clean(name, text)
    (line,) = [json.loads(line) for line in proxy.lines if "upstream_request_id" in line]
    assert (line["request_id"], line["upstream_request_id"]) == (MARK, MARK)


def test_without_a_pattern_all_of_it_is_there_but_the_key_and_the_ids_that_go_with_it(
    upstream: Upstream, tmp_path: Path
) -> None:
    flows = tmp_path / "flows"
    with serving(upstream.base_url, tmp_path, "-v", "-w", str(flows), **SETTINGS | {"PROXY_REDACT": ""}) as proxy:
        ask_everything(proxy.port)
    texts = texts_in(tmp_path)
    for name, text in {**texts, "the log": proxy.output}.items():
        for trace in (KEY[3:20], "Planted0123"):
            assert trace not in text, f"{name} holds {trace!r}"
    assert texts["flows"].count("471147114711") > 10
    recorded = [text for name, text in texts.items() if name.endswith(".json")]
    assert sum("471147114711" in text for text in recorded) >= 8
    assert not any("clients-own-key" in text or "a-cookie" in text for text in recorded)
