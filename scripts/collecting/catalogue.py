"""The catalogue of requests: each thing that can be asked of a model, said in few words, because it costs money.

No two requests of a model are the same to `addon.recordings.matching`, to which `stream` does not count at Ollama's
routes: one of them would take the other's recording. So every row says something of its own.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from scripts.collecting.kinds import FINE, Ask, Body, Kind
from scripts.collecting.models import SHORT_WINDOW, Model

PNG: Final = "iVBORw0KGgoAAAANSUhEUgAAAAgAAAAICAIAAABLbSncAAAAEUlEQVR42mMwTjuDFTEMLQkAuYZZQW4mhPwAAAAASUVORK5CYII="
"""Eight by eight blue pixels."""

NO_SUCH_ROUTE: Final = frozenset({200, 404, 405})
"""What is answered where a server may not have the route."""

REFUSED: Final = frozenset({400, 422})


def said(text: str, **more: Any) -> dict[str, Any]:
    """A message of the user."""
    return {"role": "user", "content": text, **more}


def chat(text: str, **more: Any) -> dict[str, Any]:
    """A body with one message of the user."""
    return {"messages": [said(text)], **more}


def function(name: str, description: str, parameter: str) -> dict[str, Any]:
    """A function with one text as parameter, as it stands in a tool."""
    properties = {parameter: {"type": "string"}}
    parameters = {"type": "object", "properties": properties, "required": [parameter]}
    return {"name": name, "description": description, "parameters": parameters}


WEATHER: Final = function("get_weather", "Get the weather in a city", "city")
TIME: Final = function("get_time", "Get the local time in a city", "city")
TOOL: Final = {"type": "function", "function": WEATHER}
TOOLS: Final = [TOOL, {"type": "function", "function": TIME}]
NUMBER: Final = {"type": "integer"}
COUNTRY: Final = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "millions": NUMBER},
    "required": ["name", "millions"],
    "additionalProperties": False,
}
OPEN_COUNTRY: Final = {**COUNTRY, "required": ["name"], "additionalProperties": True}
"""A schema that OpenAI's strict mode does not take as it is."""

CITY_CALL: Final = {"function": {"name": "get_weather", "arguments": {"city": "Bergen"}}}
TIME_CALL: Final = {"function": {"name": "get_time", "arguments": {"city": "Bergen"}}}

CHAT: Final = "POST /api/chat"
GENERATE: Final = "POST /api/generate"
EMBED: Final = "POST /api/embed"
V1_CHAT: Final = "POST /v1/chat/completions"
V1_RESPONSES: Final = "POST /v1/responses"
V1_COMPLETIONS: Final = "POST /v1/completions"
V1_EMBEDDINGS: Final = "POST /v1/embeddings"

WHOLE: Final[Body] = {"stream": False}
USAGE: Final[Body] = {"stream": True, "stream_options": {"include_usage": True}}

TEXT: Final = frozenset({"completion"})
FILLS_GAPS: Final = frozenset({"completion", "insert"})
TALKS: Final = frozenset({"completion", "chat"})
USES_TOOLS: Final = TALKS | {"tools"}
THINKS: Final = TALKS | {"thinking"}
SEES: Final = TALKS | {"vision"}
EMBEDS: Final = frozenset({"embedding"})
HAS_CHAT: Final = frozenset({"completion", "chat api"})
HAS_RESPONSES: Final = frozenset({"completion", "responses api"})
HAS_COMPLETIONS: Final = frozenset({"completion", "completions api"})

NOBODY: Final = {"model": "no-such-model"}

TAGS: Final = Kind("tags", "GET /api/tags", None)

ONCE: Final = (
    TAGS,
    Kind("v1-models", "GET /v1/models", None),
    Kind("error-no-model", CHAT, NOBODY | chat("Is anybody there?"), expected=frozenset({404})),
    Kind("error-no-model-generate", GENERATE, NOBODY | {"prompt": "Is anybody here?"}, expected=frozenset({404})),
    Kind("error-no-model-embed", EMBED, NOBODY | {"input": "Is anybody?"}, expected=frozenset({404})),
    Kind("error-no-model-v1", V1_CHAT, NOBODY | chat("Anybody?"), expected=REFUSED | {404}),
)
"""What is asked once, whichever models there are."""

