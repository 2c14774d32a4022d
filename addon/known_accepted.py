"""What the upstream is known to accept in embeddings requests, model by model, for the life of the process."""

from typing import Final

from translators.openai_embeddings_accepted import ANYTHING, Accepted

MOST_MODELS: Final = 256
"""How many models are remembered; the one that taught nothing for the longest time is forgotten first."""


class KnownAccepted:
    """Remembers, so that each refusal is met once."""

    def __init__(self, *, remembers: bool) -> None:
        """Begin with nothing known.

        Args:
            remembers: Whether anything is kept; where exchanges are recorded or replayed, none may depend on another.
        """
        self._remembers = remembers
        self._by_model: dict[str, Accepted] = {}

    def of(self, model_id: str) -> Accepted:
        """What is known of a model, by the upstream's id."""
        return self._by_model.get(model_id, ANYTHING)

    def learn(self, model_id: str, accepted: Accepted) -> None:
        """A request has taught what the upstream accepts; others may have taught something else meanwhile."""
        if not self._remembers:
            return
        known = self._by_model.pop(model_id, ANYTHING)
        self._by_model[model_id] = known.and_also(accepted)
        if len(self._by_model) > MOST_MODELS:
            del self._by_model[next(iter(self._by_model))]
