"""What several unit tests need."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.machine import PYTHON, UV, Machine
from tests.upstream import Upstream


@pytest.fixture(scope="module")
def client() -> Iterator[httpx.Client]:
    """A client of a test upstream of its own."""
    with (
        Upstream.in_thread() as upstream,
        httpx.Client(base_url=upstream.base_url, headers={"authorization": "Bearer any"}) as running,
    ):
        yield running


@pytest.fixture
def bare(tmp_path: Path) -> Machine:
    """A machine without uv and Python."""
    return Machine(tmp_path)


@pytest.fixture
def machine(bare: Machine) -> Machine:
    """A machine on which the scripts find what they look for."""
    bare.program("uv", UV)
    bare.program("python3.13", PYTHON)
    return bare
