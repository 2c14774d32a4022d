"""Ollama conversations with tool calls, in any order that a client might send."""

from typing import Any

from hypothesis import strategies as st

from translators.ollama_requests import Message, ToolCall, ToolCallFunction


def user(content: str = "go on") -> Message:
    return Message(role="user", content=content)


def call(name: str, call_id: str = "", **arguments: Any) -> ToolCall:
    return ToolCall(id=call_id, function=ToolCallFunction(name=name, arguments=arguments))


def assistant(*calls: ToolCall) -> Message:
    return Message(role="assistant", tool_calls=list(calls))


def tool(content: str, name: str = "", call_id: str = "") -> Message:
    return Message(role="tool", content=content, tool_name=name, tool_call_id=call_id)


_NAMES = st.sampled_from(["", "f", "g"])
_IDS = st.sampled_from(["", "c1", "c2"])
CONVERSATIONS = st.lists(
    st.builds(user, st.sampled_from(["u1", "u2"]))
    | st.builds(lambda calls: assistant(*calls), st.lists(st.builds(call, _NAMES, _IDS), max_size=3))
    | st.builds(tool, st.sampled_from(["t1", "t2", ""]), _NAMES, _IDS),
    max_size=12,
)
