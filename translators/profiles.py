"""What each family of OpenAI models accepts on Chat Completions, and what `think` becomes there.

OpenAI refuses a parameter that a model does not take, one parameter per 400, so a request is shaped by the
family of its model before it leaves. A model that no row names gets `DEFAULT`: everything may be sent.

Sources, by the letter at each row: P pydantic-ai-slim 2.68.0 (says it was checked live, 2026-07 to 2026-10),
L litellm 1.109.1, C langchain-openai 1.7.4, I issues that quote live answers, W recorded and quoted refusals of
OpenAI itself, A analogy with the nearest known family.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from translators.names import openai_name
from translators.notes import Note
from translators.ollama_fields import Think

EFFORT_SCALE = ("none", "minimal", "low", "medium", "high", "xhigh", "max")
"""All reasoning efforts of any model, lowest first."""


@dataclass(frozen=True, slots=True)
class Profile:
    """What one family accepts. The defaults are those of OpenAI's reasoning models, the norm since 2025.

    Attributes:
        name: The family, as a note to a person calls it.
        efforts: The `reasoning_effort` values that Chat Completions takes, lowest first; empty when the parameter is
            refused, None when nothing is known.
        default_effort: The effort when none is sent; None when unknown or when there are no efforts.
        sampling: When temperature, top_p, the penalties and logprobs are taken: `at-none` is with effort none only.
        tools: Function tools on Chat Completions: `yes` at every effort, `unset-or-none` and `at-none` only with
            such a `reasoning_effort`, `responses` on the Responses API only, `no` not at all.
        length_field: The parameter that limits the answer.
        stop: Whether stop sequences are taken.
        top_logprobs: The most alternatives per token, where logprobs are taken (5: quoted for gpt-5.4 and 5.6, A for
            what came after).
        allowance_limit: The tokens to which an allowance for reasoning may lift the answer's limit: 100,000 is the
            whole answer of the o models, and the others take 128,000, but for those whose row says less.
    """

    name: str
    efforts: tuple[str, ...] | None
    default_effort: str | None
    sampling: Literal["always", "at-none", "never"]
    tools: Literal["yes", "unset-or-none", "at-none", "responses", "no"]
    length_field: Literal["max_tokens", "max_completion_tokens"] = "max_completion_tokens"
    stop: bool = False
    top_logprobs: int = 20
    allowance_limit: int = 100_000

    def takes_sampling(self, effort: str | None) -> bool:
        """Whether sampling parameters and logprobs are accepted beside this `reasoning_effort` (None: not sent)."""
        if self.sampling == "at-none":
            return (effort or self.default_effort) == "none"
        return self.sampling == "always"

    @property
    def sampling_refusal(self) -> str:
        """Why sampling parameters and logprobs were not sent, for a note."""
        if self.sampling == "at-none":
            return f"{self.name} takes it only with reasoning_effort none"
        return f"{self.name} refuses it"

    def reasons(self, effort: str | None) -> bool:
        """Whether the model is known to reason at this `reasoning_effort` (None: not sent)."""
        return bool(self.efforts) and (effort or self.default_effort) != "none"


DEFAULT = Profile("unknown models", None, None, "always", "yes", length_field="max_tokens", stop=True)
"""For models that no row names: those of compatible servers, and OpenAI's own that do not generate chat."""

_O_SERIES = ("low", "medium", "high")
_FROM_GPT_5_1 = ("none", "low", "medium", "high")
_FROM_GPT_5_2 = ("none", "low", "medium", "high", "xhigh")
_WITHOUT_NONE = ("low", "medium", "high", "xhigh")
_PRO = ("medium", "high", "xhigh")

