"""What an OpenAI-style server says when it refuses a request: which field, why, and what it would take instead.

`error.param` and `error.code` tell it at OpenAI, Azure and a few others. Everywhere else there is only a sentence, and
each server has its own. The status tells nothing: 400 and 422 with most, but 403, 404, 405, 500 and 501 too.

Sources: recorded answers of OpenAI; all others are quoted in issues of public repositories, 2024 to 2026. A row names
the servers that say so.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from translators.errors import UpstreamError
from translators.profiles import Dialect


def _any(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(patterns), re.IGNORECASE | re.DOTALL)


_DIALECTS: Final[tuple[tuple[re.Pattern[str], Dialect], ...]] = (
    (
        _any(
            r"\b(?:use|in|on|via) (?:the )?/?v1/responses\b",  # OpenAI: "only supported in", "Did you mean to use"
            r"\b(?:use|only \w+ (?:in|on|via|with|through)) the (?:OpenAI )?Responses API\b",
            r"chatCompletion operation does not work with the specified model",  # Azure
            r"does not support the '?/v1/chat/completions'? API",  # Bedrock
        ),
        "responses",
    ),
    (
        _any(
            r"\buse (?:the )?/?v1/chat/completions\b",  # OpenAI: "This is a chat model … Did you mean to use"
            r"\bcompletion operation does not work with the specified model",  # Azure
        ),
        "chat",
    ),
    (_any(r"\buse (?:the )?/?v1/completions\b", r"\bis not a chat model\b"), "completions"),  # OpenAI
)

_REASONING_WANTED: Final = _any(
    r"missing `?reasoning_content`? field in the assistant message",  # DeepSeek until V3.2
    r"reasoning_content`? in the thinking mode must be passed back",  # DeepSeek since V4; MiMo, in `param`
    r"reasoning_content`? is missing in assistant",  # Moonshot and those who host its models
)

_REASONING_REFUSED: Final = _any(
    r"reasoning_content`? is an intermediate result",  # DeepSeek R1
    r"property '(?:messages\.\d+\.\w+\.)?reasoning(?:_content)?' is unsupported",  # Groq; Cerebras, with the path
    r"messages\b[\w.\[\]]*\.reasoning(?:_content)?\b.*extra inputs",  # FastAPI, so Mistral
    r"extra inputs.*messages\b[\w.\[\]]*\.reasoning(?:_content)?\b",  # Fireworks
)

_FIELD_CODES: Final = frozenset({"unsupported_parameter", "unknown_parameter"})  # OpenAI, Azure
_VALUE_CODES: Final = frozenset({"unsupported_value", "invalid_value"})  # OpenAI, Azure

_FIELD_REFUSED: Final = _any(
    r"unsupported param",  # OpenAI; llama.cpp, "Unsupported param: echo"
    r"unknown (?:parameter|field)",  # OpenAI since 2025; Go's encoding/json
    r"unrecognized (?:request )?argument",  # OpenAI before, Azure, Together
    r"\bis unsupported\b",  # Groq, Cerebras
    r"\bnot (?:currently )?(?:supported|enabled|permitted)\b",  # most; Bedrock, Mistral, Fireworks: "not permitted"
    r"\bdo(?:es)?(?:n't| not) support\b",  # xAI, DeepSeek, LiteLLM
    r"extra_forbidden",  # vLLM, SGLang: pydantic's own words
    r"cannot find field",  # Gemini
    r"not allowed to request",  # OpenAI, a 403 for logprobs
    r"\bunavailable\b",  # DeepSeek, a kind of response_format
)

_VALUE_REFUSED: Final = _any(
    r"(?:unsupported|invalid) value",  # OpenAI
    r"\bvalue `",  # xAI: "does not support `reasoning_effort` value `none`"
    r"\bonly \S+ is allowed",  # Moonshot: "only 1 is allowed for this model"
    r"=\w+ is not supported",  # Cerebras: "parallel_tool_calls=False"
    r"\bmust satisfy\b",  # Perplexity: "Frequency penalty must satisfy p > 0."
)

# Where the values begin that would be taken.
_VALUES: Final = re.compile(
    r"(?:supported values are"  # OpenAI
    r"|valid values are"  # Gemini
    r"|allowed values"  # Groq
    r"|must be one of"  # Groq
    r"|expected one of"  # pydantic, as Moonshot's hosts rewrite it
    r"|input should be(?= ['\"])"  # pydantic
    r"|must be(?= ['\"`]))"  # LM Studio
    r"[:\s]*(?P<values>[^.\"\n]*)",
    re.IGNORECASE,
)

_NUMBER: Final = r"[`'\"]?(-?\d+(?:\.\d+)?)"
_LEAST: Final = _any(
    rf"(?:>=|greater than or equal to|at least|less than the minimum of) ?{_NUMBER}",  # as below
    # Together: "[0, 1]", DeepSeek and DashScope: "[1, 8192]"; others: "between 0 and 4000"
    rf"\[{_NUMBER}, ?-?\d+(?:\.\d+)?\]",
    rf"between {_NUMBER} and \d",
)
_MOST: Final = _any(
    rf"(?:<=|less than or equal to|at most) ?{_NUMBER}",  # OpenAI, Groq, Cerebras, pydantic
    rf"(?:more than|greater than the maximum of) {_NUMBER}",  # xAI; FastChat
    # OpenAI, Groq, vLLM, Together
    rf"(?:maximum length|maximum number of items is|max allowed:|\bmaximum) {_NUMBER}",
    rf"> {_NUMBER}, which is the maximum",  # Anthropic, behind gateways
    rf"\[-?\d+(?:\.\d+)?, ?{_NUMBER}\]",
    rf"between -?\d+(?:\.\d+)? and {_NUMBER}",
)

_THOUSANDS: Final = re.compile(r"(?<![\[\d,])\d{1,3}(?:,\d{3})+(?![\d,])")
"""16,384, but not the two numbers of [1,100]."""

_SPACED: Final = re.compile(r"\b(frequency|presence|response) (penalty|format)\b", re.IGNORECASE)
"""Names written as words: Perplexity's "Frequency penalty", Groq's "response format"."""

# A name, and what before it makes it one. One with a place behind it is Gemini's for something inside, mostly a schema.
_NAME: Final = re.compile(
    r"(?P<mark>['\"`\[]|(?:parameters?|params?|arguments?(?: supplied)?|property|field)\W{1,4}|#/)?"
    r"\b(?P<name>[a-z_][\w.\[\]]*+)(?P<colon>:?+)(?!['\"`] at ['\"`])",
    re.IGNORECASE,
)
_PART: Final = re.compile(r"[a-z_]\w*", re.IGNORECASE)
_HUMP: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_MEANS_NOTHING_ELSE: Final = frozenset({"logprobs", "seed", "stop", "temperature", "verbosity"})
"""Fields that are meant although nothing marks the word; "user" or "model" may be any word of a sentence."""

_ABOUT_ELSE: Final = re.compile(r"(?<![\w-])(?:tools?|images?|audio|schemas?)\b", re.IGNORECASE)
"""A sentence with one of these is about that, though a tool or what is in it may be called as a field is."""

_WITH_FIELDS: Final = ("reasoning", "text", "stream_options")
"""Fields whose own fields are refused by name."""


def dialect_demanded(error: UpstreamError) -> Dialect | None:
    """The API by which a model is served, when a refusal says that it is not the one that was asked."""
    return next((dialect for sentence, dialect in _DIALECTS if sentence.search(error.message)), None)


def wants_reasoning_back(error: UpstreamError) -> bool:
    """Whether the reasoning of earlier answers is missed, in the field `reasoning_content` of their messages."""
    return bool(_REASONING_WANTED.search(f"{error.message} {error.param}"))


def wants_signatures_back(error: UpstreamError) -> bool:
    """Whether the signature of an earlier tool call is missed (Gemini 3)."""
    return "missing a thought_signature" in error.message


def refuses_reasoning_back(error: UpstreamError) -> bool:
    """Whether the reasoning of earlier answers is not taken."""
    return bool(_REASONING_REFUSED.search(error.message))


def refuses_field(error: UpstreamError) -> bool:
    """Whether a field is refused whatever its value."""
    return error.code in _FIELD_CODES or bool(_FIELD_REFUSED.search(error.message))


def refuses_value(error: UpstreamError) -> bool:
    """Whether it is the value of a field that is refused."""
    return error.code in _VALUE_CODES or bool(_VALUE_REFUSED.search(error.message) or _VALUES.search(error.message))


def values_listed(message: str) -> tuple[str, ...]:
    """The values that a refusal says would be taken; none when it lists none."""
    found = _VALUES.search(message)
    words = re.findall(r"[\w-]+", re.split(r"\]|, received", found["values"])[0]) if found else []
    return tuple(word for word in words if word not in {"and", "or"})


def bounds(message: str) -> tuple[float | None, float | None]:
    """The least and the most that a refusal says would be taken, a number or how many; None where it tells none."""
    plain = _THOUSANDS.sub(lambda number: number[0].replace(",", ""), message)
    return _bound(_LEAST.search(plain)), _bound(_MOST.search(plain))


def _bound(found: re.Match[str] | None) -> float | None:
    number = next(filter(None, found.groups()), None) if found else None
    return None if number is None else float(number) if "." in number else int(number)


def field_named(error: UpstreamError, payload: Mapping[str, Any]) -> str:
    """The first field of a payload that a refusal names, `param` before the sentence; empty when it names none.

    Names are also known in another spelling (`reasoningEffort`, xAI) and with the path of what is inside a field
    (`messages[0].role`, `body.seed`, `stop.list[str]`).

    Returns:
        The field's name; that of a field inside `reasoning`, `text` or `stream_options` with a dot: `reasoning.effort`.
    """
    known: dict[str, str] = {}
    for outer in _WITH_FIELDS:
        fields = payload.get(outer)
        for inner in fields if isinstance(fields, Mapping) else ():
            known[_plain(f"{outer}_{inner}")] = known[_plain(f"{outer}.{inner}")] = f"{outer}.{inner}"
    known |= {_plain(field): field for field in payload}
    if not error.param and _ABOUT_ELSE.search(error.message):
        return ""
    told = f"'{error.param}'\n{error.message}" if error.param else error.message
    paths = (known.get(".".join(parts[:2])) or known.get(parts[0]) for parts in _names_in(told))
    return next(filter(None, paths), "")


def _names_in(text: str) -> Iterator[list[str]]:
    """What may be names of fields in a sentence, each in its parts."""
    for found in _NAME.finditer(_SPACED.sub(r"\1_\2", text)):
        parts = [_plain(part) for part in _PART.findall(found["name"])]
        is_marked = found["mark"] or found["colon"] or len(parts) > 1
        if is_marked or "_" in parts[0] or parts[0] in _MEANS_NOTHING_ELSE:
            yield parts[1:] if parts[0] == "body" and len(parts) > 1 else parts


def _plain(name: str) -> str:
    return _HUMP.sub("_", name).lower()
