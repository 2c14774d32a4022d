"""Asking a proxy what the demo asks, and going on from what it answers."""

import json
from collections.abc import Mapping, Sequence
from typing import Final

from scripts.demo_requests import Body
from scripts.proxy_process import Answer, ask_proxy

JSON_TYPE: Final = {"Content-Type": "application/json"}


def ask(port: int, method: str, path: str, body: Body | None, headers: Mapping[str, str]) -> Answer:
    """The answer of a proxy to a request of the demo.

    Args:
        port: Of the proxy, on 127.0.0.1.
        method: In capitals.
        path: With its query.
        body: Its JSON; None where there is none.
        headers: Beside the content type.
    """
    content = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode() if body is not None else b""
    return ask_proxy(port, method, path, content, {**headers} | JSON_TYPE)


def message_of(answer: bytes) -> Body:
    """The message that an answer of `/api/chat` says, streamed or whole, as a client sends it back."""
    pieces = [json.loads(line)["message"] for line in answer.splitlines()]
    message: Body = {"role": "assistant", "content": "".join(piece["content"] for piece in pieces)}
    if thinking := "".join(piece.get("thinking", "") for piece in pieces):
        message["thinking"] = thinking
    return message | {"tool_calls": [call for piece in pieces for call in piece.get("tool_calls", ())]}


def gone_on(first: Body, answer: bytes, results: Sequence[str]) -> Body:
    """The request that tells what the tools have answered.

    It streams where the first does not, so that each is there in both forms.

    Args:
        first: The body of the request in which the tools were offered.
        answer: To the first, in which they are called.
        results: What they answer, in the order of the calls.
    """
    told = [{"role": "tool", "tool_name": "get_weather", "content": result} for result in results]
    return first | {
        "messages": [*first["messages"], message_of(answer), *told],
        "stream": not first.get("stream", True),
    }
