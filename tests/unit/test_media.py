"""Digests in the place of media: every way in which requests carry them, and nothing else."""

import base64
import gzip
import hashlib
import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from addon.recordings.differences import upstream_difference
from addon.recordings.layout import recording_text
from addon.recordings.matching import asked_of, normal_request
from addon.recordings.redacting import redacted
from addon.redaction.media import LEAST_MEDIA, without_media
from addon.redaction.redactor import MARK, Redactor
from tests.recorded import compact, recording, request, response, upstream_call

PICTURE = bytes(range(256)) * 8
DIGEST = f"sha256:{hashlib.sha256(PICTURE).hexdigest()}"
TEXT = base64.b64encode(PICTURE).decode()
LINES_IN_JSON_IN_JSON = json.dumps(json.dumps(base64.encodebytes(PICTURE).decode()))[3:-3]
URL = f"data:image/png;base64,{TEXT}"

OLLAMA = {"model": "m", "messages": [{"role": "user", "content": "What is this?", "images": [TEXT]}]}
OPENAI = {"model": "m", "messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": URL}}]}]}


@pytest.mark.parametrize(
    ("body", "kept"),
    [
        (OLLAMA, TEXT),
        (OPENAI, TEXT),
        ({"input": [{"type": "input_image", "image_url": URL}]}, TEXT),
        ({"type": "input_audio", "input_audio": {"data": TEXT, "format": "wav"}}, TEXT),
        ({"file": {"file_data": f"data:application/pdf;name=a b.pdf;base64,{TEXT}"}}, TEXT),
        ({"content": json.dumps({"png": TEXT, "url": URL})}, TEXT),
        ({"content": json.dumps({"inner": json.dumps([URL])})}, TEXT),
        ({"content": json.dumps({"lines": base64.encodebytes(PICTURE).decode()})}, LINES_IN_JSON_IN_JSON),
    ],
)
def test_a_digest_stands_for_the_media_and_what_it_is_stays(body: Any, kept: str) -> None:
    for indent in (None, 2):
        text = json.dumps(body, indent=indent)
        assert without_media(text.encode()).decode() == text.replace(kept, DIGEST)


@pytest.mark.parametrize(
    "written",
    [
        TEXT.replace("/", "\\/"),
        TEXT.replace("+", "\\u002B").replace("=", "\\u003d"),
        json.dumps(base64.encodebytes(PICTURE).decode())[1:-1],
        base64.urlsafe_b64encode(PICTURE).decode(),
        TEXT.rstrip("="),
    ],
    ids=["slashes", "hexadecimal", "lines", "for URLs", "without padding"],
)
def test_the_digest_is_of_the_media_however_it_is_written(written: str) -> None:
    assert without_media(f'{{"images":["{written}"]}}'.encode()) == compact({"images": [DIGEST]})


@pytest.mark.parametrize(
    "text",
    [
        TEXT[: LEAST_MEDIA - 4],
        "Why is the sky blue? " * 200,
        "\n" * 3000,
        " ".join([TEXT[:500]] * 9),
        f"![picture]({'x' * 900})" * 3,
        "https://example.com/" + "a" * 3000,
    ],
)
def test_other_texts_stay(text: str) -> None:
    body = compact({"content": text, "more": [text, {"a": text}], "numbers": [0.25] * 3000})
    assert without_media(body) == body


