from typing import Any

import pytest

from tests.response_events import Json, call, delta, end, event, message, reasoning, response, say, streamed_call
from translators.events import Event, Failure, Finish, Logprobs, Text, Thinking, ToolCall, Usage
from translators.openai_responses_reader import ResponseReader

STOP = Finish("stop")
OSLO = ToolCall(0, "c1", "weather", {"city": "Oslo"})
ROME = ToolCall(1, "c2", "weather", {"city": "Rome"})


def read(*payloads: Json, complete: bool = False, top_logprobs: int = 20) -> list[Event]:
    reader = ResponseReader(top_logprobs)
    return [event for payload in payloads for event in reader.feed(payload)] + reader.close(complete=complete)


def failure(events: list[Event]) -> str:
    assert isinstance(events[-1], Failure)
    return events[-1].error.message


# --- text and reasoning ---------------------------------------------------------------------------------------

NO: Json = {"type": "refusal", "refusal": "No."}

TEXTS: dict[str, tuple[list[Json], list[Event]]] = {
    "in pieces": ([delta("Hi"), delta(" you"), end()], [Text("Hi"), Text(" you")]),
    "in pieces, and told again at each level": (
        [
            *(event("output_item.added", item=message()), event("content_part.added", part={"text": ""})),
            *(delta("Hi"), say("output_text.done", "Hi"), event("content_part.done", part={"text": "Hi"})),
            *(event("output_item.done", item=message("Hi")), end(message("Hi"))),
        ],
        [Text("Hi")],
    ),
    "when the part is done": (
        [say("output_text.done", "Hi"), event("output_item.done", item=message("Hi")), end(message("Hi"))],
        [Text("Hi")],
    ),
    "when the item is done": ([event("output_item.done", item=message("Hi")), end(message("Hi"))], [Text("Hi")]),
    "in the final response": ([end(message("Hi"))], [Text("Hi")]),
    "after empty pieces": ([delta(""), delta(None), say("output_text.done", "Hi"), end()], [Text("Hi")]),
    "in two parts, one of them in pieces": (
        [
            *(delta("a", content_index=0), say("output_text.done", "a")),
            *(say("output_text.done", "b", index=1), event("output_item.done", item=message("a", "b"))),
            end(message("a", "b")),
        ],
        [Text("a"), Text("b")],
    ),
    "in two items, one of them in pieces": (
        [delta("a", 1), event("output_item.done", 2, item=message("b")), end(message("a"), message("b"))],
        [Text("a"), Text("b")],
    ),
    "without places": (
        [
            *(event("output_item.added", None, item=reasoning()), say("reasoning_summary_text.delta", "hm", None)),
            *(event("output_item.done", None, item=reasoning("hm")), event("output_item.added", None, item=message())),
            *(delta("Hi", None), event("output_item.done", None, item=message("Hi")), end()),
        ],
        [Thinking("hm"), Text("Hi")],
    ),
    "two items without places, one of them in pieces": (
        [
            *(event("output_item.added", None, item=message()), delta("a", None)),
            *(event("output_item.done", None, item=message("a")), event("output_item.added", None, item=message())),
            *(event("output_item.done", None, item=message("b")), end()),
        ],
        [Text("a"), Text("b")],
    ),
    "an item that is done without its place": (
        [delta("a", 1), event("output_item.done", None, item=message("a")), end()],
        [Text("a")],
    ),
    "at other places at the end": (
        [say("reasoning_summary_text.delta", "hm", 0), delta("Hi", 1), end(message("Hi"))],
        [Thinking("hm"), Text("Hi")],
    ),
    "one place for all": (
        [say("reasoning_summary_text.delta", "hm", 0), delta("Hi", 0), end(reasoning("hm"), message("Hi"))],
        [Thinking("hm"), Text("Hi")],
    ),
    "a last response that holds only the last token": (
        [delta("Hi"), delta("!"), end(message("!"))],
        [Text("Hi"), Text("!")],
    ),
    "reasoning parts that are called output_text": (
        [
            *(event("output_item.added", item=reasoning()), say("reasoning_text.delta", "hm")),
            *(event("content_part.done", part={"type": "output_text", "text": "hm"}), delta("Hi", 1), end()),
        ],
        [Thinking("hm"), Text("Hi")],
    ),
    "content as a string": ([end({"type": "message", "content": "Hi"})], [Text("Hi")]),
    "a refusal in pieces": (
        [say("refusal.delta", "No"), say("refusal.delta", "."), say("refusal.done", "No."), end(message(NO))],
        [Text("No"), Text(".")],
    ),
    "a refusal when it is done": ([say("refusal.done", "No."), end(message(NO))], [Text("No.")]),
    "a refusal in the final response": ([end(message(NO))], [Text("No.")]),
    "a summary in parts": (
        [
            *(event("reasoning_summary_part.added", summary_index=0), say("reasoning_summary_text.delta", "a")),
            *(say("reasoning_summary_text.delta", "b"), say("reasoning_summary_text.done", "ab")),
            *(
                event("reasoning_summary_part.added", summary_index=1),
                say("reasoning_summary_text.delta", "c", index=1),
            ),
            *(event("output_item.done", item=reasoning("ab", "c")), end(reasoning("ab", "c"))),
        ],
        [Thinking("a"), Thinking("b"), Thinking("\n\nc")],
    ),
    "a summary in parts, each whole": (
        [say("reasoning_summary_text.done", "a"), say("reasoning_summary_text.done", "b", index=1), end()],
        [Thinking("a"), Thinking("\n\nb")],
    ),
    "a summary in the final response": ([end(reasoning("a", "b"))], [Thinking("a"), Thinking("\n\nb")]),
    "two pieces of reasoning": (
        [say("reasoning_text.delta", "a", 0), delta("Hi", 1), say("reasoning_text.delta", "b", 2), end()],
        [Thinking("a"), Text("Hi"), Thinking("\n\nb")],
    ),
    "reasoning text": (
        [
            say("reasoning_text.delta", "h"),
            say("reasoning_text.delta", "m"),
            say("reasoning_text.done", "hm"),
            end(reasoning(text="hm")),
        ],
        [Thinking("h"), Thinking("m")],
    ),
    "reasoning text when it is done": ([say("reasoning_text.done", "hm"), end(reasoning(text="hm"))], [Thinking("hm")]),
    "reasoning text beside its own summary, piece by piece": (
        [
            *(say("reasoning_text.delta", "h"), say("reasoning_summary_text.delta", "h")),
            *(say("reasoning_text.delta", "m"), say("reasoning_summary_text.delta", "m")),
            *(say("reasoning_summary_text.done", "hm"), end(reasoning("hm", text="hm"))),
        ],
        [Thinking("h"), Thinking("m")],
    ),
    "a summary first, then the reasoning text": (
        [say("reasoning_summary_text.delta", "hm"), say("reasoning_text.delta", "hm"), end(reasoning("hm", text="hm"))],
        [Thinking("hm")],
    ),
    "a whole item with summary and reasoning text": ([end(reasoning("hm", text="hm, well"))], [Thinking("hm, well")]),
}


