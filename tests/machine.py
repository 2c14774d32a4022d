"""A machine for the scripts: a copy of them, and a PATH on which only what a test puts there is found.

uv, pip and the programs of the environment are stand-ins that write down how they were called; the scripts, and the
bash, sed and so on that they use, are real.
"""

import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

SCRIPTS = ["scripts/run_local.sh", "scripts/run_web.sh", "scripts/run_tests.sh", "scripts/setup_dev.sh"]

TOOLS = ["bash", "cat", "cp", "dirname", "mkdir", "sed", "tail"]
"""What the scripts and the stand-ins may use: every Unix has it."""

WRITE_DOWN = """\
#!/bin/sh
{ printf '%s' "${0##*/}"; printf ' [%s]' "$@"; echo; } >>"$LOG"
"""

PROGRAM = (
    WRITE_DOWN
    + """\
echo "$$ $PWD" >"$LOG.process"
[ "${0##*/} $1" = "$BROKEN" ] && exit 7
exit 0
"""
)

UV = """\
#!/bin/sh
[ "$1" = --version ] && exit 0
echo "uv $* with ${UV_PYTHON:-no Python named}" >>"$LOG"
case "$*" in *--check*) exit 1 ;; esac
mkdir -p "$3/.venv/bin"
for name in mitmdump mitmweb ruff mypy coverage pytest pre-commit; do cp "$PROGRAM" "$3/.venv/bin/$name"; done
"""

PYTHON = """\
#!/bin/sh
case "$*" in
"-c import uv"*) exit 1 ;;
-c*) echo "$0" ;;
"-m pip --version") exit 0 ;;
"-m pip install"*) echo "pip $*" >>"$LOG"; mkdir -p "$TARGET/bin"; cp "$STAND_IN" "$TARGET/bin/uv" ;;
esac
"""
"""A Python with pip and without uv, of a version that suits."""

OLD_PYTHON = "#!/bin/sh\nexit 0\n"
"""A Python that prints nothing when it is asked whether its version suits."""

SHIM = '#!/bin/sh\necho "pyenv: version 3.13 is not installed" >&2\nexit 127\n'


class Machine:
    """A machine without Python and without uv, until a test adds them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.project = folder / "my project"
        self.bin = folder / "bin"
        self.home = folder / "home"
        self._log = folder / "log"
        for made in (self.project, self.bin, self.home):
            made.mkdir()
        shutil.copytree(ROOT / "scripts", self.project / "scripts")
        shutil.copytree(ROOT / ".ci", self.project / ".ci")
        shutil.copy(ROOT / ".python-version", self.project)
        for name in TOOLS:
            found = shutil.which(name)
            assert found, name
            (self.bin / name).symlink_to(found)
        self.program("program", PROGRAM, self.folder)
        self.program("uv", UV, self.folder)

    def program(self, name: str, text: str, folder: Path | None = None) -> Path:
        """Put a program on PATH, or into another folder."""
        path = (folder or self.bin) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(0o755)
        return path

    def start(
        self, script: str, *arguments: str, cwd: Path | None = None, env: Mapping[str, str] | None = None
    ) -> subprocess.Popen[str]:
        """Start a script of the copy."""
        environment = {
            "PATH": str(self.bin),
            "HOME": str(self.home),
            "LOG": str(self._log),
            "PROGRAM": str(self.folder / "program"),
            "STAND_IN": str(self.folder / "uv"),
            "TARGET": str(self.project / ".uv-tool"),
            **(env or {}),
        }
        return subprocess.Popen(
            [str(self.bin / "bash"), str(self.project / script), *arguments],
            cwd=cwd or self.folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
        )

    def run(
        self, script: str, *arguments: str, code: int = 0, cwd: Path | None = None, env: Mapping[str, str] | None = None
    ) -> tuple[str, str]:
        """Run a script to its end, which has this exit code; its standard output and standard error."""
        with self.start(script, *arguments, cwd=cwd, env=env) as process:
            output, errors = process.communicate(timeout=60)
        assert process.returncode == code, output + errors
        return output, errors

    @property
    def calls(self) -> list[str]:
        """How the stand-ins were called, in order, without uv's look whether there is anything to do."""
        lines = self._log.read_text().splitlines() if self._log.exists() else []
        return [line for line in lines if " --check " not in line]

    @property
    def last_process(self) -> tuple[int, str]:
        """Process id and working directory of the program of the environment that ran last."""
        process, _, folder = Path(f"{self._log}.process").read_text().strip().partition(" ")
        return int(process), folder
