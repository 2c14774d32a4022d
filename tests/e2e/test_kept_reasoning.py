"""Loops of tools at servers that want something back that Ollama's protocol has no place for.

The client streams, and sends the calls back without ids, and without the reasoning unless it is said otherwise.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import ollama
import pytest

from tests.e2e.families_table import WEATHER
from tests.e2e.heard import Heard, hear
from tests.process import serving
from tests.upstream import Upstream
from tests.upstream.seals import is_sealed

QUESTION = {"role": "user", "content": "weather in Oslo and weather in Bergen"}
RESULTS = ({"role": "tool", "content": "3 degrees"}, {"role": "tool", "content": "7 degrees"})
TOLD = ("weather(Oslo)", "3 degrees", "weather(Bergen)", "7 degrees")
CHAT, RESPONSES = "/v1/chat/completions", "/v1/responses"

LOOPING = (
    "compat-deepseek",
    "compat-gemini",
    "compat-groq",
    "compat-mistral",
    "compat-vllm",
    "gpt-5-pro",
    "reasoner-1",
)


def turn(client: ollama.Client, model: str, messages: Sequence[Any]) -> Heard:
    return hear(client, model, messages, stream=True, tools=[WEATHER])


def as_sent_back(heard: Heard, *, with_thinking: bool = False) -> ollama.Message:
    return heard.message.model_copy(update={} if with_thinking else {"thinking": None})


def are_in_order(text: str, pieces: Sequence[str]) -> bool:
    places = [text.find(piece) for piece in pieces]
    return -1 not in places and places == sorted(places)


def loop(client: ollama.Client, model: str) -> list[Any]:
    """A conversation of two questions whose calls were all answered."""
    messages: list[Any] = [QUESTION]
    for question, results in ((None, RESULTS), ({"role": "user", "content": "And the weather in Troms?"}, RESULTS[:1])):
        messages += [question] if question else []
        called = turn(client, model, messages)
        assert called.called == ["weather"] * len(results)
        messages += [as_sent_back(called), *results]
        answered = turn(client, model, messages)
        assert answered.called == []
        assert are_in_order(answered.text, TOLD[: len(results)] if question is None else ("weather(Troms", "3 degrees"))
        messages.append(as_sent_back(answered))
    return messages


@pytest.fixture(scope="module")
def untaught(upstream: Upstream, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ollama.Client]:
    """For loops from their beginning."""
    with (
        serving(upstream.base_url, tmp_path_factory.mktemp("home")) as process,
        ollama.Client(process.url, trust_env=False) as real,
    ):
        yield real


@pytest.fixture(scope="module")
def restarted(upstream: Upstream, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ollama.Client]:
    """For loops that began elsewhere."""
    with (
        serving(upstream.base_url, tmp_path_factory.mktemp("home")) as process,
        ollama.Client(process.url, trust_env=False) as real,
    ):
        yield real


@pytest.mark.parametrize("model", LOOPING)
def test_a_loop_of_two_questions_is_answered_and_only_lessons_cost_a_call(
    untaught: ollama.Client, upstream: Upstream, model: str
) -> None:
    before = len(upstream.requests)
    loop(untaught, model)
    lessons = {"compat-deepseek": 1, "compat-mistral": 1}.get(model, 0)
    path = RESPONSES if model == "gpt-5-pro" else CHAT
    assert [each.path for each in upstream.requests[before:]] == [path] * (4 + lessons)


@pytest.mark.parametrize("with_thinking", [False, True])
def test_reasoning_goes_back_with_the_calls_to_who_wants_it(
    client: ollama.Client, upstream: Upstream, with_thinking: bool
) -> None:
    called = turn(client, "compat-deepseek", [QUESTION])
    assert called.thinking
    turn(client, "compat-deepseek", [QUESTION, as_sent_back(called, with_thinking=with_thinking), *RESULTS])
    messages = upstream.requests[-1].json["messages"]
    assert [message.get("reasoning_content") for message in messages] == [None, called.thinking, None, None]


@pytest.mark.parametrize("model", ["compat-groq", "compat-vllm", "reasoner-1"])
def test_reasoning_goes_to_nobody_who_does_not_want_it(client: ollama.Client, upstream: Upstream, model: str) -> None:
    called = turn(client, model, [QUESTION]).message.model_copy(update={"thinking": "I think."})
    turn(client, model, [QUESTION, called, *RESULTS])
    assert "I think." not in upstream.requests[-1].text
    assert "reasoning" not in upstream.requests[-1].text


def test_a_thought_signature_goes_back_at_its_call(client: ollama.Client, upstream: Upstream) -> None:
    called = turn(client, "compat-gemini", [QUESTION])
    turn(client, "compat-gemini", [QUESTION, as_sent_back(called), *RESULTS])
    first, second = upstream.requests[-1].json["messages"][1]["tool_calls"]
    assert is_sealed(first["extra_content"]["google"]["thought_signature"])
    assert "extra_content" not in second


def test_conversations_at_once_do_not_get_each_others_reasoning(client: ollama.Client, upstream: Upstream) -> None:
    questions = [[{"role": "user", "content": text}] for text in ("weather in Oslo please, quickly", "weather in Oslo")]
    turns = [turn(client, "compat-deepseek", question) for question in questions]
    assert turns[0].thinking != turns[1].thinking
    for question, called in zip(questions, turns, strict=True):
        turn(client, "compat-deepseek", [*question, as_sent_back(called), RESULTS[0]])
        assert upstream.requests[-1].json["messages"][1]["reasoning_content"] == called.thinking


@pytest.mark.parametrize("model", LOOPING)
def test_after_a_restart_a_loop_goes_on(client: ollama.Client, restarted: ollama.Client, model: str) -> None:
    messages = loop(client, model)[:-1]
    assert "3 degrees" in turn(restarted, model, messages).text


def test_what_stands_for_a_lost_signature_is_learned_once_and_for_unknown_turns_only(
    client: ollama.Client, upstream: Upstream, tmp_path: Path
) -> None:
    old = [QUESTION, as_sent_back(turn(client, "compat-gemini", [QUESTION])), *RESULTS]
    with serving(upstream.base_url, tmp_path) as process, ollama.Client(process.url, trust_env=False) as later:
        before = len(upstream.requests)
        turn(later, "compat-gemini", old)
        again = {"role": "user", "content": "weather in Troms please"}
        called = turn(later, "compat-gemini", [*old, {"role": "assistant", "content": "!"}, again])
        goes_on = [*old, {"role": "assistant", "content": "!"}, again, as_sent_back(called), RESULTS[0]]
        assert "3 degrees" in turn(later, "compat-gemini", goes_on).text
        process.wait_for("compat-gemini: the upstream refused a request until it was changed: the signatures of its")
    assert len(upstream.requests) - before == 4
    calls = [call for message in upstream.requests[-1].json["messages"] for call in message.get("tool_calls", ())]
    lost, beside, known = (call.get("extra_content", {}).get("google", {}).get("thought_signature") for call in calls)
    assert (lost, beside) == ("skip_thought_signature_validator", None)
    assert is_sealed(known)
