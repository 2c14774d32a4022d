"""What a Chat Completions server says: chunks and whole answers, and what is read from them."""

from typing import Any

from translators.events import Event, Failure, Finish
from translators.openai_chat_reader import ChatCompletionReader

Json = dict[str, Any]
STOP = Finish("stop")


def delta(finish: str | None = None, **fields: Any) -> Json:
    return {"object": "chat.completion.chunk", "choices": [{"index": 0, "delta": fields, "finish_reason": finish}]}


def whole(finish: str | None = "stop", **fields: Any) -> Json:
    message = {"role": "assistant", **fields}
    return {"object": "chat.completion", "choices": [{"index": 0, "message": message, "finish_reason": finish}]}


def call(index: int | None, arguments: Any, id_: str | None = None, name: str | None = None) -> Json:
    """One element of `tool_calls`, with the keys that were given."""
    function = {"name": name, "arguments": arguments}
    element = {"index": index, "id": id_, "function": {k: v for k, v in function.items() if v is not None}}
    return {k: v for k, v in element.items() if v is not None}


def read(*chunks: Json, complete: bool = True, top_logprobs: int = 20) -> list[Event]:
    reader = ChatCompletionReader(top_logprobs)
    return [event for chunk in chunks for event in reader.feed(chunk)] + reader.close(complete=complete)


def failure(events: list[Event]) -> str:
    assert isinstance(events[-1], Failure)
    return events[-1].error.message