_FAMILIES: tuple[tuple[tuple[str, ...], Profile], ...] = (
    # efforts P,I; tools and stop I (bolna#1019, inspect_ai#5254)
    (("gpt-6-astra",), Profile("gpt-6-astra", _WITHOUT_NONE, "medium", "never", "responses")),
    # efforts, sampling P; default and tools A (astra)
    (("gpt-6.1-sol",), Profile("gpt-6.1-sol", _WITHOUT_NONE, "medium", "never", "responses")),
    # P,C; tools I,L (onyx#15008)
    (
        ("gpt-6-sol", "gpt-6-luna"),
        Profile("gpt-6-sol and -luna", _FROM_GPT_5_2, "medium", "at-none", "at-none", top_logprobs=5),
    ),
    # P,L
    (("gpt-6.1-terra",), Profile("gpt-6.1-terra", _FROM_GPT_5_2, "medium", "at-none", "at-none", top_logprobs=5)),
    # A: a member not known by name gets the rules of its strictest sibling
    (("gpt-6-", "gpt-6."), Profile("gpt-6", _WITHOUT_NONE, None, "never", "responses")),
    # I,P (livekit#7169, LibreChat#14231): tools refused even when no effort is sent
    (("gpt-5.6",), Profile("gpt-5.6", _FROM_GPT_5_2, "medium", "at-none", "at-none", top_logprobs=5)),
    # P; default A; tools W
    (
        ("gpt-5.5-pro", "gpt-5.4-pro", "gpt-5.2-pro"),
        Profile("gpt-5.2, 5.4 and 5.5 pro", _PRO, "medium", "never", "responses"),
    ),
    # C,L; default, sampling P
    (("gpt-5.5",), Profile("gpt-5.5", _FROM_GPT_5_2, "medium", "at-none", "at-none", top_logprobs=5)),
    # C,L; tools W,I (livekit#7169): refused when an effort other than none is sent
    (("gpt-5.4",), Profile("gpt-5.4", _FROM_GPT_5_2, "none", "at-none", "unset-or-none", top_logprobs=5)),
    # P; chat-latest and the longest answer L
    (
        ("gpt-5.3-chat", "gpt-5.2-chat", "gpt-5.1-chat", "chat-latest"),
        Profile("chat-latest", ("medium",), "medium", "never", "yes", allowance_limit=16_384),
    ),
    # efforts A; default, sampling P; endpoint W
    (("gpt-5.1-codex", "gpt-5-codex"), Profile("gpt-5 codex", _O_SERIES, "medium", "never", "responses")),
    # C,L; default, sampling P; whether tools bear an effort is unsettled, so nothing is changed there
    (("gpt-5.3", "gpt-5.2"), Profile("gpt-5.2 and 5.3", _FROM_GPT_5_2, "none", "at-none", "yes")),
    # C,L; default, sampling P; tools W
    (("gpt-5.1",), Profile("gpt-5.1", _FROM_GPT_5_1, "none", "at-none", "yes")),
    # P; sampling, stop W
    (("gpt-5-chat",), Profile("gpt-5-chat", (), None, "always", "yes", stop=True)),
    # L
    (("gpt-5-search",), Profile("gpt-5-search", (), None, "never", "no")),
    # P; endpoint W
    (("gpt-5-pro",), Profile("gpt-5-pro", ("high",), "high", "never", "responses")),
    # P; tools W
    (("gpt-5",), Profile("gpt-5", ("minimal", "low", "medium", "high"), "medium", "never", "yes")),
    # W (shut down)
    (("o1-mini", "o1-preview"), Profile("o1-mini and o1-preview", (), None, "never", "no")),
    # P; stop, tools W. The dash keeps other makers' names such as "o1x" out
    (("o1-", "o3-", "o4-"), Profile("o1, o3 and o4", _O_SERIES, "medium", "never", "yes")),
    # W; stop, tools A
    (("gpt-4o-search", "gpt-4o-mini-search"), Profile("gpt-4o-search", (), None, "never", "no")),
    # W: OpenAI takes both length parameters here; some relays that offer these models only max_tokens
    (
        ("gpt-4", "gpt-3.5", "chatgpt-4o", "gpt-audio"),
        Profile("gpt-3.5 and gpt-4", (), None, "always", "yes", length_field="max_tokens", stop=True),
    ),
)

_BY_PREFIX = {prefix: profile for prefixes, profile in _FAMILIES for prefix in prefixes}


def profile_for(model_id: str) -> Profile:
    """The profile of an upstream's model id, by the longest prefix that matches its `openai_name`."""
    base = openai_name(model_id).split(":")[0]
    # With a dash at the end "o3" matches the row "o3-", as "o3-mini" does.
    fitting = [prefix for prefix in _BY_PREFIX if f"{base}-".startswith(prefix)]
    return _BY_PREFIX[max(fitting, key=len)] if fitting else DEFAULT


def reasoning_effort(think: Think | None, profile: Profile, *, has_tools: bool) -> tuple[str | None, list[Note]]:
    """Turn Ollama's `think` into the `reasoning_effort` to send.

    Args:
        think: True, False, a level (`low`, `medium`, `high`, `max`) or None when absent.
        profile: Of the model that is asked.
        has_tools: Whether function tools go along: some families refuse these together with reasoning.

    Returns:
        The effort, or None when none is sent, and what a person should know.
    """
    effort, notes = _effort(think, profile)
    refused_beside_tools = (profile.tools == "at-none" and effort != "none") or (
        profile.tools == "unset-or-none" and effort not in {None, "none"}
    )
    if has_tools and refused_beside_tools:
        reason = f"reasoning_effort none: {profile.name} takes function tools on Chat Completions only so"
        return "none", [Note("think", "defaulted" if think is None else "converted", reason)]
    return effort, notes


def _effort(think: Think | None, profile: Profile) -> tuple[str | None, list[Note]]:
    if think is None:
        return None, []
    if profile.efforts is None:
        return _effort_of_unknown(think)
    if not profile.efforts:
        refused = Note("think", "dropped", f"{profile.name} cannot reason")
        return None, [] if think is False else [refused]
    if think is True and profile.default_effort != "none":
        return None, []
    wanted = "medium" if think is True else "none" if think is False else think
    effort = _nearest(wanted, profile.efforts)
    if effort == wanted:
        return effort, [Note("think", "renamed", "reasoning_effort")]
    return effort, [Note("think", "converted", f"reasoning_effort {effort}: {profile.name} has no {wanted}")]


def _effort_of_unknown(think: Think) -> tuple[str | None, list[Note]]:
    if think is True:
        return None, []
    if think is False:
        return None, [Note("think", "dropped", "whether this model has an effort none is not known")]
    if think == "max":
        return "high", [Note("think", "converted", "reasoning_effort high: most servers have no max")]
    return think, [Note("think", "renamed", "reasoning_effort")]


def _nearest(wanted: str, efforts: Iterable[str]) -> str:
    place = EFFORT_SCALE.index(wanted)
    return min(efforts, key=lambda effort: abs(EFFORT_SCALE.index(effort) - place))
