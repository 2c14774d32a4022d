"""What each family of models takes, as a table.

Sources: recorded answers, reports of live probes (gpt-5.4-mini, gpt-5.6-terra and gpt-6-astra, August to October 2026),
issues that quote live refusals, and the profiles that client libraries publish. A row exists only where `models.py`
serves a model of that family.
"""

from dataclasses import dataclass, replace
from typing import Literal

REFUSED_BY_REASONERS = frozenset({"logit_bias", "max_tokens", "prediction", "stop"})
"""Refused by every reasoning family whatever the value (probed on gpt-5.6-terra; `stop` and `max_tokens` recorded)."""


@dataclass(frozen=True, slots=True)
class Family:
    """What models whose id starts alike accept.

    Attributes:
        prefix: How the ids start.
        efforts: The values of `reasoning_effort`; empty when the parameter is unknown there.
        response_efforts: The values of `reasoning.effort` on the Responses API beside those.
        default_effort: The effort when none is sent.
        sampling: When temperature, top_p, the penalties and logprobs are taken: always, at effort none, or never.
        refused: Parameters that are refused whatever the value.
        incompatible: Parameters that a model which searches the web refuses, in a sentence of its own.
        top_logprobs: The largest `top_logprobs`.
        logprobs_forbidden: `logprobs` is a 403 and not a 400.
        tools: When function tools are taken on Chat Completions: always, at effort none (sent, or by default), only on
            the Responses API, or nowhere.
        tools_advice: What the refusal of function tools says at its end.
        verbosities: The values of `verbosity`.
        roles_refused: Roles of messages that are refused.
        images: Whether images are taken.
        schemas: Whether a response format may be a `json_schema`.
        message_keys: Members of a message that only this family knows.
        window: Context length in tokens, as the refusal of a longer prompt states it.
        window_text: That refusal, with `{window}` and `{tokens}`.
        most_output: The largest number of completion tokens.
        shows_thoughts: The reasoning is sent as text, as DeepSeek and others do and OpenAI never does.
    """

    prefix: str | tuple[str, ...]
    efforts: tuple[str, ...] = ()
    response_efforts: tuple[str, ...] = ()
    default_effort: str = "none"
    sampling: Literal["always", "at none", "never"] = "always"
    refused: frozenset[str] = frozenset()
    incompatible: frozenset[str] = frozenset()
    top_logprobs: int = 20
    logprobs_forbidden: bool = False
    tools: Literal["always", "at none", "on responses", "nowhere"] = "always"
    tools_advice: str = ""
    verbosities: tuple[str, ...] = ("medium",)
    roles_refused: frozenset[str] = frozenset()
    images: bool = True
    schemas: bool = True
    message_keys: frozenset[str] = frozenset()
    window: int = 128_000
    window_text: str = (
        "This model's maximum context length is {window} tokens. However, your messages resulted in {tokens} tokens. "
        "Please reduce the length of the messages."
    )
    most_output: int = 16_384
    shows_thoughts: bool = False

    def effort(self, sent: object) -> str:
        """The reasoning effort that a request runs at which sends this one, or None."""
        return self.default_effort if sent is None else str(sent)

    def samples(self, sent: object) -> bool:
        """Whether sampling parameters and logprobs are taken beside this effort, or None."""
        return self.sampling == "always" or (self.sampling == "at none" and self.effort(sent) == "none")


_FROM_NONE_TO_HIGH = ("none", "low", "medium", "high")
_FROM_NONE = (*_FROM_NONE_TO_HIGH, "xhigh")
_FROM_LOW = ("low", "medium", "high", "xhigh")
_USE_RESPONSES = "Please use /v1/responses instead."
_USE_RESPONSES_OR_NONE = "To use function tools, use /v1/responses or set reasoning_effort to 'none'."

