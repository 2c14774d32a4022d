"""Calls to servers that redirect, compress, repeat keys, speak TLS or stand behind a company proxy."""

import asyncio
import gzip
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from mitmproxy.certs import CertStore
from mitmproxy.test.tflow import tflow

from addon.exchange import Exchange
from addon.http_transport import HttpTransport
from addon.settings import Settings, settings_from
from addon.upstream import Upstream, encode
from tests.setting_sources import KEY, options, outside
from translators.errors import RequestError, UpstreamBroken, UpstreamError, UpstreamUnreachable


def settings(base_url: str, key: str = "", **more: Any) -> Settings:
    """Settings with this upstream, which are else as they come."""
    named = {f"ollama_{name}": value for name, value in more.items()}
    return settings_from(options(ollama_base_url=base_url, **named), outside(key))


type Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def server(answer: Answer, tls: ssl.SSLContext | None = None) -> AsyncIterator[str]:
    """A server that answers every request so; its address."""
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls)
    await site.start()
    try:
        yield f"{'https' if tls else 'http'}://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


@asynccontextmanager
async def calling(made: Settings) -> AsyncIterator[Upstream]:
    transport = HttpTransport(made)
    try:
        yield Upstream(transport, max_retries=made.max_retries, seconds=made.request_timeout)
    finally:
        await transport.close()


def exchange() -> Exchange:
    return Exchange(tflow(), "hops", KEY)


async def body_of(upstream: Upstream, payload: dict[str, Any] | None = None) -> bytes:
    reply = await upstream.post("/chat/completions", payload or {"model": "m"}, exchange())
    return await reply.read()


async def test_a_redirect_is_named_and_not_followed() -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        raise web.HTTPFound("https://elsewhere.example/v1")

    async with server(answer) as url, calling(settings(base_url=f"{url}/v1")) as upstream:
        with pytest.raises(UpstreamBroken, match=r"redirects to 'https://elsewhere\.example/v1'"):
            await body_of(upstream)


async def test_an_answer_that_is_compressed_all_the_same_is_read() -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        return web.Response(body=gzip.compress(b'{"ok":1}'), headers={"Content-Encoding": "gzip"})

    async with server(answer) as url, calling(settings(base_url=f"{url}/v1")) as upstream:
        assert await body_of(upstream) == b'{"ok":1}'


async def test_what_had_come_before_a_break_is_read_before_the_break_is_told() -> None:
    asked_for_more, broken = asyncio.Event(), asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nfirst \r\n")
        await asked_for_more.wait()
        writer.write(b"6\r\nsecond\r\n")
        writer.write_eof()  # without the last chunk
        await reader.read()  # until the other end has closed too, so it has seen the break
        writer.close()
        broken.set()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as listening:
        port = listening.sockets[0].getsockname()[1]
        async with calling(settings(base_url=f"http://127.0.0.1:{port}/v1")) as upstream:
            reply = await upstream.post("/chat/completions", {"model": "m"}, exchange())
            assert await anext(reply.chunks) == b"first "
            asked_for_more.set()
            await broken.wait()
            assert await anext(reply.chunks) == b"second"
            with pytest.raises(UpstreamBroken, match="broke off in the middle"):
                await anext(reply.chunks)


async def test_an_error_of_any_length_is_read_only_in_part() -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        return web.Response(status=400, body=b"x" * 5_000_000)

    async with server(answer) as url, calling(settings(base_url=f"{url}/v1")) as upstream:
        with pytest.raises(UpstreamError) as caught:
            await body_of(upstream)
    assert len(caught.value.message) < 3000


@pytest.mark.parametrize("key", ["", KEY])
async def test_without_a_key_no_authorization_is_sent(key: str) -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        return web.Response(text=request.headers.get("Authorization", "none"))

    async with server(answer) as url, calling(settings(base_url=f"{url}/v1", key=key)) as upstream:
        assert await body_of(upstream) == (f"Bearer {key}" if key else "none").encode()


async def test_a_model_list_that_is_not_json_says_what_may_be_wrong() -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        return web.Response(text="<html>hello</html>", content_type="text/html")

    async with server(answer) as url, calling(settings(base_url=f"{url}/v1")) as upstream:
        with pytest.raises(UpstreamBroken, match="OPENAI_BASE_URL"):
            await upstream.models(exchange())


