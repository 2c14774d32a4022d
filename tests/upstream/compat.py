"""What compatible servers do differently, as models whose ids begin with `compat-`.

Each row refuses in that server's words and form, and answers with its oddities; whatever else it is sent it takes, or
does not look at. The sentences are quoted from issues of 2024 to 2026, which the checks name.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from tests.upstream import compat_checks as checks
from tests.upstream.answers import Answer, digest
from tests.upstream.chat import Event
from tests.upstream.edits import EventsEdit, calls_in_one_chunk, calls_without_index, usage_in_last_choice
from tests.upstream.parameters import CHAT
from tests.upstream.seals import seal
from tests.upstream.wording import tokens_of

type Body = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Habit:
    """How one server differs from OpenAI.

    Attributes:
        refuses: Checks of what it refuses, in its own form.
        ignored: Parameters that it knows nothing of, and so overlooks.
        lenient: It overlooks everything that it does not know.
        answer: A change of what the model says.
        events: A change of the stream's events.
    """

    refuses: tuple[checks.Check, ...] = ()
    ignored: frozenset[str] = frozenset()
    lenient: bool = True
    answer: Callable[[Answer], Answer] | None = None
    events: EventsEdit | None = None

    def read(self, body: Body) -> Body:
        """The request as OpenAI would have to be sent it.

        Raises:
            Refusal: The server refuses it.
        """
        for check in self.refuses:
            check(body)
        if not self.lenient:
            return body
        read = {key: value for key, value in body.items() if key in CHAT and key not in self.ignored}
        if isinstance(read.get("messages"), list):
            read["messages"] = [_without_extras(message) for message in read["messages"]]
        return read

    def say(self, answer: Answer) -> Answer:
        """What the model says there."""
        return self.answer(answer) if self.answer else answer

    def stream(self, events: list[Event], counts: Body) -> list[Event]:
        """The events as the server sends them."""
        return self.events(events, counts) if self.events else events


def _without_extras(message: Any) -> Any:
    """A message whose calls have only what OpenAI knows."""
    if not isinstance(message, dict) or not isinstance(message.get("tool_calls"), list):
        return message
    calls = [
        {key: value for key, value in call.items() if key != "extra_content"} if isinstance(call, dict) else call
        for call in message["tool_calls"]
    ]
    return {**message, "tool_calls": calls}


def _short_ids(answer: Answer) -> Answer:
    """Call ids of nine letters and digits, as Mistral makes them."""
    return replace(answer, calls=tuple(replace(call, id=digest({"id": call.id})[:9]) for call in answer.calls))


def _signed(answer: Answer) -> Answer:
    """Calls without ids, the first one with a thought signature, as Gemini 3 makes them."""
    calls = [replace(call, id="") for call in answer.calls]
    if calls:
        calls[0] = replace(calls[0], signature=seal(digest({"arguments": calls[0].arguments})))
    return replace(answer, calls=tuple(calls))


def _think_in_content(answer: Answer) -> Answer:
    # The tags come in pieces, as tokens do.
    thoughts = ("<", "think", ">\n", *tokens_of("The user wants an answer."), "\n</", "think", ">\n\n")
    return replace(answer, tokens=(*thoughts, *answer.tokens))


def _whole_calls_and_usage(events: list[Event], counts: Body) -> list[Event]:
    return usage_in_last_choice(calls_in_one_chunk(events, counts), counts)


OPENAI = Habit(lenient=False)

HABITS: Mapping[str, Habit] = {
    "compat-deepseek": Habit(
        refuses=(checks.reasoning_with_calls, checks.no_schema),
        ignored=frozenset({"max_completion_tokens", "seed"}),
        events=usage_in_last_choice,
    ),
    "compat-gemini": Habit(
        refuses=(checks.gemini_names, checks.thought_signatures), answer=_signed, events=calls_without_index
    ),
    "compat-groq": Habit(refuses=(checks.groq_names, checks.groq_messages)),
    "compat-lmstudio": Habit(refuses=(checks.no_json_object, checks.no_tool_choice_object)),
    "compat-mistral": Habit(
        refuses=(checks.mistral_names, checks.nine_letter_ids), answer=_short_ids, events=_whole_calls_and_usage
    ),
    "compat-nojson": Habit(refuses=(checks.no_response_format,)),
    "compat-think": Habit(answer=_think_in_content),
    "compat-vllm": Habit(refuses=(checks.system_first,), ignored=frozenset({"max_completion_tokens"})),
    "compat-xai": Habit(refuses=(checks.xai_names,)),
}


def habit_of(body: Body) -> Habit:
    """The habit of the model that a request names; OpenAI's where it has none."""
    return HABITS.get(str(body.get("model")), OPENAI)
