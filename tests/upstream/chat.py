"""An answer in the form of Chat Completions: whole, or as the events of a stream."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from tests.upstream.answers import Answer, Call, digest
from tests.upstream.families import family_of
from tests.upstream.models import dated_name

type Body = dict[str, Any]

CREATED = 1_790_000_000
"""The `created` of every answer, in seconds: a constant, so that equal requests get equal bytes."""

DONE = "[DONE]"
_PIECE = 7  # characters of tool arguments in one event


@dataclass(frozen=True, slots=True)
class Event:
    """One event of a stream.

    Attributes:
        data: The JSON object, or a text that is sent as it is.
        token: It carries something that the model said: a gate or a pace holds it back.
        name: The SSE event name; empty for none, as at OpenAI.
    """

    data: Body | str
    token: bool = False
    name: str = ""


def chat_whole(body: Body, answer: Answer) -> Body:
    """The answer to a request without `stream`."""
    message: Body = {
        "role": "assistant",
        "content": answer.text if (answer.tokens or not answer.calls) and not answer.refused else None,
        "refusal": answer.text if answer.refused else None,
        "annotations": [],
    }
    if answer.thoughts:
        message[answer.thoughts_field] = "".join(answer.thoughts)
    if answer.calls:
        message["tool_calls"] = [_call_object(call) for call in answer.calls]
    choice = {"message": message, "logprobs": _logprobs(body, answer.tokens), "finish_reason": answer.finish}
    return {
        **_head(body, "chat.completion"),
        "choices": [{"index": index, **choice} for index in range(body.get("n") or 1)],
        "usage": usage(answer),
    }


def chat_events(body: Body, answer: Answer) -> list[Event]:
    """The answer to a request with `stream`: role, text or calls, finish, usage when asked for, and [DONE]."""
    head = _head(body, "chat.completion.chunk")
    wants_usage = (body.get("stream_options") or {}).get("include_usage", False)
    trailer: Body = {"usage": None} if wants_usage else {}
    events = [
        Event({**head, "choices": [{"index": index, **choice}], **trailer}, token=token)
        for choice, token in _choices(body, answer)
        for index in range(body.get("n") or 1)
    ]
    if wants_usage:
        events.append(Event({**head, "choices": [], "usage": usage(answer)}))
    return [*events, Event(DONE)]


def usage(answer: Answer) -> Body:
    """The `usage` object."""
    return {
        "prompt_tokens": answer.prompt_tokens,
        "completion_tokens": answer.completion_tokens,
        "total_tokens": answer.prompt_tokens + answer.completion_tokens,
        "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
        "completion_tokens_details": {
            "reasoning_tokens": answer.reasoning_tokens,
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    }


def _head(body: Body, kind: str) -> Body:
    return {
        "id": f"chatcmpl-{digest(body)[:29]}",
        "object": kind,
        "created": CREATED,
        "model": dated_name(body["model"]),
        "service_tier": "default",
        # Newer models have none.
        "system_fingerprint": None if family_of(body["model"]).efforts else "fp_7e57ab1e00",
    }


def _choices(body: Body, answer: Answer) -> Iterator[tuple[Body, bool]]:
    """The choice of each chunk, without its index, and whether it carries a token."""
    calls = list(_call_deltas(answer.calls))
    if len(answer.calls) == 1 and not answer.thoughts and not answer.tokens:
        # A lone call shares the first chunk with the role (recorded).
        first = calls.pop(0)
        yield _choice({"role": "assistant", "content": None, "tool_calls": [first], "refusal": None}), True
    elif answer.calls:
        yield _choice({"role": "assistant", "content": None}), False
    else:
        yield _choice({"role": "assistant", "content": "", "refusal": None}), False
    for thought in answer.thoughts:
        yield _choice({answer.thoughts_field: thought}), True
    field = "refusal" if answer.refused else "content"
    for position, token in enumerate(answer.tokens):
        yield _choice({field: token}, _logprobs(body, (token,), position)), True
    for delta in calls:
        yield _choice({"tool_calls": [delta]}), True
    yield _choice({}, finish=answer.finish), False


def _choice(delta: Body, logprobs: Body | None = None, finish: str | None = None) -> Body:
    return {"delta": delta, "logprobs": logprobs, "finish_reason": finish}


def _call_object(call: Call) -> Body:
    extra = {"extra_content": {"google": {"thought_signature": call.signature}}} if call.signature else {}
    return {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}, **extra}


def _call_deltas(calls: tuple[Call, ...]) -> Iterator[Body]:
    """Each call begins with id, name and empty arguments; the arguments follow in pieces."""
    for index, call in enumerate(calls):
        begin = None if call.arguments is None else ""
        yield {"index": index, **_call_object(replace(call, arguments=begin))}
        for piece in pieces(call):
            yield {"index": index, "function": {"arguments": piece}}


def pieces(call: Call) -> list[str]:
    """The arguments of a call as a stream brings them."""
    arguments = call.arguments or ""
    return [arguments[start : start + _PIECE] for start in range(0, len(arguments), _PIECE)]


def _logprobs(body: Body, tokens: tuple[str, ...], first: int = 0) -> Body | None:
    if not body.get("logprobs"):
        return None
    return {"content": token_logprobs(body.get("top_logprobs"), tokens, first), "refusal": None}


def token_logprobs(count: int | None, tokens: tuple[str, ...], first: int = 0) -> list[Body]:
    """Log probabilities of some tokens, made up but alike for a stream and a whole answer.

    Args:
        count: How many alternatives of each token.
        tokens: The tokens.
        first: The position of the first of them in the answer.
    """
    return [
        {
            **_token_logprob(token, first + position, 0),
            "top_logprobs": [_token_logprob(token, first + position, rank) for rank in range(count or 0)],
        }
        for position, token in enumerate(tokens)
    ]


def _token_logprob(token: str, position: int, rank: int) -> Body:
    """The token itself at rank 0, and less likely ones made of it."""
    text = token + "'" * rank
    return {"token": text, "logprob": -0.125 * (position % 8) - rank, "bytes": list(text.encode())}
