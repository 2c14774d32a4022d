"""Exchanges that needed more than one call, or the Responses API, replay as they were.

No exchange that is recorded may depend on another, so nothing is remembered meanwhile: each learns for itself.
"""

import json
from pathlib import Path
from typing import Any

import ollama

from addon.recordings.files import read_recordings
from scripts.recorded.masking import without_times
from tests.e2e.families_table import OPTIONS, STRICT, WEATHER
from tests.e2e.heard import hear
from tests.process import KEY, NOWHERE, serving
from tests.upstream import Upstream
from tests.wire import Raw, ask


def chat(model: str, **more: Any) -> dict[str, Any]:
    return {"model": model, "messages": [{"role": "user", "content": "hello there"}], **more}


REQUESTS: tuple[tuple[str, dict[str, Any], list[str]], ...] = (
    ("/api/chat", chat("novel-1", options=OPTIONS), ["chat/completions"] * 2),
    ("/api/chat", chat("novel-1", options={"num_predict": 60}, stream=False), ["chat/completions"] * 2),
    ("/api/chat", chat("novel-responses-1", options=OPTIONS), ["chat/completions", "responses"]),
    ("/api/chat", chat("compat-xai", options=OPTIONS), ["chat/completions"] * 4),
    ("/api/chat", chat("novel-1", tools=[WEATHER], think=True), ["chat/completions", "responses"]),
    ("/api/chat", chat("compat-nojson", format=STRICT), ["chat/completions"] * 2),
    ("/api/chat", chat("compat-completions"), ["chat/completions", "completions"]),
    ("/api/chat", chat("gpt-5-pro"), ["responses"]),
    ("/api/chat", chat("gpt-5-pro", stream=False, format=STRICT), ["responses"]),
    ("/api/chat", chat("gpt-5-pro", messages=[{"role": "user", "content": "[[fault:error-mid]]"}]), ["responses"]),
    ("/api/generate", {"model": "gpt-5-pro", "prompt": "hello there"}, ["responses"]),
    ("/v1/chat/completions", chat("gpt-5", max_tokens=50, temperature=0.5), ["chat/completions"] * 3),
    ("/v1/chat/completions", chat("gpt-5", max_tokens=50, stream=True), ["chat/completions"] * 2),
    ("/v1/responses", {"model": "gpt-5", "input": "hello there", "temperature": 0.5}, ["responses"] * 2),
    ("/v1/responses", {"model": "gpt-5-pro", "input": "hello there", "stream": True}, ["responses"]),
)
"""Path, body, and the upstream's paths that it takes."""


def said(answer: Raw) -> bytes:
    """A body without its framing and its times."""
    chunked = answer.header("Transfer-Encoding") == "chunked"
    return without_times(b"".join(answer.chunks) if chunked else answer.body)


def test_what_took_several_calls_replays_with_the_same_bytes_and_calls(upstream: Upstream, tmp_path: Path) -> None:
    folder = tmp_path / "recordings"
    here = ["--set", f"ollama_recordings={folder}"]
    with serving(upstream.base_url, tmp_path, *here, PROXY_RECORD_MODE="all") as proxy:
        live = [ask(proxy.port, "POST", path, body) for path, body, _ in REQUESTS]
    made = [
        (each.client.request.path, json.loads(each.client.request.body), [call.request.path for call in each.upstream])
        for each in read_recordings(folder)
    ]
    for path, body, calls in REQUESTS:
        assert (path, body, [f"/{call}" for call in calls]) in made
    with serving("", tmp_path, *here, **NOWHERE) as proxy:
        replayed = [ask(proxy.port, "POST", path, body) for path, body, _ in REQUESTS]
        again = [ask(proxy.port, "POST", path, body) for path, body, _ in reversed(REQUESTS)]
    for first, second, third in zip(live, replayed, reversed(again), strict=True):
        assert (second.status, said(second)) == (third.status, said(third)) == (first.status, said(first))
        assert second.header("X-Ollama-Replay")
    assert "drifted" not in proxy.output


def test_a_loop_of_tools_replays(upstream: Upstream, tmp_path: Path) -> None:
    here = ["--set", f"ollama_recordings={tmp_path / 'recordings'}"]

    def loop(url: str) -> list[str]:
        told = []
        with ollama.Client(url, trust_env=False) as client:
            for model in ("gpt-5-pro", "novel-1", "compat-deepseek"):
                messages: list[Any] = [{"role": "user", "content": "weather in Oslo and weather in Bergen"}]
                first = hear(client, model, messages, stream=True, tools=[WEATHER])
                messages += [first.message, {"role": "tool", "content": "3"}, {"role": "tool", "content": "7"}]
                told.append(hear(client, model, messages, stream=True, tools=[WEATHER]).text)
        return told

    with serving(upstream.base_url, tmp_path, *here, PROXY_RECORD_MODE="all") as proxy:
        live = loop(proxy.url)
    with serving("", tmp_path, *here, **NOWHERE) as proxy:
        replayed = loop(proxy.url)
    assert replayed == live
    assert all("said 3; weather(Bergen)" in text for text in live)
    assert KEY[:12] not in "".join(path.read_text("utf-8") for path in (tmp_path / "recordings").iterdir())
