"""A proxy that runs: its start on a port of its own, its log, and its end.

Whether it has started is read in its log, which is JSON, and not asked: tests may forbid connections, and record what
HTTP clients do.
"""

import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

from .installation import mitmdump_command, proxy_environment, script

LOOPBACK: Final = "127.0.0.1"

START_SECONDS: Final = 120
"""A start takes one or two; the first one through uv installs the proxy's environment."""

STOP_SECONDS: Final = 20

TRIES: Final = 5
"""Starts, each on another port, when another program takes the one that was free a moment ago."""

GUARD: Final = f"""
import os, subprocess, sys, threading

proxy = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL)

def end():
    os.read(0, 1)
    proxy.terminate()
    try:
        proxy.wait({STOP_SECONDS})
    except subprocess.TimeoutExpired:
        proxy.kill()

threading.Thread(target=end, daemon=True).start()
sys.exit(proxy.wait())
"""
"""The program that runs the proxy, and ends it when its input says so or closes: so also when pytest is killed."""


class OllamaReplay:
    """A proxy that runs.

    Attributes:
        url: Where it answers, such as `http://127.0.0.1:41234`; `str()` gives the same.
        port: Its port.
        folder: Of its recordings.
        stopped: Whether `stop` has ended it.
    """

    def __init__(self, proxy_folder: Path, options: Mapping[str, str], folder: Path, port: int) -> None:
        """Start it; `wait` tells when it answers.

        Args:
            proxy_folder: Where the proxy is.
            options: Of the proxy, by their names without `ollama_`; `record_mode` is one.
            folder: Of its recordings.
            port: To listen on.

        Raises:
            ValueError: The proxy has no environment to run in.
        """
        self.url = f"http://{LOOPBACK}:{port}"
        self.port = port
        self.folder = folder
        self.stopped = False
        self._lines: list[str] = []
        self._read = 0
        self._levels: set[str] = set()
        self._listens = self._complete = False
        self._changed = threading.Condition()
        settings = {**options, "port": str(port), "recordings": str(folder.absolute()), "log_format": "json"}
        command = [*mitmdump_command(proxy_folder), "-s", str(script(proxy_folder))]
        command += ["--mode", f"regular@{LOOPBACK}:{port}", "--set", "termlog_verbosity=alert"]
        command += [part for name, value in settings.items() for part in ("--set", f"ollama_{name}={value}")]
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", GUARD, *command],
            cwd=proxy_folder,  # and not where a .env of the tests' project may lie
            env=proxy_environment(os.environ, options["record_mode"]),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
            start_new_session=True,  # Ctrl-C is for pytest, which ends the proxy after the test
        )
        self._reader = threading.Thread(target=self._collect, name="ollama-openai-proxy log", daemon=True)
        self._reader.start()

    def __str__(self) -> str:
        return self.url

    @property
    def log(self) -> str:
        """What it has written so far."""
        return "\n".join(self._lines)

    @property
    def runs(self) -> bool:
        """Whether it has not ended yet."""
        return self._process.poll() is None

    def wait(self) -> bool:
        """Wait until it answers; False when it does not start, and has ended by now or not told of it in time."""
        with self._changed:
            # What is wrong it says first of all, and ends; what it records or replays it says when all is well.
            self._changed.wait_for(lambda: self._complete or self._levels & {"ALERT", "ERROR"}, START_SECONDS)
            if "ERROR" in self._levels:
                self._changed.wait_for(lambda: self._complete, STOP_SECONDS)
                return False
            return "ALERT" in self._levels and self._listens and not self._complete

    def stop(self) -> int:
        """End it, and wait until it has written what it records; its exit code. A test may do so, to be without it."""
        self.stopped = self.stopped or self.runs
        assert self._process.stdin is not None
        if not self._process.stdin.closed:
            with suppress(OSError), self._process.stdin as guard:  # it may have ended by itself
                guard.write("\n")
        code = self._process.wait(2 * STOP_SECONDS)
        self._reader.join(STOP_SECONDS)
        return code

    def unread(self) -> str:
        """What it has written since this was asked last."""
        lines = self._lines[self._read :]
        self._read += len(lines)
        return "\n".join(lines)

    def _collect(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as output:
            for line in output:
                level, text = log_line(line.rstrip("\n"))
                with self._changed:
                    self._lines.append(text)
                    self._levels.add(level)
                    self._listens |= f"listening at {LOOPBACK}:{self.port}" in text
                    self._changed.notify_all()
        with self._changed:
            self._complete = True
            self._changed.notify_all()


def log_line(line: str) -> tuple[str, str]:
    """The level of a line of the proxy's log, and a text for people; a line that is no record has no level."""
    try:
        record = json.loads(line)
        level, parts = record["level"], [record["timestamp"][11:23], record["level"], record["message"]]
    except (ValueError, TypeError, KeyError):
        return "", line
    return level, " ".join(parts) + (f"\n{record['exception']}" if "exception" in record else "")


def start(proxy_folder: Path, options: Mapping[str, str], folder: Path, port: int | None) -> OllamaReplay:
    """Start a proxy, and wait until it answers.

    Args:
        proxy_folder: Where the proxy is.
        options: As of `OllamaReplay`.
        folder: Of its recordings.
        port: To listen on; None for a free one.

    Raises:
        ValueError: It does not start; the message holds what it wrote.
    """
    for _ in range(TRIES):
        chosen = port or _free_port()
        proxy = OllamaReplay(proxy_folder, options, folder, chosen)
        if proxy.wait():
            return proxy
        code = proxy.stop()
        if port or not _is_taken(chosen):
            break
    raise ValueError(f"ollama-openai-proxy did not start (exit code {code}):\n{proxy.log}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def _is_taken(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((LOOPBACK, port)) == 0
