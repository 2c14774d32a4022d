"""Ours, asked what a real Ollama was asked, and how its answers differ. Needs the recorded goldens: SHARED_DIR.

The black-box check that comes with the goldens asks (`capture.py`), compares (`compare.py`) and stands for the hosted
models (`upstream.py`). Each kind of server that was recorded is a mitmdump of its own here, and all run at once.
"""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any, Final

from tests.conformance.scripted_upstream import scripted_upstream
from tests.http_server import http_server
from tests.process import KEY, LOOPBACK, free_port, start

SHARED: Final = Path(os.environ.get("SHARED_DIR", ""))
CHECK: Final = SHARED / "goldens-check"
GOLDENS: Final = SHARED / "ollama-goldens"

MODELS: Final = Path(__file__).with_name("golden_models.toml")
"""What the models of the goldens can do."""

REGISTRY: Final = "127.0.0.1:9"
"""Stands in the names of models that were pulled from a registry. Nobody listens there, and ours asks none."""

PLACEHOLDERS: Final = ("plain", "chat", "notmpl", "embed", "mmproj")
"""Model files that the list of requests is made from; what is in them is not asked for here."""

PATIENCE: Final = 150
"""Seconds for the requests to one server; they take ten."""

LONG_AFTER: Final = 2100
"""A year. A model that is kept forever expires after it, any other before it."""


@dataclass(frozen=True, slots=True)
class Server:
    """Ours as one of the servers that were recorded.

    Attributes:
        prefix: Begins the names of its goldens.
        names: Which of those that no earlier server has; a pattern for the rest of the name.
        variables: How it is set.
        host: The address that it listens on.
        models: Whether its upstream has any.
        captures: So many requests run at once.
    """

    prefix: str
    names: str = ".*"
    variables: Mapping[str, str] = field(default_factory=dict)
    host: str = LOOPBACK
    models: bool = True
    captures: int = 1


SERVERS: Final = (
    Server("star-", variables={"OLLAMA_ORIGINS": "*"}),
    Server("origins-", variables={"OLLAMA_ORIGINS": "http://my.site,http://*.corp.example"}),
    # Ours wants to be told whom it lets in; the second network is nobody's (RFC 5737).
    Server("any-", variables={"PROXY_ALLOW": "127.0.0.0/8,192.0.2.0/24"}, host="0.0.0.0"),
    # New York's time in the winter, when the goldens were recorded.
    Server("tz-", variables={"TZ": "EST5", "OLLAMA_KEEP_ALIVE": "-1"}),
    Server("nocloud-"),  # ours has nothing of ollama.com anyway
    Server("", names="fresh-.*", models=False),
    # What is loaded, and by what; what changes models. The first two load the models that had been used before.
    Server(
        "",
        names="chat-image-vision|chat-think-tmpl|(chat-load|chat-unload|ps-|keepalive-|copy|delete|create|pull|push).*",
    ),
    Server("", captures=4),
)


def shares(goldens: Sequence[str]) -> list[tuple[Server, list[str]]]:
    """Each server with the names of its goldens, without the prefix and in their order."""
    left = list(goldens)
    found = []
    for server in SERVERS:
        pattern = re.compile(re.escape(server.prefix) + f"(?:{server.names})")
        mine = [name for name in left if pattern.fullmatch(name)]
        left = [name for name in left if name not in mine]
        found.append((server, [name.removeprefix(server.prefix) for name in mine]))
    return found


def golden_tags() -> dict[str, list[str]]:
    """The tags of all goldens by name, in the order in which they were recorded."""
    index = json.loads((GOLDENS / "index.json").read_text("utf-8"))
    return {golden["name"]: golden["tags"] for golden in index["exchanges"]}


