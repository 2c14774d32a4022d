"""What the server remembers for a test: the requests that came, how they ended, and the gates."""

import asyncio
import threading
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

type End = Literal["open", "answered", "cut", "aborted"]


@dataclass(slots=True)
class Received:
    """One request.

    Attributes:
        method: `GET`, `POST`.
        path: Without the query.
        headers: Names in lower case.
        text: The body as text.
        json: The parsed body; None when there is none or it cannot be parsed.
        end: `open` while it is being answered; `aborted` when the client went away before the answer's end; `cut`
            when the server broke off on command; else `answered`.
    """

    method: str
    path: str
    headers: dict[str, str]
    text: str
    json: Any
    end: End = "open"


class Ledger:
    """The requests that came, in order. May be used from any thread."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._requests: list[Received] = []
        self._once: set[str] = set()

    def add(self, received: Received) -> int:
        """Note a request; its number, from 0."""
        with self._changed:
            self._requests.append(received)
            self._changed.notify_all()
            return len(self._requests) - 1

    def settle(self, received: Received, end: End) -> None:
        """Note how a request ended; what was noted first stays."""
        with self._changed:
            if received.end == "open":
                received.end = end
                self._changed.notify_all()

    def first_time(self, token: str) -> bool:
        """Whether a token is met for the first time."""
        with self._changed:
            known = token in self._once
            self._once.add(token)
            return not known

    def requests(self, marker: str = "") -> list[Received]:
        """The requests so far whose body or path contains a marker; all without one."""
        with self._changed:
            return [each for each in self._requests if marker in each.text or marker in each.path]

    def wait(self, marker: str, wanted: Callable[[Received], bool], timeout: float) -> Received:
        """Block until a request with a marker is as wanted.

        Args:
            marker: A text in the request's body or path.
            wanted: What must hold of it.
            timeout: Seconds.

        Returns:
            The first such request.

        Raises:
            TimeoutError: There was none in time.
        """

        def found() -> Received | None:
            return next((each for each in self.requests(marker) if wanted(each)), None)

        with self._changed:
            received = self._changed.wait_for(found, timeout)
        if received is None:
            seen = [(each.method, each.path, each.end) for each in self.requests(marker)]
            raise TimeoutError(f"no request with {marker!r} was as wanted within {timeout} s; seen with it: {seen}")
        return received


class Gates:
    """Places where an answer waits for the test. `release` may be called from any thread, also before anyone waits."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._gates: defaultdict[str, asyncio.Semaphore] = defaultdict(lambda: asyncio.Semaphore(0))

    async def wait(self, name: str) -> None:
        """Wait for one release; no name is no gate."""
        if name:
            await self._gates[name].acquire()

    def release(self, name: str, count: int) -> None:
        """Let `count` waiters through, now or later."""
        for _ in range(count):
            self._loop.call_soon_threadsafe(self._release_one, name)

    def _release_one(self, name: str) -> None:
        self._gates[name].release()
