import json
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from translators.answer import AnswerTranslator
from translators.errors import UpstreamBroken
from translators.events import Usage
from translators.ollama_answers import CHAT, Moment, StreamWriter, WholeWriter
from translators.openai_chat_reader import ChatCompletionReader

Json = dict[str, Any]
SSE = "text/event-stream"
NOW = Moment(1_787_306_400_000_000_000, 2_000)


def new(content_type: str = SSE, *, whole: bool = False) -> AnswerTranslator:
    kind = WholeWriter if whole else StreamWriter
    return AnswerTranslator(ChatCompletionReader(), kind(CHAT, "m", sent_ns=1, tool_names={}), content_type)


def translate(
    pieces: list[bytes], content_type: str = SSE, *, whole: bool = False
) -> tuple[AnswerTranslator, list[bytes]]:
    translator = new(content_type, whole=whole)
    lines = [line for piece in pieces for line in translator.feed(piece, NOW)]
    return translator, lines + translator.close(NOW)


def chunk(finish: str | None = None, **delta: Any) -> Json:
    return {"choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}


def sse(*payloads: Json | str, end: str = "\n") -> bytes:
    texts = [p if isinstance(p, str) else json.dumps(p, ensure_ascii=False) for p in payloads]
    return "".join(f"data: {text}{end}{end}" for text in texts).encode()


USAGE: Json = {"choices": [], "usage": {"prompt_tokens": 5, "completion_tokens": 2}}
TEXT = [chunk(role="assistant", content=""), chunk(content="Grü"), chunk(content="ße 🌍"), chunk("stop"), USAGE]
CALL: Json = {"index": 0, "id": "c1", "function": {"name": "weather", "arguments": '{"city":"Oslo"}'}}
WHOLE: Json = {
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "Grüße 🌍"}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 5, "completion_tokens": 2},
}
DOCUMENT = json.dumps(WHOLE, indent=2).encode()

