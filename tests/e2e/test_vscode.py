"""VS Code's Copilot Chat with an Ollama endpoint: the requests that it sends, in its order, all to one port.

As read in microsoft/vscode-copilot-chat, `ollamaProvider.ts` and `openAIEndpoint.ts`: it looks at the version, lists
the models, asks for the details of each, and then chats through OpenAI's protocol, with the names of the list.
"""

import json
from typing import Any

import pytest

from tests.process import KEY, Process
from tests.upstream import Upstream
from tests.wire import Raw, ask

AGENT = "GitHubCopilotChat/0.40.0"
REQUEST_ID = "7d0c3b9e-2f0e-4c60-9e0f-0f6f4f9f1a11"
READ_FILE = {
    "type": "function",
    "function": {
        "name": "read_file",
        "description": "Reads a file.",
        "parameters": {"type": "object", "properties": {"path": {"type": "string"}}, "required": ["path"]},
    },
}
NO_PARAMETERS = {
    "type": "function",
    "function": {"name": "list_errors", "description": "Lists.", "parameters": {"type": "object", "properties": {}}},
}


def json_of(got: Raw) -> Any:
    assert got.status == 200, got
    return json.loads(b"".join(got.chunks) if got.header("Transfer-Encoding") else got.body)


def known_models(proxy: Process) -> dict[str, dict[str, Any]]:
    """What the model picker knows of each model after the first three kinds of request."""
    version = json_of(ask(proxy.port, "GET", "/api/version"))["version"]
    assert tuple(map(int, version.split("."))) >= (0, 6, 4)
    found = {}
    for model in json_of(ask(proxy.port, "GET", "/api/tags"))["models"]:
        shown = json_of(ask(proxy.port, "POST", "/api/show", {"model": model["model"]}, User_Agent=AGENT))
        info = shown["model_info"]
        found[model["model"]] = {
            "name": info["general.basename"],
            "window": info[f"{info['general.architecture']}.context_length"],
            "tools": "tools" in shown["capabilities"],
            "vision": "vision" in shown["capabilities"],
        }
    return found


def chat(proxy: Process, model: str, messages: list[dict[str, Any]]) -> Raw:
    body = {
        "messages": messages,
        "model": model,
        "temperature": 0.1,
        "top_p": 1,
        "stream": True,
        "n": 1,
        "tools": [READ_FILE, NO_PARAMETERS],
        "stream_options": {"include_usage": True},
    }
    return ask(
        proxy.port,
        "POST",
        "/v1/chat/completions",
        body,
        Content_Type="application/json",
        Authorization="Bearer ",
        User_Agent=AGENT,
        OpenAI_Intent="conversation-agent",
        X_GitHub_Api_Version="2025-05-01",
        X_Request_Id=REQUEST_ID,
    )


def deltas(got: Raw) -> list[dict[str, Any]]:
    """What the choices of a stream add, one after the other; the stream must be complete and count its tokens."""
    assert (got.status, got.header("content-type")) == (200, "text/event-stream; charset=utf-8")
    *events, done, nothing = b"".join(got.chunks).split(b"\n\n")
    assert (done, nothing) == (b"data: [DONE]", b"")
    chunks = [json.loads(event.removeprefix(b"data: ")) for event in events]
    assert chunks[-1]["usage"]["completion_tokens"] > 0
    return [choice["delta"] for chunk in chunks for choice in chunk["choices"]]


def test_the_picker_learns_names_windows_and_capabilities(proxy: Process) -> None:
    models = known_models(proxy)
    assert models["gpt-4o:latest"] == {"name": "gpt-4o:latest", "window": 128_000, "tools": True, "vision": True}
    assert all(isinstance(model["window"], int) and model["name"] for model in models.values())


def test_an_agent_calls_a_tool_and_reads_its_result_streamed(proxy: Process, upstream: Upstream) -> None:
    model = next(name for name, known in known_models(proxy).items() if known["name"] == "gpt-4o:latest")
    messages: list[dict[str, Any]] = [
        {"role": "system", "content": "You are an expert programmer."},
        {"role": "user", "content": [{"type": "text", "text": "please read_file main.py"}]},
    ]
    calls = [call for delta in deltas(chat(proxy, model, messages)) for call in delta.get("tool_calls", [])]
    name, call_id = calls[0]["function"]["name"], calls[0]["id"]
    arguments = "".join(call["function"]["arguments"] for call in calls)
    assert name == "read_file"
    assert "path" in json.loads(arguments)
    messages += [
        {
            "role": "assistant",
            "content": "",
            "tool_calls": [{"id": call_id, "type": "function", "function": {"name": name, "arguments": arguments}}],
        },
        {"role": "tool", "tool_call_id": call_id, "content": "print('hello from vscode')"},
    ]
    said = "".join(delta.get("content") or "" for delta in deltas(chat(proxy, model, messages)))
    assert call_id in said
    assert "hello from vscode" in said
    sent = upstream.requests_with("hello from vscode")[-1]
    assert (sent.json["model"], sent.json["messages"]) == ("gpt-4o", messages)
    assert sent.headers["authorization"] == f"Bearer {KEY}"
    assert "POST /v1/chat/completions gpt-4o:latest 200 ttft" in proxy.wait_for(f"id={REQUEST_ID}")


@pytest.mark.parametrize(("fault", "status"), [("401", 401), ("quota", 429), ("status:400", 400)])
def test_a_refusal_is_shown_in_the_upstreams_words(proxy: Process, fault: str, status: int) -> None:
    got = chat(proxy, "gpt-4o:latest", [{"role": "user", "content": f"[[fault:{fault}]]"}])
    assert got.status == status
    assert json.loads(got.body)["error"]["message"]
