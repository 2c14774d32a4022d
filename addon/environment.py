"""The environment and the `.env` files: defaults of the options, and the secrets.

`.env` in the project's root is read first, then the one in the working directory, which wins; the real environment
wins over both. Nothing here raises: mitmproxy must be able to print its options whatever the environment holds, so what
is wrong is kept in `problems`.
"""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pydantic import SecretStr, create_model
from pydantic_settings import BaseSettings, SettingsConfigDict

from addon.option_table import API_KEY, BASE_URL, OPTIONS, ORGANIZATION, PROJECT, VARIABLES, Option, OptionValue

PROJECT_ROOT: Final = Path(__file__).resolve().parents[1]

ENCODING: Final = "utf-8"

BOOLEANS: Final = {"true": True, "1": True, "false": False, "0": False}

NEAR_NAMES: Final = {
    "OPENAI_KEY": API_KEY.name,
    "OPENAI_APIKEY": API_KEY.name,
    "OPENAI_API_TOKEN": API_KEY.name,
    "OPENAI_TOKEN": API_KEY.name,
    "OPENAI_API_BASE": BASE_URL.variables[0],
}
"""Names that people set by mistake, and what they are really called."""


@dataclass(frozen=True, slots=True)
class Environment:
    """What the environment says.

    Attributes:
        defaults: The default of each option, by name.
        api_key: The upstream's key; empty when there is none.
        organization: Value of the OpenAI-Organization header, or empty.
        project: Value of the OpenAI-Project header, or empty.
        problems: Sentences about values that could not be read.
        near_misses: Sentences about a key or base URL that is there, but not where it is read.
    """

    defaults: Mapping[str, OptionValue]
    api_key: SecretStr
    organization: str
    project: str
    problems: tuple[str, ...]
    near_misses: tuple[str, ...]


class _Files(BaseSettings):
    """How the variables are read; unknown ones of `.env` are kept, because they may be near misses."""

    model_config = SettingsConfigDict(
        case_sensitive=True, env_file_encoding=ENCODING, extra="allow", hide_input_in_errors=True
    )


NAMES: Final = [*(variable.name for variable in VARIABLES), *(name for option in OPTIONS for name in option.variables)]
_Variables: Final = create_model(
    "_Variables",
    __base__=_Files,
    **dict[str, Any](dict.fromkeys(NAMES, (str | None, None))),
)


def read_environment(root: Path = PROJECT_ROOT) -> Environment:
    """Read the environment and the `.env` files of `root` and of the working directory."""
    files, problems = _readable([root / ".env", Path.cwd() / ".env"])
    # Everything is read as text: what a wrong value means is said in this project's words, with the option's name.
    read = _Variables(_env_file=files).model_dump()
    variables = {name: value.strip() for name, value in read.items() if isinstance(value, str)}
    defaults: dict[str, OptionValue] = {}
    for option in OPTIONS:
        try:
            defaults[option.name] = default_of(option, variables)
        except ValueError as error:
            problems.append(str(error))
            defaults[option.name] = option.default
    example = root / ".env.example"
    return Environment(
        defaults=defaults,
        # Unlike the others it is not trimmed: a blank in a key is a mistake in the file that should be mended there.
        api_key=SecretStr(read[API_KEY.name] or ""),
        organization=variables.get(ORGANIZATION.name, ""),
        project=variables.get(PROJECT.name, ""),
        problems=tuple(problems),
        near_misses=tuple(near_misses(variables, os.environ, "" if files else _text(example), example)),
    )


def default_of(option: Option, variables: Mapping[str, str]) -> OptionValue:
    """The default that the variables give an option; an empty variable counts as not set.

    Raises:
        ValueError: It is not of the option's type.
    """
    for name in option.variables:
        if text := variables.get(name):
            if isinstance(option.default, tuple):
                return tuple(item for part in text.split(",") if (item := part.strip()))
            if isinstance(option.default, str):
                return text
            if isinstance(option.default, bool):
                if text.lower() in BOOLEANS:
                    return BOOLEANS[text.lower()]
                raise ValueError(f"{name} ({option.name}) is {text!r}: give true or false")
            try:
                return int(text)
            except ValueError:
                raise ValueError(
                    f"{name} ({option.name}) is {text!r}: give a whole number, such as {option.default}"
                ) from None
    return option.default


def near_misses(
    variables: Mapping[str, str], environ: Mapping[str, str], example_text: str, example: Path
) -> list[str]:
    """Say what looks like a key or a base URL, but is none. Values are not shown: they may be secrets.

    Args:
        variables: The variables of the environment that are known, and all of `.env`.
        environ: The real environment.
        example_text: What `.env.example` holds, when there is no `.env`.
        example: Where that is.
    """
    found = []
    for name in (API_KEY.name, *BASE_URL.variables):
        if name in variables and not variables[name].strip():
            found.append(f"{name} is empty in {'the environment' if name in environ else '.env'}")
    for near, name in NEAR_NAMES.items():
        if environ.get(near) or variables.get(near):
            found.append(f"{near} is set, but the variable is called {name}")
    if re.search(rf"""^\s*(?:export\s+)?{API_KEY.name}\s*=[ \t]*["']?[^\s"'#]""", example_text, re.MULTILINE):
        found.append(f"{example} holds a key, but only .env is read: rename it")
    return found


def _readable(files: list[Path]) -> tuple[list[Path], list[str]]:
    """Those of the files that are there and are text, and sentences about those that are not text."""
    readable, problems = [], []
    for file in dict.fromkeys(files):
        try:
            if file.is_file():
                file.read_text(ENCODING)
                readable.append(file)
        except (OSError, UnicodeError):
            problems.append(f"{file} cannot be read: make it a readable text file in UTF-8, or remove it")
    return readable, problems


def _text(file: Path) -> str:
    """A file's text; a file that cannot be read has none."""
    return file.read_text(ENCODING, errors="replace") if _readable([file])[0] else ""
