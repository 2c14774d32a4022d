"""What is known of a model, and by whose word."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from addon.catalogue import Catalogue
from addon.model_facts import UNKNOWN, Known
from translators.ollama_models import UNDATED, Model
from translators.openai_models import entries_of

PLAIN = Catalogue.load(None)
GPT_4O = Known(128_000, ("completion", "tools", "vision"), known=True, found=True)


@pytest.fixture
def told(tmp_path: Path) -> Catalogue:
    """A catalogue with a user's word."""
    file = tmp_path / "models.toml"
    file.write_text(
        """
        [models."gpt-4o*"]
        context_length = 64000
        [models.mine]
        capabilities = ["completion"]
        [models.sized]
        context_length = 5
        [models."*-preview"]
        hidden = true
        [models.whisper-1]
        hidden = false
        """,
        "utf-8",
    )
    return Catalogue.load(file)


def visible(*entries: dict[str, Any]) -> list[Model]:
    return PLAIN.visible(entries_of({"data": list(entries)}))


def ids(models: list[Model]) -> list[str]:
    return [model.id for model in models]


def test_the_user_s_word_wins(told: Catalogue) -> None:
    assert told.lookup("gpt-4o-mini") == replace(GPT_4O, context_length=64_000)
    model, *_ = told.visible([{"id": "gpt-4o", "context_length": 99}])
    assert model.context_length == 64_000


def test_capabilities_that_the_user_names_are_known_but_a_window_alone_makes_nothing_known(told: Catalogue) -> None:
    assert told.lookup("mine") == Known(32_768, ("completion",), known=True, found=True)
    assert told.lookup("sized") == Known(5, UNKNOWN.capabilities, found=True)


def test_the_user_hides_and_brings_back(told: Catalogue) -> None:
    entries = [{"id": "gpt-4o"}, {"id": "gpt-4o-search-preview"}, {"id": "whisper-1"}, {"id": "tts-1"}]
    assert ids(told.visible(entries)) == ["gpt-4o", "whisper-1", "mine", "sized"]


def test_a_wrong_models_file_is_a_value_error(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"ollama_models .*absent\.toml"):
        Catalogue.load(tmp_path / "absent.toml")


def test_openai_s_bare_entry_gets_the_catalogue_s_facts() -> None:
    entry = {"id": "gpt-4o", "object": "model", "created": 1_715_367_049, "owned_by": "system"}
    wanted = Model("gpt-4o", 128_000, GPT_4O.capabilities, created=1_715_367_049, owned_by="system")
    assert visible(entry) == [wanted]


def test_an_entry_without_a_date_gets_the_fixed_one() -> None:
    assert [model.created for model in visible({"id": "a"}, {"id": "b", "created": 0})] == [UNDATED, UNDATED]


def test_a_server_s_own_facts_win_over_the_catalogue() -> None:
    (model,) = visible({"id": "gpt-4o", "max_model_len": 16_000, "supported_parameters": ["reasoning"]})
    assert model == Model("gpt-4o", 16_000, ("completion", "vision", "thinking"))


def test_what_a_server_does_not_say_stays_as_it_was() -> None:
    (model,) = visible({"id": "some-model", "capabilities": ["vision"]})
    assert model.capabilities == ("completion", "tools", "vision")


def test_embedding_models_stay_with_that_capability_alone() -> None:
    models = visible(
        {"id": "text-embedding-3-small"},
        {"id": "m2-bert", "type": "embedding", "context_length": 512},
        {"id": "mistral-embed", "capabilities": {"completion_chat": False, "function_calling": False}},
        {"id": "nomic-embed-text", "architecture": {"input_modalities": ["text", "image"]}},
    )
    assert [model.capabilities for model in models] == [("embedding",)] * 4
    assert [model.embedding_length for model in models] == [1536, None, None, None]


def test_llama_cpp_s_vector_length_is_that_of_embedding_models_only() -> None:
    meta = {"n_ctx": 8192, "n_embd": 4096}
    models = visible({"id": "qwen3-8b", "meta": meta}, {"id": "qwen3-embedding-8b", "meta": meta})
    assert [model.embedding_length for model in models] == [None, 4096]
    assert [model.context_length for model in models] == [8192, 8192]


def test_the_host_of_the_base_url_tells_whose_models_they_are() -> None:
    groq = Catalogue.load(None, "https://api.groq.com/openai/v1")
    assert groq.lookup("openai/gpt-oss-120b").found
    assert not PLAIN.lookup("openai/gpt-oss-120b").found
    assert not groq.lookup("gpt-4o").found


