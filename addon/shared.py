"""A result that many clients ask for at once and again: one call makes it, and it is good for some seconds."""

import asyncio
import time
from collections.abc import Callable, Coroutine
from typing import Any

from mitmproxy.utils import asyncio_utils


class Shared[Result]:
    """Keeps one result."""

    def __init__(self, name: str, seconds: float, longer: Callable[[Result], float] = lambda _: 0) -> None:
        """Begin without a result.

        Args:
            name: Of the task that makes it.
            seconds: How long a result is good for; with 0 nothing is shared, and each client makes its own.
            longer: How many seconds this one is good for, where that is more.
        """
        self._name = name
        self._seconds = seconds
        self._longer = longer
        self._good_until = 0.0
        self._making: asyncio.Task[Result] | None = None

    async def get(self, make: Callable[[], Coroutine[Any, Any, Result]]) -> Result:
        """The result that is there or being made, or a new one.

        Args:
            make: Makes one. It outlives the client for which it began, because others wait for it; what it raises is
                raised for all of them, and not kept.
        """
        if not self._seconds:
            return await make()
        if self._making is None or (self._making.done() and time.monotonic() >= self._good_until):
            self._making = asyncio_utils.create_task(self._make(make), name=self._name, keep_ref=True)
            self._making.add_done_callback(lambda task: task.cancelled() or task.exception())  # if all clients leave
        return await asyncio.shield(self._making)

    async def _make(self, make: Callable[[], Coroutine[Any, Any, Result]]) -> Result:
        result = await make()
        self._good_until = time.monotonic() + max(self._seconds, self._longer(result))
        return result
