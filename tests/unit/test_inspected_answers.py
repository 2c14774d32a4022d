"""Answers as the contentviews show them: what they say, the account of them, their chunks."""

import re
from typing import Any

import pytest

from addon.contentviews.answer_text import (
    MOST_LINES,
    MOST_TEXT_LINES,
    any_text,
    ollama_answer_text,
    openai_answer_text,
)
from addon.contentviews.measured import Measured
from addon.flow_metadata import pieces_of
from addon.live_layers import KEPT_BODY_BYTES
from tests.answer_shapes import SHAPES
from tests.fuzzed_answers import events_of
from tests.recorded import compact
from translators.openai_apis import Api

NDJSON = "application/x-ndjson"
SSE = "text/event-stream"
JSON = "application/json"

LAST = {
    "model": "llama3.2",
    "message": {"role": "assistant", "content": ""},
    "done": True,
    "done_reason": "stop",
    "total_duration": 2_500_000_000,
    "load_duration": 500_000_000,
    "prompt_eval_count": 1200,
    "prompt_eval_duration": 1_000_000_000,
    "eval_count": 50,
    "eval_duration": 1_000_000_000,
}


def lines(*values: Any) -> bytes:
    return b"".join(compact(value) + b"\n" for value in values)


def said(**message: Any) -> dict[str, Any]:
    return {"model": "llama3.2", "message": {"role": "assistant", **message}, "done": False}


def events(*values: Any) -> bytes:
    return b"".join(b"data: %s\n\n" % compact(value) for value in values)


def chunk(finish: str | None = None, **delta: Any) -> dict[str, Any]:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return {"object": "chat.completion.chunk", "model": "gpt-4o-2024-08-06", "choices": [choice]}


def ollama(body: bytes, path: str = "/api/chat", content_type: str = NDJSON, **measured: Any) -> list[str]:
    return ollama_answer_text(path, content_type, body, Measured(**{"status": 200} | measured)).split("\n")


def openai(body: bytes, api: Api = "chat", content_type: str = SSE, **measured: Any) -> list[str]:
    return openai_answer_text(api, content_type, body, Measured(**{"status": 200} | measured)).split("\n")


def part(shown: list[str], title: str) -> list[str]:
    """The lines under a title."""
    start = shown.index(f"─── {title} ───") + 1
    end = next((place for place in range(start, len(shown)) if not shown[place]), len(shown))
    return shown[start:end]


def account(shown: list[str]) -> dict[str, str]:
    return {label: value.strip() for label, _, value in (line.partition("  ") for line in part(shown, "account"))}


