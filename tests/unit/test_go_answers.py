"""What Go itself makes of some hundred bodies, so that nobody needs Go to see that ours is the same.

Each line of `go_answers.jsonl` holds the request, its body, and the error's text or the fields that were filled. They
are from Go 1.26.8 and the request types of `github.com/ollama/ollama/api` v0.17.4, with the changes up to Ollama 0.33:
`think` takes `max`, a property has `required`, generate has no `width`, `height` and `steps`, create has a draft model.
Bytes that are not UTF-8 stand there as lone surrogates.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from translators.errors import RequestError
from translators.go_struct import GoStruct
from translators.ollama_embed_requests import EmbeddingRequest, EmbedRequest
from translators.ollama_manage_requests import CopyRequest, CreateRequest, DeleteRequest, PullRequest, PushRequest
from translators.ollama_request_checks import read_struct
from translators.ollama_requests import ChatRequest, GenerateRequest, ShowRequest

STRUCTS: dict[str, type[GoStruct]] = {
    "chat": ChatRequest,
    "generate": GenerateRequest,
    "embed": EmbedRequest,
    "embeddings": EmbeddingRequest,
    "show": ShowRequest,
    "create": CreateRequest,
    "pull": PullRequest,
    "push": PushRequest,
    "copy": CopyRequest,
    "delete": DeleteRequest,
}

ANSWERS = [
    json.loads(line) for line in Path(__file__).with_name("go_answers.jsonl").read_text(encoding="utf-8").splitlines()
]


def answer_of(request: str, body: bytes) -> str | dict[str, Any]:
    """The error's text, or what was filled; of tools only type, name and description, as ours keep the schema whole."""
    try:
        read = read_struct(STRUCTS[request], body)
    except RequestError as error:
        return error.message
    filled = read.model_dump(exclude_defaults=True, exclude={"tools"})
    if isinstance(read, ChatRequest) and read.tools:
        filled["tools"] = [[tool.type, tool.function.name, tool.function.description] for tool in read.tools]
    return {name: value for name, value in filled.items() if value != {}}  # which Go leaves out when it writes them


@pytest.mark.parametrize(("request_", "body", "answer"), ANSWERS)
def test_a_body_is_read_or_refused_as_go_does_it(request_: str, body: str, answer: str | dict[str, Any]) -> None:
    assert answer_of(request_, body.encode("utf-8", "surrogateescape")) == answer
