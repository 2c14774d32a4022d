"""The user's models.toml."""

from pathlib import Path
from typing import Any

import pytest

from addon.models_file import Overrides, read_overrides

EXAMPLE = """
[models."gpt-4o*"]
context_length = 64000
capabilities = ["vision", "completion", "tools"]

[models."*-preview"]
hidden = true
"""


def overrides(tmp_path: Path, text: str) -> Overrides:
    file = tmp_path / "models.toml"
    file.write_bytes(text.encode())
    return read_overrides(file)


def refusal(tmp_path: Path, text: str) -> str:
    with pytest.raises(ValueError, match=r"^ollama_models \(PROXY_MODELS\) is '.*models.toml': ") as caught:
        overrides(tmp_path, text)
    return str(caught.value).partition(".toml': ")[2]


@pytest.mark.parametrize(
    ("model_id", "says"),
    [
        ("gpt-4o", {"context_length": 64000, "capabilities": ("completion", "tools", "vision")}),
        ("GPT-4o-mini:latest", {"context_length": 64000, "capabilities": ("completion", "tools", "vision")}),
        (
            "gpt-4o-audio-preview",
            {"context_length": 64000, "capabilities": ("completion", "tools", "vision"), "hidden": True},
        ),
        ("o1-preview", {"hidden": True}),
        ("o1-preview-2", {}),
        ("openai/gpt-4o", {}),
    ],
)
def test_patterns_speak_for_whole_ids(tmp_path: Path, model_id: str, says: dict[str, Any]) -> None:
    assert overrides(tmp_path, EXAMPLE).of(model_id) == says


def test_an_exact_id_wins_over_patterns_and_a_later_pattern_over_an_earlier_one(tmp_path: Path) -> None:
    found = overrides(
        tmp_path,
        """
        models.gpt-4o.context_length = 1
        models."*".context_length = 2
        models."*".hidden = true
        models."gpt*".context_length = 3
        """,
    )
    assert found.of("gpt-4o") == {"context_length": 1, "hidden": True}
    assert found.of("gpt-5") == {"context_length": 3, "hidden": True}
    assert found.of("o3") == {"context_length": 2, "hidden": True}


@pytest.mark.parametrize("name", ["a.b", "a+b", "x[1]", "what?", "ft:gpt-4o:org::x"])
def test_only_the_star_is_special(tmp_path: Path, name: str) -> None:
    found = overrides(tmp_path, f'[models."{name}"]\nhidden = true\n[models."{name}-*"]\nhidden = true')
    assert found.of(name) == found.of(f"{name}-7") == {"hidden": True}
    assert found.of("axb") == found.of("aab") == found.of("x1") == found.of("wha") == {}


@pytest.mark.parametrize("name", ["gpt-4o:latest", " gpt-4o "])
def test_a_name_copied_from_ollama_s_list_is_understood(tmp_path: Path, name: str) -> None:
    assert overrides(tmp_path, f'[models."{name}"]\nhidden = true').of("gpt-4o") == {"hidden": True}


def test_a_deployment_names_its_base_model_and_its_api(tmp_path: Path) -> None:
    found = overrides(tmp_path, '[models."prod-*"]\nbase_model = "gpt-5.4:latest"\n[models.prod-7]\napi = "responses"')
    assert found.of("prod-7") == {"base_model": "gpt-5.4", "api": "responses"}
    assert found.of("prod-8") == {"base_model": "gpt-5.4"}


def test_exact_ids_are_told_in_the_file_s_order(tmp_path: Path) -> None:
    text = '[models.b]\n[models."*"]\n[models."a:latest"]\n[models."c/d"]'
    assert overrides(tmp_path, text).ids == ("b", "a", "c/d")


@pytest.mark.parametrize("text", ["", "[models]", "# nothing", "\ufeff[models]\r\n"])
def test_an_empty_file_says_nothing(tmp_path: Path, text: str) -> None:
    assert overrides(tmp_path, text).of("gpt-4o") == {}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "[models.a]\ncontext_length = '8k'",
            "models.\"a\" has context_length = '8k': give a whole number of tokens from 1 to 2147483647",
        ),
        (
            "[models.a]\nembedding_length = 0",
            'models."a" has embedding_length = 0: give a whole number of dimensions from 1 to 1000000',
        ),
        (
            "[models.a]\ncontext_length = 0",
            'models."a" has context_length = 0: give a whole number of tokens from 1 to 2147483647',
        ),
        (
            "[models.a]\ncontext_length = true",
            'models."a" has context_length = True: give a whole number of tokens from 1 to 2147483647',
        ),
        (
            "[models.a]\ncapabilities = ['chat']",
            "models.\"a\" has capabilities = ['chat']: give a list of one or more of "
            "completion, tools, insert, vision, embedding, thinking, audio",
        ),
        (
            "[models.a]\ncapabilities = []",
            'models."a" has capabilities = []: give a list of one or more of '
            "completion, tools, insert, vision, embedding, thinking, audio",
        ),
        (
            "[models.a]\ncapabilities = 'tools'",
            "models.\"a\" has capabilities = 'tools': give a list of one or more of "
            "completion, tools, insert, vision, embedding, thinking, audio",
        ),
        ("[models.a]\nhidden = 1", 'models."a" has hidden = 1: give true or false'),
        ("[models.a]\nbase_model = 5", 'models."a" has base_model = 5: give the id of a model, such as gpt-5.4'),
        ("[models.a]\nbase_model = ''", "models.\"a\" has base_model = '': give the id of a model, such as gpt-5.4"),
        (
            "[models.a]\nbase_model = 'a b'",
            "models.\"a\" has base_model = 'a b': give the id of a model, such as gpt-5.4",
        ),
        ("[models.a]\napi = 'Chat'", "models.\"a\" has api = 'Chat': give chat, responses or completions"),
        ("[models.a]\napi = []", 'models."a" has api = []: give chat, responses or completions'),
        (
            "[models.a]\nctx = 1",
            'models."a" has ctx = 1: give context_length, embedding_length, capabilities, hidden, base_model or api',
        ),
        (
            "[models.gpt-4.1]\nhidden = true",
            "models.\"gpt-4\" has 1 = {'hidden': True}: give context_length, embedding_length, capabilities, hidden, "
            "base_model or api; a name that holds a dot needs quotes",
        ),
        ("[models]\na = 1", 'models."a" = 1 is no table: write [models."a"] and its settings below it'),
        (
            "[gpt-4o]\nhidden = true",
            "gpt-4o = {'hidden': True} has no meaning here: write [models.\"ID or PATTERN\"] above each block",
        ),
        ("models = 1", 'models = 1 has no meaning here: write [models."ID or PATTERN"] above each block'),
    ],
)
def test_a_wrong_value_is_named_with_its_place_and_what_is_allowed(tmp_path: Path, text: str, message: str) -> None:
    assert refusal(tmp_path, text) == message


@pytest.mark.parametrize("content", [b"[models", b"\xff\xfe", b"a = " + b"[" * 100_000])
def test_what_is_not_toml_is_told(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "models.toml"
    file.write_bytes(content)
    with pytest.raises(ValueError, match=r"models\.toml': it is not TOML: "):
        read_overrides(file)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    file = tmp_path / "absent.toml"
    with pytest.raises(ValueError, match="cannot be read") as caught:
        read_overrides(file)
    assert str(caught.value) == (
        f"ollama_models (PROXY_MODELS) is {str(file)!r}: it cannot be read (No such file or directory): "
        "give the path of a models.toml"
    )


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"cannot be read .*: give the path of a models\.toml"):
        read_overrides(tmp_path)
