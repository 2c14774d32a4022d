"""What a user's pattern finds, wherever a text stands and however it is written."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from addon.recordings.layout import recording_text
from addon.recordings.recording import Recording
from addon.recordings.redacting import SpelledOut, redacted
from addon.redaction.pattern_search import LONGEST_HIT, SLICE, pattern_spans
from addon.redaction.redactor import MARK, Redactor
from tests.recorded import compact, recording, request, response, upstream_call

ACME = re.compile(r'(?i)acme-\d+|Jørgen "the" Doe/\w+')
SECRETS = ["acme-123", "ACME-9", 'Jørgen "the" Doe/Øst']


def hexadecimal(value: Any) -> str:
    """JSON whose texts are escapes only."""
    return re.sub(r"[\w-]", lambda found: f"\\u{ord(found[0]):04X}", json.dumps(value, ensure_ascii=False))


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize(
    "write",
    [
        lambda value: json.dumps(value, ensure_ascii=False),
        json.dumps,
        lambda value: json.dumps(value, indent=2),
        lambda value: json.dumps(value).replace("/", "\\/"),
        hexadecimal,
    ],
    ids=["unicode", "ascii", "indented", "slashes", "hexadecimal"],
)
def test_a_pattern_is_for_texts_however_json_writes_them(secret: str, write: Callable[[Any], str]) -> None:
    body = write({"a": f"é {secret}, and", "b": ["😀", secret, "😀"]}).encode()
    assert json.loads(Redactor((), ACME).body(body)) == {"a": f"é {MARK}, and", "b": ["😀", MARK, "😀"]}


@pytest.mark.parametrize("secret", SECRETS)
def test_also_in_json_within_json(secret: str) -> None:
    body = json.dumps({"arguments": json.dumps({"who": json.dumps([secret]), "n": 1})})
    arguments = json.loads(json.loads(Redactor((), ACME).body(body.encode()))["arguments"])
    assert (json.loads(arguments["who"]), arguments["n"]) == ([MARK], 1)


@pytest.mark.parametrize("pattern", ["secret=.*", "secret=[^,]*$", "(?s)secret=.*", r"\bsecret=\S+"])
def test_a_pattern_that_finds_the_rest_of_a_text_spares_the_rest_of_the_json(pattern: str) -> None:
    for text in ("my secret=x1", 'my secret="\n"', "my secret=ø"):
        body = compact({"before": MARK, "text": text, "n": 1})
        assert json.loads(Redactor((), re.compile(pattern)).body(body))["n"] == 1
    body = compact({"text": "my secret=x1", "n": 1})
    assert Redactor((), re.compile(pattern)).body(body) == compact({"text": f"my {MARK}", "n": 1})


def test_a_pattern_may_also_be_for_the_json_itself() -> None:
    body = compact({"name": "Jane", "id": 123456789, "ok": True})
    redactor = Redactor((), re.compile(r'"name":"[^"]*"|\b\d{9}\b'))
    assert redactor.body(body) == f'{{{MARK},"id":"{MARK}","ok":true}}'.encode()


def test_what_a_credential_is_stays_one_where_a_pattern_finds_its_beginning() -> None:
    assert Redactor((), re.compile("sk-")).text('"sk-proj-' + "Ab1_" * 8 + '"') == f'"{MARK}"'


def test_a_pattern_does_not_find_what_stands_in_its_place() -> None:
    redactor = Redactor((), re.compile(r"[a-z]{8}"))
    assert redactor.text("passwort") == MARK
    assert redactor.text(MARK) == MARK
    assert not redactor.spells_out(compact(["passwort"[:4], MARK, MARK]))


@pytest.mark.parametrize("text", ['5" {}', '{{"who":"{}', '5" 6" {{"k":"{}","n":1}} 7"'])
@pytest.mark.parametrize("secret", SECRETS)
def test_a_pattern_is_also_for_texts_whose_quotation_marks_are_odd(text: str, secret: str) -> None:
    prompt = text.format(json.dumps(secret)[1:-1])
    assert Redactor((), ACME).text(prompt) == text.format(MARK)
    assert json.loads(Redactor((), ACME).body(json.dumps([prompt, 1]).encode())) == [text.format(MARK), 1]


def test_a_pattern_finds_nothing_in_nothing() -> None:
    assert Redactor((), re.compile("(?=a)|a?b")).text("aab") == f"a{MARK}"
    assert Redactor((), ACME).text("") == ""


def test_text_that_is_no_unicode_is_searched_too() -> None:
    assert Redactor((), ACME).body(b"\xff\xfeacme-1\xff") == b"\xff\xfe" + MARK.encode() + b"\xff"
    assert Redactor((), ACME).body(b'"\\ud800 acme-1 \\ud83d\\ude00"') == b'"\\ud800 %b \\ud83d\\ude00"' % MARK.encode()


def test_an_escape_is_taken_out_whole_or_not_at_all() -> None:
    assert Redactor((), re.compile("\udced")).body(b'"a\\ud800b"') == f'"a{MARK}b"'.encode()
    assert Redactor((), ACME).body(b'"\\x acme-1 \\u12"') == b'"\\x %b \\u12"' % MARK.encode()


@pytest.mark.parametrize(
    "hide",
    [
        lambda text: recording(body={"prompt": text}),
        lambda text: recording(upstream_call(request=request({"input": text}))),
        lambda text: recording(upstream_call(request=request(path="/x?q=J%C3%B8rgen%20%22the%22+Doe/x"))),
        lambda text: recording(upstream_call(error=f"UpstreamBroken: {text}")),
        lambda text: recording(upstream_call(response=response(location=f"https://x/{text}"))),
        lambda text: recording(upstream_call(response=response((1.0, json.dumps(text).encode())))),
        lambda text: recording(upstream_call(response=response((1.0, text[:9].encode()), (2.0, text[9:].encode())))),
    ],
)
def test_every_part_of_a_recording_is_searched(hide: Callable[[str], Recording]) -> None:
    text = recording_text(redacted(hide(SECRETS[2]), Redactor((), ACME)))
    assert "rgen" not in text
    assert MARK in text


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize("member", ["content", "arguments"])
def test_what_is_spelled_out_piece_by_piece_is_not_kept(secret: str, member: str) -> None:
    text = secret if member == "content" else json.dumps({"who": secret})
    deltas = [b"data: " + compact({"choices": [{"index": 0, "delta": {member: token}}]}) + b"\n\n" for token in text]
    chunks = [(float(at), delta) for at, delta in enumerate(deltas)]
    with pytest.raises(SpelledOut):
        redacted(recording(upstream_call(response=response(*chunks))), Redactor((), ACME))


@given(st.integers(-12, 12), st.sampled_from(["", "é", "😀"]), st.integers(1, 3))
def test_what_runs_over_the_border_of_slices_is_found_once(shift: int, other: str, slices: int) -> None:
    filling = (other or ".") * (slices * SLICE // len((other or ".").encode()) + shift)
    data = f"{filling}acme-1 acme-22{filling}acme-3".encode()
    spans = list(pattern_spans(ACME, data))
    assert [data[start:stop] for start, stop in spans] == [b"acme-1", b"acme-22", b"acme-3"]


@pytest.mark.parametrize("length", [LONGEST_HIT - 10, SLICE, 5 * SLICE])
@pytest.mark.parametrize("other", ["x", "ø"])
def test_what_goes_on_is_taken_out_to_its_end(length: int, other: str) -> None:
    long = other * length
    for before in (0, 1, SLICE - 3, SLICE + 3):
        data = f"{'.' * before}<{long}> <{long}>".encode()
        assert Redactor((), re.compile(r"<\w*>?")).body(data) == f"{'.' * before}{MARK} {MARK}".encode()


@pytest.mark.parametrize("pattern", [r"(?<=: )\d+", r"\b\d+\b", r"\d+(?=;)"])
def test_a_pattern_sees_what_stands_beside_a_hit_at_the_border_of_slices(pattern: str) -> None:
    for before in range(SLICE - 8, SLICE + 4):
        data = b"." * before + b": 12345; x6" + b"." * LONGEST_HIT
        found = [data[start:stop] for start, stop in pattern_spans(re.compile(pattern), data)]
        assert found == [b"12345"]


@given(st.text(alphabet='ab"\\nu0\x1fø{}:,', max_size=40), st.sampled_from(["a", "ø", "a+b", "[ab]{2}"]))
def test_of_a_text_in_json_nothing_is_left_and_the_rest_stays(text: str, pattern: str) -> None:
    for body in (json.dumps({"t": text, "n": [0]}), json.dumps({"t": text, "n": [0]}, ensure_ascii=False)):
        value = json.loads(Redactor((), re.compile(pattern)).body(body.encode()))
        assert value["n"] == [0]
        assert not re.search(pattern, value["t"].replace(MARK, "\0"))


@pytest.mark.parametrize(
    "before",
    ["\x1b[32m", "\x1b[1m", "\x1b[0;31m", "%3D", "%20", "\\n", "="],
    ids=["green", "bold", "red", "=", " ", "n", "a"],
)
def test_what_ends_in_a_letter_but_is_an_escape_hides_no_credential(before: str) -> None:
    key = "sk-proj-" + "Ab1_" * 8
    for text in (f"x{before}{key}", json.dumps({"a": f"x{before}{key}"})):
        assert key not in Redactor().text(text)


def test_a_number_of_json_that_the_pattern_finds_becomes_a_text() -> None:
    redactor = Redactor((), re.compile(r"\d{10}"))
    body = compact({"created": 1795281531, "phone": [4712345678], "said": "ring 4712345678", "u": "\u00fc0123456789"})
    assert json.loads(redactor.body(body)) == {
        "created": MARK,
        "phone": [MARK],
        "said": f"ring {MARK}",
        "u": f"\u00fc{MARK}",
    }
