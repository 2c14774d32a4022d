"""What carries one call to an OpenAI-style server: the seam between live calls, recordings and replay."""

from typing import Protocol

from addon.call import Call, Reply
from addon.exchange import Exchange


class Transport(Protocol):
    """Carries calls."""

    async def send(self, call: Call, exchange: Exchange, deadline: float) -> Reply:
        """Carry one call, once, and wait for the head of its answer.

        Args:
            call: What is sent.
            exchange: For whose client it is sent.
            deadline: When the head must be there, on the event loop's clock.

        Raises:
            UpstreamUnreachable: There is no connection, or it broke before the head was there.
            UpstreamTimeout: There was no head in time, so there is none left for another try.
        """

    async def close(self) -> None:
        """Close all connections."""
