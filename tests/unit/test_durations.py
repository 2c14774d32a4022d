"""Durations, checked against Go 1.26's `time.ParseDuration`."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from translators.durations import LONGEST, parse_duration


@pytest.mark.parametrize(
    ("text", "nanoseconds"),
    [
        ("0", 0),
        ("-0", 0),
        ("0s", 0),
        ("300ms", 300_000_000),
        ("1.5h", 5_400_000_000_000),
        ("-1m", -60_000_000_000),
        ("+5m", 300_000_000_000),
        ("2h45m30.5s", 9_930_500_000_000),
        (".5s", 500_000_000),
        ("1.s", 1_000_000_000),
        ("1us1\u00b5s1\u03bcs1ns", 3_001),
        ("0.1234567890123456789012345s", 123_456_789),
        ("000000000000000000000000001s", 1_000_000_000),
        ("9223372036854775807ns", LONGEST),
        ("-9223372036854775808ns", -LONGEST - 1),
    ],
)
def test_a_duration_is_read_in_nanoseconds(text: str, nanoseconds: int) -> None:
    assert parse_duration(text) == nanoseconds


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("", 'time: invalid duration ""'),
        ("-", 'time: invalid duration "-"'),
        (".s", 'time: invalid duration ".s"'),
        ("forever", 'time: invalid duration "forever"'),
        (" 5m", 'time: invalid duration " 5m"'),
        ("10", 'time: missing unit in duration "10"'),
        ("-1", 'time: missing unit in duration "-1"'),
        ("1m30", 'time: missing unit in duration "1m30"'),
        ("1d", 'time: unknown unit "d" in duration "1d"'),
        ("5 m", 'time: unknown unit " m" in duration "5 m"'),
        ("5M", 'time: unknown unit "M" in duration "5M"'),
        ("5é", 'time: unknown unit "\\xc3\\xa9" in duration "5\\xc3\\xa9"'),
        ('"\\\n\x7f', 'time: invalid duration "\\"\\\\\\x0a\x7f"'),
        ("9223372036854775808ns", 'time: invalid duration "9223372036854775808ns"'),
        ("9223372036854775808ns5", 'time: missing unit in duration "9223372036854775808ns5"'),
        ("2562048h", 'time: invalid duration "2562048h"'),
        ("9" * 5000 + "s", f'time: invalid duration "{"9" * 5000}s"'),
    ],
)
def test_a_bad_duration_gets_the_text_of_go(text: str, error: str) -> None:
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - the whole text is compared
        parse_duration(text)
    assert str(caught.value) == error


@given(st.text(alphabet="0123456789.-+hmsnuµ d"))
def test_any_text_is_a_duration_or_a_value_error(text: str) -> None:
    try:
        assert abs(parse_duration(text)) <= LONGEST + 1
    except ValueError as error:
        assert str(error).startswith("time: ")  # noqa: PT017 - either outcome is right
