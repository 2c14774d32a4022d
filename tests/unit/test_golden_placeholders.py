import pytest

from tests.golden.placeholders import PLACEHOLDERS, with_names

FITTING = {
    "<time>": ["2026-11-21T10:00:00Z", "2026-11-21T10:00:00.000000001Z", "0001-01-01T00:00:00Z"],
    "<zoned>": ["2026-11-21T10:00:00.5+05:30", "2026-11-21T10:00:00Z"],
    "<date>": ["Sat, 21 Nov 2026 10:04:00 GMT"],
    "<n>": ["1", "9007199254740993"],
    "<integers>": ["0", "1,20,300"],
    "<floats>": ["1", "-0.5", "0.013,1e-7,-3.25e-9"],
    "<call>": ["call_0123456789abcdef01234567"],
    "<sha256>": ["0" * 64],
    "<words>": ["a", 'the option \\"x\\" \\u003e 1', "naïve"],
    "<more>": ["", ',{"a":1},{"b":2}'],
}
WRONG = {
    "<time>": ["2026-11-21T10:00:00.50Z", "2026-11-21T10:00:00.Z", "2026-11-21T10:00:00+00:00", ""],
    "<zoned>": ["2026-11-21T10:00:00", "2026-11-21T10:00:00.120+01:00"],
    "<date>": ["2026-11-21T10:00:00Z"],
    "<n>": ["0", "-1", "1.5", "01", ""],
    "<integers>": ["", "1.5", "1, 2"],
    "<floats>": ["", "1.0", "0.50", "1e-07", "NaN"],
    "<call>": ["call_1", ""],
    "<sha256>": ["sha256:" + "0" * 64, "A" * 64],
    "<words>": ["", 'an "open" quote', "a\tb", "\\x"],
    "<more>": [",", "{}", ",[]"],
}


def test_each_placeholder_is_tried_here() -> None:
    assert set(FITTING) == set(WRONG) == set(PLACEHOLDERS)


@pytest.mark.parametrize(("name", "text"), [(name, text) for name, texts in FITTING.items() for text in texts])
def test_what_fits_a_placeholder_stands_as_its_name(name: str, text: str) -> None:
    assert with_names(f"[{name}]", f"[{text}]") == f"[{name}]"


@pytest.mark.parametrize(("name", "text"), [(name, text) for name, texts in WRONG.items() for text in texts])
def test_what_does_not_fit_stands_as_it_is(name: str, text: str) -> None:
    assert with_names(f"[{name}]", f"[{text}]") == f"[{text}]"


@pytest.mark.parametrize("got", ["a", "a\nb\n\n", "a\nb\nc", "a\nb", "", "A\nb\n"])
def test_a_text_of_other_lines_is_never_equal(got: str) -> None:
    assert with_names("a\nb\n", got) == got


def test_only_the_wrong_lines_differ() -> None:
    assert with_names("<n>\n<n>\nend", "5\nfive\nend") == "<n>\nfive\nend"


def test_all_else_counts_as_it_is() -> None:
    assert with_names('{"a.b":[<n>]}', '{"a.b":[7]}') == '{"a.b":[<n>]}'
    assert with_names('{"a.b":[<n>]}', '{"aXb":[7]}') == '{"aXb":[7]}'
    assert with_names("<b>", "<n>") == "<n>"
