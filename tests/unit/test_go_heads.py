"""Heads of requests as Go's server judges them; the answers are those of a Go 1.26 server to the same bytes."""

import pytest

from addon.go_heads import (
    BAD_HOST,
    BAD_NAME,
    BAD_REQUEST,
    MAX_HEAD_BYTES,
    NO_HOST,
    TOO_LARGE,
    UNKNOWN_ENCODING,
    UNKNOWN_VERSION,
    refusal,
)

HOST = "Host: 127.0.0.1:11434"


def head(line: str = "GET /api/version HTTP/1.1", *fields: str, host: str = HOST) -> bytes:
    return "".join(f"{each}\r\n" for each in (line, *([host] if host else []), *fields, "")).encode("latin-1")


GOOD = {
    "plain": head(),
    "without a host in HTTP/1.0": head("GET / HTTP/1.0", host=""),
    "a tunnel without a host": head("CONNECT foo.local:443 HTTP/1.1", host=""),
    "an empty host": head(host="Host:"),
    "a host with a port that is none": head(host="Host: localhost:abc"),
    "an address of IPv6": head(host="Host: [::1]:11434"),
    "bare line feeds": b"GET / HTTP/1.1\nHost: a.local\n\n",
    "a method of its own": head("FOO / HTTP/1.1"),
    "a minor version to come": head("GET / HTTP/1.2"),
    "an escaped path": head("GET /api/%74ags%2F?a=%zz;b HTTP/1.1"),
    "a path in Latin-1": head("GET /caf\xe9 HTTP/1.1"),
    "a path with characters that no URL has": head('GET /<"tags">\\ HTTP/1.1'),
    "an absolute target": head("GET http://foo.local/api/version HTTP/1.1"),
    "the server as a whole": head("OPTIONS * HTTP/1.1"),
    "a value in Latin-1": head("GET / HTTP/1.1", "X: a\xe9b"),
    "an empty value": head("GET / HTTP/1.1", "X:"),
    "a folded value": head("GET / HTTP/1.1", "X: one", " two", "\tthree"),
    "a length": head("POST / HTTP/1.1", "Content-Length: 2"),
    "a length of many digits": head("POST / HTTP/1.1", f"Content-Length: {'0' * 5000}2"),
    "a length twice": head("POST / HTTP/1.1", "Content-Length: 2", "content-length: 2"),
    "chunks": head("POST / HTTP/1.1", "Transfer-Encoding: Chunked"),
    "an encoding that HTTP/1.0 does not know": head("POST / HTTP/1.0", "Transfer-Encoding: gzip"),
}

BAD = {
    "no request line": (b"hello\r\n", BAD_REQUEST),
    "an empty line first": (b"\r\n" + head(), BAD_REQUEST),
    "no version": (b"GET /api/version\r\n", BAD_REQUEST),
    "a blank in the path": (head("GET /api /version HTTP/1.1"), BAD_REQUEST),
    "a blank at the end": (head("GET / HTTP/1.1 "), BAD_REQUEST),
    "no target": (head("GET  HTTP/1.1"), BAD_REQUEST),
    "a method that is no token": (head("G(T / HTTP/1.1"), BAD_REQUEST),
    "a version in small letters": (head("GET / http/1.1"), BAD_REQUEST),
    "a version with two digits": (head("GET / HTTP/1.10"), BAD_REQUEST),
    "a control character in the path": (head("GET /\x01 HTTP/1.1"), BAD_REQUEST),
    "an escape that is none": (head("GET /%zz HTTP/1.1"), BAD_REQUEST),
    "an escape that is cut": (head("GET /%4 HTTP/1.1"), BAD_REQUEST),
    "another version": (head("GET / HTTP/9.9"), UNKNOWN_VERSION),
    "an old version": (head("GET / HTTP/0.9"), UNKNOWN_VERSION),
    "no host": (head(host=""), NO_HOST),
    "no host beside an absolute target": (head("GET http://foo.local/ HTTP/1.1", host=""), NO_HOST),
    "two hosts": (head("GET / HTTP/1.1", HOST), BAD_REQUEST),
    "a blank in the host": (head(host="Host: a b"), BAD_HOST),
    "a slash in the host": (head(host="Host: a/b"), BAD_HOST),
    "a field without a colon": (head("GET / HTTP/1.1", "nocolon"), BAD_REQUEST),
    "a field without a name": (head("GET / HTTP/1.1", ": 1"), BAD_REQUEST),
    "a name that is no token": (head("GET / HTTP/1.1", "X(): 1"), BAD_REQUEST),
    "a blank in a name": (head("GET / HTTP/1.1", "X Y: 1"), BAD_NAME),
    "a blank after a name": (head("GET / HTTP/1.1", "X : 1"), BAD_NAME),
    "a folded line first": (head("GET / HTTP/1.1", HOST, host=" X: 1"), BAD_REQUEST),
    "a control character in a value": (head("GET / HTTP/1.1", "X: a\x01b"), BAD_REQUEST),
    "a carriage return in a value": (head("GET / HTTP/1.1", "X: a\rb"), BAD_REQUEST),
    "a length that is none": (head("POST / HTTP/1.1", "Content-Length: abc"), BAD_REQUEST),
    "a negative length": (head("POST / HTTP/1.1", "Content-Length: -1"), BAD_REQUEST),
    "an empty length": (head("POST / HTTP/1.1", "Content-Length:"), BAD_REQUEST),
    "a length beyond all memory": (head("POST / HTTP/1.1", "Content-Length: 9223372036854775808"), BAD_REQUEST),
    "a length beyond all numbers": (head("POST / HTTP/1.1", f"Content-Length: {'9' * 9000}"), BAD_REQUEST),
    "two lengths": (head("POST / HTTP/1.1", "Content-Length: 2", "Content-Length: 3"), BAD_REQUEST),
    "a bad length beside chunks": (
        head("POST / HTTP/1.1", "Transfer-Encoding: chunked", "Content-Length: x"),
        BAD_REQUEST,
    ),
    "another encoding": (head("POST / HTTP/1.1", "Transfer-Encoding: foo"), UNKNOWN_ENCODING),
    "two encodings": (head("POST / HTTP/1.1", "Transfer-Encoding: gzip, chunked"), UNKNOWN_ENCODING),
    "chunks twice": (
        head("POST / HTTP/1.1", "Transfer-Encoding: chunked", "Transfer-Encoding: chunked"),
        UNKNOWN_ENCODING,
    ),
    "everything wrong at once": (
        head("GET / HTTP/3.0", "X Y: 1", "Transfer-Encoding: foo", host=""),
        UNKNOWN_ENCODING,
    ),
}


