"""Write `tests/reference/ollama-types.txt`: the request and response types of the installed `ollama` package.

    python -m scripts.extract_types

One line for each field, sorted, so that a new version of the package shows as a diff of what it changed.
"""

import argparse
import importlib
from collections.abc import Iterator, Mapping
from importlib.metadata import version
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

REFERENCE = Path(__file__).resolve().parent.parent / "tests" / "reference" / "ollama-types.txt"

type Models = Mapping[str, type[BaseModel]]
"""Pydantic models by their qualified names: `Message`, `Message.ToolCall`."""


def installed_models() -> Models:
    """The models of the `ollama` package that is installed; its `_types` are where all of them are."""
    return models_of(vars(importlib.import_module("ollama._types")), "ollama._types")


def models_of(namespace: Mapping[str, Any], module: str) -> Models:
    """The models that a module defines, nested ones too.

    Args:
        namespace: The module's names, or those of a class in it.
        module: The module's name, to leave out what it only imports.
    """
    found: dict[str, type[BaseModel]] = {}
    for value in namespace.values():
        if isinstance(value, type) and issubclass(value, BaseModel) and value.__module__ == module:
            found[value.__qualname__] = value
            found |= models_of(vars(value), module)
    return found


def wire_fields(model: type[BaseModel]) -> Iterator[tuple[str, str, FieldInfo]]:
    """The fields of a model: the key in JSON, the attribute's name, and what is known of the field."""
    for name, field in model.model_fields.items():
        # `from_` stands for the key `from`, which is a keyword of Python; the package renames it while writing.
        yield field.alias or name.removesuffix("_"), name, field


def classes_in[Class](annotation: Any, base: type[Class]) -> list[type[Class]]:
    """The subclasses of a class that an annotation names, at any depth."""
    if isinstance(annotation, type) and issubclass(annotation, base):
        return [annotation]
    return [found for argument in get_args(annotation) for found in classes_in(argument, base)]


def type_text(annotation: Any) -> str:
    """An annotation in one spelling, whichever of Python's several the package used."""
    return " | ".join(sorted(set(_choices(annotation)), key=lambda choice: (choice == "None", choice)))


def types_text(models: Models, package_version: str) -> str:
    """The text of the reference file: below the first line `Type.key: type`, one line each."""
    lines = [
        f"{name}.{key}: {type_text(field.annotation)}{' (required)' if field.is_required() else ''}\n"
        for name, model in models.items()
        for key, _, field in wire_fields(model)
    ]
    return f"# ollama {package_version}, written by scripts/extract_types.py\n" + "".join(sorted(lines))


def _choices(annotation: Any) -> Iterator[str]:
    """The types that a value may have, of which an annotation that is no union has one."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        yield from _choices(arguments[0])
    elif origin in (Union, UnionType):
        for argument in arguments:
            yield from _choices(argument)
    elif origin is Literal:
        yield from map(repr, arguments)
    elif origin is not None:
        yield f"{origin.__name__}[{', '.join(map(type_text, arguments))}]"
    elif annotation in (None, NoneType):
        yield "None"
    else:
        yield getattr(annotation, "__qualname__", None) or str(annotation)


def main() -> None:
    """Read the installed package and write the file."""
    parser = argparse.ArgumentParser(description="Write down the types of the installed `ollama` package.")
    parser.add_argument("--output", type=Path, default=REFERENCE, help="what to write (default: %(default)s)")
    arguments = parser.parse_args()
    models = installed_models()
    arguments.output.write_text(types_text(models, version("ollama")), "utf-8", newline="\n")
    print(f"{len(models)} types of ollama {version('ollama')} written to {arguments.output}")


if __name__ == "__main__":
    main()
