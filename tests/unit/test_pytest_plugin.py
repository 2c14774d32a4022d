"""What the pytest plugin decides without a proxy, and what it must say like the proxy."""

import ast
import re
import sys
from pathlib import Path
from typing import Any

import pytest

from addon.environment import NAMES
from addon.settings import RECORD_MODES
from scripts.pytest_plugin.pytest_ollama_replay import installation, options, process
from tests.machine import ROOT

PLUGIN = ROOT / "scripts" / "pytest_plugin"

NOTHING: dict[str, str | None] = {"record_mode": None, "replay_speed": None}
"""What a command line without our options gives."""


def test_every_variable_of_the_proxy_is_either_the_upstreams_or_a_setting() -> None:
    assert sorted(installation.UPSTREAM_VARIABLES + installation.SETTING_VARIABLES) == sorted(NAMES)


def test_the_record_modes_are_the_proxys_but_for_off() -> None:
    assert {*options.RECORD_MODES, "off"} == {*RECORD_MODES}


def test_nothing_is_imported_but_python_and_pytest() -> None:
    allowed = {*sys.stdlib_module_names, "pytest"}
    for file in (PLUGIN / "pytest_ollama_replay").glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                assert {alias.name.partition(".")[0] for alias in node.names} <= allowed
            elif isinstance(node, ast.ImportFrom) and not node.level:
                assert str(node.module).partition(".")[0] in allowed


def test_the_readme_shows_the_examples_as_they_are() -> None:
    blocks = re.findall(r"^```python\n(.*?)^```", (PLUGIN / "README.md").read_text("utf-8"), re.DOTALL | re.MULTILINE)
    for example in ("test_with_ollama.py", "test_with_langchain.py"):
        assert (PLUGIN / "examples" / example).read_text("utf-8") in blocks


ENVIRON = {
    "PATH": "/bin",
    "OPENAI_API_KEY": "secret",
    "PROXY_LISTEN": "0.0.0.0",
    "OLLAMA_HOST": "elsewhere",
    "PYTHONPATH": "mine",
    "VIRTUAL_ENV": "mine",
}


def test_a_replaying_proxy_gets_no_key() -> None:
    got = installation.proxy_environment(ENVIRON, "none")
    assert got["PATH"] == "/bin"
    assert got["OPENAI_API_KEY"] == ""  # and not absent, so that a key in the proxy's .env is not used either


@pytest.mark.parametrize("mode", ["once", "new_episodes", "all"])
def test_a_recording_proxy_gets_the_key_and_none_of_the_machines_settings(mode: str) -> None:
    got = installation.proxy_environment(ENVIRON, mode)
    assert got["OPENAI_API_KEY"] == "secret"
    assert got["PROXY_LISTEN"] == ""


@pytest.mark.parametrize("name", ["OLLAMA_HOST", "PYTHONPATH", "VIRTUAL_ENV"])
def test_what_is_meant_for_the_tests_is_not_passed_on(name: str) -> None:
    assert name not in installation.proxy_environment(ENVIRON, "all")


def test_without_any_option_recordings_are_replayed_at_once() -> None:
    assert options.proxy_options([], {}, NOTHING) == {"record_mode": "none", "replay_speed": "instant"}


def test_the_command_line_wins_over_markers_and_these_over_the_ini_file() -> None:
    lines = ["base_url = http://localhost/v1?a=b", "record_mode=once", "replay_speed=2"]
    given = {"record_mode": "all", "replay_speed": 0.5, "record_media": False}
    assert options.proxy_options(lines, given, {"record_mode": "new_episodes", "replay_speed": None}) == {
        "base_url": "http://localhost/v1?a=b",
        "record_mode": "new_episodes",
        "replay_speed": "0.5",
        "record_media": "false",
    }


