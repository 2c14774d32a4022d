"""Client packages that are no part of the environment, installed into a folder for one test."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.process import ROOT

UV = shutil.which("uv", path=f"{ROOT / '.uv-tool' / 'bin'}:{Path(sys.executable).parent}") or shutil.which("uv")
NODE, NPM = shutil.which("node"), shutil.which("npm")

needs_uv = pytest.mark.skipif(UV is None, reason="uv, which installs other versions, is not on PATH: pip install uv")
needs_node = pytest.mark.skipif(
    NODE is None or NPM is None, reason="node and npm are not on PATH: apt install nodejs npm"
)


def install_from_pypi(folder: Path, requirement: str, *flags: str) -> None:
    """Install a package into a folder, which then goes into `PYTHONPATH`.

    Args:
        folder: A new one.
        requirement: Such as `ollama==0.4.*`.
        flags: More flags of `uv pip install`.
    """
    assert UV is not None
    where = ["--python", sys.executable, "--target", str(folder)]
    subprocess.run([UV, "pip", "install", "--quiet", *where, *flags, requirement], check=True, timeout=110)


def install_from_npm(folder: Path, requirement: str) -> None:
    """Install a package, such as `openai@6`, for the scripts of a folder."""
    assert NPM is not None
    install = [NPM, "install", "--no-audit", "--no-fund", "--silent", requirement]
    subprocess.run(install, cwd=folder, check=True, timeout=110)
