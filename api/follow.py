"""Following a subtask's output from a cursor to its end, for one viewer.

Subscribe, let Redis confirm, read what there is (SQL, then the live log), and only then apply pushes: what is not
newer is dropped, and a gap means reading again. A viewer that is slow loses its pushes, not its output: it reads
the log instead, page by page, at its own pace. Nothing is buffered without bound; no device waits for a viewer.
"""

import asyncio
import logging
from collections import deque
from typing import Protocol

from api.metrics import FOLLOWERS, FRAMES_OUT
from api.store import output, subtasks
from api.store.live_log import Entry, channel
from api.store.outages import OUTAGES
from api.store.store import Store
from api.store.subtasks import SubtaskRow
from wegent.protocol.codec import chunk_frame
from wegent.protocol.time_limit import time_limit

log = logging.getLogger(__name__)

BUFFERED_ENTRIES = 128
BUFFERED_BYTES = 1 << 20
OUTAGE_PAUSE_SECONDS = 0.5


class Viewer(Protocol):
    """Where followed output goes: a chat socket, or a stream of Server-Sent Events."""

    async def chunk(self, entry: Entry) -> None:
        """Take the next piece of output; returns when there is room for more."""

    async def done(self, row: SubtaskRow) -> None:
        """The subtask has ended, and all of its output went before."""


class Follower:
    """One subscription."""

    def __init__(self, store: Store, subtask_id: str, cursor: int, viewer: Viewer) -> None:
        self._store = store
        self._subtask_id = subtask_id
        self._cursor = cursor
        self._viewer = viewer
        self._pushed: deque[Entry] = deque()
        self._pushed_bytes = 0
        self._behind = asyncio.Event()
        self._behind.set()
        self._news = asyncio.Event()

    async def run(self) -> None:
        """Deliver everything after the cursor, and the end."""
        FOLLOWERS.inc()
        try:
            async with self._store.pubsub.listen(channel(self._subtask_id), self._push):
                while not await self._read_or_wait():
                    await self._follow()
        finally:
            FOLLOWERS.dec()

    def _push(self, payload: bytes | None) -> None:
        """Called by pub/sub: an entry, or a bare poke (it ended, or messages may have been missed)."""
        if not payload:
            self._behind.set()
        elif not self._behind.is_set():
            if len(self._pushed) >= BUFFERED_ENTRIES or self._pushed_bytes >= BUFFERED_BYTES:
                self._pushed.clear()
                self._pushed_bytes = 0
                self._behind.set()
            else:
                self._pushed.append(Entry.parse(payload))
                self._pushed_bytes += len(payload)
        self._news.set()

    async def _follow(self) -> None:
        """Deliver pushes until the log must be read again."""
        while not self._behind.is_set():
            while self._pushed:
                entry = self._pushed.popleft()
                self._pushed_bytes -= len(entry.payload)
                if entry.first > self._cursor + 1:
                    self._behind.set()
                    return
                await self._deliver(entry)
            if self._behind.is_set():
                return
            self._news.clear()
            try:
                async with time_limit(self._store.settings.timing.reread):
                    await self._news.wait()
            except TimeoutError:
                self._behind.set()

    async def _deliver(self, entry: Entry) -> None:
        if entry.last <= self._cursor:
            return
        fresh = output.cut_entry(self._subtask_id, entry, self._cursor)
        self._cursor = fresh.last
        FRAMES_OUT.inc()
        await self._viewer.chunk(fresh)

    async def _read_or_wait(self) -> bool:
        """Read on from the cursor; while SQL or Redis is away, wait a little instead."""
        try:
            return await self._read()
        except OUTAGES as error:
            log.warning("output of %s cannot be read just now: %s", self._subtask_id, error)
            self._behind.set()
            await asyncio.sleep(OUTAGE_PAUSE_SECONDS)
            return False

    async def _read(self) -> bool:
        """Read on from the cursor; return whether the end was delivered."""
        # From here on pushes are kept again: what is appended while this reads is read, or pushed, or both.
        self._pushed.clear()
        self._pushed_bytes = 0
        self._behind.clear()
        while True:
            async with self._store.database.read() as connection:
                row = await subtasks.find(connection, self._subtask_id)
            if row is None:
                return True
            await self._read_stored(row.stored_seq)
            if row.seq is not None:
                if row.is_settled and self._cursor >= row.seq:
                    await self._viewer.done(row)
                    return True
                await asyncio.sleep(0.05)
                continue
            if await self._read_live():
                return False

    async def _read_stored(self, stored: int) -> None:
        while self._cursor < stored:
            async with self._store.database.read() as connection:
                pieces = await output.read(connection, self._subtask_id, self._cursor)
            if not pieces:
                return
            for piece in pieces:
                frame = chunk_frame(self._subtask_id, piece.first, piece.events)
                await self._deliver(Entry(piece.first, piece.last, frame))

    async def _read_live(self) -> bool:
        """Read the live log to its end; return False where its head has moved to SQL meanwhile."""
        while entries := await self._store.log.read(self._subtask_id, self._cursor):
            for entry in entries:
                if entry.first > self._cursor + 1:
                    return False
                await self._deliver(entry)
        return True