@pytest.mark.parametrize(
    ("lines", "given", "message"),
    [
        (["replay_speed"], {}, "ollama_proxy_options has the line 'replay_speed': write NAME=VALUE"),
        ([], {"recordings": "here"}, "recordings='here' cannot be given: give the folder as the first argument"),
        (["port=1"], {}, "port='1' cannot be given: set ollama_replay_port"),
        ([], {"record_mode": "off"}, "record_mode is 'off': give one of none, once, new_episodes, all"),
    ],
)
def test_a_wrong_option_is_named_with_its_remedy(lines: list[str], given: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        options.proxy_options(lines, given, NOTHING)


@pytest.mark.parametrize(
    ("test_class", "test", "folder"),
    [
        (None, "test_chat", "test_chat"),
        (Path, "test_chat", "Path.test_chat"),
        (None, "test_chat[gpt-4o-1.5]", "test_chat[gpt-4o-1.5]"),
    ],
)
def test_a_tests_folder_is_called_like_the_test(test_class: type | None, test: str, folder: str) -> None:
    found = options.recordings_folder(Path("tests/test_it.py"), test_class, test)
    assert found == Path("tests/recordings/test_it") / folder


def test_tests_whose_names_are_no_folders_have_a_folder_each() -> None:
    long = "x" * options.LONGEST_NAME
    names = ["test_chat[a/b]", "test_chat[a:b]", "test_chat[a-b]", f"{long}1", f"{long}2"]
    found = [options.recordings_folder(Path("test_it.py"), None, name) for name in names]
    assert len(set(found)) == len(names)
    assert {folder.parent for folder in found} == {Path("recordings/test_it")}
    assert re.fullmatch(r"test_chat\[a-b\]-[0-9a-f]{8}", found[0].name)


def test_the_environment_says_where_the_proxy_is_before_the_ini_file(tmp_path: Path) -> None:
    given = {"OLLAMA_PROXY_DIR": str(ROOT)}
    assert installation.proxy_folder(given, "nowhere", tmp_path) == ROOT


def test_the_ini_file_names_the_proxys_folder_relative_to_its_own() -> None:
    assert installation.proxy_folder({}, ROOT.name, ROOT.parent) == ROOT


def test_a_folder_without_the_proxy_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"ollama_proxy_dir is 'nowhere', but there is no .*: set OLLAMA_PROXY_DIR"):
        installation.proxy_folder({}, "nowhere", tmp_path)


def test_a_plugin_that_nothing_tells_of_a_proxy_asks_for_it(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"nothing says where ollama-openai-proxy is: set OLLAMA_PROXY_DIR"):
        installation.proxy_folder({}, "", tmp_path)


@pytest.mark.parametrize("place", [".venv/bin/mitmdump", ".venv/Scripts/mitmdump.exe"])
def test_the_proxy_runs_in_its_own_environment(place: str, tmp_path: Path) -> None:
    program = tmp_path / place
    program.parent.mkdir(parents=True)
    program.touch()
    assert installation.mitmdump_command(tmp_path) == [str(program)]


def test_without_an_environment_uv_makes_the_locked_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("uv", "uv.exe"):
        (tmp_path / name).touch(mode=0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    command = installation.mitmdump_command(tmp_path / "proxy")
    assert Path(command[0]).parent == tmp_path
    assert command[1:] == ["run", "--project", str(tmp_path / "proxy"), "--frozen", "--no-dev", "mitmdump"]


def test_without_an_environment_and_uv_the_remedy_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ValueError, match=r"has no environment in \.venv, .*: run scripts/setup_dev\.sh there"):
        installation.mitmdump_command(tmp_path)


@pytest.mark.parametrize(
    ("line", "level", "text"),
    [
        ('{"timestamp":"2026-11-21T16:42:56.647+00:00","level":"INFO","message":"hi"}', "INFO", "16:42:56.647 INFO hi"),
        (
            '{"timestamp":"2026-11-21T16:42:56.647+00:00","level":"ERROR","message":"no","exception":"Traceback"}',
            "ERROR",
            "16:42:56.647 ERROR no\nTraceback",
        ),
        ("Error logged during startup, exiting...", "", "Error logged during startup, exiting..."),
        ("[1, 2]", "", "[1, 2]"),
        ('{"level": "ALERT"}', "", '{"level": "ALERT"}'),
    ],
)
def test_a_line_of_the_log_is_shown_without_json(line: str, level: str, text: str) -> None:
    assert process.log_line(line) == (level, text)
