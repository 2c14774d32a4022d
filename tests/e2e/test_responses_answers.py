"""What is asked of and answered by a model of the Responses API: the same as of any other, as far as a client sees."""

import json
from collections.abc import Iterator
from typing import Any

import ollama
import pytest

from tests.e2e.families_table import LOOSE, PIXEL, STRICT, WEATHER
from tests.e2e.heard import Heard, hear
from tests.process import Process, serving
from tests.upstream import Upstream

MODEL = "gpt-5-pro"
COUNTED = " ".join(str(number) for number in range(40))

both = pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])


@pytest.fixture(scope="module")
def forced(upstream: Upstream, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ollama.Client]:
    """All models are asked by the Responses API, so that one model can be compared with itself."""
    with (
        serving(upstream.base_url, tmp_path_factory.mktemp("home"), PROXY_API="responses") as process,
        ollama.Client(process.url, trust_env=False) as client,
    ):
        yield client


def user(text: str, **more: Any) -> list[dict[str, Any]]:
    return [{"role": "user", "content": text, **more}]


def sent(upstream: Upstream) -> dict[str, Any]:
    received = upstream.requests[-1]
    assert received.path == "/v1/responses"
    body: dict[str, Any] = received.json
    return body


@both
def test_system_text_and_what_was_said_before_are_items(
    client: ollama.Client, upstream: Upstream, stream: bool
) -> None:
    messages = [
        {"role": "system", "content": "Be terse."},
        {"role": "user", "content": "one"},
        {"role": "assistant", "content": "two"},
        {"role": "user", "content": "three"},
    ]
    assert hear(client, MODEL, messages, stream=stream).text == "You said: three"
    assert sent(upstream)["input"] == messages
    assert sent(upstream)["store"] is False


@both
def test_pictures_are_seen(client: ollama.Client, upstream: Upstream, stream: bool) -> None:
    heard = hear(client, MODEL, user("look", images=[PIXEL, PIXEL]), stream=stream)
    assert heard.text.startswith("I see 2 images (image/png, 70 bytes; image/png, 70 bytes).")
    (item,) = sent(upstream)["input"]
    assert [part["type"] for part in item["content"]] == ["input_text", "input_image", "input_image"]


@both
@pytest.mark.parametrize(("schema", "strict"), [(STRICT, True), (LOOSE, False)], ids=["strict", "loose"])
def test_an_answer_keeps_to_a_schema(
    client: ollama.Client, upstream: Upstream, schema: dict[str, Any], strict: bool, stream: bool
) -> None:
    answer = json.loads(hear(client, MODEL, user("Ada"), stream=stream, format=schema).text)
    assert answer.keys() >= set(schema["required"])
    form = sent(upstream)["text"]["format"]
    assert (form["type"], form["strict"]) == ("json_schema", strict)


@both
def test_json_is_json(client: ollama.Client, upstream: Upstream, stream: bool) -> None:
    assert json.loads(hear(client, MODEL, user("Ada"), stream=stream, format="json").text)
    assert sent(upstream)["text"] == {"format": {"type": "json_object"}}


@both
def test_results_go_to_their_calls(client: ollama.Client, upstream: Upstream, stream: bool) -> None:
    ask = user("weather in Oslo and weather in Bergen")
    called = hear(client, MODEL, ask, stream=stream, tools=[WEATHER])
    results = [{"role": "tool", "tool_name": "weather", "content": text} for text in ("3 degrees", "7 degrees")]
    told = hear(client, MODEL, [*ask, called.message, *results], stream=stream, tools=[WEATHER])
    first, second = told.text.split("; ")
    assert (first.split(" ")[0], first.split(" said ")[1]) == ("weather(Oslo)", "3 degrees")
    assert second.startswith("weather(Bergen)")
    assert "7 degrees" in second
    assert [item["type"] for item in sent(upstream)["input"][1:]] == [
        "reasoning",
        *["function_call"] * 2,
        *["function_call_output"] * 2,
    ]


@both
def test_reasoning_is_shown_unless_that_is_declined(client: ollama.Client, stream: bool) -> None:
    for think, shown in ((None, True), (True, True), ("high", True), (False, False)):
        heard = hear(client, MODEL, user("hello"), stream=stream, think=think)
        assert (heard.thinking, heard.text) == (
            "The user wrote 1 words. I answer them." if shown else "",
            "You said: hello",
        )


@both
def test_generate_shows_it_too_and_goes_on_from_its_context(client: ollama.Client, stream: bool) -> None:
    asked: Any = {"model": MODEL, "prompt": "hello", "system": "Be terse.", "stream": stream}
    answer: Any = client.generate(**asked)
    parts = list(answer) if stream else [answer]
    assert "".join(part.response for part in parts) == "You said: hello"
    assert "".join(part.thinking or "" for part in parts) == "The user wrote 1 words. I answer them."
    more: Any = client.generate(**{**asked, "prompt": "and you?", "context": parts[-1].context})
    assert "".join(part.response for part in (list(more) if stream else [more])) == "You said: and you?"


def outcome(client: ollama.Client, model: str, text: str, *, stream: bool, **request: Any) -> tuple[Any, ...]:
    """What a client is left with: the end of an answer, or an error."""
    try:
        heard: Heard = hear(client, model, user(text), stream=stream, **request)
    except ollama.ResponseError as error:
        return error.status_code, error.error
    last = heard.last
    return heard.text, last.done_reason, last.prompt_eval_count, last.eval_count


