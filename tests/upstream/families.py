"""What each family of models takes on Chat Completions, as a table.

Sources: recorded answers, reports of live probes (gpt-5.4-mini and gpt-5.6-terra, August and September 2026) and the
profiles that client libraries publish. A row exists only where `models.py` serves a model of that family.
"""

from dataclasses import dataclass
from typing import Literal

REFUSED_BY_REASONERS = frozenset({"logit_bias", "max_tokens", "prediction", "stop"})
"""Refused by every reasoning family whatever the value (probed on gpt-5.6-terra; `stop` and `max_tokens` recorded)."""


@dataclass(frozen=True, slots=True)
class Family:
    """What models whose id starts alike accept.

    Attributes:
        prefix: How the ids start.
        efforts: The values of `reasoning_effort`; empty when the parameter is unknown there.
        default_effort: The effort when none is sent.
        sampling: When temperature, top_p, the penalties and logprobs are taken: always, at effort none, or never.
        refused: Parameters that are refused whatever the value.
        top_logprobs: The largest `top_logprobs`.
        logprobs_forbidden: `logprobs` is a 403 and not a 400.
        tools: When function tools are taken: always, at effort none (sent, or by default), or never.
        tools_advice: What the refusal of function tools says at its end.
        verbosities: The values of `verbosity`.
        message_keys: Members of a message that only this family knows.
        window: Context length in tokens, as the refusal of a longer prompt states it.
        window_text: That refusal, with `{window}` and `{tokens}`.
        most_output: The largest number of completion tokens.
        shows_thoughts: The reasoning is sent as text, as DeepSeek and others do and OpenAI never does.
    """

    prefix: str | tuple[str, ...]
    efforts: tuple[str, ...] = ()
    default_effort: str = "none"
    sampling: Literal["always", "at none", "never"] = "always"
    refused: frozenset[str] = frozenset()
    top_logprobs: int = 20
    logprobs_forbidden: bool = False
    tools: Literal["always", "at none", "never"] = "always"
    tools_advice: str = ""
    verbosities: tuple[str, ...] = ("medium",)
    message_keys: frozenset[str] = frozenset()
    window: int = 128_000
    window_text: str = (
        "This model's maximum context length is {window} tokens. However, your messages resulted in {tokens} tokens. "
        "Please reduce the length of the messages."
    )
    most_output: int = 16_384
    shows_thoughts: bool = False

    def effort(self, body: dict[str, object]) -> str:
        """The reasoning effort that a request runs at."""
        sent = body.get("reasoning_effort")
        return self.default_effort if sent is None else str(sent)


_CONFIGURED_LIMIT = (
    "Input tokens exceed the configured limit of {window} tokens. Your messages resulted in {tokens} tokens. "
    "Please reduce the length of the messages."
)
_ALL_VERBOSITIES = ("low", "medium", "high")
_USE_RESPONSES = "Please use /v1/responses instead."
_USE_RESPONSES_OR_NONE = "To use function tools, use /v1/responses or set reasoning_effort to 'none'."

# The first row whose prefix fits counts, so longer prefixes stand first.
FAMILIES: tuple[Family, ...] = (
    # No model of OpenAI's: thinks aloud as DeepSeek, Qwen and llama.cpp do, and is as lenient as they are.
    Family(
        prefix="reasoner",
        efforts=("none", "low", "medium", "high"),
        default_effort="medium",
        message_keys=frozenset({"reasoning", "reasoning_content"}),
        shows_thoughts=True,
    ),
    # One live report: effort none, sampling, stop and tools are all refused on Chat.
    Family(
        prefix="gpt-6",
        efforts=("low", "medium", "high", "xhigh"),
        default_effort="medium",
        sampling="never",
        refused=REFUSED_BY_REASONERS,
        tools="never",
        tools_advice=_USE_RESPONSES,
        verbosities=_ALL_VERBOSITIES,
        window=922_000,
        window_text=_CONFIGURED_LIMIT,
        most_output=128_000,
    ),
    # Probed 2026-08-30: tools are refused also when no effort is sent, because the default reasons.
    Family(
        prefix="gpt-5.6",
        efforts=("none", "low", "medium", "high", "xhigh"),
        default_effort="medium",
        sampling="at none",
        refused=REFUSED_BY_REASONERS,
        top_logprobs=5,
        tools="at none",
        tools_advice=_USE_RESPONSES_OR_NONE,
        verbosities=_ALL_VERBOSITIES,
        window=922_000,
        window_text=_CONFIGURED_LIMIT,
        most_output=128_000,
    ),
    # The same, but the default is none, so tools work until an effort is sent.
    Family(
        prefix="gpt-5.4",
        efforts=("none", "low", "medium", "high", "xhigh"),
        sampling="at none",
        refused=REFUSED_BY_REASONERS,
        top_logprobs=5,
        tools="at none",
        tools_advice=_USE_RESPONSES,
        verbosities=_ALL_VERBOSITIES,
        window=922_000,
        window_text=_CONFIGURED_LIMIT,
        most_output=128_000,
    ),
    Family(
        prefix="gpt-5.1",
        efforts=("none", "low", "medium", "high"),
        sampling="at none",
        refused=REFUSED_BY_REASONERS,
        verbosities=_ALL_VERBOSITIES,
        window=272_000,
        window_text=_CONFIGURED_LIMIT,
        most_output=128_000,
    ),
    Family(
        prefix="gpt-5",
        efforts=("minimal", "low", "medium", "high"),
        default_effort="medium",
        sampling="never",
        refused=REFUSED_BY_REASONERS,
        logprobs_forbidden=True,
        verbosities=_ALL_VERBOSITIES,
        window=272_000,
        window_text=_CONFIGURED_LIMIT,
        most_output=128_000,
    ),
    Family(
        prefix=("o3", "o4"),
        efforts=("low", "medium", "high"),
        default_effort="medium",
        sampling="never",
        refused=REFUSED_BY_REASONERS,
        logprobs_forbidden=True,
        window=200_000,
        most_output=100_000,
    ),
    Family(prefix="gpt-4.1", window=1_047_576, most_output=32_768),
    # gpt-4o, and whatever else there is: faults and fine-tuned models.
    Family(prefix=""),
)


def family_of(model: str) -> Family:
    """The row for a model id; a fine-tuned model (`ft:BASE:...`) belongs to its base's family."""
    base = model.split(":")[1] if model.startswith("ft:") else model
    return next(family for family in FAMILIES if base.startswith(family.prefix))
