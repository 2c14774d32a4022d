"""Vectors from everything that servers send, and their texts as Go writes them."""

import base64
import json
import math
import re
import struct

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from translators.vectors import (
    Vector,
    is_finite,
    unit_vector,
    vector_from_base64,
    vector_from_list,
    vector_text,
    wide_vector_text,
)

# What Go 1.26.8's encoding/json writes for the 32-bit float of these bits, and for the 64-bit float of its value.
GO_TEXTS = [
    (0x00000000, "0", "0"),
    (0x80000000, "-0", "-0"),
    (0x3F800000, "1", "1"),
    (0xBF800000, "-1", "-1"),
    (0x42280000, "42", "42"),
    (0x4B800000, "16777216", "16777216"),
    (0x4A000001, "2097152.2", "2097152.25"),
    (0x00000001, "1e-45", "1.401298464324817e-45"),
    (0x00000002, "3e-45", "2.802596928649634e-45"),
    (0x007FFFFF, "1.1754942e-38", "1.1754942106924411e-38"),
    (0x00800000, "1.1754944e-38", "1.1754943508222875e-38"),
    (0x7F7FFFFF, "3.4028235e+38", "3.4028234663852886e+38"),
    (0xFF7FFFFF, "-3.4028235e+38", "-3.4028234663852886e+38"),
    (0x39800000, "0.00024414063", "0.000244140625"),
    (0xB9800000, "-0.00024414063", "-0.000244140625"),
    (0x39800001, "0.00024414065", "0.00024414065410383046"),
    (0x397FFFFF, "0.00024414061", "0.00024414061044808477"),
    (0x3DCCCCCD, "0.1", "0.10000000149011612"),
    (0x3C23D70A, "0.01", "0.009999999776482582"),
    (0x38D1B717, "0.0001", "0.00009999999747378752"),
    (0x3727C5AC, "0.00001", "0.000009999999747378752"),
    (0x3727C5AB, "0.000009999999", "0.00000999999883788405"),
    (0x3727C5AD, "0.000010000001", "0.000010000000656873453"),
    (0x358637BD, "0.000001", "9.999999974752427e-7"),
    (0x358637BC, "9.999999e-7", "9.99999883788405e-7"),
    (0x358637BE, "0.0000010000001", "0.0000010000001111620804"),
    (0x33D6BF95, "1e-7", "1.0000000116860974e-7"),
    (0x33800000, "5.9604645e-8", "5.960464477539063e-8"),
    (0x1E3CE508, "1e-20", "9.999999682655225e-21"),
    (0x3F7FFFFF, "0.99999994", "0.9999999403953552"),
    (0x3F800001, "1.0000001", "1.0000001192092896"),
    (0x3EAAAAAB, "0.33333334", "0.3333333432674408"),
    (0x447A0000, "1000", "1000"),
    (0x5D5E0B6B, "1000000000000000000", "999999984306749400"),
    (0x60AD78EC, "100000000000000000000", "100000002004087730000"),
    (0x6258D726, "999999950000000000000", "999999949672133200000"),
    (0x6258D727, "1e+21", "1.0000000200408773e+21"),
]
GO_NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d*[1-9])?(?:e[-+][1-9]\d*)?")
UNIT = np.array([0.6, -0.8], np.float32)


def of_bits(*bits: int) -> Vector:
    return np.array(bits, np.uint32).view(np.float32)


def packed(kind: str, *numbers: float) -> str:
    return base64.b64encode(struct.pack(f"<{len(numbers)}{kind}", *numbers)).decode()


@pytest.mark.parametrize(("bits", "text", "wide_text"), GO_TEXTS)
def test_a_number_is_written_as_go_writes_it(bits: int, text: str, wide_text: str) -> None:
    assert vector_text(of_bits(bits)) == f"[{text}]".encode()
    assert wide_vector_text(of_bits(bits)) == f"[{wide_text}]".encode()


def test_numbers_of_all_layouts_stand_side_by_side() -> None:
    bits, texts, wide_texts = zip(*GO_TEXTS, strict=True)
    assert vector_text(of_bits(*bits)).decode() == f"[{','.join(texts)}]"
    assert wide_vector_text(of_bits(*bits)).decode() == f"[{','.join(wide_texts)}]"


@given(st.lists(st.integers(0, 2**32 - 1).filter(lambda bits: bits & 0x7F800000 != 0x7F800000), min_size=1))
@example([0x80000000])
def test_every_finite_float_is_read_again_from_its_text(bits: list[int]) -> None:
    vector = of_bits(*bits)
    for text in (vector_text(vector).decode(), wide_vector_text(vector).decode()):
        assert all(GO_NUMBER.fullmatch(number) for number in text[1:-1].split(","))
        assert np.array(json.loads(text, parse_int=float), np.float32).tobytes() == vector.tobytes()  # -0 is no integer


