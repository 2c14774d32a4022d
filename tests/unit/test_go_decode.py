"""Bodies that Go reads, and its texts for those that it does not; checked against Go 1.26's `encoding/json`."""

import json
import sys
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from translators.errors import RequestError
from translators.go_decode import NotPlain, NumberLiteral, decode, decode_plain, literals_in, plain
from translators.go_quote import quoted
from translators.go_scanner import MAX_DEPTH, end_of_first_value

JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=20,
)


def error_of(body: bytes) -> str:
    with pytest.raises(RequestError) as caught:
        decode(body)
    assert caught.value.status == 400
    return caught.value.message


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b"", "missing request body"),
        (b" \t\r\n", "missing request body"),
        (b"{", "unexpected EOF"),
        (b'{"model":"x"', "unexpected EOF"),
        (b'{"model":"x', "unexpected EOF"),
        (b'{"model":"x\\', "unexpected EOF"),
        (b'{"model":"\\u12', "unexpected EOF"),
        (b"-", "unexpected EOF"),
        (b"1.", "unexpected EOF"),
        (b"1e+", "unexpected EOF"),
        (b"tru", "unexpected EOF"),
        (b"abc", "invalid character 'a' looking for beginning of value"),
        (b'{"a":NaN}', "invalid character 'N' looking for beginning of value"),
        (b'{"a":Infinity}', "invalid character 'I' looking for beginning of value"),
        (b"+1", "invalid character '+' looking for beginning of value"),
        (b"[,1]", "invalid character ',' looking for beginning of value"),
        (b"[1,]", "invalid character ']' looking for beginning of value"),
        (b'\xef\xbb\xbf{"a":1}', "invalid character 'ï' looking for beginning of value"),
        (b"\x1f\x8b\x08", "invalid character '\\x1f' looking for beginning of value"),
        (b"\x00", "invalid character '\\x00' looking for beginning of value"),
        (b"\x80", "invalid character '\\u0080' looking for beginning of value"),
        (b"\xa0", "invalid character '\\u00a0' looking for beginning of value"),
        (b"\\", "invalid character '\\\\' looking for beginning of value"),
        (b"{m:1}", "invalid character 'm' looking for beginning of object key string"),
        (b"{'m':1}", "invalid character '\\'' looking for beginning of object key string"),
        (b'{"a":1,}', "invalid character '}' looking for beginning of object key string"),
        (b'{"a" 1}', "invalid character '1' after object key"),
        (b'{"a""b"}', "invalid character '\"' after object key"),
        (b'{"a":1 "b":2}', "invalid character '\"' after object key:value pair"),
        (b'{"a":1]', "invalid character ']' after object key:value pair"),
        (b"[1 2]", "invalid character '2' after array element"),
        (b"[1}", "invalid character '}' after array element"),
        (b'{"a":"x\ny"}', "invalid character '\\n' in string literal"),
        (b'{"a\x01":1}', "invalid character '\\x01' in string literal"),
        (b'{"a":"\\x"}', "invalid character 'x' in string escape code"),
        (b'{"a":"\\u12g4"}', "invalid character 'g' in \\u hexadecimal character escape"),
        (b'{"a":"\\u"}', "invalid character '\"' in \\u hexadecimal character escape"),
        (b"[-x]", "invalid character 'x' in numeric literal"),
        (b"[1.x]", "invalid character 'x' after decimal point in numeric literal"),
        (b"[1ex]", "invalid character 'x' in exponent of numeric literal"),
        (b"[1e-]", "invalid character ']' in exponent of numeric literal"),
        (b"[01]", "invalid character '1' after array element"),
        (b"[1.5.2]", "invalid character '.' after array element"),
        (b"[tree]", "invalid character 'e' in literal true (expecting 'u')"),
        (b"[fals ]", "invalid character ' ' in literal false (expecting 'e')"),
        (b"[nil]", "invalid character 'i' in literal null (expecting 'u')"),
        (b"[truex]", "invalid character 'x' after array element"),
        (b'[{"a":[', "unexpected EOF"),
    ],
)
def test_what_is_not_json_gets_the_text_of_go(body: bytes, text: str) -> None:
    assert error_of(body) == text


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (b' {"a":1}', {"a": 1}),
        (b'{"a":1} trailing', {"a": 1}),
        (b'{"a":1}{"a":2}', {"a": 1}),
        (b"01", 0),
        (b"nullx", None),
        (b'{"a":1,"a":2}', {"a": 2}),
        (b'{"a":1,"a":2} x', {"a": 2}),
        (b'"no\\ud800pe"', "no\ufffdpe"),
        (b'"\\udc00\\ud800"', "\ufffd\ufffd"),
        (b'"\\ud800\\ud83d\\ude00"', "\ufffd\U0001f600"),
        (b'"\\\\ud800\xff"', "\\ud800\ufffd"),
        (b'"\xff"', "\ufffd"),
        (b'"\xe2\x82"', "\ufffd\ufffd"),
        (b'"\xed\xa0\x80"', "\ufffd\ufffd\ufffd"),
        (b'{"\xff":1}', {"\ufffd": 1}),
        (b'["\\u0000\\/\x7f"]', ["\0/\x7f"]),
        (b"[] \xff", []),
        (b"-0.5e-3 x", -0.0005),
    ],
)
def test_what_go_lets_pass_is_read(body: bytes, value: Any) -> None:
    assert plain(decode(body)) == value


