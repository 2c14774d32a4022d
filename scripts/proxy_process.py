"""This project's proxy as a process of a script, on a port that nobody else has, until a block ends; and asking it.

Its settings are those of the environment and of the `.env` files, as for every other start, but for who may ask it and
where it listens, which are the script's.
"""

import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException, IncompleteRead
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, NamedTuple

from addon.environment import PROJECT_ROOT, Environment
from addon.option_table import API_KEY, BASE_URL, OPENAI_URL, RECORD_MODE, RECORDINGS
from addon.setting_values import base_url, shown

LOOPBACK: Final = "127.0.0.1"

START_SECONDS: Final = 60
"""The longest wait for the listener."""

END_SECONDS: Final = 30
"""The longest wait for the end, in which recordings are still written."""

LONGEST_SILENCE: Final = 3600.0
"""Seconds in which nothing comes of an answer; the proxy's own limits are shorter."""

LINES_TOLD: Final = 20
"""Of the output of a proxy that does not start."""

_LISTENING: Final = re.compile(rf"listening at {re.escape(LOOPBACK)}:(\d+)")

_OPTIONS: Final = (
    "flow_detail=0",
    "termlog_verbosity=info",
    f"ollama_listen={LOOPBACK}:11434",
    "ollama_allow=127.0.0.0/8",
    "ollama_log_level=info",
    "ollama_log_format=text",
)
"""What may not be the user's. `ollama_listen` is checked, though nothing listens there where a mode is given."""


class ProxyFailedError(Exception):
    """The proxy did not start; the message says why, or holds the end of its output."""


@dataclass(eq=False, slots=True)
class ProxyProcess:
    """A proxy that runs.

    Attributes:
        popen: The process.
        port: On 127.0.0.1; 0 before it listens.
        lines: Its output so far; it grows while the proxy runs.
        ended: Whether there will be no more output.
    """

    popen: subprocess.Popen[str]
    port: int = 0
    lines: list[str] = field(default_factory=list)
    ended: bool = False
    _changed: threading.Condition = field(default_factory=threading.Condition)

    @property
    def url(self) -> str:
        """Where it answers, without a path."""
        return f"http://{LOOPBACK}:{self.port}"

    def read(self) -> None:
        """Collect the output until it ends."""
        assert self.popen.stdout is not None
        with self.popen.stdout:
            for line in self.popen.stdout:
                with self._changed:
                    self.lines.append(line.rstrip("\n"))
                    if found := _LISTENING.search(line):
                        self.port = int(found[1])
                    self._changed.notify_all()
        with self._changed:
            self.ended = True
            self._changed.notify_all()

    def wait_until_serving(self) -> None:
        """Wait for the port, and for an answer: mitmdump listens for a moment also where its start has failed.

        Raises:
            ProxyFailedError: The process ends, or does not listen in time.
        """
        with self._changed:
            self._changed.wait_for(lambda: self.port or self.ended, START_SECONDS)
        with suppress(OSError, HTTPException):
            if ask_proxy(self.port, "GET", "/api/version", silence=START_SECONDS).status == 200:
                return
        with self._changed:
            self._changed.wait_for(lambda: self.ended, END_SECONDS)
        raise self._failure()

    def wait_for(self, pattern: re.Pattern[str]) -> re.Match[str]:
        """Wait until it says something.

        Returns:
            The first match in a line of its output.

        Raises:
            ProxyFailedError: It ends without, or does not say it in time.
        """

        def found() -> re.Match[str] | None:
            return next(filter(None, map(pattern.search, self.lines)), None)

        with self._changed:
            self._changed.wait_for(lambda: found() or self.ended, START_SECONDS)
            if match := found():
                return match
        raise self._failure()

    def _failure(self) -> ProxyFailedError:
        said = "\n".join(self.lines[-LINES_TOLD:]) or "nothing"
        return ProxyFailedError(f"the proxy did not start; it said:\n{said}")


class Answer(NamedTuple):
    """What came of a request.

    Attributes:
        status: Of the answer.
        body: As far as it came.
        broken: What broke it off; empty when it is whole.
    """

    status: int
    body: bytes
    broken: str = ""


