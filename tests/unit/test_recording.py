"""The format of recordings: what is written, what is read, and what is refused."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from addon.recordings.layout import recording_pieces, recording_text
from addon.recordings.recording import (
    LONGEST_OBJECT,
    SLICE,
    Recording,
    Request,
    read_recording,
    request_headers,
    response_headers,
)
from tests.recorded import CHUNKS, recording, request, response, upstream_call


def written(made: Recording, folder: Path) -> Path:
    file = folder / "x.json"
    file.write_text(recording_text(made), "utf-8", newline="\n")
    return file


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    made = recording(
        upstream_call(response=None, error="UpstreamUnreachable: refused", end="cut"),
        upstream_call(attempt=2, end="aborted"),
    )
    again = read_recording(written(made, tmp_path))
    assert recording_text(again) == recording_text(made)
    assert again.upstream == made.upstream
    assert again.client.response == made.client.response


def test_each_chunk_and_each_header_stands_on_a_line_of_its_own() -> None:
    lines = [line.strip() for line in recording_text(recording()).splitlines()]
    assert '["content-type","text/event-stream"]' in lines
    assert '[10.0,"data: 1\\n\\n"],' in lines
    assert '[50.0,"data: 2\\n\\n"]' in lines


@pytest.mark.parametrize(
    ("body", "kept"),
    [
        (b"", None),
        (b'{"a":[1,2.5,"\xc3\xa9"]}', {"a": [1, 2.5, "é"]}),
        (b'{ "a" : "b  \\" c" }\n', {"a": 'b  " c'}),  # blanks between parts carry nothing
        (b'{"a":1e5}', '{"a":1e5}'),
        (b'{"a":1,"a":2}', '{"a":1,"a":2}'),
        (b'{"a":"\\u00e9"}', '{"a":"\\u00e9"}'),
        (b'{"base64":"AA=="}', '{"base64":"AA=="}'),
        (b"[1]", "[1]"),
        (b'"text"', '"text"'),
        (b"{", "{"),
        (b"\xff", {"base64": "/w=="}),
    ],
)
def test_a_request_body_is_kept_as_json_only_where_that_loses_nothing(body: bytes, kept: Any) -> None:
    assert json.loads(recording_text(recording(body=body)))["client"]["request"]["body"] == kept


@given(st.binary(max_size=40) | st.text(max_size=20).map(lambda text: json.dumps({"a": text}).encode()))
def test_no_body_changes_but_for_blanks(body: bytes) -> None:
    text = json.dumps(request(body).model_dump(mode="json"))
    again = Request.model_validate_json(text).body
    assert again == body or json.loads(again) == json.loads(body)


@given(st.lists(st.binary(min_size=1, max_size=8), max_size=5))
def test_the_bytes_of_chunks_never_change(pieces: list[bytes]) -> None:
    chunks = tuple((float(number), piece) for number, piece in enumerate(pieces))
    made = recording(upstream_call(response=response(*chunks)))
    call = Recording.model_validate_json(recording_text(made)).upstream[0]
    assert call.response is not None
    assert call.response.chunks == chunks


def test_a_chunk_that_is_no_text_on_its_own_is_base64() -> None:
    made = recording(upstream_call(response=response((1.0, "é".encode()[:1]), (2.0, "é".encode()[1:]))))
    chunks = json.loads(recording_text(made))["upstream"][0]["response"]["chunks"]
    assert chunks == [[1.0, {"base64": "ww=="}], [2.0, {"base64": "qQ=="}]]


NO_CHUNK = "upstream[0].response.chunks: Value error, item 1 is no chunk"


@pytest.mark.parametrize(
    ("place", "value", "told"),
    [
        ((), None, "valid"),
        (("format",), 2, "format: "),
        (("name",), "../x", "name: "),
        (("extra",), 1, "extra: "),
        (("client", "request", "body"), 7, "client.request.body: "),
        (("upstream", 0, "response", "chunks", 1), ["10", "x"], NO_CHUNK),
        (("upstream", 0, "response", "chunks", 1), [10, {"base64": "%"}], NO_CHUNK),
        (("upstream", 0, "end"), "over", "upstream[0].end: "),
        (("upstream", 0, "error"), "what", "upstream[0].error: "),
        (("recorded_at",), "yesterday", "recorded_at: "),
    ],
)
def test_a_file_that_is_no_recording_is_named_with_the_place(
    tmp_path: Path, place: tuple[str | int, ...], value: Any, told: str
) -> None:
    data = json.loads(recording_text(recording()))
    target = data
    for part in place[:-1]:
        target = target[part]
    if place:
        target[place[-1]] = value
    file = tmp_path / "broken.json"
    file.write_text(json.dumps(data) if place else '{"format": 1,')
    with pytest.raises(ValueError, match="is no recording") as caught:
        read_recording(file)
    assert str(file) in str(caught.value)
    assert told in str(caught.value)


def test_headers_with_credentials_are_not_kept() -> None:
    asked = [("Authorization", "Bearer x"), ("Cookie", "a=b"), ("User-Agent", "curl"), ("X-Api-Key", "k")]
    assert request_headers(asked) == (("User-Agent", "curl"),)
    answered = [("set-cookie", "a"), ("openai-organization", "org-x"), ("x-ratelimit-limit-tokens", "1")]
    assert response_headers(answered) == (("x-ratelimit-limit-tokens", "1"),)


def test_what_is_not_utf_8_of_headers_paths_and_errors_is_replaced() -> None:
    headers = request_headers([("User-Agent", "M\udcfcller")])
    asked = Request(method="POST", path="/v1/a\udcff?b=\ud83d", headers=headers, body=b"\xff")
    call = upstream_call(request=asked, response=None, error="UpstreamBroken: \ud800", end="cut")
    again = Recording.model_validate_json(recording_text(recording(call))).upstream[0]
    assert again.request.headers == (("User-Agent", "M\ufffdller"),)
    assert (again.request.path, again.error) == ("/v1/a\ufffd?b=\ufffd", "UpstreamBroken: \ufffd")
    assert again.request.body == b"\xff"


@pytest.mark.parametrize("piece", [b"x" * SLICE + "é".encode(), b"x" * (SLICE - 1) + "é\n€".encode()])
def test_a_long_text_is_written_in_slices_that_are_no_longer_than_they_may_be(piece: bytes) -> None:
    made = recording(upstream_call(response=response((1.0, piece * 2))), body=piece)
    assert max(map(len, recording_pieces(made))) <= 2 * SLICE
    again = Recording.model_validate_json(recording_text(made))
    assert again.client.request.body == piece
    assert again.upstream[0].response == made.upstream[0].response


def test_a_large_request_is_kept_as_text() -> None:
    for length in (LONGEST_OBJECT, LONGEST_OBJECT + 1):
        body = json.dumps({"a": "x" * (length - len('{"a":""}'))}, separators=(",", ":")).encode()
        kept = json.loads(recording_text(recording(body=body)))["client"]["request"]["body"]
        assert isinstance(kept, dict) == (length == LONGEST_OBJECT)
        assert request(body).body == body


def test_the_same_recording_is_always_the_same_text() -> None:
    assert recording_text(recording()) == recording_text(recording())
    assert recording_text(recording()).endswith("\n}\n")
    assert CHUNKS[0][1].decode() not in recording_text(recording())  # line ends in chunks are escaped