async def test_calls_go_through_the_company_proxy() -> None:
    async def proxy(request: web.Request) -> web.StreamResponse:
        return web.Response(text=f"{request.url} {request.headers.get('Proxy-Authorization', '')}")

    async with server(proxy) as url:
        given = url.replace("http://", "http://user:pass@")
        async with calling(settings(base_url="http://upstream.example/v1", upstream_proxy=given)) as upstream:
            seen = await body_of(upstream)
    assert seen.startswith(b"http://upstream.example/v1/chat/completions Basic ")


@pytest.mark.parametrize("answer", [b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n", b"garbage\r\n\r\n"])
async def test_a_company_proxy_that_refuses_is_told_without_its_password(answer: bytes) -> None:
    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        writer.close()

    async with await asyncio.start_server(refuse, "127.0.0.1", 0) as listening:
        proxy = f"http://user:hunter2@127.0.0.1:{listening.sockets[0].getsockname()[1]}"
        made = settings("https://upstream.example/v1", upstream_proxy=proxy, max_retries=0)
        async with calling(made) as upstream:
            with pytest.raises(UpstreamUnreachable) as caught:
                await body_of(upstream)
    assert "upstream.example:443 cannot be reached" in caught.value.message
    assert "hunter2" not in caught.value.message
    assert "\n" not in caught.value.message


async def test_a_private_ca_is_trusted_when_it_is_named_and_only_then(tmp_path: Path) -> None:
    store = CertStore.from_store(tmp_path, "private", 2048)
    entry = store.get_cert("localhost", [x509.DNSName("localhost")])
    chain, key = tmp_path / "server.pem", tmp_path / "server.key"
    chain.write_bytes(entry.cert.to_pem())
    key.write_bytes(entry.privatekey.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(chain, key)

    async def answer(request: web.Request) -> web.StreamResponse:
        return web.Response(text="secure")

    async with server(answer, tls) as url:
        base_url = url.replace("127.0.0.1", "localhost") + "/v1"
        async with calling(settings(base_url)) as upstream:
            with pytest.raises(UpstreamUnreachable):
                await body_of(upstream)
        async with calling(settings(base_url, ca_file=str(tmp_path / "private-ca-cert.pem"))) as upstream:
            assert await body_of(upstream) == b"secure"


async def test_a_host_that_does_not_exist_is_named() -> None:
    async with calling(settings(base_url="http://no-such-host.invalid/v1")) as upstream:
        with pytest.raises(UpstreamUnreachable, match=r"no-such-host\.invalid:80 cannot be reached"):
            await body_of(upstream)


async def test_a_connection_is_used_again() -> None:
    peers = set()

    async def answer(request: web.Request) -> web.StreamResponse:
        assert request.transport is not None
        peers.add(request.transport.get_extra_info("peername"))
        return web.Response(text="data: [DONE]\n\n", content_type="text/event-stream")

    async with server(answer) as url, calling(settings(base_url=f"{url}/v1")) as upstream:
        for _ in range(5):
            await body_of(upstream)
    assert len(peers) == 1


async def test_more_than_a_hundred_calls_are_open_at_once() -> None:
    everybody = asyncio.Event()
    here = 0

    async def answer(request: web.Request) -> web.StreamResponse:
        nonlocal here
        here += 1
        if here == 150:
            everybody.set()
        await everybody.wait()
        return web.Response(text="ok")

    async with server(answer) as url, calling(settings(base_url=f"{url}/v1")) as upstream:
        answers = await asyncio.gather(*[body_of(upstream) for _ in range(150)])
    assert answers == [b"ok"] * 150


def test_integers_of_any_size_are_written() -> None:
    assert encode({"n": 2**80}) == b'{"n":%d}' % 2**80


def test_nesting_without_end_is_refused_in_ollamas_words() -> None:
    deep: Any = []
    for _ in range(100_000):
        deep = [deep]
    with pytest.raises(RequestError, match="exceeded max depth"):
        encode({"deep": deep})