@pytest.mark.parametrize(("payloads", "events"), TEXTS.values(), ids=TEXTS)
def test_text_and_reasoning_come_once_wherever_they_are_told(payloads: list[Json], events: list[Event]) -> None:
    assert read(*payloads) == [*events, STOP]


@pytest.mark.parametrize("kind", ["created", "in_progress", "queued"])
def test_the_events_before_the_first_item_say_nothing(kind: str) -> None:
    begun = {"type": f"response.{kind}", "response": response(status=kind), "sequence_number": 0}
    assert read(begun, delta("a"), end()) == [Text("a"), STOP]


@pytest.mark.parametrize(
    "payload",
    [
        {},
        {"type": "ping"},
        {"type": ["response.output_text.delta"], "delta": "x"},
        event("audio.delta", delta="x"),
        event("custom_tool_call_input.done", input="x"),
        event("mcp_call_arguments.done", arguments="{}"),
        event("output_text.annotation.added", annotation={"type": "url_citation"}),
        event("shell_call_output_content.done", output=[message("x")]),
        event("output_item.done", item={"type": "web_search_call", "status": "completed", "content": "x"}),
        event("output_item.done", item={"type": "mcp_call", "arguments": "{}", "output": "x", "error": "x"}),
        event("output_item.done", item=None),
        event("output_item.added", "x", item="x"),
        delta({"text": "x"}),
    ],
)
def test_what_is_of_no_use_is_nothing(payload: Json) -> None:
    assert read(payload, delta("a"), payload, end()) == [Text("a"), STOP]


