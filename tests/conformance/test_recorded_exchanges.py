"""Real chat exchanges with OpenAI and compatible servers, through the whole answer side.

The recordings are not part of the project: set SHARED_DIR to the folder that holds `exchanges/`. What each must become
is computed here from its bytes, with none of the project's code.
"""

import json
import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import ollama
import pytest

from translators.answer import AnswerTranslator
from translators.ollama_answers import CHAT, GENERATE, Moment, StreamWriter, WholeWriter
from translators.openai_chat_reader import ChatCompletionReader
from translators.openai_errors import error_from_response

if "SHARED_DIR" not in os.environ:
    pytest.skip("SHARED_DIR is not set: the recorded exchanges are not part of the project", allow_module_level=True)

Json = dict[str, Any]
FOLDER = Path(os.environ["SHARED_DIR"]) / "exchanges"
RECORDS: dict[str, Json] = {
    file.stem: record
    for file in sorted(FOLDER.glob("*.json"))
    if file.stem != "index" and "chat/completions" in (record := json.loads(file.read_text("utf-8")))["request"]["url"]
}
ANSWERED = [name for name, record in RECORDS.items() if record["response"]["status"] == 200]
REFUSED = [name for name, record in RECORDS.items() if record["response"]["status"] >= 400]
# No answer is in these, so none may be made up: status 200 with an error, or with something else altogether.
FAILED = {
    "groq-stream-error-event": "Tool call validation failed",
    "odd-200-invalid-json-shape": "no choices",
    "odd-200-text-plain": "method=POST",
    "openrouter-stream-error": "Token limit reached",
}
MOMENT = Moment(wall_ns=1_767_213_719_000_000_000, elapsed_ns=2_000_000)


@dataclass
class Answer:
    text: str = ""
    thinking: str = ""
    calls: list[tuple[str, Any]] = field(default_factory=list)
    logprobs: list[tuple[str, float]] = field(default_factory=list)
    reason: str = "stop"
    prompt: int | None = None
    output: int | None = None


def body_of(name: str) -> bytes:
    response = RECORDS[name]["response"]
    text: str = response.get("chunks") or response.get("body") or ""
    return text.encode()


def chunks_of(body: str) -> list[Json]:
    """The chunks of a stream, or the one document."""
    if body.lstrip().startswith("{"):
        return [json.loads(body)]
    events = re.split(r"\n{2,}", body.replace("\r\n", "\n"))
    data = ["\n".join(re.findall(r"^data: ?(.*)$", event, re.MULTILINE)) for event in events]
    return [json.loads(d) for d in data if d and d != "[DONE]"]


def expected(name: str) -> Answer:
    answer, refusal, details = Answer(), "", ""
    calls: list[Json] = []
    for chunk in chunks_of(body_of(name).decode()):
        usage = chunk.get("usage") or chunk.get("x_groq", {}).get("usage") or {}
        answer.prompt = usage.get("prompt_tokens") or answer.prompt
        answer.output = usage.get("completion_tokens") or answer.output
        for choice in [c for c in chunk.get("choices") or [] if c.get("index", 0) == 0]:
            piece = choice.get("delta") or choice.get("message") or {}
            content = piece.get("content") or ""
            answer.text += content if isinstance(content, str) else json.dumps(content, separators=(",", ":"))
            answer.thinking += piece.get("reasoning_content") or piece.get("reasoning") or ""
            details += "".join(d.get("text") or "" for d in piece.get("reasoning_details") or [])
            refusal += piece.get("refusal") or ""
            for call in piece.get("tool_calls") or []:
                begins = call.get("id") and call["id"] not in [c["id"] for c in calls]
                if begins or not calls or "message" in choice:
                    calls.append({"id": call.get("id"), "name": call["function"]["name"], "arguments": ""})
                calls[-1]["arguments"] += call["function"].get("arguments") or ""
            for token in (choice.get("logprobs") or {}).get("content") or []:
                answer.logprobs.append((token["token"], token["logprob"]))
            if choice.get("finish_reason") == "length":
                answer.reason = "length"
    answer.text = answer.text or refusal
    answer.thinking = answer.thinking or details
    answer.calls = [(call["name"], json.loads(call["arguments"] or "{}")) for call in calls]
    return answer


