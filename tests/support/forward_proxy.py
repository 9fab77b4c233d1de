"""An HTTP proxy as companies have them: the one way out, with a login, and it knows what went through."""

import asyncio
import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing, suppress


class ForwardProxy:
    """Tunnels ``CONNECT`` requests; names that nobody knows are this computer."""

    def __init__(self, login: str = "") -> None:
        self.port = 0
        self.asked: list[str] = []
        """``host:port`` of every request, refused ones too."""
        self.opened: list[str] = []
        """``host:port`` of every tunnel."""
        self._login = base64.b64encode(login.encode()) if login else None
        self._tasks: set[asyncio.Task[None]] = set()

    def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection."""
        task = asyncio.create_task(self._serve(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one request, and carry what follows."""
        with closing(writer), suppress(ConnectionError, asyncio.IncompleteReadError):
            head = await reader.readuntil(b"\r\n\r\n")
            method, target = head.split(b" ")[:2]
            self.asked.append(target.decode())
            if self._login is not None and b"Basic " + self._login not in head:
                writer.write(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
            elif method != b"CONNECT":
                writer.write(b"HTTP/1.1 403 Only CONNECT\r\nContent-Length: 0\r\n\r\n")
            else:
                await self._tunnel(target.decode(), reader, writer)

    async def _tunnel(self, target: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection("127.0.0.1", int(target.rpartition(":")[2]))
        self.opened.append(target)
        writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        with closing(back):
            await asyncio.gather(_copy(reader, back), _copy(there, writer))

    async def end(self) -> None:
        """Drop every tunnel."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while piece := await reader.read(1 << 16):
        writer.write(piece)
        await writer.drain()
    writer.close()


@asynccontextmanager
async def forward_proxy(login: str = "") -> AsyncIterator[ForwardProxy]:
    """Serve one on a free port of the loopback interface; ``login`` is ``user:password``, where it wants one."""
    proxy = ForwardProxy(login)
    server = await asyncio.start_server(proxy.take, "127.0.0.1", 0)
    proxy.port = server.sockets[0].getsockname()[1]
    try:
        yield proxy
    finally:
        server.close()
        await proxy.end()