# --- the end --------------------------------------------------------------------------------------------------

CUT: Json = {"incomplete_details": {"reason": "max_output_tokens"}}

ENDS: dict[str, tuple[Json, Finish]] = {
    "completed": (end(), STOP),
    "incomplete by its tokens": (end(status="incomplete", **CUT), Finish("length")),
    "incomplete by a filter": (end(status="incomplete", incomplete_details={"reason": "content_filter"}), STOP),
    "incomplete without a reason": (end(status="incomplete"), Finish("length")),
    "incomplete with another reason": (end(status="incomplete", incomplete_details={"reason": "x"}), Finish("length")),
    "incomplete, called completed": (end(told="incomplete"), Finish("length")),
    "completed, but cut": (end(**CUT), Finish("length")),
    "in progress, called completed": (end(told="in_progress"), STOP),
    "incomplete with status completed": (end(status="incomplete", told="completed", **CUT), Finish("length")),
    "completed without a response": ({"type": "response.completed"}, STOP),
    "fields of other types": (
        {
            "type": "response.completed",
            "response": {"status": [], "output": {}, "usage": "x", "incomplete_details": "x"},
        },
        STOP,
    ),
}


@pytest.mark.parametrize(("last", "finish"), ENDS.values(), ids=ENDS)
def test_the_last_event_ends_the_answer(last: Json, finish: Finish) -> None:
    reader = ResponseReader()
    assert reader.feed(delta("a")) == [Text("a")]
    assert reader.feed(last) == [finish]
    assert reader.feed(delta("late")) == []
    assert reader.close(complete=True) == reader.close(complete=False) == []


def test_an_answer_may_be_empty_if_it_says_that_it_is_complete() -> None:
    assert read(end()) == read(response(), complete=True) == [STOP]


def test_without_a_last_event_the_upstream_must_say_that_it_is_done() -> None:
    assert read(delta("a"), complete=True) == [Text("a"), STOP]
    assert "ended without finishing" in failure(read(delta("a"), complete=False))
    assert "ended without finishing" in failure(read(complete=False))


@pytest.mark.parametrize(
    "payload", [{}, {"type": "response.created", "response": response(status="in_progress")}, {"output": []}]
)
def test_done_without_an_answer_is_no_answer(payload: Json) -> None:
    assert "no output" in failure(read(payload, complete=True))


def test_a_sentence_in_place_of_an_answer_is_passed_on() -> None:
    assert failure(read({"code": 1001, "msg": "sorry"}, complete=True)).endswith("no output: sorry")
    assert "sorry" not in failure(read({"type": "ping", "message": "sorry"}, complete=True))


@pytest.mark.parametrize("payload", [response(message("Hi")), {"output": [message("Hi")]}])
def test_a_response_may_come_whole_with_or_without_its_marks(payload: Json) -> None:
    assert read(payload, complete=True) == [Text("Hi"), STOP]


@pytest.mark.parametrize("status", ["queued", "in_progress"])
def test_a_whole_response_that_is_not_finished_is_a_failure(status: str) -> None:
    events = read(response(message("Hi"), status=status), complete=True)
    assert "ended without finishing" in failure(events)


@pytest.mark.parametrize("last", [end, response])
def test_the_numbers_come_once_before_the_end(last: Any) -> None:
    usage = {"input_tokens": 4, "output_tokens": 2, "output_tokens_details": {"reasoning_tokens": 1}}
    assert read(delta("a"), last(usage=usage)) == [Text("a"), Usage(4, 2), STOP]
    assert read(last(usage={"input_tokens": 4, "output_tokens": None})) == [Usage(4, None), STOP]
    assert read(last(usage={"input_tokens": True, "output_tokens": -1})) == [STOP]