# What answers look like in bytes; each is the text, the tool names and the failure that it must become.
ANSWERS: dict[str, tuple[str, bytes, str, list[str], str]] = {
    "a stream": (SSE, sse(*TEXT, "[DONE]"), "Grüße 🌍", [], ""),
    "CRLF": (SSE, sse(*TEXT, "[DONE]", end="\r\n"), "Grüße 🌍", [], ""),
    "lone CR": (SSE, sse(*TEXT, "[DONE]", end="\r"), "Grüße 🌍", [], ""),
    "a byte order mark": (SSE, b"\xef\xbb\xbf" + sse(*TEXT, "[DONE]"), "Grüße 🌍", [], ""),
    "comments": (SSE, b": PROCESSING\n\n" * 3 + sse(*TEXT, "[DONE]"), "Grüße 🌍", [], ""),
    "blank lines first": (SSE, b"\n\n" + sse(*TEXT, "[DONE]"), "Grüße 🌍", [], ""),
    "heartbeats without data": (SSE, b"event: ping\ndata:\n\n" + sse(*TEXT, "[DONE]"), "Grüße 🌍", [], ""),
    "no [DONE]": (SSE, sse(*TEXT), "Grüße 🌍", [], ""),
    "no finish_reason": (SSE, sse(*TEXT[:3], "[DONE]"), "Grüße 🌍", [], ""),
    "DONE without its brackets": (SSE, sse(*TEXT[:3], "DONE"), "Grüße 🌍", [], ""),
    "DONE without its brackets at the very end": (SSE, sse(*TEXT[:3]) + b"data: DONE", "Grüße 🌍", [], ""),
    "a broken event after the finish": (SSE, sse(*TEXT, "oops", "[DONE]"), "Grüße 🌍", [], ""),
    "an error after the finish": (SSE, sse(*TEXT, {"error": "sorry"}), "Grüße 🌍", [], "sorry"),
    "one line end between the events": (SSE, sse(*TEXT, "[DONE]").replace(b"\n\n", b"\n"), "Grüße 🌍", [], ""),
    "no closing blank line": (SSE, sse(*TEXT, "[DONE]").rstrip(), "Grüße 🌍", [], ""),
    "no closing blank line and no [DONE]": (SSE, sse(*TEXT).rstrip(), "Grüße 🌍", [], ""),
    "data after [DONE]": (SSE, sse(*TEXT, "[DONE]", "nonsense", {"error": "late"}), "Grüße 🌍", [], ""),
    "events over two data lines": (SSE, sse(*TEXT).replace(b'"delta"', b'\ndata: "delta"'), "Grüße 🌍", [], ""),
    "no space after data:": (SSE, sse(*TEXT, "[DONE]").replace(b"data: ", b"data:"), "Grüße 🌍", [], ""),
    "a content type that lies": ("application/json", sse(*TEXT, "[DONE]"), "Grüße 🌍", [], ""),
    "no content type": ("", b": hi\n\n" + sse(*TEXT, "[DONE]"), "Grüße 🌍", [], ""),
    "a byte order mark and no content type": ("", b"\xef\xbb\xbf" + sse(*TEXT, "[DONE]"), "Grüße 🌍", [], ""),
    "a name first": ("", b"event: message\n" + sse(*TEXT, "[DONE]"), "Grüße 🌍", [], ""),
    "a lone surrogate": (SSE, sse(r'{"choices":[{"delta":{"content":"a\ud83d"}}]}', "[DONE]"), "a\ufffd", [], ""),
    "NaN": (SSE, sse('{"choices":[{"delta":{"content":"a"},"logprobs":NaN}]}', "[DONE]"), "a", [], ""),
    "bytes that are not UTF-8": (SSE, sse(chunk(content="aXb"), "[DONE]").replace(b"X", b"\xff"), "a\ufffdb", [], ""),
    "Azure's first chunk": (SSE, sse({"choices": [], "prompt_filter_results": []}, *TEXT), "Grüße 🌍", [], ""),
    "a tool call": (SSE, sse(chunk(tool_calls=[CALL]), chunk("tool_calls"), "[DONE]"), "", ["weather"], ""),
    "a tool call, never finished": (SSE, sse(chunk(tool_calls=[CALL]), "[DONE]"), "", ["weather"], ""),
    "cut": (SSE, sse(*TEXT[:2]), "Grü", [], "ended without finishing"),
    "cut in an event": (SSE, sse(*TEXT[:2]) + b'data: {"choices":[{"del', "Grü", [], "ended without finishing"),
    "cut in a tool call": (SSE, sse(chunk(tool_calls=[CALL])), "", [], "ended without finishing"),
    "an error": (SSE, sse(*TEXT[:2], {"error": {"message": "sorry", "code": 429}}), "Grü", [], "sorry"),
    "an error after which it goes on": (SSE, sse(TEXT[1], {"error": "sorry"}, *TEXT), "Grü", [], "sorry"),
    "an error event": (SSE, sse(TEXT[1]) + b'event: error\ndata: {"message":"sorry"}\n\n', "Grü", [], "sorry"),
    "an error event of plain text": (SSE, b"event: error\ndata: sorry\n\n", "", [], "sorry"),
    "an error event at the very end": (SSE, sse(TEXT[1]) + b"event: error\ndata: sorry", "Grü", [], "sorry"),
    "llama.cpp's error field": (SSE, sse(TEXT[1]) + b'error: {"message":"sorry"}\n\n', "Grü", [], "sorry"),
    "an error of older vLLM": (SSE, sse({"object": "error", "message": "sorry"}), "", [], "sorry"),
    "Gemini's list": (SSE, sse('[{"error":{"message":"sorry"}}]'), "", [], "sorry"),
    "a broken event": (SSE, sse(TEXT[1], '{"choices": oops', TEXT[2]), "Grü", [], "'{\"choices\": oops'"),
    "an event that is no object": (SSE, sse(TEXT[1], "7"), "Grü", [], "not a JSON object: '7'"),
    "nothing but [DONE]": (SSE, sse("[DONE]"), "", [], "no choices"),
    "an empty stream": (SSE, b"", "", [], "empty body"),
    "comments only": (SSE, b": hi\n\n", "", [], "ended without finishing"),
    "a document": ("application/json", DOCUMENT, "Grüße 🌍", [], ""),
    "a document for a stream": (SSE, DOCUMENT, "Grüße 🌍", [], ""),
    "a document after blanks": ("", b"\r\n  " + DOCUMENT + b"\n", "Grüße 🌍", [], ""),
    "a document after a byte order mark": ("", b"\xef\xbb\xbf" + DOCUMENT, "Grüße 🌍", [], ""),
    "a document for a stream after a byte order mark": (SSE, b"\xef\xbb\xbf" + DOCUMENT, "Grüße 🌍", [], ""),
    "a document that is cut": ("application/json", DOCUMENT[:-9], "", [], "not JSON"),
    "a document with an error": ("application/json", b'{"error":{"message":"sorry"}}', "", [], "sorry"),
    "a list with an error": ("application/json", b'[{"error":{"message":"sorry"}}]', "", [], "sorry"),
    "a list": ("application/json", b"[1]", "", [], "not a JSON object: '[1]'"),
    "another document": ("application/json", b'{"hello":"world"}', "", [], "no choices"),
    "lines of JSON": ("application/x-ndjson", b'{"response":"a"}\n{"response":"b"}\n', "", [], "not JSON"),
    "an empty document": ("application/json", b" \n", "", [], "empty body"),
    "a web page": ("text/html", b"\n<!DOCTYPE html><html>login</html>", "", [], "web page"),
    "a web page for a stream": (SSE, b"<html>login</html>", "", [], "web page"),
    "plain text": ("text/plain", b"internal trouble", "", [], "'internal trouble'"),
    "text that begins like a field": ("text/plain", b"ev", "", [], "'ev'"),
}  # fmt: skip


