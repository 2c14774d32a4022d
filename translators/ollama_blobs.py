"""Uploaded files, which Ollama calls blobs and names by their SHA-256 (its `manifest/paths.go`)."""

import hashlib
import re
from typing import Final

from translators.errors import RequestError
from translators.go_quote import quoted

_DIGEST: Final = re.compile(r"sha256[:-][0-9a-fA-F]{64}")


def check_digest(digest: str) -> None:
    """Check the name of a blob.

    Raises:
        RequestError: 400.
    """
    if not _DIGEST.fullmatch(digest):
        raise RequestError("invalid digest format")


def no_blob(digest: str) -> RequestError:
    """The error for a blob that is not there."""
    return RequestError(f"blob {quoted(digest)} not found", status=404)


def check_content(digest: str, content: bytes) -> None:
    """Check that a blob has its own name; one with a dash or a capital letter in it is nobody's, as in Ollama.

    Takes about a second for 1 GB.

    Raises:
        RequestError: 400, which tells the right name.
    """
    own = f"sha256:{hashlib.sha256(content).hexdigest()}"
    if own != digest:
        raise RequestError(f"digest mismatch, expected {quoted(digest)}, got {quoted(own)}")
