"""What a user should be told at the start, although nothing is wrong: sentences, from plain values."""

import difflib
import shlex
from collections.abc import Iterable, Mapping, Sequence
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

from addon.listen import DEFAULT_PORTS
from addon.machine import LOOPBACK_OF
from addon.option_table import ALLOW, API_KEY, LISTEN, OPTION_NAMES, RECORD_MODE, RECORDINGS, UPSTREAM_PROXY
from addon.recordings.recording import Recording, Request
from addon.settings import Settings

PROXY_VARIABLES: Final = ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY")

MOST_EXAMPLES: Final = 5
LONGEST_COMMAND: Final = 200
"""Characters of an example; a longer one is not readable in a terminal."""

OLLAMA_PORTS: Final = {"": 11434, **DEFAULT_PORTS}
"""The port of an OLLAMA_HOST that names none, by its scheme."""


def misspelt(deferred_names: Iterable[str]) -> list[str]:
    """Say which options that nobody knows look like ours.

    Args:
        deferred_names: Names that mitmproxy keeps in `options.deferred`, in case a script declares them yet.
    """
    sentences = []
    for name in deferred_names:
        if name.startswith("ollama"):
            near = difflib.get_close_matches(name.replace("-", "_"), sorted(OPTION_NAMES), n=1)
            hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(sorted(OPTION_NAMES))}"
            if "key" in name or "token" in name:
                hint = f"keys are never options, set {API_KEY.name} in the environment or in .env"
            sentences.append(f"there is no option {name!r}: {hint}")
    return sentences


def notices(environ: Mapping[str, str], settings: Settings) -> list[str]:
    """Say what in the environment has no effect or points elsewhere, and what is open to many.

    Args:
        environ: The real environment.
        settings: The checked settings.
    """
    sentences = []
    proxies = [name for variable in PROXY_VARIABLES for name in (variable, variable.lower()) if environ.get(name)]
    if proxies and not settings.upstream_proxy:
        sentences.append(
            f"{' and '.join(proxies)} set, but not used for calls to the upstream: set {UPSTREAM_PROXY} if they need it"
        )
    host, port = settings.listen
    clients = environ.get("OLLAMA_HOST", "")
    if clients.strip("\"' \t") and not points_here(clients, settings.listen):
        sentences.append(
            f"OLLAMA_HOST, which tells Ollama's clients where to connect, points to {_address(clients)!r}, but this "
            f"proxy listens on host {host!r}, port {port}, unless a mode is given: change either ({LISTEN})"
        )
    if host in ("0.0.0.0", "::"):
        allowed = ", ".join(map(str, settings.allow))
        sentences.append(
            f"{LISTEN.name} is {host!r}, all addresses of this machine: clients in {allowed} ({ALLOW.name}) are "
            f"answered with your {API_KEY.name}"
        )
    return sentences


def source_notices(
    settings: Settings, address: tuple[str, int], recordings: Sequence[Recording] | None, *, records: bool
) -> list[str]:
    """Say what is recorded, where, and what is in it; what is replayed, why, and what can be tried.

    Args:
        settings: All of them.
        address: Where the proxy listens.
        recordings: All that can be replayed; None where nothing is.
        records: Whether exchanges are recorded.
    """
    mode, folder = f"{RECORD_MODE} is {settings.record_mode!r}", settings.recordings
    kept = "keys are taken out, prompts and answers are not"
    if recordings is None:
        return [f"every exchange is kept in {folder} ({mode}): {kept}"] if records else []
    if records:
        return [
            f"what is recorded in {folder} is replayed ({len(recordings)} by now), and every other exchange is live "
            f"and kept there ({mode}): {kept}"
        ]
    return _replay_notices(settings, recordings, settings.offline_reason or mode, address)


def _replay_notices(
    settings: Settings, recordings: Sequence[Recording], why: str, address: tuple[str, int]
) -> list[str]:
    sentences = [f"recordings are replayed, and nothing is asked elsewhere: {why}"]
    if not recordings:
        folder = settings.recordings
        return [*sentences, f"there are no recordings in {folder}, so nothing can be answered: see {RECORDINGS}"]
    host, port = address
    host = LOOPBACK_OF.get(host, host)
    url = f"http://{f'[{host}]' if ':' in host else host}:{port}"
    examples: dict[str, str] = {}
    clients = [recording.client for recording in recordings]
    answered = [client.request for client in clients if client.response and client.response.status == 200]
    for request in sorted(answered, key=lambda each: (each.path != "/api/chat", not each.body, len(each.body))):
        examples.setdefault(request.path, curl_command(url, request))
    short = [command for command in examples.values() if len(command) <= LONGEST_COMMAND][:MOST_EXAMPLES]
    such_as = ", such as" if short else ""
    there = "there is 1 recording" if len(recordings) == 1 else f"there are {len(recordings)} recordings"
    return [*sentences, f"{there} in {settings.recordings}{such_as}", *short]


def curl_command(url: str, request: Request) -> str:
    """A command for a shell that sends a recorded request.

    Args:
        url: Of this proxy, without a slash at its end.
        request: The client's side of a recording.
    """
    data = f" -d {shlex.quote(request.body.decode('utf-8', 'replace'))}" if request.body else ""
    return f"curl -sN {shlex.quote(url + request.path)}{data}"


def points_here(ollama_host: str, listen: tuple[str, int]) -> bool:
    """Whether a client that reads this OLLAMA_HOST connects to this listener."""
    scheme, host, port = parse_ollama_host(ollama_host)
    listen_host, listen_port = listen
    if scheme == "https" or port != listen_port:
        return False
    if listen_host in ("0.0.0.0", "::"):
        return True  # the host may be any name of this machine
    host = LOOPBACK_OF.get(host, host)
    if "localhost" in (host, listen_host):
        return {host, listen_host} <= {"localhost", "127.0.0.1", "::1"}
    return host == listen_host


def parse_ollama_host(value: str) -> tuple[str, str, int]:
    """Scheme, host and port of an OLLAMA_HOST, read as Ollama reads it (`envconfig.Host`): every part is optional."""
    text = value.strip("\"' \t")
    scheme, separator, rest = text.partition("://")
    if not separator:
        scheme, rest = "", text
    if not scheme and rest == "ollama.com":
        scheme = "https"
    default = OLLAMA_PORTS.get(scheme, OLLAMA_PORTS[""])
    authority = rest.partition("/")[0].rpartition("@")[2]
    try:
        return scheme or "http", str(ip_address(authority.strip("[]"))), default
    except ValueError:
        pass
    try:
        parts = urlsplit(f"//{authority}")
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port = authority.rpartition(":")[0].strip("[]").lower(), None
    return scheme or "http", host or "127.0.0.1", default if port is None else port


def _address(ollama_host: str) -> str:
    scheme, host, port = parse_ollama_host(ollama_host)
    return f"{scheme}://{f'[{host}]' if ':' in host else host}:{port}"
