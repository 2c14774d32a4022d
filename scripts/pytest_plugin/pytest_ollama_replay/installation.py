"""Where ollama-openai-proxy is, the command that runs it, and what of the environment it gets."""

import json
import shutil
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit
from urllib.request import url2pathname

DISTRIBUTION: Final = "pytest-ollama-replay"

REMEDY: Final = "set OLLAMA_PROXY_DIR in the environment, or ollama_proxy_dir in the ini file, to the folder of a clone"

UPSTREAM_VARIABLES: Final = (
    "OPENAI_API_KEY",
    "OPENAI_ORG_ID",
    "OPENAI_PROJECT_ID",
    "OPENAI_BASE_URL",
    "OPENAI_API_BASE_URL",
    "PROXY_UPSTREAM_PROXY",
    "PROXY_CA_FILE",
)
"""What leads to the upstream: passed on to a proxy that may ask it, and to no other."""

SETTING_VARIABLES: Final = (
    "PROXY_PORT",
    "PROXY_LISTEN",
    "PROXY_ALLOW",
    "PROXY_HOSTS",
    "OLLAMA_ORIGINS",
    "OLLAMA_KEEP_ALIVE",
    "PROXY_MODELS",
    "PROXY_OTHER_MODELS",
    "PROXY_API",
    "PROXY_FILL_IN_MIDDLE",
    "PROXY_REQUEST_TIMEOUT",
    "PROXY_MAX_RETRIES",
    "PROXY_MAX_BODY",
    "PROXY_RECORD_MODE",
    "PROXY_RECORDINGS",
    "PROXY_RECORD_MEDIA",
    "PROXY_REDACT",
    "PROXY_REPLAY_SPEED",
    "PROXY_REPLAY_REPEATS",
    "PROXY_COMPANIONS",
    "LOG_LEVEL",
    "LOG_FORMAT",
)
"""The proxy's other variables. A test has to run alike on every machine, so its settings are in the ini file."""

FOREIGN_VARIABLES: Final = ("OLLAMA_HOST", "VIRTUAL_ENV", "UV_PROJECT_ENVIRONMENT", "UV_PROJECT", "UV_PYTHON")
"""Meant for the tests and their environment; so are those that begin with PYTHON."""


def proxy_folder(environ: Mapping[str, str], ini: str, root: Path) -> Path:
    """The proxy's folder: the environment's, the ini file's, or where this distribution was installed from.

    Args:
        environ: All environment variables.
        ini: What the ini file says, or an empty text.
        root: What a relative path starts from.

    Raises:
        ValueError: There is none, or it holds no proxy.
    """
    candidates = {
        "OLLAMA_PROXY_DIR": environ.get("OLLAMA_PROXY_DIR"),
        "ollama_proxy_dir": ini,
        f"the folder that {DISTRIBUTION} was installed from": _installed_from(),
    }
    for name, given in candidates.items():
        if given:
            folder = root / Path(given).expanduser()
            if not script(folder).is_file():
                raise ValueError(f"{name} is {given!r}, but there is no ollama-openai-proxy: {REMEDY}")
            return folder
    raise ValueError(f"nothing says where ollama-openai-proxy is: {REMEDY}")


def script(folder: Path) -> Path:
    """The script by which mitmdump becomes the proxy."""
    return folder / "addon" / "proxy.py"


def _installed_from() -> str:
    """The proxy's folder when this distribution was installed from a folder, which is one of the proxy's (PEP 610)."""
    try:
        told = metadata.distribution(DISTRIBUTION).read_text("direct_url.json")
    except metadata.PackageNotFoundError:  # it lies on PYTHONPATH
        return ""
    url = urlsplit(json.loads(told)["url"] if told else "")
    return str(Path(url2pathname(url.path)).parents[1]) if url.scheme == "file" else ""


def mitmdump_command(folder: Path) -> list[str]:
    """The command that runs mitmdump in the proxy's own environment.

    Args:
        folder: The proxy's.

    Raises:
        ValueError: There is no such environment, and no uv to make it.
    """
    for place in ("bin/mitmdump", "Scripts/mitmdump.exe"):
        if (program := folder / ".venv" / place).is_file():
            return [str(program)]
    if uv := shutil.which("uv"):
        return [uv, "run", "--project", str(folder), "--frozen", "--no-dev", "mitmdump"]
    raise ValueError(
        f"{str(folder)!r} has no environment in .venv, and uv, which makes it, is not on PATH: run "
        "scripts/setup_dev.sh there, or install uv"
    )


def proxy_environment(environ: Mapping[str, str], record_mode: str) -> dict[str, str]:
    """The environment of a proxy: that of the tests, without what is meant for others, and no key where none is needed.

    Args:
        environ: All environment variables.
        record_mode: Of the proxy.
    """
    # An empty variable counts as none, and hides that of the proxy's .env.
    hidden = SETTING_VARIABLES if record_mode != "none" else SETTING_VARIABLES + UPSTREAM_VARIABLES
    kept = {name: value for name, value in environ.items() if name not in FOREIGN_VARIABLES}
    kept = {name: value for name, value in kept.items() if not name.startswith("PYTHON")}
    return {**kept, **dict.fromkeys(hidden, ""), "PYTHONUNBUFFERED": "1"}
