"""What each family of models accepts, and by which of OpenAI's APIs it is asked.

OpenAI refuses a parameter that a model does not take, one parameter per 400, so a request is shaped by the
family of its model before it leaves. A model that no row names gets `DEFAULT`: everything may be sent.

Sources, by the letter at each row: P pydantic-ai-slim 2.68.0 (says it was checked live, 2026-07 to 2026-10),
L litellm 1.109.1, C langchain-openai 1.7.4, I issues that quote live answers, W recorded and quoted refusals of
OpenAI itself, A analogy with the nearest known family.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal

from translators.names import openai_name

type Dialect = Literal["chat", "responses", "completions"]
"""Chat Completions, the Responses API, or the legacy Completions."""

EFFORT_SCALE = ("none", "minimal", "low", "medium", "high", "xhigh", "max")
"""All reasoning efforts of any model, lowest first."""

ALL_FORMATS = frozenset({"json_object", "json_schema", "strict"})
"""The kinds of `response_format` that a server may know, and whether a schema may be strict; any knows plain text."""


def nearest_effort(wanted: str, efforts: Iterable[str]) -> str:
    """The one of these efforts, at least one, that is nearest on the scale; of two the lower."""
    place = EFFORT_SCALE.index(wanted)
    return min(efforts, key=lambda effort: abs(EFFORT_SCALE.index(effort) - place))


@dataclass(frozen=True, slots=True)
class Profile:
    """What one family accepts. The defaults are those of OpenAI's reasoning models, the norm since 2025.

    Attributes:
        name: The family, as a note to a person calls it.
        efforts: The reasoning efforts that Chat Completions takes, lowest first; empty when the parameter is
            refused, None when nothing is known.
        default_effort: The effort when none is sent; None when unknown or when there are no efforts.
        sampling: When temperature, top_p, the penalties and logprobs are taken: `at-none` is with effort none only.
        tools: Function tools on Chat Completions: `yes` at every effort, `unset-or-none` and `at-none` only with
            such a `reasoning_effort`, `responses` on the Responses API only, `no` not at all.
        dialect: The API that it is asked by, where tools do not demand another one.
        length_field: The parameter that limits the answer.
        stop: Whether stop sequences are taken.
        seed: Whether a seed is taken.
        penalties: Whether presence and frequency penalties are taken, where sampling is.
        top_logprobs: The most alternatives per token, where logprobs are taken (5: quoted for gpt-5.4 and 5.6, A for
            what came after).
        allowance_limit: The tokens to which an allowance for reasoning may lift the answer's limit: 100,000 is the
            whole answer of the o models, and the others take 128,000, but for those whose row says less.
        shortest: The least length of an answer that may be asked for.
        max_effort: Whether the Responses API takes the effort `max` as well.
        system_role: Whether system messages are taken.
        formats: Which of `ALL_FORMATS` are taken.
        reasoning_back: The field in which an assistant's reasoning is wanted back; empty where it is not.
        signatures_back: Whether a turn with tool calls is refused without the signature of its first call.
    """

    name: str
    efforts: tuple[str, ...] | None
    default_effort: str | None
    sampling: Literal["always", "at-none", "never"]
    tools: Literal["yes", "unset-or-none", "at-none", "responses", "no"]
    dialect: Dialect = "chat"
    length_field: Literal["max_tokens", "max_completion_tokens", "max_output_tokens"] = "max_completion_tokens"
    stop: bool = False
    seed: bool = True
    penalties: bool = True
    top_logprobs: int = 20
    allowance_limit: int = 100_000
    shortest: int = 1
    max_effort: bool = False
    system_role: bool = True
    formats: frozenset[str] = ALL_FORMATS
    reasoning_back: Literal["", "reasoning_content"] = ""
    signatures_back: bool = False

    def takes_sampling(self, effort: str | None) -> bool:
        """Whether sampling parameters and logprobs are accepted beside this reasoning effort (None: not sent)."""
        if self.sampling == "at-none":
            return (effort or self.default_effort) == "none"
        return self.sampling == "always"

    @property
    def sampling_refusal(self) -> str:
        """Why sampling parameters and logprobs were not sent, for a note."""
        if self.sampling == "at-none":
            return f"taken by {self.name} only with reasoning effort none"
        return f"not taken by {self.name}"

    def reasons(self, effort: str | None) -> bool:
        """Whether the model is known to reason at this effort (None: not sent)."""
        return bool(self.efforts or self.default_effort) and (effort or self.default_effort) != "none"

    def refuses_tools_at(self, effort: str | None) -> bool:
        """Whether Chat Completions refuses function tools beside this effort, but takes them beside none."""
        if self.tools == "at-none":
            return effort != "none"
        return self.tools == "unset-or-none" and effort not in {None, "none"}

    def on(self, dialect: Dialect) -> "Profile":
        """What the same model accepts on an API."""
        if dialect != "responses":
            return self
        return replace(
            self,
            efforts=(*self.efforts, "max") if self.efforts and self.max_effort else self.efforts,
            tools="no" if self.tools == "no" else "yes",
            length_field="max_output_tokens",
            stop=False,  # the API has no such field, as the next two
            seed=False,
            penalties=False,
            shortest=16,
        )


DEFAULT = Profile("unknown models", None, None, "always", "yes", length_field="max_tokens", stop=True)
"""For models that no row names: those of compatible servers, and OpenAI's own that do not generate chat."""

