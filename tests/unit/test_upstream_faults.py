"""The test upstream misbehaves on command, and only then."""

import json
import signal
import subprocess
import sys
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.upstream.__main__ import main
from tests.upstream.edits import LONG_TOKEN, SEPARATORS
from tests.upstream.faults import FAULTS

ROOT = Path(__file__).parents[2]
TOOLS = [
    {"type": "function", "function": {"name": name, "parameters": {"type": "object", "properties": {}}}}
    for name in ("clock", "weather")
]


def request(fault: str, **more: Any) -> dict[str, Any]:
    messages = [{"role": "user", "content": f"one two three clock weather [[fault:{fault}]]"}]
    return {"model": "gpt-4o", "messages": messages, "stream": True, **more}


def ask(client: httpx.Client, fault: str, **more: Any) -> httpx.Response:
    return client.post("/chat/completions", json=request(fault, **more))


def chunks(answer: httpx.Response) -> list[Any]:
    """The JSON of each event, for streams that are framed as OpenAI does."""
    events = [event.removeprefix("data: ") for event in answer.text.split("\n\n")]
    return [json.loads(event) for event in events if event and event != "[DONE]"]


def choices(answer: httpx.Response) -> list[Any]:
    return [chunk["choices"][0] for chunk in chunks(answer) if chunk.get("choices")]


def calls(answer: httpx.Response) -> list[Any]:
    return [call for choice in choices(answer) for call in choice["delta"].get("tool_calls", [])]


@pytest.mark.parametrize(
    ("fault", "status", "kind", "start"),
    [
        ("429", 429, "application/json", '{\n  "error": {\n    "message": "Rate limit reached'),
        ("429-forever", 429, "application/json", '{\n  "error"'),
        ("quota", 429, "application/json", '{\n  "error": {\n    "message": "You exceeded your current quota'),
        ("401", 401, "application/json", '{\n  "error": {\n    "message": "Incorrect API key'),
        ("500", 500, "application/json", '{\n  "error": {\n    "message": "The server had an error'),
        ("status:413", 413, "application/json", '{\n  "error": {\n    "message": "The test upstream was told'),
        ("html:503", 503, "text/html", "<html>\r\n<head><title>503 Service Unavailable</title>"),
        ("html:529", 529, "text/html", "<html>\r\n<head><title>529</title>"),
        ("empty:503", 503, "text/plain", ""),
        ("redirect", 307, "text/plain", ""),
        ("error-200", 200, "application/json", '{"error":'),
        ("html-200", 200, "text/html; charset=utf-8", "<html>"),
        ("empty-200", 200, "text/event-stream; charset=utf-8", ""),
        ("garbage-json", 200, "application/json", '{"id"'),
        ("json-for-stream", 200, "application/json", '{\n  "id": "chatcmpl-'),
        ("error-first", 200, "text/event-stream; charset=utf-8", 'data: {"error":'),
    ],
)
def test_an_answer_can_be_something_else(client: httpx.Client, fault: str, status: int, kind: str, start: str) -> None:
    answer = ask(client, fault)
    assert (answer.status_code, answer.headers["content-type"]) == (status, kind)
    assert answer.text.startswith(start)


def test_a_stream_can_come_where_none_was_asked_for(client: httpx.Client) -> None:
    assert ask(client, "sse-for-whole", stream=False).text.endswith("data: [DONE]\n\n")


@pytest.mark.parametrize(("fault", "status"), [("429-once:", 429), ("status-once:413:", 413), ("html-once:502:", 502)])
def test_once_is_once_for_each_token(client: httpx.Client, fault: str, status: int) -> None:
    statuses = [ask(client, f"{fault}{token}").status_code for token in ("a", "a", "b", "a")]
    assert statuses == [status, 200, status, 200]


@pytest.mark.parametrize(
    ("fault", "headers"),
    [
        ("429", {"retry-after": "1", "retry-after-ms": "20"}),
        ("retry-after:0.5", {"retry-after": "0.5"}),
        ("retry-after:soon", {"retry-after": "soon"}),
        ("retry-after-ms:20", {"retry-after-ms": "20"}),
        ("should-retry:400:true", {"x-should-retry": "true"}),
    ],
)
def test_an_error_advises_about_retries(client: httpx.Client, fault: str, headers: dict[str, str]) -> None:
    advice = {"retry-after", "retry-after-ms", "x-should-retry"}
    assert {name: value for name, value in ask(client, fault).headers.items() if name in advice} == headers


