"""Tool definitions in an Ollama request (Ollama's `api/types.go`).

Ollama reads a small part of each JSON schema and drops the rest. Here the same part is checked for its types, with
the same errors, but the schema is kept as the client sent it: OpenAI understands all of it.
"""

from typing import Annotated, Any

from pydantic import BeforeValidator, GetCoreSchemaHandler, ValidatorFunctionWrapHandler
from pydantic_core import CoreSchema, core_schema

from translators.go_struct import UNMARSHALLED, GoStruct, GoType, StringItem
from translators.ollama_fields import IsObject

_Properties = Annotated[
    dict[str, Annotated["ToolProperty", GoType(own_decoder=True)]] | None,
    IsObject,
    GoType(own_decoder=True),
]

_PropertyType = Annotated[
    list[StringItem] | None,
    BeforeValidator(lambda value: [value] if isinstance(value, str) else value),
    GoType(own_decoder=True),
]


class ToolProperty(GoStruct):
    """The part of a property's schema that Ollama reads."""

    anyOf: list["ToolProperty"] | None = None
    type: _PropertyType = None
    items: Any = None
    description: str = ""
    enum: list[Any] | None = None
    properties: _Properties = None
    required: list[StringItem] | None = None


class ToolFunctionParameters(GoStruct):
    """The part of a tool's parameters that Ollama reads."""

    type: str = ""
    defs: Any = None
    items: Any = None
    required: list[StringItem] | None = None
    properties: _Properties = None


class _CheckedParameters:
    """Validates as `ToolFunctionParameters` and keeps the value."""

    def __get_pydantic_core_schema__(self, _source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        def check(value: Any, validate: ValidatorFunctionWrapHandler, info: core_schema.ValidationInfo) -> Any:
            if info.context != UNMARSHALLED:
                validate(value)
            return value

        return core_schema.with_info_wrap_validator_function(check, handler.generate_schema(ToolFunctionParameters))


class ToolFunction(GoStruct):
    """A function that the model may call.

    Attributes:
        name: Any string.
        description: For the model.
        parameters: A JSON schema, whole and as sent; None when the client sent none.
    """

    name: str = ""
    description: str = ""
    parameters: Annotated[
        dict[str, Any] | None,
        _CheckedParameters(),
        GoType("api.ToolFunctionParameters", decoded_as=ToolFunctionParameters),
    ] = None


class Tool(GoStruct):
    """An entry of `tools`; its `type` is not checked."""

    type: str = ""
    items: Any = None
    function: ToolFunction = ToolFunction()
