"""What the dialects meet in: the events of one answer.

Readers turn an OpenAI dialect into these, writers turn these into Ollama objects. In one answer come any number of
`Thinking`, `Text`, `Logprobs` and `ToolCall`, at most one `Usage`, and then either `Finish` or `Failure`, once, last.
"""

from dataclasses import dataclass
from typing import Any, Literal

from translators.errors import OllamaError


@dataclass(frozen=True, slots=True)
class Text:
    """A piece of the answer's text; never empty."""

    text: str


@dataclass(frozen=True, slots=True)
class Thinking:
    """A piece of the model's reasoning; never empty."""

    text: str


@dataclass(frozen=True, slots=True)
class ToolCall:
    """One whole tool call.

    Attributes:
        index: Position among the calls of this answer, from 0.
        id: As the upstream gave it; empty when it gave none.
        name: The function's name.
        arguments: Always an object, `{}` when the upstream gave none.
        extra_content: What the upstream wants back with the call, of any JSON type (Gemini); None for nothing.
    """

    index: int
    id: str
    name: str
    arguments: dict[str, Any]
    extra_content: Any = None


@dataclass(frozen=True, slots=True)
class Logprobs:
    """Log probabilities of some tokens, in Ollama's form (its `api/types.go`).

    They belong to the `Text` that follows, if one does.
    """

    entries: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Usage:
    """Token counts; None for a number that the upstream did not give."""

    prompt_tokens: int | None
    output_tokens: int | None


@dataclass(frozen=True, slots=True)
class Finish:
    """The answer is complete."""

    reason: Literal["stop", "length"]


@dataclass(frozen=True, slots=True)
class Failure:
    """The answer ends here, incomplete."""

    error: OllamaError


type Event = Text | Thinking | ToolCall | Logprobs | Usage | Finish | Failure
