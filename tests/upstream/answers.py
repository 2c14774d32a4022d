"""What the model says: decided from the request alone, so that the same request gets the same answer.

A conversation that ends with tool results gets a sentence that quotes each result beside its call, in order, so that a
wrong pairing shows. A prompt that names tools gets calls of them. A response format gets an instance of its schema.
A few questions have an answer that can be shown to people. Everything else is an echo.
"""

import hashlib
import json
import re
from dataclasses import dataclass, replace
from typing import Any

from tests.upstream.families import family_of
from tests.upstream.instances import Words, instance
from tests.upstream.messages import describe_image
from tests.upstream.wording import content_text, count_prompt, last_user_text, tokens_of, without_markers

type Body = dict[str, Any]

KNOWN_ANSWERS = {
    "Why is the sky blue?": "Sunlight holds all colours. On its way through the air, blue light is scattered far more "
    "than red light, so it reaches our eyes from every part of the sky. At sunset the way is longer: most of the blue "
    "is lost on it, and what is left is red.",
    "What is the capital of Norway?": "The capital of Norway is Oslo.",
    "Write a haiku about the sea.": "Grey waves come and go,\nthe shore keeps none of their names.\n"
    "Salt dries on my hand.",
    "How many days has a leap year?": "A leap year has 366 days.",
}

HIDDEN_REASONING = 16
"""How many reasoning tokens a model that keeps its thoughts to itself is said to have used."""


@dataclass(frozen=True, slots=True)
class Call:
    """A tool call.

    Attributes:
        id: Its id.
        name: The function.
        arguments: JSON text, or None where a server sends null.
        signature: Gemini's thought signature; empty elsewhere.
    """

    id: str
    name: str
    arguments: str | None
    signature: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the model says, before it has a wire form.

    Attributes:
        tokens: The text; a token is a word with the space before it.
        thoughts: The reasoning that is shown, in tokens.
        thoughts_field: The member that carries the reasoning.
        calls: Tool calls.
        refused: The text is a refusal.
        finish: The finish_reason.
        prompt_tokens: Tokens of the prompt.
        hidden_tokens: Tokens of reasoning that is not shown.
    """

    tokens: tuple[str, ...] = ()
    thoughts: tuple[str, ...] = ()
    thoughts_field: str = "reasoning_content"
    calls: tuple[Call, ...] = ()
    refused: bool = False
    finish: str = "stop"
    prompt_tokens: int = 0
    hidden_tokens: int = 0

    @property
    def text(self) -> str:
        """The whole text."""
        return "".join(self.tokens)

    @property
    def reasoning_tokens(self) -> int:
        """Tokens of reasoning, shown or not."""
        return self.hidden_tokens + len(self.thoughts)

    @property
    def completion_tokens(self) -> int:
        """Everything that was generated."""
        called = sum(1 + len(tokens_of(call.arguments or "")) for call in self.calls)
        return self.reasoning_tokens + len(self.tokens) + called


def digest(body: Body, *more: object) -> str:
    """A name for a request, 32 hexadecimal digits: equal requests have equal ids in their answers."""
    text = json.dumps([body, *more], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def answer_chat(body: Body, remembered: int = 0) -> Answer:
    """The answer to a valid chat request.

    Args:
        body: The request.
        remembered: How many reasoning items came back with it, which only the Responses API has.
    """
    messages = body["messages"]
    prompt = without_markers(last_user_text(messages))
    calls = _calls(body, prompt)
    # Where one function is forced, live answers mostly finish with stop.
    forced = isinstance(body.get("tool_choice"), dict)
    answer = Answer(
        tokens=() if calls else tokens_of(_text(body, prompt, remembered)),
        calls=calls,
        finish="tool_calls" if calls and not forced else "stop",
        prompt_tokens=count_prompt(messages),
    )
    return _shorten(_stopped(_thinking(answer, body, prompt), body.get("stop")), _limit(body))


def _text(body: Body, prompt: str, remembered: int) -> str:
    form = body.get("response_format", {})
    if form.get("type") == "json_schema":
        return json.dumps(instance(form["json_schema"]["schema"], Words(prompt)), ensure_ascii=False)
    if form.get("type") == "json_object":
        return json.dumps({"answer": f"You said: {prompt}"}, ensure_ascii=False)
    thoughts = f" I remember {remembered} thought{'s' if remembered > 1 else ''}." if remembered else ""
    return f"{_said(body['messages'], prompt)}{thoughts}"


def _said(messages: list[Body], prompt: str) -> str:
    results = _results(messages)
    if results:
        return f"{'; '.join(results)}."
    if prompt in KNOWN_ANSWERS:
        return KNOWN_ANSWERS[prompt]
    return f"{_seen(messages)}You said: {prompt}" if prompt else f"{_seen(messages)}You said nothing."


def _seen(messages: list[Body]) -> str:
    """What images the last message shows: `I see 1 image (image/png, 68 bytes). `."""
    content = messages[-1].get("content")
    parts = content if isinstance(content, list) else []
    images = [describe_image(part["image_url"]["url"]) for part in parts if part["type"] == "image_url"]
    if not images:
        return ""
    return f"I see {len(images)} image{'s' if len(images) > 1 else ''} ({'; '.join(images)}). "


def _results(messages: list[Body]) -> list[str]:
    """The tool results at the end, each beside its call: `weather(Oslo) [call_1] said 3°C`."""
    count = 0
    while count < len(messages) and messages[-1 - count]["role"] == "tool":
        count += 1
    if not count:
        return []
    # The latest call of an id counts. The Responses API lets other items stand between a call and its result.
    calls = {call["id"]: call["function"] for message in messages for call in message.get("tool_calls", ())}
    return [
        f"{calls[result['tool_call_id']]['name']}({_shown(calls[result['tool_call_id']]['arguments'])}) "
        f"[{result['tool_call_id']}] said {content_text(result['content'])}"
        for result in messages[-count:]
    ]


def _shown(arguments: str) -> str:
    """The values of a call's arguments; the text itself when it is no JSON object."""
    try:
        values = json.loads(arguments)
    except ValueError:
        return arguments
    return ", ".join(map(str, values.values())) if isinstance(values, dict) else arguments


