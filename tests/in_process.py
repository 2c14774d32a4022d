"""A real mitmproxy in a thread of the test process, with the addons of the test."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from mitmproxy import http
from mitmproxy.options import Options
from mitmproxy.tools.dump import DumpMaster

from tests.process import LOOPBACK


class Watcher:
    """Keeps the flows that are over, and says when one is."""

    def __init__(self) -> None:
        self.flows: list[http.HTTPFlow] = []
        self.changed = threading.Condition()

    def response(self, flow: http.HTTPFlow) -> None:
        self._add(flow)

    def error(self, flow: http.HTTPFlow) -> None:
        self._add(flow)

    def wait_for(self, count: int) -> list[http.HTTPFlow]:
        """The first `count` flows, once they are over."""
        with self.changed:
            assert self.changed.wait_for(lambda: len(self.flows) >= count, timeout=30), self.flows
            return self.flows[:count]

    def _add(self, flow: http.HTTPFlow) -> None:
        with self.changed:
            self.flows.append(flow)
            self.changed.notify_all()


@dataclass
class Running:
    """A mitmproxy that runs."""

    master: DumpMaster
    loop: asyncio.AbstractEventLoop
    watcher: Watcher

    @property
    def port(self) -> int:
        """The port of the first listener."""
        return self.ports[0]

    @property
    def ports(self) -> list[int]:
        """The ports of all listeners, in the order of the modes."""
        return [int(address[1]) for address in self.master.addons.get("proxyserver").listen_addrs()]

    @property
    def url(self) -> str:
        return f"http://{LOOPBACK}:{self.port}"

    def call(self, function: Any, *args: Any) -> Any:
        """Run a plain function on the proxy's loop and return what it returns."""

        async def run() -> Any:
            return function(*args)

        return asyncio.run_coroutine_threadsafe(run(), self.loop).result(30)


@contextmanager
def running_proxy(*addons: object, mode: str = f"regular@{LOOPBACK}:0", **options: Any) -> Iterator[Running]:
    """Run mitmproxy with these addons until the block ends."""
    started = threading.Event()
    held: list[Running] = []
    failed: list[BaseException] = []

    class Started:
        def running(self) -> None:
            started.set()

    async def serve() -> None:
        master = DumpMaster(
            Options(mode=[mode], confdir=str(options.pop("confdir", "~/.mitmproxy"))),
            loop=asyncio.get_running_loop(),
            with_termlog=False,
            with_dumper=False,
        )
        watcher = Watcher()
        master.addons.add(*addons, watcher, Started())
        master.options.update(**options)
        held.append(Running(master, asyncio.get_running_loop(), watcher))
        try:
            await master.run()
        finally:
            # mitmproxy leaves its sockets to the process's end
            await master.addons.get("proxyserver").servers.update([])

    def run() -> None:
        try:
            asyncio.run(serve())
        except BaseException as error:
            failed.append(error)
        finally:
            started.set()

    thread = threading.Thread(target=run, name="mitmproxy")
    thread.start()
    assert started.wait(30)
    try:
        if failed:
            raise failed[0]
        yield held[0]
    finally:
        if held:
            with suppress(RuntimeError):  # the test has ended it already
                held[0].master.shutdown()
        thread.join(30)
        assert not thread.is_alive()
