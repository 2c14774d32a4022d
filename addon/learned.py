"""What the upstream's refusals have taught, model by model, for the life of the process."""

import logging
from typing import Protocol, Self

from translators.lessons import Lessons

logger = logging.getLogger(__name__)


class Knowledge(Protocol):
    """What refusals teach about a model."""

    def __or__(self, newer: Self, /) -> Self:
        """This and what was learned since: several requests may learn at once."""


class Learned[K: Knowledge]:
    """Remembers it, so that each refusal is met once."""

    def __init__(self, nothing: K, *, most: int, remembers: bool) -> None:
        """Begin with nothing learned.

        Args:
            nothing: What is known of a model that has taught nothing.
            most: How many models are remembered: names are the clients' to make up. The one that taught nothing for the
                longest time is forgotten first.
            remembers: Whether anything is kept; where exchanges are recorded or replayed, none may depend on another.
        """
        self._nothing = nothing
        self._most = most
        self._remembers = remembers
        self._by_model: dict[str, K] = {}

    def of(self, model_id: str) -> K:
        """What is learned about a model, by the upstream's id."""
        return self._by_model.get(model_id, self._nothing)

    def learn(self, model_id: str, knowledge: K) -> bool:
        """A request has taught this; others may have taught something else meanwhile. Returns whether it is new."""
        known = self.of(model_id)
        all_of_it = known | knowledge
        if self._remembers:
            self._by_model.pop(model_id, None)
            self._by_model[model_id] = all_of_it
            if len(self._by_model) > self._most:
                del self._by_model[next(iter(self._by_model))]
        return all_of_it != known


def keep_lessons(learned: Learned[Lessons], model_id: str, lessons: Lessons, news: list[str]) -> None:
    """A request has been answered thanks to what it taught: keep what is true of others too, and tell it once.

    Args:
        learned: Where it is kept.
        model_id: The upstream's id of the model.
        lessons: All that the request knew at its end.
        news: What of it is new, in a few words each.
    """
    if learned.learn(model_id, lessons.lasting()):
        logger.info("%s: the upstream refused a request until it was changed: %s", model_id, "; ".join(news))
