"""What known clients send and depend on; each test names the client whose ways it keeps."""

import json
from typing import Any

import ollama
import pytest

from tests.process import Process
from tests.upstream import Upstream
from tests.wire import ask

HELLO = {"role": "user", "content": "hello there"}
TOOL = {
    "type": "function",
    "function": {"name": "get_weather", "description": "Tells.", "parameters": {"type": "object", "properties": {}}},
}


def post(proxy: Process, path: str, **body: Any) -> Any:
    got = ask(proxy.port, "POST", path, body)
    assert got.status == 200, got.body
    return json.loads(got.body) if got.header("Content-Length") else json.loads(b"".join(got.chunks))


def sent(upstream: Upstream, marker: str) -> dict[str, Any]:
    """The payload of the one upstream request with this marker."""
    (request,) = upstream.requests_with(marker)
    payload: dict[str, Any] = request.json
    return payload


def test_empty_values_that_openai_refuses_are_dropped_for_ollama_python_langchain4j_litellm_and_haystack(
    proxy: Process, upstream: Upstream
) -> None:
    message = {**HELLO, "content": "marker-empty", "images": [], "tool_calls": []}
    post(
        proxy,
        "/api/chat",
        model="gpt-4o",
        messages=[message],
        tools=[],
        options={"stop": []},
        think=False,
        format="",
        stream=False,
    )
    assert sent(upstream, "marker-empty") == {
        "model": "gpt-4o",
        "messages": [{"role": "user", "content": "marker-empty"}],
    }


def test_sampling_fields_outside_options_are_ignored_for_the_vercel_ai_sdk(proxy: Process, upstream: Upstream) -> None:
    messages = [{**HELLO, "content": "marker-toplevel"}]
    post(proxy, "/api/chat", model="gpt-4o", messages=messages, temperature=0.1, max_output_tokens=5, stream=False)
    assert set(sent(upstream, "marker-toplevel")) == {"model", "messages"}


@pytest.mark.parametrize("path", ["/api/chat", "/api/generate"])
def test_the_final_line_has_all_six_counts_and_durations_for_ollama_rs(proxy: Process, path: str) -> None:
    got = ask(proxy.port, "POST", path, {"model": "gpt-4o", "messages": [HELLO], "prompt": "hello"})
    *_, last = got.lines
    counts = ("prompt_eval_count", "eval_count")
    durations = ("total_duration", "load_duration", "prompt_eval_duration", "eval_duration")
    assert all(isinstance(last[name], int) and last[name] > 0 for name in counts + durations)


def test_digests_are_unique_and_64_hex_digits_for_llm_ollama(proxy: Process) -> None:
    models = json.loads(b"".join(ask(proxy.port, "GET", "/api/tags").chunks))["models"]
    digests = [model["digest"] for model in models]
    assert len(set(digests)) == len(models) > 5
    assert all(len(digest) == 64 and int(digest, 16) for digest in digests)


def test_the_list_does_not_change_between_calls(proxy: Process) -> None:
    assert ask(proxy.port, "GET", "/api/tags").chunks == ask(proxy.port, "GET", "/api/tags").chunks


def test_show_has_what_litellm_ollamakit_continue_and_vs_code_look_for(proxy: Process) -> None:
    shown = post(proxy, "/api/show", name="gpt-4o")
    assert "tools" in shown["template"]  # litellm sees tools by the word
    assert ".Suffix" not in shown["template"]  # Continue would ask for fill-in-the-middle
    assert [key for key in shown["model_info"] if key.endswith("context_length")]  # litellm, VS Code
    for key in ("license", "modelfile", "parameters", "template"):  # OllamaKit decodes them strictly
        assert isinstance(shown[key], str)
    assert all(len(line.split(None, 1)) == 2 for line in shown["parameters"].splitlines())  # Continue throws on others
    assert isinstance(shown["capabilities"], list)  # VS Code
    assert shown["model_info"]["general.basename"]


def test_show_of_an_unknown_model_is_a_404_with_the_normalised_name(proxy: Process) -> None:
    got = ask(proxy.port, "POST", "/api/show", {"model": "nope"})
    assert (got.status, json.loads(got.body)) == (404, {"error": "model 'nope:latest' not found"})


