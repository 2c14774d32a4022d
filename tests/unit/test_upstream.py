"""The test upstream through the real SDK: what it says, and what a test can learn from it."""

import asyncio
import base64
import json
import math
import struct
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import openai
import pytest
from openai import AsyncOpenAI

from tests.upstream import Upstream
from tests.upstream.models import MODELS

PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n" + bytes(60)).decode()


@pytest.fixture(scope="module")
def upstream() -> Iterator[Upstream]:
    with Upstream.in_thread() as running:
        yield running


@pytest.fixture
async def sdk(upstream: Upstream) -> AsyncIterator[AsyncOpenAI]:
    async with AsyncOpenAI(api_key="any", base_url=upstream.base_url, max_retries=0) as client:
        yield client


def function(name: str, **properties: str) -> dict[str, Any]:
    schema = {"type": "object", "properties": {key: {"type": kind} for key, kind in properties.items()}}
    return {"type": "function", "function": {"name": name, "parameters": {**schema, "required": list(properties)}}}


def user(content: Any) -> list[Any]:
    return [{"role": "user", "content": content}]


async def test_a_stream_has_role_words_finish_usage_and_the_whole_answer_says_the_same(sdk: AsyncOpenAI) -> None:
    request: dict[str, Any] = {"model": "gpt-4o", "messages": user("one two three")}
    whole = await sdk.chat.completions.create(**request)
    stream = await sdk.chat.completions.create(**request, stream=True, stream_options={"include_usage": True})
    chunks = [chunk async for chunk in stream]
    assert whole.choices[0].message.content == "You said: one two three"
    assert chunks[0].choices[0].delta.role == "assistant"
    pieces = [chunk.choices[0].delta.content for chunk in chunks[1:-2]]
    assert pieces == ["You", " said:", " one", " two", " three"]
    assert chunks[-2].choices[0].finish_reason == "stop"
    assert chunks[-1].choices == []
    assert chunks[-1].usage == whole.usage
    assert whole.usage
    assert (whole.usage.prompt_tokens, whole.usage.completion_tokens) == (3, 5)
    assert all(chunk.usage is None for chunk in chunks[:-1])
    assert {chunk.model for chunk in chunks} == {"gpt-4o-2024-08-06"}


async def test_usage_stays_away_from_a_stream_that_did_not_ask(upstream: Upstream) -> None:
    body = {"model": "gpt-4o", "messages": user("hi"), "stream": True}
    async with httpx.AsyncClient(headers={"authorization": "Bearer x"}) as client:
        answer = await client.post(f"{upstream.base_url}/chat/completions", json=body)
    assert "usage" not in answer.text
    assert answer.text.endswith("data: [DONE]\n\n")
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert answer.headers["x-request-id"].startswith("req_")


async def test_each_tool_that_the_prompt_names_is_called_with_the_words_after_its_name(sdk: AsyncOpenAI) -> None:
    tools: list[Any] = [function("clock", zone="string"), function("weather", city="string", days="integer")]
    request: dict[str, Any] = {"model": "gpt-4o", "tools": tools}
    messages = user("weather in Oslo for 3 days and the clock of Paris")
    answer = await sdk.chat.completions.create(**request, messages=messages)
    calls: list[Any] = list(answer.choices[0].message.tool_calls or [])
    assert [(call.function.name, json.loads(call.function.arguments)) for call in calls] == [
        ("weather", {"city": "Oslo", "days": 3}),
        ("clock", {"zone": "Paris"}),
    ]
    assert answer.choices[0].finish_reason == "tool_calls"
    streamed: dict[int, list[str]] = {}
    async for chunk in await sdk.chat.completions.create(**request, messages=messages, stream=True):
        for delta in chunk.choices[0].delta.tool_calls or []:
            streamed.setdefault(delta.index, []).append((delta.function and delta.function.arguments) or "")
    assert ["".join(pieces) for pieces in streamed.values()] == [call.function.arguments for call in calls]
    assert all(pieces[0] == "" and len(pieces) > 2 for pieces in streamed.values())


async def test_the_answer_to_tool_results_quotes_each_result_beside_its_own_call(sdk: AsyncOpenAI) -> None:
    names = [("a", "weather", {"city": "Oslo"}, "3°C"), ("b", "weather", {"city": "Rome"}, "20°C")]
    calls = [
        {"id": identifier, "type": "function", "function": {"name": name, "arguments": json.dumps(arguments)}}
        for identifier, name, arguments, _ in names
    ]
    results = [{"role": "tool", "tool_call_id": identifier, "content": said} for identifier, _, _, said in names]
    messages: list[Any] = [*user("weather?"), {"role": "assistant", "tool_calls": calls}, *reversed(results)]
    answer = await sdk.chat.completions.create(model="gpt-4o", messages=messages)
    assert answer.choices[0].message.content == "weather(Rome) [b] said 20°C; weather(Oslo) [a] said 3°C."


