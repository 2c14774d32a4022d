"""Companions: each call to the upstream as a flow of its own, beside the client's.

mitmproxy sees no upstream call, because our own client makes it. A companion is made by hand and announced through the
hooks of a flow from `request` on, so that mitmweb, `-w` and other addons treat it as any other: it can be intercepted,
and what is changed in its request before it is sent is what is sent. It never holds the key, which is added then.
"""

import asyncio
import logging
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

from mitmproxy import connection, ctx, http
from mitmproxy import flow as mitmproxy_flow
from mitmproxy.hooks import UpdateHook
from mitmproxy.proxy.layers.http._hooks import HttpErrorHook, HttpRequestHook, HttpResponseHeadersHook, HttpResponseHook
from mitmproxy.utils import asyncio_utils

from addon.call import BASE_HEADERS, Call, Reply, once
from addon.flow_list import flow_list
from addon.flow_metadata import ATTEMPT, CALL, EXCHANGE, PIECES, note_asked, pieces_of
from addon.inspecting.calls import RAW, Address, call_of, head_of
from addon.inspecting.marks import FAILED, mark
from addon.listen import LOOP_HEADER
from addon.live_layers import KEPT_BODY_BYTES, tell_cut, worth_showing
from addon.recordings.tape import TapedCall
from addon.setting_values import masked, without
from translators.errors import UpstreamBroken

logger = logging.getLogger(__name__)

HELD_SECONDS: Final = 0.25
"""Between two looks whether a call that is intercepted is still held back."""

NOT_READ: Final = "not read to its end: the client has gone, the proxy is being stopped, or the answer was wrong"
"""The error of a call that was broken off here."""


@dataclass(frozen=True, slots=True)
class Companions:
    """Makes the companions of one exchange.

    Attributes:
        base_url: The upstream's; empty where there is none.
        key: The upstream's, which no flow may show.
        link: What links them with the client's flow; see `flow_metadata.EXCHANGE`.
        running: Those whose calls are not over, of all exchanges.
        made: Those of this exchange.
    """

    base_url: str
    key: str = field(repr=False)
    link: str
    running: "set[Companion]"
    made: "list[Companion]" = field(default_factory=list)

    def begin(self, taped: TapedCall, number: int, client: http.HTTPFlow, hops: str) -> "Companion":
        """The companion of a call that is about to be sent.

        Args:
            taped: The call, and what will be noted of it.
            number: Which of its exchange's calls it is, from 1.
            client: The flow for which it is sent.
            hops: Value of the loop header.
        """
        call, address = taped.call, Address.of(self.base_url)
        headers = {"Host": address.netloc, **BASE_HEADERS, **call.headers, LOOP_HEADER: hops}
        if call.content:
            headers["Content-Length"] = str(len(call.content))
        server = connection.Server(address=(address.host, address.port), tls=address.scheme == "https")
        flow = http.HTTPFlow(client.client_conn, server, live=True)
        flow.request = http.Request(
            host=address.host,
            port=address.port,
            method=call.method.encode(),
            scheme=address.scheme.encode(),
            authority=b"",
            path=(address.path + call.path).encode(*RAW),
            http_version=b"HTTP/1.1",
            headers=http.Headers([(name.encode(*RAW), value.encode(*RAW)) for name, value in headers.items()]),
            content=call.content,
            trailers=None,
            timestamp_start=(now := time.time()),
            timestamp_end=now,
        )
        flow.metadata |= {EXCHANGE: self.link, CALL: number, ATTEMPT: taped.attempt}
        again = f", attempt {taped.attempt}" if taped.attempt > 1 else ""
        asked = client.request
        flow.comment = f"call {number}{again} of {asked.method} {asked.path.partition('?')[0]} #{self.link}"
        if not client.comment:
            client.comment = f"#{self.link}"  # the rest is told at its end
        self.made.append(companion := Companion(self, flow, client, taped))
        return companion