def test_a_rate_limit_can_name_a_date(client: httpx.Client) -> None:
    dates = [parsedate_to_datetime(ask(client, f"retry-after-date:{n}").headers["retry-after"]) for n in (-60, 60)]
    assert dates[0] < datetime.now(UTC) < dates[1]


@pytest.mark.parametrize(
    "fault",
    ["nonsense", "429-once", "flood", "flood:x", "paced:1", "cut:1", "status", "status:200", "should-retry:500:maybe"],
)
def test_an_unknown_fault_is_told(client: httpx.Client, fault: str) -> None:
    answer = ask(client, fault)
    assert (answer.status_code, fault in answer.text) == (400, True)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/chat/completions", {"model": "fault-500", "messages": [{"role": "user", "content": "hi"}]}),
        ("/completions", {"model": "gpt-3.5-turbo-instruct", "prompt": "hi [[fault:500]]"}),
        ("/embeddings", {"model": "text-embedding-3-small", "input": ["a", "[[fault:500]]"]}),
        ("/embeddings", {"model": "fault-500", "input": "a"}),
    ],
)
def test_a_fault_can_be_named_at_every_endpoint(client: httpx.Client, path: str, body: dict[str, Any]) -> None:
    assert client.post(path, json=body).status_code == 500


def test_the_model_list_fails_for_a_key_that_names_a_fault(client: httpx.Client) -> None:
    assert client.get("/models", headers={"authorization": "Bearer fault-html:503"}).status_code == 503


@pytest.mark.parametrize("fault", ["cut-clean", "no-done", "error-mid", "error-event", "sse-no-final-blank"])
def test_a_stream_can_end_without_done(client: httpx.Client, fault: str) -> None:
    answer = ask(client, fault)
    assert "[DONE]" not in answer.text
    assert answer.text.endswith("\n\n") == (fault != "sse-no-final-blank")
    assert ('"finish_reason":"stop"' in answer.text) == (fault in {"no-done", "sse-no-final-blank"})
    assert ("event: error\ndata: " in answer.text) == (fault == "error-event")
    assert ("The server had an error" in answer.text) == fault.startswith("error")


@pytest.mark.parametrize(
    ("fault", "restore"),
    [
        ("sse-crlf", lambda data: data.replace(b"\r\n", b"\n")),
        ("sse-cr", lambda data: data.replace(b"\r", b"\n")),
        ("sse-nospace", lambda data: data.replace(b"data:", b"data: ")),
        ("sse-bytewise", lambda data: data),
        ("sse-bom", lambda data: data.removeprefix(b"\xef\xbb\xbf")),
    ],
)
def test_framing_changes_the_bytes_and_not_the_events(client: httpx.Client, fault: str, restore: Any) -> None:
    body = {"messages": [{"role": "user", "content": "hi"}], "stream": True}
    answers = [
        client.post("/chat/completions", json={**body, "model": model}) for model in (f"fault-{fault}", "gpt-4o")
    ]
    odd, well = [answer.content for answer in answers]
    said = [
        # without the head, where id and model differ
        [line.partition('"choices":')[2] for line in data.decode().split("\n") if line.startswith("data: ")]
        for data in (restore(odd), well)
    ]
    assert said[0] == said[1]
    assert (restore(odd) != odd) == (fault != "sse-bytewise")


def test_one_event_can_take_several_data_lines(client: httpx.Client) -> None:
    first = ask(client, "sse-multidata").text.split("\n\n")[0]
    lines = first.split("\n")
    assert len(lines) > 5
    assert all(line.startswith("data: ") for line in lines)
    assert json.loads("".join(line.removeprefix("data: ") for line in lines))["object"] == "chat.completion.chunk"


def test_comments_pings_and_ids_stand_between_events(client: httpx.Client) -> None:
    text = ask(client, "sse-comments").text
    assert text.startswith(": OPENROUTER PROCESSING\n\nevent: ping\n\nretry: 3000\n\nid: 7\n: a comment")


def test_azure_begins_without_choices(client: httpx.Client) -> None:
    first = chunks(ask(client, "empty-choices-first"))[0]
    assert (first["choices"], first["id"], "prompt_filter_results" in first) == ([], "", True)


