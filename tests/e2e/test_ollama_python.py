"""The real `ollama` package against a real mitmdump in front of a strict OpenAI-like server."""

import asyncio
import base64
import struct
import zlib
from typing import Any

import ollama
import pytest

from tests.process import Process
from tests.upstream import Upstream

HELLO = [{"role": "user", "content": "hello there"}]


def tool(name: str) -> dict[str, Any]:
    parameters = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
    return {"type": "function", "function": {"name": name, "description": "Tells.", "parameters": parameters}}


def png() -> bytes:
    """The smallest picture: one white point."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0\xff")) + chunk(b"IEND", b"")
    )


def test_list_names_the_chat_models_with_their_tags(client: ollama.Client) -> None:
    names = [model.model for model in client.list().models]
    assert "gpt-4o:latest" in names
    assert not [name for name in names if "whisper" in (name or "") or "dall-e" in (name or "")]


def test_show_tells_context_length_and_capabilities(client: ollama.Client) -> None:
    shown = client.show("gpt-4o")
    assert shown.modelinfo is not None
    architecture = shown.modelinfo["general.architecture"]
    assert shown.modelinfo[f"{architecture}.context_length"] == 128_000
    assert set(shown.capabilities or ()) >= {"completion", "tools", "vision"}


def test_chat_whole(client: ollama.Client) -> None:
    answer = client.chat("gpt-4o", HELLO)
    assert "hello there" in (answer.message.content or "")
    assert (answer.model, answer.done, answer.done_reason) == ("gpt-4o", True, "stop")
    assert answer.prompt_eval_count
    assert answer.eval_count
    for duration in (answer.total_duration, answer.load_duration, answer.prompt_eval_duration, answer.eval_duration):
        assert duration


def test_chat_streamed_says_the_same_as_whole(client: ollama.Client) -> None:
    chunks = list(client.chat("gpt-4o", HELLO, stream=True))
    assert "".join(chunk.message.content or "" for chunk in chunks) == client.chat("gpt-4o", HELLO).message.content
    assert [chunk.done for chunk in chunks] == [False] * (len(chunks) - 1) + [True]
    assert len(chunks) > 3


def test_generate_whole_and_streamed(client: ollama.Client) -> None:
    whole = client.generate("gpt-4o", "hello there")
    pieces = [chunk.response or "" for chunk in client.generate("gpt-4o", "hello there", stream=True)]
    assert "hello there" in (whole.response or "")
    assert "".join(pieces) == whole.response
    assert len(pieces) > 3


def test_the_asynchronous_client_streams(proxy: Process) -> None:
    async def ask() -> str:
        async with ollama.AsyncClient(proxy.url, trust_env=False) as client:
            chunks = await client.chat("gpt-4o", HELLO, stream=True)
            return "".join([chunk.message.content or "" async for chunk in chunks])

    assert "hello there" in asyncio.run(ask())


def test_of_a_hundred_concurrent_streams_none_is_lost_or_mixed(proxy: Process) -> None:
    async def one(client: ollama.AsyncClient, number: int) -> str:
        chunks = await client.chat("gpt-4o", [{"role": "user", "content": f"number n{number}n please"}], stream=True)
        return "".join([chunk.message.content or "" async for chunk in chunks])

    async def ask() -> list[str]:
        async with ollama.AsyncClient(proxy.url, trust_env=False, timeout=60) as client:
            return await asyncio.gather(*[one(client, number) for number in range(100)])

    answers = asyncio.run(ask())
    for number, answer in enumerate(answers):
        assert f"n{number}n" in answer
        assert answer.count("number") == 1


def test_two_tool_calls_go_round_without_any_id(client: ollama.Client) -> None:
    tools = [tool("get_weather"), tool("get_time")]
    messages: list[Any] = [{"role": "user", "content": "use get_weather and get_time for Oslo"}]
    answer = client.chat("gpt-4o", messages, tools=tools)
    calls = answer.message.tool_calls or []
    assert [call.function.name for call in calls] == ["get_weather", "get_time"]
    assert all("city" in call.function.arguments for call in calls)
    assert answer.done_reason == "stop"
    messages += [answer.message, {"role": "tool", "content": "3 degrees"}, {"role": "tool", "content": "12:30"}]
    told = client.chat("gpt-4o", messages, tools=tools).message.content or ""
    assert told.index("get_weather") < told.index("3 degrees") < told.index("get_time") < told.index("12:30")


def test_streamed_tool_calls_have_a_line_each(client: ollama.Client) -> None:
    tools = [tool("get_weather"), tool("get_time")]
    chunks = list(
        client.chat("gpt-4o", [{"role": "user", "content": "get_weather get_time"}], tools=tools, stream=True)
    )
    with_calls = [chunk.message.tool_calls for chunk in chunks if chunk.message.tool_calls]
    assert [len(calls) for calls in with_calls] == [1, 1]
    assert not chunks[-1].message.tool_calls
    assert chunks[-1].done_reason == "stop"


def test_structured_output_follows_the_schema(client: ollama.Client) -> None:
    schema = {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]}
    answer = client.chat("gpt-4o", HELLO, format=schema)
    assert '"name"' in (answer.message.content or "")


def test_an_image_arrives_with_its_type(client: ollama.Client) -> None:
    message = {"role": "user", "content": "what is this?", "images": [base64.b64encode(png()).decode()]}
    assert f"image/png, {len(png())} bytes" in (client.chat("gpt-4o", [message]).message.content or "")


def test_thinking_is_told_apart(client: ollama.Client) -> None:
    message = client.chat("reasoner-1", HELLO).message
    assert message.thinking
    assert "hello there" in (message.content or "")


ERRORS = [
    ("no-such-model", "hi", 404, "model 'no-such-model' not found"),
    ("gpt-4o", "[[fault:401]]", 401, "Incorrect API key provided"),
    ("gpt-4o", "[[fault:429-forever]]", 429, "Rate limit reached"),
    ("gpt-4o", "[[fault:quota]]", 429, "You exceeded your current quota"),
    ("gpt-4o", "[[fault:500]]", 500, "The server had an error while processing your request"),
    ("gpt-4o", "[[fault:html:503]]", 503, "503"),
    ("gpt-4o", "[[fault:html-200]]", 502, "a web page instead of JSON"),
    ("gpt-4o", "[[fault:empty-200]]", 502, "empty body"),
    ("gpt-4o", "[[fault:garbage-json]]", 502, "not JSON"),
    ("gpt-4o", "[[fault:cut-head]]", 502, "cannot be reached"),
]
ERRORS_WHOLE = [*ERRORS, ("gpt-4o", "[[fault:error-200]]", 502, "Provider returned error")]
ERRORS_STREAMED = [*ERRORS, ("gpt-4o", "[[fault:error-first]]", 500, "The server had an error")]


@pytest.mark.parametrize(("model", "text", "status", "told"), ERRORS_WHOLE)
def test_errors_of_whole_answers_keep_their_status_and_the_upstreams_sentence(
    client: ollama.Client, model: str, text: str, status: int, told: str
) -> None:
    with pytest.raises(ollama.ResponseError) as caught:
        client.chat(model, [{"role": "user", "content": text}])
    assert caught.value.status_code == status
    assert told in caught.value.error


@pytest.mark.parametrize(("model", "text", "status", "told"), ERRORS_STREAMED)
def test_errors_before_the_first_line_of_a_stream_are_told_alike(
    client: ollama.Client, model: str, text: str, status: int, told: str
) -> None:
    stream = client.chat(model, [{"role": "user", "content": text}], stream=True)
    with pytest.raises(ollama.ResponseError) as caught:
        next(iter(stream))
    assert caught.value.status_code == status
    assert told in caught.value.error


@pytest.mark.parametrize("fault", ["cut", "cut-clean", "error-mid"])
def test_a_stream_that_breaks_ends_with_an_error_and_without_done(client: ollama.Client, fault: str) -> None:
    chunks = []

    def read() -> None:
        for chunk in client.chat(
            "gpt-4o", [{"role": "user", "content": f"one two three [[fault:{fault}]]"}], stream=True
        ):
            chunks.append(chunk)

    with pytest.raises(ollama.ResponseError):
        read()
    assert chunks
    assert not any(chunk.done for chunk in chunks)


def test_a_client_that_leaves_stops_the_upstream(proxy: Process, upstream: Upstream) -> None:
    with ollama.Client(proxy.url, trust_env=False) as client:
        text = "one two [[gate:leaving]]"
        chunks = iter(client.chat("gpt-4o", [{"role": "user", "content": text}], stream=True))
        upstream.release("leaving")
        assert next(chunks).message.content is not None
    assert upstream.wait_aborted("[[gate:leaving]]").end == "aborted"
