"""What the upstream's refusals have taught, model by model, for the life of the process."""

import logging
from typing import Final

from translators.lessons import NOTHING, Lessons

MOST_MODELS: Final = 1000
"""Names are the clients' to make up; the model that taught nothing for the longest time is forgotten first."""

logger = logging.getLogger(__name__)


class Learned:
    """Remembers lessons, so that each refusal is met once."""

    def __init__(self, *, remembers: bool) -> None:
        """Begin with nothing learned.

        Args:
            remembers: Whether anything is kept; where exchanges are recorded or replayed, none may depend on another.
        """
        self._remembers = remembers
        self._by_model: dict[str, Lessons] = {}

    def of(self, model_id: str) -> Lessons:
        """What is learned about a model, by the upstream's id."""
        return self._by_model.get(model_id, NOTHING)

    def keep(self, model_id: str, lessons: Lessons, news: list[str]) -> None:
        """A request has been answered thanks to what it taught.

        Args:
            model_id: The upstream's id of the model.
            lessons: All that the request knew at its end; others may have taught something else meanwhile.
            news: What of it is new, in a few words each.
        """
        known, lessons = self._by_model.pop(model_id, NOTHING), lessons.lasting()
        if known | lessons != known:
            logger.info("%s: the upstream refused a request until it was changed: %s", model_id, "; ".join(news))
        if not self._remembers:
            return
        self._by_model[model_id] = known | lessons
        if len(self._by_model) > MOST_MODELS:
            del self._by_model[next(iter(self._by_model))]
