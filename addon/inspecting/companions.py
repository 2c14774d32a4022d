"""Companions: each call to the upstream as a flow of its own, beside the client's.

mitmproxy sees no upstream call, because our own client makes it. A companion is made by hand and announced through the
hooks of a flow from `request` on, so that mitmweb, `-w` and other addons treat it as any other: it can be intercepted,
and what is changed in its request before it is sent is what is sent. It never holds the key, which is added then.
"""

import asyncio
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from mitmproxy import connection, ctx, http
from mitmproxy import flow as mitmproxy_flow
from mitmproxy.hooks import UpdateHook
from mitmproxy.net.http import status_codes
from mitmproxy.proxy.layers.http._hooks import HttpErrorHook, HttpRequestHook, HttpResponseHeadersHook, HttpResponseHook
from mitmproxy.utils import asyncio_utils

from addon.call import BASE_HEADERS, Call, Reply, once
from addon.flow_metadata import ATTEMPT, CALL, EXCHANGE, PIECES, note_asked, pieces_of
from addon.inspecting.marks import FAILED, mark
from addon.listen import DEFAULT_PORTS, LOOP_HEADER
from addon.live_layers import KEPT_BODY_BYTES, tell_cut, worth_showing
from addon.recordings.tape import TapedCall
from addon.redaction.redactor import MARK
from addon.redaction.secret_shapes import SECRET_HEADERS
from addon.setting_values import LEAST_TELLING, without
from translators.errors import UpstreamBroken

NOT_SENT: Final = frozenset(
    {
        *("authorization", "openai-organization", "openai-project", LOOP_HEADER.lower()),
        *("connection", "content-length", "host", "keep-alive", "proxy-authorization", "transfer-encoding"),
    }
)
"""Headers of a companion that are not taken over into a call: our client writes its own."""

HELD_SECONDS: Final = 0.25
"""Between two looks whether a call that is intercepted is still held back."""

NOT_READ: Final = "not read to its end: the client has gone, the proxy is being stopped, or the answer was wrong"
"""The error of a call that was broken off here."""

RECORDED_URL: Final = "http://recording/v1"
"""Stands for the base URL where recordings are replayed and there is none."""

UNPACKED: Final = frozenset({"content-encoding", "content-length", "transfer-encoding"})
"""Headers of an answer that say how its body came."""

_RAW: Final = ("utf-8", "surrogateescape")


class Address(NamedTuple):
    """Where an upstream is.

    Attributes:
        scheme: `http` or `https`.
        host: In lower case; of an IPv6 address without brackets.
        port: Also where the URL leaves it out.
        path: Without a slash at its end.
        netloc: Host and port as they stand in the URL.
    """

    scheme: str
    host: str
    port: int
    path: str
    netloc: str

    @staticmethod
    def of(base_url: str) -> "Address":
        """That of a base URL; of none that stands for recordings."""
        url = urlsplit(base_url or RECORDED_URL)
        return Address(url.scheme, url.hostname or "", url.port or DEFAULT_PORTS[url.scheme], url.path, url.netloc)


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
            path=(address.path + call.path).encode(*_RAW),
            http_version=b"HTTP/1.1",
            headers=http.Headers([(name.encode(*_RAW), value.encode(*_RAW)) for name, value in headers.items()]),
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


def call_of(request: http.Request, base_url: str) -> Call | None:
    """The call that a companion's request asks for, as it is now; None when it does not lead to the upstream.

    Args:
        request: Of a companion.
        base_url: The upstream's; empty where there is none.
    """
    address = Address.of(base_url)
    leads_to = request.scheme, request.host.lower(), request.port
    path = request.path.removeprefix(address.path)
    below = len(path) + len(address.path) == len(request.path) and path.startswith("/")
    if leads_to != address[:3] or not below or ".." in path.partition("?")[0].split("/"):
        return None
    headers = {name: value for name, value in request.headers.items() if name.lower() not in NOT_SENT}
    return Call(request.method, path, request.raw_content or b"", headers, complete=True)


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
        if (view := ctx.master.addons.get("view")) is not None:  # an empty one is false
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
        self.flow.comment = f"edited: {self.flow.comment}"
        return call

    async def answered(self, reply: Reply, *, replayed: bool) -> None:
        """Show the head of the answer.

        Args:
            reply: The answer.
            replayed: Whether it comes from a recording.
        """
        if replayed:
            self.flow.comment = f"replayed: {self.flow.comment}"
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
        self._show()
        return True

    def over(self) -> None:
        """Show how it ended; what is left to do runs beside."""
        self._maker.running.discard(self)
        self.refresh()
        self._show()
        flow, answer = self.flow, self._taped.answer
        flow.live = False
        if flow.response is not None:
            flow.response.timestamp_end = time.time()
            flow.metadata[PIECES] = str(pieces_of(answer.chunks))
            tell_cut(flow, len(self._kept), len(answer.body))
            answer.share(flow.response)
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

    def _show(self) -> None:
        if self.flow.response is not None:
            self.flow.response.data.content = masked(self._maker.key, bytes(self._kept))


def head_of(reply: Reply, key: str) -> http.Response:
    """The head of an answer, as a flow shows it: bodies are decompressed, and nothing tells whose the call was.

    Args:
        reply: The answer.
        key: The upstream's.
    """
    reason = status_codes.RESPONSES.get(reply.status, "").encode()
    fields = [
        (name.encode(), MARK.encode() if name.lower() in SECRET_HEADERS else masked(key, value.encode(*_RAW)))
        for name, value in reply.headers.items()
        if name.lower() not in UNPACKED
    ]
    return http.Response(b"HTTP/1.1", reply.status, reason, http.Headers(fields), b"", None, time.time(), None)


def masked(secret: str, data: bytes) -> bytes:
    """What an upstream says without the key that it repeats, whole or its beginning; it stays as long as it was.

    Args:
        secret: The key; may be empty.
        data: Any bytes.
    """
    told = secret.encode()
    if told[:LEAST_TELLING] in data:
        for length in range(len(told), LEAST_TELLING - 1, -1):
            data = data.replace(told[:length], b"*" * length)
    return data


def _written(request: http.Request) -> tuple[object, ...]:
    """What of a request makes its call."""
    return request.method, request.url, request.headers.fields, request.raw_content
