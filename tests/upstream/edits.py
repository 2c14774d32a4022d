"""Changes that make an answer, or the events of its stream, odd in ways that compatible servers are."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from tests.upstream.answers import Answer
from tests.upstream.chat import DONE, Event

type Body = dict[str, Any]
type AnswerEdit = Callable[[Answer, tuple[str, ...]], Answer]
type EventsEdit = Callable[[list[Event], Body], list[Event]]

SEPARATORS = "one\u2028two\u2029three\u0085four <b>bold</b> & 'quoted' \"twice\" \\ back"
LONG_TOKEN = 1_000_000

_SERVER_ERROR = {
    "error": {
        "message": "The server had an error while processing your request. Sorry about that!",
        "type": "server_error",
        "param": None,
        "code": None,
    }
}


def refuse(answer: Answer, _: tuple[str, ...]) -> Answer:
    """The model refuses: OpenAI finishes with stop all the same."""
    text = ("I'm", " sorry,", " but", " I", " can't", " assist", " with", " that.")
    return replace(answer, tokens=text, calls=(), refused=True, finish="stop")


def filter_content(answer: Answer, _: tuple[str, ...]) -> Answer:
    """Half the text, then the content filter."""
    return replace(answer, tokens=answer.tokens[: len(answer.tokens) // 2], calls=(), finish="content_filter")


def say_separators(answer: Answer, _: tuple[str, ...]) -> Answer:
    """Text with everything that is a line break or HTML somewhere."""
    return replace(answer, tokens=(SEPARATORS,), calls=(), finish="stop")


def say_long_token(answer: Answer, _: tuple[str, ...]) -> Answer:
    """One token of a megabyte."""
    return replace(answer, tokens=("x" * LONG_TOKEN,), calls=(), finish="stop")


def say_numbers(answer: Answer, arguments: tuple[str, ...]) -> Answer:
    """As many tokens as the first argument says: `0 1 2 ...`, so that a lost one shows."""
    tokens = tuple(f"{number} " for number in range(int(arguments[0])))
    return replace(answer, tokens=tokens, thoughts=(), calls=(), finish="stop")


def empty_arguments(answer: Answer, _: tuple[str, ...]) -> Answer:
    """Tool arguments are the empty string."""
    return replace(answer, calls=tuple(replace(call, arguments="") for call in answer.calls))


def null_arguments(answer: Answer, _: tuple[str, ...]) -> Answer:
    """Tool arguments are null."""
    return replace(answer, calls=tuple(replace(call, arguments=None) for call in answer.calls))


def end_at_limit(answer: Answer, _: tuple[str, ...]) -> Answer:
    """Half the text, then the limit of tokens."""
    return replace(answer, tokens=answer.tokens[: len(answer.tokens) // 2], calls=(), finish="length")


def fail(answer: Answer, _: tuple[str, ...]) -> Answer:
    """Half the text, then the model breaks down: finish_reason error, or status failed."""
    return replace(answer, tokens=answer.tokens[: (len(answer.tokens) + 1) // 2], calls=(), finish="error")


def finish_with_stop(answer: Answer, _: tuple[str, ...]) -> Answer:
    """The finish_reason does not tell of the tool calls."""
    return replace(answer, finish="stop")


def rename_reasoning(answer: Answer, _: tuple[str, ...]) -> Answer:
    """The reasoning stands in `reasoning`, as at OpenRouter and Groq."""
    return replace(answer, thoughts_field="reasoning")


def without_done(events: list[Event], _: Body) -> list[Event]:
    """No [DONE]."""
    return [event for event in events if event.data != DONE]


def without_end(events: list[Event], _: Body) -> list[Event]:
    """Nothing after the last token: no finish_reason, no usage, no [DONE]."""
    last = max((position for position, event in enumerate(events) if event.token), default=-1)
    return events[: last + 1]


def error_first(_: list[Event], __: Body) -> list[Event]:
    """Only an error."""
    return [Event(_SERVER_ERROR)]


def error_mid(events: list[Event], _: Body) -> list[Event]:
    """Half of the events, then an error, then the end of the body."""
    return [*events[: middle(events)], Event(_SERVER_ERROR)]


def error_event(events: list[Event], _: Body) -> list[Event]:
    """The same with `event: error`, as Groq sends it."""
    return [*events[: middle(events)], Event(_SERVER_ERROR, name="error")]


def response_error_first(_: list[Event], __: Body) -> list[Event]:
    """Only an error, as the Responses API sends it."""
    return [_response_error(0)]


def response_error_mid(events: list[Event], _: Body) -> list[Event]:
    """Half of the events, then an error as the Responses API sends it, then the end of the body."""
    half = middle(events)
    return [*events[:half], _response_error(half)]


def response_error_nested(events: list[Event], _: Body) -> list[Event]:
    """The same with the error in an object of its own, as some servers send it."""
    half = middle(events)
    return [*events[:half], Event({"type": "error", **_SERVER_ERROR, "sequence_number": half}, name="error")]


def _response_error(number: int) -> Event:
    error = {key: _SERVER_ERROR["error"][key] for key in ("message", "param")}
    return Event({"type": "error", "code": "server_error", **error, "sequence_number": number}, name="error")


def azure_first(events: list[Event], _: Body) -> list[Event]:
    """A first chunk without choices, id and model, as Azure sends it."""
    safe = {"filtered": False, "severity": "safe"}
    first = {
        "choices": [],
        "created": 0,
        "id": "",
        "model": "",
        "object": "",
        "prompt_filter_results": [{"prompt_index": 0, "content_filter_results": {"hate": safe, "violence": safe}}],
    }
    return [Event(first), *events]


def usage_in_last_choice(events: list[Event], usage: Body) -> list[Event]:
    """The usage beside the finish_reason, asked for or not, as at DeepSeek and Mistral."""
    return [
        replace(event, data={**event.data, "usage": usage})
        if _finishes(event) and isinstance(event.data, dict)
        else event
        for event in _without_usage_event(events)
    ]


def usage_every_chunk(events: list[Event], usage: Body) -> list[Event]:
    """The usage so far in each chunk, null numbers at first, as at Databricks and vLLM."""
    counted: list[Event] = []
    said = 0
    for event in _without_usage_event(events):
        said += event.token
        so_far: Body = {
            "prompt_tokens": usage["prompt_tokens"],
            "completion_tokens": said or None,
            "total_tokens": None,
        }
        numbers = usage if _finishes(event) else so_far
        data = event.data if isinstance(event.data, str) else {**event.data, "usage": numbers}
        counted.append(replace(event, data=data))
    return counted


def calls_without_index(events: list[Event], _: Body) -> list[Event]:
    """Each call whole in one delta, without its index, as at Gemini."""
    calls = _calls(events)
    for call in calls:
        del call["index"]
    return _with_call_deltas(events, [{"tool_calls": [call]} for call in calls])


def calls_in_one_chunk(events: list[Event], _: Body) -> list[Event]:
    """All calls and the finish_reason in one chunk, as at Mistral."""
    calls = _calls(events)
    if not calls:
        return events
    merged = _with_call_deltas(events, [{"role": "assistant", "content": None, "tool_calls": calls}])
    position = next(position for position, event in enumerate(merged) if _delta(event).get("tool_calls"))
    ending = next(event for event in merged if _finishes(event))
    _choice(merged[position])["finish_reason"] = _choice(ending)["finish_reason"]
    return [event for event in merged[position:] if event is not ending]


def middle(events: list[Event]) -> int:
    """The position after half of the tokens, at least one of them where there is one."""
    tokens = [position for position, event in enumerate(events) if event.token]
    return tokens[(len(tokens) - 1) // 2] + 1 if tokens else len(events) // 2


def _choice(event: Event) -> Body:
    choices = event.data.get("choices") if isinstance(event.data, dict) else None
    choice: Body = choices[0] if choices else {}
    return choice


def _delta(event: Event) -> Body:
    delta: Body = _choice(event).get("delta", {})
    return delta


def _finishes(event: Event) -> bool:
    return bool(_choice(event).get("finish_reason"))


def _without_usage_event(events: list[Event]) -> list[Event]:
    return [event for event in events if isinstance(event.data, str) or event.data["choices"]]


def _calls(events: list[Event]) -> list[Body]:
    """The calls of a stream, each put together from its deltas."""
    calls: dict[int, Body] = {}
    for delta in (part for event in events for part in _delta(event).get("tool_calls", ())):
        if "id" in delta:
            calls[delta["index"]] = json.loads(json.dumps(delta))
        else:
            calls[delta["index"]]["function"]["arguments"] += delta["function"]["arguments"]
    return list(calls.values())


def _with_call_deltas(events: list[Event], deltas: list[Body]) -> list[Event]:
    """The stream with these deltas in place of its own tool call deltas."""
    position = next((at for at, event in enumerate(events) if _delta(event).get("tool_calls")), None)
    if position is None or not isinstance(events[position].data, dict):
        return events
    chunk: Any = events[position].data
    new = [Event({**chunk, "choices": [{**_choice(events[position]), "delta": delta}]}, token=True) for delta in deltas]
    rest = [event for event in events[position:] if not _delta(event).get("tool_calls")]
    return [*events[:position], *new, *rest]
