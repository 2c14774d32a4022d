import json
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.response_events import Json, call, delta, end, event, message, reasoning, response, say, streamed_call
from translators.answer import AnswerTranslator
from translators.events import Event, Failure, Finish, Text, Thinking, ToolCall, Usage
from translators.ollama_answers import CHAT, Moment, StreamWriter, WholeWriter
from translators.openai_responses_reader import ResponseReader

SSE = "text/event-stream"
NOW = Moment(1_787_306_400_000_000_000, 2_000)
USAGE: Json = {"usage": {"input_tokens": 5, "output_tokens": 2}}
LIMIT: Json = {"code": "rate_limit_exceeded", "message": "sorry", "param": None}
OSLO_EVENTS, ROME_EVENTS = streamed_call("Oslo", "c1", 1), streamed_call("Rome", "c2", 2)
BOTH = end(reasoning(), call("Oslo", "c1"), call("Rome", "c2"))


def sse(*payloads: Json | str) -> bytes:
    texts = [p if isinstance(p, str) else json.dumps(p, ensure_ascii=False) for p in payloads]
    names = ["" if isinstance(p, str) else f"event: {p['type']}\n" for p in payloads]
    return "".join(f"{name}data: {text}\n\n" for name, text in zip(names, texts, strict=True)).encode()


TALK: list[Json] = [
    {"type": "response.created", "response": response(status="in_progress")},
    say("reasoning_summary_text.delta", "hm"),
    *(delta("Grü", 1), delta("ße 🌍", 1)),
]
DOCUMENT = json.dumps(response(reasoning("hm"), message("Grüße 🌍"), call("Oslo", "c1"), **USAGE), indent=2).encode()

# What answers look like in bytes; each is the thinking, the text, the cities asked for and the failure it must become.
ANSWERS: dict[str, tuple[str, bytes, str, str, list[str], str]] = {
    "a stream": (SSE, sse(*TALK, end(**USAGE)), "hm", "Grüße 🌍", [], ""),
    "[DONE] after the end": (SSE, sse(*TALK, end(**USAGE), "[DONE]"), "hm", "Grüße 🌍", [], ""),
    "[DONE] in place of the end": (SSE, sse(*TALK, "[DONE]"), "hm", "Grüße 🌍", [], ""),
    "no closing blank line": (SSE, sse(*TALK, end()).rstrip(), "hm", "Grüße 🌍", [], ""),
    "two calls": (SSE, sse(*TALK, *OSLO_EVENTS, *ROME_EVENTS, BOTH), "hm", "Grüße 🌍", ["Oslo", "Rome"], ""),
    "cut": (SSE, sse(*TALK), "hm", "Grüße 🌍", [], "ended without finishing"),
    "cut in a call": (SSE, sse(*TALK, *OSLO_EVENTS[:-2]), "hm", "Grüße 🌍", [], "ended without finishing"),
    "cut in an event": (
        SSE,
        sse(*TALK) + b'event: response.comp\ndata: {"ty',
        "hm",
        "Grüße 🌍",
        [],
        "without finishing",
    ),
    "a flat error": (SSE, sse(*TALK, {"type": "error", **LIMIT}, end()), "hm", "Grüße 🌍", [], "sorry"),
    "a nested error": (SSE, sse(*TALK, {"type": "error", "error": LIMIT}), "hm", "Grüße 🌍", [], "sorry"),
    "failed": (SSE, sse(*TALK, end(status="failed", error=LIMIT)), "hm", "Grüße 🌍", [], "sorry"),
    "nothing but [DONE]": (SSE, sse("[DONE]"), "", "", [], "no output"),
    "a document": ("application/json", DOCUMENT, "hm", "Grüße 🌍", ["Oslo"], ""),
    "a document for a stream": (SSE, DOCUMENT, "hm", "Grüße 🌍", ["Oslo"], ""),
    "a document that failed": (
        "application/json",
        json.dumps(response(status="failed", error=LIMIT)).encode(),
        "",
        "",
        [],
        "sorry",
    ),
    "a document that is none": ("application/json", b'{"choices":[]}', "", "", [], "no output"),
}


def translate(pieces: list[bytes], content_type: str, *, whole: bool = False) -> tuple[AnswerTranslator, list[bytes]]:
    kind = WholeWriter if whole else StreamWriter
    translator = AnswerTranslator(ResponseReader(), kind(CHAT, "m", sent_ns=1, tool_names={}), content_type)
    lines = [line for piece in pieces for line in translator.feed(piece, NOW)]
    return translator, lines + translator.close(NOW)


def seen(translator: AnswerTranslator, lines: list[bytes]) -> tuple[str, str, list[str]]:
    objects = [json.loads(line) for line in lines]
    assert translator.over
    assert [o["done"] for o in objects].count(True) == (0 if translator.failure else 1)
    messages = [o["message"] for o in objects]
    calls = [c["function"]["arguments"]["city"] for m in messages for c in m.get("tool_calls", [])]
    return "".join(m.get("thinking", "") for m in messages), "".join(m["content"] for m in messages), calls


