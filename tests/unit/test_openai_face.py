"""What of headers and bodies passes between an OpenAI client and the upstream."""

import pytest
from mitmproxy.http import Headers
from multidict import CIMultiDict

from addon.openai_face import headers_to_client, headers_to_upstream, without_key

KEY = "sk-proj-0123456789abcdef"


def test_the_clients_headers_are_sent_on_by_list() -> None:
    headers = Headers(
        [
            (b"openai-beta", b"a"),
            (b"OpenAI-Beta", b"b"),
            (b"Authorization", b"Bearer x"),
            (b"Content-Type", b"text/plain"),
            (b"Accept", b"*/*"),
            (b"x-stainless-lang", b"python"),
        ]
    )
    assert headers_to_upstream(headers) == {"OpenAI-Beta": "a, b"}


@pytest.mark.parametrize("value", [b"", b"\xff", "é".encode(), b"a\x00b", b"a\x1fb"])
def test_a_header_that_cannot_be_sent_is_left_out(value: bytes) -> None:
    assert headers_to_upstream(Headers([(b"Idempotency-Key", value)])) == {}


def test_the_upstreams_headers_are_passed_on_by_list() -> None:
    passed = {
        "content-type": "application/json",
        "x-request-id": "req_1",
        "retry-after-ms": "20",
        "x-ratelimit-remaining-tokens": "1",
    }
    kept = {"set-cookie": "a=b", "openai-organization": "org", "transfer-encoding": "chunked", "content-length": "1"}
    upstreams = {name.title(): value for name, value in {**passed, **kept}.items()}
    assert headers_to_client(CIMultiDict(upstreams)) == passed


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        (f"bad key {KEY}!", "bad key …cdef!"),
        (f"bad key {KEY[:12]}****", "bad key …cdef****"),
        (f"bad key {KEY[:11]}****", f"bad key {KEY[:11]}****"),
        ("no key at all", "no key at all"),
    ],
)
def test_the_key_and_its_beginning_are_taken_out(body: str, shown: str) -> None:
    assert without_key(KEY, b"\xff" + body.encode()) == b"\xff" + shown.encode()


@pytest.mark.parametrize("key", ["", "short"])
def test_without_a_key_worth_the_name_nothing_is_taken_out(key: str) -> None:
    assert without_key(key, b"short \xff") == b"short \xff"
