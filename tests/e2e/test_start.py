"""How it starts, and how it refuses to: every wrong setting is one sentence and exit code 1."""

import shutil
import socket
from pathlib import Path

import pytest
import yaml

from addon.option_table import OPTIONS
from tests.process import KEY, LOOPBACK, ROOT, Process, free_port, serving, start
from tests.upstream import Upstream
from tests.wire import ask

BASE_URL = "http://127.0.0.1:1/v1"


def fails(process: Process) -> str:
    """The output of a process that has to end by itself with exit code 1."""
    try:
        assert process.popen.wait(60) == 1, process.output
    finally:
        process.stop()
    assert "Traceback" not in process.output
    return process.output


@pytest.mark.parametrize(
    ("variables", "arguments", "told"),
    [
        ({"PROXY_PORT": "abc"}, [], ["PROXY_PORT", "'abc'"]),
        ({"PROXY_PORT": "70000"}, [], ["PROXY_PORT", "70000", "65535"]),
        ({"OPENAI_BASE_URL": "api.openai.com"}, [], ["OPENAI_BASE_URL", "'api.openai.com'", "http"]),
        ({"OPENAI_BASE_URL": BASE_URL + "/chat/completions"}, [], ["OPENAI_BASE_URL", "/chat/completions"]),
        ({"PROXY_REQUEST_TIMEOUT": "0"}, [], ["ollama_request_timeout", "0"]),
        ({"PROXY_CA_FILE": "/no/such.pem"}, [], ["ollama_ca_file", "/no/such.pem"]),
        ({"LOG_LEVEL": "loud"}, [], ["ollama_log_level", "'loud'", "debug"]),
        ({"LOG_FORMAT": "xml"}, [], ["ollama_log_format", "'xml'", "json"]),
        ({"PROXY_ALLOW": "home"}, [], ["ollama_allow", "'home'"]),
        ({"PROXY_LISTEN": "0.0.0.0"}, [], ["ollama_listen", "ollama_allow"]),
        ({"PROXY_MODELS": "/no/such.toml"}, [], ["ollama_models", "/no/such.toml"]),
        ({}, ["--set", "ollama_port=abc"], ["ollama_port", "'abc'"]),
        ({}, ["--set", "ollama_prot=1"], ["ollama_prot", "ollama_port"]),
    ],
)
def test_a_wrong_setting_stops_the_start_and_is_named(
    tmp_path: Path, variables: dict[str, str], arguments: list[str], told: list[str]
) -> None:
    settings = {"OPENAI_BASE_URL": BASE_URL, "OPENAI_API_KEY": KEY, "PROXY_PORT": str(free_port()), **variables}
    output = fails(start(["--set", "listen_host=127.0.0.1", "-p", str(free_port()), *arguments], tmp_path, settings))
    for text in told:
        assert text in output


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The addon in a folder of its own, where no `.env` lies."""
    root = tmp_path / "copy of the project"
    for package in ("addon", "translators"):
        shutil.copytree(ROOT / package, root / package, ignore=shutil.ignore_patterns("__pycache__"))
    return root


def test_live_answers_without_key_and_base_url_stop_the_start_with_what_came_near(copy: Path, tmp_path: Path) -> None:
    variables = {"OPENAI_KEY": "sk-near-miss-0123456789", "PROXY_RECORD_MODE": "off"}
    output = fails(start([], tmp_path, variables, root=copy))
    assert "OPENAI_API_KEY" in output
    assert "OPENAI_BASE_URL" in output
    assert "OPENAI_KEY" in output
    assert "near-miss" not in output


def test_settings_are_read_from_an_env_file(copy: Path, tmp_path: Path, upstream: Upstream) -> None:
    port = free_port()
    (copy / ".env").write_text(f"OPENAI_BASE_URL={upstream.base_url}\nOPENAI_API_KEY={KEY}\nPROXY_PORT={port}\n")
    process = start(["--mode", f"regular@{LOOPBACK}:{port}"], tmp_path, {}, port=port, root=copy)
    try:
        process.wait_for("listening at")
        assert ask(port, "GET", "/api/tags").status == 200
    finally:
        process.stop()


def test_it_runs_from_any_directory_and_takes_its_own_packages(tmp_path: Path, upstream: Upstream) -> None:
    (tmp_path / "translators").mkdir()
    (tmp_path / "translators" / "__init__.py").write_text("raise RuntimeError('the wrong translators')\n")
    with serving(upstream.base_url, tmp_path, PYTHONPATH=str(tmp_path)) as proxy:
        assert ask(proxy.port, "GET", "/api/version").status == 200


def test_with_mitmproxys_untouched_mode_it_listens_on_the_ollama_port_too(tmp_path: Path, upstream: Upstream) -> None:
    port, own = free_port(), free_port()
    settings = {"OPENAI_BASE_URL": upstream.base_url, "OPENAI_API_KEY": KEY, "PROXY_PORT": str(port)}
    process = start(["--set", "listen_host=127.0.0.1", "-p", str(own)], tmp_path, settings)
    try:
        process.wait_for(f"listening at {LOOPBACK}:{port}")
        assert ask(port, "GET", "/").body == b"Ollama is running"
        assert ask(own, "GET", "/").body == b"Ollama is running"  # addressed to the listener itself
    finally:
        process.stop()


@pytest.mark.parametrize("given", [False, True])
def test_a_taken_port_is_an_error_that_names_the_owner_and_the_option(
    tmp_path: Path, upstream: Upstream, given: bool
) -> None:
    with serving(upstream.base_url, tmp_path) as first:
        settings = {"OPENAI_BASE_URL": upstream.base_url, "OPENAI_API_KEY": KEY, "PROXY_PORT": str(first.port)}
        mode = ["--mode", f"regular@{LOOPBACK}:{first.port}"] if given else ["-p", str(free_port())]
        output = fails(start([*mode, "--set", "listen_host=127.0.0.1"], tmp_path, settings))
    assert "ollama-openai-proxy" in output
    assert "PROXY_PORT" in output


def test_a_port_that_another_program_has_is_told_too(tmp_path: Path) -> None:
    with socket.create_server((LOOPBACK, 0)) as other:
        port = other.getsockname()[1]
        settings = {"OPENAI_BASE_URL": BASE_URL, "OPENAI_API_KEY": KEY, "PROXY_PORT": str(port)}
        output = fails(start(["-p", str(free_port()), "--set", "listen_host=127.0.0.1"], tmp_path, settings))
    assert f"{LOOPBACK}:{port}" in output
    assert "ollama_port" in output


def test_a_base_url_that_is_this_proxy_stops_the_start(tmp_path: Path) -> None:
    port = free_port()
    settings = {"OPENAI_BASE_URL": f"http://localhost:{port}/v1", "OPENAI_API_KEY": KEY, "PROXY_PORT": str(port)}
    output = fails(start(["--mode", f"regular@{LOOPBACK}:{port}"], tmp_path, settings))
    assert "this proxy itself" in output


def test_a_request_that_came_through_this_process_is_508(tmp_path: Path, upstream: Upstream) -> None:
    with serving(upstream.base_url, tmp_path) as proxy:
        body = {"model": "gpt-4o", "messages": [{"role": "user", "content": "marker-loop"}], "stream": False}
        ask(proxy.port, "POST", "/api/chat", body)
        (request,) = upstream.requests_with("marker-loop")
        token = request.headers["x-ollama-openai-proxy"]
        assert ask(proxy.port, "GET", "/api/tags", None, x_ollama_openai_proxy=token).status == 508


def test_a_reverse_proxy_that_hides_the_host_header_is_refused_on_the_ollama_port(tmp_path: Path) -> None:
    port = free_port()
    settings = {"OPENAI_BASE_URL": BASE_URL, "OPENAI_API_KEY": KEY, "PROXY_PORT": str(port)}
    output = fails(start(["--mode", f"reverse:http://localhost:1@{LOOPBACK}:{port}"], tmp_path, settings))
    assert "keep_host_header" in output


def test_the_options_can_be_printed_and_pasted_back(tmp_path: Path) -> None:
    process = start(["--options"], tmp_path, {})
    assert process.popen.wait(60) == 0
    process.stop()
    printed = yaml.safe_load(process.output)
    ours = {name: value for name, value in printed.items() if name.startswith("ollama_")}
    assert ours == {
        option.name: list(option.default) if isinstance(option.default, tuple) else option.default
        for option in OPTIONS  # of which the README's table is made
    }


@pytest.mark.parametrize("stream", ["true", "false"])
def test_a_client_that_waits_for_its_first_byte_is_told_of_the_end(
    tmp_path: Path, upstream: Upstream, stream: str
) -> None:
    said = f"wait [[gate-head:end-{stream}]]"
    body = f'{{"model":"gpt-4o","stream":{stream},"messages":[{{"role":"user","content":"{said}"}}]}}'
    with (
        serving(upstream.base_url, tmp_path) as proxy,
        socket.create_connection((LOOPBACK, proxy.port), 30) as connection,
    ):
        head = f"POST /api/chat HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n\r\n"
        connection.sendall(head.encode() + body.encode())
        upstream.wait_received(said)
        assert proxy.stop() == 0
        got = b"".join(iter(lambda: connection.recv(65536), b""))
    assert got.startswith(b"HTTP/1.1 503 ")
    assert got.endswith(b'{"error":"the proxy is shutting down"}')


def test_it_ends_at_once_in_the_middle_of_a_stream_and_tells_the_client(tmp_path: Path, upstream: Upstream) -> None:
    body = b'{"model":"gpt-4o","messages":[{"role":"user","content":"a b [[gate:shutdown]]"}]}'
    with (
        serving(upstream.base_url, tmp_path) as proxy,
        socket.create_connection((LOOPBACK, proxy.port), 30) as connection,
    ):
        head = f"POST /api/chat HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n\r\n"
        connection.sendall(head.encode() + body)
        upstream.release("shutdown")
        got = connection.recv(65536)
        assert proxy.stop() == 0
        while piece := connection.recv(65536):
            got += piece
    assert b'{"error":"the proxy is shutting down"}' in got
    assert upstream.wait_aborted("[[gate:shutdown]]").end == "aborted"
    # asyncio of Python 3.12 prints a traceback of its own for a connection that is cancelled; none may be ours
    assert str(ROOT / "addon") not in proxy.output.partition("Loading script")[2].partition("\n")[2]