def ask_proxy(
    port: int,
    method: str,
    path: str,
    body: bytes = b"",
    headers: Mapping[str, str | bytes] | None = None,
    *,
    silence: float = LONGEST_SILENCE,
) -> Answer:
    """Make a request of a proxy on this machine, and read the whole answer.

    Args:
        port: On 127.0.0.1.
        method: In capitals.
        path: With its query.
        body: Empty where there is none.
        headers: Beside Host, Accept-Encoding and Content-Length.
        silence: The longest wait for the connection and for each piece of the answer, in seconds.

    Raises:
        OSError: It cannot be reached, or falls silent.
        HTTPException: What it answers is no HTTP.
    """
    connection = HTTPConnection(LOOPBACK, port, timeout=silence)
    try:
        connection.request(method, path, body or None, headers or {})
        response = connection.getresponse()
        try:
            return Answer(response.status, response.read())
        except IncompleteRead as error:
            return Answer(response.status, error.partial, repr(error))
    finally:
        connection.close()


def upstream_url(given: str, environment: Environment) -> str:
    """Whom a proxy with this environment asks: the base URL that is given, else that of the environment, else OpenAI's.

    Raises:
        ValueError: There is none, or it is malformed; the message says what to do.
    """
    url = given or str(environment.defaults[BASE_URL.name])
    if not url and environment.api_key.get_secret_value():
        url = OPENAI_URL
    if not url:
        hints = "".join(f" ({hint})" for hint in environment.near_misses)
        raise ValueError(f"there is nobody to ask{hints}: set {API_KEY.name}, or give --base-url")
    try:
        return base_url(url)
    except ValueError as error:
        raise ValueError(f"the base URL is {shown(url)}: {error}") from None


def proxy_arguments(base_url: str, mode: str, recordings: Path | None = None) -> list[str]:
    """How the proxy is started.

    Args:
        base_url: Of the provider.
        mode: `off` or `all`.
        recordings: The folder for the mode `all`.
    """
    options = [f"{BASE_URL.name}={base_url}", f"{RECORD_MODE.name}={mode}"]
    if recordings:
        options.append(f"{RECORDINGS.name}={recordings}")
    return [part for option in options for part in ("--set", option)]


@contextmanager
def running_proxy(
    arguments: Sequence[str], variables: Mapping[str, str] | None = None, program: str = "mitmdump"
) -> Iterator[ProxyProcess]:
    """Start a proxy, wait until it listens, and end it after the block, when all that it records is written.

    Ctrl+C in a terminal does not reach it: the block decides what is still to be asked.

    Args:
        arguments: Of the program, besides the script: `("--set", "ollama_record_mode=all")`.
        variables: Instead of those of the environment, or besides them.
        program: `mitmdump` or `mitmweb`.

    Raises:
        ProxyFailedError: It ends, or does not listen in time.
    """
    # Its own folder, for the user's config.yaml and certificates of mitmproxy are for the user's own proxies.
    with TemporaryDirectory(prefix="ollama-openai-proxy-") as folder:
        process = _started(program, [*arguments, "--set", f"confdir={folder}"], variables or {})
        reader = threading.Thread(target=process.read, daemon=True)
        reader.start()
        try:
            process.wait_until_serving()
            yield process
        finally:
            process.popen.terminate()
            try:
                process.popen.wait(END_SECONDS)
            except subprocess.TimeoutExpired:
                process.popen.kill()
                process.popen.wait()
            reader.join()


def _started(program: str, arguments: Sequence[str], variables: Mapping[str, str]) -> ProxyProcess:
    script = PROJECT_ROOT / "addon" / "proxy.py"
    command: list[str | Path] = [Path(sys.executable).with_name(program), "-s", script]
    mode = ["--mode", f"regular@{LOOPBACK}:0"]
    options = [part for option in _OPTIONS for part in ("--set", option)]
    return ProxyProcess(
        subprocess.Popen(
            [*command, *mode, *options, *arguments],
            env={**os.environ, "PYTHONUNBUFFERED": "1", **variables},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
            start_new_session=True,
        )
    )
