"""The script that writes addon/openai_models.json."""

import json
from pathlib import Path

import pytest

from scripts.make_catalogue import CATALOGUE, catalogue_of, main, text_of
from translators.ollama_models import CAPABILITIES

EXTRACT = {
    "source": "somewhere 1.0",
    "models": [
        {
            "id": "b",
            "provider": "openai",
            "context_length": 400,
            "max_input": 272,
            "max_output": 128,
            "capabilities": [],
        },
        {"id": "a", "context_length": 8, "embedding_length": 4, "capabilities": ["embedding"], "endpoints": ["x"]},
        {"id": "ft:b", "context_length": 400, "capabilities": ["completion"]},
    ],
    "not_servable": ["z", "y"],
}


def test_only_what_the_proxy_needs_is_kept() -> None:
    assert catalogue_of(EXTRACT) == {
        "source": "somewhere 1.0",
        "hidden": ["y", "z"],
        "models": {
            "a": {"context_length": 8, "capabilities": ["embedding"], "embedding_length": 4},
            "b": {"context_length": 272, "capabilities": [], "max_output": 128},
        },
    }


def test_the_text_is_json_with_a_line_for_each_model() -> None:
    text = text_of(catalogue_of(EXTRACT))
    head = json.loads(text)
    assert catalogue_of(EXTRACT).items() <= head.items()
    assert head.keys() - catalogue_of(EXTRACT).keys() == {"made_by", "notice"}
    assert text.splitlines()[-4:-2] == [
        '  "a": {"context_length": 8, "capabilities": ["embedding"], "embedding_length": 4},',
        '  "b": {"context_length": 272, "capabilities": [], "max_output": 128}',
    ]


def test_the_committed_file_is_laid_out_by_the_script_and_carries_source_and_licence() -> None:
    text = CATALOGUE.read_text("utf-8")
    data = json.loads(text)
    assert text == text_of({key: data[key] for key in ("source", "hidden", "models")})
    assert data["source"].startswith("litellm ")
    assert "Copyright (c) 2023 Berri AI" in data["notice"]


def test_the_committed_facts_are_whole() -> None:
    models = json.loads(CATALOGUE.read_text("utf-8"))["models"]
    assert len(models) > 100
    for facts in models.values():
        assert facts["context_length"] > 0
        assert facts["capabilities"]
        assert set(facts["capabilities"]) <= set(CAPABILITIES)


def test_the_command_reads_an_extract_and_writes_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    extract, output = tmp_path / "extract.json", tmp_path / "made.json"
    extract.write_text(json.dumps(EXTRACT), "utf-8")
    monkeypatch.setattr("sys.argv", ["make_catalogue", str(extract), "--output", str(output)])
    main()
    assert output.read_bytes() == text_of(catalogue_of(EXTRACT)).encode()
