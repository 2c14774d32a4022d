"""What a client's flow tells of its exchange when that is over: a comment, a mark, and metadata."""

from typing import Final

from addon import flow_metadata
from addon.exchange import Exchange
from addon.inspecting.marks import DROPPED, FAILED, REPAIRED, mark
from addon.live_layers import CUT
from addon.setting_values import masked, without

LONGEST_ERROR: Final = 120
"""Characters of an error in a comment."""


def begin(exchange: Exchange, link: str) -> None:
    """Begin an exchange: its flow tells nothing any more of an earlier one, which it had before it was replayed.

    Args:
        exchange: Whose flow it is.
        link: Its own; see `flow_metadata.EXCHANGE`.
    """
    flow = exchange.flow
    earlier = flow.metadata.get(flow_metadata.EXCHANGE)
    if earlier and f"#{earlier}" in flow.comment:
        flow.comment = ""
    for key in flow_metadata.OF_AN_EXCHANGE:
        flow.metadata.pop(key, None)
    flow.metadata[flow_metadata.EXCHANGE] = link


def summarise(exchange: Exchange, link: str) -> None:
    """Write what is known of an exchange that is over into its flow, and take out the key if the upstream repeated it.

    Args:
        exchange: Which.
        link: That with which it began; a flow that was reverted meanwhile has lost it.
    """
    flow, usage = exchange.flow, exchange.usage
    error = _error(exchange)
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
    flow.metadata |= {flow_metadata.EXCHANGE: link, flow_metadata.DURATION_MS: exchange.elapsed_ns / 1e6}
    flow_metadata.note_asked(flow)
    if exchange.tape:
        flow.metadata[flow_metadata.PIECES] = str(flow_metadata.pieces_of(exchange.tape.answer.chunks))
    line = comment_of(exchange, error)
    said = flow.comment.removeprefix(f"#{link}").strip()  # by somebody else, or that the body is cut
    if line and (not said or said.startswith(CUT)):
        flow.comment = f"{line} #{link} {said}".strip()
    mark(flow, _marker(exchange))
    if flow.response is not None and flow.response.raw_content:
        flow.response.raw_content = masked(exchange.key, flow.response.raw_content)
    if exchange.error and exchange.companions and exchange.companions.made:
        exchange.companions.made[-1].was_wrong(error)


def comment_of(exchange: Exchange, error: str) -> str:
    """An exchange in one line: models, what happened, tokens, times; empty when there is nothing to tell.

    Args:
        exchange: That is over.
        error: Why it failed; empty when it did not.
    """
    models = dict.fromkeys(name for name in (exchange.model, exchange.asked_model) if name)
    parts = [" → ".join(models)]
    if error:
        parts.append(f"error: {error if len(error) <= LONGEST_ERROR else f'{error[:LONGEST_ERROR]}…'}")
    parts += _numbers(exchange)
    if exchange.retries:
        parts.append(f"retried: {', '.join(exchange.retries)}")
    if exchange.repairs:
        parts.append(f"repaired: {'; '.join(exchange.repairs)}")
    if dropped := _dropped(exchange):
        parts.append(f"dropped: {', '.join(dropped)}")
    if exchange.playback:
        parts.append(f"replayed: {exchange.playback.recording.name}")
    return without(exchange.key, " · ".join(filter(None, parts)))


def _numbers(exchange: Exchange) -> list[str]:
    """Tokens, and the time to the first of them."""
    prompt, output = (exchange.usage.prompt_tokens, exchange.usage.output_tokens) if exchange.usage else (None, None)
    if prompt is not None and output is None:  # vectors
        return [f"{prompt} tokens"]
    tokens = [] if output is None else [f"{'?' if prompt is None else prompt} + {output} tokens"]
    return tokens if exchange.first_ns is None else [*tokens, f"TTFT {exchange.first_ns / 1e6:.0f} ms"]


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
