"""Nothing that must not be kept is in any file, log or view: the key, the ids that go with it, what the user named."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import httpx
from mitmproxy import http
from mitmproxy.io import FlowReader

from addon.recordings.files import read_recordings
from addon.redaction.hidden_texts import hidden_texts_of
from tests.process import KEY, LOOPBACK, ROOT, Process, environment, free_port, serving
from tests.upstream import Upstream
from tests.wire import Raw, ask

ORGANIZATION = "org-Planted0123456789abcdef"
PROJECT = "proj_Planted0123456789abcdef"
PLANTED = "Jørgen Ødegaard 471147114711"
"""The test upstream repeats it in its answers, a word an event."""

TRACES = ("degaard", "471147114711", "Planted0123", KEY[3:20], "clients-own-key", "a-cookie")
"""A part of each secret that is the same however it is written."""

SETTINGS = {
    "OPENAI_ORG_ID": ORGANIZATION,
    "OPENAI_PROJECT_ID": PROJECT,
    "PROXY_REDACT": r"(?i)jørgen \w+ \d+",
    "PROXY_RECORD_MODE": "all",
    "PROXY_RECORDINGS": "tapes",
    "LOG_LEVEL": "debug",
}
WEB_PASSWORD = "for-the-test"


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
        ("GET", "/api/tags", None),
        ("POST", "/v1/chat/completions", chat | {"stream": True}),
        ("POST", "/v1/responses", {"model": "gpt-4o", "input": prompt, "stream": True}),
        ("GET", f"/v1/models/{quote(PLANTED)}", None),
    ]


def ask_everything(port: int) -> list[Raw]:
    return [
        ask(port, method, path, body, Authorization="Bearer clients-own-key", Cookie="session=a-cookie")
        for method, path, body in asked_for()
    ]


def assert_clean(name: str, text: str) -> None:
    for trace in TRACES:
        at = text.find(trace)
        assert at < 0, f"{name} holds {text[max(0, at - 60) : at + 60]!r}"


def files_in(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.is_file())


@contextmanager
def mitmweb(upstream: str, home: Path) -> Iterator[tuple[Process, httpx.Client]]:
    """A mitmweb with the addon, and a client of its interface."""
    port, web_port = free_port(), free_port()
    web = ["--no-web-open-browser", "--web-port", str(web_port), "--set", f"web_password={WEB_PASSWORD}"]
    program = [str(Path(sys.executable).with_name("mitmweb")), "-s", str(ROOT / "addon" / "proxy.py")]
    popen = subprocess.Popen(
        [*program, "--mode", f"regular@{LOOPBACK}:{port}", *web],
        cwd=home,
        env=environment(home, SETTINGS | {"OPENAI_BASE_URL": upstream, "OPENAI_API_KEY": KEY, "PROXY_PORT": str(port)}),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        encoding="utf-8",
    )
    process = Process(popen, port)
    try:
        process.wait_for(f"proxy listening at {LOOPBACK}:{port}")
        process.wait_for("Web server listening")
        headers = {"Authorization": f"Bearer {WEB_PASSWORD}"}
        with httpx.Client(base_url=f"http://{LOOPBACK}:{web_port}", headers=headers, trust_env=False) as client:
            yield process, client
    finally:
        process.stop()


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
    for path in files_in(tmp_path):
        assert_clean(path.name, f"{path.name} {path.read_bytes().decode('utf-8', 'replace')}")
    # What a client is answered is what it was answered before.
    assert sum(b"degaard" in answer.body for answer in answers) >= 8
    assert "is not recorded: its texts spell out" in proxy.output
    assert len(read_recordings(tmp_path / "tapes")) >= 4
    with flows.open("rb") as file:
        saved = [flow for flow in FlowReader(file).stream() if isinstance(flow, http.HTTPFlow)]
    assert len(saved) == len(answers)
    for flow in saved:
        for body in bodies(flow):
            for text in hidden_texts_of(body):
                assert_clean("a text of a flow", text)
    assert upstream.requests[-1].headers["openai-organization"] == ORGANIZATION


def test_no_view_of_mitmweb_holds_a_secret(upstream: Upstream, tmp_path: Path) -> None:
    with mitmweb(upstream.base_url, tmp_path) as (process, web):
        asked = ask_everything(process.port)
        listed = web.get("/flows").raise_for_status()
        assert_clean("the list of flows", listed.text)
        flows = listed.json()
        assert len(flows) == len(asked)
        for flow in flows:
            for side in ("request", "response"):
                data = web.get(f"/flows/{flow['id']}/{side}/content.data")
                if data.status_code == 200:
                    assert_clean(f"the {side}", data.text)
                    assert_clean(f"the {side}", "\n".join(hidden_texts_of(data.content)))
                view = web.get(f"/flows/{flow['id']}/{side}/content/Auto.json")
                assert_clean(f"the view of the {side}", json.dumps(view.json(), ensure_ascii=False))
        assert_clean("the events", web.get("/events").raise_for_status().text)
        assert_clean("the options", web.get("/options").raise_for_status().text)
    assert_clean("the log", process.output)


def test_where_the_pattern_finds_nothing_all_of_it_is_there(upstream: Upstream, tmp_path: Path) -> None:
    flows = tmp_path / "flows"
    with serving(upstream.base_url, tmp_path, "-w", str(flows), **SETTINGS | {"PROXY_REDACT": "never-there"}) as proxy:
        ask_everything(proxy.port)
    assert flows.read_bytes().decode("utf-8", "replace").count("471147114711") > 10
