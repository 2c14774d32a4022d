"""What the readers of all Ollama requests share: the body as a struct, and the checks of the model's name."""

from pydantic import ValidationError

from translators.errors import ModelNotFound, RequestError
from translators.go_decode import NotPlain, decode, decode_plain
from translators.go_quote import quoted
from translators.go_struct import UNMARSHALLED, GoStruct
from translators.go_unmarshal import unmarshal
from translators.names import is_possible_name, names_two_sources


def read_struct[Request: GoStruct](struct: type[Request], body: bytes) -> Request:
    """A body as one of the request models.

    Raises:
        RequestError: 400 with Go's text.
    """
    try:
        return struct.model_validate(decode_plain(body))
    except (NotPlain, ValidationError):
        return struct.model_validate(unmarshal(struct, decode(body)), context=UNMARSHALLED)


class NamedModel(GoStruct):
    """A request that names a model in either of two ways.

    Attributes:
        model: The name asked for; `read_named` puts an old client's `name` here.
        name: The old spelling of `model`.
    """

    model: str = ""
    name: str = ""


def read_named[Request: NamedModel](struct: type[Request], body: bytes) -> Request:
    """The same for a request whose `model` is its `name` where it is empty.

    Raises:
        RequestError: 400 with Go's text.
    """
    request = read_struct(struct, body)
    return request if request.model else request.model_copy(update={"model": request.name})


def check_required_model(model: str) -> None:
    """Check the name of a model, where one that is left out is a bad request.

    Raises:
        RequestError: 400.
    """
    if not model.strip():
        raise RequestError("model is required")
    check_name(model)


def check_wanted_model(model: str) -> None:
    """Check the name of a model, where one that is left out is a model that is not there.

    Raises:
        ModelNotFound: 404, no model named.
        RequestError: 400, a name that cannot be.
    """
    if not model.strip():
        raise ModelNotFound(f"model '{model}' not found")
    check_name(model)


def check_name(model: str, invalid: str = "invalid model name") -> None:
    """Check the name of a model.

    Args:
        model: As asked.
        invalid: What the route says of a name that no model can have.

    Raises:
        RequestError: 400.
    """
    if names_two_sources(model):
        raise RequestError(f"use either :local or :cloud, not both: {quoted(model)}")
    if not is_possible_name(model):
        raise RequestError(invalid)
