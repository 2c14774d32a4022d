"""What every version of the `ollama` package must be able to do: `python sdk_round.py URL`; ends with 0 when it can.

Run by `test_sdk_versions.py` in the version's own process, so it imports nothing of the tests.
"""

import base64
import sys
from typing import Any

import ollama

PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGP4DwABAQEAsVvNwwAAAABJRU5ErkJggg=="
HELLO = [{"role": "user", "content": "hello there"}]


def tool(name: str) -> dict[str, Any]:
    parameters = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
    return {"type": "function", "function": {"name": name, "description": "Tells.", "parameters": parameters}}


def check_models(client: ollama.Client) -> None:
    models = client.list()["models"]
    assert "gpt-4o:latest" in [model["model"] for model in models]
    assert client.show("gpt-4o")["template"]


def check_text(client: ollama.Client) -> None:
    whole = client.chat("gpt-4o", HELLO)["message"]["content"]
    parts = [part["message"]["content"] for part in client.chat("gpt-4o", HELLO, stream=True)]
    assert "hello there" in whole == "".join(parts)
    generated = client.generate("gpt-4o", "hello there")["response"]
    pieces = [part["response"] for part in client.generate("gpt-4o", "hello there", stream=True)]
    assert "hello there" in generated == "".join(pieces)


def check_tools(client: ollama.Client) -> None:
    tools = [tool("get_weather"), tool("get_time")]
    messages: list[Any] = [{"role": "user", "content": "use get_weather and get_time"}]
    answer = client.chat("gpt-4o", messages, tools=tools)
    calls = answer["message"]["tool_calls"]
    assert [call["function"]["name"] for call in calls] == ["get_weather", "get_time"]
    messages += [answer["message"], {"role": "tool", "content": "3 degrees"}, {"role": "tool", "content": "12:30"}]
    told = client.chat("gpt-4o", messages, tools=tools)["message"]["content"]
    assert told.index("get_weather") < told.index("3 degrees") < told.index("get_time") < told.index("12:30")


def check_formats(client: ollama.Client) -> None:
    schema = {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]}
    assert '"name"' in client.chat("gpt-4o", HELLO, format=schema)["message"]["content"]
    seen = client.chat("gpt-4o", [{"role": "user", "content": "look", "images": [base64.b64decode(PIXEL)]}])
    assert "image/png" in seen["message"]["content"]


def check_errors(client: ollama.Client) -> None:
    for model, text, status, told in (
        ("no-such-model", "hi", 404, "model 'no-such-model' not found"),
        ("gpt-4o", "[[fault:401]]", 401, "Incorrect API key"),
        ("gpt-4o", "[[fault:429-forever]]", 429, "Rate limit"),
        ("gpt-4o", "[[fault:500]]", 500, "The server had an error"),
    ):
        error = error_of(client, model, text)
        assert error.status_code == status, error
        assert told in error.error, error


def error_of(client: ollama.Client, model: str, text: str) -> ollama.ResponseError:
    try:
        client.chat(model, [{"role": "user", "content": text}])
    except ollama.ResponseError as error:
        return error
    raise AssertionError(f"{text} raised nothing")


if __name__ == "__main__":
    real = ollama.Client(sys.argv[1], trust_env=False)
    for check in (check_models, check_text, check_tools, check_formats, check_errors):
        check(real)
