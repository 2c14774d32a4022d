"""A server that answers with the recorded bytes of a real Ollama, for clients that ask what it was asked."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

from tests.http_server import http_server
from tests.process import LOOPBACK

NOT_COMPARED = {"messages", "prompt"}
"""Clients write the same conversation in different ways; the marker in it is compared."""


class GoldenServer:
    """Answers requests to each path with that path's goldens, one after the other.

    Attributes:
        url: Where it listens.
        complaints: Requests that the goldens are no answer to.
        left: Goldens that nobody asked for yet, by path.
    """

    def __init__(self, goldens: Sequence[Mapping[str, Any]], url: str) -> None:
        self.url = url
        self.complaints: list[str] = []
        self.left: dict[str, list[Mapping[str, Any]]] = {}
        for golden in goldens:
            self.left.setdefault(_path(golden["request"]["path"]), []).append(golden)

    def answer(self, path: str, body: bytes) -> bytes:
        """The bytes of the next answer, head and body in its recorded framing."""
        waiting = self.left.get(_path(path))
        if not waiting:
            self.complaints.append(f"nothing is recorded for one more request to {path}")
            return b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n"
        golden = waiting.pop(0)
        self.complaints += differences(golden, json.loads(body or b"{}"))
        return recorded_bytes(golden["response"])


def differences(golden: Mapping[str, Any], asked: Mapping[str, Any]) -> Iterator[str]:
    """In what a client's request is another than the one that the golden answers."""
    body = json.loads(golden["request"]["body"] or "{}")
    for key in body.keys() - NOT_COMPARED:
        if asked.get(key) != body[key]:
            yield f"{golden['name']} is an answer to {key} {body[key]!r}, not {asked.get(key)!r}"
    streams = golden["response"]["body"].count("\n") > 1
    if streams and not asked.get("stream", True):
        yield f"{golden['name']} is a stream, which was not asked for"
    text, marker = json.dumps(asked), _marker(golden["request"]["body"])
    if marker not in text:
        yield f"{golden['name']} is an answer to {marker}, not {text}"


def recorded_bytes(response: Mapping[str, Any]) -> bytes:
    """An answer as it was sent."""
    head = "".join(f"{name}: {value}\r\n" for name, value in response["headers"])
    start = f"{response['status_line']}\r\n{head}\r\n".encode()
    chunks = [chunk["data"].encode() for chunk in response["chunks"]]
    if response["framing"] != "chunked":
        return start + b"".join(chunks)
    return start + b"".join(b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in [*chunks, b""])


@contextmanager
def golden_server(folder: Path, names: Sequence[str]) -> Iterator[GoldenServer]:
    """Serve these goldens of a folder until the block ends."""
    goldens = [json.loads((folder / f"{name}.json").read_text("utf-8")) for name in names]

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self.wfile.write(recorded.answer(self.path, b""))

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            self.wfile.write(recorded.answer(self.path, body))

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    with http_server(Handler) as port:
        recorded = GoldenServer(goldens, f"http://{LOOPBACK}:{port}")
        yield recorded


def _path(target: str) -> str:
    return target.split("?")[0]


def _marker(body: str) -> str:
    """The last marker in a request, which is the one that counts; empty when there is none."""
    return "".join(re.findall(r"\[\[scenario:\w+\]\]", body)[-1:])
