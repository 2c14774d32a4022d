"""Chunks that differ from an earlier one in their text alone."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from translators.answer import AnswerTranslator
from translators.envelope import Envelope
from translators.ollama_answers import CHAT, Moment, StreamWriter, WholeWriter
from translators.openai_chat_reader import ChatCompletionReader

MOMENT = Moment(1_800_000_000_123_456_789, 5_000_000)


def chunk(text: str, *, spaced: bool = False, **more: Any) -> bytes:
    """One event with this text."""
    body = {
        "id": "chatcmpl-1",
        "object": "chat.completion.chunk",
        "created": 1,
        "model": "gpt-4o",
        "choices": [{"index": 0, "delta": {"content": text}, "finish_reason": None}],
        **more,
    }
    separators = (", ", ": ") if spaced else (",", ":")
    return b"data: %s\n\n" % json.dumps(body, ensure_ascii=False, separators=separators).encode()


@pytest.mark.parametrize("spaced", [False, True])
def test_a_chunk_with_the_same_bytes_round_its_text_is_known_by_them(spaced: bool) -> None:
    envelope = Envelope.of(chunk("Hello", spaced=spaced), "Hello")
    assert envelope is not None
    assert envelope.text_in(chunk(" world.", spaced=spaced)) == " world."


@pytest.mark.parametrize(
    "text", ['"', "\\", "<b>", "a&b", "é", "\u2028", "\n", "", 'x","role":"y', "\x00", "\x7f", "a" * 10 + ">"]
)
def test_text_that_needs_care_is_left_to_the_careful_reading(text: str) -> None:
    envelope = Envelope.of(chunk("Hello"), "Hello")
    assert envelope is not None
    assert envelope.text_in(chunk(text)) == ""
    assert Envelope.of(chunk(text), text) is None


@pytest.mark.parametrize(
    "other",
    [
        chunk("a", model="gpt-4"),
        chunk("a", obfuscation="x"),
        chunk("a") + chunk("b"),
        chunk("a")[:-1],
        b": ping\n\n" + chunk("a"),
        chunk("a").replace(b"null", b'"stop"'),
        b"data: [DONE]\n\n",
    ],
)
def test_whatever_else_differs_is_left_to_the_careful_reading(other: bytes) -> None:
    envelope = Envelope.of(chunk("Hello"), "Hello")
    assert envelope is not None
    assert envelope.text_in(other) == ""


def test_a_text_that_cannot_be_found_gives_no_envelope() -> None:
    assert Envelope.of(chunk("Hello", note={"content": "Hello"}), "Hello") is None
    assert Envelope.of(chunk("Hello"), "Other") is None


def with_a_call(text: str, arguments: str) -> bytes:
    """An event with this text and a piece of a tool call's arguments."""
    call = {"index": 0, "id": "c", "function": {"name": "f", "arguments": arguments}}
    return chunk(text).replace(b'"content"', b'"tool_calls":[%s],"content"' % json.dumps(call).encode())


def test_text_beside_a_piece_of_a_tool_call_loses_no_piece() -> None:
    made = AnswerTranslator(
        ChatCompletionReader(), WholeWriter(CHAT, "m", sent_ns=1, tool_names={}), "text/event-stream"
    )
    pieces = [with_a_call("a", '{"x":'), with_a_call("b", '{"x":'), with_a_call("c", "1}}")]
    lines = [line for piece in [*pieces, b"data: [DONE]\n\n"] for line in made.feed(piece, MOMENT)]
    message = json.loads(b"".join(lines))["message"]
    assert message["content"] == "abc"
    assert message["tool_calls"][0]["function"]["arguments"] == {"x": {"x": 1}}


TEXTS = st.sampled_from(["Hello", " world", "é", '"', "<", "\n", "", "{}", "null", ","]) | st.text(max_size=5)
EVENTS = st.lists(
    st.builds(chunk, TEXTS)
    | st.builds(lambda text: chunk(text, system_fingerprint="f"), TEXTS)
    | st.sampled_from([b": ping\n\n", b"event: x\n", b"\r\n", b"data: {}\n\n", chunk("a", usage={"prompt_tokens": 1})]),
    max_size=12,
)


@given(EVENTS, st.sampled_from([StreamWriter, WholeWriter]))
def test_an_answer_reads_the_same_event_by_event_and_in_any_other_cut(
    events: list[bytes], writer: type[StreamWriter] | type[WholeWriter]
) -> None:
    def answer(pieces: list[bytes]) -> tuple[bytes, str]:
        made = AnswerTranslator(
            ChatCompletionReader(), writer(CHAT, "m", sent_ns=1, tool_names={}), "text/event-stream"
        )
        lines = [line for piece in pieces for line in made.feed(piece, MOMENT)]
        return b"".join([*lines, *made.close(MOMENT)]), str(made.failure)

    body = b"".join(events) + b"data: [DONE]\n\n"
    by_event = answer([*events, b"data: [DONE]\n\n"])
    assert by_event == answer([body[at : at + 7] for at in range(0, len(body), 7)])
