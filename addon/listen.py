"""Which requests are ours: by the listener that they came in on, and by where they go.

What comes in on a listener with the Ollama port is always ours. On any other listener only a request to the Ollama
port of this machine (or of a host in `ollama_hosts`) is, and one that is addressed to that listener itself. Everything
else passes untouched: nobody's prompts for another Ollama go to the upstream by surprise.
"""

import re
import secrets
import socket
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Literal
from urllib.parse import urlsplit

from mitmproxy import connection, http

from addon.machine import (
    Address,
    address_of,
    is_loopback,
    is_own_address,
    is_this_machine,
    plain_host,
    reaches_loopback,
)

LOOP_HEADER: Final = "x-ollama-openai-proxy"
"""Names the processes of this kind that a request has come through, the last one last."""

OWN_PORT_MODES: Final = frozenset({"regular", "upstream", "reverse", "socks5"})
"""Modes whose clients connect to the listener; in the others they believe they are talking to someone else."""

ALL_HOSTS: Final = "*"

DEFAULT_PORTS: Final = {"http": 80, "https": 443}

_TOKEN: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")

type Verdict = Literal["ours", "pass", "foreign", "loop"]
"""What becomes of a request.

`ours` is answered here; `pass` travels on untouched; `foreign` does too, but it is for an Ollama elsewhere, and the
user is told of the first (`foreign_sentence`); `loop` has been here before, and gets 508.
"""


@dataclass(frozen=True, slots=True)
class Listener:
    """Where a request came in.

    Attributes:
        host: The address that the listener is bound to; empty for all addresses.
        port: Its own port, or None where clients do not address it (transparent modes).
    """

    host: str
    port: int | None

    @property
    def on_loopback(self) -> bool:
        """Whether only this machine can connect to it: then a real Ollama looks at the Host header."""
        return is_loopback(self.host)


@dataclass(frozen=True, slots=True)
class Destination:
    """Where a request goes.

    Attributes:
        host: The name or address that mitmproxy would connect to.
        name: The host that the Host header names. It is the client's word only, so it is trusted for what the user has
            listed, but not for "localhost": programs send that to Ollama servers elsewhere, to pass their Host check.
        port: The port that mitmproxy would connect to.
        path: Path and query.
    """

    host: str
    name: str
    port: int
    path: str


@dataclass(frozen=True, slots=True)
class Rules:
    """What decides.

    Attributes:
        ports: The ports that count as Ollama's (`ollama_ports`).
        hosts: The hosts that the user wants answered here (`ollama_hosts`), in lower case; `*` is every host.
        token: This process's own mark in `LOOP_HEADER` (`new_token`).
    """

    ports: frozenset[int]
    hosts: frozenset[str]
    token: str


def ollama_ports(settings_port: int, listen: tuple[str, int]) -> frozenset[int]:
    """The ports that count as Ollama's: `ollama_port`, and that of `ollama_listen`."""
    return frozenset({settings_port, listen[1]})


def new_token() -> str:
    """A mark for `LOOP_HEADER` that no other process has."""
    return secrets.token_hex(8)


def hops(header: str) -> tuple[str, ...]:
    """The processes that `LOOP_HEADER` names; what cannot be a token of ours is left out."""
    return tuple(token for part in header.split(",") if _TOKEN.fullmatch(token := part.strip()))


def next_hops(incoming: str, own: str) -> str:
    """The `LOOP_HEADER` of an upstream call that is made for a request which came with `incoming`."""
    return ", ".join((*hops(incoming), own))


def verdict(
    listener: Listener,
    destination: Destination,
    came_through: Sequence[str],
    rules: Rules,
    is_here: Callable[[str], bool],
) -> Verdict:
    """Decide what becomes of a request.

    Args:
        listener: Where it came in.
        destination: Where it goes.
        came_through: The tokens of its `LOOP_HEADER`.
        rules: What the user has set.
        is_here: Whether a host is this machine; asked only for requests to the Ollama port.
    """
    addressed = _by_address(listener, destination, rules, is_here)
    if rules.token not in came_through:
        return addressed
    if addressed != "ours":
        return "pass"  # made by us, or passing by on its way from someone whom we asked: not the user's to decide
    # Our own upstream call, caught by another listener of ours: let it reach whom it is meant for.
    own_call = came_through[-1] == rules.token and listener.port not in rules.ports
    return "pass" if own_call else "loop"


