"""What the user says about models: a `models.toml`, by exact id or by a pattern with `*`.

    [models."gpt-4o*"]
    context_length = 64000
    capabilities = ["completion", "tools", "vision"]

    [models."*-preview"]
    hidden = true

    [models.my-deployment]
    base_model = "gpt-5.4"
    api = "responses"

For each field an exact id wins over patterns, and a later pattern over an earlier one.
"""

import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypedDict, cast, get_args

from translators.names import is_possible_name, upstream_id
from translators.ollama_models import CAPABILITIES, LONGEST_CONTEXT, LONGEST_VECTOR, ordered
from translators.profiles import Dialect

"""OpenAI's APIs by which a model can be asked for text: Chat Completions, Responses, legacy Completions."""


class Override(TypedDict, total=False):
    """What the user says of one model; what is not said is absent.

    Attributes:
        context_length: The longest prompt, in tokens.
        embedding_length: Numbers in a vector that it makes.
        capabilities: All that it can do, in the order of `CAPABILITIES`.
        hidden: Whether it is left out of the list.
        base_model: The model that is behind this id, which is a deployment's name or an alias; what is known of it
            holds for this one.
        api: By which API it is asked.
    """

    context_length: int
    embedding_length: int
    capabilities: tuple[str, ...]
    hidden: bool
    base_model: str
    api: Dialect


@dataclass(frozen=True, slots=True)
class _Rule:
    """One table of the file: a pattern, or an exact id."""

    names: re.Pattern[str]
    exact: bool
    says: Override


class Overrides:
    """All that a models.toml says.

    Attributes:
        ids: The exact ids that have a table, in the file's order.
    """

    def __init__(self, tables: Mapping[str, Override]) -> None:
        """Order the rules by their weight.

        Args:
            tables: By id or pattern, in the file's order.
        """
        rules = [_Rule(_pattern(name), "*" not in name, says) for name, says in tables.items()]
        self._rules = sorted(rules, key=lambda rule: rule.exact)
        self.ids = tuple(upstream_id(name) for name in tables if "*" not in name)

    def has(self, model_id: str) -> bool:
        """Whether there is a table for exactly this model."""
        return any(rule.exact and rule.names.fullmatch(upstream_id(model_id)) for rule in self._rules)

    def of(self, model_id: str) -> Override:
        """What is said of a model; capitals do not count, as in Ollama's names."""
        name, says = upstream_id(model_id), Override()
        for rule in self._rules:
            if rule.names.fullmatch(name):
                says.update(rule.says)
        return says


def read_overrides(path: Path) -> Overrides:
    """Read a models.toml.

    Raises:
        ValueError: It cannot be read, or a value in it is wrong; the message names the option, the file, the key and
            the value, and says what is allowed.
    """
    try:
        document = tomllib.loads(path.read_text("utf-8-sig"))
    except OSError as error:
        raise _wrong(path, f"it cannot be read ({error.strerror}): give the path of a models.toml") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise _wrong(path, f"it is not TOML: {error}") from None
    try:
        return Overrides(_tables(document))
    except ValueError as error:
        raise _wrong(path, str(error)) from None


def _wrong(path: Path, what: str) -> ValueError:
    return ValueError(f"ollama_models (PROXY_MODELS) is {str(path)!r}: {what}")


def _tables(document: Mapping[str, Any]) -> dict[str, Override]:
    for key, value in document.items():
        if key != "models" or not isinstance(value, dict):
            raise ValueError(f'{key} = {value!r} has no meaning here: write [models."ID or PATTERN"] above each block')
    return {name: _override(name, table) for name, table in document.get("models", {}).items()}


def _override(name: str, table: Any) -> Override:
    place = f'models."{name}"'
    if not isinstance(table, dict):
        raise ValueError(f"{place} = {table!r} is no table: write [{place}] and its settings below it")
    readers: dict[str, Callable[[Any], Any]] = {
        "context_length": partial(_number, "tokens", LONGEST_CONTEXT),
        "embedding_length": partial(_number, "dimensions", LONGEST_VECTOR),
        "capabilities": _capabilities,
        "hidden": _hidden,
        "base_model": _base_model,
        "api": _api,
    }
    says: dict[str, Any] = {}
    for key, value in table.items():
        if key not in readers:
            hint = "; a name that holds a dot needs quotes" if isinstance(value, dict) else ""
            raise ValueError(f"{place} has {key} = {value!r}: give {_either(readers)}{hint}")
        try:
            says[key] = readers[key](value)
        except ValueError as error:
            raise ValueError(f"{place} has {key} = {value!r}: {error}") from None
    return cast("Override", says)


def _number(unit: str, most: int, value: Any) -> int:
    if type(value) is not int or not 1 <= value <= most:  # a bool is an int
        raise ValueError(f"give a whole number of {unit} from 1 to {most}")
    return value


def _capabilities(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not value or not all(word in CAPABILITIES for word in value):
        raise ValueError(f"give a list of one or more of {', '.join(CAPABILITIES)}")
    return ordered(value)


def _hidden(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError("give true or false")
    return value


def _base_model(value: Any) -> str:
    if not isinstance(value, str) or not is_possible_name(value):
        raise ValueError("give the id of a model, such as gpt-5.4")
    return upstream_id(value)


def _api(value: Any) -> str:
    apis = get_args(Dialect.__value__)
    if value not in apis:
        raise ValueError(f"give {_either(apis)}")
    return str(value)


def _either(words: Iterable[str]) -> str:
    *first, last = words
    return f"{', '.join(first)} or {last}"


def _pattern(name: str) -> re.Pattern[str]:
    """A `*` stands for any characters; `:latest`, which Ollama's lists add to every id, may be there."""
    return re.compile(".*".join(map(re.escape, upstream_id(name).split("*"))), re.IGNORECASE | re.DOTALL)