def seen(lines: list[Json]) -> Answer:
    answer = Answer(reason=lines[-1]["done_reason"])
    for line in lines:
        message = line["message"]
        answer.text += message["content"]
        answer.thinking += message.get("thinking", "")
        answer.calls += [(c["function"]["name"], c["function"]["arguments"]) for c in message.get("tool_calls", [])]
        answer.logprobs += [(entry["token"], entry["logprob"]) for entry in line.get("logprobs", [])]
    answer.prompt, answer.output = lines[-1].get("prompt_eval_count"), lines[-1].get("eval_count")
    return answer


def translate(name: str, size: int, *, shape: str = CHAT, whole: bool = False) -> tuple[AnswerTranslator, list[bytes]]:
    """Feed a recording in pieces of so many bytes."""
    kind = WholeWriter if whole else StreamWriter
    writer = kind(shape, "m", sent_ns=1_000_000, tool_names={})
    headers = RECORDS[name]["response"].get("headers") or {}
    translator = AnswerTranslator(ChatCompletionReader(), writer, headers.get("content-type", ""))
    body = body_of(name)
    lines: list[bytes] = []
    for at in range(0, len(body), size):
        lines += translator.feed(body[at : at + size], MOMENT)
    return translator, lines + translator.close(MOMENT)


@pytest.mark.parametrize("size", [1, 7, 1 << 30])
@pytest.mark.parametrize("name", [name for name in ANSWERED if name not in FAILED])
def test_a_recorded_answer_reaches_the_client_complete(name: str, size: int) -> None:
    translator, lines = translate(name, size)
    assert translator.failure is None
    objects = [json.loads(line) for line in lines]
    assert seen(objects) == expected(name)
    assert [o["done"] for o in objects] == [False] * (len(objects) - 1) + [True]
    for line in objects:
        ollama.ChatResponse(**line)


@pytest.mark.parametrize("name", [name for name in ANSWERED if name not in FAILED])
def test_a_recorded_answer_is_the_same_as_one_object(name: str) -> None:
    _, [body] = translate(name, 100, whole=True)
    assert seen([json.loads(body)]) == expected(name)


@pytest.mark.parametrize("name", [name for name in ANSWERED if name not in FAILED])
def test_a_recorded_answer_can_be_written_for_generate(name: str) -> None:
    _, lines = translate(name, 100, shape=GENERATE)
    objects = [ollama.GenerateResponse(**json.loads(line)) for line in lines]
    assert "".join(o.response or "" for o in objects) == expected(name).text


@pytest.mark.parametrize("size", [1, 1 << 30])
@pytest.mark.parametrize("name", FAILED)
def test_a_recorded_failure_with_status_200_is_a_failure(name: str, size: int) -> None:
    translator, lines = translate(name, size)
    assert translator.failure is not None
    assert FAILED[name] in translator.failure.message
    assert not any(json.loads(line)["done"] for line in lines)


@pytest.mark.parametrize("name", REFUSED)
def test_a_recorded_refusal_keeps_its_status_and_its_sentence(name: str) -> None:
    response = RECORDS[name]["response"]
    error = error_from_response(response["status"], "application/json", response["body"].encode(), None)
    assert error.status == response["status"]
    assert json.loads(response["body"])["error"]["message"] in error.message


@pytest.mark.parametrize("name", [name for name in ANSWERED if "chunks" in RECORDS[name]["response"]])
def test_a_recorded_stream_that_is_cut_in_the_middle_fails_after_what_had_come(name: str) -> None:
    body = body_of(name)
    end = re.search(rb'"finish_reason": ?"[a-z]|\[DONE\]|"error"', body)
    assert end
    translator = AnswerTranslator(
        ChatCompletionReader(), StreamWriter(CHAT, "m", sent_ns=1, tool_names={}), "text/event-stream"
    )
    lines = translator.feed(body[: end.start() // 2], MOMENT) + translator.close(MOMENT)
    assert translator.failure is not None
    assert "ended without finishing" in translator.failure.message
    text = "".join(json.loads(line)["message"]["content"] for line in lines)
    assert expected(name).text.startswith(text)
