"""What an upstream refuses is learned: a request is changed and sent again before the answer begins, and then no more.

Dated names (`gpt-5-2027-01-01`) are models of their own, about which nothing has been learned yet.
"""

import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import ollama
import openai
import pytest

from tests.e2e.families_table import PIXEL
from tests.e2e.relays import relay, strictly
from tests.process import KEY, Process, serving
from tests.upstream import Upstream
from tests.upstream.refusals import Refusal
from tests.upstream.routes import Reply, reply_of

CHAT = "/v1/chat/completions"
USER = [{"role": "user", "content": "hello there"}]
ASKS_FOR_WEATHER = [{"role": "user", "content": "weather in Oslo"}]
TOOL: dict[str, Any] = {"type": "function", "function": {"name": "weather", "parameters": {"type": "object"}}}

MOST_CHANGES = 8


@pytest.fixture
def openai_client(proxy: Process) -> Iterator[openai.OpenAI]:
    plain = openai.DefaultHttpx2Client(trust_env=False)
    with openai.OpenAI(base_url=f"{proxy.url}/v1", api_key="x", http_client=plain, max_retries=0) as real:
        yield real


def post(url: str, path: str, body: dict[str, Any] | bytes) -> httpx.Response:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = {"Authorization": "Bearer x", "Content-Type": "application/json"}
    return httpx.post(f"{url}{path}", content=content, headers=headers, trust_env=False, timeout=30)


def test_the_body_of_a_repaired_request_is_the_clients_but_for_what_was_refused(
    proxy: Process, upstream: Upstream
) -> None:
    sent = (
        '{ "stop":["zzz"],\n  "model" : "gpt-5-2027-01-01" ,"max_tokens":  512 ,\t"n": 1,'
        '"temperature":0.30, "messages":[{"role":"user","content":"caf\\u00e9  \\"x\\" é"}], "user": "u" }'
    )
    wanted = (
        '{ "model" : "gpt-5-2027-01-01" ,"max_completion_tokens":  512 ,\t"n": 1, '
        '"messages":[{"role":"user","content":"caf\\u00e9  \\"x\\" é"}], "user": "u" }'
    )
    first, second = (post(proxy.url, CHAT, sent.encode()) for _ in range(2))
    assert [first.status_code, second.status_code] == [200, 200]
    asked = upstream.requests_with("gpt-5-2027-01-01")
    assert [asked[0].text, asked[-2].text, asked[-1].text] == [sent, wanted, wanted]
    assert len(asked) == 5  # three things were refused, and the second request needed one call
    assert first.content == second.content == post(upstream.base_url, "/chat/completions", wanted.encode()).content


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
def test_the_openai_package_is_answered_where_its_parameters_are_refused(
    openai_client: openai.OpenAI, upstream: Upstream, stream: bool
) -> None:
    model = f"gpt-5.1-20{27 + stream}-01-01"
    request: Any = {"model": model, "messages": USER, "max_tokens": 300, "temperature": 0.2, "reasoning_effort": "low"}
    for calls in (3, 1):
        before = len(upstream.requests_with(model))
        if stream:
            chunks = openai_client.chat.completions.create(**request, stream=True)
            said = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
        else:
            said = openai_client.chat.completions.create(**request).choices[0].message.content
        assert said == "You said: hello there"
        assert len(upstream.requests_with(model)) - before == calls
    last = upstream.requests_with(model)[-1].json
    assert (last["max_completion_tokens"], last["reasoning_effort"]) == (300, "low")
    assert not {"max_tokens", "temperature"} & last.keys()


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
def test_so_it_is_by_the_responses_api(openai_client: openai.OpenAI, upstream: Upstream, stream: bool) -> None:
    model = f"gpt-5.1-20{27 + stream}-02-01"
    for calls in (2, 1):
        before = len(upstream.requests_with(model))
        answer: Any = openai_client.responses.create(
            model=model, input="hello there", temperature=0.2, reasoning={"effort": "low"}, stream=stream
        )
        response = list(answer)[-1].response if stream else answer
        assert response.output_text == "You said: hello there"
        assert len(upstream.requests_with(model)) - before == calls


