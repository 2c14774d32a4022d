from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from translators.go_json import encode
from translators.loose_json import read_json


@pytest.mark.parametrize(
    ("data", "value"),
    [
        (b'{"a":1}', {"a": 1}),
        ('{"a":"é"}', {"a": "é"}),
        (b'"\\ud83d"', "\ufffd"),
        (b'"\\ud83d\\ude00"', "😀"),
        (b'["\\udc00","\\ud83d"]', ["\ufffd", "\ufffd"]),
        ('"a\ud83d"', "a\ufffd"),
        (b'"a\xff"', "a\ufffd"),
        (b'"a\nb\tc"', "a\nb\tc"),
        (b"\xef\xbb\xbf{}", {}),
        (b"[NaN,Infinity,-Infinity,1e999]", [None, None, None, None]),
        (b"[1" + b"0" * 5000 + b",2]", [None, 2]),
    ],
)
def test_what_servers_send_is_read_even_where_strict_parsers_refuse(data: bytes | str, value: Any) -> None:
    assert read_json(data) == value


@pytest.mark.parametrize(
    "data", [b"", b" ", b"{", b"[DONE]", b"{'a':1}", b"{}{}", b"[" * 2000 + b"]" * 2000, b"[" * 10**6]
)
def test_what_is_not_json_or_too_deep_is_a_value_error(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        read_json(data)


@given(st.binary() | st.text().map(lambda text: f'{{"a":"{text}"}}'.encode("utf-8", "surrogatepass")))
def test_whatever_is_read_can_be_written_again(data: bytes) -> None:
    try:
        value = read_json(data)
    except ValueError:
        return
    encode(value)
