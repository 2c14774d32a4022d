"""Who may ask: client networks, the Host guard against DNS rebinding, and CORS, as a real Ollama decides them.

Sources: Ollama's `allowedHostsMiddleware`, gin-contrib/cors, recorded answers. The order is theirs: CORS first, then
the host, before any route; `Allow` is there already on a path that does not know the method.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Final, Literal

from addon.machine import IsOwn, address_of
from addon.option_table import ORIGINS
from addon.setting_values import shown

type Headers = tuple[tuple[str, str], ...]

ALL_ORIGINS: Final = "*"

DEFAULT_ORIGINS: Final = (
    *(
        f"{scheme}://{host}{port}"
        for host in ("localhost", "127.0.0.1", "0.0.0.0")
        for scheme in ("http", "https")
        for port in ("", ":*")
    ),
    "app://*",
    "file://*",
    "tauri://*",
    "vscode-webview://*",
    "vscode-file://*",
)
"""What Ollama allows without OLLAMA_ORIGINS (its `envconfig.AllowedOrigins`)."""

ALLOW_METHODS: Final = "GET,POST,PUT,PATCH,DELETE,HEAD,OPTIONS"
ALLOW_HEADERS: Final = (
    "Authorization,Content-Type,User-Agent,Accept,X-Requested-With,Openai-Beta,X-Stainless-Arch,X-Stainless-Async,"
    "X-Stainless-Custom-Poll-Interval,X-Stainless-Helper-Method,X-Stainless-Lang,X-Stainless-Os,"
    "X-Stainless-Package-Version,X-Stainless-Poll-Helper,X-Stainless-Retry-Count,X-Stainless-Runtime,"
    "X-Stainless-Runtime-Version,X-Stainless-Timeout"
)
MAX_AGE: Final = "43200"
PREFLIGHT_VARY: Final = ("Origin", "Access-Control-Request-Method", "Access-Control-Request-Headers")

LOCAL_NAMES: Final = frozenset({"", "localhost"})
LOCAL_SUFFIXES: Final = (".localhost", ".local", ".internal")
PRIVATE_NETWORKS: Final = tuple(map(ip_network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7")))
"""Go's `IsPrivate`; Python's `is_private` takes in much more."""


@dataclass(frozen=True, slots=True)
class Asked:
    """The part of a request that access depends on.

    Attributes:
        method: As the client sent it.
        origin: The Origin header; empty when there is none.
        host: The Host header, with its port; empty when there is none.
        known_methods: What the path answers to, in the order of `Allow`; empty for an unknown path.
    """

    method: str
    origin: str
    host: str
    known_methods: Sequence[str]


@dataclass(frozen=True, slots=True)
class Admission:
    """What the access rules say.

    Attributes:
        status: The status of the answer, whose body is empty; None when the request may go on to its route.
        headers: All headers of that answer, or those that the route's own answer, error or not, gets in addition.
    """

    status: int | None
    headers: Headers


def client_allowed(peer_ip: str, networks: Iterable[IPv4Network | IPv6Network]) -> bool:
    """Whether a client may ask at all.

    Args:
        peer_ip: The address that it connects from; IPv4 may be mapped into IPv6, IPv6 may have a zone.
        networks: `ollama_allow`.
    """
    address = address_of(peer_ip)
    return address is not None and any(address in network for network in networks)


def origins_from(entries: Iterable[str]) -> tuple[str, ...]:
    """All origins that are allowed: Ollama's own, and those of `ollama_origins`.

    Raises:
        ValueError: An entry is no origin, or none that a browser sends; the message says what to give instead.
    """
    own = tuple(entries)
    for entry in own:
        if entry.count("*") > 1 or not ("*" in entry or "://" in entry) or re.match(r"https?://[^/]*/", entry):
            raise ValueError(
                f"{ORIGINS} has {shown(entry)}: give scheme://host or scheme://host:port without a slash at the end, "
                f"with at most one * in each, or {ALL_ORIGINS} alone for all origins"
            )
    return DEFAULT_ORIGINS + tuple(entry if "*" in entry else entry.lower() for entry in own)


def admission(asked: Asked, origins: Sequence[str], *, guarded: bool, hostname: str, is_own: IsOwn) -> Admission:
    """All rules about origin and host, in Ollama's order.

    Args:
        asked: The request.
        origins: From `origins_from`.
        guarded: Whether the listener is on a loopback address; else any host is right.
        hostname: The name of this machine.
        is_own: Tells the addresses of this machine.
    """
    by_origin = cors(asked, origins)
    if by_origin.status is not None or not guarded:
        return by_origin
    kind = host_kind(asked.host, hostname, is_own)
    if kind == "foreign":
        return Admission(403, by_origin.headers + _allow(asked))
    if kind == "name" and asked.method == "OPTIONS":
        return Admission(204, by_origin.headers + _allow(asked))
    return by_origin


def cors(asked: Asked, origins: Sequence[str]) -> Admission:
    """What gin-contrib/cors, as Ollama sets it up, says about the origin of a request."""
    if not asked.origin or asked.origin in (f"http://{asked.host}", f"https://{asked.host}"):
        return Admission(None, ())
    everyone = ALL_ORIGINS in origins
    if not everyone and not any(_matches(asked.origin, entry) for entry in origins):
        return Admission(403, _allow(asked))
    allow_origin = (("Access-Control-Allow-Origin", ALL_ORIGINS if everyone else asked.origin),)
    if asked.method != "OPTIONS":
        return Admission(None, allow_origin if everyone else (*allow_origin, ("Vary", "Origin")))
    return Admission(
        204,
        (
            ("Access-Control-Allow-Headers", ALLOW_HEADERS),
            ("Access-Control-Allow-Methods", ALLOW_METHODS),
            *allow_origin,
            ("Access-Control-Max-Age", MAX_AGE),
            *_allow(asked),
            *(("Vary", value) for value in (() if everyone else PREFLIGHT_VARY)),
        ),
    )


def host_kind(host_header: str, hostname: str, is_own: IsOwn) -> Literal["address", "name", "foreign"]:
    """What a Host header names: this machine or its network by address or by name, or something foreign.

    A page of a foreign site whose name was made to resolve to 127.0.0.1 is `foreign`: its name is its own.

    Args:
        host_header: With or without a port; empty when there is none.
        hostname: The name of this machine.
        is_own: Tells the addresses of this machine.
    """
    host = _without_port(host_header)
    if "[" not in host and (address := address_of(host)):
        near = address.is_loopback or address.is_unspecified or any(address in net for net in PRIVATE_NETWORKS)
        return "address" if near or is_own(address) else "foreign"
    name = host.lower()
    local = name in LOCAL_NAMES or name == hostname.lower() or name.endswith(LOCAL_SUFFIXES)
    return "name" if local else "foreign"


def _without_port(host_header: str) -> str:
    """Go's `net.SplitHostPort`: what it cannot split, such as `[::1]` without a port, stays as it is."""
    split = re.fullmatch(r"(?:\[([^][]*)\]|([^][:]*)):[^][:]*", host_header)
    return host_header if split is None else split[1] or split[2] or ""


def _matches(origin: str, entry: str) -> bool:
    before, star, after = entry.partition("*")
    return origin.startswith(before) and origin.endswith(after) if star else origin == entry


def _allow(asked: Asked) -> Headers:
    """`Allow`, which gin sets when it finds no route for the method, before it asks about origin and host."""
    if not asked.known_methods or asked.method in asked.known_methods:
        return ()
    return (("Allow", ", ".join(asked.known_methods)),)
