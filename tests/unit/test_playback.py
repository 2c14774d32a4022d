"""Which call of a recording is played next."""

from addon.recordings.playback import Playback
from addon.recordings.recording import UpstreamCall
from tests.recorded import recording, request, upstream_call

PATH = "/embeddings"


def call(text: str) -> UpstreamCall:
    return upstream_call(request=request({"input": text}, path=PATH))


def body(text: str) -> bytes:
    return call(text).request.body


def test_calls_that_were_made_at_once_are_found_by_their_bodies_in_any_order() -> None:
    a, b, c = call("a"), call("b"), call("c")
    playback = Playback(recording(a, b, c))
    assert [playback.next_call("POST", PATH, body(text)) for text in "cab"] == [c, a, b]


def test_equal_calls_are_played_in_their_order_and_the_last_one_again() -> None:
    first, second = upstream_call(t_ms=1.0), upstream_call(t_ms=2.0)
    playback = Playback(recording(first, second))
    sent = first.request.body
    played = [playback.next_call("POST", "/chat/completions?x=1", sent) for _ in range(3)]
    assert played == [first, second, second]


def test_a_body_that_was_never_sent_gets_the_next_call_and_another_route_none() -> None:
    a, b = call("a"), call("b")
    playback = Playback(recording(a, b))
    assert playback.next_call("POST", PATH, body("b")) is b
    assert playback.next_call("POST", PATH, b"{}") is a
    assert playback.next_call("GET", PATH, b"") is None
    assert playback.next_call("POST", "/models", b"") is None
