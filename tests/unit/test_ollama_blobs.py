"""Uploaded files: the syntax of their names, and whether a name is right."""

import hashlib

import pytest

from translators.errors import RequestError
from translators.ollama_blobs import check_content, check_digest, no_blob

HELLO = hashlib.sha256(b"hello").hexdigest()


@pytest.mark.parametrize("digest", [f"sha256:{HELLO}", f"sha256-{HELLO}", f"sha256:{HELLO.upper()}"])
def test_a_digest_has_64_hex_digits(digest: str) -> None:
    check_digest(digest)


@pytest.mark.parametrize(
    "digest", ["", HELLO, "sha256:12", f"sha256:{HELLO}0", f"sha256:{HELLO}\n", f"SHA256:{HELLO}", f"sha512:{HELLO}"]
)
def test_anything_else_is_no_digest(digest: str) -> None:
    with pytest.raises(RequestError, match=r"^invalid digest format$"):
        check_digest(digest)


def test_a_blob_that_has_its_name_is_taken() -> None:
    check_content(f"sha256:{HELLO}", b"hello")


@pytest.mark.parametrize("digest", [f"sha256-{HELLO}", f"sha256:{HELLO.upper()}", "sha256:" + "0" * 64])
def test_a_blob_of_another_name_is_refused_with_both(digest: str) -> None:
    with pytest.raises(RequestError) as caught:
        check_content(digest, b"hello")
    assert caught.value.status == 400
    assert caught.value.message == f'digest mismatch, expected "{digest}", got "sha256:{HELLO}"'


def test_a_blob_that_is_not_there_is_named() -> None:
    assert (no_blob("sha256:1").status, no_blob("sha256:1").message) == (404, 'blob "sha256:1" not found')
