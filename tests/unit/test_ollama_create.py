"""Making a model: what Ollama answers once it has begun."""

from typing import Any

import pytest

from translators.errors import OllamaError
from translators.ollama_create import check_base, check_result, import_files
from translators.ollama_manage_requests import CreateRequest

DIGEST = "sha256:" + "1" * 64
MISSING = f"open blobs/sha256-{'1' * 64}: no such file or directory"


def request(**fields: Any) -> CreateRequest:
    return CreateRequest.model_validate({"model": "m", **fields})


def run(asked: CreateRequest) -> tuple[list[str], OllamaError | None]:
    """The status lines, and what ended them."""
    statuses: list[str] = []
    try:
        check_base(asked)
        for status in import_files(asked):
            statuses.append(status)
        check_result(asked)
    except OllamaError as error:
        return statuses, error
    return statuses, None


REFUSALS: list[tuple[dict[str, Any], list[str], int, str]] = [
    ({}, [], 400, "neither 'from' or 'files' was specified"),
    ({"adapters": {"a.gguf": DIGEST}}, [], 400, "neither 'from' or 'files' was specified"),
    ({"from": "a b"}, [], 400, "invalid model name"),
    ({"from": "a:cloud:local"}, [], 400, "invalid model name"),
    ({"from": "a", "remote_host": "a b"}, [], 400, "bad remote"),
    (
        {"from": "a", "remote_host": "h", "draft_files": {"d.gguf": DIGEST}},
        [],
        400,
        "DRAFT cannot be used with remote models",
    ),
    ({"files": {}}, [], 400, "unknown type"),
    ({"files": {"x.bin": DIGEST}}, [], 400, "unknown type"),
    ({"files": {"x.gguf": DIGEST}}, ["parsing GGUF"], 500, MISSING),
    ({"files": {"config.json": DIGEST, "x.safetensors": DIGEST}}, ["converting model"], 500, MISSING),
    ({"files": {"x.gguf": "sha256:12"}}, ["parsing GGUF"], 500, "invalid digest format"),
    ({"from": "a", "adapters": {"a.safetensors": DIGEST}}, ["converting adapter"], 400, MISSING),
    ({"from": "a", "adapters": {"a.gguf": "sha256:12"}}, ["parsing GGUF"], 400, "invalid digest format"),
    ({"from": "a", "draft_files": {}}, [], 400, "unknown type"),
    ({"from": "a", "draft_files": {"d.gguf": DIGEST}}, ["parsing GGUF"], 400, MISSING),
    ({"from": "a", "adapters": {}}, [], 400, "unknown type"),
    ({"from": "a", "adapters": {"a.gguf": DIGEST}}, ["parsing GGUF"], 400, MISSING),
    (
        {"from": "a", "adapters": {"a.gguf": DIGEST, "b.gguf": DIGEST}},
        [],
        400,
        "only one adapter is currently supported",
    ),
    (
        {"from": "a", "quantize": "q4_K_M"},
        [],
        500,
        "quantization is only supported for F16, BF16 and F32 models",
    ),
    (
        {"from": "a", "quantization": "q4_K_M", "template": "{{ .Foo"},
        [],
        500,
        "quantization is only supported for F16, BF16 and F32 models",
    ),
    ({"from": "a", "template": "{{ .Foo"}, [], 400, "template error: template: :1: unclosed action"),
    (
        {"from": "a", "remote_host": "h", "template": "{{ .Foo"},
        [],
        400,
        "template error: template: :1: unclosed action",
    ),
]


@pytest.mark.parametrize(("fields", "statuses", "status", "text"), REFUSALS)
def test_a_refusal_has_ollamas_text_and_comes_after_ollamas_lines(
    fields: dict[str, Any], statuses: list[str], status: int, text: str
) -> None:
    seen, error = run(request(**fields))
    assert error is not None
    assert (seen, error.status, error.message) == (statuses, status, text)


@pytest.mark.parametrize(
    "fields",
    [
        {"from": "a"},
        {"from": "a", "files": {"x.gguf": DIGEST}},  # what is built on counts
        {"from": "a", "remote_host": "h", "adapters": {"a.gguf": DIGEST}, "quantize": "q4_K_M"},
        {"from": "a", "template": "{{ .Prompt }}", "system": "s", "parameters": {"temperature": "hot"}},
    ],
)
def test_what_ollama_takes_is_not_refused(fields: dict[str, Any]) -> None:
    assert run(request(**fields)) == ([], None)


@pytest.mark.parametrize(
    "host",
    [
        "h",
        "h:1",
        "h:",
        "http://h",
        "https://h:443/",
        "http://u:p@h:1/x?y",
        "[::1]:11434",
        "/path",
        "http://",
        "ö.example",
    ],
)
def test_a_remote_host_is_what_go_can_parse(host: str) -> None:
    check_base(request(**{"from": "a", "remote_host": host}))


@pytest.mark.parametrize("host", ["a b", "h:x", "h:1x", "http://a b/", "h\n", "h/\x7f", "a^b", "a\\b", "[::1"])
def test_a_remote_host_that_go_cannot_parse_is_a_bad_remote(host: str) -> None:
    with pytest.raises(OllamaError, match=r"^bad remote$"):
        check_base(request(**{"from": "a", "remote_host": host}))
