"""Record mode: what is noted, what is written when, and what happens where it cannot be."""

import asyncio
import json
import logging
from collections.abc import AsyncGenerator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from mitmproxy import http

from addon.call import Call, Reply
from addon.exchange import Exchange
from addon.noting import NotingTransport, noted
from addon.recordings.files import read_recordings
from addon.recordings.recorder import Recorder
from addon.recordings.recording import End, Recording
from addon.recordings.tape import Answer, Tape
from addon.redaction.redactor import Redactor
from addon.upstream import Upstream
from tests.recorded import CALL, HELLO, SENT, compact, exchange, run
from translators.errors import OllamaError, UpstreamBroken, UpstreamTimeout, UpstreamUnreachable

URL = "http://127.0.0.1:9100/v1"
HEADERS = {"content-type": "text/event-stream", "retry-after": "0.01", "openai-organization": "org-x"}

type Step = bytes | Exception | None
"""What happens next, after 10 ms: a piece, an error, or nothing ever more."""


class Scripted:
    """An upstream that answers each call as the next script says: a status and what follows, or an error."""

    def __init__(self, *scripts: tuple[int, Sequence[Step]] | Exception) -> None:
        self.scripts = list(scripts)

    async def send(self, call: Call, exchange: Exchange, deadline: float) -> Reply:
        await asyncio.sleep(0.01)
        script = self.scripts.pop(0)
        if isinstance(script, Exception):
            raise script
        return Reply(script[0], HEADERS, self.chunks(script[1]))

    async def chunks(self, steps: Sequence[Step]) -> AsyncGenerator[bytes]:
        for step in steps:
            await asyncio.sleep(0.01)
            if isinstance(step, Exception):
                raise step
            if step is None:
                await asyncio.Event().wait()
            else:
                yield step

    async def close(self) -> None:
        """Nothing to close."""


class Proxy:
    """Answers exchanges with what the upstream says, and records them."""

    def __init__(self, folder: Path, upstream: Scripted) -> None:
        self.upstream = Upstream(NotingTransport(upstream), max_retries=1, seconds=1)
        self.recorder = Recorder(folder, Redactor())

    async def answer(self, asked: Exchange, most: int | None = None) -> None:
        """Answer one; the client leaves after so many pieces."""
        tape = asked.tape = Tape(asked.flow.request, "ollama", URL)
        try:
            reply = await self.upstream.send(CALL, asked)
        except OllamaError as error:
            self.whole(asked, http.Response.make(error.status, error.message.encode()))
            return
        except asyncio.CancelledError:
            tape.answer.ended(asked.elapsed_ns, "aborted")
            self.recorder.save(tape)
            raise
        head = http.Response.make(reply.status, b"", {"Content-Type": "text/event-stream", "Set-Cookie": "a"})
        tape.answer.came(asked.elapsed_ns, head)
        body = noted(reply.chunks, tape.answer, asked.started_ns)
        end: End = "aborted"
        seen = 0
        try:
            async for _ in body:
                seen += 1
                if seen == most:
                    break
            else:
                end = "complete"
        except OllamaError:
            end = "complete"  # the error became the last line
        await body.aclose()
        tape.answer.ended(asked.elapsed_ns, end)
        self.recorder.save(tape)

    def whole(self, asked: Exchange, response: http.Response) -> None:
        """It has been answered with this."""
        assert asked.tape is not None
        asked.tape.answer.came(asked.elapsed_ns, response)
        asked.tape.answer.ended(asked.elapsed_ns, "complete")
        self.recorder.save(asked.tape)


def recorded(folder: Path, upstream: Scripted, most: int | None = None) -> Recording:
    """The recording of one exchange."""

    async def answer() -> None:
        proxy = Proxy(folder, upstream)
        await proxy.answer(exchange(), most)
        await proxy.recorder.close()

    run(answer())
    (made,) = read_recordings(folder)
    return made


def test_both_sides_are_recorded_piece_by_piece(tmp_path: Path) -> None:
    made = recorded(tmp_path, Scripted((200, [b"one", b"two"])))
    assert (made.protocol, made.about, made.name) == ("ollama", "", "chat-gpt-4o-hello-66263eaf-1")
    assert json.loads(made.client.request.body) == HELLO
    assert made.client.response is not None
    assert made.client.response.headers == (("Content-Type", "text/event-stream"),)
    assert [piece for _, piece in made.client.response.chunks] == [b"one", b"two"]
    (call,) = made.upstream
    assert (call.provider, call.url, call.attempt, call.end) == ("default", URL, 1, "complete")
    assert (call.request.method, call.request.path) == ("POST", "/chat/completions")
    assert json.loads(call.request.body) == SENT
    assert call.response is not None
    assert call.response.headers == (("content-type", "text/event-stream"), ("retry-after", "0.01"))
    assert [piece for _, piece in call.response.chunks] == [b"one", b"two"]


