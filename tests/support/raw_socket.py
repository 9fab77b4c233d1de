"""A WebSocket of the protocol with nothing clever in it: what a test sends goes out, what comes in is kept."""

import asyncio
import itertools
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Self, TypeVar

import aiohttp
import msgspec

from wegent.protocol.codec import ErrorData, Frame, decode_data, encode

T = TypeVar("T")
PATIENCE = 20.0


class RefusedError(Exception):
    """The other side answered with ``error``."""

    def __init__(self, data: ErrorData) -> None:
        super().__init__(f"{data.code}: {data.message}")
        self.code = data.code
        self.message = data.message
        self.hint = data.hint


class ClosedError(Exception):
    """The socket was closed while a test waited; ``code`` says why."""

    def __init__(self, code: int | None) -> None:
        super().__init__(f"closed with {code}")
        self.code = code


class RawSocket:
    """One open socket: requests by ``ref``, and an inbox of everything else in the order of arrival."""

    path = ""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket
        self.inbox: list[Frame] = []
        """Frames that no test has asked for yet."""
        self._refs = itertools.count(1)
        self._answers: dict[int, asyncio.Future[msgspec.Raw]] = {}
        self._news = asyncio.Condition()
        self._is_closed = False

    @classmethod
    @asynccontextmanager
    async def open(cls, url: str, token: str, **options: Any) -> AsyncIterator[Self]:
        """Connect with a bearer token until the block ends; a refusal is a ``WSServerHandshakeError``."""
        headers = {"Authorization": f"Bearer {token}", **options.pop("headers", {})}
        async with (
            aiohttp.ClientSession() as session,
            session.ws_connect(f"{url}{cls.path}", headers=headers, max_msg_size=4 << 20, **options) as socket,
        ):
            opened = cls(socket)
            reading = asyncio.create_task(opened._read())
            try:
                yield opened
            finally:
                reading.cancel()
                await asyncio.gather(reading, return_exceptions=True)

    async def _read(self) -> None:
        try:
            async for message in self.socket:
                if message.type is aiohttp.WSMsgType.TEXT:
                    await self._take(msgspec.json.decode(message.data, type=Frame))
        finally:
            self._is_closed = True
            for answer in self._answers.values():
                if not answer.done():
                    answer.set_exception(ClosedError(self.socket.close_code))
                    answer.exception()
            async with self._news:
                self._news.notify_all()

    async def _take(self, frame: Frame) -> None:
        answer = self._answers.pop(frame.ref, None) if frame.ref is not None else None
        if answer is None or answer.done():
            self.inbox.append(frame)
        elif frame.event == "error":
            answer.set_exception(RefusedError(decode_data(frame.data, ErrorData)))
        else:
            answer.set_result(frame.data)
        async with self._news:
            self._news.notify_all()

    async def send(self, event: str, data: object, ref: int | None = None) -> None:
        """Send one frame."""
        await self.socket.send_str(encode(event, data, ref).decode())

    async def send_text(self, text: str) -> None:
        """Send anything as a text frame."""
        await self.socket.send_str(text)

    async def send_bytes(self, data: bytes) -> None:
        """Send a binary frame."""
        await self.socket.send_bytes(data)

    async def request(self, event: str, data: object, kind: type[T], timeout: float = PATIENCE) -> T:
        """Send a frame with a ``ref`` and return its answer as ``kind``; an error raises :class:`RefusedError`."""
        ref = next(self._refs)
        answer = self._answers[ref] = asyncio.get_running_loop().create_future()
        await self.send(event, data, ref)
        return decode_data(await asyncio.wait_for(answer, timeout), kind)

    async def next(self, event: str, kind: type[T], timeout: float = PATIENCE) -> T:
        """Return the data of the first frame of ``event`` that no test has taken, waiting for one."""
        return decode_data((await self.next_of({event}, timeout)).data, kind)

    async def next_of(self, events: set[str], timeout: float = PATIENCE) -> Frame:
        """Return the first frame of one of ``events`` that no test has taken, waiting for one."""
        async with asyncio.timeout(timeout), self._news:
            while True:
                for index, frame in enumerate(self.inbox):
                    if frame.event in events:
                        return self.inbox.pop(index)
                if self._is_closed:
                    raise ClosedError(self.socket.close_code)
                await self._news.wait()

    async def error(self, timeout: float = PATIENCE) -> ErrorData:
        """Return the next ``error`` frame that answers no ``ref`` of ours."""
        return await self.next("error", ErrorData, timeout)

    async def ping(self) -> None:
        """Ask for a sign of life."""
        await self.request("ping", {}, dict)

    async def closed(self, timeout: float = PATIENCE) -> int | None:
        """Wait until the other side closes, and return the code."""
        async with asyncio.timeout(timeout), self._news:
            await self._news.wait_for(lambda: self._is_closed)
        return self.socket.close_code

    async def cut(self) -> None:
        """Drop the connection without a closing handshake, as a pulled cable does."""
        self.socket.get_extra_info("socket").shutdown(socket.SHUT_RDWR)
        await self.closed()
