"""What is asked for the recordings that come with the project, as data: at least a row for each thing that it can do.

A prompt that holds `[[fault:NAME]]` asks the tests' upstream to misbehave (`tests/upstream/directives.py`). Recordings
are named for route, model and prompt, so the prompts say what each row is about.
"""

from typing import Any, Final

type Body = dict[str, Any]
type Asked = tuple[str, str, Body | None]
"""Method, path and body."""

SKY: Final = "Why is the sky blue?"
LEAP: Final = "How many days has a leap year?"
CAPITAL: Final = "What is the capital of Norway?"
ONE_CITY: Final = "Use get_weather for Oslo."
TWO_CITIES: Final = "Use get_weather for Tromsø👩‍💻🏔️🌌 and get_weather for Bergen."
"""Arguments come in pieces, which do not end where such characters do."""
PNG: Final = "iVBORw0KGgoAAAANSUhEUgAAAAgAAAAICAIAAABLbSncAAAAEUlEQVR42mMwTjuDFTEMLQkAuYZZQW4mhPwAAAAASUVORK5CYII="
"""Eight by eight blue pixels."""

WEATHER: Final[Body] = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "Get the weather in a city",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string"}},
            "required": ["city"],
        },
    },
}
COUNTRY: Final[Body] = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "capital": {"type": "string"}, "millions": {"type": "integer"}},
    "required": ["name", "capital", "millions"],
}
LOOSE_COUNTRY: Final[Body] = {**COUNTRY, "required": ["name"]}
"""OpenAI holds no model to a schema in which something need not be there."""

OPTIONS: Final[Body] = {
    "temperature": 0.5,
    "top_p": 0.9,
    "presence_penalty": 0.1,
    "frequency_penalty": 0.1,
    "seed": 3,
    "stop": ["zzz"],
    "num_predict": 50,
}
ONLY_OLLAMAS: Final[Body] = {"num_ctx": 8192, "top_k": 40, "min_p": 0.05, "repeat_penalty": 1.1, "mirostat": 1}
"""What OpenAI has no word for."""


def said(text: str) -> Body:
    """A message of the user."""
    return {"role": "user", "content": text}


def chat(model: str, text: str, *, system: str = "", images: tuple[str, ...] = (), **more: Any) -> Asked:
    """A chat of one message of the user."""
    first = [{"role": "system", "content": system}] if system else []
    message = said(text) | ({"images": [*images]} if images else {})
    return "POST", "/api/chat", {"model": model, "messages": [*first, message], **more}


def ask_weather(model: str, text: str, **more: Any) -> Body:
    """The body of a chat with a tool."""
    return {"model": model, "messages": [said(text)], "tools": [WEATHER], **more}


def generate(model: str, prompt: str, **more: Any) -> Asked:
    """A prompt to go on from."""
    return "POST", "/api/generate", {"model": model, "prompt": prompt, **more}


def openai_chat(model: str, text: str, **more: Any) -> Asked:
    """The same chat in OpenAI's protocol."""
    return "POST", "/v1/chat/completions", {"model": model, "messages": [said(text)], **more}


THOUGHTFUL: Final = chat("reasoner-1", LEAP, think=True)
REFUSED: Final = chat("novel-1", "Options refused.", options=OPTIONS, stream=False)
LIMITED: Final = chat("gpt-4o", "Too many, once. [[fault:429-once:demo]]")

