"""The pytest plugin where processes die, ports are taken, and the environment is a fresh one."""

import os
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.pytest_plugin.pytest_ollama_replay import process
from scripts.pytest_plugin.pytest_ollama_replay.options import DEFAULTS
from tests.e2e.plugin_runs import PLUGIN, PYTEST, SKY, VARIABLES, failed, passed, run_pytest, write_tests
from tests.packages import UV, needs_uv
from tests.process import LOOPBACK, ROOT, free_port, unmeasured


@pytest.mark.slow
def test_a_server_that_dies_fails_the_test(tmp_path: Path) -> None:
    tests = """
    import os, signal

    @pytest.mark.ollama_replay(SKY)
    def test_kills(ollama_replay):
        os.killpg(ollama_replay._process.pid, signal.SIGKILL)
        ollama_replay._process.wait()
    """
    shown = failed(run_pytest(tmp_path, tests=tests))
    assert "ended by itself with exit code -9" in shown


@pytest.mark.slow
def test_with_a_port_of_its_own_functions_of_the_ollama_package_find_the_server(tmp_path: Path) -> None:
    port, place = free_port(), tmp_path / "tests"
    place.mkdir()
    ini = f"[pytest]\nollama_replay_port = {port}\nollama_proxy_dir = {os.path.relpath(ROOT, place)}\n"
    (place / "pytest.ini").write_text(ini)
    tests = """
    @pytest.mark.ollama_replay(SKY)
    @pytest.mark.parametrize("time", [1, 2])
    def test_sky(time):
        assert ollama.chat("gpt-4o", [{"role": "user", "content": "Why is the sky blue?"}]).message.content
    """
    passed(run_pytest(tmp_path, tests=tests, OLLAMA_PROXY_DIR=""), 2)
    with socket.create_server((LOOPBACK, port)):
        shown = failed(run_pytest(tmp_path, OLLAMA_PROXY_DIR=""))
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


def test_the_server_ends_when_pytest_is_killed(tmp_path: Path) -> None:
    tests = """
    import sys

    @pytest.mark.ollama_replay(SKY)
    def test_waits(ollama_replay):
        print(ollama_replay.port, flush=True)
        sys.stdin.read()
    """
    write_tests(tmp_path / "test_it.py", tests)
    pytest_process = subprocess.Popen(
        [*PYTEST, "-q", "-s"],
        cwd=tmp_path,
        env=unmeasured(tmp_path, VARIABLES),
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
            command, cwd=examples, env=unmeasured(home, variables), capture_output=True, text=True, timeout=110
        )
        return passed(result, 2)

    shown = run_examples()
    assert "ollama-replay-0.1.0" in shown
    assert "recording-0.14" in shown
    run_examples("-n2", "-W", "error", "--record-mode=none", "--block-network", "--allowed-hosts=127.0.0.1")
