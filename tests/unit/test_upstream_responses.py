"""The test upstream's Responses API answers as OpenAI's does, read by OpenAI's own package."""

import json
from collections.abc import Iterator
from typing import Any

import httpx
import openai
import pytest

from tests.upstream import Upstream

CITY = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
TOOLS: list[Any] = [{"type": "function", "name": name, "parameters": CITY} for name in ("clock", "weather")]
SEALED: Any = {"store": False, "include": ["reasoning.encrypted_content"]}
TEXT_EVENTS = [
    "response.created",
    "response.in_progress",
    "response.output_item.added",
    "response.content_part.added",
    "response.output_text.delta",
    "response.output_text.delta",
    "response.output_text.delta",
    "response.output_text.done",
    "response.content_part.done",
    "response.output_item.done",
    "response.completed",
]


@pytest.fixture(scope="module")
def sdk() -> Iterator[openai.OpenAI]:
    with (
        Upstream.in_thread() as upstream,
        openai.OpenAI(api_key="any", base_url=upstream.base_url, max_retries=0) as running,
    ):
        yield running


def events(client: httpx.Client, **body: Any) -> list[dict[str, Any]]:
    """The events of a stream, each named twice."""
    answer = client.post("/responses", json={"stream": True, **body})
    assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"
    read = []
    for event in answer.text.removesuffix("\n\n").split("\n\n"):
        name, data = event.split("\n")
        read.append(json.loads(data.removeprefix("data: ")))
        assert name == f"event: {read[-1]['type']}"
    return read


def kinds(read: list[dict[str, Any]]) -> list[str]:
    return [event["type"] for event in read]


def test_a_text_is_streamed_in_openais_events(client: httpx.Client) -> None:
    read = events(client, model="gpt-4o", input="hi")
    assert kinds(read) == TEXT_EVENTS
    assert [event["sequence_number"] for event in read] == list(range(len(read)))
    assert all(("obfuscation" in event) == event["type"].endswith(".delta") for event in read)
    assert read[0]["response"]["output"] == []
    assert read[-1]["response"]["output"][0]["content"][0]["text"] == "You said: hi"


def test_padding_can_be_declined(client: httpx.Client) -> None:
    read = events(client, model="gpt-4o", input="hi", stream_options={"include_obfuscation": False})
    assert not any("obfuscation" in event for event in read)


@pytest.mark.parametrize(
    ("model", "prompt", "more"),
    [
        ("gpt-4o", "hi", {"include": ["message.output_text.logprobs"], "top_logprobs": 2}),
        ("gpt-5.6-sol", "weather Oslo and weather Bergen", {"tools": TOOLS, "reasoning": {"summary": "detailed"}}),
        ("gpt-5", "hello there", {"max_output_tokens": 17}),
        ("reasoner-1", "hi", {}),
        ("fault-refusal", "hi", {}),
        ("fault-content-filter", "hi", {}),
        ("fault-failed", "hi", {}),
    ],
)
def test_a_stream_ends_with_the_whole_answer(client: httpx.Client, model: str, prompt: str, more: Any) -> None:
    body = {"model": model, "input": prompt, "store": False, **more}
    whole = client.post("/responses", json={**body, "stream": False}).json()
    streamed = events(client, **body)
    final = streamed[-1]["response"]
    # Ids are made of the request, which says stream or does not.
    for response in (whole, final):
        del response["id"]
        for item in response["output"]:
            del item["id"]
            item.pop("call_id", None)
    assert final == whole
    assert streamed[-1]["type"] == f"response.{whole['status']}"


