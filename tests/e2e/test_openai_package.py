"""The real `openai` package against a real mitmdump in front of a strict OpenAI-like server."""

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import openai
import pytest
from openai.types.chat import ChatCompletionMessageParam, ChatCompletionToolParam

from tests.process import KEY, Process
from tests.upstream import Upstream

WEATHER: ChatCompletionToolParam = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "age": {"type": "integer"}},
    "required": ["name", "age"],
    "additionalProperties": False,
}


def said(text: str) -> list[ChatCompletionMessageParam]:
    return [{"role": "user", "content": text}]


@pytest.fixture
def client(proxy: Process) -> Iterator[openai.OpenAI]:
    plain = openai.DefaultHttpx2Client(trust_env=False)
    with openai.OpenAI(base_url=f"{proxy.url}/v1", api_key="client-key", http_client=plain, max_retries=0) as real:
        yield real


def asynchronous(proxy: Process) -> openai.AsyncOpenAI:
    plain = openai.DefaultAsyncHttpx2Client(trust_env=False)
    return openai.AsyncOpenAI(base_url=f"{proxy.url}/v1", api_key="client-key", http_client=plain, max_retries=0)


@pytest.mark.parametrize("model", ["gpt-4o", "gpt-4o:latest"])
def test_chat_whole(client: openai.OpenAI, upstream: Upstream, model: str) -> None:
    answer = client.chat.completions.create(model=model, messages=said("hello there"))
    assert "hello there" in (answer.choices[0].message.content or "")
    assert answer.model == "gpt-4o-2024-08-06"  # the answer is the upstream's, its dated name too
    assert answer._request_id
    assert upstream.requests[-1].json["model"] == "gpt-4o"


def test_the_asynchronous_client_chats_and_streams(proxy: Process) -> None:
    async def ask() -> tuple[str, str]:
        async with asynchronous(proxy) as client:
            whole = await client.chat.completions.create(model="gpt-4o", messages=said("hello there"))
            stream = await client.chat.completions.create(model="gpt-4o", messages=said("hello there"), stream=True)
            pieces = [chunk.choices[0].delta.content or "" async for chunk in stream]
        return whole.choices[0].message.content or "", "".join(pieces)

    whole, streamed = asyncio.run(ask())
    assert "hello there" in whole
    assert streamed == whole


def test_each_token_is_there_while_the_next_does_not_exist(client: openai.OpenAI, upstream: Upstream) -> None:
    stream = client.chat.completions.create(model="gpt-4o", messages=said("a b c [[gate:openai]]"), stream=True)
    pieces = []
    upstream.release("openai")  # the upstream makes one token, and waits for the next release
    for chunk in stream:
        if content := chunk.choices[0].delta.content:
            pieces.append(content)
            upstream.release("openai")
    assert len(pieces) > 3
    assert "".join(pieces).endswith("a b c")


def test_a_stream_tells_its_usage(client: openai.OpenAI) -> None:
    options: Any = {"include_usage": True}
    stream = client.chat.completions.create(model="gpt-4o", messages=said("hello"), stream=True, stream_options=options)
    *_, last = stream
    assert last.usage
    assert last.usage.completion_tokens > 0


def test_tools_go_round_streamed(client: openai.OpenAI) -> None:
    messages = said("use get_weather for Oslo")
    with client.chat.completions.stream(model="gpt-4o", messages=messages, tools=[WEATHER]) as stream:
        answer = stream.get_final_completion().choices[0]
    assert answer.finish_reason == "tool_calls"
    (call,) = answer.message.tool_calls or []
    assert call.function.name == "get_weather"
    assert "city" in json.loads(call.function.arguments)
    function: Any = {"name": call.function.name, "arguments": call.function.arguments}
    messages.append({"role": "assistant", "tool_calls": [{"type": "function", "id": call.id, "function": function}]})
    messages.append({"role": "tool", "tool_call_id": call.id, "content": "3 degrees"})
    with client.chat.completions.stream(model="gpt-4o", messages=messages, tools=[WEATHER]) as stream:
        told = stream.get_final_completion().choices[0].message.content or ""
    assert call.id in told
    assert "3 degrees" in told


def test_structured_output_fits_its_schema(client: openai.OpenAI) -> None:
    form: Any = {"type": "json_schema", "json_schema": {"name": "person", "schema": SCHEMA, "strict": True}}
    answer = client.chat.completions.create(model="gpt-4o", messages=said("Ada, 36"), response_format=form)
    assert set(json.loads(answer.choices[0].message.content or "")) == {"name", "age"}


@pytest.mark.parametrize("stream", [False, True])
def test_legacy_completions(client: openai.OpenAI, stream: bool) -> None:
    model = "gpt-3.5-turbo-instruct"
    if stream:
        chunks = client.completions.create(model=model, prompt="hello there", max_tokens=50, stream=True)
        text = "".join(chunk.choices[0].text for chunk in chunks)
    else:
        text = client.completions.create(model=model, prompt="hello there", max_tokens=50).choices[0].text
    assert "follows there" in text


def test_embeddings_are_the_same_in_both_encodings(client: openai.OpenAI, upstream: Upstream) -> None:
    def embedded(**more: Any) -> list[list[float]]:
        answer = client.embeddings.create(model="text-embedding-3-small", input=["one", "two"], dimensions=8, **more)
        return [each.embedding for each in answer.data]

    packed = embedded()
    assert upstream.requests[-1].json["encoding_format"] == "base64"
    plain = embedded(encoding_format="float")
    assert upstream.requests[-1].json["encoding_format"] == "float"
    assert [len(vector) for vector in packed] == [8, 8]
    for left, right in zip(packed, plain, strict=True):
        assert left == pytest.approx(right, abs=1e-6)


