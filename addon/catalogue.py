"""What is known of a model: the user's models.toml, then the upstream's list, then a catalogue of OpenAI's models.

OpenAI's list tells neither context length nor capabilities, and clients decide by them. A model that nobody knows gets
stated, careful defaults: a window too small only shortens prompts, one too large breaks requests.
"""

import json
import re
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, Self

from addon.models_file import Override, Overrides, read_overrides
from translators.names import canonical_name, openai_name
from translators.ollama_models import UNDATED, Model, ordered
from translators.openai_models import Listed, listed_model, use_by_name

DEFAULT_CONTEXT_LENGTH: Final = 32_768
"""Tokens of a model that nobody knows; what VS Code assumes too."""

_DATE: Final = re.compile(r"-(?:20[0-9]{2}-[0-9]{2}-[0-9]{2}|[0-9]{4})$")  # -2026-03-05, -0613
_SEPARATOR: Final = re.compile(r"[-.:_@]")


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of one model.

    Attributes:
        context_length: The longest prompt, in tokens.
        capabilities: In Ollama's words and order.
        embedding_length: Numbers in a vector; None when unknown, and for models that make none.
        known: Whether the capabilities are a fact. If not, they are the defaults: nobody may be refused for them.
    """

    context_length: int
    capabilities: tuple[str, ...]
    embedding_length: int | None = None
    known: bool = True

    def model(self, model_id: str, created: int = UNDATED, owned_by: str = "") -> Model:
        """The model of this id, as it is listed and shown."""
        return Model(model_id, self.context_length, self.capabilities, self.embedding_length, created, owned_by)


UNKNOWN: Final = Known(DEFAULT_CONTEXT_LENGTH, ("completion", "tools"), known=False)
"""For a model that nobody knows. Most take tools; vision and thinking are not claimed without need."""

UNKNOWN_EMBEDDING: Final = Known(8_191, ("embedding",), known=False)
"""For one whose name says that it makes embeddings; the window is that of OpenAI's."""


def _read_data() -> tuple[dict[str, Known], frozenset[str]]:
    """OpenAI's models and those of no use for text, from the file beside this one."""
    data: dict[str, Any] = json.loads(Path(__file__).with_name("openai_models.json").read_text("utf-8"))
    rows: dict[str, dict[str, Any]] = data["models"]
    models = {
        name: Known(row["context_length"], ordered(row["capabilities"]), row.get("embedding_length"))
        for name, row in rows.items()
    }
    return models, frozenset(data["hidden"])


_OPENAI_MODELS, _OPENAI_HIDDEN = _read_data()


class Catalogue:
    """All that is known of models, the user's word first."""

    def __init__(self, overrides: Overrides) -> None:
        """Keep the user's word.

        Args:
            overrides: What the user says about models.
        """
        self._overrides = overrides

    @classmethod
    def load(cls, path: Path | None) -> Self:
        """The catalogue with a user's models.toml, or with none.

        Raises:
            ValueError: The file is missing or wrong; the message says where and what to do.
        """
        return cls(read_overrides(path) if path else Overrides({}))

    def lookup(self, model_id: str) -> Known:
        """What is known of a model by its upstream id alone, whether the upstream lists it or not."""
        return overridden(by_name(model_id), self._overrides.of(model_id))

    def visible(self, entries: Iterable[Mapping[str, Any]]) -> list[Model]:
        """The models of an upstream's list that an Ollama client can use, each name once, in the list's order.

        Args:
            entries: Of `entries_of`.
        """
        models: dict[str, Model] = {}
        now = time.time()
        for entry in entries:
            listed = listed_model(entry, now)
            if listed is None:
                continue
            override = self._overrides.of(listed.id)
            if not override.get("hidden", is_useless(listed)):
                known = overridden(joined(by_name(listed.id), listed), override)
                model = known.model(listed.id, listed.created or UNDATED, listed.owned_by)
                models.setdefault(canonical_name(model.id), model)
        return list(models.values())


def by_name(model_id: str) -> Known:
    """What the id alone tells: an OpenAI model's facts, those of its family, or the defaults."""
    name = openai_name(model_id)
    if name:
        for candidate in (name, _DATE.sub("", name)):
            if candidate in _OPENAI_MODELS:
                return _OPENAI_MODELS[candidate]
        if family := _family(name):
            return family
    return UNKNOWN_EMBEDDING if use_by_name(model_id) == "embedding" else UNKNOWN


def _family(name: str) -> Known | None:
    """The facts of the nearest relative: cut the name at its end, word by word, until models begin like that.

    Of several relatives the smallest window counts, and what half of them can do. What is left of the name must hold a
    version: `gpt` alone is no family.
    """
    while re.search("[0-9]", name):
        if name in _OPENAI_MODELS:
            return _OPENAI_MODELS[name]
        relatives = [known for other, known in _OPENAI_MODELS.items() if other.startswith((f"{name}-", f"{name}."))]
        if relatives:
            counts = Counter(capability for known in relatives for capability in known.capabilities)
            common = ordered(capability for capability, count in counts.items() if 2 * count >= len(relatives))
            return Known(min(known.context_length for known in relatives), common)
        end = max((match.start() for match in _SEPARATOR.finditer(name)), default=0)
        name = name[:end]
    return None


def is_useless(listed: Listed) -> bool:
    """Whether a model is of no use to an Ollama client: images, speech, moderation and the like."""
    if listed.use:
        return listed.use == "other"
    return openai_name(listed.id) in _OPENAI_HIDDEN or use_by_name(listed.id) == "other"


def joined(known: Known, listed: Listed) -> Known:
    """What the upstream's list tells, over what the name tells: the same model differs from host to host."""
    capabilities = known.capabilities
    if listed.use == "embedding":
        capabilities = ("embedding",)
    elif "embedding" not in capabilities:
        granted = {capability for capability, can in listed.can.items() if can}
        denied = {capability for capability, can in listed.can.items() if not can}
        capabilities = ordered((frozenset(capabilities) | granted) - denied)
    context_length = listed.context_length or known.context_length
    return replace(known, context_length=context_length, capabilities=capabilities)


def overridden(known: Known, override: Override) -> Known:
    """What the user says, over everything else."""
    capabilities = override.get("capabilities")
    return replace(
        known,
        context_length=override.get("context_length", known.context_length),
        embedding_length=override.get("embedding_length", known.embedding_length),
        capabilities=capabilities or known.capabilities,
        known=known.known or bool(capabilities),
    )
