"""The pytest plugin in somebody else's tests: each runs pytest as a process, and that a proxy."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest

from scripts.pytest_plugin.pytest_ollama_replay import process
from scripts.pytest_plugin.pytest_ollama_replay.options import DEFAULTS
from tests.packages import UV, needs_uv
from tests.process import KEY, LOOPBACK, ROOT, environment, free_port
from tests.upstream import Upstream

PLUGIN = ROOT / "scripts" / "pytest_plugin"

SKY = PLUGIN / "examples/recordings/test_with_ollama/test_the_sky_is_explained"
"""A folder with one recording, of what `ask` asks."""

NOWHERE = "http://127.0.0.1:9/v1"
"""An upstream that nobody may ask."""

PRELUDE = f"""
import ollama
import pytest

SKY = {str(SKY)!r}

def ask(url=None, text="Why is the sky blue?"):
    return ollama.Client(url).chat("gpt-4o", [{{"role": "user", "content": text}}]).message.content
"""

PYTEST = [sys.executable, "-m", "pytest", "-p", "pytest_ollama_replay.plugin", "-p", "no:cacheprovider"]

type Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def place(tmp_path: Path) -> Path:
    folder = tmp_path / "tests"
    folder.mkdir()
    return folder


@pytest.fixture
def run(tmp_path: Path, place: Path) -> Run:
    """Runs pytest with the plugin on tests that are given as text; the rest is arguments and variables."""

    def go(tests: str, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        (place / "test_it.py").write_text(PRELUDE + dedent(tests), "utf-8")
        told = {"PYTHONPATH": str(PLUGIN), "OLLAMA_PROXY_DIR": str(ROOT), "OPENAI_BASE_URL": NOWHERE} | variables
        return subprocess.run(
            [*PYTEST, *arguments],
            cwd=place,
            env=environment(tmp_path, told),
            capture_output=True,
            text=True,
            timeout=100,
        )

    return go


def files(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder).parent) for path in folder.rglob("*.json"))


def passed(result: subprocess.CompletedProcess[str], count: int) -> str:
    assert result.returncode == 0, result.stdout + result.stderr
    assert re.search(rf"\b{count} passed", result.stdout)
    return result.stdout


def failed(result: subprocess.CompletedProcess[str]) -> str:
    assert result.returncode == 1, result.stdout + result.stderr
    return result.stdout


def test_what_was_recorded_once_is_replayed_without_upstream_and_key(run: Run, place: Path, upstream: Upstream) -> None:
    tests = """
    class TestSky:
        @pytest.mark.parametrize("text", ["Why/how is the sky blue?"])
        def test_sky(self, ollama_replay, text):
            first = ask(ollama_replay.url, text)
            assert ask(str(ollama_replay), text) == first
            assert ollama_replay.url == f"http://127.0.0.1:{ollama_replay.port}"
            assert ollama_replay.folder.is_dir()
    """
    record = {"OPENAI_BASE_URL": upstream.base_url, "OPENAI_API_KEY": KEY}
    before = len(upstream.requests)
    passed(run(tests, "--ollama-record-mode=once", **record), 1)
    assert len(upstream.requests) == before + 2
    shown = passed(run(tests, "-rP"), 1)
    assert len(upstream.requests) == before + 2
    assert len(files(place)) == 2
    for folder in files(place):
        assert re.fullmatch(r"recordings/test_it/TestSky\.test_sky\[Why-how-is-the-sky-blue-\]-[0-9a-f]{8}", folder)
    assert shown.count("replay=chat-gpt-4o-why-how-is-the-sky-blue-") == 2
    for file in place.rglob("*.json"):
        assert KEY not in file.read_text("utf-8")


@pytest.mark.slow
def test_markers_name_folder_and_options_and_the_command_line_wins(run: Run, place: Path, upstream: Upstream) -> None:
    tests = """
    import os

    pytestmark = pytest.mark.ollama_replay("recordings/all", record_mode="all")

    @pytest.fixture
    def client():
        return ollama.Client()

    def test_made_by_a_fixture(client):
        assert client.chat("gpt-4o", [{"role": "user", "content": "one"}]).message.content

    @pytest.mark.ollama_replay("elsewhere")
    def test_with_a_folder_of_its_own():
        assert ask(text="two")
        assert os.environ["OLLAMA_HOST"].startswith("http://127.0.0.1:")
    """
    passed(run(tests, OPENAI_BASE_URL=upstream.base_url, OPENAI_API_KEY=KEY), 2)
    assert files(place) == ["elsewhere", "recordings/all"]
    shown = passed(run(tests, "--ollama-record-mode=none", "-k", "fixture", "-rP"), 1)
    assert "recordings are replayed" in shown


def test_what_is_wrong_is_told_in_a_sentence(run: Run, place: Path) -> None:
    tests = """
    def test_unrecorded(ollama_replay): ...

    @pytest.mark.ollama_replay("one", "two")
    def test_two_folders(): ...

    @pytest.mark.ollama_replay(record_mode="sometimes")
    def test_mode(): ...

    @pytest.mark.ollama_replay(record_mode="new_episodes", replay_sped=2)
    def test_option(): ...
    """
    shown = failed(run(tests))
    assert "4 errors" in shown
    assert f"there are no recordings in '{place}/recordings/test_it/test_unrecorded'" in shown
    assert "make them with pytest --ollama-record-mode=once" in shown
    assert "takes one folder, and was given ('one', 'two')" in shown
    assert "record_mode is 'sometimes': give one of none, once, new_episodes, all" in shown
    assert "did not start (exit code 1)" in shown
    assert "there is no option 'ollama_replay_sped': did you mean ollama_replay_speed?" in shown
    assert "Traceback" not in shown


def test_a_failing_test_shows_what_its_server_was_asked(run: Run) -> None:
    tests = r"""
    @pytest.mark.ollama_replay(SKY)
    def test_asks_what_nobody_recorded():
        with pytest.raises(ollama.ResponseError, match=r"nearest.* is 'Why is it so\?'") as refusal:
            ask(text="Why is it so?")
        assert refusal.value.status_code == 404

    @pytest.mark.ollama_replay(SKY)
    def test_fails():
        assert ask() == "something else"
    """
    shown = failed(run(tests))
    assert "1 failed, 1 passed" in shown
    log = shown[shown.index("Captured ollama-openai-proxy teardown") :]
    assert "POST /api/chat gpt-4o 200" in log
    assert "replay=chat-gpt-4o-why-is-the-sky-blue-" in log
    assert "Why is it so?" not in log


def test_one_server_can_answer_a_whole_run_and_be_stopped(run: Run) -> None:
    tests = """
    @pytest.fixture(scope="module")
    def server(ollama_replay_factory):
        with ollama_replay_factory(SKY) as server:
            yield server

    ports = set()

    @pytest.mark.parametrize("time", [1, 2])
    def test_asks(server, time):
        ports.add(server.port)
        assert len(ports) == 1
        assert ask(server.url)

    def test_is_without_it(server):
        assert server.stop() == 0
        with pytest.raises(ConnectionError):
            ask(server.url)
    """
    shown = passed(run(tests, "-rP"), 3)
    assert shown.count("recordings are replayed") == 1
    assert shown.count("replay=chat-gpt-4o") == 2


@pytest.mark.slow
def test_a_server_that_dies_fails_the_test(run: Run) -> None:
    tests = """
    import os, signal

    @pytest.mark.ollama_replay(SKY)
    def test_kills(ollama_replay):
        os.killpg(ollama_replay._process.pid, signal.SIGKILL)
        ollama_replay._process.wait()
    """
    shown = failed(run(tests))
    assert "ended by itself with exit code -9" in shown


@pytest.mark.slow
def test_with_a_port_of_its_own_functions_of_the_ollama_package_find_the_server(run: Run, place: Path) -> None:
    port = free_port()
    ini = f"[pytest]\nollama_replay_port = {port}\nollama_proxy_dir = {os.path.relpath(ROOT, place)}\n"
    (place / "pytest.ini").write_text(ini)
    tests = """
    @pytest.mark.ollama_replay(SKY)
    @pytest.mark.parametrize("time", [1, 2])
    def test_sky(time):
        assert ollama.chat("gpt-4o", [{"role": "user", "content": "Why is the sky blue?"}]).message.content
    """
    passed(run(tests, OLLAMA_PROXY_DIR=""), 2)
    with socket.create_server((LOOPBACK, port)):
        shown = failed(run(tests, OLLAMA_PROXY_DIR=""))
    assert "did not start (exit code 1)" in shown
    assert f"Cannot listen on {LOOPBACK}:{port}: another program has that port" in shown


@pytest.mark.slow
def test_a_port_that_another_program_takes_in_the_meantime_is_left_to_it(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server((LOOPBACK, 0)) as other:
        ports = [other.getsockname()[1], free_port()]
        monkeypatch.setattr(process, "_free_port", iter(ports).__next__)
        proxy = process.start(ROOT, DEFAULTS, SKY, None)
        assert proxy.stop() == 0
        assert proxy.port == ports[1]


def test_a_port_that_is_none_is_refused_before_any_test(run: Run, place: Path) -> None:
    (place / "pytest.ini").write_text("[pytest]\nollama_replay_port = 0\n")
    result = run("")
    assert result.returncode == pytest.ExitCode.USAGE_ERROR
    assert "ollama_replay_port is '0': give a port from 1 to 65535" in result.stderr


def test_the_server_ends_when_pytest_is_killed(place: Path, tmp_path: Path) -> None:
    (place / "test_it.py").write_text(
        dedent(f"""
        import pytest, sys, time

        @pytest.mark.ollama_replay({str(SKY)!r})
        def test_waits(ollama_replay):
            print(ollama_replay.port, flush=True)
            sys.stdin.read()
        """)
    )
    told = {"PYTHONPATH": str(PLUGIN), "OLLAMA_PROXY_DIR": str(ROOT)}
    pytest_process = subprocess.Popen(
        [*PYTEST, "-q", "-s"],
        cwd=place,
        env=environment(tmp_path, told),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with pytest_process as killed:
        assert killed.stdout is not None
        port = int(killed.stdout.readline())
        with socket.create_connection((LOOPBACK, port), timeout=60) as connection:
            killed.send_signal(signal.SIGKILL)
            assert connection.recv(1) == b""  # closed by the proxy, which ends


@pytest.mark.slow
@needs_uv
def test_the_examples_run_as_written_in_a_fresh_environment(tmp_path: Path) -> None:
    assert UV is not None
    home, examples, venv = tmp_path / "home", tmp_path / "examples", tmp_path / "venv"
    shutil.copytree(PLUGIN / "examples", examples)
    subprocess.run([UV, "venv", "--quiet", "--python", sys.executable, str(venv)], check=True, timeout=60)
    packages = ["ollama==0.6.*", "langchain-ollama==1.1.*", "pytest-recording==0.14.*", "pytest-xdist==3.*"]
    install = [UV, "pip", "install", "--quiet", "--python", str(venv / "bin" / "python"), str(PLUGIN), *packages]
    installed = subprocess.run(install, capture_output=True, text=True, timeout=110)
    if "failed to fetch" in installed.stderr.lower():
        pytest.skip(f"the package index cannot be reached: {installed.stderr.strip().splitlines()[-1]}")
    assert installed.returncode == 0, installed.stderr

    def run_examples(*arguments: str) -> str:
        command = [str(venv / "bin" / "pytest"), "-p", "no:cacheprovider", *arguments]
        variables = {"PATH": os.defpath}
        result = subprocess.run(
            command, cwd=examples, env=environment(home, variables), capture_output=True, text=True, timeout=110
        )
        return passed(result, 2)

    shown = run_examples()
    assert "ollama-replay-0.1.0" in shown
    assert "recording-0.14" in shown
    run_examples("-n2", "-W", "error", "--record-mode=none", "--block-network", "--allowed-hosts=127.0.0.1")
