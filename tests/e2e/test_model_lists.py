"""The model list and what is shown of its models, as clients see them."""

from pathlib import Path
from typing import Any

import httpx

from tests.process import Process, serving
from tests.upstream import Upstream

OTHERS = ("whisper-1", "dall-e-3")


def listed(proxy: Process) -> dict[str, dict[str, Any]]:
    """The entries of `/api/tags` by name."""
    answer = httpx.get(f"{proxy.url}/api/tags", trust_env=False)
    assert answer.status_code == 200
    return {entry["name"]: entry for entry in answer.json()["models"]}


def shown(proxy: Process, name: str) -> dict[str, Any]:
    """The answer of `/api/show`."""
    answer = httpx.post(f"{proxy.url}/api/show", json={"model": name}, trust_env=False)
    assert answer.status_code == 200
    return dict(answer.json())


def test_a_deployment_of_the_user_s_is_listed_and_shown_as_its_base_model(upstream: Upstream, tmp_path: Path) -> None:
    models = tmp_path / "models.toml"
    models.write_text('[models.prod]\nbase_model = "gpt-5.4"\n[models.gpt-4o]\nhidden = true', "utf-8")
    with serving(upstream.base_url, tmp_path, PROXY_MODELS=str(models)) as proxy:
        names, prod = listed(proxy), shown(proxy, "prod")
    assert "gpt-4o:latest" not in names
    assert names["prod:latest"]["capabilities"] == ["completion", "tools", "vision", "thinking"]
    assert prod["capabilities"] == names["prod:latest"]["capabilities"]
    assert prod["model_info"]["prod.context_length"] == 922_000
    assert not {f"{name}:latest" for name in OTHERS} & names.keys()


def test_models_that_make_no_text_are_listed_where_the_user_wants_them_and_can_nothing(
    upstream: Upstream, tmp_path: Path
) -> None:
    with serving(upstream.base_url, tmp_path, PROXY_OTHER_MODELS="show") as proxy:
        names, whisper = listed(proxy), shown(proxy, OTHERS[0])
    for name in OTHERS:
        assert names[f"{name}:latest"]["capabilities"] == []
    assert whisper["capabilities"] == []
    assert not [key for key in whisper["model_info"] if key.endswith(".context_length")]


def test_an_upstream_without_a_list_has_the_user_s_models(upstream: Upstream, tmp_path: Path) -> None:
    models = tmp_path / "models.toml"
    models.write_text("[models.gpt-4o]\n[models.reasoner-1]\ncontext_length = 5\n", "utf-8")
    nowhere = upstream.base_url.removesuffix("/v1") + "/v2"  # where there is no route at all
    with serving(nowhere, tmp_path, PROXY_MODELS=str(models)) as proxy:
        assert listed(proxy).keys() == {"gpt-4o:latest", "reasoner-1:latest"}
    with serving(nowhere, tmp_path) as proxy:
        answer = httpx.get(f"{proxy.url}/api/tags", trust_env=False)
    assert answer.status_code == 404
    assert "name its models in a models.toml" in answer.json()["error"]
