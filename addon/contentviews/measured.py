"""What a flow knows of its answer besides the body: in its metadata where the exchange was ours, else by its times."""

from dataclasses import dataclass
from typing import Any

from mitmproxy import http

from addon import flow_metadata
from addon.flow_metadata import Pieces
from translators.inspection.values import number_in, text_in


@dataclass(frozen=True, slots=True)
class Measured:
    """What is known of an answer besides its body; what is not known is None or empty.

    Attributes:
        status: The HTTP status.
        ended: Whether nothing more comes.
        models: As the client named it, and the upstream's id.
        prompt_tokens: As the upstream counted.
        output_tokens: As the upstream counted.
        head_ms: Milliseconds from the request to the head.
        ttft_ms: To the first output.
        duration_ms: To the end.
        call: Which call of its exchange it answers.
        retries: Why upstream calls were made again, a text for each time.
        repairs: What was changed in the request after refusals, a text for each.
        replay: The recording that was played.
        error: Why the exchange failed.
        pieces: When the pieces of the body came.
    """

    status: int
    ended: bool = True
    models: tuple[str, ...] = ()
    prompt_tokens: float | None = None
    output_tokens: float | None = None
    head_ms: float | None = None
    ttft_ms: float | None = None
    duration_ms: float | None = None
    call: str = ""
    retries: tuple[str, ...] = ()
    repairs: tuple[str, ...] = ()
    replay: str = ""
    error: str = ""
    pieces: Pieces | None = None


def measured_of(flow: http.HTTPFlow, response: http.Response) -> Measured:
    """What is known of an answer; metadata of a foreign file may hold anything, and is then not looked at."""
    told = flow.metadata
    duration_ms = number_in(told.get(flow_metadata.DURATION_MS))
    was_ours = duration_ms is not None
    asked = flow.request.timestamp_end
    ended = is_over(flow, response)
    return Measured(
        status=response.status_code,
        ended=ended,
        models=tuple(text_in(told.get(key)) for key in (flow_metadata.MODEL, flow_metadata.ASKED_MODEL)),
        prompt_tokens=number_in(told.get(flow_metadata.PROMPT_TOKENS)),
        output_tokens=number_in(told.get(flow_metadata.OUTPUT_TOKENS)),
        head_ms=None if was_ours else _ms_between(asked, response.timestamp_start),
        ttft_ms=number_in(told.get(flow_metadata.TTFT_MS)),
        duration_ms=duration_ms if was_ours or not ended else _ms_between(asked, response.timestamp_end),
        call=_call(flow),
        retries=_texts(told.get(flow_metadata.RETRIES)),
        repairs=_texts(told.get(flow_metadata.REPAIRS)),
        replay=text_in(told.get(flow_metadata.REPLAY)),
        error=text_in(told.get(flow_metadata.ERROR)) or (flow.error.msg if flow.error else ""),
        pieces=flow_metadata.noted_pieces(flow),
    )


def is_over(flow: http.HTTPFlow, response: http.Response) -> bool:
    """Whether nothing more comes of an answer.

    Only a flow that is live can go on. A client's that is ours has its duration noted when it is over: the times of a
    response that we made say when it was made. Any other one has the time of its end.
    """
    if not flow.live or flow.error is not None or flow_metadata.DURATION_MS in flow.metadata:
        return True
    is_ours = flow_metadata.EXCHANGE in flow.metadata and not flow_metadata.is_companion(flow)
    return not is_ours and response.timestamp_end is not None


def _call(flow: http.HTTPFlow) -> str:
    if not flow_metadata.is_companion(flow):
        return ""
    attempt: Any = flow.metadata.get(flow_metadata.ATTEMPT)
    return f"{flow.metadata[flow_metadata.CALL]}{f', attempt {attempt}' if attempt not in (None, 1) else ''}"


def _ms_between(start: Any, end: Any) -> float | None:
    began, over = number_in(start), number_in(end)
    return None if began is None or over is None or over < began else (over - began) * 1000


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(filter(None, map(text_in, value))) if isinstance(value, list | tuple) else ()
