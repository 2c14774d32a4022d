"""HTTP as bytes, where what a client library hides is the claim."""

import json
import socket
from dataclasses import dataclass
from typing import Any

from tests.process import LOOPBACK


@dataclass(frozen=True)
class Raw:
    """One answer as it was sent.

    Attributes:
        status: The number of the status line.
        headers: In order, as sent.
        body: What follows the head, still framed.
    """

    status: int
    headers: list[tuple[str, str]]
    body: bytes

    def header(self, name: str) -> str | None:
        return next((value for key, value in self.headers if key == name), None)

    @property
    def chunks(self) -> list[bytes]:
        """The body's HTTP chunks, without the terminator, which must be there."""
        rest = self.body
        found: list[bytes] = []
        while True:
            size, _, rest = rest.partition(b"\r\n")
            if int(size, 16) == 0:
                assert rest == b"\r\n"
                return found
            found.append(rest[: int(size, 16)])
            rest = rest[int(size, 16) + 2 :]

    @property
    def lines(self) -> list[dict[str, Any]]:
        """The JSON objects of an NDJSON stream."""
        text = b"".join(self.chunks)
        assert text.endswith(b"\n")
        return [json.loads(line) for line in text[:-1].split(b"\n")]


def send(port: int, request: bytes) -> bytes:
    """What comes back until the server closes the connection."""
    with socket.create_connection((LOOPBACK, port), timeout=30) as connection:
        connection.sendall(request)
        return b"".join(iter(lambda: connection.recv(65536), b""))


def ask(port: int, method: str, path: str, body: object = None, **headers: str) -> Raw:
    """One request on a connection of its own; an underscore in a header's name stands for a hyphen."""
    content = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
    fields = {"Host": f"{LOOPBACK}:{port}", "Content-Length": str(len(content)), "Connection": "close"}
    fields |= {name.replace("_", "-"): value for name, value in headers.items()}
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    got = send(port, f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode() + content)
    sent_head, _, rest = got.partition(b"\r\n\r\n")
    status, *lines = sent_head.decode().split("\r\n")
    pairs = [line.partition(": ") for line in lines]
    return Raw(int(status.split(" ")[1]), [(name, value) for name, _, value in pairs], rest)
