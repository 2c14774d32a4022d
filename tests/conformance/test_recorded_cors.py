"""What a real Ollama answered about origins and hosts: status and headers, byte for byte.

The recordings are not part of the project: set SHARED_DIR to the folder that holds `ollama-goldens/`.
"""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from addon.access import Asked, admission, origins_from

if "SHARED_DIR" not in os.environ:
    pytest.skip("SHARED_DIR is not set: the recorded answers are not part of the project", allow_module_level=True)

FOLDER = Path(os.environ["SHARED_DIR"]) / "ollama-goldens"
RECORDS: dict[str, Any] = {
    file.stem: json.loads(file.read_text("utf-8"))
    for pattern in ("*cors-*.json", "*host-*.json")
    for file in sorted(FOLDER.glob(pattern))
}
# What the recorded server knows; the paths that are not here are its 404s.
KNOWN_METHODS = {
    "/api/version": ("HEAD", "GET"),
    "/api/tags": ("HEAD", "GET"),
    "/api/chat": ("POST",),
    "/v1/chat/completions": ("POST",),
}
ORIGINS = {"star": ["*"], "origins": ["http://192.168.1.5:3000"]}
FRAMING = ("Date", "Content-Length")
DECIDED = (204, 403)
"""Nothing else answers so in these recordings."""


def test_there_are_recordings() -> None:
    assert len(RECORDS) >= 80


@pytest.mark.parametrize("name", RECORDS)
def test_access_is_decided_as_recorded(name: str) -> None:
    request, response = RECORDS[name]["request"], RECORDS[name]["response"]
    sent = dict(request["headers"])
    variant = name.partition("-")[0]
    asked = (request["method"], sent.get("Origin", ""), sent["Host"], KNOWN_METHODS.get(request["path"], ()))
    answer = admission(
        Asked(*asked),
        origins_from(ORIGINS.get(variant, [])),
        guarded=variant != "any",
        hostname="recorder",
        is_own=lambda _: False,
    )
    headers = [(header, value) for header, value in response["headers"] if header not in FRAMING]
    if response["status"] in DECIDED:
        assert answer.status == response["status"]
        assert response["body"] == ""
    else:
        assert answer.status is None
        headers = [(header, value) for header, value in headers if header.startswith("Access-") or header == "Vary"]
    assert list(answer.headers) == headers
