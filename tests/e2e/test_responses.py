"""A tool loop with a model that answers by the Responses API: its reasoning is kept for it."""

from typing import Any

import ollama
import pytest

from tests.e2e.heard import hear
from tests.upstream import Upstream

RESPONSES_ONLY = "gpt-5-pro"

WEATHER = {
    "type": "function",
    "function": {
        "name": "weather",
        "description": "The weather of a place.",
        "parameters": {"type": "object", "properties": {"place": {"type": "string"}, "days": {"type": "integer"}}},
    },
}


def calls_since(upstream: Upstream, before: int) -> list[str]:
    """The paths that the upstream was asked by since then."""
    return [received.path for received in list(upstream.requests)[before:]]


@pytest.mark.parametrize("model", [RESPONSES_ONLY, "gpt-6-astra"])
def test_a_loop_of_three_turns_with_parallel_calls_of_one_tool_keeps_its_reasoning(
    client: ollama.Client, upstream: Upstream, model: str
) -> None:
    before = len(upstream.requests)
    messages: list[Any] = [{"role": "user", "content": "weather in Oslo and weather in Bergen"}]
    first = hear(client, model, messages, stream=True, tools=[WEATHER]).message
    assert [call.function.name for call in first.tool_calls or []] == ["weather", "weather"]
    messages += [first, {"role": "tool", "content": "3 degrees"}, {"role": "tool", "content": "7 degrees"}]
    second = hear(client, model, messages, stream=True, tools=[WEATHER]).message
    assert second.content
    assert second.content.index("3 degrees") < second.content.index("7 degrees")
    assert "I remember 1 thought" in second.content
    messages += [second, {"role": "user", "content": "And the weather in Tromsø?"}]
    third = hear(client, model, messages, stream=True, tools=[WEATHER]).message
    assert [call.function.name for call in third.tool_calls or []] == ["weather"]
    messages += [third, {"role": "tool", "tool_name": "weather", "content": "-4 degrees"}]
    fourth = hear(client, model, messages, stream=True, tools=[WEATHER]).message
    assert "-4 degrees" in (fourth.content or "")
    assert "I remember 2 thoughts" in (fourth.content or "")
    assert calls_since(upstream, before) == ["/v1/responses"] * 4
    last = upstream.requests[-1].json
    assert last["store"] is False
    kinds = [item.get("type", item.get("role")) for item in last["input"]]
    call, result = "function_call", "function_call_output"
    assert kinds == [
        *("user", "reasoning", call, call, result, result, "assistant"),
        *("user", "reasoning", call, result),
    ]