def check(translator: AnswerTranslator, lines: list[bytes], text: str, tools: list[str], failure: str) -> None:
    assert all(line.endswith(b"\n") and line.count(b"\n") == 1 for line in lines)
    objects = [json.loads(line) for line in lines]
    messages = [o["message"] for o in objects]
    assert "".join(m["content"] for m in messages) == text
    assert [c["function"]["name"] for m in messages for c in m.get("tool_calls", [])] == tools
    assert translator.over
    assert [o["done"] for o in objects].count(True) == (0 if failure else 1)
    assert (translator.failure is None) == (not failure) == (translator.finish_reason is not None)
    if translator.failure:
        assert failure in translator.failure.message


@pytest.mark.parametrize(("content_type", "body", "text", "tools", "failure"), ANSWERS.values(), ids=ANSWERS)
def test_an_answer_that_comes_at_once(
    content_type: str, body: bytes, text: str, tools: list[str], failure: str
) -> None:
    check(*translate([body], content_type), text, tools, failure)


@pytest.mark.parametrize(("content_type", "body", "text", "tools", "failure"), ANSWERS.values(), ids=ANSWERS)
def test_an_answer_that_comes_byte_by_byte(
    content_type: str, body: bytes, text: str, tools: list[str], failure: str
) -> None:
    check(*translate([body[i : i + 1] for i in range(len(body))], content_type), text, tools, failure)


@settings(max_examples=300)
@given(st.sampled_from(sorted(ANSWERS)), st.lists(st.integers(0, 600), max_size=12))
def test_where_an_answer_is_cut_makes_no_difference(name: str, cuts: list[int]) -> None:
    content_type, body, *_ = ANSWERS[name]
    edges = sorted({0, len(body), *(min(cut, len(body)) for cut in cuts)})
    one, lines = translate([body], content_type)
    other, same = translate([body[a:b] for a, b in pairwise(edges)], content_type)
    assert lines == same
    assert (one.finish_reason, one.usage) == (other.finish_reason, other.usage)
    assert str(one.failure) == str(other.failure)


@pytest.mark.parametrize(("content_type", "body", "text", "tools", "failure"), ANSWERS.values(), ids=ANSWERS)
def test_a_client_that_wants_one_object_gets_the_same(
    content_type: str, body: bytes, text: str, tools: list[str], failure: str
) -> None:
    translator, lines = translate([body], content_type, whole=True)
    assert len(lines) == (0 if failure else 1)
    assert failure in str(translator.failure or "")
    for line in lines:
        message = json.loads(line)["message"]
        assert message["content"] == text
        assert [c["function"]["name"] for c in message.get("tool_calls", [])] == tools


@given(st.binary(max_size=200), st.sampled_from([SSE, "application/json", ""]), st.booleans())
def test_no_bytes_raise_and_every_answer_ends(body: bytes, content_type: str, prefixed: bool) -> None:
    translator, _ = translate([b"data: " * prefixed + body], content_type)
    assert translator.over


def test_the_final_line_leaves_on_done_without_waiting_for_the_end_of_the_body() -> None:
    translator = new()
    assert len(translator.feed(sse(*TEXT), NOW)) == 2
    assert not translator.over
    [line] = translator.feed(sse("[DONE]"), NOW)
    assert json.loads(line)["done"]
    assert (translator.finish_reason, translator.usage) == ("stop", Usage(5, 2))
    assert translator.feed(sse(*TEXT), NOW) == []
    assert translator.close(NOW) == []


def test_nothing_comes_after_a_failure() -> None:
    translator = new()
    assert len(translator.feed(sse(TEXT[1], {"error": {"message": "sorry", "code": 429}}, TEXT[2]), NOW)) == 1
    assert translator.failure is not None
    assert translator.failure.status == 429
    assert translator.feed(sse(*TEXT, "[DONE]"), NOW) == []
    assert translator.close(NOW) == []
    assert translator.finish_reason is None


def test_several_events_of_one_read_leave_together() -> None:
    assert len(new().feed(sse(*[chunk(content="a")] * 20), NOW)) == 20


def test_a_broken_answer_is_quoted_but_not_at_length() -> None:
    translator, _ = translate([sse("x" * 5000)])
    assert isinstance(translator.failure, UpstreamBroken)
    assert translator.failure.message.endswith(f"'{'x' * 80}…'")
    assert translator.failure.status == 502
