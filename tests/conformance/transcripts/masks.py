"""What cannot be equal in two transcripts, replaced by what it is: times, and what depends on a model's file."""

import json
import re
from typing import Any, Final

_TEXTS: Final = (
    (re.compile(r"^Date: .*"), "Date: …"),
    (re.compile(r"\d+\.\d{6} s\]"), "… s]"),
    (re.compile(r" is loaded until .*"), " is loaded until …"),
    (re.compile(r"^context length: \d+"), "context length: …"),
    (re.compile(r"^\d+\.\d+\.\d+$"), "a version"),
)

_FRAMING: Final = re.compile(
    r"(Content-Type: application/json; charset=utf-8\nDate: …\n)(Content-Length: \d+|Transfer-Encoding: chunked)"
)
"""Of one object, it depends on its length: Go sends chunks from 2 KB on. That a stream is chunked is compared."""

_TIMES: Final = {
    "created_at",
    "modified_at",
    "expires_at",
    "total_duration",
    "load_duration",
    "prompt_eval_duration",
    "eval_duration",
}
_OF_THE_FILE: Final = {
    "context_length",
    "details",
    "digest",
    "license",
    "model_info",
    "modelfile",
    "parameters",
    "size",
    "template",
}
_OF_THE_SERVER: Final = {"context", "version"}
_ONLY_OF_A_FILE: Final = {"tensors"}

_EXACT_DIGITS: Final = 6
"""Of a vector's numbers. Ollama sums their squares in 32 bits, which may change the eighth."""


def masked(transcript: str, model: str) -> list[str]:
    """The lines of a transcript; objects have their keys in their order.

    Args:
        transcript: As a client printed it.
        model: What the tasks are done with; which others are loaded depends on what was done before.
    """
    lines = [_masked_line(line, model) for line in transcript.splitlines()]
    return _FRAMING.sub(r"\1of some length", "\n".join(lines)).splitlines()


def _masked_line(line: str, model: str) -> str:
    if line.startswith("{"):
        return json.dumps(_masked_object(json.loads(line), model))
    for pattern, replacement in _TEXTS:
        line = pattern.sub(replacement, line)
    return line


def _masked_object(answer: dict[str, Any], model: str) -> dict[str, Any]:
    found = {key: _masked_value(key, value) for key, value in answer.items() if key not in _ONLY_OF_A_FILE}
    if "models" in answer:
        models = sorted(answer["models"], key=lambda entry: str(entry["name"]))
        # The list of models tells less of capabilities than show does, when they stand in the file's own template.
        entries = [
            _masked_object(entry, model) | ({"capabilities": "…"} if "capabilities" in entry else {})
            for entry in models
        ]
        found["models"] = [
            entry for entry in entries if "expires_at" not in entry or entry["name"] == f"{model}:latest"
        ]
    return found


def _masked_value(key: str, value: Any) -> Any:
    if key in _TIMES | _OF_THE_FILE | _OF_THE_SERVER:
        return type(value).__name__
    if key == "capabilities":
        return sorted(value)
    if key == "embeddings":
        return [[round(number, _EXACT_DIGITS) for number in vector] for vector in value]
    return value
