"""What Ollama does with models on its disk and cannot be done with those of an upstream, and what is said instead.

A real server whose folder of models cannot be written answers 500 with a sentence of its own; so does this.
"""

from typing import Final

from translators.errors import OllamaError
from translators.go_quote import quoted

_NO_FILES: Final = "this proxy keeps no model files"


def nothing_to_download(model_id: str) -> str:
    """The status line of a pull of a model that there is."""
    return f"nothing to download: requests for {model_id} go to the upstream"


def not_pushed(model: str) -> OllamaError:
    """The answer to pushing a model."""
    return OllamaError(f"model {quoted(model)} cannot be pushed: {_NO_FILES}")


def not_copied(source: str) -> OllamaError:
    """The answer to copying a model that there is."""
    return OllamaError(f"model {quoted(source)} cannot be copied: {_NO_FILES}; ask for it by its own name")


def not_deleted(model: str) -> OllamaError:
    """The answer to deleting a model that there is."""
    return OllamaError(
        f"model {quoted(model)} cannot be deleted: it is the upstream's; to leave it out of lists, set hidden = true "
        "for it in models.toml (ollama_models)"
    )


def not_created(model: str) -> OllamaError:
    """The answer to making a model."""
    return OllamaError(
        f"model {quoted(model)} cannot be created: {_NO_FILES}; send system, template, options and messages with "
        "each request"
    )


def not_stored(digest: str) -> OllamaError:
    """The answer to uploading a file."""
    return OllamaError(f"blob {quoted(digest)} cannot be stored: {_NO_FILES}")
