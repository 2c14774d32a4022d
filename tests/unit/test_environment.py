"""The environment and the `.env` files: precedence, problems, near misses."""

import re
from pathlib import Path

import pytest

from addon.environment import PROJECT_ROOT, read_environment
from addon.option_table import OPTIONS, VARIABLES, as_text
from addon.settings import current
from tests.setting_sources import KEY, isolated, options


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    return isolated(monkeypatch, tmp_path)


def test_env_files_give_defaults_and_the_nearer_source_wins(clean: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (clean / ".env").write_text("\ufeffPROXY_LISTEN='::1' # comment\nPROXY_PORT=1\nLOG_LEVEL=error\nLOG_FORMAT\n")
    Path(".env").write_text(f"PROXY_PORT=2\nLOG_LEVEL=debug\nPROXY_ALLOW=10.0.0.0/8 , ::1\nOPENAI_API_KEY={KEY}\n")
    monkeypatch.setenv("PROXY_PORT", "3")
    declared = options()
    assert (declared.ollama_port, declared.ollama_listen, declared.ollama_log_level) == (3, "::1", "debug")
    assert (declared.ollama_allow, declared.ollama_log_format) == (["10.0.0.0/8", "::1"], "text")
    assert current(declared).api_key.get_secret_value() == KEY


def test_openai_base_url_wins_unless_it_is_empty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_BASE_URL", "http://second/v1")
    monkeypatch.setenv("OPENAI_BASE_URL", "")
    assert options().ollama_base_url == "http://second/v1"
    monkeypatch.setenv("OPENAI_BASE_URL", "http://first/v1")
    assert options().ollama_base_url == "http://first/v1"


def test_an_empty_variable_is_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROXY_PORT", "")
    monkeypatch.setenv("PROXY_ALLOW", " ")
    assert (options().ollama_port, options().ollama_allow) == (11434, ["127.0.0.0/8", "::1/128"])


def test_organisation_and_project_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_ORG_ID", "org-1")
    monkeypatch.setenv("OPENAI_PROJECT_ID", "proj_1")
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    settings = current(options())
    assert (settings.organization, settings.project) == ("org-1", "proj_1")


def test_a_variable_of_the_wrong_type_is_told_at_the_start_not_when_options_are_declared(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PROXY_PORT", "abc")
    declared = options()
    assert declared.ollama_port == 11434
    with pytest.raises(ValueError, match=r"^PROXY_PORT \(ollama_port\) is 'abc': give a whole number, such as 11434$"):
        current(declared)


def test_a_dotenv_that_is_no_text_is_told_at_the_start(clean: Path) -> None:
    (clean / ".env").write_bytes("OPENAI_API_KEY=x".encode("utf-16"))
    declared = options()
    with pytest.raises(ValueError, match=r"\.env cannot be read: make it a readable text file in UTF-8"):
        current(declared)


@pytest.mark.parametrize("name", ["OPENAI_KEY", "OPENAI_APIKEY", "OPENAI_API_TOKEN"])
def test_a_key_under_a_wrong_name_is_a_near_miss(name: str, monkeypatch: pytest.MonkeyPatch, clean: Path) -> None:
    sentence = f"{name} is set, but the variable is called OPENAI_API_KEY"
    (clean / ".env").write_text(f"{name}={KEY}\n")
    assert read_environment(clean).near_misses == (sentence,)
    (clean / ".env").unlink()
    monkeypatch.setenv(name, KEY)
    assert read_environment(clean).near_misses == (sentence,)


def test_an_empty_key_is_a_near_miss_that_names_its_place(monkeypatch: pytest.MonkeyPatch, clean: Path) -> None:
    (clean / ".env").write_text("OPENAI_API_KEY=\n")
    assert read_environment(clean).near_misses == ("OPENAI_API_KEY is empty in .env",)
    monkeypatch.setenv("OPENAI_API_KEY", "")
    assert read_environment(clean).near_misses == ("OPENAI_API_KEY is empty in the environment",)


def test_a_key_in_the_example_is_a_near_miss_until_there_is_a_dotenv(clean: Path) -> None:
    example = clean / ".env.example"
    example.write_text("# OPENAI_API_KEY=no\nOPENAI_API_KEY=\nLOG_LEVEL=info\n")
    assert read_environment(clean).near_misses == ()
    example.write_text(f"OPENAI_API_KEY='{KEY}'\n")
    assert read_environment(clean).near_misses == (f"{example} holds a key, but only .env is read: rename it",)
    (clean / ".env").write_text("LOG_LEVEL=info\n")
    assert read_environment(clean).near_misses == ()


def test_the_example_file_has_every_variable_with_its_default_under_a_comment() -> None:
    lines = (PROJECT_ROOT / ".env.example").read_text().splitlines()
    found = {}
    explained = False
    for line in lines:
        if match := re.fullmatch(r"(?:# )?([A-Z_]+)=(.*)", line):
            assert explained, line
            found[match[1]] = match[2]
        else:
            explained = line.startswith("# ")
    wanted = {variable.name: "" for variable in VARIABLES}
    wanted |= {name: as_text(option.default) for option in OPTIONS for name in option.variables}
    assert list(found.items()) == list(wanted.items())
