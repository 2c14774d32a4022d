from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from translators.sse import ServerSentEvent, SSEDecoder

CASES: dict[str, tuple[bytes, list[tuple[str, bytes]]]] = {
    "one event": (b"data: a\n\n", [("", b"a")]),
    "a carriage return within an event": (b"data: x\n\ndata: a\rdata: b\n\n", [("", b"x"), ("", b"a\nb")]),
    "two events": (b"data: a\n\ndata: b\n\n", [("", b"a"), ("", b"b")]),
    "no space after the colon": (b"data:a\n\n", [("", b"a")]),
    "only one space is taken away": (b"data:  a\n\n", [("", b" a")]),
    "a colon in the data": (b'data: {"a":"b: c"}\n\n', [("", b'{"a":"b: c"}')]),
    "CRLF": (b"data: a\r\n\r\ndata: b\r\n\r\n", [("", b"a"), ("", b"b")]),
    "lone CR": (b"data: a\r\rdata: b\r\r", [("", b"a"), ("", b"b")]),
    "mixed line ends": (b"data: a\r\n\ndata: b\n\r\n", [("", b"a"), ("", b"b")]),
    "several data lines": (b"data: a\ndata:\ndata: b\n\n", [("", b"a\n\nb")]),
    "several data lines in CRLF": (b"data: a\r\ndata: b\r\n\r\n", [("", b"a\nb")]),
    "comments": (b": hello\n\n: hello\ndata: a\n:x\n\n", [("", b"a")]),
    "a name": (b"event: error\ndata: a\n\ndata: b\n\n", [("error", b"a"), ("", b"b")]),
    "a name without data is forgotten": (b"event: ping\n\ndata: a\n\n", [("", b"a")]),
    "empty data": (b"data:\n\n", [("", b"")]),
    "a field without a colon": (b"data\n\n", [("", b"")]),
    "id and retry": (b"id: 1\nretry: 5\n\nid: 2\ndata: a\n\n", [("", b"a")]),
    "unknown fields": (b"foo: 1\ndata: a\n\n", [("", b"a")]),
    "a byte order mark": (b"\xef\xbb\xbfdata: a\n\n", [("", b"a")]),
    "a later byte order mark is data": (b"data: a\n\n\xef\xbb\xbfdata: b\n\n", [("", b"a")]),
    "no closing blank line": (b"data: a\n\ndata: b\n", [("", b"a"), ("", b"b")]),
    "JSON objects with one line end between them": (
        b'data: {"a":1}\ndata: {"a":2}\ndata: [DONE]\n',
        [("", b'{"a":1}'), ("", b'{"a":2}'), ("", b"[DONE]")],
    ),
    "the same under a name": (b"event: x\ndata: {}\ndata: {}\n\n", [("x", b"{}"), ("x", b"{}")]),
    "a JSON object over several lines": (b'data: {\ndata: "a":{}\ndata: }\n\n', [("", b'{\n"a":{}\n}')]),
    "a line that only looks like an object": (b'data: {"a":{}\ndata: }\n\n', [("", b'{"a":{}\n}')]),
    "no closing line end": (b"data: a\n\ndata: b", [("", b"a"), ("", b"b")]),
    "llama.cpp's error field": (b'error: {"code":500}\n\n', [("error", b'{"code":500}')]),
    "UTF-8": ("data: Grüße 🌍\n\n".encode(), [("", "Grüße 🌍".encode())]),
    "separators of other standards": ("data: a\u2028b\u0085c\n\n".encode(), [("", "a\u2028b\u0085c".encode())]),
    "a name that is not UTF-8": (b"event: \xff\ndata: a\n\n", [("\ufffd", b"a")]),
    "nothing": (b"", []),
}


def decode(pieces: list[bytes]) -> list[ServerSentEvent]:
    decoder = SSEDecoder()
    return [event for piece in pieces for event in decoder.feed(piece)] + decoder.close()


@pytest.mark.parametrize(("body", "events"), CASES.values(), ids=CASES)
def test_a_stream_read_at_once_gives_its_events(body: bytes, events: list[tuple[str, bytes]]) -> None:
    assert decode([body]) == events


@pytest.mark.parametrize(("body", "events"), CASES.values(), ids=CASES)
def test_a_stream_read_byte_by_byte_gives_the_same_events(body: bytes, events: list[tuple[str, bytes]]) -> None:
    assert decode([body[i : i + 1] for i in range(len(body))]) == events


@given(
    st.lists(st.sampled_from([b"data", b":", b" ", b"\r", b"\n", b"\n\n", b"event", b"a", b"\xef\xbb\xbf", b"\xff"])),
    st.lists(st.integers(0, 40)),
)
def test_where_a_stream_is_cut_makes_no_difference(tokens: list[bytes], cuts: list[int]) -> None:
    body = b"".join(tokens)
    edges = sorted({0, len(body), *(min(cut, len(body)) for cut in cuts)})
    pieces = [body[a:b] for a, b in pairwise(edges)]
    assert decode([*pieces, b""]) == decode([body])


@pytest.mark.parametrize("end", [b"\n", b"\r", b"\r\n"])
def test_an_event_is_delivered_as_soon_as_its_blank_line_has_come(end: bytes) -> None:
    assert SSEDecoder().feed(b"data: a" + end + end) == [("", b"a")]


def test_a_long_line_in_many_pieces_is_joined_once() -> None:
    decoder = SSEDecoder()
    for piece in [b"data: ", *[b"x" * 1000] * 2000]:
        assert decoder.feed(piece) == []
    assert decoder.feed(b"\n\n") == [("", b"x" * 2_000_000)]
