"""What a real Ollama server answers, case by case, from a real mitmdump in front of a strict OpenAI-like server."""

from collections.abc import Iterator

import pytest

from tests.golden.placeholders import with_names
from tests.golden.reading import CHUNKED, Case, read_cases
from tests.process import Process, serving
from tests.upstream import Upstream
from tests.wire import Raw, send

CASES = read_cases()


@pytest.fixture(scope="module")
def proxy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    home = tmp_path_factory.mktemp("home")
    with Upstream.in_thread() as upstream, serving(upstream.base_url, home, PROXY_MAX_RETRIES="0") as process:
        yield process


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_the_answer_is_a_real_servers(proxy: Process, case: Case) -> None:
    for request in case.before:
        send(proxy.port, request)
    head, _, body = send(proxy.port, case.request).partition(b"\r\n\r\n")
    got_head = head.decode().replace("\r\n", "\n")
    said = b"".join(Raw(0, [], body).chunks) if CHUNKED in got_head else body
    length = len(case.says.encode() if case.bodiless else said)
    expected = f"{case.head.replace('<length>', str(length))}\n\n{'' if case.bodiless else case.says}"
    assert with_names(expected, f"{got_head}\n\n{said.decode()}") == expected


def test_no_two_cases_have_the_same_name() -> None:
    assert len({case.name for case in CASES}) == len(CASES) >= 100
