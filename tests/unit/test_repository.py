"""What several files of the repository must say alike."""

import re
import subprocess
import sys
import tomllib
from importlib.metadata import distribution, packages_distributions

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from addon import PROXY_VERSION
from tests.machine import ROOT

HOOKS = (ROOT / ".pre-commit-config.yaml").read_text()


LOCKED = {package["name"]: package["version"] for package in tomllib.loads((ROOT / "uv.lock").read_text())["package"]}


def test_the_hooks_have_the_locked_version_of_what_the_project_has_too() -> None:
    pinned = dict(re.findall(r'"([\w-]+)==([^"]+)"', HOOKS))
    ours = {name: version for name, version in pinned.items() if name in LOCKED}
    assert {"ruff", "mitmproxy", "numpy", "pydantic"} <= ours.keys()
    assert ours == {name: LOCKED[name] for name in ours}


SCAN = next(hook for repo in yaml.safe_load(HOOKS)["repos"] for hook in repo["hooks"] if "secrets" in hook["id"])
"""The hook that runs code of this project, in an environment of its own."""

WITHOUT = """
import sys
sys.modules |= dict.fromkeys(sys.argv.pop(1).split(","))  # so importing one fails
from scripts import scan_recordings
sys.exit(scan_recordings.main())
"""


def with_dependencies(requirement: str) -> set[str]:
    """The names of a package and of all that it needs."""
    found, left = set[str](), [Requirement(requirement)]
    while left:
        name = canonicalize_name((needed := left.pop()).name)
        if name not in found and (needed.marker is None or needed.marker.evaluate({"extra": ""})):
            found.add(name)
            left += map(Requirement, distribution(name).requires or ())
    return found


def test_the_scan_of_recordings_runs_with_the_packages_that_its_hook_has() -> None:
    packages = set[str]().union(*map(with_dependencies, SCAN["additional_dependencies"]))
    packages_of = {module: {*map(canonicalize_name, names)} for module, names in packages_distributions().items()}
    others = [module for module, names in packages_of.items() if not names & {*packages, "ollama-openai-proxy"}]
    assert {"aiohttp", "pytest"} <= {*others}
    command = [sys.executable, "-c", WITHOUT, ",".join(others), "recordings/README.md"]
    done = subprocess.run(command, cwd=ROOT, env={}, capture_output=True, text=True, check=False)
    assert (done.stderr, done.returncode) == ("", 1)
    assert "README.md is no recording" in done.stdout


@pytest.mark.parametrize(
    ("file", "is_scanned"),
    [
        ("recordings/chat-1.json", True),
        ("scripts/pytest_plugin/examples/recordings/test_with_ollama/chat-1.json", True),
        ("addon/recordings/recording.py", False),
        ("scripts/recordings.py", False),
    ],
)
def test_recordings_are_scanned_wherever_they_are_committed(file: str, is_scanned: bool) -> None:
    assert bool(re.search(SCAN["files"], file)) is is_scanned


def test_the_workflow_tests_every_python_that_the_project_admits() -> None:
    workflow = (ROOT / ".github/workflows/test.yml").read_text()
    assert '["3.12", "3.13", "3.14"]' in workflow
    assert tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["requires-python"] == ">=3.12,<3.15"


def test_the_version_is_the_same_in_the_code() -> None:
    assert tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"] == PROXY_VERSION