def test_models_are_listed_and_retrieved_with_their_own_ids(client: openai.OpenAI) -> None:
    models = {model.id: model for model in client.models.list()}
    assert models["gpt-4o"].created == 1715367049
    assert models["gpt-4o"].owned_by == "system"
    assert "whisper-1" not in models
    fine_tuned = "ft:gpt-4o-mini-2024-07-18:acme::Ab12Cd34"
    for asked, found in (("gpt-4o", "gpt-4o"), ("gpt-4o:latest", "gpt-4o"), (fine_tuned, fine_tuned)):
        assert client.models.retrieve(asked) == models[found]


@pytest.mark.parametrize("name", ["nope", "meta-llama/nope:free", "x?y#z", "é"])
def test_an_unknown_model_is_not_found(client: openai.OpenAI, name: str) -> None:
    with pytest.raises(openai.NotFoundError) as caught:
        client.models.retrieve(name)
    assert caught.value.code == "model_not_found"
    assert f"The model '{name}' does not exist" in str(caught.value)
    with pytest.raises(openai.NotFoundError) as caught:
        client.chat.completions.create(model=name, messages=said("hi"))
    assert f"The model `{name}` does not exist or you do not have access" in str(caught.value)  # the upstream's words


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("fault", "raised", "code"),
    [
        ("401", openai.AuthenticationError, "invalid_api_key"),
        ("status:400", openai.BadRequestError, None),
        ("status:403", openai.PermissionDeniedError, None),
        ("status:404", openai.NotFoundError, None),
        ("status:409", openai.ConflictError, None),
        ("status:422", openai.UnprocessableEntityError, None),
        ("429", openai.RateLimitError, "rate_limit_exceeded"),
        ("quota", openai.RateLimitError, "insufficient_quota"),
        ("500", openai.InternalServerError, None),
        ("html:502", openai.InternalServerError, None),
        ("cut-head", openai.InternalServerError, "upstream_unreachable"),
        ("redirect", openai.InternalServerError, "upstream_broken"),
    ],
)
def test_errors_are_of_their_classes(
    client: openai.OpenAI, fault: str, raised: type[openai.APIStatusError], code: str | None, stream: bool
) -> None:
    with pytest.raises(raised) as caught:
        client.chat.completions.create(model="gpt-4o", messages=said(f"[[fault:{fault}]]"), stream=stream)
    assert caught.value.code == code
    assert KEY not in str(caught.value.response.text)


def test_a_whole_answer_that_breaks_off_is_a_bad_gateway(client: openai.OpenAI) -> None:
    with pytest.raises(openai.InternalServerError) as caught:
        client.chat.completions.create(model="gpt-4o", messages=said("one two three [[fault:cut]]"))
    assert (caught.value.status_code, caught.value.code) == (502, "upstream_broken")


@pytest.mark.parametrize("fault", ["cut", "cut-body"])
def test_a_stream_that_breaks_off_raises_and_is_logged(client: openai.OpenAI, proxy: Process, fault: str) -> None:
    stream = client.chat.completions.create(
        model="gpt-4o",
        messages=said(f"one two three four [[fault:{fault}]]"),
        stream=True,
        extra_headers={"x-request-id": f"broken-{fault}."},
    )
    with pytest.raises(openai.APIError, match="broke off in the middle") as caught:
        list(stream)
    assert caught.value.code == "upstream_broken"
    line = proxy.wait_for(f"id=broken-{fault}.")
    assert "POST /v1/chat/completions gpt-4o 200" in line
    assert "broke off in the middle of its answer" in line


def test_the_clients_sdk_retries_and_not_the_proxy(proxy: Process, upstream: Upstream) -> None:
    plain = openai.DefaultHttpx2Client(trust_env=False)
    with (
        openai.OpenAI(base_url=f"{proxy.url}/v1", api_key="x", http_client=plain, max_retries=1) as client,
        pytest.raises(openai.RateLimitError),
    ):
        client.chat.completions.create(model="gpt-4o", messages=said("retried by its sender [[fault:429]]"))
    assert len(upstream.requests_with("retried by its sender")) == 2


def test_a_client_that_leaves_in_mid_stream_stops_the_upstream(client: openai.OpenAI, upstream: Upstream) -> None:
    text = "leaving openai [[gate:never-again]]"
    stream = client.chat.completions.create(model="gpt-4o", messages=said(text), stream=True)
    upstream.release("never-again")
    next(iter(stream))
    stream.close()
    assert upstream.wait_aborted("leaving openai").end == "aborted"


def test_a_cancelled_task_stops_the_upstream_before_the_first_byte(proxy: Process, upstream: Upstream) -> None:
    async def ask() -> None:
        async with asynchronous(proxy) as client:
            call = client.chat.completions.create(model="gpt-4o", messages=said("cancelled [[gate-head:never-begun]]"))
            task = asyncio.create_task(call)
            await asyncio.to_thread(upstream.wait_received, "cancelled [[gate-head")
            task.cancel()
            await asyncio.wait([task])

    asyncio.run(ask())
    assert upstream.wait_aborted("cancelled [[gate-head").end == "aborted"
