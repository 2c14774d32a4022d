"""The names and addresses of this machine."""

import re
import socket
from ipaddress import ip_address

import pytest

from addon.machine import address_of, is_own_address, is_this_machine, own_names


def test_this_machine_is_known_by_its_loopback_names_its_own_names_and_addresses() -> None:
    for host in (
        "localhost",
        "x.localhost",
        "ip6-localhost",
        "127.8.9.1",
        "[::1]",
        "0.0.0.0",
        "::",
        socket.gethostname(),
    ):
        assert is_this_machine(host), host
    assert re.sub(r"\..*", "", socket.gethostname().lower()) in own_names()
    for host in ("example.com", "localhost.evil.com", "203.0.113.9", "2001:db8::9", ""):
        assert not is_this_machine(host), host


def test_an_own_address_is_told_from_a_foreign_one() -> None:
    assert is_own_address(ip_address("127.0.0.1"))
    assert not is_own_address(ip_address("203.0.113.9"))


def test_an_address_of_a_family_that_this_machine_lacks_is_not_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError("Address family not supported by protocol")

    monkeypatch.setattr(socket, "socket", refuse)
    assert not is_own_address(ip_address("2001:db8::9"))


def test_a_machine_whose_name_does_not_resolve_has_its_names_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "gethostname", lambda: "MyBox.example.org")
    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    assert own_names.__wrapped__() == {"mybox.example.org", "mybox", "mybox.local"}


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("192.168.1.5", "192.168.1.5"),
        ("[2001:DB8::1]", "2001:db8::1"),
        ("::ffff:10.0.0.1", "10.0.0.1"),
        ("fe80::1%eth0", "fe80::1"),
        ("localhost", None),
        ("", None),
        ("1.2.3.4:80", None),
    ],
)
def test_an_address_is_read_in_every_form(host: str, address: str | None) -> None:
    assert address_of(host) == (None if address is None else ip_address(address))
