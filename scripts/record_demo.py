"""Make the recordings that come with the project: demo requests, answered by the tests' own upstream.

    uv run python -m scripts.record_demo

They are what is replayed where there is no key, and what the tests of the translators compare with. Only times, dates
and ids differ between two runs.
"""

import argparse
import http.client
import json
import tempfile
from pathlib import Path
from typing import Any

from addon.environment import PROJECT_ROOT
from addon.recording import recording_text
from addon.recording_files import read_recordings
from tests.process import LOOPBACK, serving
from tests.upstream import Upstream

FOLDER = PROJECT_ROOT / "recordings"

ABOUT = "Made by scripts/record_demo.py against the project's own test upstream (tests/upstream), not against OpenAI."

UPSTREAM_PORT = 9100
"""A fixed port, because recordings hold the upstream's address."""
TOKEN_SECONDS = 0.04

SKY = "Why is the sky blue?"
PNG = "iVBORw0KGgoAAAANSUhEUgAAAAgAAAAICAIAAABLbSncAAAAEUlEQVR42mMwTjuDFTEMLQkAuYZZQW4mhPwAAAAASUVORK5CYII="
"""Eight by eight blue pixels."""

WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "Get the weather in a city",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string"}},
            "required": ["city"],
        },
    },
}
COUNTRY = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "capital": {"type": "string"}, "millions": {"type": "integer"}},
    "required": ["name", "capital", "millions"],
}


def said(text: str, **more: Any) -> dict[str, Any]:
    """A message of the user."""
    return {"role": "user", "content": text, **more}


ASKED_WEATHER: dict[str, Any] = {
    "model": "gpt-4o",
    "messages": [said("Use get_weather for Oslo.")],
    "tools": [WEATHER],
    "stream": False,
}

DEMO: tuple[tuple[str, str, dict[str, Any] | None], ...] = (
    ("GET", "/api/tags", None),
    ("GET", "/api/experimental/model-recommendations", None),
    ("POST", "/api/show", {"model": "gpt-4o"}),
    ("POST", "/api/show", {"model": "reasoner-1"}),
    ("POST", "/api/chat", {"model": "gpt-4o", "messages": [said(SKY)]}),
    ("POST", "/api/chat", {"model": "gpt-4o", "messages": [said("What is the capital of Norway?")], "stream": False}),
    ("POST", "/api/chat", {"model": "reasoner-1", "messages": [said("How many days has a leap year?")], "think": True}),
    (
        "POST",
        "/api/chat",
        {"model": "gpt-4o", "messages": [said("Norway, Oslo: 5 million people.")], "format": COUNTRY, "stream": False},
    ),
    ("POST", "/api/chat", {"model": "gpt-4o", "messages": [said("What is in this picture?", images=[PNG])]}),
    ("POST", "/api/chat", {"model": "no-such-model", "messages": [said("Hello")]}),
    ("POST", "/api/generate", {"model": "gpt-4o", "prompt": SKY}),
    ("POST", "/api/generate", {"model": "gpt-4o", "prompt": "Write a haiku about the sea."}),
    ("POST", "/api/embed", {"model": "text-embedding-3-small", "input": "The sky is blue.", "dimensions": 8}),
    ("GET", "/v1/models", None),
    ("POST", "/v1/chat/completions", {"model": "gpt-4o", "messages": [said(SKY)], "stream": True}),
)


def main() -> None:
    """Make the recordings, in the place of those that were made so before."""
    parser = argparse.ArgumentParser(description="Make the recordings that come with the project.")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where they go (default: %(default)s)")
    folder: Path = parser.parse_args().folder
    with tempfile.TemporaryDirectory() as home:
        sent = record(Path(home))
        recordings = [each.model_copy(update={"about": ABOUT}) for each in read_recordings(Path(home) / "recordings")]
    if len(recordings) != sent:
        raise SystemExit(f"{sent} requests were sent, but there are {len(recordings)} recordings: look at the log")
    folder.mkdir(parents=True, exist_ok=True)
    for old in read_recordings(folder):
        if old.about == ABOUT:
            (folder / f"{old.name}.json").unlink(missing_ok=True)
    for recording in recordings:
        (folder / f"{recording.name}.json").write_text(recording_text(recording), "utf-8", newline="\n")
    print(f"{len(recordings)} recordings written to {folder}")


def record(home: Path) -> int:
    """Send the demo requests through a proxy that records into `home/recordings`; how many there were."""
    arguments = ["--set", "ollama_record_mode=all", "--set", f"ollama_recordings={home / 'recordings'}"]
    with (
        Upstream.in_thread(port=UPSTREAM_PORT, delay=TOKEN_SECONDS) as upstream,
        serving(upstream.base_url, home, *arguments) as proxy,
    ):
        for method, path, body in DEMO:
            ask(proxy.port, method, path, body)
        answer = json.loads(ask(proxy.port, "POST", "/api/chat", ASKED_WEATHER))["message"]
        result = {"role": "tool", "tool_name": "get_weather", "content": "3 °C, light rain"}
        messages = [*ASKED_WEATHER["messages"], answer, result]
        ask(proxy.port, "POST", "/api/chat", ASKED_WEATHER | {"messages": messages, "stream": True})
    return len(DEMO) + 2


def ask(port: int, method: str, path: str, body: dict[str, Any] | None) -> bytes:
    """Send one request and read its whole answer."""
    connection = http.client.HTTPConnection(LOOPBACK, port)
    try:
        content = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode() if body is not None else None
        headers = {"User-Agent": "record-demo", "Content-Type": "application/json"}
        connection.request(method, path, content, headers)
        return connection.getresponse().read()
    finally:
        connection.close()


if __name__ == "__main__":
    main()
