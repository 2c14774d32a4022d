"""One upstream and one mitmdump for all end-to-end tests that change nothing about them."""

from collections.abc import Iterator

import ollama
import pytest

from tests.process import Process, serving
from tests.upstream import Upstream


@pytest.fixture(scope="session")
def upstream() -> Iterator[Upstream]:
    with Upstream.in_thread() as running:
        yield running


@pytest.fixture(scope="session")
def proxy(upstream: Upstream, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    with serving(upstream.base_url, tmp_path_factory.mktemp("home")) as process:
        yield process


@pytest.fixture
def client(proxy: Process) -> Iterator[ollama.Client]:
    with ollama.Client(proxy.url, trust_env=False) as real:
        yield real
