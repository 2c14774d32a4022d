"""Sorting of goldens by the table of meant differences, and the captures' own comparison of times."""

import pytest

from tests.conformance.golden_accounts import Row, Table, account, report, table_from
from tests.conformance.golden_captures import shares, time_differences

STATUS = Row("a cut is 502", ("chat-cut*",), (r"status: 500 != 502", r"body\.error: .*"))
HEADER = Row("it is short", ("chat-*",), (r"header .*",))
NOISE = Row("noise", ("real-*",))
CUT = ["status: 500 != 502", "body.error: 'a' != 'b'"]


def test_a_golden_is_meant_when_rows_together_explain_each_of_its_differences() -> None:
    accounts = account(["chat-cut"], {"chat-cut": [*CUT, "header date: absent"]}, Table((STATUS, HEADER), ()))
    assert accounts.meant == {"chat-cut": {"a cut is 502", "it is short"}}
    assert (accounts.unexplained, accounts.idle) == ({}, [])


@pytest.mark.parametrize(
    "line",
    ["status: 500 != 503", "status: 500 != 502 and more", "line 1: status: 500 != 502", "header date: absent"],
)
def test_a_difference_that_no_row_explains_whole_is_unexplained(line: str) -> None:
    accounts = account(["chat-cut"], {"chat-cut": [*CUT, line]}, Table((STATUS,), ()))
    assert accounts.unexplained == {"chat-cut": [line]}
    assert accounts.meant == {}


def test_a_row_explains_nothing_of_a_golden_that_it_does_not_name() -> None:
    accounts = account(["embed-cut"], {"embed-cut": CUT}, Table((STATUS,), ()))
    assert accounts.unexplained == {"embed-cut": CUT}


def test_a_pattern_that_explains_nothing_is_idle() -> None:
    table = Table((Row("why", ("a", "b"), ("x", "y")), Row("noise", ("z",), ())), (NOISE,))
    accounts = account(["a", "b"], {"a": ["x"], "b": []}, table)
    assert [line.split(" of the row ")[0] for line in accounts.idle] == ["'b'", "'y'", "'z'", "'real-*'"]


def test_the_same_pattern_in_two_rows_must_stand_for_something_in_each() -> None:
    table = Table((Row("one", ("a",), ("x",)), Row("two", ("b",), ("x",))), ())
    assert account(["a", "b"], {"a": ["x"], "b": []}, table).idle == ["'b' of the row 'two'", "'x' of the row 'two'"]


def test_a_golden_that_is_neither_captured_nor_set_aside_is_told() -> None:
    accounts = account(["real-a", "chat-a", "chat-b"], {"chat-b": []}, Table((), (NOISE,)))
    assert accounts.not_applicable == {"real-a": "noise"}
    assert (accounts.not_captured, accounts.equal) == (["chat-a"], ["chat-b"])


def test_only_goldens_that_no_row_sets_aside_are_in_scope() -> None:
    assert Table((HEADER,), (NOISE,)).in_scope(["real-a", "chat-a", "unreal-b"]) == ["chat-a", "unreal-b"]


def test_a_pattern_of_a_line_spans_line_breaks() -> None:
    row = Row("why", ("a",), ("body: .* != .*",))
    assert account(["a"], {"a": ["body: 'x\ny' != 'z'"]}, Table((row,), ())).unexplained == {}


def test_each_case_of_the_file_is_a_row_with_the_reason_of_its_difference() -> None:
    cases = [{"goldens": ["a"], "lines": ["x"]}, {"goldens": ["b", "c"], "lines": ["y"]}]
    document = {"meant": [{"reason": "why", "case": cases}], "not_applicable": [{"reason": "n", "goldens": ["d"]}]}
    rows = (Row("why", ("a",), ("x",)), Row("why", ("b", "c"), ("y",)))
    assert table_from(document) == Table(rows, (Row("n", ("d",)),))


def test_the_report_counts_by_tag_and_says_what_is_wrong() -> None:
    table = Table((STATUS, HEADER), (NOISE,))
    found = {"chat-cut": CUT, "chat-a": [], "chat-b": ["odd"]}
    tags = {"chat-cut": ["chat", "error"], "chat-a": ["chat"], "chat-b": ["chat"], "real-a": ["real"], "gone": ["chat"]}
    lines = report(account(tags, found, table), tags).splitlines()
    assert [line.split() for line in lines[1:5]] == [
        ["chat", "1", "1", "0", "1", "1"],
        ["error", "0", "1", "0", "0", "0"],
        ["real", "0", "0", "1", "0", "0"],
        ["all", "5", "1", "1", "1", "1", "1"],
    ]
    assert {"     1  a cut is 502", "     1  noise", "  chat-b", "      odd", "  gone"} <= set(lines)
    assert "  'header .*' of the row 'it is short'" in lines


@pytest.mark.parametrize(
    ("golden", "ours", "told"),
    [
        ("2026-11-20T21:31:04.77-05:00", "2023-03-01T00:00:00-05:00", []),
        ("2026-11-20T21:31:04.77-05:00", "2023-03-01T00:00:00Z", ["times expires_at: ['-05:00'] != ['Z']"]),
        ("2319-03-02T21:18:53.7Z", "2026-11-20T21:31:04Z", ["times expires_at: ['forever Z'] != ['Z']"]),
        ("2319-03-02T21:18:53.7Z", "2318-11-20T21:31:04Z", []),
    ],
)
def test_times_differ_in_their_zone_and_in_being_forever(golden: str, ours: str, told: list[str]) -> None:
    bodies = [f'{{"models":[{{"expires_at":"{time}","size":1}}]}}' for time in (golden, ours)]
    assert time_differences(*bodies) == told


def test_each_golden_is_asked_of_one_server_by_the_name_that_the_list_of_requests_has() -> None:
    names = ["root-get", "star-host-evil", "fresh-tags", "ps-loaded", "tz-ps-loaded", "nocloud-me"]
    asked = {(server.prefix, name) for server, mine in shares(names) for name in mine}
    assert asked == {
        ("", "root-get"),
        ("star-", "host-evil"),
        ("", "fresh-tags"),
        ("", "ps-loaded"),
        ("tz-", "ps-loaded"),
        ("nocloud-", "me"),
    }
    assert sum(len(mine) for _, mine in shares(names)) == len(names)
