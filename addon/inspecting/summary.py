"""What a client's flow tells of its exchange when that is over: a comment, a mark, and metadata."""

import uuid
from typing import Final

from mitmproxy import http

from addon import flow_metadata
from addon.exchange import Exchange
from addon.inspecting.marks import DROPPED, FAILED, REPAIRED, mark
from addon.live_layers import CUT
from addon.setting_values import without

LONGEST_ERROR: Final = 120
"""Characters of an error in a comment."""


def link(flow: http.HTTPFlow) -> None:
    """Begin an exchange: nothing is told any more of an earlier one that the flow had, when it is replayed."""
    told = flow.metadata.get(flow_metadata.EXCHANGE)
    if told and flow_metadata.tag(flow) in flow.comment:
        flow.comment = ""
    for key in [key for key in flow.metadata if key.startswith(flow_metadata.PREFIX) and key != flow_metadata.VERDICT]:
        del flow.metadata[key]
    flow.metadata[flow_metadata.EXCHANGE] = uuid.uuid4().hex[:8]


def summarise(exchange: Exchange) -> None:
    """Write what is known of an exchange that is over into its flow, unless nothing was asked of anybody for it."""
    flow = exchange.flow
    error = _error(exchange)
    if exchange.tape:
        flow.metadata[flow_metadata.PIECES] = str(flow_metadata.pieces_of(exchange.tape.answer.chunks))
    usage = exchange.usage
    told = {
        flow_metadata.MODEL: without(exchange.key, exchange.model),
        flow_metadata.ASKED_MODEL: without(exchange.key, exchange.asked_model),
        flow_metadata.NOTES: [[note.field, note.action, note.detail] for note in exchange.notes],
        flow_metadata.RETRIES: list(exchange.retries),
        flow_metadata.REPAIRS: list(exchange.repairs),
        flow_metadata.TTFT_MS: None if exchange.first_ns is None else exchange.first_ns / 1e6,
        flow_metadata.PROMPT_TOKENS: usage.prompt_tokens if usage else None,
        flow_metadata.OUTPUT_TOKENS: usage.output_tokens if usage else None,
        flow_metadata.ERROR: error,
        flow_metadata.REPLAY: exchange.playback.recording.name if exchange.playback else "",
    }
    flow.metadata |= {key: value for key, value in told.items() if value not in (None, "", [])}
    flow.metadata[flow_metadata.DURATION_MS] = exchange.elapsed_ns / 1e6
    flow_metadata.note_asked(flow)
    line = comment_of(exchange, error)
    said = flow.comment.removeprefix(flow_metadata.tag(flow)).strip()  # by somebody else, or that the body is cut
    if line and (not said or said.startswith(CUT)):
        flow.comment = f"{line} {flow_metadata.tag(flow)} {said}".strip()
    mark(flow, _marker(exchange))


def comment_of(exchange: Exchange, error: str) -> str:
    """An exchange in one line: models, tokens, time to the first token, what happened; empty when there is nothing.

    Args:
        exchange: That is over.
        error: Why it failed; empty when it did not.
    """
    models = dict.fromkeys(name for name in (exchange.model, exchange.asked_model) if name)
    parts = [" → ".join(models)]
    if error:
        parts.append(f"error: {error if len(error) <= LONGEST_ERROR else f'{error[:LONGEST_ERROR]}…'}")
    if usage := exchange.usage:
        counts = ("?" if count is None else str(count) for count in (usage.prompt_tokens, usage.output_tokens))
        parts.append(f"{' + '.join(counts)} tokens")
    if exchange.first_ns is not None:
        parts.append(f"TTFT {exchange.first_ns / 1e6:.0f} ms")
    if exchange.retries:
        parts.append(f"retried: {', '.join(exchange.retries)}")
    if exchange.repairs:
        parts.append(f"repaired: {'; '.join(exchange.repairs)}")
    if dropped := _dropped(exchange):
        parts.append(f"dropped: {', '.join(dropped)}")
    if exchange.playback:
        parts.append(f"replayed: {exchange.playback.recording.name}")
    return without(exchange.key, " · ".join(filter(None, parts)))


def _error(exchange: Exchange) -> str:
    """Why it failed, or why nobody waits for it any more, which only the flow tells yet."""
    told = exchange.error or (exchange.flow.error.msg if exchange.flow.error else "")
    return without(exchange.key, " ".join(told.split()))


def _dropped(exchange: Exchange) -> list[str]:
    return list(dict.fromkeys(note.field for note in exchange.notes if note.action == "dropped"))


def _marker(exchange: Exchange) -> str:
    if exchange.error:
        return FAILED
    if exchange.repairs:
        return REPAIRED
    return DROPPED if _dropped(exchange) else ""
