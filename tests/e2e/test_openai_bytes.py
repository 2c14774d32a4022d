"""OpenAI's face on the wire: the same bytes as from the upstream itself, and what this proxy adds in their form."""

import json
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest

from tests.process import KEY, LOOPBACK, Process, serving
from tests.upstream import Upstream
from tests.wire import Raw, ask

CHAT = "/v1/chat/completions"
JSON = "application/json; charset=utf-8"
ENTITY = ("content-type", "openai-version", "retry-after", "retry-after-ms", "x-should-retry")


def chat(text: str, **more: Any) -> dict[str, Any]:
    return {"model": "gpt-4o", "messages": [{"role": "user", "content": text}], **more}


def error_of(got: Raw) -> dict[str, Any]:
    """The four keys of an error in OpenAI's envelope."""
    envelope = json.loads(b"".join(got.chunks) if got.header("Transfer-Encoding") else got.body)
    assert list(envelope) == ["error"]
    assert list(envelope["error"]) == ["message", "type", "param", "code"]
    found: dict[str, Any] = envelope["error"]
    return found


def answer_of(port: int, path: str, body: dict[str, Any]) -> tuple[int, dict[str, str], bytes]:
    """Status, the headers that an answer means, and the body, from the proxy or from the upstream itself."""
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {KEY}", "x-stainless-retry-count": "0"}
    with closing(HTTPConnection(LOOPBACK, port, timeout=30)) as connection:
        connection.request("POST", path, json.dumps(body), headers)
        response = connection.getresponse()
        told = {name: response.headers[name] for name in ENTITY if name in response.headers}
        return response.status, told, response.read()


FRAMINGS = ("sse-crlf", "sse-cr", "sse-comments", "sse-nospace", "sse-bytewise", "sse-multidata", "sse-bom")
ENDINGS = ("sse-no-final-blank", "no-done", "cut-clean", "error-first", "error-mid", "error-event")
SHAPES = ("empty-choices-first", "tool-one-chunk", "unicode-separators", "long-line", "usage-every-chunk")
REFUSALS = ("401", "429", "quota", "500", "status:418", "status:529", "should-retry:500:false", "html:503", "empty:502")
ODDITIES = ("error-200", "html-200", "empty-200", "garbage-json", "json-for-stream", "sse-for-whole")


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize("fault", ["", *FRAMINGS, *ENDINGS, *SHAPES, *REFUSALS, *ODDITIES])
def test_the_answer_is_the_upstreams_byte_for_byte(
    proxy: Process, upstream: Upstream, fault: str, stream: bool
) -> None:
    body = chat(f"one two three [[fault:{fault}]]" if fault else "one two three", stream=stream)
    assert answer_of(proxy.port, CHAT, body) == answer_of(upstream.port, CHAT, body)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/embeddings", {"model": "text-embedding-3-small", "input": ["a", "b"], "encoding_format": "float"}),
        ("/v1/embeddings", {"model": "text-embedding-3-small", "input": "a", "encoding_format": "base64"}),
        ("/v1/embeddings", {"model": "text-embedding-3-small", "input": ""}),
        ("/v1/completions", {"model": "gpt-3.5-turbo-instruct", "prompt": "hello", "stream": True}),
        ("/v1/completions", {"model": "gpt-4o", "prompt": "hello"}),
        ("/v1/responses", {"model": "gpt-4o", "input": "hello"}),
        (CHAT, {"model": "nope", "messages": [{"role": "user", "content": "hi"}]}),
        (CHAT, {"model": "gpt-4o", "messages": "hi", "top_k": 1}),
        (CHAT, {}),
    ],
)
def test_so_are_the_answers_of_the_other_routes(
    proxy: Process, upstream: Upstream, path: str, body: dict[str, Any]
) -> None:
    assert answer_of(proxy.port, path, body) == answer_of(upstream.port, path, body)


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"model": "gpt-4o"', b"\xff"])
def test_a_body_that_is_none_is_refused_by_the_upstream(proxy: Process, upstream: Upstream, body: bytes) -> None:
    through = ask(proxy.port, "POST", CHAT, body)
    direct = ask(upstream.port, "POST", CHAT, body, Authorization="Bearer x", Content_Type="application/json")
    assert (through.status, through.body) == (direct.status, direct.body)
    assert error_of(through)["message"].startswith("We could not parse the JSON body")


def test_the_request_travels_as_it_is_but_for_the_added_tag(proxy: Process, upstream: Upstream) -> None:
    text = '{ "messages":[{"role":"user","content":"as \\u0069t is"}] ,"model" :"gpt-4o%s","seed": 1 }'
    assert ask(proxy.port, "POST", CHAT, (text % ":latest").encode()).status == 200
    assert upstream.requests_with("as \\u0069t is")[-1].text == text % ""


