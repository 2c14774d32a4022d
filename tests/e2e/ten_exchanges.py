"""Ten exchanges of the real `ollama` package.

What is asserted holds for the test upstream, and for a replay of what it answered. `ten_exchanges.mjs` does the same
with the `ollama` package of npm.
"""

from collections.abc import AsyncIterator
from typing import Any

import ollama
import pytest

TOOL = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "Tells the weather.",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}
SCHEMA = {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]}


def said(text: str) -> list[Any]:
    return [{"role": "user", "content": text}]


async def ten_exchanges(client: ollama.AsyncClient, marker: str) -> None:
    """Make them, one after the other.

    Args:
        client: Of the proxy.
        marker: A word that stands in every request that holds a text, and in its answer if that is a text too.
    """
    shown = await client.show("gpt-4o")  # 1
    assert "tools" in (shown.capabilities or ())
    streamed = await _joined(await client.chat("gpt-4o", said(f"a stream of {marker}"), stream=True))  # 2
    assert f"a stream of {marker}" in streamed
    whole = await client.chat("gpt-4o", said(f"all of {marker}"))  # 3
    assert f"all of {marker}" in (whole.message.content or "")
    await _tool_loop(client, marker)  # 4 and 5
    thought = await client.chat("reasoner-1", said(f"think of {marker}"), think=True)  # 6
    assert thought.message.thinking
    assert marker in (thought.message.content or "")
    formed = await client.chat("gpt-4o", said(f"the name of {marker}"), format=SCHEMA)  # 7
    assert '"name"' in (formed.message.content or "")
    pieces = await client.generate("gpt-4o", f"a tale of {marker}", stream=True)  # 8
    assert marker in "".join([piece.response or "" async for piece in pieces])
    embedded = await client.embed("text-embedding-3-small", [f"one {marker}", f"two {marker}"], dimensions=8)  # 9
    assert [len(vector) for vector in embedded.embeddings] == [8, 8]
    with pytest.raises(ollama.ResponseError) as refused:
        await client.chat("no-such-model", said(f"nothing of {marker}"))  # 10
    assert (refused.value.status_code, refused.value.error) == (404, "model 'no-such-model' not found")


async def _tool_loop(client: ollama.AsyncClient, marker: str) -> None:
    messages = said(f"use get_weather for {marker}")
    answer = await client.chat("gpt-4o", messages, tools=[TOOL])
    calls = answer.message.tool_calls or []
    assert [call.function.name for call in calls] == ["get_weather"]
    messages += [answer.message, {"role": "tool", "content": f"3 degrees in {marker}"}]
    told = await _joined(await client.chat("gpt-4o", messages, tools=[TOOL], stream=True))
    assert f"3 degrees in {marker}" in told


async def _joined(chunks: AsyncIterator[ollama.ChatResponse]) -> str:
    return "".join([chunk.message.content or "" async for chunk in chunks])
