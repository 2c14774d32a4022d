"""The listener on the Ollama port, which mitmproxy's untouched default mode does not have.

With it an unmodified Ollama client works with no other setting. A port that is taken is an error: a real Ollama that
silently answers in our place would be worse.
"""

import errno
import json
import os
import re
import socket
from collections.abc import Container, Sequence
from http.client import HTTPConnection, HTTPException
from typing import Final

from mitmproxy.proxy.mode_specs import ProxyMode

from addon.machine import LOOPBACK_OF, plain_host

DEFAULT_MODE: Final = ["regular"]

OWNER_SECONDS: Final = 1.0
"""How long the program that has the port may keep us waiting."""

OWNER_BYTES: Final = 512
"""More is not read from it: a version is short."""

ELSEWHERE: Final = "choose another port with --set ollama_port=PORT or PROXY_PORT (or in ollama_listen, if it has one)"

_ABSENT: Final = frozenset({errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT})
"""asyncio leaves out an address that fails so, as long as another is left: `localhost` without IPv6."""

_VERSION: Final = re.compile(r"[\w.+-]{1,40}", re.ASCII)


def extra_mode(
    modes: Sequence[str], server: bool, listen: tuple[str, int], addresses: Sequence[tuple[str, int]]
) -> str | None:
    """The mode that is added to mitmproxy's, or None when the user has arranged otherwise.

    Args:
        modes: mitmproxy's `mode` option.
        server: mitmproxy's `server` option.
        listen: Host and port of `ollama_listen`.
        addresses: Host and port of each listener that there is.
    """
    taken = any(port == listen[1] for _, port in addresses)
    return mode_spec(*listen) if server and list(modes) == DEFAULT_MODE and not taken else None


def mode_spec(host: str, port: int) -> str:
    """A mode of mitmproxy's that serves direct and proxied clients alike; IPv6 goes without brackets there."""
    return f"regular@{host.removeprefix('[').removesuffix(']')}:{port}"


def hidden_host(modes: Sequence[str], keep_host_header: bool, ports: Container[int]) -> str | None:
    """Why a reverse proxy on an Ollama port is refused: its requests' own Host headers are not to be seen.

    Args:
        modes: mitmproxy's `mode` option.
        keep_host_header: mitmproxy's option of that name.
        ports: The ports that count as Ollama's.
    """
    for mode in map(ProxyMode.parse, modes):
        if mode.type_name == "reverse" and mode.custom_listen_port in ports and not keep_host_header:
            return (
                f"--mode {mode.full_spec} hides the Host header, by which web pages are kept out: "
                f"use --mode regular@127.0.0.1:{mode.custom_listen_port}, or add --set keep_host_header=true"
            )
    return None


def probe(host: str, port: int) -> str | None:
    """Try whether we can listen there.

    Args:
        host: An IP address or `localhost`; empty for all addresses.
        port: From 1 to 65535.

    Returns:
        None when we can, else why not, in one sentence that says what to do.
    """
    host = host.removeprefix("[").removesuffix("]")
    error = _bind_error(host, port)
    if error is None:
        return None
    shown = f"[{host}]:{port}" if ":" in host else f"{host or '*'}:{port}"
    if error.errno == errno.EADDRINUSE:
        return f"Cannot listen on {shown}: {owner_of(host, port)} has that port. Stop it, or {ELSEWHERE}"
    reason = error.strerror or str(error)
    return f"Cannot listen on {shown}: {reason}; {ELSEWHERE}"


def owner_of(host: str, port: int) -> str:
    """What the program that listens there seems to be."""
    host = LOOPBACK_OF.get(plain_host(host), host)
    try:
        if _ask(host, port, "/health").get("status") == "healthy":
            return "another ollama-openai-proxy"
        version = _ask(host, port, "/api/version").get("version")
    except (OSError, HTTPException):  # it does not speak HTTP, or not to us, or not in time
        version = None
    real = isinstance(version, str) and _VERSION.fullmatch(version)
    return f"a real Ollama {version}" if real else "another program"


def _bind_error(host: str, port: int) -> OSError | None:
    """Bind as asyncio's server would, to all addresses of the host."""
    absent: OSError | None = None
    bound = False
    try:
        found = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except OSError as error:
        return error
    for family, kind, protocol, _, address in found:
        try:
            with socket.socket(family, kind, protocol) as sock:
                if os.name == "posix":  # connections of an earlier run that are still closing do not count
                    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                if family == socket.AF_INET6:
                    sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
                sock.bind(address)
                bound = True
        except OSError as error:
            if error.errno not in _ABSENT:
                return error
            absent = error
    return None if bound else absent


def _ask(host: str, port: int, path: str) -> dict[str, object]:
    """The JSON object that a program answers to GET; empty when it answers something else."""
    connection = HTTPConnection(host, port, timeout=OWNER_SECONDS)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        answer = json.loads(response.read(OWNER_BYTES)) if response.status == 200 else None
    except ValueError:
        answer = None
    finally:
        connection.close()
    return answer if isinstance(answer, dict) else {}
