"""Pull, push, create, copy, delete, blobs and the account routes, as clients see them."""

import hashlib
import json
import subprocess
from pathlib import Path
from typing import Any

import ollama
import pytest

from tests.process import Process, serving
from tests.upstream import Upstream
from tests.wire import Raw, ask

JSON = "application/json; charset=utf-8"
JSON_BARE = "application/json"
NDJSON = "application/x-ndjson"

PULLING = {"status": "pulling manifest"}
NOT_THERE = {"error": "pull model manifest: file does not exist"}
DONE = [PULLING, {"status": "nothing to download: requests for gpt-4o go to the upstream"}, {"status": "success"}]

HELLO = hashlib.sha256(b"hello").hexdigest()
DIGEST = f"sha256:{HELLO}"
ONES = "sha256:" + "1" * 64


def whole(got: Raw) -> tuple[int, str | None, Any]:
    """An answer in one piece, whose length was told."""
    assert got.header("Content-Length") == str(len(got.body))
    return got.status, got.header("Content-Type"), json.loads(got.body)


def streamed(got: Raw) -> list[dict[str, Any]]:
    """The lines of an answer, of which each is a chunk."""
    assert (got.status, got.header("Content-Type")) == (200, NDJSON)
    assert len(got.chunks) == len(got.lines)
    return got.lines


def test_pull_of_a_listed_model_is_done_at_once(client: ollama.Client) -> None:
    assert client.pull("gpt-4o").status == "success"
    assert [line.status for line in client.pull("gpt-4o:latest", stream=True)] == [line["status"] for line in DONE]


def test_pull_of_an_unknown_model_is_the_registrys_error(client: ollama.Client) -> None:
    with pytest.raises(ollama.ResponseError) as caught:
        client.pull("nope")
    assert (caught.value.status_code, caught.value.error) == (500, NOT_THERE["error"])
    lines = iter(client.pull("nope", stream=True))
    assert next(lines).status == PULLING["status"]
    with pytest.raises(ollama.ResponseError) as caught:
        next(lines)
    assert caught.value.error == NOT_THERE["error"]


def test_pull_of_a_bad_name_is_refused_before_it_begins(client: ollama.Client) -> None:
    with pytest.raises(ollama.ResponseError) as caught:
        client.pull("a b")
    assert (caught.value.status_code, caught.value.error) == (400, "invalid model name")


def test_push_ends_in_an_error_that_says_why(client: ollama.Client) -> None:
    with pytest.raises(ollama.ResponseError) as caught:
        client.push("gpt-4o")
    assert caught.value.status_code == 500
    assert caught.value.error == 'model "gpt-4o" cannot be pushed: this proxy keeps no model files'


def test_create_says_what_to_do_instead(client: ollama.Client) -> None:
    with pytest.raises(ollama.ResponseError) as caught:
        client.create("mine", from_="gpt-4o", system="Be nice.", parameters={"temperature": 0.5})
    assert caught.value.status_code == 500
    assert caught.value.error.startswith('model "mine" cannot be created: ')


def test_a_listed_model_is_not_copied(client: ollama.Client) -> None:
    with pytest.raises(ollama.ResponseError) as caught:
        client.copy("gpt-4o", "mine")
    assert caught.value.status_code == 500
    assert caught.value.error.startswith('model "gpt-4o" cannot be copied: ')


def test_a_listed_model_is_not_deleted(client: ollama.Client) -> None:
    with pytest.raises(ollama.ResponseError) as caught:
        client.delete("gpt-4o")
    assert caught.value.status_code == 500
    assert caught.value.error.startswith('model "gpt-4o" cannot be deleted: ')


def test_a_copy_onto_itself_is_there(client: ollama.Client) -> None:
    assert client.copy("gpt-4o", "gpt-4o:latest").status == "success"


def test_a_blob_cannot_be_stored(client: ollama.Client, tmp_path: Path) -> None:
    (tmp_path / "x.gguf").write_bytes(b"hello")
    with pytest.raises(ollama.ResponseError) as caught:
        client.create_blob(tmp_path / "x.gguf")
    assert caught.value.status_code == 500
    assert caught.value.error == f'blob "{DIGEST}" cannot be stored: this proxy keeps no model files'


