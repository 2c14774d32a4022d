"""An answer in the form of the Responses API: whole, or as the events of a stream."""

from collections.abc import Iterator
from typing import Any

from tests.upstream.answers import Answer, answer_chat, digest, thoughts_about
from tests.upstream.chat import CREATED, Event, pieces, token_logprobs
from tests.upstream.families import family_of
from tests.upstream.models import dated_name
from tests.upstream.response_items import items_of, kind_of
from tests.upstream.response_parameters import normal_tool
from tests.upstream.seals import seal
from tests.upstream.strict_responses import chat_request
from tests.upstream.wording import last_user_text, tokens_of, without_markers

type Body = dict[str, Any]
type Step = tuple[str, Body, bool]
"""An event before it is numbered: its type, its members, and whether it carries something that the model said."""

# finish_reason -> (status, the last event, incomplete_details, error)
_ENDS: dict[str, tuple[str, str, Body | None, Body | None]] = {
    "length": ("incomplete", "response.incomplete", {"reason": "max_output_tokens"}, None),
    "content_filter": ("incomplete", "response.incomplete", {"reason": "content_filter"}, None),
    "error": (
        "failed",
        "response.failed",
        None,
        {
            "code": "server_error",
            "message": "The server had an error while processing your request. Sorry about that!",
        },
    ),
}
_COMPLETED = ("completed", "response.completed", None, None)

# What stands in an item that is not filled yet; its encrypted content is of no use then.
_OPENED: Body = {
    "status": "in_progress",
    "content": [],
    "arguments": "",
    "summary": [],
    "encrypted_content": "gAAAAABunfinished",
}


def answer_response(body: Body) -> Answer:
    """The answer to a valid request: that of Chat Completions, and it tells how many thoughts came back."""
    remembered = sum(kind_of(item) == "reasoning" for item in items_of(body["input"]))
    return answer_chat(chat_request(body), remembered)


def response_whole(body: Body, answer: Answer) -> Body:
    """The answer to a request without `stream`."""
    status, _, details, error = _ENDS.get(answer.finish, _COMPLETED)
    reasoning, text = body.get("reasoning") or {}, body.get("text") or {}
    family = family_of(body["model"])
    return {
        "id": f"resp_{digest(body)}",
        "object": "response",
        "created_at": CREATED,
        "status": status,
        "background": False,
        "completed_at": CREATED + 1 if status == "completed" else None,
        "error": error,
        "incomplete_details": details,
        "instructions": body.get("instructions"),
        "max_output_tokens": body.get("max_output_tokens"),
        "max_tool_calls": body.get("max_tool_calls"),
        "model": dated_name(body["model"]),
        "output": _items(body, answer),
        "parallel_tool_calls": body.get("parallel_tool_calls", True),
        "previous_response_id": None,
        "prompt_cache_key": body.get("prompt_cache_key"),
        "reasoning": {
            "effort": family.effort(reasoning.get("effort")) if family.efforts else None,
            "summary": reasoning.get("summary"),
        },
        "safety_identifier": body.get("safety_identifier"),
        "service_tier": "default",
        "store": body.get("store", True),
        "temperature": body.get("temperature", 1.0),
        "text": {"format": text.get("format") or {"type": "text"}, "verbosity": text.get("verbosity") or "medium"},
        "tool_choice": body.get("tool_choice") or "auto",
        "tools": [normal_tool(tool) for tool in body.get("tools") or []],
        "top_logprobs": body.get("top_logprobs") or 0,
        "top_p": body.get("top_p", 1.0),
        "truncation": body.get("truncation") or "disabled",
        "usage": response_usage(answer),
        "user": body.get("user"),
        "metadata": body.get("metadata") or {},
    }


def response_usage(answer: Answer) -> Body:
    """The `usage` object."""
    return {
        "input_tokens": answer.prompt_tokens,
        "input_tokens_details": {"cached_tokens": 0},
        "output_tokens": answer.completion_tokens,
        "output_tokens_details": {"reasoning_tokens": answer.reasoning_tokens},
        "total_tokens": answer.prompt_tokens + answer.completion_tokens,
    }


def response_events(body: Body, answer: Answer) -> list[Event]:
    """The answer to a request with `stream`: the response is begun, each item is opened, filled and closed, and the
    response is ended. There is no [DONE]."""
    whole = response_whole(body, answer)
    last = _ENDS.get(answer.finish, _COMPLETED)[1]
    begun = whole | {"status": "in_progress", "completed_at": None, "error": None, "incomplete_details": None}
    begun |= {"output": [], "service_tier": "auto", "usage": None}
    steps: list[Step] = [(name, {"response": begun}, False) for name in ("response.created", "response.in_progress")]
    for index, item in enumerate(whole["output"]):
        steps += _item_steps(body, answer, item, index)
    if answer.finish == "error":
        # What fails is not closed.
        steps = steps[: max((at for at, (_, _, token) in enumerate(steps) if token), default=1) + 1]
    steps.append((last, {"response": whole}, False))
    return [
        Event({"type": kind, **members, "sequence_number": number}, token, kind)
        for number, (kind, members, token) in enumerate(steps)
    ]


