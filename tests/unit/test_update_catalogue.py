"""The script that writes addon/model_catalogue.json."""

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from scripts.update_catalogue import CATALOGUE, LITELLM, MODEL_MAP, by_name, catalogue_of, main, row_of, text_of
from translators.names import undated
from translators.ollama_models import CAPABILITIES

COMMITTED = json.loads(CATALOGUE.read_text("utf-8"))


def entry(provider: str, mode: str = "chat", window: Any = 8, **more: Any) -> dict[str, Any]:
    return {"litellm_provider": provider, "mode": mode, "max_input_tokens": window, **more}


MODEL_MAP_OF_TEST = {
    "sample_spec": {
        "litellm_provider": "one of https://docs.litellm.ai/docs/providers",
        "max_input_tokens": "a number",
    },
    "gpt-4o": entry("openai", window=128_000.0, supports_vision=True, supports_function_calling=True),
    "gpt-4o-2024-08-06": entry("openai", window=128_000, supports_vision=True, supports_function_calling=True),
    "gpt-4o-2024-11-20": entry("openai", window=64_000, supports_function_calling=True),
    "ft:gpt-4o-2024-08-06": entry("openai", window=128_000),
    "low/1024-x-1024/gpt-image-1": entry("openai", "image_generation"),
    "gpt-image-1": entry("openai", "image_generation", None),
    "azure/gpt-4o": entry("azure", window=1),
    "azure/eu/gpt-4o": entry("azure", window=1),
    "azure/gpt-35-turbo": entry("azure", window=4097),
    "together_ai/together-ai-4.1b-8b": entry("together_ai"),
    "together_ai/Qwen/Qwen3-8B": entry("together_ai", window=40_960, supports_reasoning=True),
    "fireworks_ai/accounts/fireworks/models/qwen3p5-8b": entry("fireworks_ai", window=9),
    "groq/qwen/qwen3-8b": entry("groq", window=131_072),
    "bedrock/x": entry("bedrock"),
}


def test_a_table_for_each_provider_holds_what_is_known_of_its_models() -> None:
    made = catalogue_of(MODEL_MAP_OF_TEST)
    assert made["providers"] == {
        "azure": {"gpt-35-turbo": [4097, "completion"]},
        "fireworks": {"qwen3p5-8b": [9, "completion"]},
        "groq": {"qwen/qwen3-8b": [131_072, "completion"]},
        # of the dated ones, that of which nothing else is known is left out
        "openai": {"gpt-4o": [128_000, "completion tools vision"], "gpt-4o-2024-11-20": [64_000, "completion tools"]},
        "together": {"qwen/qwen3-8b": [40_960, "completion thinking"]},
    }
    assert made["not_text"] == ["gpt-image-1"]


def test_open_weights_are_known_by_name_with_the_largest_window_and_what_half_of_the_hosts_say() -> None:
    assert by_name(MODEL_MAP_OF_TEST) == {
        "qwen3-8b": [131_072, "completion thinking"],
        "qwen3.5-8b": [9, "completion"],  # as others than Fireworks write it
    }


