"""What is measured, and how a measurement is run: targets, the processes behind them, figures and failures."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from scripts.benchmark import ends
from scripts.benchmark.ends import Load, Outcome
from scripts.benchmark.proxies import Proxy
from scripts.proxy_process import LOOPBACK

type Figures = dict[str, float | None]
"""Figures under the names of their rows; None where the system does not tell (CPU and memory without `/proc`)."""


@dataclass(frozen=True, slots=True)
class Target:
    """What the load generator can be pointed at.

    Attributes:
        name: As the report heads its column.
        proxy: The kind of proxy, or None for the server itself.
        face: The protocol that is spoken to it, `ollama` or `openai`.
    """

    name: str
    proxy: str | None
    face: str


DIRECT: Final = Target("direct", None, "openai")
BARE: Final = Target("bare", "bare", "openai")
OURS: Final = Target("ours", "ours", "ollama")
OURS_V1: Final = Target("ours/v1", "ours", "openai")
TARGETS: Final = (DIRECT, BARE, OURS, OURS_V1)


class Unsupported(Exception):
    """The target does not serve this route; the message is its status."""


@dataclass(slots=True)
class Bench:
    """What is running, and what came of it.

    Attributes:
        program: The load generator.
        upstream_port: Of the server.
        homes: Folder with a home for each kind of proxy.
        running: The long-lived proxies by kind.
        raw: What the load generator told, run by run.
        failures: What went wrong in requests, in words.
    """

    program: Path
    upstream_port: int
    homes: Path
    running: Mapping[str, Proxy]
    raw: list[dict[str, Any]] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    def run(
        self,
        target: Target,
        load: Load,
        *,
        instead: Proxy | None = None,
        meanwhile: Callable[[], object] | None = None,
    ) -> Outcome:
        """Make requests of a target; those that fail are noted.

        Args:
            target: Whom to ask.
            load: The requests.
            instead: A proxy to ask in place of the long-lived one.
            meanwhile: Called when all streams are open.

        Raises:
            Unsupported: The target does not serve this.
            BenchError: The load generator itself failed.
        """
        proxy = instead or (self.running[target.proxy] if target.proxy else None)
        port, pid = (proxy.port, proxy.pid) if proxy else (self.upstream_port, 0)
        url = f"http://{LOOPBACK}:{port}"
        outcome = ends.run(self.program, load, url, target.face, pid, meanwhile)
        if outcome.unsupported:
            raise Unsupported(str(outcome.unsupported))
        self.raw.append(outcome.raw)
        if outcome.failed or not outcome.complete:
            self.failures.append(
                f"{target.name}, {load.work} on {load.connections} connections: {outcome.complete} complete, "
                f"{outcome.failed} failed, the first with {outcome.errors[:1]}"
            )
        return outcome