CHATS: Final = (
    Kind("chat-stream", CHAT, chat("Name three colours of the rainbow."), TALKS),
    Kind("chat-whole", CHAT, chat("What is the capital of Norway? One word.", **WHOLE), TALKS),
    Kind("chat-unicode", CHAT, chat("Repeat exactly: blåbærsyltetøy 🍓 日本語"), TALKS),
    Kind(
        "chat-system", CHAT, {"messages": [{"role": "system", "content": "Answer in French."}, said("Hello!")]}, TALKS
    ),
    Kind(
        "chat-history",
        CHAT,
        {"messages": [said("My name is Kari."), {"role": "assistant", "content": "Hello!"}, said("What is my name?")]},
        TALKS,
    ),
    Kind(
        "chat-options",
        CHAT,
        chat("Say a number.", options={"temperature": 0.2, "top_p": 0.9, "seed": 7, "presence_penalty": 0.1}),
        TALKS,
    ),
    Kind("chat-stop", CHAT, chat("Count from 1 to 9 in digits.", options={"stop": ["5"]}), TALKS),
    Kind("chat-num-predict", CHAT, chat("Tell a long story of the sea.", options={"num_predict": 20}), TALKS),
    Kind("chat-keep-alive", CHAT, chat("Say yes.", keep_alive="1m"), TALKS),
    Kind("chat-format-json", CHAT, chat("A JSON object with the name of a fruit.", format="json"), TALKS),
    Kind("chat-format-schema", CHAT, chat("Norway: 5 million people.", format=COUNTRY), TALKS),
    Kind("chat-format-schema-whole", CHAT, chat("Sweden: 10 million people.", format=COUNTRY, **WHOLE), TALKS),
    Kind("chat-format-schema-open", CHAT, chat("Denmark: 6 million people.", format=OPEN_COUNTRY), TALKS),
    Kind("chat-logprobs", CHAT, chat("Say one word.", logprobs=True, top_logprobs=2), TALKS | {"logprobs"}),
    Kind(
        "chat-logprobs-whole",
        CHAT,
        chat("Say two words.", logprobs=True, top_logprobs=2, **WHOLE),
        TALKS | {"logprobs"},
    ),
    Kind("chat-tool", CHAT, chat("What is the weather in Oslo?", tools=[TOOL]), USES_TOOLS),
    Kind("chat-tool-whole", CHAT, chat("Call get_weather for Rome.", tools=[TOOL], **WHOLE), USES_TOOLS),
    Kind("chat-tool-unused", CHAT, chat("Say hello.", tools=[TOOL]), USES_TOOLS),
    Kind("chat-tools-parallel", CHAT, chat("What are weather and time in Oslo and Rome?", tools=TOOLS), USES_TOOLS),
    Kind(
        "chat-tools-parallel-whole", CHAT, chat("What are weather and time in Rome?", tools=TOOLS, **WHOLE), USES_TOOLS
    ),
    Kind(
        "chat-tools-results",
        CHAT,
        {
            "messages": [
                said("What are weather and time in Bergen?"),
                {"role": "assistant", "content": "", "tool_calls": [CITY_CALL, TIME_CALL]},
                {"role": "tool", "tool_name": "get_weather", "content": "7 °C, rain"},
                {"role": "tool", "tool_name": "get_time", "content": "14:05"},
            ],
            "tools": TOOLS,
        },
        USES_TOOLS,
    ),
    Kind("chat-think", CHAT, chat("How many days have 3 weeks?", think=True), THINKS),
    Kind("chat-think-whole", CHAT, chat("How many days have 4 weeks?", think=True, **WHOLE), THINKS),
    Kind("chat-think-off", CHAT, chat("How many days have 5 weeks?", think=False), THINKS),
    Kind("chat-think-low", CHAT, chat("How many days have 6 weeks?", think="low"), THINKS),
    Kind("chat-think-high", CHAT, chat("How many days have 7 weeks?", think="high"), THINKS),
    Kind("chat-think-tool", CHAT, chat("Think: is it cold in Oslo?", think=True, tools=[TOOL]), THINKS | USES_TOOLS),
    Kind("chat-image", CHAT, {"messages": [said("Which colour is this?", images=[PNG])]}, SEES),
    Kind("chat-image-whole", CHAT, {"messages": [said("What is it?", images=[PNG])], **WHOLE}, SEES),
)