@pytest.fixture
def azure(tmp_path: Path) -> Catalogue:
    """A catalogue of one who has deployments."""
    file = tmp_path / "models.toml"
    file.write_text(
        """
        [models.prod]
        base_model = "gpt-5.4"
        [models."dev-*"]
        base_model = "gpt-4o"
        api = "chat"
        [models.dev-embed]
        base_model = "text-embedding-3-small"
        [models."gpt-5.4"]
        context_length = 100_000
        hidden = true
        [models.legacy]
        api = "completions"
        hidden = true
        """,
        "utf-8",
    )
    return Catalogue.load(file, "https://acme.openai.azure.com/openai/v1")


def test_what_is_known_of_a_deployment_is_what_is_known_of_its_base_model(azure: Catalogue) -> None:
    prod = azure.lookup("prod")
    assert (prod.context_length, prod.known, prod.found) == (100_000, True, True)
    assert prod.capabilities == PLAIN.lookup("gpt-5.4").capabilities
    assert azure.lookup("dev-7").capabilities == GPT_4O.capabilities
    assert azure.lookup("dev-embed").embedding_length == 1536
    (listed, *_) = azure.visible([{"id": "dev-7", "created": 1_715_367_049}])
    assert (listed.id, listed.capabilities, listed.created) == ("dev-7", GPT_4O.capabilities, 1_715_367_049)


def test_base_model_and_api_are_those_that_the_user_names(azure: Catalogue) -> None:
    names = ("prod", "dev-7", "gpt-4o", "legacy")
    assert [azure.base_of(name) for name in names] == ["gpt-5.4", "gpt-4o", "gpt-4o", "legacy"]
    assert [azure.api_of(name) for name in names] == [None, "chat", None, "completions"]


def test_the_user_s_exact_ids_are_listed_after_the_upstream_s_unless_hidden(azure: Catalogue) -> None:
    assert ids(azure.visible([])) == ["prod", "dev-embed"]
    listed = azure.visible([{"id": "gpt-4o"}, {"id": "gpt-5.4"}, {"id": "PROD"}])
    assert ids(listed) == ["gpt-4o", "PROD", "dev-embed"]


def test_models_of_no_use_for_text_are_left_out() -> None:
    named = ("gpt-4o", "whisper-1", "dall-e-3", "gpt-image-1", "gpt-realtime-9", "sora-2", "grok-imagine-video")
    typed: list[dict[str, Any]] = [
        {"id": "flux", "type": "image"},
        {"id": "ocr", "capabilities": {"completion_chat": False}},
    ]
    assert ids(visible(*({"id": name} for name in named), *typed)) == ["gpt-4o"]


def test_where_the_user_wants_to_see_them_they_have_no_capability_that_they_lack() -> None:
    entries: list[dict[str, Any]] = [
        {"id": "whisper-1"},
        {"id": "flux", "type": "image", "context_length": 512},
        {"id": "omni-moderation-latest"},
        {"id": "ocr", "capabilities": {"completion_chat": False, "vision": True, "function_calling": False}},
    ]
    models = Catalogue.load(None, others=True).visible(entries)
    assert [(model.id, model.context_length, model.capabilities) for model in models] == [
        ("whisper-1", 0, ()),
        ("flux", 512, ()),
        ("omni-moderation-latest", 0, ()),
        ("ocr", 0, ("vision",)),
    ]


def test_models_of_one_api_only_are_models_like_others() -> None:
    models = visible(
        {"id": "gpt-5-pro"}, {"id": "gpt-5.3-codex"}, {"id": "davinci-002"}, {"id": "gpt-3.5-turbo-instruct"}
    )
    assert [model.capabilities for model in models] == [
        ("completion", "tools", "vision", "thinking"),
        ("completion", "tools", "vision", "thinking"),
        ("completion",),
        ("completion", "insert"),
    ]


def test_a_server_that_says_text_is_believed_whatever_the_name() -> None:
    (model,) = visible({"id": "whisper-chat", "architecture": {"output_modalities": ["text"]}})
    assert (model.id, model.context_length, model.capabilities) == ("whisper-chat", 32_768, UNKNOWN.capabilities)


def test_each_name_is_listed_once() -> None:
    assert ids(visible({"id": "a"}, {"id": "b"}, {"id": "a:latest"}, {"id": "A"}, {"id": "a"})) == ["a", "b", "A"]


def test_entries_that_name_no_model_are_left_out() -> None:
    assert visible({}, {"id": None}, {"id": "two words"}) == []


def test_ids_are_kept_as_they_are() -> None:
    names = ["models/llama-3.gguf", "ft:gpt-4o:org::x", "meta-llama/llama-3:free"]
    assert ids(visible(*({"id": name} for name in names))) == names
