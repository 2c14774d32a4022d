"""Requests that manage models: pull, push, create, copy, delete (Ollama's `api/types.go`).

The functions at the end read a body as Ollama does and make those checks that it makes before it does anything, in its
order and words. In a request that has both, `model` counts, and `name`, its old spelling, where `model` is empty.
"""

import posixpath
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field

from translators.errors import RequestError
from translators.go_quote import quoted
from translators.go_struct import GoStruct, GoType, OptionalBool, StringItem
from translators.names import is_possible_name
from translators.ollama_request_checks import NamedModel, check_name, read_named, read_struct
from translators.ollama_requests import Messages

Files = Annotated[dict[str, StringItem], GoType("map[string]string")]
"""Names of files, and the digests of their uploaded contents."""


class PullRequest(NamedModel):
    """A request to `/api/pull`.

    Attributes:
        insecure: Whether the registry may be asked without TLS.
        username: For a registry; Ollama does not read it any more.
        password: For a registry; Ollama does not read it any more.
        stream: Whether the answer is NDJSON.
    """

    insecure: bool = False
    username: str = ""
    password: str = Field(default="", repr=False)
    stream: OptionalBool = True


class PushRequest(PullRequest):
    """A request to `/api/push`; its fields are those of `PullRequest`."""


class CreateRequest(NamedModel):
    """A request to `/api/create`.

    Attributes:
        stream: Whether the answer is NDJSON.
        quantize: The wanted precision of the weights.
        draft_quantize: That of the draft model's.
        from_: The model to build on; empty: `files`.
        remote_host: The server that runs `from_`; empty: this one.
        files: Uploaded weights; None when absent, which differs from none given.
        draft_files: Uploaded weights of a draft model.
        adapters: Uploaded adapters.
        template: A Go template.
        license: A text, or a list of texts.
        system: The system prompt.
        parameters: Options; Ollama checks them when the model is loaded.
        messages: The beginning of each conversation.
        renderer: The name of a built-in prompt format.
        parser: The name of a built-in answer format.
        requires: The oldest version of Ollama that can run it.
        info: Facts to be shown in place of the files' own.
        quantization: The old spelling of `quantize`.
    """

    stream: OptionalBool = True
    quantize: str = ""
    draft_quantize: str = ""
    from_: str = ""
    remote_host: str = ""
    files: Files | None = None
    draft_files: Files | None = None
    adapters: Files | None = None
    template: str = ""
    license: Any = None
    system: str = ""
    parameters: dict[str, Any] = Field(default_factory=dict)
    messages: Messages = Field(default_factory=list)
    renderer: str = ""
    parser: str = ""
    requires: str = ""
    info: dict[str, Any] = Field(default_factory=dict)
    quantization: str = ""


class CopyRequest(GoStruct):
    """A request to `/api/copy`.

    Attributes:
        source: The model to copy.
        destination: The name of the copy.
    """

    source: str = ""
    destination: str = ""


class DeleteRequest(NamedModel):
    """A request to `/api/delete`."""


def pull_request(body: bytes) -> PullRequest:
    """Read a request to `/api/pull`; its `model` is set, also when the client said `name`.

    Raises:
        RequestError: 400 with Ollama's text.
    """
    request = read_named(PullRequest, body)
    check_name(request.model)
    return request


def push_request(body: bytes) -> PushRequest:
    """Read a request to `/api/push`; its `model` is set, and may be a name that no model can have.

    Raises:
        RequestError: 400 with Ollama's text.
    """
    request = read_named(PushRequest, body)
    if not request.model:
        raise RequestError("model is required")
    return request


def create_request(body: bytes) -> CreateRequest:
    """Read a request to `/api/create`; its `model` is set, also when the client said `name`.

    Raises:
        RequestError: 400 with Ollama's text.
    """
    request = read_named(CreateRequest, body)
    _check_files(request.files)
    _check_files(request.draft_files)
    if request.draft_quantize and not request.draft_files:
        raise RequestError("--draft-quantize requires a DRAFT model")
    _check_digests(request.adapters)
    if not is_exact_name(request.model):
        raise RequestError("invalid model name")
    return request


def copy_request(body: bytes) -> CopyRequest:
    """Read a request to `/api/copy`.

    Raises:
        RequestError: 400 with Ollama's text.
    """
    request = read_struct(CopyRequest, body)
    for field, name in request:
        if not is_exact_name(name):
            raise RequestError(f"{field} {quoted(name)} is invalid")
    return request


def delete_request(body: bytes) -> DeleteRequest:
    """Read a request to `/api/delete`; its `model` is set, also when the client said `name`.

    Raises:
        RequestError: 400 with Ollama's text.
    """
    request = read_named(DeleteRequest, body)
    if not request.model.strip():
        raise RequestError("model is required")
    check_name(request.model, f"name {quoted(request.model)} is invalid")
    return request


def is_exact_name(name: str) -> bool:
    """Whether a model could have that name, where Ollama does not take blanks around it away."""
    return is_possible_name(name) and name == name.strip()


def _check_files(files: Mapping[str, str] | None) -> None:
    for path in files or ():
        if not _is_relative(path):
            raise RequestError("file path must be relative")
    _check_digests(files)


def _check_digests(files: Mapping[str, str] | None) -> None:
    if files and not all(files.values()):
        raise RequestError("invalid digest format")


def _is_relative(path: str) -> bool:
    """Whether a path is one of Go's `fs.ValidPath`: clean, and within the folder that it is relative to."""
    return bool(path) and not path.startswith(("/", "../")) and path != ".." and posixpath.normpath(path) == path