async def test_a_response_format_is_answered_by_an_instance_of_its_schema(sdk: AsyncOpenAI) -> None:
    schema = {
        "type": "object",
        "properties": {"name": {"type": "string"}, "age": {"type": "integer"}, "next": {"$ref": "#/$defs/node"}},
        "required": ["name", "age", "next"],
        "$defs": {
            "node": {"anyOf": [{"type": "object", "properties": {"next": {"$ref": "#/$defs/node"}}}, {"type": "null"}]}
        },
    }
    form: Any = {"type": "json_schema", "json_schema": {"name": "person", "schema": schema}}
    answer = await sdk.chat.completions.create(model="gpt-4o", messages=user("Ada is 36"), response_format=form)
    said = json.loads(answer.choices[0].message.content or "")
    assert (said["name"], said["age"]) == ("Ada", 36)
    assert "next" in said["next"]


async def test_images_are_counted_and_measured(sdk: AsyncOpenAI) -> None:
    parts = [
        {"type": "text", "text": "look"},
        {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PNG}"}},
    ]
    answer = await sdk.chat.completions.create(model="gpt-4o", messages=user(parts))
    assert answer.choices[0].message.content == "I see 1 image (image/png, 68 bytes). You said: look"


async def test_log_probabilities_come_for_each_token_with_as_many_alternatives_as_asked(sdk: AsyncOpenAI) -> None:
    answer = await sdk.chat.completions.create(model="gpt-4o", messages=user("hi"), logprobs=True, top_logprobs=2)
    assert answer.choices[0].logprobs
    entries = answer.choices[0].logprobs.content or []
    assert [entry.token for entry in entries] == ["You", " said:", " hi"]
    assert all(len(entry.top_logprobs) == 2 and entry.bytes == list(entry.token.encode()) for entry in entries)


async def test_reasoning_counts_against_the_limit_and_can_leave_no_room_for_an_answer(sdk: AsyncOpenAI) -> None:
    answer = await sdk.chat.completions.create(model="gpt-5", messages=user("hi"), max_completion_tokens=10)
    assert answer.choices[0].message.content == ""
    assert answer.choices[0].finish_reason == "length"
    assert answer.usage
    assert answer.usage.completion_tokens_details
    assert answer.usage.completion_tokens_details.reasoning_tokens == 10


async def test_the_reasoner_thinks_aloud_unless_told_not_to(sdk: AsyncOpenAI) -> None:
    request: dict[str, Any] = {"model": "reasoner-1", "messages": user("hi"), "stream": True}
    deltas = [chunk.choices[0].delta async for chunk in await sdk.chat.completions.create(**request)]
    thoughts = "".join((delta.model_extra or {}).get("reasoning_content") or "" for delta in deltas)
    assert thoughts.startswith("The user wrote 1 words.")
    quiet = await sdk.chat.completions.create(**request, reasoning_effort="none")
    assert not any((chunk.choices[0].delta.model_extra or {}) for chunk in [chunk async for chunk in quiet])


async def test_a_stop_sequence_and_a_token_limit_end_the_text(sdk: AsyncOpenAI) -> None:
    request: dict[str, Any] = {"model": "gpt-4o", "messages": user("one two three")}
    stopped = await sdk.chat.completions.create(**request, stop=[" two"])
    cut = await sdk.chat.completions.create(**request, max_tokens=3)
    assert (stopped.choices[0].message.content, stopped.choices[0].finish_reason) == ("You said: one", "stop")
    assert (cut.choices[0].message.content, cut.choices[0].finish_reason) == ("You said: one", "length")


async def test_embeddings_are_unit_vectors_alike_in_both_encodings(sdk: AsyncOpenAI, upstream: Upstream) -> None:
    request: dict[str, Any] = {"model": "text-embedding-3-small", "input": ["one", "two"], "dimensions": 64}
    floats = await sdk.embeddings.create(**request, encoding_format="float")
    async with httpx.AsyncClient(headers={"authorization": "Bearer x"}) as client:
        answer = await client.post(f"{upstream.base_url}/embeddings", json={**request, "encoding_format": "base64"})
    packed = [struct.unpack("<64f", base64.b64decode(each["embedding"])) for each in answer.json()["data"]]
    vectors = [tuple(each.embedding) for each in floats.data]
    assert vectors == packed
    assert vectors[0] != vectors[1]
    assert all(math.isclose(math.hypot(*vector), 1, rel_tol=1e-6) for vector in vectors)