def test_the_package_puts_a_stream_together(sdk: openai.OpenAI) -> None:
    more: Any = {"tools": TOOLS, "reasoning": {"effort": "max", "summary": "auto"}, **SEALED}
    with sdk.responses.stream(model="gpt-5.6-sol", input="weather Oslo, weather Bergen", **more) as stream:
        deltas = [event.delta for event in stream if event.type == "response.function_call_arguments.delta"]
        final = stream.get_final_response()
    thought, *calls = final.output
    assert thought.type == "reasoning"
    assert [part.text for part in thought.summary] == ["The user wrote 4 words. I answer them."]
    assert [call.arguments for call in calls if call.type == "function_call"] == [
        '{"city": "Oslo"}',
        '{"city": "Bergen"}',
    ]
    assert "".join(deltas) == '{"city": "Oslo"}{"city": "Bergen"}'


def test_reasoning_that_comes_back_is_remembered(sdk: openai.OpenAI) -> None:
    asked: Any = [{"role": "user", "content": "weather Oslo"}]
    first = sdk.responses.create(model="gpt-5.6-sol", input=asked, tools=TOOLS, **SEALED)
    thought, call = (item.model_dump(exclude_none=True) for item in first.output)
    result = {"type": "function_call_output", "call_id": call["call_id"], "output": "3°C"}
    texts = [
        sdk.responses.create(model="gpt-5.6-sol", input=[*asked, *items], tools=TOOLS, **SEALED).output_text
        for items in ([thought, call, result], [call, result])
    ]
    said = f"weather(Oslo) [{call['call_id']}] said 3°C."
    assert texts == [f"{said} I remember 1 thought.", said]


def test_the_encrypted_content_of_an_item_that_is_only_begun_is_of_no_use(client: httpx.Client) -> None:
    read = events(client, model="gpt-5.6-sol", input="hi", **SEALED)
    begun, done = [event["item"] for event in read if event.get("item", {}).get("type") == "reasoning"]
    statuses = [
        client.post(
            "/responses", json={"model": "gpt-5.6-sol", "input": [item, {"role": "assistant", "content": "x"}]}
        ).status_code
        for item in (begun, done)
    ]
    assert statuses == [400, 200]


@pytest.mark.parametrize(
    ("more", "items"),
    [
        ({"model": "gpt-4o"}, ["message"]),
        ({"model": "gpt-5.6-sol"}, ["reasoning", "message"]),
        ({"model": "gpt-5.6-sol", "reasoning": {"effort": "none"}}, ["message"]),
        ({"model": "gpt-5-pro"}, ["reasoning", "message"]),
        ({"model": "gpt-5", "max_output_tokens": 16}, ["reasoning"]),
        ({"model": "gpt-5", "tools": TOOLS, "tool_choice": "required"}, ["reasoning", "function_call"]),
        (
            {"model": "gpt-4o", "tools": TOOLS, "tool_choice": {"type": "function", "name": "weather"}},
            ["function_call"],
        ),
        ({"model": "gpt-4o", "tools": TOOLS, "tool_choice": "none"}, ["message"]),
    ],
)
def test_the_items_of_an_answer_depend_on_the_request(client: httpx.Client, more: Any, items: list[str]) -> None:
    answer = client.post("/responses", json={"input": "hello", **more}).json()
    assert [item["type"] for item in answer["output"]] == items
    assert not any("encrypted_content" in item for item in answer["output"])


def test_an_answer_that_reaches_its_limit_is_incomplete(client: httpx.Client) -> None:
    answer = client.post("/responses", json={"model": "gpt-5", "input": "a b c", "max_output_tokens": 18}).json()
    assert (answer["status"], answer["incomplete_details"]) == ("incomplete", {"reason": "max_output_tokens"})
    assert answer["output"][1]["content"][0]["text"] == "You said:"
    assert answer["usage"] == {
        "input_tokens": 3,
        "input_tokens_details": {"cached_tokens": 0},
        "output_tokens": 18,
        "output_tokens_details": {"reasoning_tokens": 16},
        "total_tokens": 21,
    }


