"""The table of the pieces of a body."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from addon.contentviews.chunk_table import LONGEST_SAYING, NOT_KEPT, chunk_table
from addon.flow_metadata import SHOWN_PIECES, Pieces, pieces_of
from addon.live_layers import KEPT_BODY_BYTES
from tests.recorded import compact

NDJSON = "application/x-ndjson"
SSE = "text/event-stream"


def line(content: str) -> bytes:
    return compact({"model": "m", "message": {"role": "assistant", "content": content}, "done": False}) + b"\n"


def event(content: str) -> bytes:
    return b"data: %s\n\n" % compact({"object": "chat.completion.chunk", "choices": [{"delta": {"content": content}}]})


def pieces_at(*chunks: tuple[float, bytes]) -> Pieces:
    return pieces_of([(int(ms * 1e6), data) for ms, data in chunks])


def cells(row: str) -> list[str]:
    return re.split(r" {2,}", row.strip())


def test_a_piece_has_its_number_its_time_the_gap_before_it_its_bytes_and_what_it_says() -> None:
    parts = [line("Hel"), line("lo")]
    title, header, *rows = chunk_table(b"".join(parts), NDJSON, pieces_at((12.5, parts[0]), (1014.0, parts[1])))
    assert title == "2 chunks, ms since the client's request was complete"
    assert cells(header) == ["#", "ms", "gap", "bytes", "content"]
    assert [cells(row) for row in rows] == [
        ["1", "12.5", str(len(parts[0])), 'content "Hel"'],
        ["2", "1,014.0", "1,001.5", str(len(parts[1])), 'content "lo"'],
    ]


def test_columns_are_aligned_on_their_right() -> None:
    parts = [line("x") for _ in range(12)]
    table = chunk_table(
        b"".join(parts), NDJSON, pieces_at(*((number * 100.0, part) for number, part in enumerate(parts)))
    )
    assert len({row.index("content") for row in table[1:]}) == 1


def test_of_many_pieces_the_first_and_the_last_are_shown_and_how_many_are_between() -> None:
    parts = [line(str(number)) for number in range(1, 1235)]
    body = b"".join(parts)
    _, _, *rows = chunk_table(body, NDJSON, pieces_at(*((float(number), part) for number, part in enumerate(parts))))
    assert len(rows) == 2 * SHOWN_PIECES + 1
    assert rows[SHOWN_PIECES] == "… 1,134 more …"
    assert 'content "50"' in rows[SHOWN_PIECES - 1]
    assert cells(rows[SHOWN_PIECES + 1])[0] == "1,185"
    assert [row.rpartition("content ")[2] for row in rows[-SHOWN_PIECES:]] == [f'"{n}"' for n in range(1185, 1235)]


def test_no_gap_is_told_after_pieces_that_are_left_out() -> None:
    parts = [line("x")] * 200
    _, _, *rows = chunk_table(b"".join(parts), NDJSON, pieces_at(*((float(n), part) for n, part in enumerate(parts))))
    assert len(cells(rows[SHOWN_PIECES + 1])) == len(cells(rows[SHOWN_PIECES + 2])) - 1


def test_what_comes_behind_the_kept_beginning_of_a_body_is_not_made_up() -> None:
    parts = [line("x" * 60_000)] * 120
    body = b"".join(parts)[:KEPT_BODY_BYTES]
    _, _, *rows = chunk_table(body, NDJSON, pieces_at(*((float(n), part) for n, part in enumerate(parts))))
    assert all(row.endswith(NOT_KEPT) for row in rows[-SHOWN_PIECES:])
    assert not any(row.endswith(NOT_KEPT) for row in rows[:SHOWN_PIECES])


def test_of_a_shortened_body_only_what_is_there_is_shown() -> None:
    parts = [line("a"), line("b"), line("c")]
    rows = chunk_table(b"".join(parts)[:-3], NDJSON, pieces_at(*((1.0, part) for part in parts)))[2:]
    assert [row.endswith(NOT_KEPT) for row in rows] == [False, False, True]


@pytest.mark.parametrize(("content_type", "made", "what"), [(NDJSON, line, "lines"), (SSE, event, "events")])
def test_without_times_the_lines_or_events_are_shown(content_type: str, made: object, what: str) -> None:
    assert callable(made)
    parts = [made(str(number)) for number in range(300)]
    title, header, *rows = chunk_table(b"".join(parts), content_type, None)
    assert title == f"300 {what}, it is not known when they came"
    assert cells(header) == ["#", "bytes", "content"]
    assert rows[SHOWN_PIECES] == "… 200 more …"
    assert 'content "299"' in rows[-1]


@pytest.mark.parametrize(
    ("body", "content_type"),
    [(b'{"a":1}', "application/json"), (b'{\n\n"a":1}', "application/json"), (line("x"), NDJSON), (b"", NDJSON)],
)
def test_what_came_in_one_piece_has_no_table(body: bytes, content_type: str) -> None:
    assert chunk_table(body, content_type, None) == []


@pytest.mark.parametrize(
    ("piece", "said"),
    [
        (line("a\nb"), r'content "a\nb"'),
        (line("x") + line("y"), 'content "x" · content "y"'),
        (compact({"model": "m", "done": True, "done_reason": "stop"}), 'done {"done_reason": "stop"}'),
        (compact({"error": "sorry"}), 'error "sorry"'),
        (b"\xff\x00\x1b[31m" + "\u202e".encode(), "\ufffd\\x00\\x1b[31m\\u202e"),
        (b'{"message":{"conte', '{"message":{"conte'),
        (b"[1,2]", "[1, 2]"),
    ],
)
def test_a_piece_tells_what_it_says_on_one_line_without_control_characters(piece: bytes, said: str) -> None:
    row = chunk_table(piece + line("end"), NDJSON, pieces_at((1.0, piece), (2.0, line("end"))))[2]
    assert row.partition(f"{len(piece)}  ")[2] == said


@pytest.mark.parametrize(
    ("piece", "said"),
    [
        (event("Hi"), 'content "Hi"'),
        (b"data: [DONE]\n\n", "[DONE]"),
        (b'event: response.output_text.delta\ndata: {"delta":"Hi"}\n\n', 'response.output_text.delta "Hi"'),
        (b'data: {"choices":[],"usage":{"prompt_tokens":1}}\n\n', 'usage {"prompt_tokens": 1}'),
        (b'data: {"choices":[{"delta":{"role":"assistant","content":""}}]}\n\n', 'role "assistant"'),
        (b": heartbeat\n\n", r": heartbeat\n\n"),
        (b'tent":"cut"}}]}\n\n', r'tent":"cut"}}]}\n\n'),
    ],
)
def test_events_are_told_by_their_kind_and_what_they_say(piece: bytes, said: str) -> None:
    row = chunk_table(piece + event("end"), SSE, pieces_at((1.0, piece), (2.0, event("end"))))[2]
    assert row.partition(f"{len(piece)}  ")[2] == said


def test_a_long_saying_is_shortened() -> None:
    row = chunk_table(line("x" * 9999) * 2, NDJSON, None)[2]
    assert row.endswith("x…")
    assert len(row) < LONGEST_SAYING + 30


NUMBERS = st.tuples(st.floats(), st.integers(-9, 99))


@given(
    body=st.binary(max_size=300),
    content_type=st.sampled_from([NDJSON, SSE, "application/json", ""]),
    pieces=st.none()
    | st.builds(Pieces, st.integers(-3, 300), st.lists(NUMBERS).map(tuple), st.lists(NUMBERS).map(tuple)),
)
def test_nothing_that_a_file_can_hold_raises(body: bytes, content_type: str, pieces: Pieces | None) -> None:
    assert all("\n" not in row for row in chunk_table(body, content_type, pieces))
