"""How the scripts find a Python and uv, on machines that are made for it."""

import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.machine import OLD_PYTHON, PYTHON, ROOT, SHIM, UV, Machine

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the scripts are for bash; Windows uses uv itself")

LOCAL = "scripts/run_local.sh"


def python_used(machine: Machine, env: Mapping[str, str] | None = None) -> str:
    machine.run(LOCAL, env=env)
    return next(line for line in machine.calls if line.startswith("uv sync")).partition(" with ")[2]


def test_the_python_of_python_version_comes_before_the_others(machine: Machine) -> None:
    for name in ("python3", "python3.12", "python3.14"):
        machine.program(name, PYTHON)
    assert python_used(machine) == str(machine.bin / "python3.13")


@pytest.mark.parametrize("name", ["python3.12", "python3.14", "python3", "python"])
def test_another_python_does_when_that_is_absent(bare: Machine, name: str) -> None:
    bare.program("uv", UV)
    suitable = bare.program(name, PYTHON)
    assert python_used(bare) == str(suitable)


@pytest.mark.parametrize("default", [OLD_PYTHON, SHIM])
@pytest.mark.parametrize("told", [True, False])
def test_pyenv_is_searched_behind_an_old_default_and_shims_that_fail(bare: Machine, default: str, told: bool) -> None:
    bare.program("uv", UV)
    for name in ("python", "python3", "python3.12", "python3.13"):
        bare.program(name, default)
    root = bare.folder / "py env" if told else bare.home / ".pyenv"
    suitable = bare.program("python", PYTHON, root / "versions/3.12.1/bin")
    bare.program("python", OLD_PYTHON, root / "versions/3.11.7/bin")
    assert python_used(bare, env={"PYENV_ROOT": str(root)} if told else {}) == str(suitable)


def test_an_environment_keeps_its_python(machine: Machine) -> None:
    kept = machine.program("python", PYTHON, machine.project / ".venv/bin")
    assert python_used(machine) == str(kept)


def test_what_the_caller_chose_is_kept(machine: Machine) -> None:
    assert python_used(machine, env={"UV_PYTHON": "3.14"}) == "3.14"


def test_uv_looks_for_a_python_itself_where_none_is_found(bare: Machine) -> None:
    bare.program("uv", UV)
    assert python_used(bare) == "no Python named"


def test_the_versions_are_those_that_the_project_admits() -> None:
    assert 'requires-python = ">=3.12,<3.15"' in (ROOT / "pyproject.toml").read_text()
    assert "(3, 12) <= sys.version_info[:2] < (3, 15)" in (ROOT / "scripts/_environment.sh").read_text()


def test_behind_a_virtual_environment_its_base_is_used(bare: Machine) -> None:
    assert sys.prefix != sys.base_prefix, "run the tests in a virtual environment"
    bare.program("uv", UV)
    bare.program("python3", f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    used = Path(python_used(bare))
    assert not used.is_relative_to(sys.prefix)
    assert used.samefile(sys.executable)


def test_without_python_one_sentence_says_what_to_install(bare: Machine) -> None:
    bare.program("python3", OLD_PYTHON)
    _, errors = bare.run(LOCAL, code=1)
    assert errors.startswith("No Python 3.12, 3.13 or 3.14 was found: install one")
    assert errors.count("\n") == 1


def test_pip_installs_uv_into_the_project_once(bare: Machine) -> None:
    bare.program("uv", SHIM)
    bare.program("python3.12", PYTHON)
    _, first = bare.run(LOCAL)
    _, second = bare.run(LOCAL)
    folder = bare.project / ".uv-tool"
    assert [call.endswith(f"--target {folder} uv") for call in bare.calls if call.startswith("pip")] == [True]
    assert (folder / ".gitignore").read_text() == "*\n"
    assert ("pip puts it into" in first, "pip puts it into" in second) == (True, False)


def test_uv_that_is_a_package_of_python_is_used_and_found_by_what_the_script_runs(bare: Machine) -> None:
    program = bare.program("uv", UV, bare.folder / "site packages/bin")
    bare.program("python3.14", PYTHON.replace('"-c import uv"*) exit 1', f'"-c import uv"*) echo "{program}"'))
    (bare.folder / "program").write_text("#!/bin/sh\ncommand -v uv\n")
    output, errors = bare.run(LOCAL)
    assert output == f"{program}\n"
    assert "pip" not in errors


def test_a_python_without_pip_is_named(bare: Machine) -> None:
    python = bare.program("python3.13", PYTHON.replace("exit 0", "exit 1"))
    _, errors = bare.run(LOCAL, code=1)
    assert f"{python} has no pip" in errors


def test_a_sync_that_fails_ends_the_script(machine: Machine) -> None:
    machine.program("uv", '#!/bin/sh\n[ "$1" = --version ] || { echo "no network" >&2; exit 2; }\n')
    _, errors = machine.run(LOCAL, code=1)
    assert "no network" in errors
    assert machine.calls == []


def test_a_prepared_environment_is_used_in_silence(machine: Machine) -> None:
    machine.run(LOCAL)
    machine.program("uv", "#!/bin/sh\nexit 0\n")
    assert machine.run(LOCAL) == ("", "")