@pytest.mark.parametrize(
    ("path", "body", "lines"),
    [
        ("pull", {"model": "", "username": "", "password": "", "name": "gpt-4o"}, DONE),  # the `ollama` command
        ("pull", {"model": "127.0.0.1:9/library/x", "insecure": True}, [PULLING, NOT_THERE]),
        ("create", {"model": "m", "from": "nope"}, [PULLING, NOT_THERE]),
        (
            "create",
            {"model": "m", "files": {"x.gguf": ONES}},
            [
                {"status": "parsing GGUF"},
                {"error": f"open blobs/{ONES.replace(':', '-')}: no such file or directory"},
            ],
        ),
        (
            "push",
            {"model": "a b"},
            [
                {"status": "retrieving manifest"},
                {"status": "couldn't retrieve manifest"},
                {"error": "unqualified name: registry.ollama.ai/library/a b:latest"},
            ],
        ),
    ],
)
def test_progress_is_told_in_lines(proxy: Process, path: str, body: object, lines: list[object]) -> None:
    assert streamed(ask(proxy.port, "POST", f"/api/{path}", body)) == lines


@pytest.mark.parametrize(
    ("path", "body", "status", "answer"),
    [
        ("pull", {"model": "gpt-4o"}, 200, {"status": "success"}),
        ("pull", {"model": "nope"}, 500, NOT_THERE),
        ("create", {"model": "m"}, 400, {"error": "neither 'from' or 'files' was specified"}),
        ("create", {"model": "m", "from": "nope"}, 500, NOT_THERE),
    ],
)
def test_progress_that_is_not_streamed_is_its_last_line(
    proxy: Process, path: str, body: dict[str, Any], status: int, answer: object
) -> None:
    got = ask(proxy.port, "POST", f"/api/{path}", {**body, "stream": False})
    assert whole(got) == (status, JSON_BARE, answer)


@pytest.mark.parametrize(
    ("body", "status", "told"),
    [
        ({"model": "m"}, 400, "neither 'from' or 'files' was specified"),
        ({"model": "m", "files": {}}, 400, "unknown type"),
        ({"model": "m", "from": "gpt-4o", "template": "{{ .Foo"}, 400, "template error: template: :1: unclosed action"),
        (
            {"model": "m", "from": "gpt-4o", "quantize": "q8_0"},
            500,
            "quantization is only supported for F16, BF16 and F32 models",
        ),
    ],
)
def test_a_stream_that_fails_before_its_first_line_has_the_errors_status(
    proxy: Process, body: object, status: int, told: str
) -> None:
    got = ask(proxy.port, "POST", "/api/create", body)
    assert (got.status, got.header("Content-Type")) == (status, JSON_BARE)
    assert json.loads(b"".join(got.chunks)) == {"error": told}


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "told"),
    [
        ("POST", "pull", {}, 400, "invalid model name"),
        ("POST", "push", {}, 400, "model is required"),
        ("POST", "create", {"from": "gpt-4o"}, 400, "invalid model name"),
        ("POST", "create", {"model": "m", "files": {"/x.gguf": ONES}}, 400, "file path must be relative"),
        ("POST", "create", {"model": "m", "files": {"x.gguf": ""}}, 400, "invalid digest format"),
        ("POST", "copy", {}, 400, 'source "" is invalid'),
        ("POST", "copy", {"source": "gpt-4o", "destination": "a b"}, 400, 'destination "a b" is invalid'),
        ("POST", "copy", {"source": "nope", "destination": "x"}, 404, 'model "nope" not found'),
        ("DELETE", "delete", {}, 400, "model is required"),
        ("DELETE", "delete", {"model": "a b"}, 400, 'name "a b" is invalid'),
        ("DELETE", "delete", {"model": "", "name": "nope"}, 404, "model 'nope' not found"),
        ("POST", f"blobs/{ONES}", b"hello", 400, f'digest mismatch, expected "{ONES}", got "{DIGEST}"'),
        ("POST", f"blobs/sha256%3A{HELLO[:-1]}", b"hello", 400, "invalid digest format"),
        ("POST", "me", None, 503, "account unavailable"),
        ("POST", "signout", None, 401, "you are not currently signed in"),
        ("DELETE", "user/keys/abc", None, 401, "you are not currently signed in"),
        ("POST", "experimental/web_search", b" \n", 400, "missing request body"),
        (
            "POST",
            "experimental/web_search",
            {"query": "x"},
            403,
            "ollama cloud is disabled: web search is unavailable",
        ),
        ("POST", "experimental/web_fetch", {"url": "x"}, 403, "ollama cloud is disabled: web fetch is unavailable"),
    ],
)
def test_a_refusal_is_one_plain_object(
    proxy: Process, method: str, path: str, body: object, status: int, told: str
) -> None:
    assert whole(ask(proxy.port, method, f"/api/{path}", body)) == (status, JSON, {"error": told})


