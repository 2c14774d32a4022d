"""Digests in the place of media: every way in which requests carry them, and nothing else."""

import base64
import hashlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from addon.recordings.differences import upstream_difference
from addon.recordings.layout import recording_text
from addon.recordings.matching import normal_request
from addon.recordings.media import LEAST_MEDIA, without_media
from addon.redaction.redactor import Redactor
from tests.recorded import compact, recording, request, upstream_call

PICTURE = bytes(range(256)) * 8
DIGEST = f"sha256:{hashlib.sha256(PICTURE).hexdigest()}"
TEXT = base64.b64encode(PICTURE).decode()
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
    assert Redactor().recording(whole) == whole
    kept = recording_text(Redactor(keep_media=False).recording(whole))
    assert TEXT[:64] not in kept
    assert kept.count(DIGEST) == 2
    assert f"data:image/png;base64,{DIGEST}" in kept
