"""What several files of the repository must say alike."""

import re
import tomllib

from addon import PROXY_VERSION
from tests.machine import ROOT

HOOKS = (ROOT / ".pre-commit-config.yaml").read_text()


LOCKED = {package["name"]: package["version"] for package in tomllib.loads((ROOT / "uv.lock").read_text())["package"]}


def test_the_hooks_have_the_locked_version_of_what_the_project_has_too() -> None:
    pinned = dict(re.findall(r'"([\w-]+)==([^"]+)"', HOOKS))
    ours = {name: version for name, version in pinned.items() if name in LOCKED}
    assert {"ruff", "mitmproxy", "pydantic"} <= ours.keys()
    assert ours == {name: LOCKED[name] for name in ours}


def test_the_workflow_tests_every_python_that_the_project_admits() -> None:
    workflow = (ROOT / ".github/workflows/test.yml").read_text()
    assert '["3.12", "3.13", "3.14"]' in workflow
    assert tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["requires-python"] == ">=3.12,<3.15"


def test_the_version_is_the_same_in_the_code() -> None:
    assert tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"] == PROXY_VERSION
