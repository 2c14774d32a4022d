"""What faults make of recorded calls."""

import json
from typing import Any

import pytest

from addon.recordings.faults import parse_fault
from addon.recordings.faulty_calls import FaultyCall, faulty_call
from addon.recordings.recording import UpstreamCall
from tests.recorded import response, upstream_call

PATIENCE = 60.0


def event(number: int) -> bytes:
    return b'data: {"n":%d}\n\n' % number


DONE = b"data: [DONE]\n\n"
WHOLE = b'{"choices":[{"message":{"content":"Hello"}}]}'


def stream(*chunks: tuple[float, bytes]) -> UpstreamCall:
    return upstream_call(response=response(*chunks, content_type="text/event-stream; charset=utf-8"))


FOUR = stream((10.0, event(1)), (20.0, event(2)), (30.0, b": ping\n\n" + event(3)), (40.0, event(4) + DONE))
ONE = upstream_call(response=response((10.0, WHOLE), content_type="application/json"))


def spoilt(fault: str, call: UpstreamCall = FOUR) -> FaultyCall:
    return faulty_call(call, parse_fault(fault), PATIENCE)


def pieces(faulty: FaultyCall) -> list[tuple[float, bytes]]:
    assert faulty.call.response is not None
    return list(faulty.call.response.chunks)


def body(faulty: FaultyCall) -> bytes:
    return b"".join(chunk for _, chunk in pieces(faulty))


@pytest.mark.parametrize(
    ("fault", "left"),
    [
        ("cut:0", b""),
        ("cut:1", event(1)),
        ("cut:2", event(1) + event(2) + b": ping\n\n"),  # what comes between belongs to what came before
        ("cut", event(1) + event(2) + b": ping\n\n"),
        ("cut:3", event(1) + event(2) + b": ping\n\n" + event(3)),
        ("cut:4", event(1) + event(2) + b": ping\n\n" + event(3)),
        ("cut:999999", event(1) + event(2) + b": ping\n\n" + event(3)),
    ],
)
def test_a_cut_leaves_so_many_events_and_never_all(fault: str, left: bytes) -> None:
    faulty = spoilt(fault)
    assert body(faulty) == left
    assert faulty.call.end == "cut"
    assert faulty.call.error == (
        "UpstreamBroken: the upstream 127.0.0.1:9100 broke off in the middle of its answer: "
        f"the fault {fault!r} was asked for"
    )
    assert faulty.silence == 0
    assert faulty.call.end_ms == (pieces(faulty)[-1][0] if left else 5.0)


def test_events_are_counted_however_they_were_cut_on_the_wire() -> None:
    text = event(1) + event(2).replace(b"\n", b"\r\n") + event(3).replace(b"\n", b"\r") + event(4)
    for size in (1, 2, 3, 5, 7, len(text)):
        cut = [(float(at), text[at : at + size]) for at in range(0, len(text), size)]
        faulty = spoilt("cut:3", stream(*cut))
        assert body(faulty) == text[: -len(event(4))]
        assert pieces(faulty)[0][0] == len(event(1)) - 1 - (len(event(1)) - 1) % size  # when its end was there


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_events_with_names_are_data_whatever_ends_their_lines(end: bytes) -> None:
    named = b"event: x%bdata: {}%b%b" % (end, end, end)
    assert body(spoilt("cut:1", stream((10.0, named * 3)))) == named


def test_of_a_body_that_is_no_stream_nothing_comes_before_a_cut() -> None:
    faulty = spoilt("cut:5", ONE)
    assert (body(faulty), faulty.call.end) == (b"", "cut")


def test_a_stall_is_a_cut_after_a_silence_as_long_as_an_upstream_is_waited_for() -> None:
    faulty = spoilt("stall:1")
    assert body(faulty) == event(1)
    assert (faulty.silent_at, faulty.silence) == (1, PATIENCE)
    assert str(faulty.call.error).startswith("UpstreamTimeout: the upstream 127.0.0.1:9100 stopped in the middle of")