@pytest.mark.parametrize(
    ("content_type", "body", "thinking", "text", "cities", "broken"), ANSWERS.values(), ids=ANSWERS
)
@pytest.mark.parametrize("step", [1, 1_000_000], ids=["byte by byte", "at once"])
def test_an_answer_reaches_the_client(
    content_type: str, body: bytes, thinking: str, text: str, cities: list[str], broken: str, step: int
) -> None:
    pieces = [body[start : start + step] for start in range(0, len(body), step)]
    translator, lines = translate(pieces, content_type)
    assert seen(translator, lines) == (thinking, text, cities)
    assert broken in str(translator.failure or "")
    assert bool(broken) == (translator.failure is not None)

    translator, lines = translate(pieces, content_type, whole=True)
    assert len(lines) == (0 if broken else 1)
    if not broken:
        assert seen(translator, lines) == (thinking, text, cities)


@settings(max_examples=200)
@given(st.sampled_from(sorted(ANSWERS)), st.lists(st.integers(0, 3000), max_size=12))
def test_where_an_answer_is_cut_makes_no_difference(name: str, cuts: list[int]) -> None:
    content_type, body, *_ = ANSWERS[name]
    edges = sorted({0, len(body), *(min(cut, len(body)) for cut in cuts)})
    one, lines = translate([body], content_type)
    other, same = translate([body[a:b] for a, b in pairwise(edges)], content_type)
    assert lines == same
    assert (one.finish_reason, one.usage, str(one.failure)) == (other.finish_reason, other.usage, str(other.failure))


# --- anything --------------------------------------------------------------------------------------------------

KINDS = [
    *("output_text.delta", "output_text.done", "refusal.delta", "refusal.done", "reasoning_text.delta"),
    *("reasoning_text.done", "reasoning_summary_text.delta", "reasoning_summary_text.done"),
    *("reasoning_summary_part.added", "content_part.done", "output_item.added", "output_item.done"),
    *("function_call_arguments.delta", "function_call_arguments.done", "completed", "incomplete", "failed"),
    *("cancelled", "created", "mcp_call.failed"),
]
NAMES = [
    *("type", "object", "status", "output", "output_index", "content_index", "summary_index", "item", "item_id", "id"),
    *("call_id", "name", "arguments", "delta", "text", "refusal", "content", "summary", "encrypted_content", "part"),
    *("response", "usage", "input_tokens", "output_tokens", "error", "code", "message", "incomplete_details"),
    *("reason", "logprobs", "token", "logprob", "top_logprobs"),
]
WORDS = ["", "a", "{}", "[1]", "error", "response", "message", "reasoning", "function_call", "completed", "\ud800"]
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers(-1, 3) | st.floats() | st.sampled_from(WORDS),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=4),
)
ITEMS = st.fixed_dictionaries(
    {"type": st.sampled_from(["message", "reasoning", "function_call"])},
    optional=dict.fromkeys(("id", "call_id", "name", "arguments", "content", "summary"), ANYTHING),
)
EVENTS = st.dictionaries(st.sampled_from(NAMES), ANYTHING) | st.fixed_dictionaries(
    {"type": st.sampled_from(KINDS).map("response.{}".format)},
    optional={name: ANYTHING for name in NAMES if name not in ("type", "item", "response")}
    | {
        "item": ITEMS | ANYTHING,
        "response": st.dictionaries(st.sampled_from(NAMES), ANYTHING) | st.builds(response, ITEMS, ITEMS),
    },
)


def read(*payloads: Json, complete: bool) -> list[Event]:
    reader = ResponseReader(top_logprobs=2)
    return [event for payload in payloads for event in reader.feed(payload)] + reader.close(complete=complete)


@given(st.lists(EVENTS, max_size=6), st.booleans())
def test_no_json_object_raises_and_every_answer_ends_once(payloads: list[Json], complete: bool) -> None:
    events = read(*payloads, complete=complete)
    assert [isinstance(event, Finish | Failure) for event in events] == [False] * (len(events) - 1) + [True]
    assert sum(isinstance(event, Usage) for event in events) <= 1
    assert all(event.text for event in events if isinstance(event, Text | Thinking))
    calls = [event for event in events if isinstance(event, ToolCall)]
    assert [call.index for call in calls] == list(range(len(calls)))


TOLD = [say("output_text.done", "Hi"), *OSLO_EVENTS, *ROME_EVENTS]


@given(st.lists(st.sampled_from([*TOLD, event("output_item.done", item=message("Hi"))]), max_size=8))
def test_what_was_told_whole_is_not_told_again(again: list[Json]) -> None:
    last = end(message("Hi"), call("Oslo", "c1"), call("Rome", "c2"))
    kinds = [Text, ToolCall, ToolCall, Finish]
    assert [type(event) for event in read(*TOLD, *again, last, complete=False)] == kinds
