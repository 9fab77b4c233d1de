"""One socket of the protocol, as light as it can be: what measures must cost less than what is measured."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

import aiohttp
import msgspec

from wegent.protocol.codec import Frame, decode_data, encode
from wegent.protocol.time_limit import time_limit

PATIENCE = 60.0
"""Seconds that anything may take before the run fails."""
T = TypeVar("T")
Heard = Callable[[Frame, int], None]
"""Takes a frame that answers nothing, and its size in bytes."""


class BrokenError(Exception):
    """The server said or did what it must not: nothing measured here would mean anything."""


class Connection:
    """An open socket; answers come to who asked, everything else goes to ``heard``."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse, heard: Heard) -> None:
        self._socket = socket
        self._heard = heard
        self._refs = itertools.count(1)
        self._answers: dict[int, asyncio.Future[msgspec.Raw]] = {}

    @classmethod
    @asynccontextmanager
    async def open(
        cls, session: aiohttp.ClientSession, url: str, token: str, heard: Heard
    ) -> "AsyncIterator[Connection]":
        """Connect until the block ends; the block is cancelled when the server closes before."""
        headers = {"Authorization": f"Bearer {token}"}
        async with session.ws_connect(url, headers=headers, max_msg_size=4 << 20) as socket:
            connection = cls(socket, heard)
            async with asyncio.TaskGroup() as group:
                reading = group.create_task(connection._read())
                yield connection
                reading.cancel()

    async def _read(self) -> None:
        decoder = msgspec.json.Decoder(Frame)
        async for message in self._socket:
            if message.type is not aiohttp.WSMsgType.TEXT:
                raise BrokenError(f"the server sent {message.type}")
            frame = decoder.decode(message.data)
            if frame.ref is not None and frame.ref in self._answers:
                self._answers.pop(frame.ref).set_result(frame.data)
            elif frame.event == "error":
                raise BrokenError(f"the server refused: {bytes(frame.data).decode()}")
            else:
                self._heard(frame, len(message.data))
        raise BrokenError(f"the server closed the socket with {self._socket.close_code}")

    async def post(self, frame: bytes) -> None:
        """Send a frame; waits while TCP makes us wait."""
        await self._socket.send_frame(frame, aiohttp.WSMsgType.TEXT)

    async def request(self, event: str, data: object, kind: type[T]) -> T:
        """Send a frame and return its answer as ``kind``."""
        ref = next(self._refs)
        answer = self._answers[ref] = asyncio.get_running_loop().create_future()
        await self.post(encode(event, data, ref))
        async with time_limit(PATIENCE):
            return decode_data(await answer, kind)
