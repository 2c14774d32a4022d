"""Companions under load: what is kept of many exchanges where their flows are saved, and where they are listed."""

from collections import Counter
from pathlib import Path

import pytest
from mitmproxy import http
from mitmproxy.io import FlowReader

from tests.e2e.companion_load import flows_to
from tests.e2e.recording_load import ask_many, rss_mib

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(400),
    pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is read from /proc"),
]


def test_memory_stays_flat_while_the_flows_of_six_thousand_exchanges_are_saved(tmp_path: Path) -> None:
    rss = dict[int, float]()
    with flows_to("file", tmp_path) as proxy:
        for end in range(1000, 6001, 1000):
            ask_many(proxy.port, end - 1000, end)
            rss[end] = rss_mib(proxy.popen.pid)
    with (tmp_path / "flows").open("rb") as file:
        saved = Counter(flow.request.path for flow in FlowReader(file).stream() if isinstance(flow, http.HTTPFlow))
    assert saved == {"/api/chat": 6000, "/v1/chat/completions": 6000}
    assert rss[6000] - rss[2000] < 8  # MiB: 2 kB an exchange, whose two flows take 17


def test_in_the_flow_list_an_exchange_of_sixty_chunks_takes_less_than_100_kib(tmp_path: Path) -> None:
    rss = dict[int, float]()
    with flows_to("web", tmp_path) as proxy:
        for end in range(500, 1501, 500):
            ask_many(proxy.port, end - 500, end, stream=True)
            rss[end] = rss_mib(proxy.popen.pid)
    assert rss[1500] - rss[500] < 100  # MiB; half of it, as long as each body is kept once only
