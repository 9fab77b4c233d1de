"""Listens for the owner's commands, beside the work: nothing here waits for anybody who does not read."""

import asyncio
import contextlib
import hmac
import logging
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path

import msgspec

from wegent.control import address
from wegent.control.messages import MAX_LINE, Answer, Ended, Question
from wegent.protocol.time_limit import time_limit

log = logging.getLogger(__name__)

ANSWERED_WITHIN = 5.0
"""Seconds that a command has to read its answer."""
MOST_CONNECTIONS = 32

Handler = Callable[[Question], Awaitable[Answer]]


class ControlServer:
    """Answers questions in ``home`` with ``handle``."""

    def __init__(self, home: Path, handle: Handler) -> None:
        self._home = home
        self._handle = handle
        self._secret = ""
        self._server: asyncio.Server | None = None
        self._open: dict[asyncio.StreamWriter, asyncio.Task[None] | None] = {}

    async def start(self) -> None:
        """Listen; where that cannot be, say so: the executor works without it."""
        try:
            await asyncio.to_thread(address.clear, self._home)
            made = self._bind()
            self._server = await asyncio.start_server(self._connected, sock=made, limit=MAX_LINE)
        except OSError as error:
            log.warning("`wegent-executor status` and its like will not work: %s.", error)

    def _bind(self) -> socket.socket:
        if address.has_socket(self._home):
            try:
                return address.bind_socket(self._home)
            except OSError as error:  # some network and shared folders hold no sockets
                log.info("No socket can be made in %s (%s); using a loopback port.", self._home, error)
        made, door = address.bind_port()
        address.write_door(self._home, door)
        self._secret = door.secret
        return made

    async def close(self, ended: Ended) -> None:
        """Say the last word to whoever is still connected, and listen no more."""
        if self._server is None:
            return
        self._server.close()
        for writer in list(self._open):
            with contextlib.suppress(OSError, TimeoutError):
                await _send(writer, Answer(ended=ended))
            writer.close()
        readers = {reader for reader in self._open.values() if reader is not None}
        for reader in readers:
            reader.cancel()
        if readers:
            await asyncio.wait(readers, timeout=ANSWERED_WITHIN)
        address.clear(self._home)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(self._open) >= MOST_CONNECTIONS:
            writer.close()
            return
        self._open[writer] = asyncio.current_task()
        try:
            while line := await reader.readline():
                await _send(writer, await self._answer(line))
        except (OSError, ValueError, TimeoutError) as error:  # ValueError: a line that is too long
            log.debug("A command's connection failed: %s", error)
        except asyncio.CancelledError:
            return  # only close() does that; asyncio's streams would report it as a fault
        finally:
            self._open.pop(writer, None)
            writer.close()

    async def _answer(self, line: bytes) -> Answer:
        try:
            question = msgspec.json.decode(line, type=Question)
        except msgspec.DecodeError as error:
            return Answer(error=f"This is no question to an executor: {error}.")
        if not hmac.compare_digest(question.secret.encode(), self._secret.encode()):
            return Answer(error="The secret is wrong: ask as the user who started the executor.")
        return await self._handle(question)


async def _send(writer: asyncio.StreamWriter, answer: Answer) -> None:
    writer.write(msgspec.json.encode(answer) + b"\n")
    async with time_limit(ANSWERED_WITHIN):
        await writer.drain()
