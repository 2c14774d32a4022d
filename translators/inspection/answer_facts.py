"""What an answer says of itself: model, how it ended, token counts and durations, under the names of either protocol.

Sources: OpenAI's API reference (`usage` of Chat Completions, Responses, Completions and Embeddings), Ollama's
docs/api.md (the last object of an answer).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from translators.inspection.events import parts_of
from translators.inspection.values import number_in

# What a count is called here, and where it stands: keys from outside in.
_COUNTS: Final = (
    ("prompt", ("prompt_eval_count",)),  # Ollama
    ("prompt", ("usage", "prompt_tokens")),  # Chat Completions, Completions, Embeddings
    ("prompt", ("usage", "input_tokens")),  # Responses
    ("cached", ("usage", "prompt_tokens_details", "cached_tokens")),
    ("cached", ("usage", "input_tokens_details", "cached_tokens")),
    ("output", ("eval_count",)),
    ("output", ("usage", "completion_tokens")),
    ("output", ("usage", "output_tokens")),
    ("thinking", ("usage", "completion_tokens_details", "reasoning_tokens")),
    ("thinking", ("usage", "output_tokens_details", "reasoning_tokens")),
)

_DURATIONS: Final = {
    "load": "load_duration",
    "prompt": "prompt_eval_duration",
    "output": "eval_duration",
    "total": "total_duration",
}
"""Ollama's, in nanoseconds."""

AT_EITHER_END: Final = 50
"""How many values at either end of an answer are looked at."""

_ENDS: Final = ("done_reason", "finish_reason")


@dataclass(slots=True)
class Facts:
    """What an answer says of itself.

    Attributes:
        model: Empty when it does not say.
        end: Why it ended, in the word of its protocol; empty when it does not say.
        tokens: `prompt`, `cached` (of the prompt), `output`, `thinking` (of the output), as far as they are told.
        durations_ms: `load`, `prompt`, `output`, `total`, as far as they are told.
    """

    model: str = ""
    end: str = ""
    tokens: dict[str, int] = field(default_factory=dict)
    durations_ms: dict[str, float] = field(default_factory=dict)

    @property
    def tokens_per_second(self) -> float | None:
        """The speed that Ollama's clients show; None where the answer does not tell it."""
        output, took_ms = self.tokens.get("output"), self.durations_ms.get("output")
        return output * 1000 / took_ms if output and took_ms else None


def facts_of(values: Sequence[Any]) -> Facts:
    """What an answer says of itself; what is said again counts last.

    Args:
        values: Of its events, its lines, or its one document. Only the first and the last ones are looked at: the
            others say no more of it, and can be very many.
    """
    facts = Facts()
    for value in (*values[:AT_EITHER_END], *values[AT_EITHER_END:][-AT_EITHER_END:]):
        _read(value, facts)
        if isinstance(value, dict) and isinstance(response := value.get("response"), dict):  # events of Responses
            _read(response, facts)
    return facts


def _read(value: Any, facts: Facts) -> None:
    for part in parts_of(value):
        for key in _ENDS:
            if isinstance(end := part.get(key), str) and end:
                facts.end = end
    if not isinstance(value, dict):
        return
    if isinstance(model := value.get("model"), str) and model:
        facts.model = model
    if ended := _end_of_response(value):
        facts.end = ended
    for name, place in _COUNTS:
        if (count := number_in(_at(value, place))) is not None:
            facts.tokens[name] = int(count)
    for name, key in _DURATIONS.items():
        if (duration := number_in(value.get(key))) is not None:
            facts.durations_ms[name] = duration / 1e6


def _end_of_response(value: Mapping[str, Any]) -> str:
    """How a response of the Responses API ended: `completed`, `incomplete: max_output_tokens`."""
    status = value.get("status")
    if value.get("object") != "response" or not isinstance(status, str) or status in ("queued", "in_progress"):
        return ""
    reason = _at(value, ("incomplete_details", "reason"))
    return f"{status}: {reason}" if isinstance(reason, str) else status


def _at(value: Any, place: tuple[str, ...]) -> Any:
    for key in place:
        value = value.get(key) if isinstance(value, dict) else None
    return value
