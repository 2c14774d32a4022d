"""What Ollama answers while it makes a model, as far as it needs no model (its `server/create.go`).

These checks come when the answer may have begun: an error is the answer's status as long as no line was sent.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Final

from translators.errors import OllamaError, RequestError
from translators.go_template import parse_template
from translators.ollama_blobs import check_digest
from translators.ollama_manage_requests import CreateRequest
from translators.ollama_request_checks import check_name

_IMPORTS: Final = {".gguf": "parsing GGUF", ".safetensors": "converting model"}
"""End of a file's name to the first line of its import; Ollama looks into a file of any other name."""

_ADAPTER_IMPORTS: Final = _IMPORTS | {".safetensors": "converting adapter"}

_REMOTE_HOST: Final = re.compile(
    r"(/|([a-z][a-z0-9+.-]*://|(?!.*://))([^\s/?#@]*@)?(\[[^\]\s]*\]|[^\s:/?#\\^`{|}\x00-\x1f\x7f]*)(:[0-9]*)?([/?#]|$))"
    r"[^\x00-\x1f\x7f]*",
    re.IGNORECASE,
)
"""What Go's `url.Parse` takes for a host, with or without a scheme, a port and a path; or a path alone."""


def check_base(request: CreateRequest) -> None:
    """Check that there is something to build from.

    Raises:
        RequestError: 400.
    """
    if not request.from_:
        if request.files is None:
            raise RequestError("neither 'from' or 'files' was specified")
        return
    try:
        check_name(request.from_)
    except RequestError:
        raise RequestError("invalid model name") from None
    if request.remote_host and not _REMOTE_HOST.fullmatch(request.remote_host):
        raise RequestError("bad remote")
    if request.remote_host and request.draft_files:
        raise RequestError("DRAFT cannot be used with remote models")


def import_files(request: CreateRequest) -> Iterator[str]:
    """The status lines of taking the request's files in, in Ollama's order.

    As no file was ever uploaded here, the first one is missing.

    Raises:
        OllamaError: A file is missing or of an unknown type.
    """
    if request.files is not None and not request.from_:
        yield from _import(request.files, _IMPORTS, status=500)
    if request.remote_host and request.from_:
        return
    if request.draft_files is not None:
        yield from _import(request.draft_files, _IMPORTS, status=400)
    if request.adapters is not None:
        if len(request.adapters) > 1 and _kind(request.adapters) == ".gguf":
            raise RequestError("only one adapter is currently supported")
        yield from _import(request.adapters, _ADAPTER_IMPORTS, status=400)


def check_result(request: CreateRequest) -> None:
    """Check what is to be changed of the model that is built on.

    Raises:
        OllamaError: 500 for weights that cannot be converted, 400 for a template that Go cannot parse.
    """
    if (request.quantize or request.quantization) and not request.remote_host:
        raise OllamaError("quantization is only supported for F16, BF16 and F32 models")
    try:
        parse_template(request.template)
    except OllamaError as error:
        raise RequestError(f"template error: {error.message}") from error


def _import(files: Mapping[str, str], first_lines: Mapping[str, str], status: int) -> Iterator[str]:
    kind = _kind(files)
    if kind is None:
        raise RequestError("unknown type")
    yield first_lines[kind]
    digest = files[min(files)]
    try:
        check_digest(digest)
    except RequestError as error:
        raise OllamaError(error.message, status=status) from error
    name = digest.replace(":", "-")
    raise OllamaError(f"open blobs/{name}: no such file or directory", status=status)


def _kind(files: Mapping[str, str]) -> str | None:
    return next((end for path in files for end in _IMPORTS if path.endswith(end)), None)
