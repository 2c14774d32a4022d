"""Live bodies over HTTP/2: a client that tunnels through the proxy with CONNECT and TLS, as browsers and SDKs do."""

import asyncio
import socket
import ssl
import threading
from collections.abc import AsyncGenerator, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
from h2.connection import H2Connection
from h2.events import DataReceived
from mitmproxy import http

from addon.live import Answer, LiveResponse
from tests.in_process import Running
from tests.live.test_live import Gate, answering, head, settled, whole
from tests.process import LOOPBACK


class Http2Only(ssl.SSLContext):
    """Trusts anybody and offers HTTP/2 only: mitmproxy takes what the client puts first, and httpx puts HTTP/1.1."""

    def __init__(self, protocol: int) -> None:
        self.check_hostname = False
        self.verify_mode = ssl.CERT_NONE
        super().set_alpn_protocols(["h2"])

    def set_alpn_protocols(self, alpn_protocols: object) -> None:
        pass


@contextmanager
def tunnelled(proxy: Running) -> Iterator[httpx.Client]:
    trust = Http2Only(ssl.PROTOCOL_TLS_CLIENT)
    with httpx.Client(http2=True, proxy=proxy.url, verify=trust, base_url="https://ollama.test") as client:
        yield client


def test_pieces_reach_an_http_2_client_as_they_are_produced(tmp_path: Path) -> None:
    acknowledged = Gate()

    def make(flow: http.HTTPFlow) -> Answer:
        async def body() -> AsyncGenerator[bytes]:
            for number in range(5):
                yield b"piece %d\n" % number
                await acknowledged.wait()

        async def answer() -> LiveResponse:
            return LiveResponse(head(), body())

        return answer

    got = []
    with answering(make, connection_strategy="lazy", confdir=str(tmp_path)) as proxy, tunnelled(proxy) as client:
        with client.stream("POST", "/", content=b"{}") as response:
            assert response.http_version == "HTTP/2"
            assert "transfer-encoding" not in response.headers
            for line in response.iter_lines():
                got.append(line)
                acknowledged.open()
        for _ in range(5):
            acknowledged.open()
        assert client.get("/").status_code == 200  # the connection goes on
    assert got == [f"piece {number}" for number in range(5)]


def test_two_streams_of_one_connection_are_served_side_by_side(tmp_path: Path) -> None:
    both = threading.Barrier(2, timeout=30)

    def make(flow: http.HTTPFlow) -> Answer:
        async def body() -> AsyncGenerator[bytes]:
            yield b"a"
            await asyncio.to_thread(both.wait)  # passes only when the other stream is here too
            yield flow.request.path.encode()

        async def answer() -> LiveResponse:
            return LiveResponse(head(), body())

        return answer

    async def ask(url: str) -> list[str]:
        async with httpx.AsyncClient(http2=True, proxy=url, verify=Http2Only(ssl.PROTOCOL_TLS_CLIENT)) as client:
            answers = await asyncio.gather(*[client.get(f"https://ollama.test/{n}") for n in (1, 2)])
            return [answer.text for answer in answers]

    with answering(make, connection_strategy="lazy", confdir=str(tmp_path)) as proxy:
        assert asyncio.run(ask(proxy.url)) == ["a/1", "a/2"]


def test_flow_control_of_http_2_stops_the_answer(tmp_path: Path) -> None:
    produced = 0
    ended = threading.Event()

    def make(flow: http.HTTPFlow) -> Answer:
        async def body() -> AsyncGenerator[bytes]:
            nonlocal produced
            try:
                while True:
                    produced += 1
                    yield b"x" * 10_000
            finally:
                ended.set()

        async def answer() -> LiveResponse:
            return LiveResponse(head(), body())

        return answer

    with answering(make, connection_strategy="lazy", confdir=str(tmp_path)) as proxy, h2_request(proxy) as (sock, conn):
        received = 0
        while received < 65_535:  # the window that HTTP/2 begins with
            received += receive(sock, conn)
        assert settled(lambda: produced, proxy) <= 10
        conn.increment_flow_control_window(100_000)
        conn.increment_flow_control_window(100_000, stream_id=1)
        sock.sendall(conn.data_to_send())
        while received < 165_535:  # and goes on when the client opens it
            received += receive(sock, conn)
        conn.reset_stream(1)
        sock.sendall(conn.data_to_send())
        assert ended.wait(30)  # a stream that is reset cancels its answer


@contextmanager
def h2_request(proxy: Running) -> Iterator[tuple[ssl.SSLSocket, H2Connection]]:
    """A GET on a connection whose flow control is in the test's hands."""
    with socket.create_connection((LOOPBACK, proxy.port), timeout=30) as plain:
        plain.sendall(b"CONNECT ollama.test:443 HTTP/1.1\r\nHost: ollama.test:443\r\n\r\n")
        assert plain.recv(65536).startswith(b"HTTP/1.1 200")
        with Http2Only(ssl.PROTOCOL_TLS_CLIENT).wrap_socket(plain, server_hostname="ollama.test") as sock:
            conn = H2Connection()
            conn.initiate_connection()
            pseudo = {":method": "GET", ":path": "/", ":scheme": "https", ":authority": "ollama.test"}
            conn.send_headers(1, list(pseudo.items()), end_stream=True)
            sock.sendall(conn.data_to_send())
            yield sock, conn


def receive(sock: ssl.SSLSocket, conn: H2Connection) -> int:
    """Read once; how many bytes of body came."""
    events = conn.receive_data(sock.recv(65536))
    return sum(len(event.data) for event in events if isinstance(event, DataReceived))


def test_a_whole_answer_has_a_length_in_http_2(tmp_path: Path) -> None:
    with (
        answering(whole(b"x" * 5000), connection_strategy="lazy", confdir=str(tmp_path)) as proxy,
        tunnelled(proxy) as client,
    ):
        response = client.get("/")
    assert (response.headers["content-length"], len(response.content)) == ("5000", 5000)
