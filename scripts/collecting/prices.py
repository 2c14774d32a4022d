"""What a run may cost: the prices of OpenAI's models, and the tokens of requests.

Prices are those of litellm 1.109.1 (its model map, MIT licence), standard rates; `scripts/update_catalogue.py` reads
the same map for other facts. Prices of other providers are not known here.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from math import inf
from typing import Final

from scripts.collecting.kinds import MOST_ANSWER_TOKENS, MOST_V1_TOKENS, Ask
from scripts.collecting.models import Model
from translators.names import openai_name, undated
from translators.options import REASONING_ALLOWANCE

IMAGE_TOKENS: Final = 8_500
"""Of a small image, at most: that of gpt-4o-mini, 2,833 and one tile of 5,667 (OpenAI's guide to vision)."""

REQUEST_TOKENS: Final = 400
"""Of a request beside its texts: of messages, and of the JSON schemas that OpenAI writes into prompts."""

CHARACTERS_A_TOKEN: Final = 3
"""At the least, in English text and JSON."""

PRICES: Final[tuple[tuple[float, float, str], ...]] = (
    (0.02, 0.0, "text-embedding-3-small"),
    (0.05, 0.4, "gpt-5-nano"),
    (0.1, 0.0, "text-embedding-ada-002"),
    (0.1, 0.4, "gpt-4.1-nano"),
    (0.1, 0.5, "gpt-6-luna"),
    (0.13, 0.0, "text-embedding-3-large"),
    (0.15, 0.6, "gpt-4o-mini gpt-4o-mini-search-preview"),
    (0.2, 1.2, "gpt-5.6-luna"),
    (0.2, 1.25, "gpt-5.4-nano"),
    (0.25, 2.0, "gpt-5-mini gpt-5.1-codex-mini"),
    (0.4, 0.4, "babbage-002"),
    (0.4, 1.6, "gpt-4.1-mini"),
    (0.5, 1.5, "gpt-3.5-turbo"),
    (0.6, 2.4, "gpt-audio-mini"),
    (0.75, 4.5, "gpt-5.4-mini"),
    (1.0, 2.0, "gpt-3.5-turbo-1106"),
    (1.0, 5.0, "gpt-6.1-terra"),
    (1.1, 4.4, "o3-mini o4-mini"),
    (1.25, 10.0, "gpt-5 gpt-5-chat gpt-5-chat-latest gpt-5-codex gpt-5-search-api"),
    (1.25, 10.0, "gpt-5.1 gpt-5.1-chat-latest gpt-5.1-codex gpt-5.1-codex-max"),
    (1.5, 2.0, "gpt-3.5-turbo-instruct"),
    (1.75, 14.0, "gpt-5.2 gpt-5.2-chat-latest gpt-5.2-codex gpt-5.3-chat-latest gpt-5.3-codex"),
    (2.0, 2.0, "davinci-002"),
    (2.0, 8.0, "gpt-4.1 o3 o4-mini-deep-research"),
    (2.0, 10.0, "gpt-6-sol gpt-6.1-sol"),
    (2.0, 12.0, "gpt-5.6-terra"),
    (2.5, 10.0, "gpt-4o gpt-4o-search-preview gpt-audio gpt-audio-1.5"),
    (2.5, 15.0, "gpt-5.4"),
    (3.0, 4.0, "gpt-3.5-turbo-16k"),
    (3.0, 12.0, "computer-use-preview"),
    (4.0, 20.0, "gpt-5.6 gpt-5.6-sol gpt-daybreak-blue-latest daybreak-blue-latest"),
    (5.0, 15.0, "gpt-4o-2024-05-13"),
    (5.0, 30.0, "chat-latest gpt-5.5"),
    (10.0, 30.0, "gpt-4-turbo gpt-4-1106-preview"),
    (10.0, 40.0, "o3-deep-research"),
    (10.0, 50.0, "gpt-6-astra gpt-6-astra-law"),
    (12.5, 75.0, "gpt-5.5-cyber gpt-5.5-cyber-preview gpt-5.6-cyber gpt-daybreak-red-latest daybreak-red-latest"),
    (15.0, 60.0, "o1"),
    (15.0, 75.0, "gpt-6-rosalind"),
    (15.0, 120.0, "gpt-5-pro"),
    (20.0, 80.0, "o3-pro"),
    (21.0, 168.0, "gpt-5.2-pro"),
    (30.0, 60.0, "gpt-4"),
    (30.0, 180.0, "gpt-5.4-pro gpt-5.5-pro"),
    (150.0, 600.0, "o1-pro"),
)
"""Dollars for a million tokens read, for a million written, and the models."""

_BY_NAME: Final = {name: (read, written) for read, written, names in PRICES for name in names.split()}


def price_of(model: Model, provider: str) -> tuple[float, float] | None:
    """Dollars for a million tokens read and for a million written; None where they are not known.

    Args:
        model: Fine-tuned ones have prices of their own, which are not known.
        provider: Of `addon.providers.provider_of`.
    """
    if provider != "openai" or model.id.startswith("ft:"):
        return None
    name = openai_name(model.id)
    return _BY_NAME.get(name) or _BY_NAME.get(undated(name))


def rank_of(model: Model, provider: str) -> float:
    """What models are compared by: dollars for a million tokens read and as many written, infinity if not known."""
    return sum(price_of(model, provider) or (inf,))


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a run may cost at most.

    Attributes:
        read: Tokens of prompts.
        written: Tokens of answers, with what models may reason.
        dollars: For the models whose prices are known.
        unpriced: The ids of the others, in order.
    """

    read: int
    written: int
    dollars: float
    unpriced: tuple[str, ...]


def estimate(asks: Iterable[Ask], provider: str) -> Estimate:
    """Add up what requests may cost at most, each sent once."""
    read = written = 0
    dollars = 0.0
    unpriced = dict[str, None]()
    for ask in asks:
        if ask.model is None or ask.kind.is_free:
            continue
        tokens_read, tokens_written = _tokens_read(ask, ask.model), _tokens_written(ask, ask.model)
        read, written = read + tokens_read, written + tokens_written
        if price := price_of(ask.model, provider):
            dollars += (price[0] * tokens_read + price[1] * tokens_written) / 1e6
        else:
            unpriced[ask.model.id] = None
    return Estimate(read, written, dollars, tuple(unpriced))


def _tokens_read(ask: Ask, model: Model) -> int:
    if ask.kind.overflows:
        return model.context_length  # to which it is cut
    images = ask.content.count(b'"images":[')
    return len(ask.content) // CHARACTERS_A_TOKEN + REQUEST_TOKENS + images * IMAGE_TOKENS


def _tokens_written(ask: Ask, model: Model) -> int:
    if "embed" in ask.kind.path:
        return 0
    if ask.kind.path.startswith("/v1/"):
        return MOST_V1_TOKENS
    return MOST_ANSWER_TOKENS + (REASONING_ALLOWANCE if "thinking" in model.capabilities else 0)