def test_of_the_headers_only_those_of_the_api_travel(proxy: Process, upstream: Upstream) -> None:
    got = ask(
        proxy.port,
        "POST",
        f"{CHAT}?api-version=2026-01-01",
        chat("which headers travel"),
        Authorization="Bearer client-secret",
        Cookie="client=secret",
        OpenAI_Organization="org-client",
        OpenAI_Project="proj-client",
        OpenAI_Beta="assistants=v2",
        Idempotency_Key="key-1",
        X_Client_Request_Id="client-1",
        Content_Type="text/plain",
        User_Agent="client/1",
        Accept_Encoding="gzip",
    )
    sent = upstream.requests_with("which headers travel")[-1].headers
    assert got.status == 200
    assert sent["authorization"] == f"Bearer {KEY}"
    assert not {"cookie", "openai-organization", "openai-project"} & set(sent)
    assert sent["user-agent"].startswith("ollama-openai-proxy/")
    assert (sent["content-type"], sent["accept-encoding"]) == ("application/json", "identity")
    assert (sent["openai-beta"], sent["idempotency-key"]) == ("assistants=v2", "key-1")
    assert sent["x-client-request-id"] == "client-1"
    assert got.header("x-request-id")
    assert got.header("openai-processing-ms")
    assert not got.header("openai-organization")


@pytest.mark.parametrize("fault", ["429-once:v1", "cut-head-once:v1"])
def test_calls_of_clients_that_do_not_retry_are_made_again(proxy: Process, upstream: Upstream, fault: str) -> None:
    got = ask(proxy.port, "POST", CHAT, chat(f"retried for v1 [[fault:{fault}]]"))
    assert got.status == 200
    assert len(upstream.requests_with(f"retried for v1 [[fault:{fault}]]")) == 2


@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", "/v1/messages"), ("POST", "/v1/audio/transcriptions"), ("GET", "/v1/files"), ("GET", "/v1")],
)
def test_an_unknown_path_is_an_error_in_openais_envelope(proxy: Process, method: str, path: str) -> None:
    got = ask(proxy.port, method, f"{path}?x=1")
    assert (got.status, got.header("Content-Type")) == (404, JSON)
    told = {"message": f"Invalid URL ({method} {path})", "type": "invalid_request_error", "param": None, "code": None}
    assert error_of(got) == told


@pytest.mark.parametrize(("method", "path", "allow"), [("GET", CHAT, "POST"), ("DELETE", "/v1/models/x", "GET")])
def test_so_is_a_wrong_method(proxy: Process, method: str, path: str, allow: str) -> None:
    got = ask(proxy.port, method, path)
    assert (got.status, got.header("Allow")) == (405, allow)
    assert error_of(got)["code"] == "method_not_supported"


def test_models_with_slashes_are_found_by_their_paths(proxy: Process) -> None:
    for path in ("/v1/models/a/b:free", "/v1/models/a%2Fb:free"):
        got = ask(proxy.port, "GET", path)
        assert got.status == 404
        assert error_of(got)["message"] == "The model 'a/b:free' does not exist"


def test_an_origin_is_admitted_as_on_the_other_routes(proxy: Process) -> None:
    assert ask(proxy.port, "POST", CHAT, chat("hi"), Origin="https://evil.example").status == 403
    got = ask(proxy.port, "POST", CHAT, chat("hi", stream=True), Origin="http://localhost:3000")
    assert (got.status, got.header("Access-Control-Allow-Origin")) == (200, "http://localhost:3000")


def test_a_request_that_came_back_is_refused_in_openais_envelope(proxy: Process, upstream: Upstream) -> None:
    assert ask(proxy.port, "POST", CHAT, chat("who marks its way")).status == 200
    mark = upstream.requests_with("who marks its way")[-1].headers["x-ollama-openai-proxy"]
    got = ask(proxy.port, "POST", CHAT, chat("round and round"), x_ollama_openai_proxy=mark)
    assert got.status == 508
    assert "OPENAI_BASE_URL leads to it" in error_of(got)["message"]


def test_a_client_that_is_not_allowed_is_told_so_in_openais_envelope(upstream: Upstream, tmp_path: Path) -> None:
    with serving(upstream.base_url, tmp_path, "--set", "ollama_allow=10.0.0.0/8") as proxy:
        got = ask(proxy.port, "POST", CHAT, chat("hi"))
    assert got.status == 403
    assert "ollama_allow" in error_of(got)["message"]
