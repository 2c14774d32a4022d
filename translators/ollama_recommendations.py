"""The answer of `/api/experimental/model-recommendations`, from which a launcher chooses (`server/routes.go`)."""

from collections.abc import Iterable
from typing import Any

from translators.go_json import encode
from translators.names import upstream_id
from translators.ollama_models import Model


def recommendations_body(models: Iterable[Model]) -> bytes:
    """The models that take tools, newest first; their longest answer, which real ones tell too, is not known.

    What is launched with them are agents. They are named without `:latest`, because the launcher looks for them so.
    """
    newest_first = sorted(models, key=lambda model: (-model.created, model.id))
    return encode({"recommendations": [_recommendation(model) for model in newest_first if _converses(model)]})


def _converses(model: Model) -> bool:
    return {"completion", "tools"} <= set(model.capabilities)


def _recommendation(model: Model) -> dict[str, Any]:
    return {
        "model": upstream_id(model.id),
        "description": f"Runs on the upstream: {', '.join(model.capabilities)}",
        "context_length": model.context_length,
    }
