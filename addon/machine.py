"""This machine: the names and addresses under which programs reach it, and its clock's zone.

Decisions elsewhere take what they need from here as plain values or as a function, so that they can be tested with
made-up machines.
"""

import functools
import socket
import time
from collections.abc import Callable
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Final

type Address = IPv4Address | IPv6Address

type IsOwn = Callable[[Address], bool]
"""Whether an address is one of this machine's; `is_own_address`, or a made-up set in a test."""

LOOPBACK_NAMES: Final = frozenset({"localhost", "localhost.localdomain", "ip6-localhost", "ip6-loopback"})
"""Names of the loopback address: RFC 6761, and what Debian and Fedora write into /etc/hosts."""

LOOPBACK_OF: Final = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}
"""Where a program on this machine connects to, when what listens does so on all addresses."""

DISCARD_PORT: Final = 9
"""Any port would do: nothing is sent there."""


def address_of(host: str) -> Address | None:
    """The IP address that a host is written as, or None for a name.

    Args:
        host: A name or an address, without a port; IPv6 with or without brackets, with or without a zone.

    Returns:
        The address without its zone; an IPv4 address for an IPv4-mapped one.
    """
    text = host.removeprefix("[").removesuffix("]").partition("%")[0]
    try:
        address = ip_address(text)
    except ValueError:
        return None
    return (address.ipv4_mapped or address) if isinstance(address, IPv6Address) else address


def plain_host(host: str) -> str:
    """A host in the one form in which hosts are compared: lower case, no final dot, addresses in short form."""
    address = address_of(host)
    return host.lower().removesuffix(".") if address is None else str(address)


def is_loopback(host: str) -> bool:
    """Whether a host is a loopback name or address."""
    if address := address_of(host):
        return address.is_loopback
    name = plain_host(host)
    return name in LOOPBACK_NAMES or name.endswith(".localhost")


def reaches_loopback(host: str) -> bool:
    """Whether connecting to a host ends at a loopback address; 0.0.0.0 and :: do, and clients are configured so."""
    address = address_of(host)
    return is_loopback(host) or (address is not None and address.is_unspecified)


def is_this_machine(host: str) -> bool:
    """Whether a host is a loopback name or address, or one of this machine's names or addresses."""
    if reaches_loopback(host):
        return True
    address = address_of(host)
    return plain_host(host) in own_names() if address is None else is_own_address(address)


@functools.cache
def own_names() -> frozenset[str]:
    """The names of this machine: its host name, short and full, and its name in multicast DNS."""
    hostname = socket.gethostname()
    short = hostname.partition(".")[0]
    try:
        found = socket.getaddrinfo(hostname, None, flags=socket.AI_CANONNAME)
    except (OSError, UnicodeError):
        found = []  # a machine whose own name does not resolve: usual in containers
    canonical = [name for _, _, _, name, _ in found if name]
    return frozenset(plain_host(name) for name in (hostname, short, f"{short}.local", *canonical) if name)


def is_own_address(address: Address) -> bool:
    """Whether an address is one of this machine's, now: laptops roam, containers come and go.

    The standard library cannot list interfaces. But a datagram socket that is connected to an own address gets that
    very address as its source, and connecting it sends nothing.
    """
    family = socket.AF_INET if isinstance(address, IPv4Address) else socket.AF_INET6
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as sock:
            sock.connect((str(address), DISCARD_PORT))
            return address_of(str(sock.getsockname()[0])) == address
    except OSError:  # no route there, or no IPv6 at all
        return False


def zone(seconds: int) -> int:
    """How many seconds east of UTC this machine's clock stands at a moment (Unix seconds)."""
    return time.localtime(seconds).tm_gmtoff
