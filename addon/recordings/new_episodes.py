"""Replays what is recorded, and asks the upstream for the rest."""

from addon.call import Call, Reply
from addon.exchange import Exchange
from addon.recordings.faults import check_fault
from addon.recordings.replayer import Replayer
from addon.transport import Transport


class NewEpisodes:
    """A transport that decides for each exchange, at its first call, whether all its calls are played or all are live.

    Two clients that ask the same at once, before it is recorded, are both answered live.
    """

    def __init__(self, replayer: Replayer, live: Transport) -> None:
        """Wire it.

        Args:
            replayer: What plays; it is told what has been recorded since.
            live: What carries the calls of exchanges that are not recorded.
        """
        self._replayer = replayer
        self._live = live

    async def send(self, call: Call, exchange: Exchange, deadline: float) -> Reply:
        """Carry or play one call; see `Transport`.

        Raises:
            RequestError: 400, the client asks for a fault, and there is no recording that could have it.
        """
        if exchange.playback is None and not exchange.live and not self._replayer.begin(exchange):
            check_fault(exchange.flow.request.headers, plays=False)
            exchange.live = True
        source: Transport = self._live if exchange.live else self._replayer
        return await source.send(call, exchange, deadline)

    async def close(self) -> None:
        """Close all connections."""
        await self._live.close()