def _items(body: Body, answer: Answer) -> list[Body]:
    """The items of `output`, whole: reasoning, a message, calls."""
    items = []
    if answer.reasoning_tokens:
        items.append(_reasoning_item(body, answer))
    status = "incomplete" if answer.finish in {"length", "content_filter"} else "completed"
    if answer.tokens or not (answer.calls or answer.finish == "length"):
        phase = {"phase": "final_answer"} if family_of(body["model"]).efforts else {}
        part = _part(body, answer, answer.tokens)
        message = {"id": f"msg_{digest(body)}", "type": "message", "status": status, "content": [part], **phase}
        items.append({**message, "role": "assistant"})
    for position, call in enumerate(answer.calls):
        item = {"id": f"fc_{digest(body, position)}", "type": "function_call", "status": "completed"}
        items.append({**item, "arguments": call.arguments, "call_id": call.id, "name": call.name})
    return items


def _reasoning_item(body: Body, answer: Answer) -> Body:
    item: Body = {"id": f"rs_{digest(body)}", "type": "reasoning", "summary": []}
    summary = (body.get("reasoning") or {}).get("summary")
    if answer.thoughts:
        # The text itself, as DeepSeek and gpt-oss give it.
        item["content"] = [{"type": "reasoning_text", "text": "".join(answer.thoughts)}]
    elif summary:
        first, second = thoughts_about(without_markers(last_user_text(chat_request(body)["messages"])))
        texts = [first, second] if summary == "detailed" else [f"{first} {second}"]
        item["summary"] = [{"type": "summary_text", "text": text} for text in texts]
    if "reasoning.encrypted_content" in (body.get("include") or []):
        item["encrypted_content"] = seal(digest(body))
    return item


def _part(body: Body, answer: Answer, tokens: tuple[str, ...]) -> Body:
    """The content part of the message so far."""
    if answer.refused:
        return {"type": "refusal", "refusal": "".join(tokens)}
    logprobs = _logprobs(body, tokens, 0)
    return {"type": "output_text", "annotations": [], "logprobs": logprobs, "text": "".join(tokens)}


def _logprobs(body: Body, tokens: tuple[str, ...], first: int) -> list[Body]:
    if "message.output_text.logprobs" not in (body.get("include") or []):
        return []
    return token_logprobs(body.get("top_logprobs"), tokens, first)


def _item_steps(body: Body, answer: Answer, item: Body, index: int) -> Iterator[Step]:
    """An item is added without what it says, is filled, and is done."""
    opened = {key: _OPENED.get(key, value) if value is not None else None for key, value in item.items()}
    yield "response.output_item.added", {"item": opened, "output_index": index}, False
    place = {"item_id": item["id"], "output_index": index}
    if item["type"] == "message":
        yield from _message_steps(body, answer, place)
    elif item["type"] == "reasoning":
        yield from _reasoning_steps(body, item, place)
    else:
        yield from _call_steps(body, answer, item, place)
    yield "response.output_item.done", {"item": item, "output_index": index}, False


def _message_steps(body: Body, answer: Answer, place: Body) -> Iterator[Step]:
    place = {"content_index": 0, **place}
    kind, member = ("refusal", "refusal") if answer.refused else ("output_text", "text")
    done = _part(body, answer, answer.tokens)
    yield "response.content_part.added", {**place, "part": _part(body, answer, ())}, False
    for position, token in enumerate(answer.tokens):
        logprobs = {} if answer.refused else {"logprobs": _logprobs(body, (token,), position)}
        yield f"response.{kind}.delta", {**_delta(body, token), **place, **logprobs}, True
    logprobs = {} if answer.refused else {"logprobs": done["logprobs"]}
    yield f"response.{kind}.done", {**place, member: done[member], **logprobs}, False
    yield "response.content_part.done", {**place, "part": done}, False


def _reasoning_steps(body: Body, item: Body, place: Body) -> Iterator[Step]:
    for index, part in enumerate(item["summary"]):
        at = {**place, "summary_index": index}
        yield "response.reasoning_summary_part.added", {**at, "part": {**part, "text": ""}}, False
        for token in tokens_of(part["text"]):
            yield "response.reasoning_summary_text.delta", {**_delta(body, token), **at}, True
        yield "response.reasoning_summary_text.done", {**at, "text": part["text"]}, False
        yield "response.reasoning_summary_part.done", {**at, "part": part}, False
    for index, part in enumerate(item.get("content", ())):
        at = {**place, "content_index": index}
        for token in tokens_of(part["text"]):
            yield "response.reasoning_text.delta", {**_delta(body, token), **at}, True
        yield "response.reasoning_text.done", {**at, "text": part["text"]}, False


def _call_steps(body: Body, answer: Answer, item: Body, place: Body) -> Iterator[Step]:
    call = next(call for call in answer.calls if call.id == item["call_id"])
    for piece in pieces(call):
        yield "response.function_call_arguments.delta", {**_delta(body, piece), **place}, True
    yield "response.function_call_arguments.done", {**place, "arguments": call.arguments}, False


def _delta(body: Body, text: str) -> Body:
    """A delta, padded to hide the length of short ones unless that is declined."""
    if (body.get("stream_options") or {}).get("include_obfuscation") is False:
        return {"delta": text}
    return {"delta": text, "obfuscation": digest(body, text)[: max(0, 16 - len(text))]}
