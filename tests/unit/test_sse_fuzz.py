"""Whatever is wrong in an upstream's answer: what comes out are whole lines of JSON and one ending, or one failure."""

import json
from itertools import pairwise
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.answer_shapes import SHAPES, Shape
from tests.fuzzed_answers import events_of, fuzzed_answer, pieces_of
from translators.answer import AnswerTranslator, Reader
from translators.errors import OllamaError
from translators.ollama_answers import CHAT, GENERATE, Moment, StreamWriter, WholeWriter
from translators.openai_chat_reader import ChatCompletionReader
from translators.openai_completion_reader import CompletionReader
from translators.openai_responses_reader import ResponseReader

READERS: dict[str, type[Reader]] = {
    "chat": ChatCompletionReader,
    "completions": CompletionReader,
    "responses": ResponseReader,
}
SSE = "text/event-stream"
NOW = Moment(1_787_306_400_000_000_000, 2_000)


def translate(
    reader: type[Reader], content_type: str, pieces: list[bytes], *, whole: bool = False, shape: str = CHAT
) -> tuple[AnswerTranslator, list[bytes]]:
    writer = (WholeWriter if whole else StreamWriter)(shape, "m", sent_ns=1, tool_names={})
    translator = AnswerTranslator(reader(), writer, content_type)
    lines = [line for piece in pieces for line in translator.feed(piece, NOW)]
    return translator, lines + translator.close(NOW)


def text_of(lines: list[bytes]) -> str:
    objects: list[dict[str, Any]] = [json.loads(line) for line in lines]
    return "".join(o["message"]["content"] for o in objects)


def body_of(shape: Shape) -> bytes:
    return b"".join(events_of(shape, list(shape.payloads)))


@settings(max_examples=200, deadline=None)
@given(st.randoms(use_true_random=False), st.booleans(), st.sampled_from([CHAT, GENERATE]))
def test_a_wrong_answer_becomes_whole_lines_and_one_ending_or_a_failure(
    random: Random, whole: bool, shape: str
) -> None:
    answer = fuzzed_answer(random)
    reader = READERS[random.choice(sorted(READERS)) if random.random() < 0.1 else answer.shape.dialect]
    pieces = pieces_of(answer.body, random)
    translator, lines = translate(reader, answer.content_type, pieces, whole=whole, shape=shape)
    objects = [json.loads(line) for line in lines]
    assert whole or all(line.endswith(b"\n") and line.count(b"\n") == 1 for line in lines)
    assert [o["done"] for o in objects].count(True) == (translator.failure is None)
    assert not objects or objects[-1]["done"] or translator.failure
    assert (translator.failure is None) == (translator.finish_reason is not None)
    if translator.failure is not None:
        assert isinstance(translator.failure, OllamaError)
        assert 400 <= translator.failure.status <= 599
        assert translator.failure.message


@settings(max_examples=200, deadline=None)
@given(st.randoms(use_true_random=False))
def test_where_a_wrong_answer_is_cut_makes_no_difference(random: Random) -> None:
    answer = fuzzed_answer(random)
    reader = READERS[answer.shape.dialect]
    one, lines = translate(reader, answer.content_type, [answer.body])
    other, same = translate(reader, answer.content_type, pieces_of(answer.body, random))
    assert lines == same
    assert (one.finish_reason, one.usage, str(one.failure)) == (other.finish_reason, other.usage, str(other.failure))


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_an_answer_that_stops_anywhere_holds_a_beginning_of_its_text(shape: Shape) -> None:
    reader, body = READERS[shape.dialect], body_of(shape)
    content_type = SSE if len(shape.payloads) > 1 else "application/json"
    _, lines = translate(reader, content_type, [body])
    assert text_of(lines) == shape.text
    for start, end in pairwise(range(0, len(body), 3)):
        _, lines = translate(reader, content_type, [body[:start], body[start:end]])
        assert shape.text.startswith(text_of(lines))