@pytest.mark.parametrize("name", ["gpt-4o", "gpt-4o:latest", " gpt-4o "])
def test_the_answer_carries_the_name_that_was_asked(proxy: Process, name: str) -> None:
    assert post(proxy, "/api/chat", model=name, messages=[HELLO], stream=False)["model"] == name


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "chrome-extension://abcdef"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Host": "evil.example"},
        {"Host": "evil.example:11434"},
        {"Host": "8.8.8.8"},
    ],
)
def test_foreign_web_pages_and_hosts_are_refused_as_ollama_refuses_them(
    proxy: Process, headers: dict[str, str]
) -> None:
    got = ask(proxy.port, "GET", "/api/tags", None, **headers)
    assert (got.status, got.body) == (403, b"")


def test_a_local_web_page_may_read_the_answer(proxy: Process) -> None:
    got = ask(proxy.port, "GET", "/api/version", None, Origin="http://localhost:3000")
    assert got.header("Access-Control-Allow-Origin") == "http://localhost:3000"
    assert got.header("Vary") == "Origin"


def test_a_preflight_of_a_local_web_page_passes(proxy: Process) -> None:
    got = ask(proxy.port, "OPTIONS", "/api/chat", None, Origin="http://localhost:3000")
    assert got.status == 204
    assert "POST" in (got.header("Access-Control-Allow-Methods") or "")


def test_nulls_and_results_without_ids_pass_for_home_assistant(proxy: Process, upstream: Upstream) -> None:
    call = {"function": {"name": "get_weather", "arguments": {}}}
    messages = [
        {"role": "user", "content": "marker-hass", "images": None},
        {"role": "assistant", "content": None, "tool_calls": [call, call]},
        {"role": "tool", "content": "first"},
        {"role": "tool", "content": "second"},
    ]
    post(proxy, "/api/chat", model="gpt-4o", messages=messages, tools=[TOOL], keep_alive=-1, stream=False)
    _, assistant, first, second = sent(upstream, "marker-hass")["messages"]
    ids = [call["id"] for call in assistant["tool_calls"]]
    assert len(set(ids)) == 2
    assert [(first["tool_call_id"], first["content"]), (second["tool_call_id"], second["content"])] == [
        (ids[0], "first"),
        (ids[1], "second"),
    ]


def test_ids_of_paired_calls_are_the_same_on_the_next_turn(proxy: Process, upstream: Upstream) -> None:
    call = {"function": {"name": "get_weather", "arguments": {}}}
    messages: list[dict[str, Any]] = [
        {"role": "user", "content": "marker-stable"},
        {"role": "assistant", "tool_calls": [call]},
        {"role": "tool", "content": "3 degrees"},
    ]
    post(proxy, "/api/chat", model="gpt-4o", messages=messages, tools=[TOOL], stream=False)
    messages += [{"role": "assistant", "content": "cold"}, {"role": "user", "content": "and now?"}]
    post(proxy, "/api/chat", model="gpt-4o", messages=messages, tools=[TOOL], stream=False)
    first, second = upstream.requests_with("marker-stable")
    assert first.json["messages"] == second.json["messages"][:3]


def test_an_odd_function_name_goes_upstream_in_a_legal_form_and_comes_back_as_it_was(proxy: Process) -> None:
    tool = {
        "type": "function",
        "function": {"name": "home.turn_on", "parameters": {"type": "object", "properties": {}}},
    }
    messages = [{**HELLO, "content": "please home_turn_on"}]
    answer = post(proxy, "/api/chat", model="gpt-4o", messages=messages, tools=[tool], stream=False)
    (call,) = answer["message"]["tool_calls"]
    assert call["function"]["name"] == "home.turn_on"


