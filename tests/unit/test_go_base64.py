"""Base64, checked against Go 1.26's `base64.StdEncoding`."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from translators.go_base64 import checked_base64


@pytest.mark.parametrize(
    ("text", "joined"),
    [
        ("", ""),
        ("aGk=", "aGk="),
        ("YQ==", "YQ=="),
        ("YR==", "YR=="),  # bits that mean nothing need not be 0
        ("aG\nk=\r\n", "aGk="),
        ("Y\nQ=\n=", "YQ=="),
        ("\n", ""),
    ],
)
def test_line_breaks_are_taken_out(text: str, joined: str) -> None:
    assert checked_base64(text) == joined


@pytest.mark.parametrize(
    ("text", "offset"),
    [
        ("data:image/png;base64,aGk=", 4),
        ("http://x/y.png", 4),
        ("!!!!", 0),
        ("aGk", 0),
        ("aGkhaG", 4),
        ("a", 0),
        ("a=", 1),
        ("=", 0),
        ("ab\r\n", 2),
        ("YQ=", 3),
        ("YQ=x", 2),
        ("ab=\nx", 3),
        ("YQ==YQ==", 4),
        ("abc=\n\nx", 6),
        ("aGk-", 3),
        ("ab é", 2),
        ("a\u00e9bc", 1),
        ("aGk=\n=", 5),
    ],
)
def test_the_offset_of_an_error_is_that_of_go(text: str, offset: int) -> None:
    with pytest.raises(ValueError, match=rf"^illegal base64 data at input byte {offset}$"):
        checked_base64(text)


@given(st.binary(), st.integers(min_value=1, max_value=10))
def test_wrapped_base64_is_joined(data: bytes, width: int) -> None:
    encoded = base64.b64encode(data).decode()
    wrapped = "\r\n".join(encoded[at : at + width] for at in range(0, len(encoded), width))
    assert checked_base64(wrapped) == encoded


@given(st.text(alphabet="aZ+/=\n-é"))
def test_what_passes_can_be_decoded(text: str) -> None:
    try:
        joined = checked_base64(text)
    except ValueError:
        return
    base64.b64decode(joined, validate=True)
