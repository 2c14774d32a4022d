"""A recording while it is played to one client: which call comes next, and how one that failed fails again."""

from dataclasses import dataclass, field
from typing import Final

from addon.recordings.faults import Fault
from addon.recordings.recording import Recording, UpstreamCall
from translators.errors import UpstreamBroken, UpstreamError, UpstreamTimeout, UpstreamUnreachable

FAILURES: Final = {error.__name__: error for error in (UpstreamUnreachable, UpstreamTimeout, UpstreamBroken)}


@dataclass(slots=True)
class Playback:
    """One recording that is being played.

    Attributes:
        recording: Which.
        speed: How many times as fast as it was recorded; infinity is at once.
        fault: What goes wrong with each of its calls; None for nothing.
        played: The places of its calls that were played already.
    """

    recording: Recording
    speed: float = 1.0
    fault: Fault | None = None
    played: set[int] = field(default_factory=set)

    def next_call(self, method: str, path: str, body: bytes) -> UpstreamCall | None:
        """The next recorded call to a route; the last one again when there are no more, None when there is none.

        Of several the first with this body is taken, because calls that were made at once come in any order; without
        one, the first.

        Args:
            method: In capitals.
            path: Below the base URL.
            body: As it would be recorded.
        """
        calls = list(enumerate(self.recording.upstream))
        route = (method, _without_query(path))
        of_route = [
            (at, call) for at, call in calls if (call.request.method, _without_query(call.request.path)) == route
        ]
        left = [(at, call) for at, call in of_route if at not in self.played] or of_route[-1:]
        same = [(at, call) for at, call in left if call.request.body == body]
        for at, call in same or left:
            self.played.add(at)
            return call
        return None

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