@given(st.lists(st.floats(width=32, allow_nan=False, allow_infinity=False), min_size=1))
def test_an_exponent_stands_below_a_millionth_and_from_1e21_on_only(numbers: list[float]) -> None:
    texts = vector_text(np.array(numbers, np.float32)).decode()[1:-1].split(",")
    for number, text in zip(numbers, texts, strict=True):
        assert ("e" in text) == (number != 0 and not 1e-6 <= abs(float(text)) < 1e21)


def test_base64_is_32_bit_floats() -> None:
    assert vector_from_base64(packed("f", 0.6, -0.8)).tobytes() == UNIT.tobytes()


def test_floats_that_have_not_length_1_are_floats_too() -> None:
    assert vector_from_base64(packed("f", 3.5, -40.25, 0, 7)).tolist() == [3.5, -40.25, 0, 7]
    assert vector_from_base64(packed("f", 0, 0)).tolist() == [0, 0]


def test_64_bit_floats_of_an_old_server_are_seen_by_their_length() -> None:
    assert vector_from_base64(packed("d", *UNIT)).tolist() == UNIT.tolist()
    # bfloat16 before: as 32-bit floats these are possible numbers, every other one of them 0
    assert vector_from_base64(packed("d", *[0.125] * 64)).tolist() == [0.125] * 64
    # never 32-bit floats before: as those they are impossible
    thirds = [1 / math.sqrt(number * 3) for number in range(1, 33)]
    length = math.hypot(*thirds)
    unit = [number / length for number in thirds]
    assert vector_from_base64(packed("d", *unit)).tolist() == pytest.approx(unit)


def test_32_bit_floats_that_would_be_a_unit_vector_of_64_bit_ones_are_32_bit_floats() -> None:
    numbers = struct.pack("<2f", 0.5, 1.875)
    assert struct.unpack("<d", numbers)[0] == pytest.approx(1)
    assert vector_from_base64(base64.b64encode(numbers).decode()).tolist() == [0.5, 1.875]


def test_8_bit_integers_are_seen_by_their_size_as_floats() -> None:
    numbers = [127, -128, 3, -3] * 16
    assert vector_from_base64(packed("b", *numbers)).tolist() == numbers


@pytest.mark.parametrize("strange", [math.nan, math.inf, -math.inf])
def test_what_is_not_a_number_does_not_make_floats_integers(strange: float) -> None:
    vector = vector_from_base64(packed("f", 0.6, strange, -0.8))
    assert len(vector) == 3
    assert not is_finite(vector)


@pytest.mark.parametrize(
    ("text", "told"), [("äö", "not base64"), ("AA=A", "not base64"), ("", "has 0 bytes"), ("AAAAAAA=", "has 5 bytes")]
)
def test_what_is_not_a_vector_in_base64_is_told(text: str, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        vector_from_base64(text)


def test_a_list_of_numbers_is_a_vector() -> None:
    assert vector_from_list([1, 0.5, -0.0]).tobytes() == np.array([1, 0.5, -0.0], np.float32).tobytes()


@pytest.mark.parametrize("strange", [None, 1e39, -1e300])
def test_null_and_what_is_beyond_32_bits_are_not_finite(strange: float | None) -> None:
    assert not is_finite(vector_from_list([0.5, strange]))


@pytest.mark.parametrize(
    ("numbers", "told"),
    [([], "is empty"), ([0.5, "0.5"], "str"), ([True, 0.5], "bool"), ([[0.5]], "list"), ([{}, 1], "dict")],
)
def test_a_list_of_anything_else_is_refused(numbers: list[object], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        vector_from_list(numbers)


def test_a_vector_of_length_1_stays_as_it_is_to_the_last_bit() -> None:
    nearly = UNIT * np.float32(1.0000005)
    assert unit_vector(nearly, 0) is nearly


@given(st.lists(st.floats(-(2.0**100), 2.0**100, width=32), min_size=1).filter(any))
def test_every_other_vector_but_zero_gets_length_1(numbers: list[float]) -> None:
    unit = unit_vector(np.array(numbers, np.float32), 0).astype(np.float64)
    assert math.sqrt(float(unit @ unit)) == pytest.approx(1, abs=2e-6)


def test_a_zero_vector_stays_zero() -> None:
    assert unit_vector(np.zeros(3, np.float32), 0).tolist() == [0, 0, 0]


def test_a_vector_is_cut_and_made_unit_again() -> None:
    assert unit_vector(np.array([0.3, 0.4, 0.866], np.float32), 2).tolist() == pytest.approx([0.6, 0.8])


@pytest.mark.parametrize("dimensions", [0, -1, 2, 3])
def test_dimensions_that_are_no_number_or_not_fewer_are_ignored(dimensions: int) -> None:
    assert unit_vector(UNIT, dimensions) is UNIT
