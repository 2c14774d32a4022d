"""The proxies that are measured: mitmdump processes, each with an empty environment and a home of its own."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPException
from pathlib import Path
from typing import Final

from scripts.benchmark import BenchError
from scripts.proxy_process import LOOPBACK, ask_proxy

ROOT: Final = Path(__file__).resolve().parents[2]
START_SECONDS: Final = 60
"""The longest wait for a proxy's first answer."""

RECORDINGS: Final = "recordings"
"""The folder in the home of the proxy that records."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of proxy.

    Attributes:
        ours: Whether it runs this project's addon; otherwise mitmproxy's own pass-through.
        program: Of mitmproxy.
        arguments: Of that program.
        settings: Of this project, as environment variables.
    """

    ours: bool
    program: str = "mitmdump"
    arguments: tuple[str, ...] = ()
    settings: Mapping[str, str] = field(default_factory=dict)


_SAVED: Final = ("-w", "flows")
_BODIES_TOO: Final = ("--set", "store_streamed_bodies=true")  # without this mitmproxy saves only the heads
_LISTED: Final = ("--no-web-open-browser", "--web-host", LOOPBACK, "--web-port", "0")
_CLIENTS_ONLY: Final = {"PROXY_COMPANIONS": "false"}

KINDS: Final = {
    "bare": Kind(ours=False),
    "bare, saved": Kind(ours=False, arguments=_SAVED + _BODIES_TOO),
    "ours": Kind(ours=True),
    "recording": Kind(ours=True, settings={"PROXY_RECORD_MODE": "all", "PROXY_RECORDINGS": RECORDINGS}),
    "saved": Kind(ours=True, arguments=_SAVED),
    "saved, no companions": Kind(ours=True, arguments=_SAVED, settings=_CLIENTS_ONLY),
    "listed": Kind(ours=True, program="mitmweb", arguments=_LISTED),
    "listed, no companions": Kind(ours=True, program="mitmweb", arguments=_LISTED, settings=_CLIENTS_ONLY),
}
"""`saved` writes flows into a file, `listed` keeps them for mitmweb's page, which nobody has opened."""


@dataclass(frozen=True, slots=True)
class Proxy:
    """A proxy that answers.

    Attributes:
        pid: Its process.
        port: On 127.0.0.1.
        start_seconds: From the start of the process to the end of its first answer.
    """

    pid: int
    port: int
    start_seconds: float

    def rss_kib(self) -> int | None:
        """Resident memory; None where the system does not tell."""
        try:
            status = Path(f"/proc/{self.pid}/status").read_text()
        except OSError:
            return None
        return int(status.partition("VmRSS:")[2].split()[0])

    def cpu_us(self) -> float | None:
        """CPU time that its threads have had, in microseconds; None where the system does not tell."""
        try:
            threads = [path.read_text() for path in Path(f"/proc/{self.pid}/task").glob("*/schedstat")]
        except OSError:
            return None
        return sum(int(thread.split()[0]) for thread in threads) / 1000 if threads else None


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def command_line(kind: str, upstream_port: int, port: int) -> tuple[list[str], dict[str, str]]:
    """How a proxy is started.

    Args:
        kind: Of `KINDS`.
        upstream_port: Of the server behind it, on 127.0.0.1.
        port: On which it is to listen.

    Returns:
        The command and its environment but for PATH and HOME.
    """
    upstream = f"http://{LOOPBACK}:{upstream_port}"
    made = KINDS[kind]
    program = [str(Path(sys.executable).with_name(made.program)), "-q", *made.arguments, "-s"]
    if not made.ours:
        script = str(Path(__file__).with_name("pass_through.py"))
        return [*program, script, "--mode", f"reverse:{upstream}@{LOOPBACK}:{port}"], {}
    settings = {"OPENAI_BASE_URL": f"{upstream}/v1", "OPENAI_API_KEY": "bench", "PROXY_PORT": str(port)}
    script = str(ROOT / "addon" / "proxy.py")
    return [*program, script, "--mode", f"regular@{LOOPBACK}:{port}"], {**settings, **made.settings}


@contextmanager
def proxy(kind: str, upstream_port: int, home: Path) -> Iterator[Proxy]:
    """Start a proxy, wait for its first answer, and end it after the block.

    Args:
        kind: Of `KINDS`.
        upstream_port: Of the server behind it.
        home: An empty folder, or one that served this kind before; mitmproxy's certificates are made there.

    Raises:
        BenchError: It ends, or does not answer in time.
    """
    port = free_port()
    command, settings = command_line(kind, upstream_port, port)
    environment = {"PATH": os.environ["PATH"], "HOME": str(home), **settings}
    home.mkdir(exist_ok=True)
    with (home / "output.txt").open("w+") as output:
        begin = time.monotonic()
        process = subprocess.Popen(
            command, cwd=home, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT
        )
        try:
            while refusal := _refusal(port, "/api/chat" if KINDS[kind].ours else "/v1/chat/completions"):
                if process.poll() is not None or time.monotonic() - begin > START_SECONDS:
                    output.seek(0)
                    said = output.read()[-2000:].strip() or "nothing"
                    raise BenchError(f"{kind} gives no answer ({refusal}; exit code {process.poll()}); it said: {said}")
                time.sleep(0.005)
            yield Proxy(process.pid, port, time.monotonic() - begin)
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _refusal(port: int, path: str) -> str:
    """Why a whole chat is not answered; empty when it is."""
    request = {"model": "bench-20-0", "messages": [{"role": "user", "content": "Hello"}], "stream": False}
    headers = {"Content-Type": "application/json"}
    try:
        answer = ask_proxy(port, "POST", path, json.dumps(request).encode(), headers, silence=START_SECONDS)
    except (OSError, HTTPException) as error:
        return repr(error)
    return answer.broken or ("" if answer.status == 200 else f"{answer.status} {answer.body[:200]!r}")
