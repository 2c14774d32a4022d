"""What several files of the repository must say alike."""

import re
import tomllib

import pytest

from addon import PROXY_VERSION
from tests.machine import ROOT

HOOKS = (ROOT / ".pre-commit-config.yaml").read_text()


def test_the_hooks_lint_with_the_locked_ruff() -> None:
    packages = tomllib.loads((ROOT / "uv.lock").read_text())["package"]
    locked = next(package["version"] for package in packages if package["name"] == "ruff")
    assert re.findall(r'"ruff==([^"]+)"', HOOKS) == [locked]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("sk-proj-abcdefghijklmnop", True),
        ('"authorization": "Bearer abc"', True),
        ("sk-***", False),
        ("a task-list of the bearer", False),
    ],
)
def test_the_secret_scan_finds_keys(text: str, found: bool) -> None:
    pattern = re.search(r"id: no-secrets-in-recordings.*?entry: '([^']+)'", HOOKS, re.DOTALL)
    assert pattern
    assert bool(re.search(pattern[1], text)) is found


def test_the_workflow_tests_every_python_that_the_project_admits() -> None:
    workflow = (ROOT / ".github/workflows/test.yml").read_text()
    assert '["3.12", "3.13", "3.14"]' in workflow
    assert tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["requires-python"] == ">=3.12,<3.15"


def test_the_version_is_the_same_in_the_code() -> None:
    assert tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"] == PROXY_VERSION
