"""What is asked of each family of models, as data: which of the upstream's APIs answers, and after how many refusals.

A letter is a call: C to Chat Completions, R to the Responses API, P to the legacy Completions. All but the last one
were refused, and something was learned from each. A word without a letter is a 400 without a call. What ends with `!`
is a 400 all the same, the upstream's own sentence or Ollama's.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

PROMPT: Final = "the weather in Oslo"
WEATHER: Final[dict[str, Any]] = {
    "type": "function",
    "function": {
        "name": "weather",
        "description": "The weather of a place.",
        "parameters": {"type": "object", "properties": {"place": {"type": "string"}}},
    },
}
STRICT: Final[dict[str, Any]] = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "age": {"type": "integer"}},
    "required": ["name", "age"],
}
LOOSE: Final = {**STRICT, "required": ["name"]}
"""What need not be there makes a schema one that OpenAI does not hold a model to."""

PIXEL: Final = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
OPTIONS: Final[dict[str, Any]] = {
    "temperature": 0.5,
    "top_p": 0.9,
    "presence_penalty": 0.1,
    "frequency_penalty": 0.1,
    "seed": 3,
    "stop": ["zzz"],
    "num_predict": 50,
}

REQUESTS: Final[Mapping[str, dict[str, Any]]] = {
    "options": {"options": OPTIONS},
    "tools": {"tools": [WEATHER]},
    "tools+think": {"tools": [WEATHER], "think": True},
    "think": {"think": True},
    "no think": {"think": False},
    "low": {"think": "low"},
    "strict": {"format": STRICT},
    "loose": {"format": LOOSE},
    "json": {"format": "json"},
    "image": {"messages": [{"role": "user", "content": PROMPT, "images": [PIXEL]}]},
    "logprobs": {"logprobs": True, "top_logprobs": 3},
}
"""What the columns ask for beside an answer to the prompt, in their order."""

KNOWN: Final = """
                                            tools+       no                                   log-
                            options  tools  think  think think   low  strict  loose  json  image  probs
gpt-3.5-turbo                  C       C      -      -     C      -      C      C      C     C!     C
gpt-4                          C       C      -      -     C      -      C      C      C     C!     C
gpt-4o                         C       C      -      -     C      -      C      C      C     C      C
ft:gpt-4o-mini:acme::x         C       C      -      -     C      -      C      C      C     C      C
gpt-4.1-2025-04-14             C       C      -      -     C      -      C      C      C     C      C
gpt-4o-search-preview          C       -      -      -     C      -      C      C      C     C!     C
gpt-5-chat-latest              C       C      -      -     C      -      C      C      C     C      C
gpt-5                          C       C      C      C     C      C      C      C      C     C      C
gpt-5-nano-2025-08-07          C       C      C      C     C      C      C      C      C     C      C
gpt-5.1                        C       C      C      C     C      C      C      C      C     C      C
gpt-5.2                        C       C      C      C     C      C      C      C      C     C      C
gpt-5.2-chat-latest            C       C      C      C     C      C      C      C      C     C      C
gpt-5.3                        C       C      C      C     C      C      C      C      C     C      C
gpt-5.4                        C       C      R      C     C      C      C      C      C     C      C
gpt-5.4-mini-2026-03-17        C       C      R      C     C      C      C      C      C     C      C
ft:gpt-5.4:acme::x             C       C      R      C     C      C      C      C      C     C      C
gpt-5.5                        C       R      R      C     C      C      C      C      C     C      C
gpt-5.6-terra                  C       R      R      C     C      C      C      C      C     C      C
gpt-6-sol                      C       R      R      C     C      C      C      C      C     C      C
gpt-6.1-terra                  C       R      R      C     C      C      C      C      C     C      C
gpt-6-astra                    C       R      R      C     C      C      C      C      C     C      C
gpt-6.1-sol                    C       R      R      C     C      C      C      C      C     C      C
o1                             C       C      C      C     C      C      C      C      C     C      C
o1-mini                        C       -      -      C     C      C      C      C      C     C!     C
o3                             C       C      C      C     C      C      C      C      C     C      C
o3-mini                        C       C      C      C     C      C      C      C      C     C!     C
o4-mini-2025-04-16             C       C      C      C     C      C      C      C      C     C      C
gpt-5-pro                      R       R      R      R     R      R      R      R      R     R      R
gpt-5.4-pro                    R       R      R      R     R      R      R      R      R     R      R
gpt-5.1-codex                  R       R      R      R     R      R      R      R      R     R      R
o3-deep-research               R       -      -      R     R      R      R      R      R     R      R
gpt-3.5-turbo-instruct         P       -      -      -     P      -      P      P      P     -      P
davinci-002                    P       -      -      -     P      -      P      P      P     -      P
"""
"""Models that a profile knows: nothing has to be learned."""

UNKNOWN: Final = """
                                            tools+       no                                   log-
                            options  tools  think  think think   low  strict  loose  json  image  probs
reasoner-1                     C       C      C      C     C      C      C      C      C     C      C
novel-1                        CC      CR     CR     C     C      C      C      C      C     C      CC
novel-responses-1              CR      CR     CR     CR    CR     CR     CR     CR     CR    CR     CR
compat-completions             CP      C!     C!     CP    CP     CP     CP     CP     CP    C!     CP
compat-deepseek                C       C      C      C     C      C      CC     CC     C     C      C
compat-gemini                  CCCC    C      C      C     C      C      C      C      C     C      CC
compat-groq                    C       C      C      C     C      C      C      C      C     C      CC
compat-lmstudio                C       C      C      C     C      C      C      C      CC    C      C
compat-mistral                 CC      C      C      C     C      CC     C      C      C     C      CC
compat-nojson                  C       C      C      C     C      C      CC     CC     CC    C      C
compat-think                   C       C      C      C     C      C      C      C      C     C      C
compat-vllm                    C       C      C      C     C      C      C      C      C     C      C
compat-xai                     CCCC    C      C      C     C      C      C      C      C     C      C
"""
"""Models that no profile knows, when nothing has been learned yet."""

STREAM_OPTIONS_REFUSED: Final = frozenset({"compat-mistral"})
"""They have one more thing to teach to a streamed request."""

WITHOUT_JSON: Final = frozenset(
    {"compat-completions", "compat-nojson", "davinci-002", "gpt-3.5-turbo-instruct", "o1-mini"}
)
"""They cannot be held to any form; some are told of it in a message."""


@dataclass(frozen=True, slots=True)
class Row:
    """One model.

    Attributes:
        model: Its id.
        words: What is seen of each request, in the order of `REQUESTS`.
        stream: Whether streams are asked for.
    """

    model: str
    words: tuple[str, ...]
    stream: bool

    @property
    def name(self) -> str:
        """In test ids."""
        return f"{self.model}-{'stream' if self.stream else 'whole'}"


def rows_of(*tables: str) -> Sequence[Row]:
    """The rows of tables, each for whole answers and for streams."""
    lines = [line.split() for table in tables for line in table.splitlines() if line[:1].strip()]
    return [
        Row(model, tuple(f"C{word}" if stream and model in STREAM_OPTIONS_REFUSED else word for word in words), stream)
        for stream in (False, True)
        for model, *words in lines
    ]
