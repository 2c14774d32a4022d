"""Replay: which recording is played, in which order, and how what went wrong goes wrong again."""

import asyncio
import logging
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from addon.call import Call
from addon.recordings.recording import Recording
from addon.recordings.replayer import Replayer
from addon.redaction.redactor import MARK, Redactor
from addon.upstream import Upstream
from tests.recorded import (
    CALL,
    CHUNKS,
    HELLO,
    NO_DEADLINE,
    SENT,
    compact,
    exchange,
    milliseconds,
    played,
    record,
    recording,
    replayer_of,
    request,
    response,
    run,
    upstream_call,
)
from translators.errors import OllamaError, RequestError, UpstreamBroken, UpstreamTimeout, UpstreamUnreachable

REMEDY = "set OPENAI_API_KEY"

type Loaded = Callable[..., Replayer]


@pytest.fixture
def loaded(tmp_path: Path) -> Loaded:
    """Makes a replayer of these recordings."""
    return partial(replayer_of, tmp_path, remedy=REMEDY)


def answers(*texts: str) -> list[Recording]:
    """Recordings of the same request, answered with these."""
    calls = [upstream_call(response=response((5.0, text.encode()))) for text in texts]
    return [recording(call) for call in calls]


def begun(replayer: Replayer, body: Any = HELLO) -> str | None:
    """The name of the recording that an exchange is played from."""
    asked = exchange(body)
    return asked.playback.recording.name if replayer.begin(asked) and asked.playback else None


async def text_of(replayer: Replayer, body: Any = HELLO, call: Call = CALL) -> str:
    return b"".join([chunk for _, chunk in await played(replayer, exchange(body), call)]).decode()


def test_recordings_of_one_request_play_in_order_and_then_the_last_again(loaded: Loaded) -> None:
    replayer = loaded(*answers("one", "two", "three"))

    async def four_times() -> list[str]:
        return [await text_of(replayer) for _ in range(4)]

    assert run(four_times()) == ["one", "two", "three", "three"]


def test_with_repeats_that_fail_a_request_is_answered_as_often_as_it_was_recorded(loaded: Loaded) -> None:
    replayer = loaded(*answers("one", "two"), repeats="fail")

    async def thrice() -> list[str]:
        texts = [await text_of(replayer) for _ in range(2)]
        with pytest.raises(RequestError) as caught:
            await text_of(replayer)
        assert caught.value.status == 404
        return [*texts, caught.value.message]

    assert run(thrice()) == [
        "one",
        "two",
        "this request was recorded 2 times, last as 'hello-1-01234567-2', and is made more often: set "
        "ollama_replay_repeats to last to get that one again; set OPENAI_API_KEY",
    ]


@pytest.mark.parametrize(
    ("repeats", "names"),
    [("last", ["hello-1-01234567-1", "new", "new", "new"]), ("fail", ["hello-1-01234567-1", None, None, None])],
)
def test_what_was_just_recorded_was_played_once_by_the_request_that_made_it(
    loaded: Loaded, repeats: str, names: list[str | None]
) -> None:
    replayer = loaded(recording(), repeats=repeats)
    found = [begun(replayer)]
    record(replayer, recording(name="new"))
    assert [*found, *(begun(replayer) for _ in range(3))] == names
    record(replayer, recording(name="newer"))
    assert begun(replayer) == ("newer" if repeats == "last" else None)


def test_two_clients_at_once_do_not_disturb_each_other(loaded: Loaded) -> None:
    replayer = loaded(*answers("one", "two"))

    async def at_once() -> tuple[str, str]:
        one, two = await asyncio.gather(text_of(replayer), text_of(replayer))
        return one, two

    assert run(at_once()) == ("one", "two")


def test_the_recording_is_found_by_what_the_client_asked_and_named(loaded: Loaded) -> None:
    replayer = loaded(recording(body=HELLO | {"options": {"seed": 7}}), recording())
    asked = exchange(HELLO | {"keep_alive": 5, "stream": False})
    run(played(replayer, asked))
    assert asked.playback is not None
    assert asked.playback.recording is replayer.library.recordings[1]
    assert asked.record(200).replay == replayer.library.recordings[1].name


def test_a_client_whose_request_holds_a_credential_finds_its_recording(loaded: Loaded) -> None:
    secret = "sk-proj-" + "Ab1_" * 8
    replayer = loaded(recording(body=HELLO | {"prompt": MARK}))
    assert run(text_of(replayer, HELLO | {"prompt": secret}))


def test_a_recorded_refusal_and_success_play_as_two_tries_of_one_call(loaded: Loaded) -> None:
    refused = upstream_call(response=response((5.0, b"{}"), status=429, retry_after="2"), end_ms=6.0)
    replayer = loaded(recording(refused, upstream_call(attempt=2, t_ms=2010.0, response=response(t_ms=2020.0))))
    asked = exchange()

    async def status() -> tuple[int, int]:
        reply = await Upstream(replayer, max_retries=2, seconds=30).send(CALL, asked)
        return reply.status, milliseconds()

    assert run(status()) == (200, 2015)  # 5 ms, the 2 s that were asked for, 10 ms
    assert asked.retries == ["429"]


def test_more_tries_than_were_recorded_get_the_last_again(loaded: Loaded) -> None:
    replayer = loaded(recording(upstream_call(response=response(status=503), end_ms=6.0)))
    asked = exchange()

    async def status() -> int:
        return (await Upstream(replayer, max_retries=2, seconds=30).send(CALL, asked)).status

    assert run(status()) == 503
    assert asked.retries == ["503", "503"]