DEMO: Final[tuple[Asked, ...]] = (
    # What there is.
    ("GET", "/api/tags", None),
    ("GET", "/api/experimental/model-recommendations", None),
    ("POST", "/api/show", {"model": "gpt-4o"}),
    ("POST", "/api/show", {"model": "reasoner-1"}),
    ("POST", "/api/pull", {"model": "gpt-4o", "stream": False}),
    # Chat.
    chat("gpt-4o", SKY),
    chat("gpt-4o", CAPITAL, stream=False),
    chat("gpt-4o", "What is in this picture?", images=(PNG,), stream=False),
    chat("gpt-4o", "Beyond ASCII: 👩‍💻 🌌 Ærø 日本語", system="Be brief."),
    chat("gpt-4o", "Log probabilities.", logprobs=True, top_logprobs=2),
    chat("gpt-4o", "With all options.", options=OPTIONS | ONLY_OLLAMAS, stream=False),
    chat("gpt-4o", "This answer ends at its limit.", options={"num_predict": 3}),
    chat("gpt-4o", "The model refuses. [[fault:refusal]]", stream=False),
    chat("gpt-4o", "The filter ends this. [[fault:content-filter]]"),
    # Thinking.
    THOUGHTFUL,
    chat("reasoner-1", "Without thinking.", think=False, stream=False),
    chat("gpt-5", "With a little thinking.", think="low", stream=False),
    chat("gpt-5.1", "Without thinking.", think=False, stream=False),
    chat("o3", "With much thinking.", think="high", system="Be brief.", stream=False),
    chat("compat-think", "Thoughts in tags."),
    # Structured answers.
    chat("gpt-4o", "Norway, Oslo: 5 million people.", format=COUNTRY, stream=False),
    chat("gpt-4o", "Sweden, of which little is known.", format=LOOSE_COUNTRY, stream=False),
    chat("gpt-4o", "Any object.", format="json", stream=False),
    # The Responses API, and the legacy Completions.
    chat("gpt-5-pro", CAPITAL, system="Be brief."),
    chat("gpt-5-pro", "Denmark, Copenhagen: 6 million people.", format=COUNTRY, stream=False),
    chat("gpt-5-pro", "An error on the way. [[fault:error-mid]]"),
    ("POST", "/api/chat", ask_weather("gpt-5.6-terra", ONE_CITY, stream=False)),  # with tools only there
    generate("gpt-5-pro", "The limit ends this. [[fault:incomplete]]", stream=False),
    generate("gpt-3.5-turbo-instruct", "def add(a, b):\n    return", suffix="\n\nprint(add(2, 3))"),
    generate("gpt-3.5-turbo-instruct", "Once upon a time", raw=True, options={"num_predict": 3}),
    # What is learned from a refusal.
    REFUSED,
    chat("novel-responses-1", "Another API demanded.", stream=False),
    chat("compat-xai", "Options refused, one by one.", options=OPTIONS, stream=False),
    chat("compat-mistral", "Options refused at once.", options=OPTIONS, stream=False),
    chat("compat-nojson", "Finland, Helsinki: 5 million people.", format=COUNTRY, stream=False),
    chat("compat-completions", "A server without chat.", stream=False),
    # What goes wrong.
    LIMITED,
    chat("gpt-4o", "Lost, once. [[fault:cut-head-once:demo]]", stream=False),
    chat("gpt-4o", "Nothing is left to pay with. [[fault:quota]]"),
    chat("gpt-4o", "The key is refused. [[fault:401]]"),
    chat("gpt-4o", "The request is refused. [[fault:status:400]]"),
    chat("gpt-4o", "A page and no answer. [[fault:html-200]]"),
    chat("gpt-4o", "An error that looks well. [[fault:error-200]]", stream=False),
    chat("gpt-4o", "An error on the way. [[fault:error-mid]]"),
    chat("gpt-4o", "Broken off on the way. [[fault:cut]]"),
    chat("gpt-4o", "No ending. [[fault:cut-clean]]"),
    chat("no-such-model", "Hello"),
    # Generate.
    generate("gpt-4o", "Write a haiku about the sea."),
    generate("gpt-4o", "Look at this picture.", system="Be brief.", images=[PNG], stream=False),
    generate("reasoner-1", LEAP, think=True, stream=False),
    # Embeddings.
    ("POST", "/api/embed", {"model": "text-embedding-3-small", "input": "The sky is blue.", "dimensions": 8}),
    ("POST", "/api/embed", {"model": "text-embedding-3-small", "input": ["one", "two", "three"], "dimensions": 4}),
    ("POST", "/api/embed", {"model": "gpt-4o", "input": "This model has none."}),
    ("POST", "/api/embeddings", {"model": "gpt-4o", "prompt": "This model has none."}),
    # OpenAI's protocol.
    ("GET", "/v1/models", None),
    openai_chat("gpt-4o", CAPITAL, stream=True),
    openai_chat("gpt-4o", "An error on the way. [[fault:error-mid]]", stream=True),
    openai_chat("gpt-5", "Two names are refused.", max_tokens=50, temperature=0.5),
    openai_chat("no-such-model", "Hello"),
    ("POST", "/v1/responses", {"model": "gpt-4o", "input": CAPITAL, "stream": True}),
    ("POST", "/v1/completions", {"model": "gpt-3.5-turbo-instruct", "prompt": "Once upon a time", "max_tokens": 3}),
    ("POST", "/v1/embeddings", {"model": "text-embedding-3-small", "input": "The sky is blue.", "dimensions": 4}),
)
"""Requests of which none depends on another, and no two are answered by the same recording."""

RAIN: Final = ("3 °C", "7 °C")

OUTING: Final = ask_weather(
    "gpt-4o",
    "Do I need a coat? Use get_weather for Oslo.",
    options={"temperature": 0.5, "num_predict": 64, "num_ctx": 8192, "top_k": 40},
    stream=False,
)
"""All that can become of a request's fields, which the README's pictures show (scripts/screenshots.py)."""

CONVERSATIONS: Final[tuple[tuple[Body, tuple[str, ...]], ...]] = (
    (ask_weather("gpt-4o", ONE_CITY, stream=False), RAIN[:1]),
    (ask_weather("gpt-4o", TWO_CITIES), RAIN),
    (ask_weather("gpt-5-pro", TWO_CITIES), RAIN),
    (ask_weather("compat-deepseek", ONE_CITY, think=True), RAIN[:1]),  # wants its reasoning back
    (ask_weather("compat-gemini", ONE_CITY), RAIN[:1]),  # wants its signature back
    (OUTING, RAIN[:1]),
)
"""Chats in which tools are called, and what the tools answer, in the order of the calls."""
