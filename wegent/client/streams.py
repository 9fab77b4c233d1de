"""One subtask's output as it comes: every event once, in order."""

import asyncio
import contextlib
from collections import deque
from types import TracebackType
from typing import Self

from wegent.client.feed import Feed
from wegent.client.subscriptions import Reader
from wegent.protocol.chat_messages import Done
from wegent.protocol.output_events import AnyEvent, decode_event


class EventStream:
    """Iterate it for events; it ends when the subtask has ended, and :attr:`outcome` then tells how.

    ``seq`` is the number of the last event given: ``stream(after=seq)`` goes on from there. Leaving stops nothing.
    """

    def __init__(self, feed: Feed, subtask_id: str, after: int = 0) -> None:
        self.seq = after
        self._feed = feed
        self._subtask_id = subtask_id
        self._reader: Reader = feed.follow(subtask_id, after)
        self._loop = asyncio.get_running_loop()
        self._given: deque[AnyEvent] = deque()
        self._is_left = False

    @property
    def outcome(self) -> Done | None:
        """How the subtask ended, once everything before was read."""
        return self._reader.outcome

    async def read(self) -> list[AnyEvent]:
        """Wait for output and return what there is, in order; an empty list at the end."""
        events = [*self._given, *(await self._next_events() if not self._given else ())]
        self._given.clear()
        self.seq += len(events)
        return events

    def __aiter__(self) -> Self:
        """Iterate over the events."""
        return self

    async def __anext__(self) -> AnyEvent:
        """Return the next event."""
        if not self._given:
            self._given.extend(await self._next_events())
        if not self._given:
            raise StopAsyncIteration
        self.seq += 1
        return self._given.popleft()

    async def __aenter__(self) -> Self:
        """Follow until the block is left."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Follow no more."""
        self.leave()

    def leave(self) -> None:
        """Follow no more; the subtask goes on."""
        if not self._is_left:
            self._is_left = True
            self._feed.leave(self._subtask_id, self._reader)

    async def aclose(self) -> None:
        """Follow no more, as an async generator would be told."""
        self.leave()

    async def _next_events(self) -> list[AnyEvent]:
        found = await self._reader.read()
        if found is None:
            self.leave()
            return []
        return [decode_event(raw) for raw in found[1]]

    def __del__(self) -> None:
        """An iteration that was broken off and forgotten must not go on receiving."""
        if getattr(self, "_is_left", True):
            return
        with contextlib.suppress(RuntimeError):  # the loop is closed, and with it the socket
            self._loop.call_soon_threadsafe(self._feed.leave, self._subtask_id, self._reader)
