"""What a Responses API server says: its events, and the response that ends them."""

import json
from typing import Any

Json = dict[str, Any]


def event(kind: str, place: Any = 0, **fields: Any) -> Json:
    """An event about the item at a place; None leaves the place out."""
    return {"type": f"response.{kind}", **({} if place is None else {"output_index": place}), **fields}


def say(kind: str, text: str | None, place: int | None = 0, index: int = 0) -> Json:
    """An event with a piece or the whole of a text."""
    key = "delta" if kind.endswith("delta") else "refusal" if kind == "refusal.done" else "text"
    return event(kind, place, **{key: text, "summary_index" if "summary" in kind else "content_index": index})


def delta(text: Any, place: int | None = 0, **fields: Any) -> Json:
    """A piece of the answer's text."""
    return event("output_text.delta", place, delta=text, **fields)


def response(*output: Json, status: str = "completed", **fields: Any) -> Json:
    """A whole response."""
    return {"object": "response", "status": status, "error": None, "output": list(output), "usage": None, **fields}


def end(*output: Json, status: str = "completed", told: str = "", **fields: Any) -> Json:
    """The last event of a stream; `told` is the status inside it, where that is another one."""
    return {"type": f"response.{status}", "response": response(*output, status=told or status, **fields)}


def message(*parts: str | Json) -> Json:
    """An item with text, or with other parts."""
    content = [{"type": "output_text", "text": part} if isinstance(part, str) else part for part in parts]
    return {"type": "message", "role": "assistant", "content": content}


def reasoning(*summary: str, text: str = "", **fields: Any) -> Json:
    """An item with reasoning."""
    parts = [{"type": "summary_text", "text": part} for part in summary]
    return {"type": "reasoning", "summary": parts, **({"content": [{"text": text}]} if text else {}), **fields}


def call(city: str, id_: str, arguments: str | None = None) -> Json:
    """An item that calls `weather`."""
    arguments = json.dumps({"city": city}) if arguments is None else arguments
    return {"type": "function_call", "id": f"f{id_}", "call_id": id_, "name": "weather", "arguments": arguments}


def streamed_call(city: str, id_: str, place: int) -> list[Json]:
    """All that OpenAI sends of such a call, its arguments one character at a time."""
    arguments = json.dumps({"city": city})
    about: Json = {"place": place, "item_id": f"f{id_}"}
    return [
        event("output_item.added", place, item=call(city, id_, "")),
        *(event("function_call_arguments.delta", delta=piece, **about) for piece in arguments),
        event("function_call_arguments.done", arguments=arguments, **about),
        event("output_item.done", place, item=call(city, id_)),
    ]
