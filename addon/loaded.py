"""The answer of `/api/ps`: the models that were used lately.

Nothing is loaded here, so this is what a real server would have loaded: a model stays for its `keep_alive` after the
end of its last answer.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from mitmproxy import http

from addon.exchange import Exchange
from addon.machine import zone
from addon.model_facts import Known
from addon.responses import json_answer
from translators.durations import LONGEST
from translators.ollama_fields import FOREVER
from translators.ollama_models import ps_body

MOST_MODELS: Final = 100
"""So many are remembered; a real server too unloads one to make room for another."""


@dataclass(slots=True)
class _Use:
    """How a model is used.

    Attributes:
        keep_alive: Nanoseconds that it stays after its last answer.
        expires_ns: When it goes, in nanoseconds since the epoch, if it is not used until then.
        answers: How many are being made with it now.
    """

    keep_alive: int
    expires_ns: int = 0
    answers: int = 0

    def expiry(self, now_ns: int) -> int:
        """When it goes: while it is used, as long after now as after the answer."""
        return now_ns + self.keep_alive if self.answers else self.expires_ns


class Loaded:
    """The models that a real server would have in memory now."""

    def __init__(
        self, lookup: Callable[[str], Known], keep_alive: int, clock: Callable[[], int] = time.time_ns
    ) -> None:
        """Begin with none.

        Args:
            lookup: What is known of a model by its upstream id.
            keep_alive: Nanoseconds that a model stays after its last answer, where nobody asks for another time.
            clock: Nanoseconds since the epoch.
        """
        self._lookup = lookup
        self._keep_alive = keep_alive
        self._clock = clock
        self._uses: dict[str, _Use] = {}

    @contextmanager
    def use(self, model_id: str, keep_alive: int | None) -> Iterator[None]:
        """Keep a model as long as the block runs, and for its `keep_alive` after that.

        Args:
            model_id: The upstream's id.
            keep_alive: Nanoseconds, `FOREVER`, or None to leave it as it is, at first the default.
        """
        self._drop()
        use = self._uses.setdefault(model_id, _Use(self._keep_alive))
        if keep_alive is not None:
            use.keep_alive = LONGEST if keep_alive == FOREVER else keep_alive
        use.answers += 1
        try:
            yield
        finally:
            use.answers -= 1
            use.expires_ns = self._clock() + use.keep_alive

    def note(self, model_id: str, keep_alive: int | None) -> None:
        """Load a model, or with a `keep_alive` of 0 unload it; the arguments are those of `use`."""
        with self.use(model_id, keep_alive):
            pass

    async def ps(self, _exchange: Exchange) -> http.Response:
        """Answer `/api/ps`."""
        self._drop()
        now_ns = self._clock()
        uses = self._uses.items()
        return json_answer(ps_body(((self._lookup(name).model(name), use.expiry(now_ns)) for name, use in uses), zone))

    def _drop(self) -> None:
        """Forget what has expired, and where there is no room what expires first."""
        now_ns = self._clock()
        idle = sorted((use.expires_ns, name) for name, use in self._uses.items() if not use.answers)
        for place, (expires_ns, name) in enumerate(idle):
            if expires_ns <= now_ns or len(idle) - place > MOST_MODELS:
                del self._uses[name]