@pytest.mark.parametrize(
    ("literal", "number"),
    [
        (b"1", 1),
        (b"-9223372036854775808", -(2**63)),
        (b"18446744073709551615", 2**64 - 1),
        (b"18446744073709551616", 2.0**64),
        (b"123456789012345678901234567890", 123456789012345678901234567890.0),
        (b"1.0", 1.0),
        (b"1e2", 100.0),
        (b"1e-400", 0.0),
    ],
)
def test_integers_of_64_bits_stay_integers_and_other_numbers_are_floats(literal: bytes, number: float) -> None:
    for value in (decode_plain(literal), plain(decode(literal))):
        assert (type(value), value) == (type(number), number)


@pytest.mark.parametrize("literal", [b"1e400", b"9" * 400])
def test_a_number_beyond_floats_is_the_largest_one(literal: bytes) -> None:
    assert plain(decode(b"[%s,-%s]" % (literal, literal))) == [sys.float_info.max, -sys.float_info.max]


@pytest.mark.parametrize(
    "body",
    [
        b'{"a":1,"a":2}',
        b'{"a":1,"\\u0061":2}',
        b'{"x":[{"b":":","a":{},"b":""}]}',
        b'{"a" :1, "a":{"b":":"}}',
    ],
)
def test_a_repeated_key_is_seen_and_both_its_values_are_told(body: bytes) -> None:
    with pytest.raises(NotPlain):
        decode_plain(body)
    assert plain(decode(body)) == json.loads(body)
    assert decode(b'{"a":1,"a":2}') == (("a", NumberLiteral("1")), ("a", NumberLiteral("2")))


def test_the_last_of_equal_keys_wins_in_a_body_that_nobody_has_written_by_hand() -> None:
    assert decode_plain(b'{"a":1,"a":"%s"}' % (b"x" * 20_000)) == {"a": "x" * 20_000}


@pytest.mark.parametrize("tail", [b"", b" trailing"])
@pytest.mark.parametrize(("opening", "closing"), [(b"[", b"]"), (b'{"a":', b"}"), (b'[{"a":', b"}]")])
def test_nesting_is_refused_from_the_same_depth_on_by_either_way_of_reading(
    opening: bytes, closing: bytes, tail: bytes
) -> None:
    levels = MAX_DEPTH // (len(opening.replace(b'"a":', b"")))
    body = opening * levels + b"1" + closing * levels
    assert plain(decode(body + tail)) == decode_plain(body)
    levels += 1
    assert error_of(opening * levels + b"1" + closing * levels + tail).endswith("exceeded max depth")
    assert error_of(opening * 1_000_000) == f"invalid character '{chr(opening[0])}' exceeded max depth"


@given(JSON_VALUES, st.booleans())
@example(2**64 - 1, True)
@example(2**64, True)
@example(-(2**63), True)
@example(-(2**63) - 1, True)
@example({"a:b": ":", '"': '\\":'}, True)
def test_every_json_value_is_read_alike_by_either_way(value: Any, ascii_only: bool) -> None:
    body = json.dumps(value, ensure_ascii=ascii_only).encode()
    assert end_of_first_value(body) == len(body)
    # As text, because 1 == 1.0 == True.
    assert repr(plain(decode(body))) == repr(decode_plain(body))


@given(st.binary() | st.text(alphabet='{}[]",:\\u0123456789abcdeflnrst.-+ \n').map(str.encode))
def test_any_bytes_are_a_value_or_a_request_error(body: bytes) -> None:
    try:
        document = decode(body)
    except RequestError:
        with pytest.raises(NotPlain):
            decode_plain(body)
        return
    json.dumps(plain(document), allow_nan=False).encode()


@given(JSON_VALUES.map(lambda value: json.dumps({"a": value}).encode()), st.data())
def test_a_cut_body_is_an_unexpected_end(body: bytes, data: st.DataObject) -> None:
    cut = data.draw(st.integers(min_value=1, max_value=len(body) - 1))
    assert error_of(body[:cut]) == "unexpected EOF"


def test_literals_are_kept_as_they_were_written_and_told_in_their_order() -> None:
    document = decode(b'{"a":[1.50,{"b":1E2,"b":-0}],"a":"1","c":7}')
    assert [literal.text for literal in literals_in(document)] == ["1.50", "1E2", "-0", "7"]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain é 漢", '"plain é 漢"'),
        ('"\\', '"\\"\\\\"'),
        ("\a\b\f\n\r\t\v\0\x1b\x7f", '"\\a\\b\\f\\n\\r\\t\\v\\x00\\x1b\\x7f"'),
        ("\u00a0\u200b\u2028\ufeff", '"\\u00a0\\u200b\\u2028\\ufeff"'),
        ("\U0001f600\U000e0001", '"\U0001f600\\U000e0001"'),
        ("'<>&\ufffd", '"\'<>&\ufffd"'),
    ],
)
def test_quoting_is_that_of_go(text: str, shown: str) -> None:
    assert quoted(text) == shown