class TestOllama:
    """Answers of Ollama."""

    def test_first_comes_the_text_put_together_then_thinking_and_tool_calls_apart(self) -> None:
        call = {"function": {"name": "get_weather", "arguments": {"city": "Oslo"}}}
        body = lines(said(thinking="Hm"), said(thinking="m."), said(content="It "), said(content="rains."))
        shown = ollama(body + lines(said(content="", tool_calls=[call]), LAST))
        assert shown[0] == "It rains."
        assert part(shown, "thinking") == ["Hmm."]
        assert part(shown, "tool calls") == ["get_weather({", '  "city": "Oslo"', "})"]
        titles = [line.strip("─ ") for line in shown if line.startswith("───")]
        assert titles == ["thinking", "tool calls", "account", "chunks"]

    def test_the_account_of_real_ollama_comes_from_its_last_line(self) -> None:
        assert account(ollama(lines(said(content="Hi"), LAST))) == {
            "status": "200",
            "model": "llama3.2",
            "end": "stop",
            "tokens": "1,200 prompt, 50 output",
            "speed": "50.0 tokens/s",
            "durations": "load 500.0 ms, prompt 1,000.0 ms, output 1,000.0 ms, total 2,500.0 ms",
        }

    def test_the_account_of_ours_tells_what_happened_on_the_way(self) -> None:
        told = account(
            ollama(
                lines(said(content="Hi"), {"model": "gpt", "done": True, "done_reason": "stop"}),
                models=("gpt", "gpt-4o"),
                prompt_tokens=5,
                output_tokens=20,
                ttft_ms=120.25,
                duration_ms=1000.0,
                retries=("429 Too Many Requests",),
                repairs=("max_tokens is max_completion_tokens",),
                replay="hello-1",
            )
        )
        assert told == {
            "status": "200",
            "model": "gpt → gpt-4o",
            "end": "stop",
            "tokens": "5 prompt, 20 output",
            "time": "first output after 120.2 ms, end after 1,000.0 ms",
            "speed": "20.0 tokens/s",
            "retry": "429 Too Many Requests",
            "repair": "max_tokens is max_completion_tokens",
            "replay": "hello-1",
        }

    def test_a_stream_that_is_running_says_so_and_nothing_of_its_end(self) -> None:
        shown = ollama(lines(said(content="It "), said(content="rai")), ended=False)
        assert shown[0] == "It rai"
        assert account(shown) == {
            "status": "200, has not ended: this is what came so far",
            "model": "llama3.2",
        }
        assert ollama(b"", ended=False)[0] == "(nothing so far)"

    def test_a_stream_that_ends_without_its_last_line_broke_off(self) -> None:
        assert account(ollama(lines(said(content="It "))))["end"] == "none: the answer broke off"

    def test_what_lies_beyond_the_kept_beginning_is_no_break(self) -> None:
        body = lines(*[said(content="x" * 60_000)] * 80)[:KEPT_BODY_BYTES]
        told = account(ollama(body, prompt_tokens=7))
        assert told["body"] == "only the first 4,194,304 bytes were kept"
        assert told["tokens"] == "7 prompt"
        assert "end" not in told

    def test_a_long_text_hides_neither_account_nor_chunks_and_is_whole_below(self) -> None:
        text = "".join(f"line {number}\n" for number in range(5000))
        thinking = "\n".join(["thought"] * 5000)
        call = {"function": {"name": "f", "arguments": {"lines": [*range(5000)]}}}
        parts = [said(content="x")] * 200
        shown = ollama(lines(said(content=text, thinking=thinking, tool_calls=[call]), *parts, LAST))
        last_chunk = next(place for place, line in enumerate(shown) if line.strip().startswith("202 "))
        assert last_chunk < 512
        cut = MOST_TEXT_LINES
        assert shown[cut] == f"… {5001 - cut:,} more lines, at the end …"
        assert part(shown, "rest of the text") == [f"line {number}" for number in range(cut, 5000)] + ["x" * 200]
        assert [*part(shown, "thinking")[:-1], *part(shown, "rest of the thinking")] == ["thought"] * 5000

    @pytest.mark.parametrize(
        ("path", "body", "text"),
        [
            ("/api/chat", {"message": {"content": "Hi"}, "done": True, "done_reason": "stop"}, "Hi"),
            ("/api/generate?x=1", {"response": "Hi", "done": True, "done_reason": "length"}, "Hi"),
            (
                "/ollama/api/generate",
                {"response": "", "done": True, "done_reason": "load"},
                "(it says nothing)",
            ),
        ],
    )
    def test_an_answer_in_one_piece_is_shown_in_the_same_way_without_chunks(
        self, path: str, body: Any, text: str
    ) -> None:
        shown = ollama(compact(body), path, JSON)
        assert shown[0] == text
        assert account(shown)["end"] == body["done_reason"]
        assert "─── chunks ───" not in shown

    def test_content_in_parts_is_told_as_text(self) -> None:
        assert ollama(lines(said(content=[{"type": "text", "text": "Hi"}]), LAST))[0] == "Hi"

    def test_an_error_is_told_first_with_what_came_before_it(self) -> None:
        refused = ollama(b'{"error":"model \'x\' not found"}', content_type=JSON, status=404)
        assert refused[0] == "error: model 'x' not found"
        assert account(refused) == {"status": "404"}
        broken = ollama(lines(said(content="It "), {"error": "the upstream\nis gone"}), error="the upstream is gone")
        assert broken[:4] == ["error: the upstream is gone", "", "It ", ""]

    def test_embeddings_are_counted_and_shortened(self) -> None:
        body = {"model": "e", "embeddings": [[0.5] * 1536, [0.5] * 1536], "prompt_eval_count": 9}
        shown = ollama(compact(body), "/api/embed", JSON)
        assert shown[0] == "2 vectors of 1,536 dimensions"
        assert account(shown)["tokens"] == "9 prompt"
        assert len(shown) < 50
        assert ollama(compact({"embedding": [0.5] * 3}), "/api/embeddings", JSON)[0] == "1 vector of 3 dimensions"

    def test_progress_has_a_line_for_each_step_with_how_far_it_got(self) -> None:
        steps: list[Any] = [{"status": "pulling manifest"}]
        steps += [{"status": "pulling aa", "digest": "sha256:aa", "total": 2000, "completed": n} for n in range(1999)]
        shown = ollama(lines(*steps, {"status": "success"}), "/api/pull")
        assert shown[:3] == ["pulling manifest", 'pulling aa 1,998 of 2,000 bytes {"digest": "sha256:aa"}', "success"]
        assert ollama(lines({"error": "file does not exist"}), "/api/pull")[:3] == [
            "error: file does not exist",
            "",
            "─── account ───",
        ]

    def test_lines_of_any_other_json_stand_on_a_line_each(self) -> None:
        assert ollama(b'{"a":[1,2]}\n\nnot json\n"x"\n', "/events") == ['{"a": [1, 2]}', "not json", '"x"']
        assert any_text(JSON, b'{"a":"\xc3\xa9"}') == '{\n  "a": "é"\n}'


