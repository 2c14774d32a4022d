"""Any JSON value at any place of a request gets an answer of a real server's from the whole proxy."""

import http.client
import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.any_json import BODIES, DELETE_BODY, OPENAI_BODIES, changed
from tests.process import LOOPBACK, Process

REFUSALS = frozenset({400, 401, 403, 404, 500, 503})
"""The statuses with which a real server refuses one of these requests."""


@pytest.fixture(scope="module")
def connection(proxy: Process) -> Iterator[http.client.HTTPConnection]:
    kept = http.client.HTTPConnection(LOOPBACK, proxy.port, timeout=30)
    kept.connect()
    yield kept
    kept.close()


def ask(connection: http.client.HTTPConnection, path: str, body: bytes) -> tuple[int, bytes]:
    """The answer's status and body, on a connection that stays open."""
    kept = connection.sock
    connection.request("DELETE" if path == "/api/delete" else "POST", path, body)
    response = connection.getresponse()
    content = response.read()
    assert connection.sock is kept, "the connection was closed"
    assert "html" not in response.headers.get("Content-Type", "")
    return response.status, content


@settings(max_examples=400, deadline=None)
@given(st.data())
def test_any_value_at_any_place_is_answered_as_ollama_would(
    connection: http.client.HTTPConnection, data: st.DataObject
) -> None:
    path = data.draw(st.sampled_from([*BODIES, "/api/delete", "/api/chat", "/api/chat", "/api/generate"]))
    status, content = ask(connection, path, data.draw(changed(BODIES.get(path, DELETE_BODY))))
    if status == 200:
        lines = [json.loads(line) for line in content.splitlines()]
        assert all(isinstance(line, dict) for line in lines)
        assert lines or path == "/api/copy"
    else:
        assert status in REFUSALS
        text = json.loads(content)["error"]
        assert text
        assert "internal error" not in text


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_any_value_at_any_place_is_answered_as_openai_would(
    connection: http.client.HTTPConnection, data: st.DataObject
) -> None:
    path = data.draw(st.sampled_from(sorted(OPENAI_BODIES)))
    status, content = ask(connection, path, data.draw(changed(OPENAI_BODIES[path])))
    if content.startswith((b"data: ", b"event: ")):
        assert status == 200
        return
    answer: dict[str, Any] = json.loads(content)
    assert status == 200 or answer["error"]["message"]
