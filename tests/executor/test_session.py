"""One connection, seen from inside: what it says of its end, however the pieces of that end arrive."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from support.processes import eventually
from support.scripted_backend import ScriptedBackend

from executor.config import Config
from executor.device import Device
from executor.endings import ConnectionLostError
from executor.processes.reaper import Reaper
from executor.pump import MAX_BATCH
from executor.session import Session
from wegent.client.credentials import Login
from wegent.protocol.codec import decode_data, decode_frame, encode
from wegent.protocol.device_messages import Register

REGISTER = Register(device_id="d", name="d", slots=1, version="", platform="", shells=["Command"], instance="i")


@asynccontextmanager
async def server(code: int, is_registered: bool) -> AsyncIterator[str]:
    """Serve a socket that ends with ``code``; before, it asks something of a device that is registered."""

    async def handle(request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        if is_registered:
            frame = decode_frame(await socket.receive_str())
            answer = await ScriptedBackend()._on_device_register(socket, decode_data(frame.data, Register))
            await socket.send_str(encode("ack", answer, frame.ref).decode())
            await socket.send_str(encode("ping", {}, 1).decode())
        assert socket._writer is not None and request.transport is not None
        await socket._writer.close(code)
        request.transport.close()
        return socket

    app = web.Application()
    app.router.add_get("/ws/device", handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


@pytest.mark.parametrize("is_registered", [False, True], ids=["registering", "at work"])
async def test_a_send_that_fails_first_does_not_hide_the_close_code(tmp_path: Path, is_registered: bool) -> None:
    async with (
        server(4409, is_registered) as url,
        aiohttp.ClientSession() as http,
        http.ws_connect(f"{url}/ws/device") as socket,
        asyncio.TaskGroup() as group,
    ):
        config = Config(url=url, login=Login(url, "t", source="arguments"), home=tmp_path)
        session = Session(socket, Device(config, "d", group), Reaper(), MAX_BATCH)
        if is_registered:
            await session.register(REGISTER, 5)
        await eventually(lambda: socket._writer.transport.is_closing(), 5)
        with pytest.raises(ConnectionLostError) as lost:
            await (session.run() if is_registered else session.register(REGISTER, 5))
        assert lost.value.code == 4409
