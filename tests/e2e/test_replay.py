"""Replay as a client meets it: its speed, its repeats, what is new, and everything that can be made to go wrong."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import ollama
import openai
import pytest

from addon.recordings.faults import HEADER
from addon.recordings.files import read_recordings
from addon.recordings.layout import recording_text
from addon.recordings.recording import Client, Recording
from tests.process import LOOPBACK, NOWHERE, Process, free_port, serving
from tests.recorded import HELLO, compact, recording, request, response, upstream_call
from tests.upstream import Upstream
from tests.wire import Raw, ask

HOUR_MS = 3_600_000.0
WORDS = ["Once", " upon", " a", " time"]


def event(delta: dict[str, Any], finish_reason: str | None = None) -> bytes:
    choice = {"index": 0, "delta": delta, "finish_reason": finish_reason}
    return b"data: " + compact({"id": "chatcmpl-1", "choices": [choice]}) + b"\n\n"


def events(*words: str) -> list[bytes]:
    last = event({}, "stop") + b"data: [DONE]\n\n"
    return [event({"role": "assistant", "content": ""}), *(event({"content": word}) for word in words), last]


def streamed(body: Any = HELLO, *, ms: float = 1.0, words: list[str] = WORDS, **changes: Any) -> Recording:
    """A recording of a stream with so many milliseconds from each piece to the next."""
    pieces = enumerate(events(*words), 1)
    answer = response(*((ms * at, piece) for at, piece in pieces), t_ms=ms, content_type="text/event-stream")
    return recording(upstream_call(response=answer, end_ms=ms * (len(words) + 2)), body=body, **changes)


def asking(number: int) -> dict[str, Any]:
    return HELLO | {"options": {"seed": number}}


def write(folder: Path, *recordings: Recording) -> list[str]:
    """Arguments for a proxy that uses these recordings, which are named by their place."""
    folder.mkdir(exist_ok=True)
    for number, made in enumerate(recordings, 1):
        named = made.model_copy(update={"name": f"r-{number}"})
        (folder / f"r-{number}.json").write_text(recording_text(named), "utf-8")
    return here(folder)


def here(folder: Path) -> list[str]:
    return ["--set", f"ollama_recordings={folder}"]


@pytest.fixture(scope="module")
def replaying(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    """A proxy that replays at once, and waits for silent upstreams one second long."""
    home = tmp_path_factory.mktemp("home")
    asked = request(HELLO | {"stream": True}, path="/v1/chat/completions")
    client = Client(request=asked, response=None, end="complete", end_ms=1.0)
    raw = streamed(protocol="openai", client=client)
    arguments = write(
        home / "tapes", streamed(ms=HOUR_MS), streamed(asking(1), fault="cut:2"), raw, streamed(asking(2))
    )
    with serving(
        "", home, *arguments, "--set", "ollama_replay_speed=instant", PROXY_REQUEST_TIMEOUT="1", **NOWHERE
    ) as it:
        yield it


@pytest.fixture(scope="module")
def hurrying(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    """A proxy that replays an hour in a millisecond, and each recording once."""
    home = tmp_path_factory.mktemp("home")
    arguments = write(
        home / "tapes",
        streamed(ms=HOUR_MS),
        *(streamed(asking(1), words=[word]) for word in ("one", "two")),
        streamed(asking(2)),
    )
    settings = {"PROXY_REPLAY_REPEATS": "fail", **NOWHERE}
    with serving("", home, *arguments, "--set", "ollama_replay_speed=3600000", **settings) as it:
        yield it


@pytest.fixture(scope="module")
def learning(upstream: Upstream, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Process, Path]]:
    """A proxy that records what is new, and its folder, which holds one recording."""
    home = tmp_path_factory.mktemp("home")
    arguments = [*write(home / "tapes", streamed()), "--set", "ollama_record_mode=new_episodes"]
    with serving(upstream.base_url, home, *arguments) as it:
        yield it, home / "tapes"


def chat(
    proxy: Process, fault: str = "", body: dict[str, Any] = HELLO
) -> tuple[list[str], ollama.ResponseError | None]:
    """The pieces of text that the `ollama` package gets, and the error with which they end."""
    got = list[str]()
    with ollama.Client(proxy.url, trust_env=False, headers={HEADER: fault} if fault else {}) as client:
        try:
            for part in client.chat(body["model"], body["messages"], options=body.get("options"), stream=True):
                got.append(part.message.content or "")
        except ollama.ResponseError as error:
            return got, error
    return got, None


def test_at_once_nothing_is_waited_for(replaying: Process) -> None:
    assert chat(replaying) == ([*WORDS, ""], None)  # there are hours between the pieces


def test_a_factor_makes_hours_short(hurrying: Process) -> None:
    assert chat(hurrying) == ([*WORDS, ""], None)


@pytest.mark.parametrize(
    ("fault", "words", "status", "told"),
    [
        ("cut:3", WORDS[:2], -1, "broke off in the middle of its answer: the fault 'cut:3' was asked for"),
        ("cut", WORDS[:2], -1, "broke off in the middle of its answer"),
        ("cut:0", [], 502, "broke off in the middle of its answer"),
        ("stall:4", WORDS[:3], -1, "stopped in the middle of its answer (ollama_request_timeout)"),
        pytest.param("stall:1", [], 504, "stopped in the middle of its answer", marks=pytest.mark.slow),
        ("broken-json:2", WORDS[:1], -1, "an event that is not a JSON object"),
        pytest.param("slow:3600", [], 504, "stopped in the middle of its answer", marks=pytest.mark.slow),
        ("status:401", [], 401, "Incorrect API key"),
        ("status:404", [], 404, "model 'gpt-4o' not found"),
        ("status:400", [], 400, "Bad Request"),
    ],
)
def test_each_fault_reaches_the_ollama_package_as_a_live_one_would(
    replaying: Process, fault: str, words: list[str], status: int, told: str
) -> None:
    got, error = chat(replaying, fault)
    assert got == words
    assert error is not None
    assert error.status_code == status
    assert told in error.error


def test_a_slow_answer_is_the_same_answer(replaying: Process) -> None:
    assert chat(replaying, "slow:0.05") == ([*WORDS, ""], None)


def test_a_refusal_comes_as_often_as_asked_and_then_the_answer(replaying: Process) -> None:
    asked = [ask(replaying.port, "POST", "/api/chat", asking(2), **{HEADER: "status:429:2"}) for _ in range(3)]
    assert [answer.status for answer in asked] == [429, 429, 200]
    assert [answer.header("Retry-After") for answer in asked] == ["1", "1", None]
    assert {answer.header("X-Ollama-Replay") for answer in asked} == {"r-4"}
    assert "retried" not in replaying.wait_for("POST /api/chat gpt-4o 429")


def test_a_recordings_own_fault_is_played_unless_the_header_says_none(replaying: Process) -> None:
    got, error = chat(replaying, body=asking(1))
    assert (got, error is not None) == (WORDS[:1], True)
    assert chat(replaying, "none", asking(1)) == ([*WORDS, ""], None)


def test_a_client_that_leaves_ends_a_stall(hurrying: Process) -> None:
    headers = {HEADER: "stall:2"}
    with httpx.stream("POST", f"{hurrying.url}/api/chat", json=asking(2), headers=headers, trust_env=False) as stream:
        assert WORDS[0] in next(stream.iter_lines())
    hurrying.wait_for("the client has gone")


def test_openais_package_asks_again_after_a_429_and_is_answered(replaying: Process) -> None:
    with openai.OpenAI(api_key="none", base_url=f"{replaying.url}/v1", max_retries=1) as client:
        parts = client.chat.completions.create(
            model="gpt-4o",
            messages=[{"role": "user", "content": "Hello"}],
            stream=True,
            extra_headers={HEADER: "status:429"},
        )
        assert [part.choices[0].delta.content or "" for part in parts] == ["", *WORDS, ""]

    def told() -> list[str]:
        return [line for line in replaying.lines if "POST /v1/chat/completions" in line and "replay=r-3" in line]

    with replaying.changed:  # the line of the second is written when its client has its answer
        assert replaying.changed.wait_for(lambda: len(told()) == 2, timeout=60)
    assert ["429" in line for line in told()] == [True, False]


@pytest.mark.parametrize(
    ("path", "said"), [("/api/chat", '{"error":"'), ("/v1/chat/completions", '{"error":{"message":"')]
)
def test_what_is_no_fault_is_told_in_the_clients_envelope(replaying: Process, path: str, said: str) -> None:
    got = ask(replaying.port, "POST", path, HELLO | {"stream": True}, **{HEADER: "cat"})
    assert got.status == 400
    body = got.body.decode()
    assert said in body
    assert "'cat' is no fault: give stall[:CHUNKS], cut[:CHUNKS]" in body


def test_requests_beyond_what_was_recorded_fail_by_option(hurrying: Process) -> None:
    assert [chat(hurrying, body=asking(1))[0] for _ in range(2)] == [["one", ""], ["two", ""]]
    got, error = chat(hurrying, body=asking(1))
    assert error is not None
    assert (got, error.status_code) == ([], 404)
    for text in ("recorded 2 times, last as 'r-3'", "ollama_replay_repeats"):
        assert text in error.error


@pytest.mark.slow
def test_at_the_end_it_is_told_what_was_played_and_what_never_was(tmp_path: Path) -> None:
    arguments = write(tmp_path / "tapes", streamed(), streamed(asking(1)), streamed(asking(2)))
    with serving("", tmp_path, *arguments, **NOWHERE) as proxy:
        for body in (HELLO, HELLO, asking(2)):
            chat(proxy, body=body)
    assert "2 of 3 recordings were played: 'r-1' (2 times), 'r-3' (once)" in proxy.output
    assert "1 of 3 recordings were never played: 'r-2'" in proxy.output


def said(answer: Raw) -> str:
    assert answer.status == 200, answer
    return "".join(line["message"]["content"] for line in answer.lines)


def text(words: str) -> dict[str, Any]:
    return {"model": "gpt-4o", "messages": [{"role": "user", "content": words}]}


def replayed_in_the_end(proxy: Process, body: dict[str, Any]) -> str:
    """What is answered once a recording is there; it is written beside the answers."""
    for _ in range(200):
        got = ask(proxy.port, "POST", "/api/chat", body)
        if got.header("X-Ollama-Replay"):
            return said(got)
    raise AssertionError("200 answers were live")


def test_new_requests_are_live_and_recorded_and_known_from_then_on(learning: tuple[Process, Path]) -> None:
    proxy, folder = learning
    assert chat(proxy) == ([*WORDS, ""], None)
    live = ask(proxy.port, "POST", "/api/chat", text("new words"))
    assert live.header("X-Ollama-Replay") is None
    assert replayed_in_the_end(proxy, text("new words")) == said(live) == "You said: new words"
    assert (folder / "r-1.json").exists()


def test_a_fault_of_what_is_not_recorded_is_refused_and_leaves_no_recording(learning: tuple[Process, Path]) -> None:
    proxy, folder = learning
    got = ask(proxy.port, "POST", "/api/chat", text("faulty words"), **{HEADER: "cut:1"})
    assert got.status == 400
    assert b"'cut:1' needs a recording" in got.body
    assert chat(proxy, "cut:0")[1] is not None
    assert replayed_in_the_end(proxy, text("later words"))  # by then all that came before is written
    bodies = {made.name: made.client.request.body for made in read_recordings(folder)}
    assert [name for name, body in bodies.items() if b"faulty words" in body or b'"Hello"' in body] == ["r-1"]


@pytest.mark.slow
def test_what_was_new_is_replayed_by_the_next_process_without_an_upstream(upstream: Upstream, tmp_path: Path) -> None:
    arguments = [*write(tmp_path / "tapes", streamed()), "--set", "ollama_record_mode=new_episodes"]
    with serving(upstream.base_url, tmp_path, *arguments) as proxy:
        live = ask(proxy.port, "POST", "/api/chat", text("new words"))
    with serving("", tmp_path, *arguments, **NOWHERE) as proxy:
        assert chat(proxy) == ([*WORDS, ""], None)
        assert said(ask(proxy.port, "POST", "/api/chat", text("new words"))) == said(live)
        assert ask(proxy.port, "POST", "/api/chat", text("newer words")).status == 404


@pytest.mark.slow
def test_once_records_into_an_empty_folder_and_then_replays_it(upstream: Upstream, tmp_path: Path) -> None:
    arguments = [*here(tmp_path / "tapes"), "--set", "ollama_record_mode=once"]
    with serving(upstream.base_url, tmp_path, *arguments) as proxy:
        live = ask(proxy.port, "POST", "/api/chat", text("said once"))
        assert live.header("X-Ollama-Replay") is None
    with serving(f"http://{LOOPBACK}:{free_port()}/v1", tmp_path, *arguments) as proxy:
        again = ask(proxy.port, "POST", "/api/chat", text("said once"))
        assert said(again) == said(live)
        assert again.header("X-Ollama-Replay")
        assert ask(proxy.port, "POST", "/api/chat", text("said twice")).status == 404


def test_a_fault_that_cannot_happen_is_refused(replaying: Process, proxy: Process) -> None:
    for port, path in ((replaying.port, "/api/version"), (proxy.port, "/api/version"), (proxy.port, "/api/tags")):
        got = ask(port, "GET", path, **{HEADER: "status:500"})
        assert got.status == 400
        assert "'status:500' needs a recording, and none is played for this request" in got.body.decode()
