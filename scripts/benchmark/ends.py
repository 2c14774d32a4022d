"""Both ends of a measurement, a Go program: the server behind the proxies and the clients before them."""

import hashlib
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

from scripts.benchmark import BenchError

SOURCES: Final = Path(__file__).parent / "go"
DEADLINE_SECONDS: Final = 120
"""After which a run is given up: many times what the longest takes."""


@dataclass(frozen=True, slots=True)
class Load:
    """The requests of one run, in a closed loop: each connection asks again when it has its answer.

    Attributes:
        work: `whole`, `stream` or `embed`.
        connections: How many ask at once.
        keep: Whether a connection serves several requests; otherwise each has a new one.
        requests: How many are made together; 0 is as many as begin within `seconds`.
        seconds: After which no request begins; 0 is no limit.
        ramp_ms: Over which the connections begin, evenly.
        warm: Requests before the first that counts, one after the other.
        events: Tokens of an answer.
        every_us: Microseconds between two tokens; an answer that is whole takes as long as all together.
        messages: Of a chat; an odd number, so that the user has the last word.
        message_size: Bytes of each.
        inputs: Texts to embed.
        marks: Numbers of tokens, ascending, at whose arrival the proxy's CPU time is noted.
    """

    work: str
    connections: int = 1
    keep: bool = True
    requests: int = 0
    seconds: float = 0
    ramp_ms: int = 0
    warm: int = 10
    events: int = 20
    every_us: int = 0
    messages: int = 1
    message_size: int = 40
    inputs: int = 0
    marks: list[int] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the load generator tells of one run; `raw` is the object that `Result` in `go/load.go` describes."""

    raw: dict[str, Any]

    @property
    def unsupported(self) -> int:
        """The status (404, 501) by which the target said that it does not serve this, or 0."""
        return int(self.raw["unsupported"])

    @property
    def complete(self) -> int:
        """Requests whose answer was right to its end."""
        return int(self.raw["complete"])

    @property
    def failed(self) -> int:
        """Requests whose answer was not."""
        return int(self.raw["requests"]) - self.complete

    @property
    def errors(self) -> list[str]:
        """The first few things that went wrong."""
        return self.raw["errors"] or []

    @property
    def events(self) -> int:
        """Tokens that arrived."""
        return int(self.raw["events"])

    @property
    def seconds(self) -> float:
        """From the first request to the last answer."""
        return float(self.raw["seconds"])

    @property
    def cpu_ms(self) -> float | None:
        """CPU time of the proxy in that time; None where the system does not tell."""
        return None if self.raw["cpu_ns"] is None else self.raw["cpu_ns"] / 1e6

    def time_ms(self, kind: str, figure: str) -> float | None:
        """A time in milliseconds.

        Args:
            kind: `latency` (of whole answers), `first` (to the first token), `delay` (of a token since the server
                wrote it) or `gap` (between two tokens of a stream).
            figure: `p50`, `p99` or `max`.
        """
        spread = self.raw[f"{kind}_ms"]
        return None if spread is None else float(spread[figure])


def build(cache: Path) -> Path:
    """Compile the program, unless these very sources have been compiled before.

    Args:
        cache: Folder for it.

    Raises:
        BenchError: There is no Go, or it fails.
    """
    sources = sorted(path for path in SOURCES.iterdir() if path.name == "go.mod" or path.suffix == ".go")
    digest = hashlib.sha256(b"\0".join(path.read_bytes() for path in sources)).hexdigest()
    program = cache / f"bench-{digest[:16]}"
    if program.exists():
        return program
    go = shutil.which("go")
    if go is None:
        raise BenchError("the load generator needs Go (1.22 or later), and there is no 'go' on PATH: see go.dev/dl")
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache) as folder:
        made = Path(folder) / "bench"
        done = subprocess.run([go, "build", "-o", str(made), "."], cwd=SOURCES, capture_output=True, text=True)
        if done.returncode:
            raise BenchError(f"'go build' failed in {str(SOURCES)!r}:\n{done.stderr.strip()}")
        made.replace(program)
    return program


def cache_folder() -> Path:
    """Where the program is kept, outside the repository."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "ollama-openai-proxy" / "bench"


@contextmanager
def upstream(program: Path) -> Iterator[int]:
    """The server, until the block ends; gives its port on 127.0.0.1.

    Raises:
        BenchError: It does not start.
    """
    # It ends when its standard input does, so it is gone too when this process is killed.
    with subprocess.Popen([program, "upstream"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        address = process.stdout.readline().strip()
        if not address:
            raise BenchError("the benchmark's server did not start")
        yield int(address.rpartition(":")[2])


def run(
    program: Path, load: Load, url: str, face: str, pid: int, meanwhile: Callable[[], object] | None = None
) -> Outcome:
    """Make the requests and wait for the last answer.

    Args:
        program: What `build` made.
        load: The requests.
        url: Of the target, without a path.
        face: `ollama` or `openai`: whose protocol is spoken.
        pid: The process whose CPU time and memory is read; 0 is nobody's.
        meanwhile: Called when all streams are open.

    Raises:
        BenchError: The load generator itself failed.
    """
    spec = asdict(load) | {"url": url, "face": face, "pid": pid, "deadline_s": DEADLINE_SECONDS}
    with subprocess.Popen([program, "load", json.dumps(spec)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        last = ""
        try:
            for line in process.stdout:
                last = line.strip()
                if last == "open" and meanwhile is not None:
                    meanwhile()
        except BaseException:
            process.kill()  # what was asked meanwhile failed, or this program is to end
            raise
    if process.returncode or not last.startswith("{"):
        raise BenchError(f"the load generator failed with exit code {process.returncode}: {last!r}")
    return Outcome(json.loads(last))
