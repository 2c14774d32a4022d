"""How `scripts/collect_recordings.py` asks: what counts as an answer, and when no more is asked."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest

from scripts.collecting import NothingAskedError
from scripts.collecting.asking import CTRL_C, MOST_FAULTS_IN_A_ROW, Outcome, ask_all
from scripts.collecting.catalogue import KINDS
from scripts.collecting.kinds import Ask
from scripts.collecting.planning import account_models
from tests.http_server import http_server

ASKS = [Ask(kind) for kind in KINDS]
"""So many that a run does not get to the last while its end is decided."""

REFUSED = b'{"error":{"message":"Incorrect API key"}}'


@dataclass
class Server:
    """A server that answers all requests alike.

    Attributes:
        status: Of its answers.
        body: Of its answers.
        length: What it says of its body's length.
        asked: The paths of the requests.
    """

    status: int = 401
    body: bytes = REFUSED
    length: int = len(REFUSED)
    port: int = 0
    asked: list[str] = field(default_factory=list)


@pytest.fixture
def server() -> Iterator[Server]:
    told = Server()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            told.asked.append(self.path)
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self.send_response(told.status)
            self.send_header("Content-Length", str(told.length))
            self.end_headers()
            self.wfile.write(told.body)

        do_POST = do_GET

        def log_message(self, *_: Any) -> None:
            pass

    with http_server(Handler) as told.port:
        yield told


def shown(text: str) -> str:
    return text


def test_the_run_ends_where_one_answer_after_the_other_is_a_fault(server: Server) -> None:
    ask_all(server.port, ASKS, 1, outcome := Outcome(), shown)
    assert list(outcome.answered.values()) == ["401 Incorrect API key"] * MOST_FAULTS_IN_A_ROW
    assert outcome.stopped == f"the last {MOST_FAULTS_IN_A_ROW} answers were all unexpected"
    assert len(server.asked) < len(ASKS)


def test_after_ctrl_c_nothing_more_is_asked(server: Server) -> None:
    def interrupting(text: str) -> str:
        raise KeyboardInterrupt

    ask_all(server.port, ASKS, 1, outcome := Outcome(), interrupting)
    assert outcome.stopped == CTRL_C
    assert len(server.asked) < len(ASKS)


def test_an_answer_that_breaks_off_is_a_fault(server: Server) -> None:
    server.status, server.length = 200, len(REFUSED) + 1
    ask_all(server.port, ASKS[:1], 1, outcome := Outcome(), shown)
    assert outcome.answered == {ASKS[0]: "IncompleteRead(41 bytes read, 1 more expected)"}


def test_where_nobody_listens_there_is_no_answer(server: Server) -> None:
    ask_all(0, ASKS[:1], 1, outcome := Outcome(), shown)
    assert outcome.answered[ASKS[0]].startswith("no answer: ")


def test_models_that_cannot_be_listed_are_told_with_the_reason(server: Server) -> None:
    with pytest.raises(NothingAskedError, match=r"the models of http://a/v1 cannot be listed: 401 Incorrect API key"):
        account_models(server.port, "http://a/v1")
    assert server.asked == ["/api/tags"]