class Companion:
    """The flow of one call, while the call is made.

    Attributes:
        flow: What is shown.
        client: The flow for which the call is made.
        on_its_way: The call has been sent.
        problem: Why it failed, in a sentence; empty when it did not.
    """

    def __init__(self, maker: Companions, flow: http.HTTPFlow, client: http.HTTPFlow, taped: TapedCall) -> None:
        self.flow = flow
        self.client = client
        self.on_its_way = False
        self.problem = ""
        self._maker = maker
        self._taped = taped
        self._kept = bytearray()
        self._chunks = 0

    async def sent(self) -> Call | Reply:
        """Announce that it is about to be sent, and wait while it is intercepted.

        Returns:
            The call, with whatever was changed in it; a reply where an addon gives the answer.

        Raises:
            UpstreamBroken: It was killed, or now leads elsewhere.
        """
        self._maker.running.add(self)
        self._taped.over = self.over
        as_made = _written(self.flow.request)
        if (view := flow_list()) is not None:
            # Not by the hook `requestheaders`: proxyauth and upstream_auth would deal with it as with a client's.
            view.add([self.flow])
        await ctx.master.addons.handle_lifecycle(HttpRequestHook(self.flow))
        while self.flow.intercepted:
            with suppress(TimeoutError):
                async with asyncio.timeout(HELD_SECONDS):  # nobody tells of a flow that is killed
                    await self.flow.wait_for_resume()
        self.on_its_way = True
        note_asked(self.flow)
        if self.flow.error is not None:
            raise UpstreamBroken("the call to the upstream was killed in mitmproxy")
        if (given := self.flow.response) is not None:
            given.decode(strict=False)
            headers = {name.lower(): value for name, value in given.headers.items()}
            return Reply(given.status_code, headers, once(given.raw_content or b""))
        if _written(self.flow.request) == as_made:
            return self._taped.call
        if (call := call_of(self.flow.request, self._maker.base_url)) is None:
            raise UpstreamBroken(
                f"the call to the upstream was changed to lead to {self.flow.request.pretty_url!r}: only what is below "
                f"{self._maker.base_url} is asked"
            )
        self._add("edited")
        return call

    async def answered(self, reply: Reply, *, replayed: bool) -> None:
        """Show the head of the answer.

        Args:
            reply: The answer.
            replayed: Whether it comes from a recording.
        """
        if replayed:
            self._add("replayed")
        if self.flow.response is None:
            self.flow.response = head_of(reply, self._maker.key)
        await ctx.master.addons.handle_lifecycle(HttpResponseHeadersHook(self.flow))

    def was_wrong(self, error: str) -> None:
        """Tell what was wrong with an answer that was not read to its end, which shows only at its client's.

        Args:
            error: Why the exchange failed.
        """
        if self.flow.error is not None and self.flow.error.msg == NOT_READ:
            self.flow.error.msg = error
            mark(self.flow, FAILED)
            ctx.master.addons.trigger(UpdateHook([self.flow]))

    def refresh(self) -> bool:
        """Show what has come of the answer so far; whether that is more than before."""
        chunks = self._taped.answer.chunks
        for _, data in chunks[self._chunks :]:
            self._kept += data[: KEPT_BODY_BYTES - len(self._kept)]
        self._chunks = len(chunks)
        if self.flow.response is None or not worth_showing(len(self._kept), len(self.flow.response.raw_content or b"")):
            return False
        self.flow.response.data.content = masked(self._maker.key, bytes(self._kept))
        return True

    def over(self) -> None:
        """Show how it ended, which may not hold up the answer."""
        self._maker.running.discard(self)
        try:
            self._end()
        except Exception:
            logger.exception("The end of a call could not be shown because of an error in the proxy")

    def _end(self) -> None:
        flow, answer = self.flow, self._taped.answer
        flow.live = False
        if flow.response is not None:
            kept = answer.body[:KEPT_BODY_BYTES]  # the tape's very bytes, where these are all
            flow.response.data.content = masked(self._maker.key, kept)
            flow.response.timestamp_end = time.time()
            flow.metadata[PIECES] = str(pieces_of(answer.chunks))
            tell_cut(flow, len(kept), len(answer.body))
        self.problem = self.problem or (self._taped.error or "").partition(": ")[2]
        ended = self.problem or (NOT_READ if answer.end == "aborted" else "")
        if ended and flow.error is None:
            flow.error = mitmproxy_flow.Error(without(self._maker.key, ended))
        if self.problem or (flow.response is not None and flow.response.status_code >= 400):
            mark(flow, FAILED)
        hook = HttpErrorHook(flow) if flow.error is not None else HttpResponseHook(flow)
        asyncio_utils.create_task(self._tell(hook), name="end of a companion", keep_ref=True)

    async def _tell(self, hook: HttpErrorHook | HttpResponseHook) -> None:
        await ctx.master.addons.handle_lifecycle(hook)
        self.flow.resume()  # there is nothing that could be held back

    def _add(self, word: str) -> None:
        """Tell something more in the comment, before the link: mitmweb's list has room for the beginning only."""
        link = f" #{self._maker.link}"
        self.flow.comment = self.flow.comment.replace(link, f", {word}{link}")


def _written(request: http.Request) -> tuple[object, ...]:
    """What of a request makes its call."""
    return request.method, request.url, request.headers.fields, request.raw_content
