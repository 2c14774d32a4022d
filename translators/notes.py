"""What a translation could not carry over as it was, as data for logs and the inspector."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Note:
    """One request field that did not travel unchanged.

    Attributes:
        field: The Ollama field, dotted: `options.top_k`.
        action: What became of it.
        detail: Why, or what it became; a short phrase without the field's value when that may be private.
    """

    field: str
    action: Literal["renamed", "converted", "defaulted", "dropped"]
    detail: str

    def __str__(self) -> str:
        return f"{self.field} {self.action}: {self.detail}"
