"""Small upstreams that keep what they are asked and answer as a function says."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any

from tests.http_server import http_server
from tests.process import LOOPBACK
from tests.upstream.faults import WELL
from tests.upstream.refusals import Refusal
from tests.upstream.routes import Reply, reply_of, reply_to

type Answer = Callable[[str, dict[str, Any]], Reply]
"""What is answered to a path and a body."""


@dataclass
class Relay:
    """One of them.

    Attributes:
        base_url: As a client takes it.
        asked: Path and body of each request, in order.
    """

    base_url: str = ""
    asked: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    @property
    def paths(self) -> list[str]:
        return [path for path, _ in self.asked]


def strictly(path: str, body: dict[str, Any]) -> Reply:
    """What the strict test upstream answers; whole, whatever is asked for."""
    whole = {name: value for name, value in body.items() if name not in {"stream", "stream_options"}}
    try:
        return reply_to(path, whole, WELL)
    except Refusal as refusal:
        return reply_of(refusal)


@contextmanager
def relay(answer: Answer) -> Iterator[Relay]:
    """Serve until the block ends."""
    running = Relay()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            running.asked.append((self.path, body))
            reply = answer(self.path, body)
            content = reply.body.encode()
            self.send_response(reply.status)
            self.send_header("Content-Type", reply.content_type)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:
            """Quiet."""

    with http_server(Handler) as port:
        running.base_url = f"http://{LOOPBACK}:{port}/v1"
        yield running
