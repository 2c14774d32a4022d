"""Answers in the shapes in which servers send them, as JSON to be written as a stream or as one document.

The shapes are those of real servers, the texts are our own.
"""

from dataclasses import dataclass
from typing import Any, Literal

type Json = dict[str, Any]


@dataclass(frozen=True)
class Shape:
    """One answer.

    Attributes:
        dialect: The protocol that it is an answer of.
        payloads: Of its events, in order; a single one is a whole document.
        text: Its text.
        done: Whether `[DONE]` follows.
        named: Whether each event has its type as its name.
        line_end: Of the stream.
        before: What the stream begins with.
    """

    dialect: Literal["chat", "completions", "responses"]
    payloads: tuple[Json, ...]
    text: str
    done: bool = True
    named: bool = False
    line_end: str = "\n"
    before: str = ""


def _chunk(finish: str | None = None, **delta: Any) -> Json:
    choice = {"index": 0, "delta": delta, "finish_reason": finish, "logprobs": None}
    return {"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [choice]}


def _call(index: int | None, arguments: Any, id_: str | None = None, name: str | None = None) -> Json:
    function = {"name": name, "arguments": arguments} if name else {"arguments": arguments}
    element: Json = {"type": "function", "function": function} | ({"id": id_} if id_ is not None else {})
    return element if index is None else {"index": index, **element}


def _message(finish: str = "stop", **message: Any) -> Json:
    choice = {"index": 0, "message": {"role": "assistant", **message}, "finish_reason": finish}
    return {"id": "c1", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice], "usage": _COUNTS}


def _token(text: str, **choice: Any) -> Json:
    tops = [{"token": text, "logprob": -0.1, "bytes": None}, {"token": "x", "logprob": -3, "bytes": [120]}]
    content = [{"token": text, "logprob": -0.1, "bytes": None, "top_logprobs": tops}]
    chunk = _chunk(content=text)
    chunk["choices"][0] |= {"logprobs": {"content": content, "refusal": None}, **choice}
    return chunk


def _completion(text: str, finish: str | None = None, **choice: Any) -> Json:
    whole = {"index": 0, "text": text, "finish_reason": finish, "logprobs": None, **choice}
    return {"id": "c2", "object": "text_completion", "created": 1, "model": "m", "choices": [whole]}


def _event(kind: str, **fields: Any) -> Json:
    return {"type": f"response.{kind}", "output_index": 0, "item_id": "i1", **fields}