# The same limits everywhere, default none and tools at every effort.
_GPT_5_1 = Family(
    prefix="gpt-5.1",
    efforts=_FROM_NONE_TO_HIGH,
    sampling="at none",
    refused=REFUSED_BY_REASONERS,
    verbosities=("low", "medium", "high"),
    window=272_000,
    window_text=(
        "Input tokens exceed the configured limit of {window} tokens. Your messages resulted in {tokens} tokens. "
        "Please reduce the length of the messages."
    ),
    most_output=128_000,
)
# Tools are refused as soon as an effort other than none is sent.
_GPT_5_4 = replace(
    _GPT_5_1,
    prefix="gpt-5.4",
    efforts=_FROM_NONE,
    top_logprobs=5,
    tools="at none",
    tools_advice=_USE_RESPONSES,
    window=922_000,
)
# Probed 2026-08-30: tools are refused also when no effort is sent, because the default reasons.
_GPT_5_6 = replace(
    _GPT_5_4,
    # gpt-6-sol: onyx#15008. novel-1 behaves so, under a name that no client can know.
    prefix=("gpt-5.6", "gpt-6", "novel"),
    default_effort="medium",
    response_efforts=("max",),
    tools_advice=_USE_RESPONSES_OR_NONE,
)
_GPT_5 = replace(
    _GPT_5_1,
    prefix="gpt-5",
    efforts=("minimal", "low", "medium", "high"),
    default_effort="medium",
    sampling="never",
    logprobs_forbidden=True,
)
_O3 = Family(
    prefix=("o1", "o3", "o4"),
    efforts=("low", "medium", "high"),
    default_effort="medium",
    sampling="never",
    refused=REFUSED_BY_REASONERS,
    logprobs_forbidden=True,
    window=200_000,
    most_output=100_000,
)

# The first row whose prefix fits counts, so longer prefixes stand first.
FAMILIES: tuple[Family, ...] = (
    # No model of OpenAI's: thinks aloud as DeepSeek, Qwen and llama.cpp do, and is as lenient as they are.
    Family(
        prefix=("reasoner", "compat-deepseek"),
        efforts=_FROM_NONE_TO_HIGH,
        default_effort="medium",
        message_keys=frozenset({"reasoning", "reasoning_content"}),
        shows_thoughts=True,
    ),
    # What compatible servers refuse stands in `compat.py`.
    Family(
        prefix="compat-",
        efforts=("none", "minimal", "low", "medium", "high", "xhigh"),
        verbosities=("low", "medium", "high"),
        message_keys=frozenset({"reasoning", "reasoning_content"}),
    ),
    # One live report: effort none, sampling, stop and tools are all refused on Chat.
    replace(
        _GPT_5_6,
        prefix=("gpt-6-astra", "gpt-6.1-sol"),
        efforts=_FROM_LOW,
        sampling="never",
        tools="on responses",
        tools_advice=_USE_RESPONSES,
    ),
    _GPT_5_6,
    replace(_GPT_5_4, prefix="gpt-5.5", default_effort="medium", tools_advice=_USE_RESPONSES_OR_NONE),
    replace(
        _GPT_5_4,
        prefix="gpt-5.4-pro",
        efforts=("medium", "high", "xhigh"),
        default_effort="medium",
        sampling="never",
    ),
    _GPT_5_4,
    replace(
        _GPT_5,
        prefix="gpt-5.2-chat",
        efforts=("medium",),
        verbosities=("medium",),
        logprobs_forbidden=False,
        window=128_000,
        most_output=16_384,
    ),
    replace(_GPT_5_1, prefix=("gpt-5.2", "gpt-5.3"), efforts=_FROM_NONE),
    replace(_GPT_5, prefix="gpt-5.1-codex", efforts=("low", "medium", "high")),
    _GPT_5_1,
    Family(prefix="gpt-5-chat"),
    replace(_GPT_5, prefix="gpt-5-pro", efforts=("high",), default_effort="high"),
    _GPT_5,
    # Recorded: the system role. A refusal of tools is quoted in inspect_ai#1290.
    replace(
        _O3,
        prefix="o1-mini",
        efforts=(),
        tools="nowhere",
        roles_refused=frozenset({"system", "developer"}),
        images=False,
        schemas=False,
        window=128_000,
        most_output=65_536,
    ),
    replace(_O3, prefix="o3-mini", images=False),
    _O3,
    Family(prefix="gpt-4.1", window=1_047_576, most_output=32_768),
    # Quoted in raycast/extensions#18304 and NextChat#6569.
    Family(
        prefix="gpt-4o-search",
        incompatible=frozenset({"frequency_penalty", "presence_penalty", "temperature", "top_p"}),
        tools="nowhere",
        images=False,
    ),
    Family(prefix="gpt-4o"),
    Family(prefix="gpt-4", images=False, schemas=False, window=8_192, most_output=8_192),
    Family(prefix="gpt-3.5", images=False, schemas=False, window=16_385, most_output=4_096),
    # Whatever else there is: faults.
    Family(prefix=""),
)


def family_of(model: str) -> Family:
    """The row for a model id; a fine-tuned model (`ft:BASE:...`) belongs to its base's family."""
    base = model.split(":")[1] if model.startswith("ft:") else model
    return next(family for family in FAMILIES if base.startswith(family.prefix))
