"""A subtask's output over HTTP: Server-Sent Events that resume, or a JSON document of what there is now."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import msgspec
from quart import Response

from api.follow import Follower
from api.store import output, subtasks
from api.store.live_log import Entry
from api.store.store import Store
from api.store.subtasks import SubtaskRow
from wegent.protocol.chat_messages import Done
from wegent.protocol.time_limit import time_limit

KEEPALIVE_SECONDS = 15.0
READ_TRIES = 10
ANSWER_BYTES = 4 << 20
"""So much output a JSON answer has; one piece more may be begun."""
_EVENTS_KEY = b'"events":'


class _EventStream:
    """Server-Sent Events as a viewer: one piece waits at the most, so that a slow reader slows its follower."""

    def __init__(self) -> None:
        self._pieces: asyncio.Queue[bytes | None] = asyncio.Queue(1)

    async def chunk(self, entry: Entry) -> None:
        """Take a piece of output."""
        data = b'{"seq":%d,"events":%b}' % (entry.first, events_in(entry))
        await self._pieces.put(b"event: chunk\nid: %d\ndata: %b\n\n" % (entry.last, data))

    async def done(self, row: SubtaskRow) -> None:
        """Take the end."""
        assert row.seq is not None  # settled rows have one
        data = msgspec.json.encode(Done(row.id, row.seq, row.state, row.error, row.result))
        await self._pieces.put(b"event: done\nid: %d\ndata: %b\n\n" % (row.seq, data))
        await self._pieces.put(None)

    async def next(self) -> bytes | None:
        """Return the next piece, None after the end; a comment when nothing comes for a while."""
        try:
            async with time_limit(KEEPALIVE_SECONDS):
                return await self._pieces.get()
        except TimeoutError:
            return b": still here\n\n"


def events_in(entry: Entry) -> bytes:
    """Return the JSON array of an entry's events, cut out of its frame."""
    start = entry.frame.index(_EVENTS_KEY) + len(_EVENTS_KEY)
    return entry.frame[start:-2]


def event_stream(store: Store, row: SubtaskRow, after: int) -> Response:
    """Return a streaming answer that ends with the subtask."""

    async def body() -> AsyncIterator[bytes]:
        stream = _EventStream()
        follower = asyncio.create_task(Follower(store, row.id, after, stream).run())
        try:
            yield b"retry: 1000\n\n"
            while (piece := await _next_or_failure(stream, follower)) is not None:
                yield piece
        finally:
            follower.cancel()
            await asyncio.wait([follower])

    response = Response(body(), content_type="text/event-stream")
    response.timeout = None
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Accel-Buffering"] = "no"
    return response


async def _next_or_failure(stream: _EventStream, follower: "asyncio.Task[None]") -> bytes | None:
    """Return the next piece; when the follower failed, end the stream so that the reader resumes."""
    piece = asyncio.ensure_future(stream.next())
    await asyncio.wait([piece, follower], return_when=asyncio.FIRST_COMPLETED)
    if not piece.done() and follower.done():
        piece.cancel()
        follower.result()
        return None  # the subtask was deleted
    return await piece


class _Found:
    """What an answer holds so far, after ``cursor`` and not much more than ``ANSWER_BYTES``."""

    def __init__(self, cursor: int) -> None:
        self.cursor = cursor
        self.items: list[bytes] = []
        self._room = ANSWER_BYTES

    @property
    def is_full(self) -> bool:
        """Whether the rest is for the next answer."""
        return self._room <= 0

    def add(self, first: int, last: int, events: bytes) -> None:
        """Take consecutive events."""
        self.items.append(_item(first, events))
        self.cursor = last
        self._room -= len(events)


async def events_now(store: Store, row: SubtaskRow, after: int, *, late: bool) -> bytes:
    """Return ``{state, seq, items: [{seq, events}], next}``: what there is now after ``after``.

    ``next`` is null, or, where that is more than fits into one answer, the ``after`` of the next one.
    """
    found = _Found(max(after, row.seq or 0) if late else after)
    for _ in range(READ_TRIES):
        async with store.database.read() as connection:
            # The row first: once it has ended, all of its output is in SQL.
            now = await subtasks.find(connection, row.id) or row
            await _find_stored(connection, row.id, found, late=late)
        if found.is_full or late or now.is_settled or await _find_live(store, row.id, found):
            break
    state, items = msgspec.json.encode(now.state), b",".join(found.items)
    following = b"%d" % found.cursor if found.is_full else b"null"
    return b'{"state":%b,"seq":%d,"items":[%b],"next":%b}' % (state, found.cursor, items, following)


async def _find_stored(connection: Any, subtask_id: str, found: _Found, *, late: bool) -> None:
    while not found.is_full and (pieces := await output.read(connection, subtask_id, found.cursor, late=late)):
        for piece in pieces:
            if not found.is_full:
                found.add(*piece)


async def _find_live(store: Store, subtask_id: str, found: _Found) -> bool:
    """Add what the live log holds; return False where its head moved to SQL while it was read."""
    while not found.is_full and (entries := await store.log.read(subtask_id, found.cursor)):
        for entry in entries:
            if entry.first > found.cursor + 1:
                return False
            fresh = output.cut_entry(subtask_id, entry, found.cursor)
            if not found.is_full:
                found.add(fresh.first, fresh.last, events_in(fresh))
    return True


def _item(seq: int, events: bytes) -> bytes:
    return b'{"seq":%d,"events":%b}' % (seq, events)