async def test_completions_take_a_suffix_and_sixteen_tokens_by_default(sdk: AsyncOpenAI) -> None:
    model = "gpt-3.5-turbo-instruct"
    filled = await sdk.completions.create(model=model, prompt="def add(a, b):", suffix="return c")
    stream = await sdk.completions.create(model=model, prompt="once upon", stream=True)
    text = "".join([chunk.choices[0].text async for chunk in stream])
    assert filled.choices[0].text == " between b): and return"
    assert text == " follows upon, the last of 2 words."


async def test_models_can_be_listed_and_fetched(sdk: AsyncOpenAI) -> None:
    listed = [model.id async for model in sdk.models.list()]
    assert listed == list(MODELS)
    assert (await sdk.models.retrieve("o3")).owned_by == "system"
    with pytest.raises(openai.NotFoundError) as raised:
        await sdk.models.retrieve("nope")
    assert raised.value.code == "model_not_found"


async def test_equal_requests_get_equal_bytes(upstream: Upstream) -> None:
    body = {"model": "gpt-4o", "messages": user("again"), "stream": True}
    async with httpx.AsyncClient(headers={"authorization": "Bearer x"}) as client:
        first, second = [await client.post(f"{upstream.base_url}/chat/completions", json=body) for _ in range(2)]
    assert first.content == second.content


async def test_each_token_waits_for_one_release_of_its_gate(sdk: AsyncOpenAI, upstream: Upstream) -> None:
    stream = await sdk.chat.completions.create(model="gpt-4o", messages=user("hi [[gate:live]]"), stream=True)
    chunks = aiter(stream)
    assert (await anext(chunks)).choices[0].delta.role == "assistant"
    for word in ("You", " said:", " hi"):
        waiting = asyncio.ensure_future(anext(chunks))
        await sdk.models.list()  # a round trip: an ungated token would have come before it
        assert not waiting.done()
        upstream.release("live")
        assert (await waiting).choices[0].delta.content == word
    assert (await anext(chunks)).choices[0].finish_reason == "stop"
    await stream.close()


async def test_a_gate_before_the_head_holds_back_the_whole_answer(sdk: AsyncOpenAI, upstream: Upstream) -> None:
    call = asyncio.ensure_future(sdk.chat.completions.create(model="gpt-4o", messages=user("hi [[gate-head:head]]")))
    await asyncio.to_thread(upstream.wait_received, "gate-head:head")
    assert not call.done()
    upstream.release("head")
    assert (await call).choices[0].message.content == "You said: hi"


async def test_the_server_knows_when_a_client_goes_away_in_mid_stream(sdk: AsyncOpenAI, upstream: Upstream) -> None:
    stream = await sdk.chat.completions.create(model="gpt-4o", messages=user("[[gate:gone]] leave"), stream=True)
    await anext(aiter(stream))
    assert upstream.requests_with("gate:gone")[0].end == "open"
    await stream.close()
    received = await asyncio.to_thread(upstream.wait_aborted, "gate:gone")
    assert received.json["stream"] is True
    assert received.headers["authorization"] == "Bearer any"


async def test_the_server_knows_when_a_client_goes_away_before_the_first_byte(
    sdk: AsyncOpenAI, upstream: Upstream
) -> None:
    call = asyncio.ensure_future(sdk.chat.completions.create(model="gpt-4o", messages=user("[[fault:stall]] leave")))
    await asyncio.to_thread(upstream.wait_received, "fault:stall")
    call.cancel()
    assert (await asyncio.to_thread(upstream.wait_aborted, "fault:stall")).path == "/v1/chat/completions"


async def test_an_answered_request_is_never_called_aborted(sdk: AsyncOpenAI, upstream: Upstream) -> None:
    await sdk.chat.completions.create(model="gpt-4o", messages=user("quick-answer"))
    assert (await asyncio.to_thread(upstream.wait_answered, "quick-answer")).end == "answered"
    with pytest.raises(TimeoutError, match="quick-answer"):
        upstream.wait_aborted("quick-answer", timeout=0)


async def test_it_serves_in_the_tests_own_loop_and_stops_while_a_request_stalls() -> None:
    async with Upstream() as own, AsyncOpenAI(api_key="any", base_url=own.base_url, max_retries=0) as client:
        call = asyncio.ensure_future(client.chat.completions.create(model="fault-stall", messages=user("hi")))
        await asyncio.to_thread(own.wait_received, "fault-stall")
        await own.stop()
        with pytest.raises(openai.APIConnectionError):
            await call
        assert own.requests[0].end == "open"
