"""What is known of models: the user's models.toml, then the upstream's list, then what the names tell."""

import time
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Self

from addon.model_facts import NOT_FOR_TEXT, UNKNOWN, Known, facts_of
from addon.models_file import Override, Overrides, read_overrides
from addon.providers import provider_of
from translators.names import canonical_name, folded_name
from translators.ollama_models import UNDATED, Model, ordered
from translators.openai_models import Listed, listed_model
from translators.profiles import Dialect


class Catalogue:
    """All that is known of an upstream's models, the user's word first."""

    def __init__(self, overrides: Overrides, provider: str, *, others: bool) -> None:
        """Keep the user's word.

        Args:
            overrides: What the user says about models.
            provider: Whose models they are, of `provider_of`.
            others: Whether models that are not for text are listed too.
        """
        self._overrides = overrides
        self._provider = provider
        self._others = others

    @classmethod
    def load(cls, path: Path | None, base_url: str = "", *, others: bool = False) -> Self:
        """The catalogue with a user's models.toml, or with none.

        Args:
            path: Of the models.toml.
            base_url: Of the upstream; empty when it has none.
            others: Whether models that are not for text are listed too.

        Raises:
            ValueError: The file is missing or wrong; the message says where and what to do.
        """
        return cls(read_overrides(path) if path else Overrides({}), provider_of(base_url), others=others)

    def lookup(self, model_id: str) -> Known:
        """What is known of a model by its upstream id alone, whether the upstream lists it or not."""
        override = self._overrides.of(model_id)
        known = overridden(self._facts(model_id, override), override)
        return replace(known, found=known.found or self._overrides.has(model_id))

    def base_of(self, model_id: str) -> str:
        """The model behind an upstream id: the one that the user names, or else the id itself."""
        return self._overrides.of(model_id).get("base_model", model_id)

    def api_of(self, model_id: str) -> Dialect | None:
        """The API by which the user wants a model to be asked; None where nothing is said."""
        return self._overrides.of(model_id).get("api")

    def visible(self, entries: Iterable[Mapping[str, Any]]) -> list[Model]:
        """The models that an Ollama client is shown: those of the upstream's list, and then the user's own.

        Args:
            entries: Of `entries_of`.

        Returns:
            Each name once, in the list's order. Of the user's, who may name deployments that no list has, those of
            exact ids.
        """
        models: dict[str, Model] = {}
        now = time.time()
        told = [listed for entry in entries if (listed := listed_model(entry, now))]
        for listed in told:
            override = self._overrides.of(listed.id)
            known = overridden(joined(self._facts(listed.id, override), listed), override)
            if not override.get("hidden", not (known.is_for_text or self._others)):
                model = known.model(listed.id, listed.created or UNDATED, listed.owned_by)
                models.setdefault(canonical_name(listed.id), model)
        names = {folded_name(listed.id) for listed in told}
        for model_id in self._overrides.ids:
            if folded_name(model_id) not in names and not self._overrides.of(model_id).get("hidden"):
                models.setdefault(canonical_name(model_id), self.lookup(model_id).model(model_id))
        return list(models.values())

    def _facts(self, model_id: str, override: Override) -> Known:
        """What the name tells, or the name of the base model that the user gives, with the user's word on that."""
        base = override.get("base_model")
        if base is None:
            return facts_of(model_id, self._provider)
        return overridden(facts_of(base, self._provider), self._overrides.of(base))


def joined(known: Known, listed: Listed) -> Known:
    """What the upstream's list tells, over what the name tells: the same model differs from host to host."""
    if listed.use == "other":
        known = NOT_FOR_TEXT
    elif listed.use == "text" and not known.is_for_text:
        known = UNKNOWN
    capabilities = known.capabilities
    if listed.use == "embedding":
        capabilities = ("embedding",)
    elif "embedding" not in capabilities:
        granted = {capability for capability, can in listed.can.items() if can}
        denied = {capability for capability, can in listed.can.items() if not can}
        capabilities = ordered((frozenset(capabilities) | granted) - denied)
    makes_vectors = "embedding" in capabilities
    return replace(
        known,
        context_length=listed.context_length or known.context_length,
        capabilities=capabilities,
        embedding_length=(listed.embedding_length or known.embedding_length) if makes_vectors else None,
    )


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
