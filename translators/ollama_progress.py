"""The lines in which Ollama tells how it gets on with pulling and pushing a model (`server/images.go`)."""

from typing import Final

from translators.errors import OllamaError
from translators.go_json import encode
from translators.names import qualified_name

PULLING_MANIFEST: Final = "pulling manifest"
RETRIEVING_MANIFEST: Final = "retrieving manifest"
NO_MANIFEST: Final = "couldn't retrieve manifest"
SUCCESS: Final = "success"

NOT_AT_THE_REGISTRY: Final = "file does not exist"
"""Why an unknown model is not pulled; the `ollama` command looks for these words."""


def progress_body(status: str) -> bytes:
    """A line without its end."""
    return encode({"status": status})


def pull_error(reason: str) -> OllamaError:
    """The error of a pull.

    Args:
        reason: `NOT_AT_THE_REGISTRY`, or the upstream's sentence.
    """
    return OllamaError(f"pull model manifest: {reason}")


def unqualified_name(model: str) -> OllamaError:
    """The error for a name that no model can have."""
    return OllamaError(f"unqualified name: {qualified_name(model)}")
