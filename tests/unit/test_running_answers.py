"""The flows of calls while these are made: what is announced, shown and kept."""

import asyncio
from collections.abc import Iterator

import pytest
from mitmproxy import http
from mitmproxy.addons import view
from mitmproxy.test import taddons, tflow

from addon.call import Call, Reply, once
from addon.exchange import Exchange
from addon.inspecting import companions
from addon.inspecting.companions import NOT_READ, Companion, Companions
from addon.inspecting.inspector import Inspector
from addon.live import LiveBodies
from addon.live_layers import worth_showing
from addon.recordings.tape import TapedCall
from addon.responses import last_words

KEY = "sk-test-5f3c1a9e7b2d4c6f8a0e"
URL = "http://upstream:8080/v1"
CALL = Call("POST", "/chat/completions", b'{"model":"m"}')


class Hooks:
    """Notes which hooks are run for a flow."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    def request(self, _flow: http.HTTPFlow) -> None:
        self.seen.append("request")

    def responseheaders(self, _flow: http.HTTPFlow) -> None:
        self.seen.append("responseheaders")

    def response(self, flow: http.HTTPFlow) -> None:
        self.seen.append("response")
        flow.intercept()

    def error(self, _flow: http.HTTPFlow) -> None:
        self.seen.append("error")


@pytest.fixture
def hooks() -> Hooks:
    return Hooks()


@pytest.fixture
def context(hooks: Hooks) -> Iterator[taddons.context]:
    with taddons.context(view.View(), hooks) as running:
        yield running


class Running:
    """A companion whose call is made by the test."""

    def __init__(self) -> None:
        self.running: set[Companion] = set()
        self.taped = TapedCall(CALL, CALL, 0, 1)
        self.companion = Companions(URL, KEY, "0123abcd", self.running).begin(self.taped, 1, tflow.tflow(), "hops")
        self.flow = self.companion.flow

    async def begin(self, *, replayed: bool = False) -> None:
        await self.companion.sent()
        await self.companion.answered(Reply(200, {"content-type": "text/event-stream"}, once(b"")), replayed=replayed)

    def comes(self, *pieces: bytes) -> None:
        self.taped.answer.chunks.extend((number, piece) for number, piece in enumerate(pieces))

    async def end(self) -> None:
        self.taped.answer.ended(len(self.taped.answer.chunks), "complete")
        self.companion.over()
        await asyncio.sleep(0)

    @property
    def shown(self) -> bytes | None:
        return self.flow.response.raw_content if self.flow.response else None


async def test_a_call_is_announced_by_the_hooks_of_a_flow_and_never_held_at_its_end(
    context: taddons.context, hooks: Hooks
) -> None:
    call = Running()
    await call.begin()
    assert call.flow.live
    assert call.running == {call.companion}
    await call.end()
    assert hooks.seen == ["request", "responseheaders", "response"]
    assert (call.flow.live, call.flow.intercepted, call.running) == (False, False, set())
    assert list(context.master.addons.get("view")) == [call.flow]


async def test_what_comes_is_shown_without_the_key_while_it_comes(context: taddons.context) -> None:
    call = Running()
    await call.begin()
    assert not call.companion.refresh()
    call.comes(b"the key is ", KEY[:15].encode(), KEY[15:].encode())
    assert call.companion.refresh()
    assert call.shown == b"the key is " + b"*" * len(KEY)
    assert not call.companion.refresh()


async def test_of_a_long_answer_only_the_beginning_is_kept_and_that_is_told(
    context: taddons.context, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(companions, "KEPT_BODY_BYTES", 10)
    call = Running()
    await call.begin()
    call.comes(b"1234", b"5678", b"9012", b"3456")
    await call.end()
    assert call.shown == b"1234567890"
    assert call.flow.comment.endswith("#0123abcd (first 10 of 16 body bytes kept)")


async def test_a_call_that_is_played_says_so(context: taddons.context) -> None:
    call = Running()
    await call.begin(replayed=True)
    assert call.flow.comment == "call 1 of GET /path, replayed #0123abcd"


async def test_what_was_wrong_replaces_only_that_it_was_not_read(context: taddons.context) -> None:
    unread, broken = Running(), Running()
    for call in (unread, broken):
        await call.begin()
        call.companion.problem = "it broke" if call is broken else ""
        call.companion.over()
        assert call.flow.error
        call.companion.was_wrong("the answer is no JSON")
    assert unread.flow.error
    assert broken.flow.error
    assert (unread.flow.error.msg, broken.flow.error.msg) == ("the answer is no JSON", "it broke")
    assert NOT_READ not in (unread.flow.error.msg, broken.flow.error.msg)


async def test_nothing_of_a_running_answer_is_shown_before_it_is_redacted(context: taddons.context) -> None:
    bodies = LiveBodies(last_words)
    inspector = Inspector(bodies)
    call = Running()
    inspector._companions = call.running
    await call.begin()
    call.comes(b"Jane Doe")
    bodies.apart = True
    inspector._show()
    assert call.shown == b""
    bodies.apart = False
    inspector._show()
    assert call.shown == b"Jane Doe"


async def test_an_exchange_that_is_over_is_let_go(context: taddons.context) -> None:
    inspector = Inspector(LiveBodies(last_words))
    exchange = Exchange(tflow.tflow(), "hops", KEY, model="m")
    inspector._shown[exchange.flow.id] = exchange, "0123abcd"
    inspector.response(exchange.flow)
    assert exchange.flow.comment == "m #0123abcd"
    assert not inspector._shown


@pytest.mark.parametrize(
    ("kept", "shown", "worth"),
    [(0, 0, False), (1, 0, True), (31, 30, True), (320, 310, True), (320, 311, False), (10, 10, False)],
)
def test_more_is_shown_when_it_is_a_part_worth_rendering(kept: int, shown: int, worth: bool) -> None:
    assert worth_showing(kept, shown) is worth


async def test_a_flow_that_cannot_be_shown_disturbs_no_answer(
    context: taddons.context, caplog: pytest.LogCaptureFixture
) -> None:
    call = Running()
    await call.begin()
    call.flow.metadata = None  # type: ignore[assignment]  # whatever another addon may do to it
    await call.end()
    assert "The end of a call could not be shown" in caplog.text
    assert not call.running
