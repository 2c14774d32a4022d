"""OpenAI's face in front of an upstream that breaks off, falls silent, holds on or says what it should not."""

import http.server
import json
import threading
from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest

from tests.http_server import http_server
from tests.process import KEY, LOOPBACK, Process, serving
from tests.upstream import Upstream
from tests.wire import ask

CHAT = "/v1/chat/completions"


def chat(text: str, **more: Any) -> dict[str, Any]:
    return {"model": "gpt-4o", "messages": [{"role": "user", "content": text}], **more}


def error_in(event: bytes) -> dict[str, Any]:
    error: dict[str, Any] = json.loads(event.strip(b"\n").removeprefix(b"data: "))["error"]
    return error


def test_a_broken_stream_ends_in_an_event_of_its_own(proxy: Process) -> None:
    got = b"".join(ask(proxy.port, "POST", CHAT, chat("one two three [[fault:cut]]", stream=True)).chunks)
    *events, last, nothing = got.split(b"\n\n")
    assert nothing == b""
    assert all(json.loads(event.removeprefix(b"data: "))["object"] == "chat.completion.chunk" for event in events)
    assert error_in(last)["code"] == "upstream_broken"


def test_a_silent_upstream_is_a_time_out_in_openais_envelope(upstream: Upstream, tmp_path: Path) -> None:
    with serving(upstream.base_url, tmp_path, PROXY_REQUEST_TIMEOUT="1") as proxy:
        before = ask(proxy.port, "POST", CHAT, chat("[[fault:stall]]"))
        during = ask(proxy.port, "POST", CHAT, chat("one two three [[fault:stall-mid]]", stream=True))
    assert before.status == 504
    assert error_in(before.body)["code"] == "upstream_timeout"
    assert during.status == 200
    assert error_in(during.chunks[-1])["code"] == "upstream_timeout"


def test_a_proxy_that_is_stopped_ends_its_streams_in_their_form(upstream: Upstream, tmp_path: Path) -> None:
    body = json.dumps(chat("stopped in the middle [[gate:never-ends]]", stream=True))
    with serving(upstream.base_url, tmp_path) as proxy, closing(HTTPConnection(LOOPBACK, proxy.port)) as connection:
        connection.request("POST", CHAT, body)
        response = connection.getresponse()
        response.readline()  # the first event is not gated
        proxy.stop()
        rest = response.read()
    assert rest.endswith(b"}\n\n")
    assert error_in(rest.strip(b"\n").split(b"\n\n")[-1])["message"] == "the proxy is shutting down"


class Scripted(http.server.BaseHTTPRequestHandler):
    """An upstream that answers what a request asks for: `status`, `type`, and `text`, in which KEY stands for the key.

    With `missing` the body has a byte less than announced; the connection is closed, or with `hold` held open.
    """

    released = threading.Event()

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        key = self.headers["authorization"].removeprefix("Bearer ")
        body = asked["text"].replace("KEY/2", key[: len(key) // 2]).replace("KEY", key).encode("latin-1")
        self.send_response(asked.get("status", 200))
        self.send_header("Content-Type", asked.get("type", "text/event-stream"))
        self.send_header("Set-Cookie", "a=b")
        self.send_header("Content-Length", str(len(body) + ("missing" in asked)))
        self.end_headers()
        self.wfile.write(body)
        if "hold" in asked:
            self.released.wait(30)

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture(scope="module")
def scripted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    """A proxy in front of a scripted upstream."""
    with http_server(Scripted) as port:
        base_url = f"http://{LOOPBACK}:{port}/v1"
        with serving(base_url, tmp_path_factory.mktemp("home"), "-v", PROXY_MAX_RETRIES="0") as proxy:
            yield proxy
        Scripted.released.set()


@pytest.mark.parametrize(
    ("status", "kind"),
    [(401, "application/json"), (500, "text/html"), (200, "application/json"), (200, "text/event-stream")],
)
def test_an_upstream_that_repeats_the_key_does_not_show_it(scripted: Process, status: int, kind: str) -> None:
    text = 'data: {"error":{"message":"bad key KEY, KEY/2**** \xff\xe9"}}\n\n'
    got = ask(scripted.port, "POST", CHAT, {"status": status, "type": kind, "text": text})
    assert (got.status, got.header("content-type"), got.header("set-cookie")) == (status, kind, None)
    assert b"bad key \xe2\x80\xa68a0e, \xe2\x80\xa68a0e**** \xff\xe9" in got.body
    scripted.wait_for(f"POST {CHAT} {status}")
    assert KEY[: len(KEY) // 2] not in scripted.output


@pytest.mark.parametrize(
    ("begun", "closing_it"),
    [('data: {"id":1}\n\n', ""), ('data: {"id":1}\r\n\r\n', ""), ('data: {"id":1}\n', "\n\n"), ('data: {"i', "\n\n")],
)
def test_an_event_that_is_open_is_closed_before_the_error(scripted: Process, begun: str, closing_it: str) -> None:
    got = b"".join(ask(scripted.port, "POST", CHAT, {"text": begun, "missing": True}).chunks)
    expected = (begun + closing_it).encode()
    assert got.startswith(expected + b"data: ")
    assert error_in(got.removeprefix(expected))["code"] == "upstream_broken"


def test_an_answer_that_says_it_is_done_ends_though_its_upstream_holds_the_connection(scripted: Process) -> None:
    text = 'data: {"id":1}\n\ndata: [DONE]\n\n'
    body = {"text": text, "missing": True, "hold": True}
    got = ask(scripted.port, "POST", CHAT, body, X_Request_Id="done-and-held")
    assert b"".join(got.chunks) == text.encode()
    assert "error" not in scripted.wait_for("id=done-and-held")