@pytest.mark.parametrize(
    ("digest", "status", "body"),
    [
        (DIGEST, 404, {"error": f'blob "{DIGEST}" not found'}),
        (f"sha256%3a{HELLO}", 404, {"error": f'blob "{DIGEST}" not found'}),
        ("nonsense", 400, {"error": "invalid digest format"}),
    ],
)
def test_head_of_a_blob_has_the_headers_of_the_error_that_is_not_sent(
    proxy: Process, digest: str, status: int, body: object
) -> None:
    got = ask(proxy.port, "HEAD", f"/api/blobs/{digest}")
    length = len(json.dumps(body, separators=(",", ":")))
    assert (got.status, got.header("Content-Type"), got.header("Content-Length")) == (status, JSON, str(length))
    assert got.body == b""


def test_a_copy_onto_itself_has_no_body(proxy: Process) -> None:
    got = ask(proxy.port, "POST", "/api/copy", {"source": "gpt-4o", "destination": "gpt-4o"})
    assert [name for name, _ in got.headers] == ["Date", "Content-Length", "Connection"]
    assert (got.status, got.body) == (200, b"")


def test_status_says_that_the_cloud_is_off(proxy: Process) -> None:
    got = ask(proxy.port, "GET", "/api/status")
    assert whole(got) == (200, JSON, {"cloud": {"disabled": True, "source": "env"}})


def test_the_models_that_take_tools_are_recommended(proxy: Process) -> None:
    _, _, answer = whole(ask(proxy.port, "GET", "/api/experimental/model-recommendations"))
    models = {entry["model"]: entry["context_length"] for entry in answer["recommendations"]}
    assert models["gpt-4o"] == 128_000
    assert "text-embedding-3-small" not in models
    assert list(answer["recommendations"][0]) == ["model", "description", "context_length"]


def test_the_log_names_the_model_and_the_reason(proxy: Process) -> None:
    ask(proxy.port, "POST", "/api/pull", {"model": "not-in-any-list"})
    ask(proxy.port, "DELETE", "/api/delete", {"model": "not-in-any-list"})
    ask(proxy.port, "POST", "/api/copy", {"source": "not-in-any-list", "destination": "x"})
    assert "file does not exist" in proxy.wait_for("POST /api/pull not-in-any-list 200")
    assert "not found" in proxy.wait_for("DELETE /api/delete not-in-any-list 404")
    assert "not found" in proxy.wait_for("POST /api/copy not-in-any-list 404")


def test_a_pull_begins_before_the_upstreams_list_is_there(upstream: Upstream, tmp_path: Path) -> None:
    with serving(upstream.base_url, tmp_path, OPENAI_API_KEY="fault-stall") as proxy:
        command = ["curl", "-sN", "--noproxy", "*", f"{proxy.url}/api/pull", "-d", '{"model":"gpt-4o"}']
        with subprocess.Popen(command, stdout=subprocess.PIPE) as curl:
            assert curl.stdout is not None
            assert json.loads(curl.stdout.readline()) == PULLING
            curl.kill()


@pytest.mark.parametrize(("path", "field"), [("pull", "model"), ("create", "from")])
def test_a_pull_tells_why_the_list_cannot_be_had(tmp_path: Path, path: str, field: str) -> None:
    with serving("http://127.0.0.1:1/v1", tmp_path) as proxy:
        lines = streamed(ask(proxy.port, "POST", f"/api/{path}", {"model": "m", field: "some-model"}))
        deleted = ask(proxy.port, "DELETE", "/api/delete", {"model": "some-model"})
    assert lines[0] == PULLING
    assert lines[1]["error"].startswith("pull model manifest: ")
    assert "127.0.0.1:1 cannot be reached" in lines[1]["error"]
    assert deleted.status == 502
