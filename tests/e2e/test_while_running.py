"""What changes while it runs: options, the upstream, replayed flows."""

import json
from pathlib import Path

from tests.process import serving
from tests.upstream import Upstream
from tests.wire import ask

CHANGE_OPTION = """
from mitmproxy import ctx, exceptions

class Change:
    def request(self, flow):
        if flow.request.path == "/health":
            value = flow.request.headers["x-set"]
            try:
                ctx.options.set(value)
            except exceptions.OptionsError as error:
                import logging
                logging.getLogger("change").warning("refused: %s", error)

addons = [Change()]
"""

REPLAY = """
from mitmproxy import ctx

class Replay:
    def response(self, flow):
        import logging
        body = flow.response.content.decode()
        logging.getLogger("replay").info("%s %s %s", flow.is_replay, flow.response.status_code, len(body.splitlines()))
        if flow.is_replay is None and flow.request.path == "/api/chat":
            ctx.master.commands.call("replay.client", [flow.copy()])

addons = [Replay()]
"""


def chat(text: str) -> dict[str, object]:
    return {"model": "gpt-4o", "messages": [{"role": "user", "content": text}], "stream": False}


def test_an_option_can_be_changed_and_a_wrong_value_is_taken_back(upstream: Upstream, tmp_path: Path) -> None:
    script = tmp_path / "change.py"
    script.write_text(CHANGE_OPTION)
    with serving("http://127.0.0.1:1/v1", tmp_path, "-s", str(script)) as proxy:
        assert ask(proxy.port, "POST", "/api/chat", chat("hi")).status == 502
        ask(proxy.port, "GET", "/health", None, x_set=f"ollama_base_url={upstream.base_url}")
        assert ask(proxy.port, "POST", "/api/chat", chat("hi")).status == 200
        ask(proxy.port, "GET", "/health", None, x_set="ollama_base_url=nonsense")
        proxy.wait_for("refused: ")
        ask(proxy.port, "GET", "/health", None, x_set=f"ollama_base_url={proxy.url}/v1")
        proxy.wait_for("this proxy itself")
        ask(proxy.port, "GET", "/health", None, x_set="ollama_port=1234")
        proxy.wait_for("read at the start")
        assert ask(proxy.port, "POST", "/api/chat", chat("hi")).status == 200


def test_a_replayed_exchange_is_answered_anew_and_whole(upstream: Upstream, tmp_path: Path) -> None:
    script = tmp_path / "replay.py"
    script.write_text(REPLAY)
    with serving(upstream.base_url, tmp_path, "-s", str(script)) as proxy:
        body = {"model": "gpt-4o", "messages": [{"role": "user", "content": "marker-replay one two"}]}
        lines = len(ask(proxy.port, "POST", "/api/chat", body).lines)
        told = proxy.wait_for("request 200")
    assert told.endswith(f"request 200 {lines}")
    assert len(upstream.requests_with("marker-replay")) == 2


def test_show_of_a_model_that_the_catalogue_knows_answers_without_the_list(tmp_path: Path) -> None:
    with serving("http://127.0.0.1:1/v1", tmp_path) as proxy:
        known = ask(proxy.port, "POST", "/api/show", {"model": "gpt-4o"})
        unknown = ask(proxy.port, "POST", "/api/show", {"model": "mystery"})
        tags = ask(proxy.port, "GET", "/api/tags")
    assert known.status == 200
    assert (unknown.status, tags.status) == (502, 502)
    assert "cannot be reached" in json.loads(tags.body)["error"]


def test_an_error_of_our_own_is_an_ollama_error_and_the_request_travels_nowhere(
    upstream: Upstream, tmp_path: Path
) -> None:
    script = tmp_path / "broken.py"
    script.write_text(
        "import addon.routes\n\ndef find(*_):\n    raise RuntimeError('broken')\n\naddon.routes.find = find\n"
    )
    with serving(upstream.base_url, tmp_path, "-s", str(script)) as proxy:
        got = ask(proxy.port, "GET", "/api/version")
    assert (got.status, got.header("Content-Type")) == (500, "application/json; charset=utf-8")
    assert "internal error of the proxy (RuntimeError)" in json.loads(got.body)["error"]
    assert "Traceback" in proxy.output  # in the log, for whoever mends it


def test_an_error_while_a_request_is_judged_keeps_it_from_travelling_on(upstream: Upstream, tmp_path: Path) -> None:
    script = tmp_path / "broken.py"
    script.write_text(
        "import addon.listen\nreal = addon.listen.verdict_of\n\n"
        "def verdict_of(flow, *rest):\n"
        "    if 'authorization' in flow.request.headers:\n        raise RuntimeError('broken')\n"
        "    return real(flow, *rest)\n\n"
        "addon.listen.verdict_of = verdict_of\n"
    )
    target = f"{upstream.base_url}/chat/completions"
    with serving(upstream.base_url, tmp_path, "-s", str(script)) as proxy:
        assert ask(proxy.port, "GET", "/").status == 200  # the start is over, which any error logged in it would end
        got = ask(proxy.port, "POST", target, chat("marker-fail-open"), Authorization="Bearer any")
    assert got.status == 500
    assert "internal error of the proxy (RuntimeError)" in json.loads(got.body)["error"]["message"]  # OpenAI's path
    assert not upstream.requests_with("marker-fail-open")
