"""Pydantic models that read a JSON object as Go's `encoding/json` fills a struct.

Keys are matched without regard to case, `null` is the same as absent at every level, unknown keys are ignored, and
nothing is converted: a number is never a string. A class has the name of the Go struct, because errors tell it.
"""

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

GO_TEXT = "go_text"
"""The type of a pydantic error whose message is Go's own."""


class GoStruct(BaseModel):
    """Base of the request models: frozen, strict, every field optional."""

    model_config = ConfigDict(strict=True, frozen=True)

    _fields_by_key: ClassVar[dict[str, str]]

    @classmethod
    def __pydantic_init_subclass__(cls, **_kwargs: Any) -> None:
        """Note each field by its own name and by the folded one."""
        cls._fields_by_key = {name.casefold(): name for name in cls.model_fields} | {n: n for n in cls.model_fields}

    @classmethod
    def field_of(cls, key: str) -> str | None:
        """The field that a JSON key fills, if any."""
        return cls._fields_by_key.get(key) or cls._fields_by_key.get(key.casefold())

    @model_validator(mode="before")
    @classmethod
    def _fill(cls, value: Any) -> Any:
        if value is None:
            return {}
        if not isinstance(value, dict):
            return value
        # Of several spellings of a key, the last one wins.
        return {name: item for key, item in value.items() if item is not None and (name := cls.field_of(key))}


@dataclass(frozen=True, slots=True)
class GoType:
    """What Go knows of a field's or an element's type and its Python annotation does not tell.

    Attributes:
        name: As error texts call it; empty when the annotation tells, or when no error text needs it.
        own_decoder: It has an `UnmarshalJSON` of its own: an error in it ends the decoding at once.
        checked_as: The annotation that describes its parts, when the field keeps the JSON value as it came.
    """

    name: str = ""
    own_decoder: bool = False
    checked_as: Any = None


def go_error(text: str) -> PydanticCustomError:
    """The error for a validator to raise when one of Go's decoders would answer with this text."""
    return PydanticCustomError(GO_TEXT, "{text}", {"text": text})


Int = Annotated[int, Field(ge=-(2**63), lt=2**63)]
"""Go's `int`."""

# In a list, `null` is the zero value of the element's type.
StringItem = Annotated[str, BeforeValidator(lambda item: "" if item is None else item)]
IntItem = Annotated[Int, BeforeValidator(lambda item: 0 if item is None else item)]
