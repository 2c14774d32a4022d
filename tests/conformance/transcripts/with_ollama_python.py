"""Everyday tasks with the `ollama` package of PyPI, told as a user sees them.

    python tests/conformance/transcripts/with_ollama_python.py http://127.0.0.1:11434 [CHAT_MODEL [EMBEDDING_MODEL]]

The same tasks as in `with_ollama_js.mjs` and `with_curl.sh`. Asking for the version is not among them, because the
package cannot. A marker such as `[[scenario:think]]` tells a scripted upstream what to answer; a model will ignore it.
"""

import json
import sys
from collections.abc import Iterable
from typing import Any

import ollama

WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "Weather of a city",
        "parameters": {
            "type": "object",
            "required": ["city"],
            "properties": {"city": {"type": "string", "description": "The city"}, "days": {"type": "integer"}},
        },
    },
}
TIME = {
    "type": "function",
    "function": {
        "name": "get_time",
        "description": "Time in a zone",
        "parameters": {"type": "object", "properties": {"zone": {"type": "string"}}},
    },
}
PERSON = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "age": {"type": "integer"}},
    "required": ["name"],
}


def tell(*lines: str) -> None:
    sys.stdout.write("".join(f"{line}\n" for line in lines))


def said(scenario: str) -> list[dict[str, Any]]:
    return [{"role": "user", "content": f"Hi [[scenario:{scenario}]]"}]


def ending(answer: ollama.ChatResponse | ollama.GenerateResponse) -> str:
    tokens = f"{answer.prompt_eval_count} + {answer.eval_count} tokens"
    return f"[{answer.done_reason}, {tokens}, {(answer.total_duration or 0) / 1e9:.6f} s]"


def tell_stream(parts: Iterable[ollama.ChatResponse]) -> None:
    for part in parts:
        if part.message.thinking:
            tell(f"thinking {part.message.thinking!r}")
        if part.message.content:
            tell(f"text {part.message.content!r}")
        if part.done:
            tell(ending(part))


def list_models(client: ollama.Client, _model: str) -> None:
    tell(*sorted(str(model.model) for model in client.list().models))


def show_a_model(client: ollama.Client, model: str) -> None:
    shown = client.show(model)
    facts = shown.modelinfo or {}
    tell(f"it can: {', '.join(sorted(shown.capabilities or []))}")
    tell(f"context length: {facts[facts['general.architecture'] + '.context_length']}")
    tell(f"has a template: {bool(shown.template)}")


def chat(client: ollama.Client, model: str) -> None:
    answer = client.chat(model, said("default"))
    tell(f"{answer.model}, {answer.message.role}: {answer.message.content}", ending(answer))


def chat_streamed(client: ollama.Client, model: str) -> None:
    tell_stream(client.chat(model, said("default"), stream=True))


def think(client: ollama.Client, model: str) -> None:
    tell_stream(client.chat(model, said("think"), think=True, stream=True))


def call_a_tool(client: ollama.Client, model: str) -> None:
    messages: list[Any] = said("tool")
    answer = client.chat(model, messages, tools=[WEATHER, TIME])
    messages.append(answer.message)
    for call in answer.message.tool_calls or []:
        tell(f"call {call.function.name}({json.dumps(call.function.arguments)})")
        messages.append({"role": "tool", "tool_name": call.function.name, "content": "12 degrees [[scenario:one]]"})
    tell(ending(answer))
    told = client.chat(model, messages)
    tell(f"text {told.message.content!r}", ending(told))


def fill_a_schema(client: ollama.Client, model: str) -> None:
    parts = list(client.chat(model, said("json"), format=PERSON, stream=True))
    tell(f"an object: {json.loads(''.join(part.message.content or '' for part in parts))}", ending(parts[-1]))


def generate_streamed(client: ollama.Client, model: str) -> None:
    for part in client.generate(model, said("default")[0]["content"], stream=True):
        tell(f"text {part.response!r}" if not part.done else ending(part))
        if part.done:
            tell(f"has a context: {bool(part.context)}")


def embed(client: ollama.Client, model: str) -> None:
    answer = client.embed(model, ["hello", "world", "hello"])
    for vector in answer.embeddings:
        tell(f"{len(vector)} numbers: {' '.join(f'{number:.6f}' for number in vector[:4])} …")


def ask_an_unknown_model(client: ollama.Client, _model: str) -> None:
    try:
        tell_stream(client.chat("nope", said("missing"), stream=True))
    except ollama.ResponseError as error:
        tell(f"error {error.status_code}: {error.error}")


def load_and_unload(client: ollama.Client, model: str) -> None:
    tell(f"[{client.chat(model).done_reason}]")
    tell_loaded(client, model)
    tell(f"[{client.chat(model, keep_alive=0).done_reason}]")
    tell_loaded(client, model)


def tell_loaded(client: ollama.Client, model: str) -> None:
    loaded = [found for found in client.ps().models if model in (found.model, str(found.model).removesuffix(":latest"))]
    tell(*(f"{found.model} is loaded until {found.expires_at}" for found in loaded) if loaded else ["not loaded"])


TASKS = [
    list_models,
    show_a_model,
    chat,
    chat_streamed,
    think,
    call_a_tool,
    fill_a_schema,
    generate_streamed,
    embed,
    ask_an_unknown_model,
    load_and_unload,
]


def main(url: str, chat_model: str = "demo-chat", embedding_model: str = "demo-embed") -> None:
    with ollama.Client(url, trust_env=False) as client:
        for task in TASKS:
            tell(f"== {task.__name__.replace('_', ' ')}")
            task(client, embedding_model if task is embed else chat_model)


if __name__ == "__main__":
    main(*sys.argv[1:])