@pytest.mark.parametrize("more", [{}, {"stream_options": {"include_usage": True}}])
def test_usage_can_stand_in_the_last_choice_asked_for_or_not(client: httpx.Client, more: Any) -> None:
    last = chunks(ask(client, "usage-in-last-choice", **more))[-1]
    assert (last["choices"][0]["finish_reason"], last["usage"]["completion_tokens"]) == ("stop", 7)


def test_usage_can_stand_in_every_chunk(client: httpx.Client) -> None:
    counts = [chunk["usage"]["completion_tokens"] for chunk in chunks(ask(client, "usage-every-chunk"))]
    assert counts == [None, 1, 2, 3, 4, 5, 6, 7, 7]


def test_tool_deltas_can_lack_their_index(client: httpx.Client) -> None:
    found = calls(ask(client, "tool-index-missing", tools=TOOLS))
    assert [(call["function"], "index" in call) for call in found] == [
        ({"name": "clock", "arguments": "{}"}, False),
        ({"name": "weather", "arguments": "{}"}, False),
    ]


def test_calls_and_finish_can_share_a_chunk(client: httpx.Client) -> None:
    (only,) = choices(ask(client, "tool-one-chunk", tools=TOOLS))
    assert [call["function"]["name"] for call in only["delta"]["tool_calls"]] == ["clock", "weather"]
    assert only["finish_reason"] == "tool_calls"


@pytest.mark.parametrize(("fault", "arguments"), [("tool-args-empty", ""), ("tool-args-null", None)])
def test_tool_arguments_can_be_nothing(client: httpx.Client, fault: str, arguments: str | None) -> None:
    found = calls(ask(client, fault, tools=TOOLS))
    whole = ask(client, fault, tools=TOOLS, stream=False).json()["choices"][0]["message"]["tool_calls"]
    assert [call["function"]["arguments"] for call in found] == [arguments, arguments]
    assert [call["function"]["arguments"] for call in whole] == [arguments, arguments]


def test_finish_can_be_stop_beside_calls(client: httpx.Client) -> None:
    answer = ask(client, "finish-stop-with-tools", tools=TOOLS)
    assert calls(answer)
    assert choices(answer)[-1]["finish_reason"] == "stop"


def test_reasoning_can_have_its_other_name(client: httpx.Client) -> None:
    deltas = [choice["delta"] for choice in choices(ask(client, "reasoning-field", model="reasoner-1"))]
    assert any("reasoning" in delta for delta in deltas)
    assert not any("reasoning_content" in delta for delta in deltas)


def test_a_refusal_has_no_content_and_finishes_with_stop(client: httpx.Client) -> None:
    message = ask(client, "refusal", stream=False).json()["choices"][0]
    assert (message["message"]["content"], message["finish_reason"]) == (None, "stop")
    streamed = "".join(choice["delta"].get("refusal") or "" for choice in choices(ask(client, "refusal")))
    assert streamed == message["message"]["refusal"] == "I'm sorry, but I can't assist with that."


def test_the_content_filter_ends_a_text_early(client: httpx.Client) -> None:
    answer = choices(ask(client, "content-filter"))
    assert "".join(choice["delta"].get("content", "") for choice in answer) == "You said: one"
    assert answer[-1]["finish_reason"] == "content_filter"


@pytest.mark.parametrize(
    ("fault", "text"),
    [
        ("unicode-separators", SEPARATORS),
        ("long-line", "x" * LONG_TOKEN),
        ("flood:2000", "".join(f"{number} " for number in range(2000))),
        ("paced:3:1", "0 1 2 "),
    ],
)
def test_the_text_can_be_odd_long_or_paced(client: httpx.Client, fault: str, text: str) -> None:
    assert "".join(choice["delta"].get("content", "") for choice in choices(ask(client, fault))) == text
    assert ask(client, fault, stream=False).json()["choices"][0]["message"]["content"] == text


def test_the_command_lists_every_fault(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["tests.upstream", "--faults"])
    assert main() == 0
    listed = capsys.readouterr().out
    assert [name for name in FAULTS if f"  {name} " not in listed] == []


def test_the_command_serves_until_it_is_told_to_stop() -> None:
    command = [sys.executable, "-m", "tests.upstream", "--port", "0"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        url = process.stdout.readline().split(" listens at ")[1].split()[0]
        answer = httpx.get(f"{url}/models", headers={"authorization": "Bearer any"})
        process.send_signal(signal.SIGTERM)
        process.communicate()
    assert answer.json()["object"] == "list"
    assert process.returncode == 0
