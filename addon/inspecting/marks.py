"""The marks of flows in mitmproxy's list; filtered by `~marked` and `~marker`."""

from typing import Final

from mitmproxy import http

FAILED: Final = ":x:"
"""An error."""
REPAIRED: Final = ":wrench:"
"""The upstream refused the request until it was changed."""
DROPPED: Final = ":scissors:"
"""Something of the request was dropped."""

_OURS: Final = frozenset({FAILED, REPAIRED, DROPPED, ""})


def mark(flow: http.HTTPFlow, marker: str) -> None:
    """Mark a flow, or take our mark from it; one that a user has given it stays."""
    if flow.marked in _OURS:
        flow.marked = marker
