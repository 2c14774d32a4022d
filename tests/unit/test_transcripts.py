"""What the comparison of transcripts sees and what it does not, on invented answers."""

from typing import Any

import pytest

from tests.conformance.golden_server import differences, recorded_bytes
from tests.conformance.transcripts.masks import masked

SDK = """\
== chat
m, assistant: Hello.
[stop, 11 + 4 tokens, 0.003716 s]
context length: 8192
m:latest is loaded until 2026-11-21 02:36:10.001118+00:00
32 numbers: -0.200929 0.275525 …
error 404: model 'nope' not found
"""

CURL = """\
HTTP/1.1 200 OK
Content-Type: application/json; charset=utf-8
Date: Sat, 21 Nov 2026 02:31:05 GMT
Content-Length: 300

{"model":"m","created_at":"2026-11-21T02:31:05.1Z","message":{"role":"assistant","content":"Hi"},"done":true,"eval_count":4,"eval_duration":34}
HTTP/1.1 200 OK
Content-Type: application/json; charset=utf-8
Date: Sat, 21 Nov 2026 02:31:05 GMT
Transfer-Encoding: chunked

{"models":[{"name":"m:latest","expires_at":"2026-11-21T02:36:10Z","size_vram":0},{"name":"n:latest","expires_at":"2026-11-21T02:36:10Z","size_vram":0}]}
{"license":"MIT","capabilities":["tools","completion"],"tensors":[]}
{"embeddings":[[0.123456789]]}
HTTP/1.1 200 OK
Content-Type: application/x-ndjson
Date: Sat, 21 Nov 2026 02:31:05 GMT
Transfer-Encoding: chunked
"""

HIDDEN = [
    (SDK, "0.003716", "1.234567"),
    (SDK, "8192", "4096"),
    (SDK, "02:36:10.001118+00:00", "10:36:10.1+00:00"),
    (CURL, "02:31:05 GMT", "10:31:05 GMT"),
    (CURL, "Content-Length: 300", "Content-Length: 301"),
    (CURL, "Content-Length: 300", "Transfer-Encoding: chunked"),
    (CURL, "02:31:05.1Z", "10:31:05.2Z"),
    (CURL, '"eval_duration":34', '"eval_duration":1'),
    (CURL, ',{"name":"n:latest","expires_at":"2026-11-21T02:36:10Z","size_vram":0}', ""),
    (CURL, "MIT", ""),
    (CURL, '["tools","completion"]', '["completion","tools"]'),
    (CURL, ',"tensors":[]', ""),
    (CURL, "0.123456789", "0.123456788"),
]

SEEN = [
    (SDK, "Hello.", "Hello"),
    (SDK, "stop", "length"),
    (SDK, "11 + 4", "11 + 5"),
    (SDK, "0.275525", "0.275526"),
    (SDK, "404", "500"),
    (SDK, "is loaded", "was loaded"),
    (CURL, "200 OK", "404 Not Found"),
    (CURL, "application/x-ndjson", "application/json; charset=utf-8"),
    (CURL, "Date", "date"),
    (CURL, "x-ndjson\nDate: Sat, 21 Nov 2026 02:31:05 GMT\nTransfer-Encoding: chunked", "x-ndjson\nContent-Length: 3"),
    (CURL, '"eval_count":4', '"eval_count":5'),
    (CURL, '"eval_duration":34', '"eval_duration":"34"'),
    (CURL, '"eval_duration":34', '"eval_time":34'),
    (CURL, '"role":"assistant","content":"Hi"', '"content":"Hi","role":"assistant"'),
    (CURL, '"size_vram":0', '"size_vram":1'),
    (CURL, '"name":"m:latest"', '"name":"o:latest"'),
    (CURL, '"tools",', ""),
    (CURL, "0.123456789", "0.123466789"),
]

GOLDEN: dict[str, Any] = {
    "name": "chat-stream",
    "request": {"body": '{"model":"m","think":true,"messages":[{"role":"user","content":"Hi [[scenario:think]]"}]}'},
    "response": {"body": '{"done":false}\n{"done":true}\n'},
}
ASKED = {"model": "m", "think": True, "messages": [{"content": "[[scenario:think]]"}], "stream": True, "tools": []}


@pytest.mark.parametrize(("transcript", "old", "new"), HIDDEN)
def test_times_and_what_depends_on_the_file_are_masked(transcript: str, old: str, new: str) -> None:
    assert old in transcript
    assert masked(transcript.replace(old, new), "m") == masked(transcript, "m")


@pytest.mark.parametrize(("transcript", "old", "new"), SEEN)
def test_all_else_is_compared(transcript: str, old: str, new: str) -> None:
    assert old in transcript
    assert masked(transcript.replace(old, new), "m") != masked(transcript, "m")


@pytest.mark.parametrize(
    ("asked", "complaint"),
    [
        ({}, ""),
        ({"model": "other"}, "chat-stream is an answer to model 'm', not 'other'"),
        ({"think": "high"}, "chat-stream is an answer to think True, not 'high'"),
        ({"stream": False}, "chat-stream is a stream, which was not asked for"),
        ({"messages": []}, "chat-stream is an answer to [[scenario:think]], not "),
    ],
)
def test_an_answer_is_played_to_the_request_that_it_was_recorded_for(asked: dict[str, Any], complaint: str) -> None:
    found = list(differences(GOLDEN, ASKED | asked))
    assert len(found) == bool(complaint)
    assert all(text.startswith(complaint) for text in found)


def test_an_answer_is_played_in_its_recorded_chunks() -> None:
    response = {"status_line": "HTTP/1.1 200 OK", "headers": [["A", "b"]], "chunks": [{"data": "é"}, {"data": "x"}]}
    assert recorded_bytes(response | {"framing": "chunked"}) == (
        b"HTTP/1.1 200 OK\r\nA: b\r\n\r\n2\r\n\xc3\xa9\r\n1\r\nx\r\n0\r\n\r\n"
    )
    assert recorded_bytes(response | {"framing": "content-length"}) == b"HTTP/1.1 200 OK\r\nA: b\r\n\r\n\xc3\xa9x"
