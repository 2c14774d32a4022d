"""Replays what is recorded, and asks the upstream for the rest."""

from weakref import WeakSet

from mitmproxy import http

from addon.call import Call, Reply
from addon.exchange import Exchange
from addon.recordings.faults import check_fault, fault_of
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
        self._live_flows: WeakSet[http.HTTPFlow] = WeakSet()

    async def send(self, call: Call, exchange: Exchange, deadline: float) -> Reply:
        """Carry or play one call; see `Transport`.

        Raises:
            RequestError: 400, the client asks for a fault, and there is no recording that could have it.
        """
        flow = exchange.flow
        if exchange.playback is None and flow not in self._live_flows and not self._replayer.begin(exchange):
            if exchange.tape and fault_of(flow.request.headers, None):
                exchange.tape.calls.clear()  # it is refused, not asked, and must not become a recording
            check_fault(flow.request.headers, plays=False)
            self._live_flows.add(flow)
        source: Transport = self._live if flow in self._live_flows else self._replayer
        return await source.send(call, exchange, deadline)

    async def close(self) -> None:
        """Close all connections."""
        await self._live.close()