class TestOpenAI:
    """Answers of OpenAI-style servers."""

    @pytest.mark.parametrize("name", SHAPES)
    def test_the_text_of_every_shape_comes_first(self, name: str) -> None:
        shape = SHAPES[name]
        if len(shape.payloads) > 1:
            shown = openai(b"".join(events_of(shape, [*shape.payloads])), shape.dialect)
        else:
            shown = openai(compact(shape.payloads[0]), shape.dialect, JSON)
        before = "\n".join(shown).partition("───")[0]
        first = re.sub(r"^error: .*\n|\(it says nothing\)", "", before)
        assert first.strip() == shape.text.strip()

    def test_the_account_has_the_words_of_the_server(self) -> None:
        usage = {
            "prompt_tokens": 10,
            "completion_tokens": 30,
            "prompt_tokens_details": {"cached_tokens": 8},
            "completion_tokens_details": {"reasoning_tokens": 20},
        }
        body = events(chunk(content="Hi"), chunk("tool_calls"), {"choices": [], "usage": usage}) + b"data: [DONE]\n\n"
        chunks = [(0, body[:50]), (500_000_000, body[50:])]
        told = account(openai(body, head_ms=80.0, duration_ms=900.0, call="2, attempt 1", pieces=pieces_of(chunks)))
        assert told == {
            "status": "200",
            "model": "gpt-4o-2024-08-06",
            "end": "tool_calls",
            "tokens": "10 prompt (8 cached), 30 output (20 thinking)",
            "time": "head after 80.0 ms, end after 900.0 ms",
            "speed": "60.0 tokens/s",
            "call": "2, attempt 1",
        }

    def test_a_response_tells_why_it_is_incomplete(self) -> None:
        body = {
            "object": "response",
            "status": "incomplete",
            "incomplete_details": {"reason": "max_output_tokens"},
            "output": [{"type": "message", "content": [{"type": "output_text", "text": "It r"}]}],
            "usage": {"input_tokens": 3, "output_tokens": 4, "output_tokens_details": {"reasoning_tokens": 2}},
        }
        shown = openai(compact(body), "responses", JSON)
        assert shown[0] == "It r"
        assert account(shown)["end"] == "incomplete: max_output_tokens"
        assert account(shown)["tokens"] == "3 prompt, 4 output (2 thinking)"
        streamed = openai(events({"type": "response.incomplete", "response": body}), "responses")
        assert (streamed[0], account(streamed)["end"]) == ("It r", "incomplete: max_output_tokens")

    def test_of_a_long_stream_both_ends_tell_of_it(self) -> None:
        model = {"model": "gpt-4o-2024-08-06"}
        texts = [{"choices": [{"delta": {"content": f"{number} "}}]} for number in range(500)]
        usage = {"choices": [], "usage": {"prompt_tokens": 10, "completion_tokens": 500}}
        shown = openai(events(texts[0] | model, *texts[1:], chunk("stop"), usage) + b"data: [DONE]\n\n")
        assert shown[0] == "".join(f"{number} " for number in range(500))
        told = account(shown)
        assert (told["model"], told["end"], told["tokens"]) == (model["model"], "stop", "10 prompt, 500 output")

    def test_a_running_stream_is_no_broken_one(self) -> None:
        body = events(chunk(content="It "))
        assert openai(body, ended=False)[0] == "It "
        assert openai(body)[0].startswith("error: ")
        assert openai(body + events({"error": {"message": "sorry"}}), ended=False)[0] == "error: sorry"

    def test_an_error_is_its_sentence(self) -> None:
        shown = openai(b'{"error":{"message":"no such model","code":"x"}}', content_type=JSON, status=404)
        assert shown[0] == "error: no such model"
        assert account(shown) == {"status": "404"}

    def test_embeddings_are_counted_whichever_way_they_are_written(self) -> None:
        for vector, told in (([0.5] * 4, "2 vectors of 4 dimensions"), ("AAAA", "2 vectors in base64")):
            body = {"object": "list", "data": [{"embedding": vector}] * 2, "usage": {"prompt_tokens": 6}}
            shown = openai(compact(body), "embeddings", JSON)
            assert (shown[0], account(shown)["tokens"]) == (told, "6 prompt")


def test_of_lines_without_end_only_so_many_are_read() -> None:
    told = account(ollama(b"{}\n" * (MOST_LINES + 1)))
    assert told == {"status": "200", "body": f"only the first {MOST_LINES:,} lines are read"}
