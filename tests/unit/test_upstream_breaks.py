"""The test upstream falls silent, breaks off, or is no HTTP server at all, on command."""

import ssl
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.certificates import self_signed
from tests.openai_requests import USER
from tests.upstream import Upstream


@pytest.fixture(scope="module")
def upstream() -> Iterator[Upstream]:
    with Upstream.in_thread() as running:
        yield running


@pytest.fixture
def client(upstream: Upstream) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=upstream.base_url, headers={"authorization": "Bearer any"}) as running:
        yield running


def ask(client: httpx.Client, fault: str, *, stream: bool = True) -> httpx.Response:
    return client.post("/chat/completions", json={"model": f"fault-{fault}", "messages": USER, "stream": stream})


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize(
    ("fault", "heads", "error"),
    [
        ("cut-head", [], httpx.RemoteProtocolError),
        ("cut-body", [200], httpx.RemoteProtocolError),
        ("cut", [200], httpx.RemoteProtocolError),
        ("status-cut:500", [500], httpx.RemoteProtocolError),
        ("reset-head", [], httpx.ReadError),
        ("reset-body", [200], httpx.ReadError),
        ("reset", [200], httpx.ReadError),
        ("garbage-head", [], httpx.RemoteProtocolError),
    ],
)
def test_a_connection_breaks_before_the_head_or_after_it(
    client: httpx.Client, upstream: Upstream, fault: str, heads: list[int], error: type[Exception], stream: bool
) -> None:
    seen: list[int] = []
    client.event_hooks = {"response": [lambda response: seen.append(response.status_code)]}
    with pytest.raises(error):
        ask(client, fault, stream=stream)
    assert (seen, upstream.requests[-1].end) == (heads, "cut")


@pytest.mark.parametrize("fault", ["stall", "stall-body", "stall-mid"])
def test_a_stall_lasts_until_the_client_is_gone(client: httpx.Client, upstream: Upstream, fault: str) -> None:
    client.timeout = httpx.Timeout(5, read=0.1)
    with pytest.raises(httpx.ReadTimeout):
        ask(client, f"{fault}-once:x")
    assert upstream.wait_aborted(f"{fault}-once:x").end == "aborted"


def test_a_body_can_call_itself_gzip_and_be_none(client: httpx.Client) -> None:
    with pytest.raises(httpx.DecodingError):
        ask(client, "garbage-gzip")


def test_the_model_list_fails_as_the_test_says() -> None:
    with Upstream.in_thread() as upstream, httpx.Client(headers={"authorization": "Bearer any"}) as client:
        upstream.fault_of_gets = "status:503"
        failed = client.get(f"{upstream.base_url}/models")
        upstream.fault_of_gets = ""
        listed = client.get(f"{upstream.base_url}/models")
    assert (failed.status_code, listed.status_code) == (503, 200)


def test_it_serves_https_with_a_certificate(tmp_path: Path) -> None:
    with Upstream.in_thread(tls=self_signed(tmp_path)) as upstream:
        trusting = ssl.create_default_context(cafile=tmp_path / "self-signed.pem")
        answer = httpx.get(f"{upstream.base_url}/models", headers={"authorization": "Bearer any"}, verify=trusting)
        with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
            httpx.get(f"{upstream.base_url}/models")
    assert answer.status_code == 200
