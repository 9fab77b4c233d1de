"""The tests' own ground: the proxy misbehaves as told, the raw sockets hide nothing."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import pytest
from aiohttp import WSMsgType, web
from support.proxy import proxied
from support.raw_socket import ClosedError, RawSocket, RefusedError

from wegent.protocol.codec import decode_frame, encode, encode_error
from wegent.protocol.errors import Code, ProtocolError


@asynccontextmanager
async def echo_server() -> AsyncIterator[int]:
    """Serve a WebSocket that acks `ask`, refuses `fail`, closes on `end` and sends anything else back."""

    async def serve(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        async for message in socket:
            assert message.type is WSMsgType.TEXT
            frame = decode_frame(message.data)
            if frame.event == "end":
                await socket.close(code=4409)
            elif frame.event == "fail":
                await socket.send_str(encode_error(ProtocolError(Code.NOT_FOUND), frame.ref).decode())
            elif frame.ref is not None:
                await socket.send_str(encode("ack", frame.data, frame.ref).decode())
            else:
                await socket.send_str(message.data)
        return socket

    app = web.Application()
    app.router.add_get("/", serve)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


async def test_answers_are_matched_by_ref_and_the_rest_is_kept_in_order() -> None:
    async with echo_server() as port, RawSocket.open(f"http://127.0.0.1:{port}/", "t") as raw:
        for number in range(3):
            await raw.send("note", {"number": number})
        assert await raw.request("ask", {"x": 1}, dict) == {"x": 1}
        with pytest.raises(RefusedError) as refused:
            await raw.request("fail", {}, dict)
        assert refused.value.code == "not_found"
        assert [(await raw.next("note", dict))["number"] for _ in range(3)] == [0, 1, 2]
        await raw.send("end", {})
        assert await raw.closed() == 4409
        with pytest.raises(ClosedError):
            await raw.next("note", dict)


async def test_the_proxy_forwards_cuts_and_refuses() -> None:
    async with echo_server() as port, proxied(port) as proxy:
        async with RawSocket.open(proxy.url, "t") as raw:
            assert await raw.request("ask", {"x": 1}, dict) == {"x": 1}
            assert proxy.cut() == 1
            assert await raw.closed() == 1006
        await proxy.refuse()
        with pytest.raises(aiohttp.ClientConnectorError):
            async with RawSocket.open(proxy.url, "t"):
                pass
        await proxy.listen()
        async with RawSocket.open(proxy.url, "t") as raw:
            assert await raw.request("ask", {"x": 2}, dict) == {"x": 2}
        assert proxy.accepted == 2


async def test_a_stalled_proxy_holds_back_everything_and_loses_nothing() -> None:
    async with echo_server() as port, proxied(port) as proxy, RawSocket.open(proxy.url, "t") as raw:
        proxy.stall()
        await raw.send("note", {"number": 1})
        with pytest.raises(TimeoutError):
            await raw.next("note", dict, timeout=0.2)
        proxy.resume()
        assert await raw.next("note", dict) == {"number": 1}


async def test_the_proxy_goes_on_to_a_server_that_lives() -> None:
    async with echo_server() as port, proxied(1, port) as proxy:
        for _ in range(3):
            async with RawSocket.open(proxy.url, "t") as raw:
                await raw.request("ask", {}, dict)


async def test_a_cut_socket_is_noticed_by_its_own_side() -> None:
    async with echo_server() as port, RawSocket.open(f"http://127.0.0.1:{port}/", "t") as raw:
        waiting = asyncio.create_task(raw.next("note", dict))
        await asyncio.sleep(0)
        await raw.cut()
        with pytest.raises(ClosedError):
            await waiting
