"""`/api/generate` beyond one prompt: conversations by `context`, templates, debugging, names in any spelling."""

from typing import Any

import ollama
import pytest

from tests.process import Process
from tests.upstream import Upstream
from tests.wire import ask

INSTRUCT = "gpt-3.5-turbo-instruct"


def last_asked(upstream: Upstream) -> Any:
    """The body of the last request that the upstream got with one."""
    return next(received.json for received in reversed(upstream.requests) if received.json)


@pytest.mark.parametrize("stream", [False, True])
def test_the_context_of_an_answer_goes_on_with_its_conversation(
    client: ollama.Client, upstream: Upstream, stream: bool
) -> None:
    if stream:
        *_, first = client.generate("gpt-4o", "My name is Ada.", system="Be terse.", stream=True)
        said = "".join(part.response or "" for part in client.generate("gpt-4o", "My name is Ada.", stream=True))
    else:
        first = client.generate("gpt-4o", "My name is Ada.", system="Be terse.")
        said = first.response or ""
    assert first.context
    assert all(0 <= number < 2**31 for number in first.context)
    second = client.generate("gpt-4o", "What is my name?", context=first.context)
    assert last_asked(upstream)["messages"] == [
        {"role": "system", "content": "Be terse."},
        {"role": "user", "content": "My name is Ada."},
        {"role": "assistant", "content": said},
        {"role": "user", "content": "What is my name?"},
    ]
    third = client.generate("gpt-4o", "Thanks.", context=second.context, system="Be kind.")
    asked = last_asked(upstream)["messages"]
    assert [message["role"] for message in asked] == ["system", *("user", "assistant") * 2, "user"]
    assert asked[0]["content"] == "Be kind."
    assert len(third.context or []) > len(second.context or []) > 0


def test_the_tokens_of_another_server_are_left_out_and_logged(
    proxy: Process, client: ollama.Client, upstream: Upstream
) -> None:
    assert client.generate("gpt-4o", "foreign tokens", context=[1, 2, 3]).response
    assert [message["content"] for message in last_asked(upstream)["messages"]] == ["foreign tokens"]
    proxy.wait_for("context dropped: not a whole one of this proxy's")


def test_a_template_is_said_as_far_as_it_is_words(client: ollama.Client, upstream: Upstream) -> None:
    client.generate("gpt-4o", "blue", template="Q: {{ .Prompt }}? A:", system="Be terse.")
    assert [(m["role"], m["content"]) for m in last_asked(upstream)["messages"]] == [
        ("system", "Be terse."),
        ("user", "Q: blue? A:"),
    ]
    client.generate("gpt-4o", "blue", template="<|im_start|>user\n{{ .Prompt }}<|im_end|>")
    assert [m["content"] for m in last_asked(upstream)["messages"]] == ["blue"]
    with pytest.raises(ollama.ResponseError) as refused:
        client.generate("gpt-4o", "blue", template="{{ .Prompt")
    assert (refused.value.status_code, refused.value.error) == (500, "template: :1: unclosed action")


@pytest.mark.parametrize("path", ["/api/chat", "/api/generate"])
def test_what_would_be_asked_is_told_and_not_asked(proxy: Process, upstream: Upstream, path: str) -> None:
    before = len(upstream.requests)
    body = {"model": "gpt-4o", "_debug_render_only": True, "options": {"temperature": 0.5}}
    text = {"messages": [{"role": "user", "content": "a<b"}]} if path == "/api/chat" else {"prompt": "a<b"}
    answer = ask(proxy.port, "POST", path, body | text)
    assert (answer.status, answer.header("Content-Type")) == (200, "application/json; charset=utf-8")
    head, _, rest = answer.body.decode().partition('"created_at":"')
    said = '"message":{"role":"","content":""}' if path == "/api/chat" else '"response":""'
    rendered = '{\\"model\\":\\"gpt-4o\\",\\"messages\\":[{\\"role\\":\\"user\\",\\"content\\":\\"a\\u003cb\\"}]'
    assert head == '{"model":"gpt-4o",'
    assert rest.partition('",')[2].startswith(f'{said},"done":false,"_debug_info":{{"rendered_template":"{rendered}')
    assert len(upstream.requests) == before


def test_a_name_is_found_whatever_the_case_of_its_letters(upstream: Upstream, proxy: Process) -> None:
    with ollama.Client(proxy.url, trust_env=False) as client:
        assert client.generate("GPT-4O:local", "case").model == "GPT-4O:local"
        assert last_asked(upstream)["model"] == "gpt-4o"
        assert client.embed("Text-Embedding-3-Small", "case").embeddings
        assert last_asked(upstream)["model"] == "text-embedding-3-small"
        assert [m.model for m in client.ps().models].count("gpt-4o:latest") == 1
        assert "GPT-4O:latest" not in [m.model for m in client.ps().models]


@pytest.mark.parametrize("path", ["/api/chat", "/api/generate"])
@pytest.mark.parametrize("unload", [False, True])
def test_a_model_that_is_not_there_can_be_neither_loaded_nor_unloaded(proxy: Process, path: str, unload: bool) -> None:
    body = {"model": "nope"} | ({"keep_alive": 0} if unload else {})
    answer = ask(proxy.port, "POST", path, body)
    assert (answer.status, answer.body) == (404, b"""{"error":"model 'nope' not found"}""")


def test_an_embedding_model_that_is_not_there_cannot_be_loaded(proxy: Process) -> None:
    for path in ("/api/embed", "/api/embeddings"):
        answer = ask(proxy.port, "POST", path, {"model": "nope"})
        assert (answer.status, answer.body) == (
            404,
            b'{"error":"model \\"nope\\" not found, try pulling it first"}',
        )


@pytest.mark.parametrize("stream", [False, True])
def test_a_raw_prompt_is_gone_on_with_as_it_is(client: ollama.Client, upstream: Upstream, stream: bool) -> None:
    options = {"num_predict": 50}
    if stream:
        parts = list(client.generate(INSTRUCT, "once upon", raw=True, stream=True, options=options))
        text, last = "".join(part.response or "" for part in parts), parts[-1]
    else:
        last = client.generate(INSTRUCT, "once upon", raw=True, options=options)
        text = last.response or ""
    assert text == " follows upon, the last of 2 words."
    assert (last.done, last.done_reason, last.context) == (True, "stop", None)
    assert last.eval_count
    assert (last_asked(upstream)["prompt"], last_asked(upstream)["max_tokens"]) == ("once upon", 50)


def test_a_gap_is_filled_between_prompt_and_suffix(client: ollama.Client, upstream: Upstream) -> None:
    answer = client.generate(INSTRUCT, "def f(", suffix="): pass", logprobs=True, top_logprobs=2)
    assert answer.response == " between f( and ):"
    assert answer.context
    assert answer.logprobs
    assert (last_asked(upstream)["suffix"], last_asked(upstream)["logprobs"]) == ("): pass", 2)


def test_a_model_that_only_chats_refuses_raw_prompts_in_the_upstreams_words(client: ollama.Client) -> None:
    with pytest.raises(ollama.ResponseError) as refused:
        client.generate("gpt-4o", "once upon", raw=True)
    assert refused.value.status_code == 404
    assert "v1/chat/completions" in refused.value.error


def test_suffix_is_refused_as_by_a_model_without_it(proxy: Process) -> None:
    answer = ask(proxy.port, "POST", "/api/generate", {"model": "gpt-4o", "prompt": "a", "suffix": "b"})
    assert (answer.status, answer.body) == (
        400,
        b'{"error":"registry.ollama.ai/library/gpt-4o:latest does not support insert"}',
    )