GENERATES: Final = (
    Kind("generate-stream", GENERATE, {"prompt": "Name three animals."}, TEXT),
    Kind("generate-whole", GENERATE, {"prompt": "Name a tree.", **WHOLE}, TEXT),
    Kind("generate-system", GENERATE, {"prompt": "Good day!", "system": "Answer in Italian."}, TALKS),
    Kind("generate-format-schema", GENERATE, {"prompt": "Finland: 6 million.", "format": COUNTRY}, TALKS),
    Kind("generate-think", GENERATE, {"prompt": "How many days have 8 weeks?", "think": True}, THINKS),
    Kind("generate-image", GENERATE, {"prompt": "Which colour?", "images": [PNG]}, SEES),
    Kind("generate-suffix", GENERATE, {"prompt": "def add(a, b):\n", "suffix": "    return c\n"}, FILLS_GAPS),
    Kind("generate-raw", GENERATE, {"prompt": "One, two, three,", "raw": True}, FILLS_GAPS),
    Kind("error-too-long", GENERATE, {}, TEXT | {SHORT_WINDOW}, REFUSED, "prompt"),
)

EMBEDDINGS: Final = (
    Kind("embed", EMBED, {"input": "The sky is blue."}, EMBEDS),
    Kind("embed-batch", EMBED, {"input": ["The sky is blue.", "Grass is green."]}, EMBEDS),
    Kind("embed-dimensions", EMBED, {"input": "The sea is blue.", "dimensions": 8}, EMBEDS, FINE | REFUSED),
    Kind("embed-truncated", EMBED, {}, EMBEDS | {SHORT_WINDOW}, overflows="input"),
    Kind("embeddings", "POST /api/embeddings", {"prompt": "Roses are red."}, EMBEDS),
    Kind("error-embed-too-long", EMBED, {"truncate": False}, EMBEDS | {SHORT_WINDOW}, REFUSED, "input"),
    Kind("v1-embeddings", V1_EMBEDDINGS, {"input": "Snow is white."}, EMBEDS),
    Kind(
        "v1-embeddings-base64",
        V1_EMBEDDINGS,
        {"input": ["Snow is white.", "Coal is black."], "encoding_format": "base64"},
        EMBEDS,
    ),
)

OPENAI: Final = (
    Kind("v1-chat", V1_CHAT, chat("Name two colours."), HAS_CHAT),
    Kind("v1-chat-stream", V1_CHAT, chat("Name three colours.", **USAGE), HAS_CHAT),
    Kind(
        "v1-chat-tool", V1_CHAT, chat("What is the weather in Oslo?", tools=[TOOL], **USAGE), HAS_CHAT | {"chat tools"}
    ),
    Kind("error-v1-no-messages", V1_CHAT, {"messages": []}, HAS_CHAT, REFUSED),
    Kind("v1-responses", V1_RESPONSES, {"input": "Name two birds.", "store": False}, HAS_RESPONSES, NO_SUCH_ROUTE),
    Kind(
        "v1-responses-stream",
        V1_RESPONSES,
        {"input": "Name three birds.", "store": False, "stream": True},
        HAS_RESPONSES,
        NO_SUCH_ROUTE,
    ),
    Kind(
        "v1-responses-tool",
        V1_RESPONSES,
        {"input": "What is the weather in Oslo?", "tools": [{"type": "function", **WEATHER}], "store": False},
        HAS_RESPONSES | USES_TOOLS,
        NO_SUCH_ROUTE,
    ),
    Kind("v1-completions", V1_COMPLETIONS, {"prompt": "Two, four, six,"}, HAS_COMPLETIONS),
    Kind("v1-completions-stream", V1_COMPLETIONS, {"prompt": "One, three, five,", "stream": True}, HAS_COMPLETIONS),
)

OF_MODELS: Final = (Kind("show", "POST /api/show", {}), *CHATS, *GENERATES, *EMBEDDINGS, *OPENAI)
"""What is asked of every model that can do it."""

KINDS: Final = (*ONCE, *OF_MODELS)


def asks_of(models: Sequence[Model]) -> Iterator[Ask]:
    """All requests of the catalogue that suit these models, model by model."""
    yield from (Ask(kind) for kind in ONCE)
    for model in models:
        yield from (Ask(kind, model) for kind in OF_MODELS if kind.needs <= model.abilities)
