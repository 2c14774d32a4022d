"""Ollama's `options` as fields of a request to one of OpenAI's APIs.

`OPTIONS` has one row for each option that Ollama knows: its type, whose violation is Ollama's own error, and what
becomes of it. Ollama checks types but no ranges; OpenAI refuses what is out of range, so values are brought into it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from translators.errors import OllamaError
from translators.notes import Note
from translators.profiles import Profile

REASONING_ALLOWANCE = 25_000
"""Tokens granted beside `num_predict` to a model that reasons: OpenAI's advice on how much to reserve."""

MOST_STOP_SEQUENCES = 4
"""OpenAI, Groq, Cerebras and Together refuse more."""

_LARGEST_INTEGER = 2**63 - 1  # Go's int


class _Target(NamedTuple):
    """Where an option goes: the model's profile, and the reasoning effort sent beside it (None: not sent)."""

    profile: Profile
    effort: str | None


class _Fate(NamedTuple):
    """What becomes of one option: the fields to send, and the note's action and detail (None: sent as it was)."""

    fields: dict[str, Any]
    note: tuple[Literal["renamed", "converted", "dropped"], str] | None = None


type _Carry = Callable[[Any, _Target], _Fate]


@dataclass(frozen=True, slots=True)
class Option:
    """One row of the table: the Go type by which Ollama's error calls it, and how it is carried over."""

    kind: Literal["integer", "float32", "boolean", "array"]
    carry: _Carry


def _dropped(reason: str) -> _Carry:
    return lambda _value, _target: _Fate({}, ("dropped", reason))


def _sampling(field: str, low: int, high: int) -> _Carry:
    def carry(value: float, target: _Target) -> _Fate:
        if not target.profile.takes_sampling(target.effort):
            return _Fate({}, ("dropped", target.profile.sampling_refusal))
        clamped = min(max(value, low), high)
        if clamped == value:
            return _Fate({field: value})
        return _Fate({field: clamped}, ("converted", f"{clamped}: OpenAI takes {low} to {high}"))

    return carry


def _penalty(field: str) -> _Carry:
    within_bounds = _sampling(field, -2, 2)

    def carry(value: float, target: _Target) -> _Fate:
        return within_bounds(value, target) if target.profile.penalties else _Fate({}, ("dropped", _NOT_IN_RESPONSES))

    return carry


def _seed(value: int, target: _Target) -> _Fate:
    if value == -1:
        return _Fate({}, ("dropped", "-1 means a random seed, as without one"))
    return _Fate({"seed": value}) if target.profile.seed else _Fate({}, ("dropped", _NOT_IN_RESPONSES))


def _stop(value: list[str], target: _Target) -> _Fate:
    sequences = [sequence for sequence in value if sequence]
    if not sequences:
        return _Fate({}, ("dropped", "no sequence in it"))
    if not target.profile.stop:
        return _Fate({}, ("dropped", f"not taken by {target.profile.name}"))
    kept = sequences[:MOST_STOP_SEQUENCES]
    if kept == value:
        return _Fate({"stop": kept})
    return _Fate({"stop": kept}, ("converted", f"the first {len(kept)} of its sequences that are not empty"))


def _num_predict(value: int, target: _Target) -> _Fate:
    if value <= 0:
        return _Fate({}, ("dropped", "0 and less mean no limit, as without it"))
    field = target.profile.length_field
    if not target.profile.reasons(target.effort):
        if value < target.profile.shortest:
            return _Fate({field: target.profile.shortest}, ("converted", f"{field}, the least that is taken"))
        return _Fate({field: value}, ("renamed", field))
    limit = max(value, min(value + REASONING_ALLOWANCE, target.profile.allowance_limit))
    if limit == value:
        return _Fate({field: limit}, ("renamed", f"{field}, which counts reasoning too"))
    return _Fate({field: limit}, ("converted", f"{field}, {limit - value} more because reasoning counts against it"))


_NOT_IN_RESPONSES = "the Responses API has no such field"

