"""Which models are asked: what a list of models tells of each, and one of each family, new and cheap."""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, Final

from translators.names import openai_name, undated, upstream_id
from translators.profiles import DEFAULT, Profile, profile_for

LONGEST_FILLED: Final = 20_000
"""Tokens of a window for which a prompt that is too long is sent: it is recorded whole. Less than the window that is
told of a model that nobody knows, because that may be larger."""

SHORT_WINDOW: Final = "short window"

_UNUSUAL: Final = re.compile(r"search|deep-research|audio|realtime|transcribe|computer-use|cyber|daybreak|rosalind")
"""Models that cost more than their tokens, want more than text, or are for few accounts."""

_SMALL: Final = re.compile(r"nano|mini|small|lite|flash|haiku|luna|(?<![0-9.])[1-9]b")


@dataclass(frozen=True)
class Model:
    """A model of the account.

    Attributes:
        id: As the upstream calls it.
        group: What the list of models takes for its family.
        capabilities: In Ollama's words.
        context_length: The longest prompt, in tokens.
        modified: When it was made, in seconds.
    """

    id: str
    group: str
    capabilities: tuple[str, ...]
    context_length: int
    modified: float

    @property
    def profile(self) -> Profile:
        """What its family accepts."""
        return profile_for(self.id)

    @property
    def family(self) -> str:
        """Models of the same family are asked in the same way."""
        return self.group or self.id if self.profile is DEFAULT else self.profile.name

    @property
    def is_unusual(self) -> bool:
        """Whether it is asked only where it is named."""
        return bool(_UNUSUAL.search(self.id.lower()))

    @cached_property
    def abilities(self) -> frozenset[str]:
        """Its capabilities, and what else the catalogue goes by.

        `chat`: not only completing text; `X api`: which of the APIs have it; `chat tools`: Chat Completions takes
        tools without an effort; `logprobs`; `short window`.
        """
        profile = self.profile
        more = {
            "chat": profile.dialect != "completions",
            "chat api": profile.dialect == "chat",
            "responses api": profile.dialect != "completions",
            "completions api": profile.dialect == "completions",
            "chat tools": "tools" in self.capabilities and profile.tools in {"yes", "unset-or-none"},
            "logprobs": profile.takes_sampling(None),
            SHORT_WINDOW: self.context_length <= LONGEST_FILLED,
        }
        return frozenset({*self.capabilities, *(ability for ability, has in more.items() if has)})


def models_of(tags: dict[str, Any]) -> list[Model]:
    """The models of an answer of `GET /api/tags`."""
    return [
        Model(
            upstream_id(model["model"]),
            model["details"]["family"],
            tuple(model["capabilities"]),
            model["details"]["context_length"],
            datetime.fromisoformat(model["modified_at"]).timestamp(),
        )
        for model in tags["models"]
    ]


def representatives(models: Iterable[Model], price_of: Callable[[Model], float]) -> list[Model]:
    """One usual model of each family: the cheapest, the smallest by its name, the newest; no dated release.

    Args:
        models: All that there are.
        price_of: Of a million tokens read and one million written, in dollars; infinity where it is not known.
    """
    families = defaultdict[str, list[Model]](list)
    for model in models:
        if not model.is_unusual:
            families[model.family].append(model)

    def order(model: Model) -> tuple[float, bool, bool, float, str]:
        name = openai_name(model.id) or model.id
        is_fine_tuned_or_dated = model.id.startswith("ft:") or undated(name) != name
        return price_of(model), not _SMALL.search(name), is_fine_tuned_or_dated, -model.modified, model.id

    return [min(family, key=order) for _, family in sorted(families.items())]