def differences(goldens: Sequence[str], folder: Path) -> dict[str, list[str]]:
    """Ask ours and compare.

    Args:
        goldens: Names of those to ask for.
        folder: An empty one, for what is captured.

    Returns:
        By name how ours differs; a golden that there is no request for is not in it.
    """
    files = folder / "files"
    files.mkdir()
    for name in PLACEHOLDERS:
        (files / f"{name}.gguf").write_text(name)
    with scripted_upstream() as scripted, http_server(_NoModels) as empty, ThreadPoolExecutor(len(SERVERS)) as pool:
        tasks = [
            pool.submit(
                _capture, server, names, scripted if server.models else empty, folder / f"server-{place}", files
            )
            for place, (server, names) in enumerate(shares(goldens))
        ]
    for task in tasks:
        task.result()
    compare = _comparison()
    captured = {path.stem: path for path in folder.glob("server-*/*/*.json")}
    pairs = {
        name: (_exchange(GOLDENS / f"{name}.json"), _exchange(captured[name])) for name in goldens if name in captured
    }
    return {name: [*compare(*pair, False), *time_differences(*_bodies(pair))] for name, pair in pairs.items()}


def time_differences(golden: str, ours: str) -> list[str]:
    """How the times in two bodies differ: in their zone, and in whether they are so late that they mean forever.

    `compare.py` leaves times out, because they are never equal.
    """
    found = []
    for key in ("created_at", "modified_at", "expires_at"):
        kinds = []
        for body in (golden, ours):
            times = re.findall(rf'"{key}":"(\d+)-[^"]*?(Z|[+-]\d\d:\d\d)"', body)
            kinds.append(sorted({f"{'forever ' if int(year) > LONG_AFTER else ''}{zone}" for year, zone in times}))
        if all(kinds) and kinds[0] != kinds[1]:
            found.append(f"times {key}: {kinds[0]} != {kinds[1]}")
    return found


def _capture(server: Server, names: Sequence[str], upstream: int, folder: Path, files: Path) -> None:
    """Start one server and ask it for its goldens; the answers are files in folders of this folder.

    Raises:
        AssertionError: when the check itself failed.
    """
    folder.mkdir()
    port = free_port()
    variables = {
        "OPENAI_BASE_URL": f"http://{LOOPBACK}:{upstream}/v1",
        "OPENAI_API_KEY": KEY,
        "PROXY_PORT": str(port),
        "PROXY_MAX_RETRIES": "0",  # the scripted upstream fails each time alike
        "PROXY_MODELS": str(MODELS),
        "TZ": "UTC",
        **server.variables,
    }
    process = start(["--mode", f"regular@{server.host}:{port}"], folder, variables, port=port)
    try:
        process.wait_for("listening at")
        parts = [names[place :: server.captures] for place in range(server.captures)]
        with ThreadPoolExecutor(len(parts)) as pool:
            runs = pool.map(
                lambda place: _ask(server, parts[place], port, folder / str(place), files), range(len(parts))
            )
        for run in runs:
            assert run.returncode == 0, run.stderr[-2000:] + process.output[-2000:]
    finally:
        process.stop()


def _ask(
    server: Server, names: Sequence[str], port: int, folder: Path, files: Path
) -> subprocess.CompletedProcess[str]:
    """Let the check ask for these goldens one after the other."""
    only = f"^(?:{'|'.join(map(re.escape, names))})$"
    command = [sys.executable, str(CHECK / "capture.py"), f"{LOOPBACK}:{port}", str(folder), "--only", only]
    more = ["--prefix", server.prefix, "--models", str(files), "--registry", REGISTRY]
    return subprocess.run([*command, *more], capture_output=True, text=True, timeout=PATIENCE)


def _exchange(path: Path) -> Any:
    return json.loads(path.read_text("utf-8"))


def _bodies(exchanges: tuple[Any, Any]) -> tuple[str, str]:
    golden, ours = (exchange["response"]["body"] for exchange in exchanges)
    return golden, ours


def _comparison() -> Callable[[Any, Any, bool], list[str]]:
    """The function of `compare.py`. As a command it shows twelve differences of a golden and hides the others."""
    path = CHECK / "compare.py"
    source = path.read_text("utf-8").removesuffix("main()\n")  # it would run when it is imported
    namespace: dict[str, Any] = {}
    exec(compile(source, path, "exec"), namespace)
    compare: Callable[[Any, Any, bool], list[str]] = namespace["compare"]
    return compare


class _NoModels(BaseHTTPRequestHandler):
    """An OpenAI-style server whose list of models is empty."""

    def do_GET(self) -> None:
        body = b'{"object":"list","data":[]}'
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""
