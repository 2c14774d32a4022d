import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from translators.go_json import encode, encode_string

JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(-(2**53), 2**53) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (1.0, "1"),
        (0.0, "0"),
        (-0.0, "-0"),
        (-1.5, "-1.5"),
        (0.1, "0.1"),
        (100000.0, "100000"),
        (1e-5, "0.00001"),
        (1.5e-6, "0.0000015"),
        (1e-6, "0.000001"),
        (9.99e-7, "9.99e-7"),
        (1e-7, "1e-7"),
        (1.25e-10, "1.25e-10"),
        (1e16, "10000000000000000"),
        (1.2345678901234568e17, "123456789012345680"),
        (9.999999999999999e20, "999999999999999900000"),
        (1e21, "1e+21"),
        (-1.5e300, "-1.5e+300"),
        (5e-324, "5e-324"),
        (12345678901234567890, "12345678901234567890"),
        (-(10**30), "-" + "1" + "0" * 30),
    ],
)
def test_numbers_are_laid_out_as_go_lays_them_out(number: float, text: str) -> None:
    assert encode(number).decode() == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"b": 1, "a": [True, False, None]}, '{"b":1,"a":[true,false,null]}'),
        ("Grüße 🌍 \x7f /'", '"Grüße 🌍 \x7f /\'"'),
        ('"\\', '"\\"\\\\"'),
        ("\n\r\t\b\f\x00\x1f", '"\\n\\r\\t\\b\\f\\u0000\\u001f"'),
        ("<a href='x'>&", "\"\\u003ca href='x'\\u003e\\u0026\""),
        ("\u2028\u2029\u0085", '"\\u2028\\u2029\\u0085"'),
        ("a\ud83db\udc00", '"a\\ufffdb\\ufffd"'),
        ({"<k>": "1.0 and 1e5"}, '{"\\u003ck\\u003e":"1.0 and 1e5"}'),
        ({'q"1.0': [1.0, "2.0", 3.5]}, '{"q\\"1.0":[1,"2.0",3.5]}'),
        ([], "[]"),
        ({}, "{}"),
    ],
)
def test_values_are_written_as_go_writes_them(value: Any, text: str) -> None:
    assert encode(value).decode() == text


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
def test_a_number_that_is_not_finite_is_refused(number: float) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        encode([number])


@given(JSON_VALUES)
def test_what_is_written_reads_back_as_it_was(value: Any) -> None:
    assert json.loads(encode(value)) == value


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_no_digit_of_a_float_is_lost(number: float) -> None:
    assert float(encode(number)) == number


@given(st.text(st.characters(exclude_categories=())))
def test_any_text_becomes_one_line_of_utf_8(text: str) -> None:
    line = encode_string(text).encode().decode()
    assert len(f"{line}x".splitlines()) == 1
    assert json.loads(line) == "".join("\ufffd" if "\ud800" <= c <= "\udfff" else c for c in text)


def test_a_string_is_written_alike_alone_and_in_a_value() -> None:
    text = '<"\u2028é\n'
    assert encode([text]).decode() == f"[{encode_string(text)}]"


def test_values_as_deep_as_the_reader_allows_can_be_written() -> None:
    value: list[Any] = []
    for _ in range(1000):
        value = [value]
    assert encode(value) == b"[" * 1001 + b"]" * 1001
