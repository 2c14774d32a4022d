"""The account of an answer: what it cost, how long it took, and what was done again on the way."""

from collections.abc import Iterator
from typing import Any

from addon.contentviews.measured import Measured
from translators.inspection.answer_facts import Facts


def account_lines(facts: Facts, measured: Measured, left_out: str) -> list[str]:
    """The account, a line for each thing that is known.

    Args:
        facts: What the answer says of itself.
        measured: What is known besides.
        left_out: What of the body is not read, as a sentence; empty where that is nothing.
    """
    rows = [*_rows(facts, measured), *([("body", left_out)] if left_out else [])]
    width = max(len(label) for label, _ in rows)
    return [f"{label.ljust(width)}  {value}" for label, value in rows]


def ms_text(milliseconds: float) -> str:
    """A duration as people read it."""
    return f"{milliseconds:,.1f} ms" if milliseconds < 10_000 else f"{milliseconds / 1000:,.1f} s"


def tokens_per_second(facts: Facts, measured: Measured) -> float | None:
    """The speed of the output: as the answer tells it, else from when it came; None when that is not known.

    Of an answer in one piece nobody knows when its first token was ready, so all of the time counts.
    """
    if told := facts.tokens_per_second:
        return told
    output = facts.tokens.get("output", measured.output_tokens)
    took_ms = _output_ms(measured)
    return output * 1000 / took_ms if output and took_ms and took_ms > 0 else None


def _output_ms(measured: Measured) -> float | None:
    times = [ms for ms, _ in (*measured.pieces.first, *measured.pieces.last)] if measured.pieces else []
    if len(times) > 1:
        return times[-1] - times[0]
    return measured.duration_ms


def _rows(facts: Facts, measured: Measured) -> Iterator[tuple[str, str]]:
    yield "status", f"{measured.status}{'' if measured.ended else ', has not ended: this is what came so far'}"
    if models := dict.fromkeys(filter(None, (*measured.models, facts.model))):
        yield "model", " → ".join(models)
    if facts.end:
        yield "end", facts.end
    if tokens := [*_tokens(facts, measured)]:
        yield "tokens", ", ".join(tokens)
    times = [
        f"{what} after {ms_text(ms)}"
        for what, ms in (("head", measured.head_ms), ("first output", measured.ttft_ms), ("end", measured.duration_ms))
        if ms is not None
    ]
    if times:
        yield "time", ", ".join(times)
    if speed := tokens_per_second(facts, measured):
        yield "speed", f"{speed:,.1f} tokens/s"
    if facts.durations_ms:
        yield "durations", ", ".join(f"{name} {ms_text(ms)}" for name, ms in facts.durations_ms.items())
    if measured.call:
        yield "call", measured.call
    for label, texts in (("retry", measured.retries), ("repair", measured.repairs)):
        yield from ((label, text) for text in texts)
    if measured.replay:
        yield "replay", measured.replay


def _tokens(facts: Facts, measured: Measured) -> Iterator[str]:
    for name, part, known in (
        ("prompt", "cached", measured.prompt_tokens),
        ("output", "thinking", measured.output_tokens),
    ):
        count: Any = facts.tokens.get(name, known)
        if count is not None:
            more = f" ({facts.tokens[part]:,} {part})" if facts.tokens.get(part) else ""
            yield f"{count:,} {name}{more}"