# --- errors ---------------------------------------------------------------------------------------------------

LIMIT: Json = {"code": "rate_limit_exceeded", "message": "sorry", "param": None}

ERRORS: dict[str, tuple[Json, str, int]] = {
    "a flat error event": ({"type": "error", **LIMIT, "sequence_number": 3}, "sorry", 429),
    "a nested error event": ({"type": "error", "error": LIMIT}, "sorry", 429),
    "an error without a type": ({"error": {"message": "sorry", "code": 503}}, "sorry", 503),
    "failed": (end(status="failed", error={"code": "server_error", "message": "sorry"}), "sorry", 500),
    "failed by a limit": (end(status="failed", error=LIMIT), "sorry", 429),
    "failed by the prompt": (end(status="failed", error={"code": "invalid_prompt", "message": "no"}), "no", 400),
    "failed by an image": (end(status="failed", error={"code": "image_file_not_found", "message": "no"}), "no", 400),
    "failed by the context": (
        end(status="failed", error={"code": "context_length_exceeded", "message": "long"}),
        "long",
        400,
    ),
    "failed, the error beside the response": ({"type": "response.failed", "error": LIMIT}, "sorry", 429),
    "failed without a word": (end(status="failed"), "broke off with status 'failed'", 502),
    "failed, called completed": (end(told="failed", error=LIMIT), "sorry", 429),
    "failed, with partial output": (end(message("x"), status="failed", error=LIMIT), "sorry", 429),
    "failed without a word, called completed": (end(told="failed"), "broke off with status 'failed'", 502),
    "cancelled": (end(status="cancelled"), "broke off with status 'cancelled'", 502),
    "failed, whole": (response(status="failed", error=LIMIT), "sorry", 429),
    "cancelled, whole": (response(status="cancelled"), "broke off with status 'cancelled'", 502),
}


@pytest.mark.parametrize(("payload", "sentence", "status"), ERRORS.values(), ids=ERRORS)
def test_an_error_ends_the_answer(payload: Json, sentence: str, status: int) -> None:
    reader = ResponseReader()
    assert reader.feed(delta("a")) == [Text("a")]
    [last] = reader.feed(payload)
    assert isinstance(last, Failure)
    assert sentence in last.error.message
    assert last.error.status == status
    assert reader.feed(end()) == reader.close(complete=True) == []


def test_the_counts_that_come_with_an_error_are_kept() -> None:
    events = read(end(status="failed", error=LIMIT, usage={"input_tokens": 4, "output_tokens": 1}))
    assert events[:-1] == [Usage(4, 1)]


# --- tool calls -----------------------------------------------------------------------------------------------

OSLO_EVENTS, ROME_EVENTS = streamed_call("Oslo", "c1", 1), streamed_call("Rome", "c2", 2)
BOTH = end(reasoning(), call("Oslo", "c1"), call("Rome", "c2"))


@pytest.mark.parametrize(
    "payloads",
    [
        [*OSLO_EVENTS, *ROME_EVENTS, BOTH],
        [*OSLO_EVENTS[:1], *ROME_EVENTS, *OSLO_EVENTS[1:], BOTH],
        [e for pair in zip(OSLO_EVENTS, ROME_EVENTS, strict=True) for e in pair] + [BOTH],
        [OSLO_EVENTS[-1], ROME_EVENTS[-1], end()],
        [*OSLO_EVENTS, ROME_EVENTS[0], BOTH],
        [*OSLO_EVENTS, *ROME_EVENTS[:-2], end()],
        [BOTH],
        [response(call("Oslo", "c1"), call("Rome", "c2"))],
    ],
)
def test_parallel_calls_come_in_order_however_they_are_told(payloads: list[Json]) -> None:
    reader = ResponseReader()
    events = [event for payload in payloads for event in reader.feed(payload)]
    assert events == [OSLO, ROME, STOP]
    assert reader.turn is not None
    assert [each.id for each in reader.turn.calls] == ["c1", "c2"]


