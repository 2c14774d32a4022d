"""What is noted in a flow's metadata: plain data under keys of our own, which mitmproxy writes into its files.

mitmproxy's filter `~meta REGEX` searches them as lines of the form `key: value`.
"""

import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from mitmproxy import http
from mitmproxy.flow import Flow

# On a client's flow.
VERDICT: Final = "ollama-openai.verdict"
"""The `addon.listen.Verdict` on it."""
BODY_LEFT: Final = "ollama-openai.body_left"
"""True when its request is answered without its body, which is too large."""
MODEL: Final = "ollama-openai.model"
"""The model as the client named it."""
ASKED_MODEL: Final = "ollama-openai.asked-model"
"""The upstream's id of the model."""
NOTES: Final = "ollama-openai.notes"
"""What did not travel unchanged: lists of field, action and detail, see `translators.notes.Note`."""
RETRIES: Final = "ollama-openai.retries"
"""Why upstream calls were made again, a text for each time."""
REPAIRS: Final = "ollama-openai.repairs"
"""What was changed in the request after refusals, a text for each."""
TTFT_MS: Final = "ollama-openai.ttft-ms"
"""Milliseconds to the first output."""
DURATION_MS: Final = "ollama-openai.duration-ms"
"""Milliseconds to the end of the answer."""
PROMPT_TOKENS: Final = "ollama-openai.prompt-tokens"
OUTPUT_TOKENS: Final = "ollama-openai.output-tokens"
ERROR: Final = "ollama-openai.error"
"""Why the exchange failed."""
REPLAY: Final = "ollama-openai.replay"
"""The recording that was played."""
ASKED: Final = "ollama-openai.asked"
"""CRC-32 of the request's body that all this is about: after an edit it is another."""

# On a companion, the flow of an upstream call.
CALL: Final = "ollama-openai.call"
"""Which call of its exchange it is, from 1."""
ATTEMPT: Final = "ollama-openai.attempt"
"""1, and more where the same call is made again."""

# On both.
EXCHANGE: Final = "ollama-openai.exchange"
"""Links a client's flow with its companions: the same 8 hexadecimal digits on all of them, which comments show too."""
PIECES: Final = "ollama-openai.pieces"
"""When the pieces of the response's body came, as `Pieces` writes it."""

OF_AN_EXCHANGE: Final = (
    *(MODEL, ASKED_MODEL, NOTES, RETRIES, REPAIRS, TTFT_MS, DURATION_MS, PROMPT_TOKENS, OUTPUT_TOKENS),
    *(ERROR, REPLAY, ASKED, EXCHANGE, PIECES),
)
"""What a client's flow is told of its exchange, and what the next one replaces when it is replayed."""

SHOWN_PIECES: Final = 50
"""How many pieces at either end have their times noted."""


@dataclass(frozen=True, slots=True)
class Pieces:
    """When the pieces of a body came.

    Attributes:
        count: How many there were.
        first: Milliseconds since the client's request was complete, and bytes, of the first ones, at most 50.
        last: Of the last ones that are not among the first, at most 50.
    """

    count: int
    first: tuple[tuple[float, int], ...]
    last: tuple[tuple[float, int], ...]

    def __str__(self) -> str:
        """A text that `read` understands: `3: 12.5+60 14.1+60 | 30.2+100`; a tenth of what lists take in memory."""
        first, last = (" ".join(f"{ms:.1f}+{size}" for ms, size in part) for part in (self.first, self.last))
        return f"{self.count}: {first} | {last}"

    @staticmethod
    def read(text: str) -> "Pieces":
        """What a text says.

        Raises:
            ValueError: It is none of ours.
        """
        count, _, rest = text.partition(":")
        first, _, last = rest.partition("|")
        return Pieces(int(count), _pairs(first), _pairs(last))


def pieces_of(chunks: Sequence[tuple[int, bytes]]) -> Pieces:
    """The pieces of a body.

    Args:
        chunks: Nanoseconds since the client's request was complete, and bytes.
    """
    first = chunks[:SHOWN_PIECES]
    last = chunks[max(SHOWN_PIECES, len(chunks) - SHOWN_PIECES) :]
    return Pieces(len(chunks), *(tuple((round(ns / 1e6, 1), len(data)) for ns, data in part) for part in (first, last)))


def noted_pieces(flow: http.HTTPFlow) -> Pieces | None:
    """When the pieces of a flow's response came; None when that was not noted."""
    try:
        return Pieces.read(str(flow.metadata[PIECES]))
    except (KeyError, ValueError):
        return None


def is_companion(flow: http.HTTPFlow) -> bool:
    """Whether a flow is that of an upstream call."""
    return isinstance(flow.metadata.get(CALL), int)


def note_asked(flow: http.HTTPFlow) -> None:
    """Note that the metadata is about the request as it is now."""
    flow.metadata[ASKED] = _digest(flow)


def is_edited(flow: http.HTTPFlow) -> bool:
    """Whether a client's request is another one than what its metadata is about."""
    return bool(ASKED in flow.metadata and flow.metadata[ASKED] != _digest(flow))


def companions_of(flow: http.HTTPFlow, flows: Iterable[Flow]) -> list[http.HTTPFlow]:
    """The flows of the upstream calls that answered a client's flow, in the order in which they were made.

    Args:
        flow: The client's.
        flows: Among which they are looked for; ids do not help, because mitmproxy gives loaded flows new ones.
    """
    exchange = flow.metadata.get(EXCHANGE)
    found = [
        each
        for each in flows
        if isinstance(each, http.HTTPFlow) and is_companion(each) and each.metadata.get(EXCHANGE) == exchange
    ]
    return sorted(found, key=lambda each: each.metadata[CALL])


def _digest(flow: http.HTTPFlow) -> int:
    return zlib.crc32(flow.request.raw_content or b"")


def _pairs(text: str) -> tuple[tuple[float, int], ...]:
    parts = (part.partition("+") for part in text.split())
    return tuple((float(ms), int(size)) for ms, _, size in parts)