REASONER = Profile("models that reason as OpenAI's do", None, "medium", "never", "yes")
"""For models that no row names and that were seen to refuse what OpenAI's reasoning models refuse."""

_O_SERIES = ("low", "medium", "high")
_FROM_GPT_5_1 = ("none", "low", "medium", "high")
_FROM_GPT_5_2 = ("none", "low", "medium", "high", "xhigh")
_WITHOUT_NONE = ("low", "medium", "high", "xhigh")
_PRO = ("medium", "high", "xhigh")

_FAMILIES: tuple[tuple[tuple[str, ...], Profile], ...] = (
    # efforts P,I; tools and stop I (bolna#1019, inspect_ai#5254)
    (("gpt-6-astra",), Profile("gpt-6-astra", _WITHOUT_NONE, "medium", "never", "responses", max_effort=True)),
    # efforts, sampling P; default and tools A (astra)
    (("gpt-6.1-sol",), Profile("gpt-6.1-sol", _WITHOUT_NONE, "medium", "never", "responses", max_effort=True)),
    # P,C; tools I,L (onyx#15008)
    (
        ("gpt-6-sol", "gpt-6-luna"),
        Profile("gpt-6-sol and -luna", _FROM_GPT_5_2, "medium", "at-none", "at-none", top_logprobs=5, max_effort=True),
    ),
    # P,L
    (
        ("gpt-6.1-terra",),
        Profile("gpt-6.1-terra", _FROM_GPT_5_2, "medium", "at-none", "at-none", top_logprobs=5, max_effort=True),
    ),
    # A: a member not known by name gets the rules of its strictest sibling
    (("gpt-6-", "gpt-6."), Profile("gpt-6", _WITHOUT_NONE, None, "never", "responses", max_effort=True)),
    # I,P (livekit#7169, LibreChat#14231): tools refused even when no effort is sent
    (
        ("gpt-5.6",),
        Profile("gpt-5.6", _FROM_GPT_5_2, "medium", "at-none", "at-none", top_logprobs=5, max_effort=True),
    ),
    # P; default A; tools W
    (
        ("gpt-5.5-pro", "gpt-5.4-pro", "gpt-5.2-pro"),
        Profile("gpt-5.2, 5.4 and 5.5 pro", _PRO, "medium", "never", "responses", "responses"),
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
    (
        ("gpt-5.1-codex", "gpt-5-codex"),
        Profile("gpt-5 codex", _O_SERIES, "medium", "never", "responses", "responses"),
    ),
    # P (codex-max has one effort more); endpoint W
    (
        ("gpt-5.1-codex-max",),
        Profile("gpt-5.1 codex-max", _WITHOUT_NONE, "medium", "never", "responses", "responses"),
    ),
    # efforts, endpoint L; default, sampling A
    (
        ("gpt-5.3-codex", "gpt-5.2-codex"),
        Profile("gpt-5.2 and 5.3 codex", _FROM_GPT_5_2, "none", "at-none", "responses", "responses"),
    ),
    # endpoint L; the rest A
    (
        ("computer-use-preview", "gpt-daybreak"),
        Profile("models of the Responses API", None, None, "always", "responses", "responses"),
    ),
    # C,L; default, sampling P; whether tools bear an effort is unsettled, so nothing is changed there
    (("gpt-5.3", "gpt-5.2"), Profile("gpt-5.2 and 5.3", _FROM_GPT_5_2, "none", "at-none", "yes")),
    # C,L; default, sampling P; tools W
    (("gpt-5.1",), Profile("gpt-5.1", _FROM_GPT_5_1, "none", "at-none", "yes")),
    # P; sampling, stop W
    (("gpt-5-chat",), Profile("gpt-5-chat", (), None, "always", "yes", stop=True)),
    # L
    (("gpt-5-search",), Profile("gpt-5-search", (), None, "never", "no")),
    # P; endpoint W
    (("gpt-5-pro",), Profile("gpt-5-pro", ("high",), "high", "never", "responses", "responses")),
    # P; tools W
    (("gpt-5",), Profile("gpt-5", ("minimal", "low", "medium", "high"), "medium", "never", "yes")),
    # W (shut down); formats A: structured outputs came with o1
    (
        ("o1-mini", "o1-preview"),
        Profile("o1-mini and o1-preview", (), None, "never", "no", system_role=False, formats=frozenset()),
    ),
    # L; endpoint W
    (
        ("o1-pro", "o3-pro", "o3-deep-research", "o4-mini-deep-research"),
        Profile("o pro and deep-research", _O_SERIES, "medium", "never", "responses", "responses"),
    ),
    # P; stop, tools W. The dash keeps other makers' names such as "o1x" out
    (("o1-", "o3-", "o4-"), Profile("o1, o3 and o4", _O_SERIES, "medium", "never", "yes")),
    # W; stop, tools A
    (("gpt-4o-search", "gpt-4o-mini-search"), Profile("gpt-4o-search", (), None, "never", "no")),
    # W: OpenAI takes both length parameters here; some relays that offer these models only max_tokens
    (
        ("gpt-4o", "gpt-4.1", "gpt-4.5", "chatgpt-4o", "gpt-audio"),
        Profile("gpt-4o and gpt-4.1", (), None, "always", "yes", length_field="max_tokens", stop=True),
    ),
    # W; formats: OpenAI's guide to structured outputs, which begin with gpt-4o
    (
        ("gpt-4", "gpt-3.5"),
        Profile(
            "gpt-3.5 and gpt-4",
            (),
            None,
            "always",
            "yes",
            length_field="max_tokens",
            stop=True,
            formats=frozenset({"json_object"}),
        ),
    ),
    # L; endpoint W
    (
        ("gpt-3.5-turbo-instruct", "davinci-002", "babbage-002"),
        Profile("models that only complete", (), None, "always", "no", "completions", "max_tokens", stop=True),
    ),
)

_THINKS_ALOUD = Profile(
    "models that want their reasoning back",
    None,
    None,
    "always",
    "yes",
    length_field="max_tokens",
    stop=True,
    reasoning_back="reasoning_content",
)

_OTHER_MAKERS: tuple[tuple[tuple[str, ...], Profile], ...] = (
    # I (earendil-works/pi#3636, Kilo-Org/kilocode#5544): 400 when a message with tool calls lacks it
    (("deepseek-v4", "deepseek-reasoner", "kimi-k2-thinking", "kimi-k2.5", "kimi-k2.6", "kimi-k3"), _THINKS_ALOUD),
)
"""Models of open weights, by how the last part of their ids begins, whoever hosts them."""

_BY_PREFIX = {prefix: profile for prefixes, profile in _FAMILIES for prefix in prefixes}
_BY_OTHER_PREFIX = {prefix: profile for prefixes, profile in _OTHER_MAKERS for prefix in prefixes}


@lru_cache(maxsize=1024)
def profile_for(model_id: str) -> Profile:
    """The profile of an upstream's model id, by the longest prefix that matches its `openai_name`."""
    base = openai_name(model_id).split(":")[0]
    # With a dash at the end "o3" matches the row "o3-", as "o3-mini" does.
    if found := _longest(_BY_PREFIX, f"{base}-"):
        return found
    return _longest(_BY_OTHER_PREFIX, model_id.lower().rpartition("/")[2]) or DEFAULT


def _longest(by_prefix: dict[str, Profile], name: str) -> Profile | None:
    fitting = [prefix for prefix in by_prefix if name.startswith(prefix)]
    return by_prefix[max(fitting, key=len)] if fitting else None


def dialect_for(profile: Profile, effort: str | None, *, has_tools: bool) -> Dialect:
    """The API to ask by where the user names none: Chat Completions, unless that refuses what is asked.

    Args:
        profile: Of the model.
        effort: The effort that is wanted on Chat Completions; None when none is sent.
        has_tools: Whether function tools go along.
    """
    if has_tools and profile.dialect == "chat" and (profile.tools == "responses" or profile.refuses_tools_at(effort)):
        return "responses"
    return profile.dialect