def test_times_are_in_their_order(tmp_path: Path) -> None:
    made = recorded(tmp_path, Scripted((200, [b"one", b"two"])))
    (call,) = made.upstream
    assert call.response
    assert made.client.response
    times = [call.t_ms, call.response.t_ms, *(t_ms for t_ms, _ in call.response.chunks), call.end_ms]
    assert times == sorted(times)
    assert made.client.response.t_ms <= made.client.response.chunks[0][0] <= made.client.end_ms


def test_each_try_is_a_call_of_its_own(tmp_path: Path) -> None:
    refused = UpstreamUnreachable("refused")
    made = recorded(tmp_path, Scripted(refused, (200, [b"one"])))
    first, second = made.upstream
    assert (first.attempt, first.error, first.response, first.end) == (1, "UpstreamUnreachable: refused", None, "cut")
    assert (second.attempt, second.error, second.end) == (2, None, "complete")


def test_a_refusal_is_recorded_with_its_body(tmp_path: Path) -> None:
    first, second = recorded(tmp_path, Scripted((429, [b"{}"]), (400, [b'{"error":1}']))).upstream
    assert first.response
    assert second.response
    assert (first.response.status, second.response.status) == (429, 400)
    assert [piece for _, piece in second.response.chunks] == [b'{"error":1}']


@pytest.mark.parametrize("error", [UpstreamBroken("reset"), UpstreamTimeout("silent")])
def test_an_answer_that_breaks_is_cut(tmp_path: Path, error: OllamaError) -> None:
    (call,) = recorded(tmp_path, Scripted((200, [b"one", error]))).upstream
    assert call.response
    assert [piece for _, piece in call.response.chunks] == [b"one"]
    assert (call.error, call.end) == (f"{type(error).__name__}: {error.message}", "cut")


def test_a_client_that_leaves_aborts_both_sides(tmp_path: Path) -> None:
    made = recorded(tmp_path, Scripted((200, [b"one", b"two", b"three"])), most=2)
    (call,) = made.upstream
    assert call.response
    assert [piece for _, piece in call.response.chunks] == [b"one", b"two"]
    assert (call.end, made.client.end) == ("aborted", "aborted")


def test_a_client_that_leaves_before_its_answer_is_recorded_too(tmp_path: Path) -> None:
    async def leave() -> None:
        proxy = Proxy(tmp_path, Scripted((500, [None])))
        answer = asyncio.create_task(proxy.answer(exchange()))
        await asyncio.sleep(0.05)
        answer.cancel()
        await asyncio.wait([answer])
        await proxy.recorder.close()

    run(leave())
    (made,) = read_recordings(tmp_path)
    assert (made.client.response, made.client.end) == (None, "aborted")
    assert (made.upstream[0].end, made.upstream[0].error) == ("aborted", None)


def test_the_end_of_an_upstream_body_is_awaited_but_not_for_ever(tmp_path: Path) -> None:
    async def answer(upstream: Scripted) -> None:
        proxy = Proxy(tmp_path, upstream)
        asked = exchange()
        asked.tape = Tape(asked.flow.request, "ollama", URL)
        reply = await proxy.upstream.send(CALL, asked)
        assert await anext(reply.chunks) == b"one"
        proxy.whole(asked, http.Response.make(200, b"done"))  # with what has come it could be answered
        ending = asyncio.create_task(reply.read())
        await proxy.recorder.close()
        ending.cancel()

    run(answer(Scripted((200, [b"one", b"end"]))))
    assert [call.end for each in read_recordings(tmp_path) for call in each.upstream] == ["complete"]
    run(answer(Scripted((200, [b"one", None]))))
    assert [call.end for each in read_recordings(tmp_path) for call in each.upstream] == ["aborted"]


def test_exchanges_at_once_are_recorded_apart(tmp_path: Path) -> None:
    async def many() -> None:
        proxy = Proxy(tmp_path, Scripted(*((200, [b"one", b"two"]) for _ in range(20))))
        bodies = [HELLO | {"options": {"seed": seed}} for seed in range(20)]
        await asyncio.gather(*(proxy.answer(exchange(body)) for body in bodies))
        await proxy.recorder.close()

    run(many())
    made = read_recordings(tmp_path)
    assert len({each.client.request.body for each in made}) == 20
    pieces = [piece for each in made for call in each.upstream if call.response for _, piece in call.response.chunks]
    assert pieces == [b"one", b"two"] * 20