_NO_SUCH_SAMPLER = _dropped("no such sampler at OpenAI")
_ENGINE = _dropped("a setting of Ollama's engine")
_CONTEXT = _dropped("the upstream's context is what it is")

OPTIONS: Mapping[str, Option] = {
    "num_predict": Option("integer", _num_predict),
    "temperature": Option("float32", _sampling("temperature", 0, 2)),
    "top_p": Option("float32", _sampling("top_p", 0, 1)),
    "presence_penalty": Option("float32", _penalty("presence_penalty")),
    "frequency_penalty": Option("float32", _penalty("frequency_penalty")),
    "seed": Option("integer", _seed),
    "stop": Option("array", _stop),
    "top_k": Option("integer", _NO_SUCH_SAMPLER),
    "min_p": Option("float32", _NO_SUCH_SAMPLER),
    "typical_p": Option("float32", _NO_SUCH_SAMPLER),
    # A factor where OpenAI's penalties are addends: neither of them means the same.
    "repeat_penalty": Option("float32", _NO_SUCH_SAMPLER),
    "repeat_last_n": Option("integer", _NO_SUCH_SAMPLER),
    "num_ctx": Option("integer", _CONTEXT),
    "num_keep": Option("integer", _CONTEXT),
    "num_batch": Option("integer", _ENGINE),
    "num_gpu": Option("integer", _ENGINE),
    "main_gpu": Option("integer", _ENGINE),
    "use_mmap": Option("boolean", _ENGINE),
    "num_thread": Option("integer", _ENGINE),
    "draft_num_predict": Option("integer", _ENGINE),
}
"""Every option of Ollama 0.33, in the order in which their fields are sent."""

RETIRED = frozenset(
    {
        "embedding_only",
        "f16_kv",
        "logits_all",
        "low_vram",
        "mirostat",
        "mirostat_eta",
        "mirostat_tau",
        "num_gqa",
        "numa",
        "penalize_newline",
        "rope_frequency_base",
        "rope_frequency_scale",
        "tfs_z",
        "use_mlock",
        "vocab_only",
    }
)
"""Options of older releases: any value is accepted and ignored, as by Ollama 0.33."""


def options_to_openai(
    options: Mapping[str, Any], profile: Profile, effort: str | None
) -> tuple[dict[str, Any], list[Note]]:
    """Turn `options` into request fields.

    Args:
        options: As the client sent them; null values are ignored.
        profile: Of the model that is asked, on that API.
        effort: The reasoning effort that is sent beside them, None when none is.

    Returns:
        Fields of a request, in the table's order, and one note for each option that is not carried
        over as it was.

    Raises:
        OllamaError: 500, an option of the wrong type, in Ollama's words.
    """
    target = _Target(profile, effort)
    payload: dict[str, Any] = {}
    notes: list[Note] = []
    for name, option in OPTIONS.items():
        value = options.get(name)
        if value is None:
            continue
        fate = option.carry(_typed(name, option.kind, value), target)
        payload.update(fate.fields)
        if fate.note:
            notes.append(Note(f"options.{name}", *fate.note))
    for name, value in options.items():
        if name not in OPTIONS and value is not None:
            reason = "Ollama no longer knows it" if name in RETIRED else "not an option of Ollama"
            notes.append(Note(f"options.{name}", "dropped", reason))
    return payload, notes


def _typed(name: str, kind: str, value: Any) -> Any:
    """The value as Ollama reads it: integers lose their fraction, nothing else is converted."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if kind == "integer" and is_number:
        return min(max(int(value), -_LARGEST_INTEGER - 1), _LARGEST_INTEGER)
    if (kind == "float32" and is_number) or (kind == "boolean" and isinstance(value, bool)):
        return value
    if kind == "array" and isinstance(value, list):
        if all(isinstance(item, str) for item in value):
            return value
        raise OllamaError(f'option "{name}" must be of an array of strings')
    raise OllamaError(f'option "{name}" must be of type {kind}')