def _calls(body: Body, prompt: str) -> tuple[Call, ...]:
    """A call each time the prompt names a tool, in the order of the prompt, or of the one that is demanded."""
    choice = body.get("tool_choice", "auto")
    if "tools" not in body or choice == "none" or body["messages"][-1]["role"] != "user":
        return ()
    functions = {tool["function"]["name"]: tool["function"] for tool in body["tools"]}
    asked = _asked(prompt, list(functions))
    if isinstance(choice, dict):
        name = choice["function"]["name"]
        asked = [each for each in asked if each[0] == name][:1] or [(name, prompt)]
    elif not asked and choice == "required":
        asked = [(next(iter(functions)), prompt)]
    if body.get("parallel_tool_calls") is False:
        asked = asked[:1]
    return tuple(
        Call(f"call_{digest(body, position)[:24]}", name, _arguments(functions[name], words))
        for position, (name, words) in enumerate(asked)
    )


def _asked(prompt: str, names: list[str]) -> list[tuple[str, str]]:
    """The tools that a prompt names, as often as it does, each with the words from its name to the next tool's."""
    found = sorted((match.span(), name) for name in names for match in _whole_word(name).finditer(prompt))
    starts = [start for (start, _), _ in found]
    return [
        (name, prompt[end:until])
        for ((_, end), name), until in zip(found, [*starts[1:], len(prompt)], strict=False)  # none found: one until
    ]


def _whole_word(name: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![\w-]){re.escape(name)}(?![\w-])")


def _arguments(function: Body, words: str) -> str:
    value = instance(function.get("parameters") or {"type": "object"}, Words(words))
    return json.dumps(value, ensure_ascii=False)


def _thinking(answer: Answer, body: Body, prompt: str) -> Answer:
    family = family_of(body["model"])
    if family.effort(body.get("reasoning_effort")) == "none":
        return answer
    if not family.shows_thoughts:
        return replace(answer, hidden_tokens=HIDDEN_REASONING)
    return replace(answer, thoughts=tokens_of(" ".join(thoughts_about(prompt))))


def thoughts_about(prompt: str) -> tuple[str, str]:
    """What the model thinks of a prompt, in two steps."""
    return f"The user wrote {len(prompt.split())} words.", "I answer them."


def _stopped(answer: Answer, stop: str | list[str] | None) -> Answer:
    """The answer up to the first stop sequence."""
    text = answer.text
    stops = [stop] if isinstance(stop, str) else stop or []
    end = min((text.index(each) for each in stops if each in text), default=len(text))
    return replace(answer, tokens=tokens_of(text[:end]))


def _limit(body: Body) -> int | None:
    limit: int | None = body.get("max_completion_tokens") or body.get("max_tokens")
    return limit


def _shorten(answer: Answer, limit: int | None) -> Answer:
    """Cut an answer to so many tokens: reasoning counts first, and can use them all up. Tool calls are never cut."""
    if limit is None or answer.calls or answer.completion_tokens <= limit:
        return answer
    hidden = min(answer.hidden_tokens, limit)
    thoughts = answer.thoughts[: limit - hidden]
    tokens = answer.tokens[: limit - hidden - len(thoughts)]
    return replace(answer, hidden_tokens=hidden, thoughts=thoughts, tokens=tokens, finish="length")
