"""A viewer that comes back: it follows one subtask to its end over as many sockets as that takes."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import msgspec
from support.processes import eventually
from support.raw_socket import ClosedError, RefusedError
from support.raw_viewer import RawViewer
from support.stack import Stack, StackUser

from wegent.protocol.chat_messages import Chunk, Done

PAUSE = 0.05


class PersistentViewer:
    """Everything that it was shown, each event once and in order: a number that does not follow on fails it."""

    def __init__(self, stack: Stack, user: StackUser, subtask_id: str, urls: Sequence[str]) -> None:
        self._stack = stack
        self._user = user
        self._subtask_id = subtask_id
        self._urls = itertools.cycle(urls)
        self._socket: RawViewer | None = None
        self.events: list[Any] = []
        self.done: Done | None = None
        self.connections = 0
        """How many subscriptions it has made."""

    @property
    def seq(self) -> int:
        """The number of the last event seen."""
        return len(self.events)

    @property
    def characters(self) -> int:
        """How much text it was shown."""
        return sum(len(event.get("text", "")) for event in self.events)

    def text(self, name: str = "stdout") -> str:
        """Return what a command wrote to one of its streams, as far as it was shown."""
        return "".join(event["text"] for event in self.events if event.get("name") == name)

    async def cut(self) -> bool:
        """Lose the connection; False where there is none just then."""
        if self._socket is None or self._socket.socket.get_extra_info("socket") is None:
            return False
        await self._socket.cut()
        return True

    async def run(self) -> Done:
        """Follow until the end was told."""
        while True:
            try:
                async with self._stack.viewer(self._user, next(self._urls)) as socket:
                    await socket.subscribe(self._subtask_id, self.seq)
                    self.connections += 1
                    self._socket = socket
                    return await self._follow(socket)
            except RefusedError as refused:
                assert refused.code == "unavailable", refused
            except (aiohttp.ClientError, ClosedError, OSError):
                await asyncio.sleep(PAUSE)
            finally:
                self._socket = None

    async def _follow(self, socket: RawViewer) -> Done:
        while True:
            frame = await socket.next_of({"chat:chunk", "chat:done"}, timeout=120)
            if frame.event == "chat:done":
                self.done = msgspec.json.decode(frame.data, type=Done)
                assert self.done.seq == self.seq, f"told to end at {self.done.seq}, shown {self.seq}"
                return self.done
            chunk = msgspec.json.decode(frame.data, type=Chunk)
            assert chunk.seq == self.seq + 1, f"shown {chunk.seq} after {self.seq}"
            self.events += [msgspec.json.decode(event) for event in chunk.events]


class Watching:
    """A persistent viewer at work."""

    def __init__(self, viewer: PersistentViewer, task: "asyncio.Task[Done]") -> None:
        self.viewer = viewer
        self._task = task

    async def until(self, check: Callable[[PersistentViewer], Any], timeout: float = 30, what: str = "") -> None:
        """Wait until it has been shown what ``check`` looks for."""

        def look() -> bool:
            if self._task.done():
                self._task.result()
            return bool(check(self.viewer))

        try:
            await eventually(look, timeout, what or "the viewer is shown what was waited for")
        except AssertionError as error:
            raise AssertionError(f"{error}; it saw {self.viewer.seq} events, done: {self.viewer.done}") from None

    async def end(self, timeout: float = 60) -> Done:
        """Wait for the end and return it."""
        async with asyncio.timeout(timeout):
            return await asyncio.shield(self._task)


@asynccontextmanager
async def watching(stack: Stack, user: StackUser, subtask_id: str, *urls: str) -> AsyncIterator[Watching]:
    """Watch a subtask, at each of ``urls`` in turn or through the proxy, until the block ends."""
    viewer = PersistentViewer(stack, user, subtask_id, urls or [""])
    task = asyncio.create_task(viewer.run())
    try:
        yield Watching(viewer, task)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
