"""The key is seen by the upstream, and nowhere else."""

import http.server
import json
from pathlib import Path

from tests.http_server import http_server
from tests.process import KEY, serving, start
from tests.upstream import Upstream
from tests.wire import ask


def ask_everything(port: int) -> str:
    """Successes and failures of all kinds; what the client saw of them."""
    seen = []
    for fault in ("none", "401", "cut", "500", "html-200", "error-mid"):
        text = "hello" if fault == "none" else f"hello [[fault:{fault}]]"
        body = {"model": "gpt-4o", "messages": [{"role": "user", "content": text}]}
        seen.append(ask(port, "POST", "/api/chat", body, Authorization="Bearer client-secret"))
    seen.append(ask(port, "GET", "/api/tags"))
    seen.append(ask(port, "POST", "/api/show", {"model": "gpt-4o"}))
    seen.append(ask(port, "POST", "/api/chat", b"{"))
    return repr(seen)


def test_the_key_is_in_no_log_no_flow_file_no_har_and_no_answer(upstream: Upstream, tmp_path: Path) -> None:
    flows, har = tmp_path / "flows", tmp_path / "all.har"
    arguments = ["-v", "-w", str(flows), "--set", f"hardump={har}", "--set", "ollama_log_level=debug"]
    with serving(upstream.base_url, tmp_path, *arguments) as proxy:
        answers = ask_everything(proxy.port)
    assert flows.stat().st_size > 1000
    assert har.stat().st_size > 1000
    for place in (answers, proxy.output, flows.read_text("utf-8", "replace"), har.read_text("utf-8")):
        assert KEY not in place
        assert KEY[3:] not in place
    assert upstream.requests[-1].headers["authorization"] == f"Bearer {KEY}"


def test_the_key_is_in_no_json_log(upstream: Upstream, tmp_path: Path) -> None:
    with serving(upstream.base_url, tmp_path, "-v", LOG_FORMAT="json") as proxy:
        ask_everything(proxy.port)
    assert KEY[3:] not in proxy.output


ECHOES = {
    "echo401": (401, "application/json", '{"error":{"message":"bad key %s"}}'),
    "echo200": (200, "application/json", '{"error":{"message":"bad key %s"}}'),
    "echosse": (200, "text/event-stream", 'data: {"error":{"message":"bad key %s"}}\n\n'),
    "echomid": (
        200,
        "text/event-stream",
        'data: {"choices":[{"index":0,"delta":{"content":"hi"}}]}\n\ndata: {"error":{"message":"bad key %s"}}\n\n',
    ),
    "echotext": (200, "text/plain", "%s is what you sent, and that is no key of ours whatsoever, so please go away"),
}


class Echo(http.server.BaseHTTPRequestHandler):
    """An upstream that repeats the key in every way."""

    def do_POST(self) -> None:
        asked = self.rfile.read(int(self.headers["Content-Length"])).decode()
        status, content_type, said = next(answer for name, answer in ECHOES.items() if name in asked)
        body = (said % self.headers["Authorization"]).encode()
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""


def test_an_upstream_that_repeats_the_key_does_not_give_it_away(tmp_path: Path) -> None:
    flows = tmp_path / "flows"
    with (
        http_server(Echo) as port,
        serving(f"http://127.0.0.1:{port}/v1", tmp_path, "-w", str(flows)) as proxy,
    ):
        seen = [
            ask(proxy.port, "POST", "/api/chat", {"model": "m", "messages": [{"content": name}], "stream": stream})
            for name in ECHOES
            for stream in (False, True)
        ]
    assert all(b"error" in answer.body for answer in seen)
    for place in (repr(seen), proxy.output, flows.read_text("utf-8", "replace")):
        assert KEY[:12] not in place


def test_the_key_is_no_option(tmp_path: Path) -> None:
    process = start(["--options"], tmp_path, {"OPENAI_API_KEY": KEY})
    assert process.popen.wait(60) == 0
    process.stop()
    assert "ollama_base_url" in process.output
    assert KEY[3:] not in process.output


def test_a_key_that_cannot_be_one_is_not_shown(tmp_path: Path) -> None:
    process = start([], tmp_path, {"OPENAI_API_KEY": "sk-two words-5f3c1a9e"})
    assert process.popen.wait(60) == 1
    process.stop()
    assert "OPENAI_API_KEY" in process.output
    assert "5f3c1a9e" not in process.output


def test_nothing_of_the_clients_headers_goes_upstream(upstream: Upstream, tmp_path: Path) -> None:
    body = {"model": "gpt-4o", "messages": [{"role": "user", "content": "marker-headers"}], "stream": False}
    with serving(upstream.base_url, tmp_path) as proxy:
        ask(proxy.port, "POST", "/api/chat", body, Authorization="Bearer mine", Cookie="a=b", X_Secret="s")
    (request,) = upstream.requests_with("marker-headers")
    assert set(request.headers) == {
        "accept",
        "accept-encoding",
        "authorization",
        "content-length",
        "content-type",
        "host",
        "user-agent",
        "x-ollama-openai-proxy",
    }
    assert json.loads(request.text)["model"] == "gpt-4o"