def test_a_call_leaves_when_its_arguments_are_done() -> None:
    reader = ResponseReader()
    *pieces, done, _ = OSLO_EVENTS
    assert [event for payload in pieces for event in reader.feed(payload)] == []
    assert reader.feed(done) == [OSLO]


def test_arguments_that_are_only_told_with_the_item_are_waited_for() -> None:
    added, *_, item_done = OSLO_EVENTS
    assert read(added, event("function_call_arguments.done", 1, arguments=""), item_done, end()) == [OSLO, STOP]


def test_calls_that_were_never_ended_are_given_out_if_the_upstream_is_done() -> None:
    assert read(*OSLO_EVENTS[:-2], complete=True) == [OSLO, STOP]
    events = read(*OSLO_EVENTS[:-2], complete=False)
    assert len(events) == 1
    assert "ended without finishing" in failure(events)


@pytest.mark.parametrize("last", [end(), end(status="incomplete", **CUT)])
def test_broken_arguments_are_a_failure_that_blames_the_token_limit_where_it_was_met(last: Json) -> None:
    broken = call("", "c1", '{"city":')
    sentence = failure(read(event("output_item.done", item=broken), last))
    assert 'tool call arguments for "weather"' in sentence
    assert ("token limit" in sentence) == (last["type"] == "response.incomplete")


# --- encrypted reasoning --------------------------------------------------------------------------------------

RS1, RS2 = (reasoning("hm", text="x", id=id_, status="completed", encrypted_content=f"gA{id_}") for id_ in ("r1", "r2"))
SENT_BACK = [{key: item[key] for key in ("type", "id", "summary", "encrypted_content")} for item in (RS1, RS2)]


@pytest.mark.parametrize(
    "payloads",
    [
        [event("output_item.done", 0, item=RS1), event("output_item.done", 1, item=RS2), end(RS1, RS2)],
        [event("output_item.done", 0, item=RS1), event("output_item.done", 1, item=RS2), end()],
        [event("output_item.added", item=RS1 | {"encrypted_content": "g"}), end(RS1, RS2)],
        [response(RS1, call("Oslo", "c1"), RS2)],
    ],
)
def test_encrypted_reasoning_is_kept_as_it_is_sent_back(payloads: list[Json]) -> None:
    reader = ResponseReader()
    for payload in payloads:
        reader.feed(payload)
    assert reader.reasoning_items == SENT_BACK


@pytest.mark.parametrize("content", [None, "", 1])
def test_reasoning_that_is_not_encrypted_is_not_kept(content: Any) -> None:
    reader = ResponseReader()
    reader.feed(response(reasoning("hm", id="r1", encrypted_content=content)))
    assert reader.reasoning_items == []


# --- logprobs -------------------------------------------------------------------------------------------------

TOKEN = {"token": "é", "logprob": -0.5, "bytes": [1], "top_logprobs": [{"token": t, "logprob": -1} for t in "ab"]}


@pytest.mark.parametrize("wanted", [0, 1, 2])
def test_logprobs_come_right_before_their_text_with_no_more_alternatives_than_were_asked_for(wanted: int) -> None:
    top = [{"token": t, "logprob": -1, "bytes": [ord(t)]} for t in "ab"][:wanted]
    entry = {"token": "é", "logprob": -0.5, "bytes": [195, 169]} | ({"top_logprobs": top} if top else {})
    part = {"type": "output_text", "text": "é", "logprobs": [TOKEN]}
    for told in ([delta("é", logprobs=[TOKEN]), end(message(part))], [end(message(part))]):
        assert read(*told, top_logprobs=wanted) == [Logprobs([entry]), Text("é"), STOP]


def test_logprobs_of_a_token_that_became_no_text_are_kept() -> None:
    entry = {"token": "a", "logprob": 0, "bytes": [97]}
    assert read(delta("", logprobs=[{"token": "a", "logprob": 0}]), end()) == [Logprobs([entry]), STOP]


@pytest.mark.parametrize("logprobs", [None, [], {}, "x", [{"token": "a"}, 1]])
def test_logprobs_without_numbers_are_left_out(logprobs: Any) -> None:
    assert read(delta("a", logprobs=logprobs), end()) == [Text("a"), STOP]
