"""Real model lists of OpenAI and compatible servers, as an Ollama client sees them.

The recordings are not part of the project: set SHARED_DIR to the folder that holds `exchanges/`.
"""

import json
import os
import re
from pathlib import Path
from typing import Any

import ollama
import pytest

from addon.catalogue import Catalogue
from addon.model_facts import facts_of
from translators.names import canonical_name
from translators.ollama_models import show_body, tags_body
from translators.ollama_requests import ShowRequest
from translators.openai_models import entries_of

if "SHARED_DIR" not in os.environ:
    pytest.skip("SHARED_DIR is not set: the recorded lists are not part of the project", allow_module_level=True)

FOLDER = Path(os.environ["SHARED_DIR"])
LISTS = sorted((FOLDER / "exchanges").glob("*-models*.json"))
# The ids that may be missing from the list, by a rule that is wider than ours.
NOT_TEXT = re.compile("dall-e|image|whisper|tts|realtime|transcri|moderation|sora|ocr")


def recorded(file: Path) -> Any:
    return json.loads(json.loads(file.read_text("utf-8"))["response"]["body"])


def answered(golden: str) -> Any:
    return recorded(FOLDER / "ollama-goldens" / f"{golden}.json")


@pytest.mark.parametrize("file", LISTS, ids=lambda file: file.stem)
def test_the_sdk_reads_the_list_and_every_model_of_it(file: Path) -> None:
    models = Catalogue.load(None).visible(entries_of(recorded(file)))
    body = json.loads(tags_body(models))
    assert len(ollama.ListResponse(**body).models) == len(models) > 0
    assert len({entry["digest"] for entry in body["models"]}) == len(models)
    assert [entry["modified_at"] for entry in body["models"]] == sorted(
        (entry["modified_at"] for entry in body["models"]), reverse=True
    )
    for model in models:
        shown = ollama.ShowResponse(**json.loads(show_body(model, ShowRequest(model=model.id), "")))
        assert shown.modelinfo
        assert shown.capabilities


@pytest.mark.parametrize("file", LISTS, ids=lambda file: file.stem)
def test_every_model_for_text_is_listed(file: Path) -> None:
    names = {canonical_name(model.id) for model in Catalogue.load(None).visible(entries_of(recorded(file)))}
    missing = {entry["id"] for entry in entries_of(recorded(file)) if canonical_name(entry["id"]) not in names}
    assert {model_id for model_id in missing if not NOT_TEXT.search(model_id)} == set()


@pytest.mark.parametrize("golden", ["show-demo-chat", "show-demo-tmpl", "show-demo-embed", "show-copilot"])
def test_what_is_shown_stands_in_a_real_server_s_order(golden: str) -> None:
    real = answered(golden)
    ours = json.loads(show_body(Catalogue.load(None).lookup("gpt-4o").model("gpt-4o"), ShowRequest(model="gpt-4o"), ""))
    assert [key for key in ours if key in real] == [key for key in real if key in ours]
    assert list(ours["details"]) == list(real["details"])
    assert {
        "details",
        "model_info",
        "capabilities",
        "modified_at",
        "modelfile",
        "template",
    } <= ours.keys() & real.keys()


def test_the_list_stands_in_a_real_server_s_order() -> None:
    model = Catalogue.load(None).lookup("text-embedding-3-small").model("text-embedding-3-small")
    (ours,) = json.loads(tags_body([model]))["models"]
    for entry in answered("tags")["models"]:
        assert list(ours) == list(entry)
        assert list(ours["details"]) == list(entry["details"])


def test_recorded_lists_are_there() -> None:
    assert len(LISTS) >= 7


# Where an extract by other rules says something else: the window was corrected since.
CORRECTED = {"gpt-3.5-turbo-instruct", "gpt-3.5-turbo-instruct-0914"}


def test_openai_s_models_are_known_as_an_extract_by_other_rules_has_them() -> None:
    rows = json.loads((FOLDER / "model-facts" / "openai.json").read_text("utf-8"))["models"]
    for row in rows:
        if not row["id"].startswith("ft:") and row["id"] not in CORRECTED:
            known = facts_of(row["id"], "openai")
            assert known.context_length == row.get("max_input", row["context_length"]), row["id"]
            assert set(known.capabilities) == set(row["capabilities"]), row["id"]
            assert (known.only_api == "responses") == (row["endpoints"] == ["responses"]), row["id"]


@pytest.mark.parametrize(
    ("file", "base_url"),
    [
        ("cerebras-models", "https://api.cerebras.ai/v1"),
        ("deepseek-models", "https://api.deepseek.com"),
        ("openai-models", "https://api.openai.com/v1"),
    ],
)
def test_of_every_model_for_text_in_a_list_without_facts_something_is_known(file: str, base_url: str) -> None:
    entries = entries_of(recorded(FOLDER / "exchanges" / f"{file}.json"))
    catalogue = Catalogue.load(None, base_url)
    unknown = {model.id for model in catalogue.visible(entries) if not catalogue.lookup(model.id).found}
    assert unknown <= {"zai-glm-4.7"}
