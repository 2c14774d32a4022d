"""Pydantic models that read a JSON object as Go's `encoding/json` fills a struct.

Keys are matched without regard to case, `null` is the same as absent at every level, unknown keys are ignored, and
nothing is converted: a number is never a string. A class has the name of the Go struct, because errors tell it.
"""

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

UNMARSHALLED = "unmarshalled"
"""The context of a validation of what `go_unmarshal` has already read: what is kept as sent has been checked."""

_JSON_KEYS = {"defs": "$defs", "from_": "from", "debug_render_only": "_debug_render_only"}
"""Fields that cannot have their JSON name in Python."""


def json_key(field: str) -> str:
    """What a field is called in JSON."""
    return _JSON_KEYS.get(field, field)


class GoStruct(BaseModel):
    """Base of the request models: frozen, strict, every field optional."""

    model_config = ConfigDict(strict=True, frozen=True)

    _fields_by_key: ClassVar[dict[str, str]]

    @classmethod
    def __pydantic_init_subclass__(cls, **_kwargs: Any) -> None:
        """Note each field by its own key and by the folded one."""
        keys = {json_key(name): name for name in cls.model_fields}
        cls._fields_by_key = {_folded(key): name for key, name in keys.items()} | keys

    @classmethod
    def field_of(cls, key: str) -> str | None:
        """The field that a JSON key fills, if any."""
        return cls._fields_by_key.get(key) or cls._fields_by_key.get(_folded(key))

    @model_validator(mode="before")
    @classmethod
    def _fill(cls, value: Any) -> Any:
        if value is None:
            return {}
        if not isinstance(value, dict):
            return value
        fields = cls._fields_by_key
        filled: dict[str, Any] = {}
        for key, item in value.items():
            name = fields.get(key) or fields.get(_folded(key))
            if name in filled:
                raise PydanticCustomError("repeated_key", "two keys for one field, whose meaning go_unmarshal knows")
            if name:
                filled[name] = item
        return {name: item for name, item in filled.items() if item is not None}


def _folded(key: str) -> str:
    """A key as Go folds it: beyond ASCII only the long s and the Kelvin sign mean one of ASCII's letters."""
    return key.replace("\u017f", "s").lower()


@dataclass(frozen=True, slots=True)
class GoType:
    """What Go knows of a field's or an element's type and its Python annotation does not tell.

    Attributes:
        name: As error texts call it; empty when the annotation tells, or when no error text needs it.
        own_decoder: It has an `UnmarshalJSON` of its own: an error in it ends the decoding at once.
        pointer: It is one, so that `null` takes back what the same key said before.
        decoded_as: The annotation as which Go decodes it, when the field keeps the JSON value as it came.
    """

    name: str = ""
    own_decoder: bool = False
    pointer: bool = False
    decoded_as: Any = None


def go_error(text: str) -> PydanticCustomError:
    """The error for a validator to raise when one of Go's decoders would answer with this text."""
    return PydanticCustomError("go_text", "{text}", {"text": text})


OptionalBool = Annotated[bool, GoType(pointer=True)]
"""Go's `*bool`, for what is true when it is absent."""

Int = Annotated[int, Field(ge=-(2**63), lt=2**63)]
"""Go's `int`."""

# In a list, `null` is the zero value of the element's type.
StringItem = Annotated[str, BeforeValidator(lambda item: "" if item is None else item)]
IntItem = Annotated[Int, BeforeValidator(lambda item: 0 if item is None else item)]