@pytest.mark.parametrize(
    ("name", "said", "openai", "row"),
    [
        ("gpt-5.4", entry("openai", window=1_050_000), True, [922_000, "completion thinking"]),
        ("gpt-5.6", entry("openai", window=922_000), True, [922_000, "completion thinking"]),
        ("gpt-5", entry("openai", window=400_000), True, [272_000, "completion thinking"]),
        ("glm-5", entry("zai", window=400_000), False, [400_000, "completion"]),
        ("gpt-4o", entry("openai", supports_reasoning=True), True, [8, "completion"]),  # it has no efforts
        ("gpt-4o-search-preview", entry("openai", supports_function_calling=True), True, [8, "completion"]),
        ("gpt-5-pro", entry("openai", "responses"), True, [8, "completion thinking", None, "responses"]),
        (
            "gpt-5-pro",
            entry("openai", supported_endpoints=["/v1/responses"]),
            True,
            [8, "completion thinking", None, "responses"],
        ),
        (
            "gpt-5",
            entry("openai", supported_endpoints=["/v1/chat/completions", "/v1/responses"]),
            True,
            [8, "completion thinking"],
        ),
        ("davinci-002", entry("openai", "completion"), True, [8, "completion", None, "completions"]),
        (
            "gpt-3.5-turbo-instruct",
            entry("openai", "completion", supports_function_calling=True),
            True,
            [4096, "completion insert", None, "completions"],
        ),
        ("grok-multi", entry("xai", "responses"), False, [8, "completion"]),
        ("embed", entry("openai", "embedding", output_vector_size=3), True, [8, "embedding", 3]),
        ("embed", entry("voyage", "embedding", supports_vision=True), False, [8, "embedding"]),
        (
            "grok",
            entry("xai", supported_modalities=["text", "image"], supports_audio_input=True),
            False,
            [8, "completion vision audio"],
        ),
        ("grok", entry("xai", window=None), False, None),
        ("grok", entry("xai", window="a number"), False, None),
        ("grok", entry("xai", "rerank"), False, None),
    ],
)
def test_a_row_says_what_the_map_says_and_for_openai_s_what_is_known_better(
    name: str, said: dict[str, Any], openai: bool, row: list[Any] | None
) -> None:
    assert row_of(name, said, openai=openai) == row


def test_the_text_is_json_with_a_line_for_each_model() -> None:
    made = catalogue_of(MODEL_MAP_OF_TEST)
    text = text_of(made, "somewhere 1.0", "You may.\nNobody is liable.")
    assert json.loads(text) == made | {
        "made_by": "scripts/update_catalogue.py",
        "source": "somewhere 1.0",
        "licence": ["You may.", "Nobody is liable."],
    }
    assert '"gpt-4o":[128000,"completion tools vision"],' in text.splitlines()


@pytest.fixture
def wheel(tmp_path: Path) -> Path:
    """A wheel with this map."""
    path = tmp_path / "litellm-1.2.3-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(MODEL_MAP, json.dumps(MODEL_MAP_OF_TEST))
        archive.writestr("litellm-1.2.3.dist-info/licenses/LICENSE", "You may.")
    return path


def test_the_command_writes_the_file_and_tells_when_it_is_out_of_date(wheel: Path, tmp_path: Path) -> None:
    arguments = ["--wheel", str(wheel), "--output", str(tmp_path / "made.json")]
    assert main([*arguments, "--check"]) == 1
    assert not (tmp_path / "made.json").exists()
    assert main(arguments) == 0
    assert main([*arguments, "--check"]) == 0
    made = json.loads((tmp_path / "made.json").read_bytes())
    assert made["source"] == f"litellm 1.2.3, {MODEL_MAP}"
    assert made["licence"] == ["You may."]


def test_the_committed_file_is_laid_out_by_the_script_and_carries_source_and_licence() -> None:
    facts = {key: COMMITTED[key] for key in ("columns", "not_text", "providers", "by_name")}
    licence = "\n".join(COMMITTED["licence"])
    assert CATALOGUE.read_text("utf-8") == text_of(facts, COMMITTED["source"], licence)
    assert COMMITTED["source"].startswith(f"litellm {LITELLM}, ")
    assert "Copyright (c) 2023 Berri AI" in COMMITTED["licence"]


def test_the_committed_facts_are_whole() -> None:
    tables = [*COMMITTED["providers"].values(), COMMITTED["by_name"]]
    rows = [row for table in tables for row in table.values()]
    assert len(rows) > 1000
    for window, capabilities, *rest in rows:
        assert window > 0
        assert set(capabilities.split()) <= set(CAPABILITIES)
        assert len(rest) <= 2


def test_the_committed_tables_repeat_no_model_for_its_date() -> None:
    for table in COMMITTED["providers"].values():
        assert not [name for name in table if undated(name) != name and table.get(undated(name)) == table[name]]
