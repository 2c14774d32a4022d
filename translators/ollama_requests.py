"""Requests to `/api/chat`, `/api/generate` and `/api/show` (Ollama's `api/types.go`, `server/routes.go`).

The functions at the end read a body as Ollama does and make those checks that need no knowledge of models, in its
order and words. Fields stand in the order of the contract; a field left out, or `null`, has its default.
"""

from typing import Annotated, Any

from pydantic import AfterValidator, FailFast, Field

from translators.errors import RequestError
from translators.go_struct import GoStruct, GoType, Int, IntItem, OptionalBool
from translators.ollama_fields import Images, IsObject, KeepAlive, OptionalThink, RawMessage
from translators.ollama_request_checks import (
    NamedModel,
    check_required_model,
    check_wanted_model,
    read_named,
    read_struct,
)
from translators.ollama_tools import Tool

_TOP_LOGPROBS = range(21)


class ToolCallFunction(GoStruct):
    """What an assistant called."""

    index: Int = 0
    name: str = ""
    arguments: Annotated[dict[str, Annotated[Any, GoType(own_decoder=True)]], IsObject, GoType(own_decoder=True)] = (
        Field(default_factory=dict)
    )


class ToolCall(GoStruct):
    """A call in an assistant's message; the id is empty when the client gave none."""

    id: str = ""
    function: ToolCallFunction = ToolCallFunction()


class Message(GoStruct):
    """One message of a conversation.

    Attributes:
        role: Lower-case, any word: Ollama does not check it.
        content: Text.
        thinking: An earlier answer's reasoning.
        images: Standard base64 without line breaks, of images or audio.
        tool_calls: Of an assistant.
        tool_name: On a result: the tool's name, if the client tells it.
        tool_call_id: On a result: the call's id, if the client tells it.
    """

    role: Annotated[str, AfterValidator(str.lower)] = ""
    content: str = ""
    thinking: str = ""
    images: Images = Field(default_factory=list)
    tool_calls: list[ToolCall] = Field(default_factory=list)
    tool_name: str = ""
    tool_call_id: str = ""


Messages = Annotated[
    list[Annotated[Message, GoType("api.Alias", own_decoder=True)]], FailFast(), GoType("[]api.Message")
]


class ChatRequest(GoStruct):
    """A request to `/api/chat`.

    Attributes:
        model: Exactly as asked, for the answer.
        messages: The conversation; none: load or unload the model.
        stream: Whether the answer is NDJSON.
        format: Any JSON value; None: no constraint. Ollama checks it when generation begins.
        keep_alive: Nanoseconds; `FOREVER`, or None when not asked.
        tools: Tool definitions.
        options: As sent; Ollama checks them when the model is loaded.
        think: On, off, a level, or None when not asked.
        truncate: Whether to drop old messages of a conversation that is too long.
        shift: Whether to go on when the context is full.
        debug_render_only: Whether to tell what would be asked, and not to ask it.
        logprobs: Whether to tell log probabilities.
        top_logprobs: How many alternatives for each token, 0 to 20.
    """

    model: str = ""
    messages: Messages = Field(default_factory=list)
    stream: OptionalBool = True
    format: RawMessage = None
    keep_alive: KeepAlive = None
    tools: Annotated[list[Tool], GoType("api.Tools")] = Field(default_factory=list)
    options: dict[str, Any] = Field(default_factory=dict)
    think: OptionalThink = None
    truncate: OptionalBool = True
    shift: OptionalBool = True
    debug_render_only: bool = False
    logprobs: bool = False
    top_logprobs: Int = 0

    @property
    def image_count(self) -> int:
        """How many images there are in all messages."""
        return sum(len(message.images) for message in self.messages)

    @property
    def wants_load(self) -> bool:
        """Whether this asks for no answer, only for the model in memory; true for unloading too."""
        return not self.messages

    @property
    def wants_unload(self) -> bool:
        """Whether this asks to free the model's memory now."""
        return self.wants_load and self.keep_alive == 0


class GenerateRequest(GoStruct):
    """A request to `/api/generate`; what is not told here is as in `ChatRequest`.

    Attributes:
        prompt: Empty: load or unload the model, whatever else is there.
        suffix: The text behind the gap to fill.
        system: Replaces the model's system prompt.
        template: A Go template that replaces the model's.
        context: Tokens of an earlier answer; None when absent, which differs from an empty list.
        raw: Whether the prompt goes to the model as it is.
        images: Standard base64 without line breaks, of images or audio.
    """

    model: str = ""
    prompt: str = ""
    suffix: str = ""
    system: str = ""
    template: str = ""
    context: Annotated[list[IntItem] | None, FailFast()] = None
    stream: OptionalBool = True
    raw: bool = False
    format: RawMessage = None
    keep_alive: KeepAlive = None
    images: Images = Field(default_factory=list)
    options: dict[str, Any] = Field(default_factory=dict)
    think: OptionalThink = None
    truncate: OptionalBool = True
    shift: OptionalBool = True
    debug_render_only: bool = False
    logprobs: bool = False
    top_logprobs: Int = 0

    @property
    def image_count(self) -> int:
        """How many images there are."""
        return len(self.images)

    @property
    def wants_load(self) -> bool:
        """Whether this asks for no answer, only for the model in memory; true for unloading too."""
        return not self.prompt

    @property
    def wants_unload(self) -> bool:
        """Whether this asks to free the model's memory now."""
        return self.wants_load and self.keep_alive == 0

    def check_raw(self) -> None:
        """Refuse what a raw prompt excludes; Ollama does it only when the model is known and is not to be unloaded.

        Raises:
            RequestError: 400.
        """
        if self.raw and (self.template or self.system or self.context):
            raise RequestError("raw mode does not support template, system, or context")


class ShowRequest(NamedModel):
    """A request to `/api/show`.

    Attributes:
        verbose: Whether long lists are wanted.
        system: Shown instead of the model's own.
        options: Shown as parameters.
    """

    verbose: bool = False
    system: str = ""
    template: str = ""
    options: dict[str, Any] = Field(default_factory=dict)


def chat_request(body: bytes) -> ChatRequest:
    """Read a request to `/api/chat`.

    Raises:
        RequestError: 400 with Ollama's text.
    """
    request = read_struct(ChatRequest, body)
    _check_top_logprobs(request.top_logprobs)
    check_required_model(request.model)
    return request


def generate_request(body: bytes) -> GenerateRequest:
    """Read a request to `/api/generate`; `check_raw` is left to the caller, who knows its moment.

    Raises:
        ModelNotFound: 404, no model named.
        RequestError: 400 with Ollama's text.
    """
    request = read_struct(GenerateRequest, body)
    _check_top_logprobs(request.top_logprobs)
    check_wanted_model(request.model)
    return request


def show_request(body: bytes) -> ShowRequest:
    """Read a request to `/api/show`; its `model` is set, also when the client said `name`.

    Raises:
        RequestError: 400 with Ollama's text.
    """
    request = read_named(ShowRequest, body)
    check_required_model(request.model)
    return request


def _check_top_logprobs(count: int) -> None:
    if count not in _TOP_LOGPROBS:
        raise RequestError("top_logprobs must be between 0 and 20")
