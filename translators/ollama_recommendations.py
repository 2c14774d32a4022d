"""The answer of `/api/experimental/model-recommendations`, from which a launcher chooses (`ollama-contract.md` 2.8)."""

from collections.abc import Iterable
from typing import Any

from translators.go_json import encode
from translators.names import canonical_name
from translators.ollama_models import Model


def recommendations_body(models: Iterable[Model]) -> bytes:
    """The models that converse, newest first; their longest answer, which real ones tell too, is not known."""
    newest_first = sorted(models, key=lambda model: (-model.created, model.id))
    return encode(
        {"recommendations": [_recommendation(model) for model in newest_first if "completion" in model.capabilities]}
    )


def _recommendation(model: Model) -> dict[str, Any]:
    return {
        "model": canonical_name(model.id),
        "description": f"Runs on the upstream: {', '.join(model.capabilities)}",
        "context_length": model.context_length,
    }
