"""A real mitmdump process with the addon, as a user starts it."""

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LOOPBACK = "127.0.0.1"
KEY = "sk-test-5f3c1a9e7b2d4c6f8a0e"
"""The key that the tests use; it must be seen nowhere but at the upstream."""

NOWHERE = {"OPENAI_API_KEY": "", "OPENAI_BASE_URL": "", "OPENAI_API_BASE_URL": ""}
"""No upstream, whatever a developer's own `.env` says."""


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


class Process:
    """A mitmdump that runs; its output is collected while it does."""

    def __init__(self, popen: subprocess.Popen[str], port: int) -> None:
        self.popen = popen
        self.port = port
        self.lines: list[str] = []
        self.changed = threading.Condition()
        self.ended = False
        self.reader = threading.Thread(target=self._read)
        self.reader.start()

    @property
    def url(self) -> str:
        return f"http://{LOOPBACK}:{self.port}"

    @property
    def output(self) -> str:
        return "\n".join(self.lines)

    def wait_for(self, text: str) -> str:
        """The first line of output with this text; fails when the process ends without it."""
        with self.changed:
            ended = self.changed.wait_for(lambda: any(text in line for line in self.lines) or self.ended, timeout=60)
            found = next((line for line in self.lines if text in line), None)
        assert ended, f"no {text!r} within a minute in:\n{self.output}"
        assert found is not None, f"mitmdump ended without {text!r}:\n{self.output}"
        return found

    def stop(self) -> int:
        """End the process as Ctrl+C does; its exit code."""
        if self.popen.poll() is None:
            self.popen.send_signal(signal.SIGINT)
        code = self.popen.wait(60)
        self.reader.join(60)
        return code

    def _read(self) -> None:
        assert self.popen.stdout is not None
        for line in self.popen.stdout:
            with self.changed:
                self.lines.append(line.rstrip("\n"))
                self.changed.notify_all()
        with self.changed:
            self.ended = True
            self.changed.notify_all()
        self.popen.stdout.close()


def environment(home: Path, variables: Mapping[str, str]) -> dict[str, str]:
    """An environment with nothing in it that could change what the addon does, and these variables."""
    kept = ("PATH", "SYSTEMROOT", "COVERAGE_PROCESS_START", "COVERAGE_PROCESS_CONFIG", "COVERAGE_FILE")
    inherited = {name: os.environ[name] for name in kept if name in os.environ}
    return {**inherited, "HOME": str(home), "PYTHONUNBUFFERED": "1", "TZ": "UTC", **variables}


def unmeasured(home: Path, variables: Mapping[str, str]) -> dict[str, str]:
    """The same without coverage, which makes a start half as long again: for programs that start proxies themselves."""
    given = environment(home, variables)
    return {name: value for name, value in given.items() if not name.startswith("COVERAGE_")}


def start(
    arguments: list[str],
    home: Path,
    variables: Mapping[str, str],
    *,
    port: int = 0,
    root: Path = ROOT,
    program: str = "mitmdump",
) -> Process:
    """Start mitmdump, or mitmweb, with these arguments and variables; it may end at once."""
    command = [str(Path(sys.executable).with_name(program)), "-s", str(root / "addon" / "proxy.py"), *arguments]
    popen = subprocess.Popen(
        command,
        cwd=home,
        env=environment(home, variables),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        encoding="utf-8",
    )
    return Process(popen, port)


@contextmanager
def serving(
    upstream: str, home: Path, *arguments: str, program: str = "mitmdump", **variables: str
) -> Iterator[Process]:
    """An Ollama on a port of its own that asks this upstream, until the block ends."""
    port = free_port()
    settings = {"OPENAI_BASE_URL": upstream, "OPENAI_API_KEY": KEY, "PROXY_PORT": str(port), **variables}
    process = start(["--mode", f"regular@{LOOPBACK}:{port}", *arguments], home, settings, port=port, program=program)
    try:
        process.wait_for("listening at")
        yield process
    finally:
        process.stop()
