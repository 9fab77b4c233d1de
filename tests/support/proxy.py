"""A TCP proxy that misbehaves on demand: cuts, stalls, refuses, delays, and spreads over several servers."""

import asyncio
import socket
import struct
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress

CHUNK = 1 << 16


class Proxy:
    """Forwards each connection to one of ``targets`` in turn, to the next where one does not listen."""

    def __init__(self, targets: Sequence[int]) -> None:
        self.targets = list(targets)
        """Loopback ports; may be changed at any time."""
        self.delay = 0.0
        """Seconds that every piece waits, in both directions."""
        self.recorded: list[bytearray] | None = None
        """All that went through each connection, one entry for each direction; None: nothing is recorded."""
        self.port = 0
        self.accepted = 0
        """How many connections were ever taken."""
        self._flowing = asyncio.Event()
        self._flowing.set()
        self.host = "127.0.0.1"
        """Where it listens; an address of this computer."""
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._turn = 0

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def connections(self) -> int:
        """How many connections are open now."""
        return len(self._tasks)

    async def listen(self) -> None:
        """Take connections (again), on the same port as before."""
        self._server = await asyncio.start_server(self._on_connection, self.host, self.port, limit=CHUNK)
        self.port = self._server.sockets[0].getsockname()[1]

    async def refuse(self) -> None:
        """Take no connections until :meth:`listen`; the open ones stay."""
        assert self._server is not None
        self._server.close()
        # Not wait_closed(): from Python 3.12 on it waits for the open connections, too.
        self._server = None
        await asyncio.sleep(0)

    def cut(self) -> int:
        """Reset every connection now, without a goodbye; return how many there were."""
        count = self.connections
        for writer in list(self._writers):
            _abort(writer)
        return count

    def stall(self) -> None:
        """Forward nothing until :meth:`resume`; connections stay open and look alive."""
        self._flowing.clear()

    def resume(self) -> None:
        """Forward again, beginning with what was held back."""
        self._flowing.set()

    async def close(self) -> None:
        """End everything."""
        if self._server is not None:
            self._server.close()
        self.cut()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _on_connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.accepted += 1
        task = asyncio.create_task(self._serve(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        opened = [writer]
        self._writers.add(writer)
        try:
            upstream = await self._connect()
            if upstream is None:
                return
            opened.append(upstream[1])
            self._writers.add(upstream[1])
            there = asyncio.create_task(self._pump(reader, upstream[1]))
            back = asyncio.create_task(self._pump(upstream[0], writer))
            try:
                # A half-closed connection ends when the other half does.
                await asyncio.wait({there, back}, return_when=asyncio.FIRST_EXCEPTION)
            finally:
                there.cancel()
                back.cancel()
                await asyncio.gather(there, back, return_exceptions=True)
        finally:
            for each in opened:
                self._writers.discard(each)
                _abort(each)

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter] | None:
        for _ in range(len(self.targets)):
            self._turn += 1
            with suppress(OSError):
                port = self.targets[self._turn % len(self.targets)]
                return await asyncio.open_connection("127.0.0.1", port, limit=CHUNK)
        return None

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        record = bytearray()
        if self.recorded is not None:
            self.recorded.append(record)
        while piece := await reader.read(CHUNK):
            if self.recorded is not None:
                record += piece
            if self.delay:
                await asyncio.sleep(self.delay)
            await self._flowing.wait()
            writer.write(piece)
            await writer.drain()
        await self._flowing.wait()
        if writer.can_write_eof():
            writer.write_eof()


def _abort(writer: asyncio.StreamWriter) -> None:
    """Close with a reset: whatever was under way is lost, as when a network cable is pulled."""
    raw: socket.socket | None = writer.get_extra_info("socket")
    if raw is not None and raw.fileno() >= 0:
        with suppress(OSError):
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


@asynccontextmanager
async def proxied(*targets: int) -> AsyncIterator[Proxy]:
    """Give a listening proxy to loopback ports ``targets`` until the block ends."""
    proxy = Proxy(targets)
    await proxy.listen()
    try:
        yield proxy
    finally:
        await proxy.close()