REQUESTS: dict[str, dict[str, Any]] = {
    "an answer": {"text": "hello there"},
    "a limit": {"text": COUNTED, "options": {"num_predict": 20}},
    "an empty prompt": {"text": ""},
    "a schema": {"text": "Ada", "format": STRICT},
    "tokens of a megabyte": {"text": "[[fault:long-line]]"},
    "separators": {"text": "[[fault:unicode-separators]]"},
    "an answer that is cut off": {"text": f"{COUNTED} [[fault:incomplete]]"},
    "a refusal": {"text": "[[fault:refusal]]"},
    "a filter": {"text": f"{COUNTED} [[fault:content-filter]]"},
    "an error at first": {"text": "[[fault:error-first]]"},
    "an error in the middle": {"text": f"{COUNTED} [[fault:error-mid]]"},
    "the same, nested": {"text": f"{COUNTED} [[fault:error-event]]"},
    "an end without an ending": {"text": f"{COUNTED} [[fault:cut-clean]]"},
    "a broken connection": {"text": f"{COUNTED} [[fault:cut]]"},
    "a whole answer for a stream": {"text": "hello [[fault:json-for-stream]]"},
    "bytes one by one": {"text": "hello [[fault:sse-bytewise]]"},
    "comments": {"text": "hello [[fault:sse-comments]]"},
    "no space": {"text": "hello [[fault:sse-nospace]]"},
    "a web page": {"text": "[[fault:html-200]]"},
    "nothing": {"text": "[[fault:empty-200]]"},
    "an error with 200": {"text": "[[fault:error-200]]"},
    "an empty account": {"text": "[[fault:quota]]"},
    "a bad key": {"text": "[[fault:401]]"},
    "a bad request": {"text": "[[fault:status:400]]"},
}


@both
@pytest.mark.parametrize("name", REQUESTS)
def test_a_client_is_left_with_the_same_as_after_chat_completions(
    client: ollama.Client, forced: ollama.Client, name: str, stream: bool
) -> None:
    by_chat = outcome(client, "gpt-4o", **REQUESTS[name], stream=stream)
    assert outcome(forced, "gpt-4o", **REQUESTS[name], stream=stream) == by_chat


@both
def test_a_response_that_failed_is_an_error(client: ollama.Client, stream: bool) -> None:
    in_stream = -1  # what the package says of an error line
    told = "The server had an error while processing your request. Sorry about that!"
    assert outcome(client, MODEL, f"{COUNTED} [[fault:failed]]", stream=stream) == (in_stream if stream else 500, told)


def test_a_stream_is_read_although_a_whole_answer_was_asked_for(client: ollama.Client) -> None:
    assert hear(client, MODEL, user("hello there [[fault:sse-for-whole]]")).text == "You said: hello there"


@both
@pytest.mark.parametrize("most", [5, 50])
def test_a_limit_leaves_room_for_reasoning(client: ollama.Client, upstream: Upstream, most: int, stream: bool) -> None:
    heard = hear(client, MODEL, user("hello there"), stream=stream, options={"num_predict": most})
    assert (heard.text, heard.last.done_reason) == ("You said: hello there", "stop")
    assert sent(upstream)["max_output_tokens"] > 25_000


@both
def test_an_answer_that_met_its_limit_ends_with_length(client: ollama.Client, stream: bool) -> None:
    cut = hear(client, MODEL, user(f"{COUNTED} [[fault:incomplete]]"), stream=stream)
    assert cut.text
    assert cut.last.done_reason == "length"


@both
@pytest.mark.parametrize("model", [MODEL, "gpt-4o"])
def test_too_long_a_prompt_is_told_in_words_that_ollamas_clients_look_for(
    client: ollama.Client, model: str, stream: bool
) -> None:
    status, told = outcome(client, model, "word " * 300_000, stream=stream)
    assert status == 400
    assert told.startswith("the input length exceeds the context length: ")


def test_log_probabilities_are_those_of_the_tokens(forced: ollama.Client) -> None:
    whole, streamed = (
        hear(forced, "gpt-4o", user("hello there"), stream=stream, logprobs=True, top_logprobs=2)
        for stream in (False, True)
    )
    assert "".join(each.token for each in whole.logprobs) == whole.text
    assert [each.model_dump() for each in streamed.logprobs] == [each.model_dump() for each in whole.logprobs]
    assert {len(each.top_logprobs) for each in whole.logprobs} == {2}


def test_counts_are_the_upstreams(client: ollama.Client) -> None:
    for stream in (False, True):
        last = hear(client, MODEL, user("hello there"), stream=stream).last
        assert (last.prompt_eval_count, last.eval_count) == (2, 20)


def test_a_client_that_leaves_ends_the_upstreams_answer(proxy: Process, upstream: Upstream) -> None:
    with ollama.Client(proxy.url, trust_env=False) as leaving:
        answer = leaving.chat(MODEL, user("a b c [[gate:responses-left]]"), stream=True)
        upstream.release("responses-left")
        next(iter(answer))
    upstream.wait_aborted("[[gate:responses-left]]")