def test_what_looks_like_base64_and_is_none_has_a_digest_of_its_own() -> None:
    text = "A" * (LEAST_MEDIA + 1)
    assert without_media(compact([text])) == compact([f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"])


@given(st.binary(min_size=800, max_size=900), st.integers(1, 3))
def test_doing_it_again_changes_nothing(data: bytes, times: int) -> None:
    body = compact({"images": [base64.b64encode(data * times).decode()], "url": URL})
    assert without_media(without_media(body)) == without_media(body)


def test_a_request_finds_its_recording_with_the_media_or_with_the_digest() -> None:
    with_media, digested = compact(OLLAMA), without_media(compact(OLLAMA))
    assert (
        normal_request("POST", "/api/chat", with_media).digest == normal_request("POST", "/api/chat", digested).digest
    )
    other = compact(OLLAMA).replace(TEXT[:8].encode(), b"A" * 8)
    assert normal_request("POST", "/api/chat", other).digest != normal_request("POST", "/api/chat", digested).digest


def test_a_translated_request_does_not_drift_from_its_digest() -> None:
    sent = compact(OPENAI)
    assert upstream_difference(sent, without_media(sent)) == ""
    assert upstream_difference(without_media(sent), sent) == ""


def test_recordings_hold_digests_only_where_that_is_asked_for() -> None:
    whole = recording(upstream_call(request=request(OPENAI)), body=OLLAMA)
    assert redacted(whole, Redactor()) == whole
    kept = recording_text(redacted(whole, Redactor(keep_media=False)))
    assert TEXT[:64] not in kept
    assert kept.count(DIGEST) == 2
    assert f"data:image/png;base64,{DIGEST}" in kept


HIT = re.compile(r"\d{4,}|AAEC")
"""Finds something in the picture's base64 and in its digest, and the number in the prompt."""
ASKED = OLLAMA | {"prompt": "I am 4711", "url": URL, "arguments": json.dumps({"png": TEXT, "id": 4711})}


@pytest.mark.parametrize("keep_media", [True, False])
@pytest.mark.parametrize("escaped", [True, False])
def test_no_pattern_damages_a_picture_and_a_request_finds_its_recording_all_the_same(
    keep_media: bool, escaped: bool
) -> None:
    redactor = Redactor((), HIT, keep_media=keep_media)
    body = compact(ASKED | {"more": 'é "' if escaped else ""})
    kept = redacted(recording(upstream_call(request=request(body)), body=body), redactor)
    expected = body.replace(rb"\"id\": 4711", rb"\"id\": \"4711\"").replace(b"4711", MARK.encode())
    expected = expected if keep_media else expected.replace(TEXT.encode(), DIGEST.encode())
    assert [kept.client.request.body, kept.upstream[0].request.body] == [expected, expected]
    for asked in (body, without_media(body)):
        replayed = normal_request("POST", "/api/chat", redactor.request_body("/api/chat", asked))
        assert replayed.digest == asked_of(kept).digest


def test_what_a_pattern_finds_around_a_picture_takes_the_picture_with_it() -> None:
    redactor = Redactor((), re.compile(r'"images":\["[^"]*"\]'))
    assert redactor.body(b'{"a":1,"images":["%b"]}' % TEXT.encode()) == b'{"a":1,%b}' % MARK.encode()


@pytest.mark.parametrize("pattern", [r"\S{100,}", r'[^"]{50,}', "(?s).{500}", r"[\x7f]", "[^ -~]"])
def test_a_pattern_for_long_words_finds_no_picture(pattern: str) -> None:
    body = json.dumps({"images": [TEXT], "audio": f"data:audio/wav;base64,{TEXT}", "n": 1}).encode()
    assert Redactor((), re.compile(pattern)).body(body) == body


def test_what_a_media_type_says_beside_the_media_is_searched() -> None:
    redactor = Redactor((), re.compile("Jane"))
    assert redactor.text(f'"data:a/b;name=Jane;base64,{TEXT}"') == f'"data:a/b;name={MARK};base64,{TEXT}"'


def test_a_compressed_request_with_a_picture_is_kept() -> None:
    packed = request(gzip.compress(compact(OLLAMA))).model_copy(update={"headers": (("Content-Encoding", "gzip"),)})
    kept = redacted(recording(upstream_call(request=packed)), Redactor((), HIT))
    assert kept.upstream[0].request == packed


def test_a_picture_in_an_answer_stays_whole_too() -> None:
    answer = compact({"data": [{"b64_json": TEXT}], "id": "4711"})
    made = recording(upstream_call(response=response((1.0, answer[:99]), (2.0, answer[99:]))))
    kept = redacted(made, Redactor((), HIT)).upstream[0].response
    assert kept
    assert b"".join(piece for _, piece in kept.chunks) == answer.replace(b"4711", MARK.encode())