@pytest.mark.parametrize("stream", [False, True])
def test_characters_at_which_the_python_sdk_splits_lines_are_escaped(client: ollama.Client, stream: bool) -> None:
    message = {"role": "user", "content": "[[fault:unicode-separators]]"}
    if stream:
        text = "".join(chunk.message.content or "" for chunk in client.chat("gpt-4o", [message], stream=True))
    else:
        text = client.chat("gpt-4o", [message]).message.content or ""
    assert {"\u2028", "\u2029", "\x85"} <= set(text)


@pytest.mark.parametrize("num_predict", [-1, -2])
def test_a_negative_num_predict_is_no_limit(proxy: Process, upstream: Upstream, num_predict: int) -> None:
    messages = [{**HELLO, "content": f"marker-limit{num_predict}"}]
    post(proxy, "/api/chat", model="gpt-4o", messages=messages, options={"num_predict": num_predict}, stream=False)
    assert "max_tokens" not in sent(upstream, f"marker-limit{num_predict}")


def test_num_predict_ends_the_answer_with_length(client: ollama.Client) -> None:
    answer = client.chat("gpt-4o", [{"role": "user", "content": "a b c d e f g"}], options={"num_predict": 2})
    assert (answer.done_reason, answer.eval_count) == ("length", 2)


@pytest.mark.parametrize("model", ["o3", "gpt-5", "gpt-5.6-terra"])
def test_a_reasoning_model_accepts_what_clients_always_send(proxy: Process, model: str) -> None:
    options = {"temperature": 0.2, "top_p": 0.9, "top_k": 40, "num_predict": 50, "num_ctx": 131_072, "stop": ["x"]}
    answer = post(proxy, "/api/chat", model=model, messages=[HELLO], options=options, stream=False)
    assert "hello there" in answer["message"]["content"]


def test_thinking_is_refused_for_a_model_that_cannot_in_ollamas_words(proxy: Process) -> None:
    got = ask(proxy.port, "POST", "/api/chat", {"model": "gpt-4o", "messages": [HELLO], "think": True})
    assert (got.status, json.loads(got.body)) == (400, {"error": '"gpt-4o" does not support thinking'})


def test_ollamas_own_texts_for_wrong_types(proxy: Process) -> None:
    for body, told in (
        ({"model": 1}, "json: cannot unmarshal number into Go struct field ChatRequest.model of type string"),
        (b"{", "unexpected EOF"),
        ({}, "model is required"),
        (
            {"model": "gpt-4o", "messages": [{"role": "user", "content": "x", "images": ["data:image/png;base64,xx"]}]},
            "illegal base64 data at input byte 4",
        ),
    ):
        got = ask(proxy.port, "POST", "/api/chat", body)
        assert (got.status, json.loads(got.body)["error"]) == (400, told)
    got = ask(proxy.port, "POST", "/api/chat", {"model": "gpt-4o", "messages": [HELLO], "options": {"num_ctx": "x"}})
    assert (got.status, json.loads(got.body)["error"]) == (500, 'option "num_ctx" must be of type integer')


def test_ps_shows_a_model_from_its_load_to_its_unload_for_open_webui(proxy: Process, client: ollama.Client) -> None:
    def loaded() -> list[str | None]:
        return [model.model for model in client.ps().models if model.model == "gpt-4.1:latest"]

    client.generate("gpt-4.1")
    assert loaded() == ["gpt-4.1:latest"]
    client.generate("gpt-4.1", keep_alive=0)
    assert loaded() == []
    client.chat("gpt-4.1", [HELLO], keep_alive="1h")
    assert loaded() == ["gpt-4.1:latest"]
    client.chat("gpt-4.1", [HELLO], keep_alive=0)
    assert loaded() == []


def test_ps_shows_a_model_while_its_answer_runs_even_with_a_keep_alive_of_0(
    client: ollama.Client, upstream: Upstream
) -> None:
    message = {"role": "user", "content": "two words [[gate:ps]]"}
    stream = client.chat("gpt-4o-mini", [message], keep_alive=0, stream=True)
    upstream.release("ps")
    next(stream)
    assert "gpt-4o-mini:latest" in [model.model for model in client.ps().models]
    upstream.release("ps", 50)
    list(stream)
    assert "gpt-4o-mini:latest" not in [model.model for model in client.ps().models]
