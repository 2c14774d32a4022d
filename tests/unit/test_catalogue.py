"""What is known of a model, and by whose word."""

from pathlib import Path
from typing import Any

import pytest

from addon.catalogue import UNKNOWN, UNKNOWN_EMBEDDING, Catalogue, Known
from translators.ollama_models import UNDATED, Model
from translators.openai_models import entries_of
from translators.profiles import profile_for

PLAIN = Catalogue.load(None)
GPT_4O = Known(128_000, ("completion", "tools", "vision"))
GPT_5_4 = Known(922_000, ("completion", "tools", "vision", "thinking"))


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


@pytest.mark.parametrize(
    ("model_id", "known"),
    [
        # exact
        ("gpt-4o", GPT_4O),
        ("gpt-5.4", GPT_5_4),
        ("gpt-4-0613", Known(8192, ("completion", "tools"))),
        ("text-embedding-3-large", Known(8191, ("embedding",), 3072)),
        ("gpt-3.5-turbo-instruct", Known(8192, ("completion", "insert"))),
        # without what hosts put around it
        ("models/gpt-4o", GPT_4O),
        ("gpt-4o:free", GPT_4O),
        ("gpt-4o:latest", GPT_4O),
        ("GPT-4o", GPT_4O),
        # without a date
        ("gpt-5.4-2027-01-31", GPT_5_4),
        ("gpt-4-0314", Known(8192, ("completion", "tools"))),
        # fine-tunes
        ("ft:gpt-4o:acme::Ab12Cd34", GPT_4O),
        ("ft:gpt-4o-2030-01-01:acme:name:x:ckpt-step-90", GPT_4O),
        # OpenAI's models at others
        ("openai/gpt-5.4", GPT_5_4),
        ("azure/gpt-4o", GPT_4O),
        ("openrouter/openai/gpt-4o:free", GPT_4O),
        # families
        ("gpt-5.4-nova", GPT_5_4),
        ("gpt-6.2-astra", GPT_5_4),
        ("gpt-4o_production", GPT_4O),
        ("gpt-4o:extended", GPT_4O),
        ("gpt-4o-audio-preview", Known(128_000, ("completion", "tools", "audio"))),
        ("gpt-3.5-nova", Known(8192, ("completion", "tools"))),  # the smallest window, what half of them can do
        # nobody's
        ("llama3.2", UNKNOWN),
        ("gpt-oss-120b", UNKNOWN),
        ("openai/gpt-oss-120b", UNKNOWN),
        ("anthropic/gpt-4o", UNKNOWN),  # another vendor's is never taken for OpenAI's
        ("o3x", UNKNOWN),
        ("gpt", UNKNOWN),
        ("", UNKNOWN),
        ("/", UNKNOWN),
        ("nomic-embed-text", UNKNOWN_EMBEDDING),
        ("text-embedding-9-huge", UNKNOWN_EMBEDDING),
    ],
)
def test_a_model_is_looked_up_by_its_name(model_id: str, known: Known) -> None:
    assert PLAIN.lookup(model_id) == known


def test_the_defaults_are_stated_and_nobody_is_refused_for_them() -> None:
    assert Known(32_768, ("completion", "tools"), known=False) == UNKNOWN
    assert not UNKNOWN_EMBEDDING.known
    assert GPT_4O.known


@pytest.mark.parametrize("model_id", ["gpt-4o", "gpt-5", "gpt-5.6-terra", "o3", "o4-mini", "gpt-6-astra", "gpt-4.1"])
def test_the_catalogue_and_the_profiles_agree_on_who_thinks(model_id: str) -> None:
    assert ("thinking" in PLAIN.lookup(model_id).capabilities) == bool(profile_for(model_id).efforts)


def test_the_longest_prompt_counts_not_the_whole_window() -> None:
    assert PLAIN.lookup("gpt-5").context_length == 272_000  # of 400,000


def test_the_user_s_word_wins(told: Catalogue) -> None:
    assert told.lookup("gpt-4o-mini") == Known(64_000, GPT_4O.capabilities)
    (model,) = told.visible([{"id": "gpt-4o", "context_length": 99}])
    assert model.context_length == 64_000


def test_capabilities_that_the_user_names_are_known_but_a_window_alone_makes_nothing_known(told: Catalogue) -> None:
    assert told.lookup("mine") == Known(32_768, ("completion",))
    assert told.lookup("sized") == Known(5, UNKNOWN.capabilities, known=False)


def test_the_user_hides_and_brings_back(told: Catalogue) -> None:
    entries = [{"id": "gpt-4o"}, {"id": "gpt-4o-search-preview"}, {"id": "whisper-1"}, {"id": "tts-1"}]
    assert ids(told.visible(entries)) == ["gpt-4o", "whisper-1"]


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


def test_models_of_no_use_for_text_are_left_out() -> None:
    named = ("gpt-4o", "whisper-1", "dall-e-3", "gpt-5.5-cyber", "gpt-realtime-9", "sora-2")
    typed: list[dict[str, Any]] = [
        {"id": "flux", "type": "image"},
        {"id": "ocr", "capabilities": {"completion_chat": False}},
    ]
    assert ids(visible(*({"id": name} for name in named), *typed)) == ["gpt-4o"]


def test_a_server_that_says_text_is_believed_whatever_the_name() -> None:
    assert ids(visible({"id": "whisper-chat", "architecture": {"output_modalities": ["text"]}})) == ["whisper-chat"]


def test_each_name_is_listed_once() -> None:
    assert ids(visible({"id": "a"}, {"id": "b"}, {"id": "a:latest"}, {"id": "A"}, {"id": "a"})) == ["a", "b", "A"]


def test_entries_that_name_no_model_are_left_out() -> None:
    assert visible({}, {"id": None}, {"id": "two words"}) == []


def test_ids_are_kept_as_they_are() -> None:
    names = ["models/gemini-2.0-flash", "ft:gpt-4o:org::x", "meta-llama/llama-3:free"]
    assert ids(visible(*({"id": name} for name in names))) == names