def test_an_exchange_that_asked_nothing_is_not_kept_and_others_are_not_taped(tmp_path: Path) -> None:
    async def answer() -> None:
        proxy = Proxy(tmp_path, Scripted((200, [])))
        asked = exchange()
        asked.tape = Tape(asked.flow.request, "ollama", URL)
        proxy.whole(asked, http.Response.make(200, b"load"))
        await proxy.upstream.send(CALL, exchange())  # without a tape
        await proxy.recorder.close()

    run(answer())
    assert list(tmp_path.iterdir()) == []


def test_a_tape_tells_about_the_memory_that_it_takes() -> None:
    tape = Tape(exchange().flow.request, "ollama", URL)
    empty = tape.size
    tape.answer.chunks.extend([(0, b"x" * 70)] * 1000)
    tape.answer.ended(0, "complete")
    assert empty > len(compact(HELLO)) + 1_500
    assert tape.size - empty == pytest.approx(86_000, rel=0.1)


def test_an_answer_that_has_ended_tells_the_pieces_that_came_and_their_times() -> None:
    pieces = [(3, b"one"), (5, b""), (5, b" and "), (10**15, b"two")]
    answer = Answer()
    answer.chunks.extend(pieces)
    answer.ended(10**15 + 1, "complete")
    assert answer.chunks == pieces
    assert answer.body == b"one and two"
    empty = Answer()
    empty.ended(1, "aborted")
    assert empty.chunks == []


def test_a_kept_flow_has_the_very_bytes_of_its_tape_unless_it_shows_others() -> None:
    answer = Answer()
    answer.chunks.extend([(1, b"one"), (2, b"two")])
    answer.ended(2, "complete")
    same, redacted = (http.Response.make(200, body) for body in (bytes(bytearray(b"onetwo")), b"onetw*"))
    for response in (same, redacted):
        answer.share(response)
    assert same.raw_content is answer.body
    assert redacted.raw_content == b"onetw*"


def test_whoever_is_told_of_the_end_of_a_call_is_not_kept_with_its_tape() -> None:
    tape, told = Tape(exchange().flow.request, "ollama", URL), list[str]()
    taped = replace(tape.call(CALL, 0), over=lambda: told.append("over"))
    tape.call_over(taped)
    assert (told, taped.over) == (["over"], None)


def test_the_next_exchange_waits_while_too_much_is_unwritten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("addon.recordings.recorder.MOST_UNWRITTEN", len(compact(HELLO)))

    async def answer() -> None:
        proxy = Proxy(tmp_path, Scripted((200, [b"one"])))
        await proxy.recorder.room()
        await proxy.answer(exchange())
        waiting = asyncio.create_task(proxy.recorder.room())
        await asyncio.sleep(0)
        assert not waiting.done()
        await waiting
        assert proxy.recorder.written == 1
        await proxy.recorder.close()

    run(answer())


def test_recordings_of_the_same_request_are_added_to_where_they_are_not_replaced(tmp_path: Path) -> None:
    made: list[Recording] = []

    async def answer(*, replace: bool) -> None:
        proxy = Proxy(tmp_path, Scripted((200, [b"one"])))
        proxy.recorder = Recorder(tmp_path, Redactor(), replace=replace, made=lambda each, _: made.append(each))
        await proxy.answer(exchange())
        await proxy.recorder.close()

    run(answer(replace=False))
    run(answer(replace=False))
    assert [each.name[-2:] for each in made] == ["-1", "-2"]
    assert [each.name for each in read_recordings(tmp_path)] == [each.name for each in made]
    run(answer(replace=True))
    (left,) = read_recordings(tmp_path)
    assert left.name == made[2].name == made[0].name


def test_a_folder_that_cannot_be_written_is_told_once_and_the_answers_go_on(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").touch()

    async def twice() -> None:
        proxy = Proxy(tmp_path / "file" / "folder", Scripted((200, [b"one"]), (200, [b"two"])))
        await proxy.answer(exchange())
        await proxy.answer(exchange())
        await proxy.recorder.close()

    run(twice())
    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    assert f"recordings cannot be written to {tmp_path / 'file' / 'folder'}: Not a directory" in record.getMessage()


def test_an_exchange_that_spells_out_a_credential_is_not_written(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    tokens = [b"data: " + compact({"delta": letter}) + b"\n\n" for letter in "sk-proj-" + "Ab1_" * 8]

    async def answer() -> None:
        proxy = Proxy(tmp_path, Scripted((200, tokens)))
        await proxy.answer(exchange())
        await proxy.recorder.close()

    run(answer())
    assert list(tmp_path.iterdir()) == []
    assert [record.levelno for record in caplog.records] == [logging.WARNING]
    assert "POST /api/chat is not recorded" in caplog.text
