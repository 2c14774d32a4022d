"""A recording while it is played to one client: which call comes next, and how one that failed fails again."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Final

from addon.recording import Recording, UpstreamCall
from translators.errors import UpstreamBroken, UpstreamError, UpstreamTimeout, UpstreamUnreachable

FAILURES: Final = {error.__name__: error for error in (UpstreamUnreachable, UpstreamTimeout, UpstreamBroken)}


@dataclass(slots=True)
class Playback:
    """One recording that is being played.

    Attributes:
        recording: Which.
        played: How many of its calls to each route were played already.
    """

    recording: Recording
    played: Counter[tuple[str, str]] = field(default_factory=Counter)

    def next_call(self, method: str, path: str) -> UpstreamCall | None:
        """The next recorded call to a route; the last one again when there are no more, None when there is none.

        Args:
            method: In capitals.
            path: Below the base URL.
        """
        route = (method, _without_query(path))
        requests = [(call, call.request) for call in self.recording.upstream]
        calls = [call for call, request in requests if (request.method, _without_query(request.path)) == route]
        position = min(self.played[route], len(calls) - 1)
        self.played[route] += 1
        return calls[position] if calls else None

    def failure(self, call: UpstreamCall) -> UpstreamError:
        """The error with which a call ends that did not end well."""
        if call.error is not None:
            name, _, message = call.error.partition(": ")
            return FAILURES[name](message)
        told = f"the recording {self.recording.name!r} ends here: its client did not wait any longer"
        return UpstreamTimeout(told) if call.response is None else UpstreamBroken(told)


def _without_query(path: str) -> str:
    """A path as requests are compared by it."""
    return path.partition("?")[0]