_COUNTS: Json = {"prompt_tokens": 5, "completion_tokens": 2, "total_tokens": 7}
_USAGE: Json = {"id": "c1", "object": "chat.completion.chunk", "choices": [], "usage": _COUNTS}
_ROLE = _chunk(role="assistant", content="", refusal=None)
_SAID: Json = {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "Grüße 🌍"}]}
_CALLED: Json = {"type": "function_call", "call_id": "c1", "name": "weather", "arguments": '{"city":"Oslo"}'}
_THOUGHT: Json = {"type": "reasoning", "summary": [{"type": "summary_text", "text": "hm"}], "encrypted_content": "e"}
_ENDED: Json = {
    "object": "response",
    "status": "completed",
    "error": None,
    "incomplete_details": None,
    "output": [_THOUGHT, _SAID, _CALLED],
    "usage": {"input_tokens": 5, "output_tokens": 2, "total_tokens": 7},
}
_PARTS = [{"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}, {"type": "text", "text": "Grüße"}]

SHAPES: dict[str, Shape] = {
    "OpenAI": Shape(
        "chat",
        (_ROLE, _chunk(content="Grü"), _chunk(content="ße"), _chunk(content=" 🌍"), _chunk("stop"), _USAGE),
        "Grüße 🌍",
    ),
    "plain words": Shape(
        "chat",
        (_ROLE, *[_chunk(content=f" word{n}") for n in range(8)], _chunk("length")),
        "".join(f" word{n}" for n in range(8)),
    ),
    "calls in pieces": Shape(
        "chat",
        (
            _chunk(role="assistant", content=None, tool_calls=[_call(0, "", "c1", "weather")]),
            *(_chunk(tool_calls=[_call(0, piece)]) for piece in ('{"ci', 'ty":', '"Oslo"}')),
            _chunk(tool_calls=[_call(1, "", "c2", "weather")]),
            _chunk(tool_calls=[_call(1, '{"city":"Rome"}')]),
            *(_chunk("tool_calls"), _USAGE),
        ),
        "",
    ),
    "calls at once, without index or id": Shape(
        "chat",
        (_chunk("stop", role="assistant", content="Look", tool_calls=[_call(None, '{"city":"Oslo"}', "", "weather")]),),
        "Look",
    ),
    "log probabilities": Shape("chat", (_ROLE, _token("Grü"), _token("ße"), _chunk("stop"), _USAGE), "Grüße"),
    "comments, reasoning and two endings": Shape(
        "chat",
        (
            _chunk(role="assistant", content="", reasoning="h", reasoning_details=[{"text": "h"}]),
            _chunk(role="assistant", content="", reasoning="m", reasoning_details=[{"text": "m"}]),
            _chunk(role="assistant", content="Grüße", reasoning=None),
            _chunk("stop", role="assistant", content=""),
            _chunk("stop", role="assistant", content="") | {"usage": _COUNTS},
        ),
        "Grüße",
        before=": PROCESSING\n\n: PROCESSING\n\n",
    ),
    "reasoning_content, counted each time, no [DONE]": Shape(
        "chat",
        (
            _chunk(role="assistant", content=None, reasoning_content="hm")
            | {"usage": {"prompt_tokens": 5, "completion_tokens": None}},
            _chunk(content="Grüße") | {"usage": _COUNTS},
            _chunk("stop") | {"usage": _COUNTS, "x_groq": {"usage": _COUNTS}},
        ),
        "Grüße",
        done=False,
    ),
    "think tags": Shape(
        "chat",
        (
            *(_chunk(content=piece) for piece in ("", "<thi", "nk>\nhm", "</", "think>\n", "\nGrü", "ße")),
            _chunk("stop"),
        ),
        "Grüße",
    ),
    "content in parts": Shape(
        "chat", (_chunk(role="assistant", content=_PARTS[:1]), _chunk("stop", content=_PARTS[1:])), "Grüße"
    ),
    "empty strings, CRLF": Shape(
        "chat",
        (
            _chunk("", content="Grü", function_call={"name": "", "arguments": ""}, refusal="", audio={"id": ""}),
            _chunk("", content="ße", tool_calls=[{"id": "", "function": {"name": "", "arguments": ""}}]),
        ),
        "Grüße",
        line_end="\r\n",
    ),
    "a refusal": Shape("chat", (_ROLE, _chunk(refusal="I can"), _chunk(refusal="not."), _chunk("stop")), "I cannot."),
    "an error in the middle": Shape("chat", (_ROLE, _chunk(content="Grü"), {"error": {"message": "sorry"}}), "Grü"),
    "a whole message": Shape("chat", (_message(content="Grüße 🌍"),), "Grüße 🌍"),
    "a whole message with reasoning and calls": Shape(
        "chat",
        (
            _message(
                "tool_calls",
                content="Look",
                reasoning_content="hm",
                tool_calls=[_call(0, {"city": "Oslo"}, "c1", "weather")],
            ),
        ),
        "Look",
    ),
    "a completion": Shape(
        "completions",
        (_completion("Grü"), _completion("ße"), _completion("", "stop") | {"usage": _COUNTS}),
        "Grüße",
    ),
    "a whole completion": Shape(
        "completions",
        (
            _completion(
                "Grüße",
                "length",
                logprobs={"tokens": ["Grüße"], "token_logprobs": [-0.1], "top_logprobs": [{"x": -3}]},
            ),
        ),
        "Grüße",
    ),
    "a response": Shape(
        "responses",
        (
            {"type": "response.created", "response": {"status": "in_progress", "output": []}},
            _event("output_item.added", item={"type": "reasoning", "id": "i0", "summary": []}),
            _event("reasoning_summary_text.delta", item_id="i0", summary_index=0, delta="hm"),
            _event("output_item.done", item={**_THOUGHT, "id": "i0"}),
            _event("output_item.added", output_index=1, item={**_SAID, "id": "i1", "content": []}),
            _event("output_text.delta", output_index=1, content_index=0, delta="Grü"),
            _event("output_text.delta", output_index=1, content_index=0, delta="ße 🌍"),
            _event("output_text.done", output_index=1, content_index=0, text="Grüße 🌍"),
            _event("output_item.added", output_index=2, item_id="i2", item={**_CALLED, "id": "i2", "arguments": ""}),
            _event("function_call_arguments.delta", output_index=2, item_id="i2", delta='{"city":'),
            _event("function_call_arguments.delta", output_index=2, item_id="i2", delta='"Oslo"}'),
            _event("output_item.done", output_index=2, item={**_CALLED, "id": "i2"}),
            {"type": "response.completed", "response": _ENDED},
        ),
        "Grüße 🌍",
        done=False,
        named=True,
    ),
    "a response that fails": Shape(
        "responses",
        (
            _event("output_text.delta", content_index=0, delta="Grü"),
            {"type": "error", "code": "server_error", "message": "sorry", "param": None},
            {"type": "response.failed", "response": {"status": "failed", "error": {"code": "x", "message": "sorry"}}},
        ),
        "Grü",
        done=False,
        named=True,
    ),
    "a whole response": Shape("responses", (_ENDED,), "Grüße 🌍"),
}
