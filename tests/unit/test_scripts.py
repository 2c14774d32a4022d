"""The scripts that a person runs, on machines that are made for it."""

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from mitmproxy.test import taddons
from mitmproxy.tools.web.webaddons import WebAddon

from tests.machine import PROGRAM, ROOT, SCRIPTS, WRITE_DOWN, Machine
from tests.process import NOWHERE, Process, free_port

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the scripts are for bash; Windows uses uv itself")

LOCAL, WEB, TESTS, SETUP = SCRIPTS
CI = ".ci/run"


@pytest.mark.parametrize("script", [*SCRIPTS, CI, "scripts/_environment.sh", "scripts/_proxy.sh"])
def test_bash_can_read_it(script: str) -> None:
    done = subprocess.run(["bash", "-n", str(ROOT / script)], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("script", [*SCRIPTS, CI])
def test_it_can_be_called_by_its_name(script: str) -> None:
    assert os.access(ROOT / script, os.X_OK)


@pytest.mark.parametrize("script", SCRIPTS)
@pytest.mark.parametrize("flag", ["-h", "--help"])
def test_help_installs_nothing(bare: Machine, script: str, flag: str) -> None:
    output, _ = bare.run(script, flag)
    assert f"Usage: {script}" in output
    assert bare.calls == []


def program_started(
    machine: Machine, script: str, *arguments: str, cwd: Path | None = None, env: Mapping[str, str] | None = None
) -> tuple[str, str]:
    """The program of mitmproxy's that a script runs with the addon, and its further arguments in brackets."""
    machine.run(script, *arguments, cwd=cwd, env=env)
    program, addon, after = machine.calls[-1].partition(f" [-s] [{machine.project}/addon/proxy.py]")
    assert addon
    quiet = " [--set] [termlog_verbosity=alert]"
    assert after.startswith(quiet)
    return program, after.removeprefix(quiet).strip()


class TestRunLocal:
    """`scripts/run_local.sh`."""

    def mitmdump(
        self, machine: Machine, *arguments: str, cwd: Path | None = None, env: Mapping[str, str] | None = None
    ) -> str:
        """The arguments after the addon, in brackets."""
        program, passed = program_started(machine, LOCAL, *arguments, cwd=cwd, env=env)
        assert program == "mitmdump"
        return passed

    def test_it_listens_on_ollamas_port_and_passes_the_arguments_on(self, machine: Machine) -> None:
        passed = self.mitmdump(machine, "-w", "my flows", "--set", "ollama_log_level=debug")
        assert passed == "[--mode] [regular@127.0.0.1:11434] [-w] [my flows] [--set] [ollama_log_level=debug]"

    @pytest.mark.parametrize(
        "own", [["--mode", "socks5"], ["--mode=socks5"], ["-m", "socks5"], ["-msocks5"], ["--set", "mode=socks5"]]
    )
    def test_an_own_mode_is_the_only_one(self, machine: Machine, own: list[str]) -> None:
        passed = self.mitmdump(machine, "-q", *own, env={"PROXY_PORT": "1234"})
        assert passed == " ".join(f"[{argument}]" for argument in ["-q", *own])

    @pytest.mark.parametrize(
        "text",
        [
            "PROXY_PORT=8001",
            "PROXY_PORT = 8001 # not 11434",
            "export PROXY_PORT='8001'",
            '  PROXY_PORT="8001"\r\n',
            "#PROXY_PORT=1\nPROXY_PORT=2\nPROXY_PORT=8001\nMY_PROXY_PORT=3\nPROXY_PORTS=4\n",
        ],
    )
    def test_the_port_can_be_in_the_projects_env_file(self, machine: Machine, text: str) -> None:
        (machine.project / ".env").write_text(f"OPENAI_API_KEY=é\n{text}", newline="")
        assert self.mitmdump(machine) == "[--mode] [regular@127.0.0.1:8001]"

    @pytest.mark.parametrize(
        ("listen", "mode"),
        [
            ("0.0.0.0", "regular@0.0.0.0:1234"),
            ("192.168.1.5:8001", "regular@192.168.1.5:8001"),
            ("::", "regular@:::1234"),
            ("[::1]", "regular@::1:1234"),
            ("[::1]:8001", "regular@::1:8001"),
        ],
    )
    def test_it_listens_where_proxy_listen_says(self, machine: Machine, listen: str, mode: str) -> None:
        passed = self.mitmdump(machine, env={"PROXY_LISTEN": listen, "PROXY_PORT": "1234"})
        assert passed == f"[--mode] [{mode}]"

    def test_the_environment_beats_the_working_directory_and_that_the_project(self, machine: Machine) -> None:
        (machine.project / ".env").write_text("PROXY_PORT=8001\n")
        (machine.home / ".env").write_text("PROXY_PORT=8002\n")
        assert "127.0.0.1:8002]" in self.mitmdump(machine, cwd=machine.home, env={"PROXY_PORT": ""})
        assert "127.0.0.1:8003]" in self.mitmdump(machine, cwd=machine.home, env={"PROXY_PORT": "8003"})

    @pytest.mark.parametrize("port", ["abc", "0", "65536", "-1", "80 80", "11434x", "99999999999999999999"])
    def test_a_wrong_port_is_shown_with_the_remedy(self, machine: Machine, port: str) -> None:
        _, errors = machine.run(LOCAL, code=1, env={"PROXY_PORT": port})
        assert errors == f"PROXY_PORT is '{port}': give a port from 1 to 65535\n"

    def test_mitmdump_takes_the_scripts_place_so_that_signals_arrive(self, machine: Machine) -> None:
        with machine.start(LOCAL, cwd=machine.home) as process:
            process.communicate(timeout=60)
        assert machine.last_process == (process.pid, str(machine.home))

    def test_it_takes_no_tool_from_those_who_develop(self, machine: Machine) -> None:
        machine.run(LOCAL)
        assert machine.calls[0].startswith(f"uv sync --project {machine.project} --locked --no-dev --inexact")


class TestRunWeb:
    """`scripts/run_web.sh`."""

    COLUMNS = " ".join(
        f"[--set] [web_columns={column}]" for column in ("path", "method", "status", "size", "time", "comment")
    )
    HERE = f"[--mode] [regular@127.0.0.1:11434] [--web-host] [127.0.0.1] {COLUMNS}"

    def test_it_is_run_local_with_mitmweb_whose_page_opens_on_loopback_only(self, machine: Machine) -> None:
        passed = program_started(machine, WEB, "--web-port", "8083", "--rfile", "my flows")
        assert passed == ("mitmweb", f"{self.HERE} [--web-port] [8083] [--rfile] [my flows]")

    def test_it_listens_where_the_environment_says(self, machine: Machine) -> None:
        _, passed = program_started(machine, WEB, env={"PROXY_LISTEN": "0.0.0.0", "PROXY_PORT": "1234"})
        assert passed == self.HERE.replace("127.0.0.1:11434", "0.0.0.0:1234")

    @pytest.mark.parametrize("own", [["--set", "web_host=::1"], ["--set=web_host=::1"]])
    def test_an_own_host_of_the_page_is_the_only_one(self, machine: Machine, own: list[str]) -> None:
        _, passed = program_started(machine, WEB, *own)
        own_text = " ".join(f"[{argument}]" for argument in own)
        assert passed == f"{self.HERE.replace('[--web-host] [127.0.0.1] ', '')} {own_text}"

    def test_of_two_hosts_of_the_page_mitmweb_takes_the_last(self, machine: Machine) -> None:
        _, passed = program_started(machine, WEB, "--web-host", "::1")
        assert passed == f"{self.HERE} [--web-host] [::1]"

    def test_own_columns_of_the_list_are_the_only_ones(self, machine: Machine) -> None:
        _, passed = program_started(machine, WEB, "--set", "web_columns=path")
        assert passed == f"{self.HERE.removesuffix(self.COLUMNS)}[--set] [web_columns=path]"

    def test_the_columns_are_those_of_mitmweb_with_the_comment_for_two(self) -> None:
        with taddons.context(WebAddon()) as mitmweb:
            expected = [*mitmweb.options.web_columns, "comment"]
        assert [each for each in expected if each not in ("tls", "icon")] == re.findall(
            r"web_columns=(\w+)", self.COLUMNS
        )

    def test_mitmproxys_settings_do_not_open_the_page_to_others_or_without_its_token(self, machine: Machine) -> None:
        (machine.home / ".mitmproxy").mkdir()
        (machine.home / ".mitmproxy/config.yaml").write_text("web_host: 0.0.0.0\nweb_open_browser: false\n")
        for name in ("addon", "translators"):
            (machine.project / name).symlink_to(ROOT / name)
        program = Path(sys.executable).with_name("mitmweb")
        (machine.folder / "program").write_text(f'#!/bin/sh\nexec "{program}" "$@"\n')
        port = str(free_port())
        popen = machine.start(WEB, "--mode", "regular@127.0.0.1:0", "--web-port", port, env=NOWHERE)
        process = Process(popen, 0)
        with popen:
            try:
                told = process.wait_for("Web server")
            finally:
                process.stop()
        assert re.search(rf" listening at http://127\.0\.0\.1:{port}/\?token=[0-9a-f]{{32}}$", told)


class TestRunTests:
    """`scripts/run_tests.sh`."""

    STEPS = (
        "ruff [check]",
        "ruff [format] [--check]",
        "mypy []",
        "coverage [erase]",
        "coverage [run] [-m] [pytest] [--session-timeout] [540] "
        "[-n] [auto] [--maxprocesses] [4] [--dist] [loadfile] [-m] [not slow]",
        "coverage [combine] [--quiet]",
        "coverage [report] [--include] [translators/*] [--fail-under=95]",
        "coverage [report] [--fail-under=90]",
    )
    SLOW = "coverage [run] [-m] [pytest] [--session-timeout] [840] [-m] [slow]"
    ALL_STEPS = (*STEPS[:5], SLOW, *STEPS[5:])

    def steps(self, machine: Machine) -> list[str]:
        assert machine.calls[0].startswith("uv sync")
        return machine.calls[1:]

    def test_it_lints_checks_types_and_tests_with_floors(self, machine: Machine) -> None:
        output, _ = machine.run(TESTS)
        assert self.steps(machine) == list(self.STEPS)
        assert output.endswith("All steps passed.\n")

    def test_all_adds_the_slow_tests(self, machine: Machine) -> None:
        machine.run(TESTS, "--all")
        assert self.steps(machine) == list(self.ALL_STEPS)

    @pytest.mark.parametrize(
        ("broken", "done"),
        [("ruff check", 1), ("ruff format", 2), ("mypy ", 3), ("coverage run", 5), ("coverage report", 7)],
    )
    def test_the_first_step_that_fails_ends_it_with_its_exit_code(
        self, machine: Machine, broken: str, done: int
    ) -> None:
        output, errors = machine.run(TESTS, code=7, env={"BROKEN": broken})
        assert self.steps(machine) == list(self.STEPS[:done])
        assert f"FAILED (exit code 7): {broken.strip()}" in errors
        assert "All steps passed" not in output

    def test_arguments_are_for_pytest_alone(self, machine: Machine) -> None:
        machine.run(TESTS, "tests/unit", "-k", "not bom")
        machine.run(TESTS, "tests/unit", "--all")
        assert [call for call in machine.calls if not call.startswith("uv")] == [
            "pytest [-m] [not slow] [tests/unit] [-k] [not bom]",
            "pytest [tests/unit]",
        ]

    def test_what_pytest_says_is_what_it_says(self, machine: Machine) -> None:
        machine.run(TESTS, "tests/none", code=7, env={"BROKEN": "pytest -m"})

    def test_it_works_in_the_projects_folder(self, machine: Machine) -> None:
        machine.run(TESTS, cwd=machine.home)
        assert machine.last_process[1] == str(machine.project)


class TestSetup:
    """`scripts/setup_dev.sh`."""

    def test_it_installs_all_groups_and_in_a_git_checkout_the_hook(self, machine: Machine) -> None:
        (machine.project / ".git").mkdir()
        output, _ = machine.run(SETUP)
        assert machine.calls[0].startswith(f"uv sync --project {machine.project} --locked --all-groups")
        assert machine.calls[1:] == ["pre-commit [install]"]
        assert "scripts/run_tests.sh" in output

    def test_outside_of_git_there_is_no_hook(self, machine: Machine) -> None:
        _, errors = machine.run(SETUP)
        assert "not a git checkout" in errors
        assert len(machine.calls) == 1

    def test_a_hook_that_cannot_be_installed_is_no_failure(self, machine: Machine) -> None:
        (machine.project / ".git").mkdir()
        _, errors = machine.run(SETUP, env={"BROKEN": "pre-commit install"})
        assert "The pre-commit hook is not installed" in errors

    def test_arguments_are_refused(self, machine: Machine) -> None:
        _, errors = machine.run(SETUP, "--all", code=1)
        assert errors == "scripts/setup_dev.sh takes no arguments, but was given '--all'\n"


class TestContinuousIntegration:
    """`.ci/run`."""

    @pytest.fixture
    def ci(self, machine: Machine) -> Machine:
        machine.program("env", '#!/bin/sh\nexec /usr/bin/env "$@"\n')
        machine.program("id", "#!/bin/sh\necho 0\n")
        machine.program("apt-get", WRITE_DOWN)
        for name in ("curl", "node", "chromium"):
            machine.program(name, PROGRAM)
        return machine

    def test_it_runs_all_tests_and_installs_nothing_that_is_there(self, ci: Machine) -> None:
        ci.run(CI)
        assert ci.calls[1:] == list(TestRunTests.ALL_STEPS)

    def test_root_installs_what_is_missing(self, ci: Machine) -> None:
        (ci.bin / "node").unlink()
        ci.run(CI)
        assert [call for call in ci.calls if call.startswith("apt-get")] == [
            "apt-get [update] [-qq]",
            "apt-get [install] [-y] [-qq] [--no-install-recommends] [nodejs]",
        ]

    def test_others_go_on_without(self, ci: Machine) -> None:
        (ci.bin / "node").unlink()
        ci.program("id", "#!/bin/sh\necho 1000\n")
        output, errors = ci.run(CI)
        assert "Not installed, and this is not root on Debian: nodejs." in errors
        assert output.endswith("All steps passed.\n")

    @pytest.mark.parametrize("there", [True, False])
    def test_shared_data_beside_the_checkout_is_announced_to_the_tests(self, ci: Machine, there: bool) -> None:
        if there:
            (ci.folder / "shared").mkdir()
        ci.program("program", '#!/bin/sh\necho "shared: ${SHARED_DIR:-none}"\n', ci.folder)
        output, _ = ci.run(CI)
        assert f"shared: {ci.folder / 'shared' if there else 'none'}\n" in output

    def test_a_failing_test_fails_it(self, ci: Machine) -> None:
        ci.run(CI, code=7, env={"BROKEN": "coverage run"})
