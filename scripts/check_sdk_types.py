"""Compare the types of the installed `ollama` package with what this project knows of Ollama's protocol.

    python -m scripts.check_sdk_types [--reference]

Ends with 0 when the package has nothing unknown, and with 1 and one line for each difference when it has. What is to be
done about one: know the field, or list it, with the reason, in one of the tables of `scripts/sdk_drift/` and below.
Another version of the package is looked at by putting it first on Python's path:

    uv pip install --no-deps --target /tmp/ollama-0.4 'ollama==0.4.*'
    PYTHONPATH=/tmp/ollama-0.4 python -m scripts.check_sdk_types
"""

import argparse
import sys
from collections.abc import Iterable, Iterator
from importlib.metadata import version
from typing import Final

from pydantic import BaseModel

from scripts.extract_types import REFERENCE, Models, classes_in, installed_models, types_text, wire_fields
from scripts.sdk_drift.answers import answer_drift
from scripts.sdk_drift.our_answers import our_answers
from scripts.sdk_drift.requests import REQUESTS, option_drift, request_drift

_OPTIONS: Final = "Options"

ELSEWHERE: Final = {
    "SystemOne": "/v1/systemone, which Ollama 0.33 answers with 404, as every path that it does not have",
    "WebFetch": "goes to ollama.com, not to the server",
    "WebSearch": "goes to ollama.com, not to the server",
}
"""How the names of types begin that have nothing to do with our routes, and why."""


def type_drift(models: Models, compared: Iterable[str]) -> list[str]:
    """Types of the package that are not looked at.

    Args:
        models: The package's.
        compared: Names of those that are compared; what they are derived from, and what is in them, is looked at too.
    """
    roots = [models[name] for name in compared if name in models]
    seen = {base for root in roots for model in (root, *_within(root)) for base in model.__mro__}
    unseen = (name for name, model in models.items() if model not in seen and not name.startswith(tuple(ELSEWHERE)))
    return [f"{name}: a type that is compared with nothing of ours" for name in unseen]


def changes(before: str, now: str) -> list[str]:
    """The lines that only one of two texts of types has, marked `-` and `+`."""
    old, new = set(before.splitlines()), set(now.splitlines())
    marked = [*(f"- {line}" for line in old - new), *(f"+ {line}" for line in new - old)]
    return sorted(marked, key=lambda line: (line[2:], line))


def _within(model: type[BaseModel]) -> Iterator[type[BaseModel]]:
    for _, _, field in wire_fields(model):
        for nested in classes_in(field.annotation, BaseModel):
            yield nested
            yield from _within(nested)


def main() -> int:
    """Compare, print what was found, and return the exit code."""
    parser = argparse.ArgumentParser(description=str(__doc__), formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--reference", action="store_true", help=f"also show what changed since {REFERENCE.name}")
    show_changes = parser.parse_args().reference
    models, answers = installed_models(), our_answers()
    of_answers = answer_drift(models, answers)
    drift = [
        *type_drift(models, [_OPTIONS, *REQUESTS, *answers]),
        *request_drift(models),
        *option_drift(models[_OPTIONS]),
        *of_answers.drift,
    ]
    print(f"ollama {version('ollama')}: {len(models)} types, {len(REQUESTS)} requests, {len(answers)} kinds of answers")
    if show_changes:
        text = types_text(models, version("ollama"))
        print("\n".join(["Changes since the reference:", *changes(REFERENCE.read_text("utf-8"), text)]))
    print("\n".join(["Keys of ours that it drops:", *of_answers.ours_alone]))
    print("\n".join(["Unknown or different:", *drift]) if drift else "Nothing unknown.")
    return 1 if drift else 0


if __name__ == "__main__":
    sys.exit(main())