NOT_REPAIRED: dict[str, dict[str, Any]] = {
    "messages": {"messages": [{"role": "wizard", "content": "hi"}]},
    "images": {"model": "gpt-4", "messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {}}]}]},
    "tools": {"messages": USER, "tools": [{"type": "function", "function": {"name": "no spaces allowed"}}]},
    "tool_choice": {"messages": USER, "tool_choice": "required"},
    "tools beside reasoning": {"model": "gpt-6-astra", "messages": USER, "tools": [TOOL]},
    "schema": {
        "messages": USER,
        "response_format": {"type": "json_schema", "json_schema": {"name": "x", "strict": True, "schema": {"type": 3}}},
    },
    "format": {"messages": USER, "response_format": {"type": "json_object"}},
    "n": {"messages": USER, "n": 1000},
    "another API": {"model": "gpt-5-pro", "messages": USER},
    "no model": {"model": "no-such-model", "messages": USER},
    "nothing that it names": {"messages": [{"role": "user", "content": "[[fault:status:400]]"}]},
    "no chat": {"model": "gpt-3.5-turbo-instruct", "messages": USER},
}


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize("name", NOT_REPAIRED)
def test_what_the_client_means_is_never_changed_and_the_refusal_is_the_upstreams(
    proxy: Process, upstream: Upstream, name: str, stream: bool
) -> None:
    body = {"model": "gpt-4o", **NOT_REPAIRED[name], "stream": stream}
    before = len(upstream.requests)
    got = post(proxy.url, CHAT, body)
    assert len(upstream.requests) == before + 1
    told = post(upstream.base_url, "/chat/completions", body)
    assert got.status_code >= 400
    assert (got.status_code, got.content) == (told.status_code, told.content)


@pytest.mark.parametrize(
    ("model", "request_", "told"),
    [
        ("gpt-4", {"messages": [{**USER[0], "images": [PIXEL]}]}, "image_url is only supported by certain models"),
        ("compat-vllm", {"messages": [*USER, {"role": "system", "content": "x"}]}, "must be at the beginning"),
        ("gpt-4o", {"messages": USER, "tools": [TOOL] * 129}, "Invalid 'tools': array too long."),
    ],
    ids=["images", "messages", "tools"],
)
def test_nor_is_it_for_clients_of_ollamas_protocol(
    client: ollama.Client, upstream: Upstream, model: str, request_: dict[str, Any], told: str
) -> None:
    before = len(upstream.requests)
    with pytest.raises(ollama.ResponseError, match=told) as refused:
        client.chat(model, **request_)
    assert refused.value.status_code == 400
    assert len(upstream.requests) == before + 1


def test_both_protocols_know_what_either_was_taught(client: ollama.Client, proxy: Process, upstream: Upstream) -> None:
    taught_by_ollama, taught_by_openai = "novel-1-2027-03-01", "novel-1-2027-03-02"
    client.chat(taught_by_ollama, USER, options={"num_predict": 50})
    assert post(proxy.url, CHAT, {"model": taught_by_ollama, "messages": USER, "max_tokens": 50}).status_code == 200
    assert post(proxy.url, CHAT, {"model": taught_by_openai, "messages": USER, "max_tokens": 50}).status_code == 200
    client.chat(taught_by_openai, USER, options={"num_predict": 50, "temperature": 0.5})
    for model in (taught_by_ollama, taught_by_openai):
        bodies = [each.json for each in upstream.requests_with(model)]
        assert ["max_tokens" in body for body in bodies] == [True, False, False]
        assert "temperature" not in bodies[-1]


@pytest.mark.parametrize("model", ["novel-1-2027-06-01", "novel-responses-1-2027-06-01"])
def test_a_model_that_turned_out_to_reason_gets_room_for_that(
    client: ollama.Client, upstream: Upstream, model: str
) -> None:
    for _ in range(2):
        answer = client.chat(model, USER, options={"num_predict": 18, "temperature": 0.5})  # it reasons for 16 tokens
        assert (answer.message.content, answer.done_reason) == ("You said: hello there", "stop")
    assert len(upstream.requests_with(model)) == 3


def test_what_one_model_taught_does_not_touch_another(client: ollama.Client, upstream: Upstream) -> None:
    for model in ("novel-1-2027-04-01", "novel-1-2027-04-02", "reasoner-1"):
        client.chat(model, USER, options={"num_predict": 5000, "temperature": 0.5})
    calls = [len(upstream.requests_with(model)) for model in ("novel-1-2027-04-01", "novel-1-2027-04-02")]
    assert calls == [2, 2]
    last = upstream.requests[-1].json
    assert (last["model"], last["max_tokens"], last["temperature"]) == ("reasoner-1", 5000, 0.5)


def test_what_several_requests_learn_at_once_is_told_once(tmp_path: Path) -> None:
    refused = threading.Barrier(4)

    def refuse_together(path: str, body: dict[str, Any]) -> Reply:
        if "seed" not in body:
            return strictly(path, {**body, "model": "gpt-4o"})
        refused.wait(30)
        return reply_of(Refusal("Unrecognized request argument supplied: seed"))

    def chat(number: int) -> str:
        with ollama.Client(proxy.url, trust_env=False) as client:
            message = {"role": "user", "content": f"number {number}"}
            return client.chat("m", [message], options={"seed": 3}).message.content or ""

    with (
        relay(refuse_together) as upstream,
        serving(upstream.base_url, tmp_path) as proxy,
        ThreadPoolExecutor(refused.parties) as pool,
    ):
        said = list(pool.map(chat, range(refused.parties)))
    assert said == [f"You said: number {number}" for number in range(refused.parties)]
    assert len(upstream.asked) == 2 * refused.parties
    assert proxy.output.count("m: the upstream refused a request until it was changed: seed dropped") == 1


def refusing_ever_less(_: str, body: dict[str, Any]) -> Reply:
    """Takes one token less than it is asked for."""
    asked = body["max_tokens"]
    text = f"max_tokens is too large: {asked}. This model supports at most {asked - 1} completion tokens."
    return reply_of(Refusal(text, param="max_tokens", code="invalid_value"))


def test_an_upstream_that_is_never_content_is_asked_so_often_and_no_more(tmp_path: Path) -> None:
    with relay(refusing_ever_less) as upstream, serving(upstream.base_url, tmp_path) as proxy:
        got = post(proxy.url, CHAT, {"model": "m", "messages": USER, "max_tokens": 500})
        with ollama.Client(proxy.url, trust_env=False) as client, pytest.raises(ollama.ResponseError) as refused:
            list(client.chat("m", USER, options={"num_predict": 500}, stream=True))
    limits = [500 - change for change in range(1 + MOST_CHANGES)]
    assert [body["max_tokens"] for _, body in upstream.asked] == limits * 2
    first, last = (f"max_tokens is too large: {limit}. " for limit in (limits[0], limits[-1]))
    assert (got.status_code, got.json()["error"]["message"][: len(first)]) == (400, first)
    assert (refused.value.status_code, refused.value.error[: len(last)]) == (400, last)
    assert "the upstream refused a request until it was changed" not in proxy.output


@pytest.mark.parametrize("status", [400, 500])
def test_a_request_that_fails_after_all_teaches_nothing(tmp_path: Path, status: int) -> None:
    first = reply_of(Refusal("Unrecognized request argument supplied: seed"))
    last = reply_of(Refusal("The test upstream does not like it.", status=status))
    told = first if status == 400 else last  # which is for another reason than what the client wrote

    def refuse_twice(_: str, body: dict[str, Any]) -> Reply:
        return first if "seed" in body else last

    with relay(refuse_twice) as upstream, serving(upstream.base_url, tmp_path, PROXY_MAX_RETRIES="0") as proxy:
        with ollama.Client(proxy.url, trust_env=False) as client:
            for _ in range(2):
                with pytest.raises(ollama.ResponseError, match="does not like it"):
                    client.chat("m", USER, options={"seed": 3})
                got = post(proxy.url, CHAT, {"model": "m", "messages": USER, "seed": 3})
                assert (got.status_code, got.text) == (told.status, told.body)
        assert ["seed" in body for _, body in upstream.asked] == [True, False] * 4
    assert "the upstream refused a request until it was changed" not in proxy.output


NO_SUCH_PATH = {
    "OpenAI's words": reply_of(Refusal("Invalid URL (POST /v1/responses)", status=404)),
    "LM Studio": Reply(200, "application/json", '{"error": "Unexpected endpoint or method. (POST /v1/responses)"}'),
}


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize("refusal", NO_SUCH_PATH.values(), ids=NO_SUCH_PATH)
def test_a_relay_without_the_responses_api_is_asked_for_it_once(tmp_path: Path, refusal: Reply, stream: bool) -> None:
    def without_responses(path: str, body: dict[str, Any]) -> Reply:
        return strictly(path, body) if path == CHAT else refusal

    with relay(without_responses) as upstream, serving(upstream.base_url, tmp_path) as proxy:
        with ollama.Client(proxy.url, trust_env=False) as client:
            for _ in range(3):
                answer: Any = client.chat("gpt-5.6-terra", ASKS_FOR_WEATHER, tools=[TOOL], stream=stream)
                parts = list(answer) if stream else [answer]
                assert any(part.message.tool_calls for part in parts)
        assert upstream.paths == ["/v1/responses", CHAT, CHAT, CHAT]
        assert upstream.asked[-1][1]["reasoning_effort"] == "none"
        proxy.wait_for("gpt-5.6-terra: the upstream refused a request until it was changed: asked by Chat Completions")


def test_the_key_is_in_no_log_and_no_flow_of_what_is_asked_again(upstream: Upstream, tmp_path: Path) -> None:
    flows = tmp_path / "flows"
    arguments = ["-v", "-w", str(flows), "--set", "ollama_log_level=debug", "--set", "ollama_fill_in_middle=chat"]
    with serving(upstream.base_url, tmp_path, *arguments) as proxy, ollama.Client(proxy.url, trust_env=False) as client:
        client.chat("novel-1", USER, options={"num_predict": 50})
        list(client.chat("novel-responses-1", USER, stream=True))
        client.chat("gpt-5-pro", ASKS_FOR_WEATHER, tools=[TOOL])
        client.generate("gpt-4o", "def f(", suffix="return 1")
        post(proxy.url, CHAT, {"model": "gpt-5", "messages": USER, "max_tokens": 50})
        with pytest.raises(ollama.ResponseError):
            client.chat("gpt-5-pro", [{"role": "user", "content": "[[fault:401]]"}])
    assert flows.stat().st_size > 1000
    assert KEY[3:] not in proxy.output
    assert KEY[3:].encode() not in flows.read_bytes()
    assert {each.headers["authorization"] for each in upstream.requests[-3:]} == {f"Bearer {KEY}"}