def test_slow_is_a_silence_before_the_first_chunk_and_the_answer_stays() -> None:
    assert spoilt("slow:2.5") == FaultyCall(FOUR, 0, 2.5)


def test_an_answer_that_is_slower_than_it_is_waited_for_never_comes() -> None:
    faulty = spoilt("slow:60")
    assert (body(faulty), faulty.silent_at, faulty.silence) == (b"", 0, PATIENCE)
    assert str(faulty.call.error).startswith("UpstreamTimeout: ")


@pytest.mark.parametrize(
    ("fault", "call", "left"),
    [
        ("broken-json:1", FOUR, event(1) + b'data: {"n"\n\n' + b": ping\n\n" + event(3) + event(4) + DONE),
        ("broken-json", FOUR, event(1) + event(2) + b': ping\n\ndata: {"n"\n\n' + event(4) + DONE),
        ("broken-json:9", FOUR, event(1) + event(2) + b": ping\n\n" + event(3) + b'data: {"n"\n\n' + DONE),
        ("broken-json:1", ONE, WHOLE[: (len(WHOLE) + 1) // 2]),
    ],
)
def test_broken_json_ends_one_chunk_in_its_middle_and_the_rest_goes_on(
    fault: str, call: UpstreamCall, left: bytes
) -> None:
    faulty = spoilt(fault, call)
    assert body(faulty) == left
    assert (faulty.call.end, faulty.call.error, faulty.silence) == ("complete", None, 0)


@pytest.mark.parametrize(
    ("status", "error", "retry_after"),
    [
        (429, {"type": "requests", "code": "rate_limit_exceeded"}, "1"),
        (401, {"type": "invalid_request_error", "code": "invalid_api_key"}, None),
        (503, {"type": "server_error", "code": None}, "1"),
        (418, {"type": "invalid_request_error", "code": None}, None),
        (599, {"type": "server_error", "code": None}, None),
    ],
)
def test_a_status_is_said_as_openai_says_it(status: int, error: dict[str, Any], retry_after: str | None) -> None:
    faulty = spoilt(f"status:{status}")
    answer = faulty.call.response
    assert answer is not None
    assert (answer.status, answer.t_ms, faulty.call.end, faulty.call.error) == (status, 5.0, "complete", None)
    headers = dict(answer.headers)
    assert headers.get("retry-after") == retry_after
    assert headers["x-should-retry"] == "false"
    said = json.loads(body(faulty))["error"]
    assert said == {"param": None, "message": said["message"]} | error
    assert f"(The fault 'status:{status}' was asked for.)" in said["message"]


@pytest.mark.parametrize("fault", ["stall:1", "cut:1", "broken-json:1", "slow:1"])
@pytest.mark.parametrize(
    "call",
    [
        upstream_call(response=response((10.0, b"{}"), status=429), end_ms=11.0),
        upstream_call(response=None, error="UpstreamUnreachable: refused", end="cut"),
    ],
)
def test_only_good_answers_are_spoilt(fault: str, call: UpstreamCall) -> None:
    assert spoilt(fault, call) == FaultyCall(call)


@pytest.mark.parametrize("fault", ["stall", "cut", "broken-json"])
def test_an_answer_without_data_has_nothing_to_spoil_but_its_end(fault: str) -> None:
    comment = stream((10.0, b": ping\n\n"))
    assert body(spoilt(fault, comment)) == b": ping\n\n"
    assert spoilt(fault, upstream_call(response=response())).call.response == response()


def test_a_call_that_failed_is_refused_too() -> None:
    call = upstream_call(response=None, error="UpstreamTimeout: silent", end="cut", end_ms=3001.0)
    answer = spoilt("status:500", call).call.response
    assert answer is not None
    assert (answer.status, answer.t_ms) == (500, 3001.0)
