"""What is told while a model is pulled or pushed, and which models are recommended."""

import json

import pytest

from translators.ollama_models import Model
from translators.ollama_progress import progress_body, unqualified_name
from translators.ollama_recommendations import recommendations_body


def test_a_status_is_written_as_go_writes_it() -> None:
    assert progress_body("<success>") == b'{"status":"\\u003csuccess\\u003e"}'


@pytest.mark.parametrize(
    ("model", "shown"),
    [
        ("a b", "registry.ollama.ai/library/a b:latest"),
        ("a b:1", "registry.ollama.ai/library/a b:1"),
        ("me/a b", "registry.ollama.ai/me/a b:latest"),
        ("host:1/me/a b", "host:1/me/a b:latest"),
    ],
)
def test_a_bad_name_is_shown_whole(model: str, shown: str) -> None:
    assert unqualified_name(model).message == f"unqualified name: {shown}"


def test_models_that_take_tools_are_recommended_newest_first_and_by_their_short_names() -> None:
    models = [
        Model("old:latest", 1000, ("completion", "tools"), created=1),
        Model("plain", 1500, ("completion",), created=5),
        Model("vectors", 2000, ("embedding",), created=3),
        Model("new", 3000, ("completion", "tools"), created=2),
    ]
    assert json.loads(recommendations_body(models)) == {
        "recommendations": [
            {"model": "new", "description": "Runs on the upstream: completion, tools", "context_length": 3000},
            {"model": "old", "description": "Runs on the upstream: completion, tools", "context_length": 1000},
        ]
    }