def test_tools_without_strict_are_read_as_strict_and_closed(client: httpx.Client) -> None:
    answer = client.post("/responses", json={"model": "gpt-4o", "input": "hi", "tools": TOOLS[:1]}).json()
    assert answer["tools"] == [{**TOOLS[0], "parameters": {**CITY, "additionalProperties": False}, "strict": True}]


def test_a_schema_and_an_image_are_answered_as_on_chat(client: httpx.Client) -> None:
    form = {"type": "json_schema", "name": "x", "schema": CITY}
    pixel = "data:image/png;base64,iVBORw0KGgo="
    parts = [{"type": "input_text", "text": "look"}, {"type": "input_image", "image_url": pixel}]
    texts = [
        client.post("/responses", json={"model": "gpt-4o", **body}).json()["output"][0]["content"][0]["text"]
        for body in (
            {"input": "Oslo", "text": {"format": form}},
            {"input": [{"role": "user", "content": parts}]},
        )
    ]
    assert texts == ['{"city": "Oslo"}', "I see 1 image (image/png, 8 bytes). You said: look"]


@pytest.mark.parametrize(
    ("fault", "last"),
    [
        ("error-first", ["error"]),
        ("error-mid", ["response.output_text.delta", "error"]),
        ("error-event", ["response.output_text.delta", "error"]),
        ("failed", ["response.output_text.delta", "response.failed"]),
        ("incomplete", ["response.output_item.done", "response.incomplete"]),
        ("content-filter", ["response.output_item.done", "response.incomplete"]),
        ("cut-clean", ["response.output_text.delta"]),
        ("no-done", ["response.completed"]),
        ("usage-every-chunk", ["response.completed"]),
    ],
)
def test_a_stream_fails_as_it_is_asked_to(client: httpx.Client, fault: str, last: list[str]) -> None:
    read = events(client, model=f"fault-{fault}", input="one two three")
    assert kinds(read)[-len(last) :] == last
    if last[-1] == "error":
        assert ("error" in read[-1]) == (fault == "error-event")


@pytest.mark.parametrize("fault", ["cut", "cut-head", "reset"])
def test_a_stream_can_break_off(client: httpx.Client, fault: str) -> None:
    with pytest.raises(httpx.TransportError):
        client.post("/responses", json={"model": f"fault-{fault}", "input": "hi", "stream": True})


@pytest.mark.parametrize(
    ("fault", "status", "start"),
    [("429", 429, '{\n  "error"'), ("html:503", 503, "<html>"), ("failed", 200, '{\n  "id": "resp_')],
)
def test_a_whole_answer_can_be_something_else(client: httpx.Client, fault: str, status: int, start: str) -> None:
    answer = client.post("/responses", json={"model": "gpt-4o", "input": f"hi [[fault:{fault}]]"})
    assert (answer.status_code, answer.text.startswith(start)) == (status, True)
    assert ('"status": "failed"' in answer.text) == (fault == "failed")


def test_only_the_last_words_of_the_user_ask_for_a_fault(client: httpx.Client) -> None:
    parts = [{"type": "input_text", "text": "[[fault:500]]"}]
    turns = [{"role": "user", "content": parts}, {"role": "user", "content": "hi"}]
    statuses = [
        client.post("/responses", json={"model": "gpt-4o", "input": asked}).status_code for asked in (turns, turns[:1])
    ]
    assert statuses == [200, 500]


def test_a_test_can_count_the_calls_of_each_path_and_read_their_bodies() -> None:
    with Upstream.in_thread() as upstream, httpx.Client(base_url=upstream.base_url) as client:
        headers = {"authorization": "Bearer any"}
        client.post("/chat/completions", json={"model": "novel-responses-1", "messages": []}, headers=headers)
        client.post("/responses", json={"model": "novel-responses-1", "input": "hi"}, headers=headers)
        seen = [(each.path, each.json.get("input")) for each in upstream.requests_with("novel-responses-1")]
    assert seen == [("/v1/chat/completions", None), ("/v1/responses", "hi")]