@pytest.mark.parametrize(
    ("error", "raised"),
    [
        ("UpstreamUnreachable: refused", UpstreamUnreachable("refused")),
        ("UpstreamTimeout: silent: for 1 s", UpstreamTimeout("silent: for 1 s")),
        (None, UpstreamTimeout("the recording 'hello-1-01234567-1' ends here: its client did not wait any longer")),
    ],
)
def test_a_call_that_was_not_answered_fails_when_and_as_it_failed(
    loaded: Loaded, error: str | None, raised: OllamaError
) -> None:
    call = upstream_call(response=None, error=error, end="cut" if error else "aborted", end_ms=3001.0)
    replayer = loaded(recording(call))

    async def fail() -> int:
        with pytest.raises(type(raised)) as caught:
            await replayer.send(CALL, exchange(), NO_DEADLINE)
        assert caught.value.message == raised.message
        return milliseconds()

    assert run(fail()) == 3000


@pytest.mark.parametrize("error", ["UpstreamBroken: reset", None])
def test_an_answer_that_broke_breaks_after_its_last_piece(loaded: Loaded, error: str | None) -> None:
    replayer = loaded(recording(upstream_call(error=error, end="cut" if error else "aborted")))

    async def read() -> list[bytes]:
        reply = await replayer.send(CALL, exchange(), NO_DEADLINE)
        seen = [await anext(reply.chunks) for _ in CHUNKS]
        with pytest.raises(UpstreamBroken, match="reset" if error else "did not wait"):
            await anext(reply.chunks)
        return seen

    assert run(read()) == [chunk for _, chunk in CHUNKS]


def test_where_nothing_fits_the_nearest_what_differs_and_the_remedy_are_told(loaded: Loaded) -> None:
    replayer = loaded(recording(), recording(body=HELLO | {"model": "other"}))
    with pytest.raises(RequestError) as caught:
        run(text_of(replayer, HELLO | {"options": {"seed": 1}}))
    assert caught.value.status == 404
    assert caught.value.message == (
        "no recording answers this request: it differs from the nearest, 'hello-1-01234567-1': "
        'options is {"seed":1}, recorded is none; set OPENAI_API_KEY'
    )


def test_where_there_is_nothing_at_all_the_folder_is_told(tmp_path: Path) -> None:
    replayer = Replayer(tmp_path / "none", Redactor(), REMEDY)
    with pytest.raises(RequestError, match=rf"there are none in {tmp_path / 'none'}; set OPENAI_API_KEY"):
        run(text_of(replayer))


def test_a_call_that_the_recording_does_not_hold_is_told(loaded: Loaded) -> None:
    with pytest.raises(RequestError, match=r"'hello-1-01234567-1' holds no call GET /models: record it again"):
        run(text_of(loaded(recording()), call=Call("GET", "/models")))


def test_a_request_that_is_translated_otherwise_now_is_told_once(
    loaded: Loaded, caplog: pytest.LogCaptureFixture
) -> None:
    replayer = loaded(recording())
    drifted = Call("POST", "/chat/completions", compact(SENT | {"max_tokens": 9}))

    async def thrice() -> None:
        await text_of(replayer)
        await text_of(replayer, call=drifted)
        await text_of(replayer, call=drifted)

    run(thrice())
    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    assert record.getMessage() == (
        "The recording hello-1-01234567-1 has drifted: the request to the upstream is another one now: "
        "max_tokens is 9, recorded is none"
    )


def test_a_repaired_request_and_a_model_list_do_not_drift(loaded: Loaded, caplog: pytest.LogCaptureFixture) -> None:
    models = Call("GET", "/models")
    refused = Call("POST", "/chat/completions", compact(SENT | {"max_tokens": 9}))
    bodies = [(models.method, models.path, b""), (refused.method, refused.path, refused.content)]
    first, second = (request(body, method, path) for method, path, body in bodies)
    replayer = loaded(
        recording(
            upstream_call(request=first, response=response((5.0, b"{}"))),
            upstream_call(request=second, response=response((6.0, b"no"), status=400)),
            upstream_call(response=response((7.0, b"yes"))),
        )
    )
    asked = exchange()

    async def all_three() -> list[bytes]:
        return [chunk for call in (models, refused, CALL) for _, chunk in await played(replayer, asked, call)]

    assert run(all_three()) == [b"{}", b"no", b"yes"]
    assert not caplog.records


def test_whole_and_streamed_requests_are_answered_by_the_same_recording(
    loaded: Loaded, caplog: pytest.LogCaptureFixture
) -> None:
    whole = Call("POST", "/chat/completions", compact(HELLO))
    assert run(text_of(loaded(recording()), HELLO | {"stream": False}, whole))
    assert not caplog.records


def test_at_the_end_it_is_told_what_was_played_how_often_and_what_never_was(loaded: Loaded) -> None:
    replayer = loaded(*(recording(name=f"r{number:02}", body=HELLO | {"prompt": str(number)}) for number in range(43)))
    record(replayer, recording(name="new"))
    for _ in range(2):
        begun(replayer, HELLO | {"prompt": "0"})
    begun(replayer, HELLO | {"prompt": "1"})
    names = ", ".join(f"'r{number:02}-01234567-{number + 1}'" for number in range(2, 22))
    assert replayer.report() == [
        "2 of 44 recordings were played: 'r00-01234567-1' (2 times), 'r01-01234567-2' (once)",
        f"41 of 44 recordings were never played: {names} and 21 more",
    ]


def test_without_recordings_there_is_nothing_to_tell_at_the_end(tmp_path: Path) -> None:
    assert Replayer(tmp_path, Redactor(), REMEDY).report() == []
