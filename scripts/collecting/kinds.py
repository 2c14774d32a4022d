"""One request of the catalogue, and what becomes of it when it is made of a model."""

import json
from collections.abc import Mapping, Set
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from addon.recordings.matching import normal_request
from scripts.collecting.models import Model

MOST_ANSWER_TOKENS: Final = 300
"""Of an answer by Ollama's routes; the proxy adds an allowance where a model reasons."""

MOST_V1_TOKENS: Final = 2_000
"""Of an answer by OpenAI's routes, where reasoning counts and nothing is added."""

FINE: Final = frozenset({200})
FREE: Final = frozenset({"/api/tags", "/v1/models", "/api/show"})
"""Where nothing is generated."""

type Body = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Kind:
    """One thing that can be asked.

    Attributes:
        name: What it is called in the catalogue.
        route: Method and path.
        body: Without the model and the limit of the answer; None of a GET.
        needs: What a model must be able to do, in the words of `Model.abilities`.
        expected: The statuses that are no surprise.
        overflows: The member that gets a text longer than the model's window; empty where none does.
    """

    name: str
    route: str
    body: Body | None
    needs: Set[str] = frozenset()
    expected: Set[int] = FINE
    overflows: str = ""

    @property
    def method(self) -> str:
        """In capitals."""
        return self.route.split()[0]

    @property
    def path(self) -> str:
        """Without a query."""
        return self.route.split()[1]

    @property
    def is_free(self) -> bool:
        """Whether it costs nothing, as lists and what is refused."""
        return self.path in FREE or 200 not in self.expected


@dataclass(frozen=True, eq=False)
class Ask:
    """A request of the catalogue to a model, or to none.

    Attributes:
        kind: What is asked.
        model: Who is asked; None where the row itself says so.
    """

    kind: Kind
    model: Model | None = None

    @property
    def label(self) -> str:
        """As a person reads it."""
        return f"{self.model.id} {self.kind.name}" if self.model else self.kind.name

    @cached_property
    def content(self) -> bytes:
        """The body; empty of a GET."""
        if self.kind.body is None:
            return b""
        value = dict(self.kind.body)
        if self.model:
            value = {"model": self.model.id, **value, **_limited(self.kind, self.model)}
            if self.kind.overflows:
                value[self.kind.overflows] = "word " * (self.model.context_length * 5 // 4)
        return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()

    @property
    def digest(self) -> str:
        """That of its recording."""
        return normal_request(self.kind.method, self.kind.path, self.content).digest


def _limited(kind: Kind, model: Model) -> dict[str, Any]:
    """The members that keep an answer short."""
    body: Body = kind.body or {}
    match kind.path:
        case "/api/chat" | "/api/generate":
            return {"options": {"num_predict": MOST_ANSWER_TOKENS, **body.get("options", {})}}
        case "/v1/chat/completions":
            return {model.profile.length_field: MOST_V1_TOKENS}
        case "/v1/responses":
            return {"max_output_tokens": MOST_V1_TOKENS}
        case "/v1/completions":
            return {"max_tokens": MOST_ANSWER_TOKENS}
    return {}
