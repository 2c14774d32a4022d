"""The OpenAI-style server with the answers that stood behind the goldens; it comes with the check over them."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.process import LOOPBACK, free_port

SCRIPT = Path(os.environ.get("SHARED_DIR", "")) / "goldens-check" / "upstream.py"


@contextmanager
def scripted_upstream(**variables: str) -> Iterator[int]:
    """Run it until the block ends; its port.

    Args:
        variables: Of its environment: `SCRIPTED_SCENARIOS` is another file of answers than its own.
    """
    port = free_port()
    command = [sys.executable, str(SCRIPT), "--openai", "--port", str(port)]
    told = {**os.environ, **variables}
    with subprocess.Popen(command, env=told, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            while not _accepts(port):
                assert server.poll() is None, f"{command!r} ended"
                time.sleep(0.05)  # it does not say when it listens
            yield port
        finally:
            server.terminate()


def _accepts(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((LOOPBACK, port)) == 0