def _by_address(
    listener: Listener, destination: Destination, rules: Rules, is_here: Callable[[str], bool]
) -> Literal["ours", "pass", "foreign"]:
    if listener.port in rules.ports:
        return "ours"
    if destination.port == listener.port and reaches_loopback(destination.host):
        return "ours"
    if destination.port not in rules.ports:
        return "pass"
    wanted = {ALL_HOSTS, plain_host(destination.host), plain_host(destination.name)} & rules.hosts
    if wanted or is_here(destination.host):
        return "ours"
    return "foreign" if _is_ollama_path(destination.path) else "pass"


def _is_ollama_path(path: str) -> bool:
    path = path.partition("?")[0]
    return path == "/" or path.startswith(("/api/", "/v1/"))


def verdict_of(flow: http.HTTPFlow, listen_host: str, rules: Rules) -> Verdict:
    """`verdict` for a flow of mitmproxy's, on this machine.

    Args:
        flow: With its request's headers.
        listen_host: mitmproxy's option of that name.
        rules: What the user has set.
    """
    came_through = hops(flow.request.headers.get(LOOP_HEADER, ""))
    return verdict(listener_of(flow, listen_host), destination_of(flow), came_through, rules, is_this_machine)


def listener_of(flow: http.HTTPFlow, listen_host: str) -> Listener:
    """Where a flow came in.

    The port is the socket's and not the mode's, which may be 0 for any free one, and not the request's, which a reverse
    proxy has rewritten.

    Args:
        flow: Any.
        listen_host: mitmproxy's option of that name, which holds for modes without a host of their own.
    """
    return Listener(flow.client_conn.proxy_mode.listen_host(listen_host), own_port(flow.client_conn))


def own_port(client: connection.Client) -> int | None:
    """The port of the listener that a client has come to; None where it did not address that."""
    return int(client.sockname[1]) if client.proxy_mode.type_name in OWN_PORT_MODES else None


def destination_of(flow: http.HTTPFlow) -> Destination:
    """Where a flow goes."""
    request = flow.request
    return Destination(request.host, request.pretty_host, request.port, request.path)


def foreign_sentence(destination: Destination) -> str:
    """What the user is told when the first request to a foreign Ollama is left alone."""
    host = destination.name
    return (
        f"A request to the Ollama server at {f'{host}:{destination.port}'!r} passes untouched: it is not for this "
        f"machine. To have such requests answered here, add the host: --set ollama_hosts={host} "
        f"(or PROXY_HOSTS; {ALL_HOSTS!r} is all hosts)"
    )


def wildcard_sentence(addresses: Iterable[tuple[str, int]]) -> str | None:
    """What the user is told when mitmproxy listens on all addresses; None when it does not.

    Args:
        addresses: Host and port of each listener.
    """
    ports = sorted({port for host, port in addresses if (address := address_of(host)) and address.is_unspecified})
    if not ports:
        return None
    return (
        f"mitmproxy listens on all network interfaces (port {', '.join(map(str, ports))}): other machines can use it "
        f"as a proxy; Ollama requests are answered only for the networks in ollama_allow. To keep it to this machine: "
        f"--listen-host 127.0.0.1, or that host in each --mode"
    )


def own_address(base_url: str, addresses: Sequence[tuple[str, int]]) -> str | None:
    """Why the upstream's base URL cannot be used: it leads back to this proxy; None when it does not.

    Args:
        base_url: Of the upstream, without credentials.
        addresses: Host and port of each listener.
    """
    if not is_self(base_url, addresses):
        return None
    return (
        f"ollama_base_url (OPENAI_BASE_URL) is {base_url!r}, and that is this proxy itself: "
        f"give the address of the OpenAI-style server that is to answer"
    )


def is_self(base_url: str, addresses: Sequence[tuple[str, int]]) -> bool:
    """Whether a base URL resolves to one of these listeners. A host that does not resolve is nobody.

    Args:
        base_url: An http or https URL, or an empty string.
        addresses: Host and port of each listener.
    """
    url = urlsplit(base_url)
    port = url.port or DEFAULT_PORTS.get(url.scheme)
    listening = [address for host, at in addresses if at == port and (address := address_of(host))]
    if not listening:
        return False  # the usual case, without asking a name server at the start
    try:
        found = socket.getaddrinfo(url.hostname, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return False
    targets = [address for _, _, _, _, sockaddr in found if (address := address_of(str(sockaddr[0])))]
    return any(_serves(listener, target) for listener in listening for target in targets)


def _serves(listener: Address, target: Address) -> bool:
    if listener.is_unspecified or target.is_unspecified:
        return _is_here(listener) and _is_here(target)
    return listener == target


def _is_here(address: Address) -> bool:
    return reaches_loopback(str(address)) or is_own_address(address)
