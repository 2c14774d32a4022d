"""Options and environments for tests of the settings, without anything of the machine in them."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from mitmproxy.addonmanager import Loader
from mitmproxy.optmanager import OptManager
from pydantic import SecretStr

from addon import environment, settings
from addon.environment import Environment, read_environment

KEY = "sk-proj-0123456789abcdefWXYZ"


def isolated(monkeypatch: pytest.MonkeyPatch, folder: Path) -> Path:
    """Take away the machine's variables and `.env` files.

    Returns:
        The folder that stands for the project's root; the working directory is another one.
    """
    for name in {*environment.NAMES, *environment.NEAR_NAMES}:
        monkeypatch.delenv(name, raising=False)
    root, elsewhere = folder / "project", folder / "elsewhere"
    root.mkdir()
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    monkeypatch.setattr(settings, "read_environment", lambda: read_environment(root))
    return root


def options(**values: Any) -> OptManager:
    """mitmproxy's options with ours among them."""
    declared = OptManager()
    settings.add_options(Loader(SimpleNamespace(options=declared)))
    declared.update(**values)
    return declared


def outside(key: str = KEY, **changes: Any) -> Environment:
    """A clean environment with a key."""
    parts = {"defaults": {}, "organization": "", "project": "", "problems": (), "near_misses": (), **changes}
    return Environment(api_key=SecretStr(key), **parts)