@pytest.mark.parametrize("name", GOOD)
def test_a_head_that_go_takes_is_not_refused_in_whatever_pieces_it_comes(name: str) -> None:
    received = GOOD[name]
    assert {refusal(received[:length]) for length in range(len(received) + 1)} == {None}


@pytest.mark.parametrize("name", BAD)
def test_a_head_that_go_refuses_gets_gos_answer(name: str) -> None:
    received, answer = BAD[name]
    assert refusal(received) == answer


@pytest.mark.parametrize("name", BAD)
@pytest.mark.parametrize("size", [1, 2, 3])
def test_a_head_in_pieces_of_which_each_is_looked_at_once_gets_the_same_answer(name: str, size: int) -> None:
    received, answer = BAD[name]
    told = (refusal(received[: at + size], at) for at in range(0, len(received), size))
    assert next(each for each in told if each) == answer


@pytest.mark.parametrize("name", BAD)
def test_what_follows_a_head_is_not_looked_at(name: str) -> None:
    received, answer = BAD[name]
    assert refusal(received + b"\x00 {}\r\n\r\n") == answer
    assert refusal(GOOD["plain"] + received) is None


def test_a_bad_request_line_is_refused_before_the_rest_of_the_head_has_come() -> None:
    line, _ = BAD["a blank in the path"]
    assert refusal(line.partition(b"\n")[0]) is None
    assert refusal(line.partition(b"\n")[0] + b"\n") == BAD_REQUEST


def test_a_head_of_a_mebibyte_is_the_largest() -> None:
    rest = len(head("GET / HTTP/1.1", "X: "))
    assert refusal(head("GET / HTTP/1.1", "X: " + "a" * (MAX_HEAD_BYTES - rest))) is None
    assert refusal(head("GET / HTTP/1.1", "X: " + "a" * (MAX_HEAD_BYTES - rest + 1))) == TOO_LARGE
    assert refusal(b"a" * (MAX_HEAD_BYTES + 1)) == TOO_LARGE  # without any line


@pytest.mark.parametrize(
    "received",
    [
        b"GET /" + b"%41" * 300_000 + b"% HTTP/1.1\r\n",
        b"GET / HTTP/1.1\r\nX: 1\r\n" + b" a: 1\r\n" * 100_000 + b"\x01\r\n\r\n",
        b"GET / HTTP/1.1\r\nX:" + b" " * 900_000 + b"\x01\r\n\r\n",
    ],
    ids=["escapes", "folded lines", "blanks"],
)
def test_a_large_head_that_is_wrong_at_its_end_is_refused_in_one_pass(received: bytes) -> None:
    assert refusal(received) == BAD_REQUEST


def test_the_answers_are_gos_to_the_byte() -> None:
    assert NO_HOST == (
        b"HTTP/1.1 400 Bad Request: missing required Host header\r\nContent-Type: text/plain; charset=utf-8\r\n"
        b"Connection: close\r\n\r\n400 Bad Request: missing required Host header"
    )
    assert UNKNOWN_ENCODING.endswith(b"\r\n\r\nUnsupported transfer encoding")
