"""A subtask's output over HTTP: Server-Sent Events that resume, or a JSON document of what there is now."""

import asyncio
from collections.abc import AsyncIterator
from typing import NamedTuple

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


async def events_now(store: Store, row: SubtaskRow, after: int, *, late: bool) -> bytes:
    """Return ``{state, seq, items: [{seq, events}]}``: everything after ``after`` that there is now."""
    items: list[bytes] = []
    cursor = max(after, row.seq or 0) if late else after
    for _ in range(READ_TRIES):
        async with store.database.read() as connection:
            # The row first: once it has ended, all of its output is in SQL.
            now = await subtasks.find(connection, row.id) or row
            while pieces := await output.read(connection, row.id, cursor, late=late):
                items += [_item(piece.first, piece.events) for piece in pieces]
                cursor = pieces[-1].last
        if late or now.is_settled:
            break
        live = await _live_now(store, row.id, cursor)
        items += [_item(entry.first, events_in(entry)) for entry in live.entries]
        cursor = live.entries[-1].last if live.entries else cursor
        if not live.is_cut:
            break
    state = msgspec.json.encode(now.state)
    return b'{"state":%b,"seq":%d,"items":[%b]}' % (state, cursor, b",".join(items))


class _Live(NamedTuple):
    """What the live log holds; cut where its head moved to SQL while it was read."""

    entries: list[Entry]
    is_cut: bool


async def _live_now(store: Store, subtask_id: str, cursor: int) -> _Live:
    found: list[Entry] = []
    while entries := await store.log.read(subtask_id, cursor):
        for entry in entries:
            if entry.first > cursor + 1:
                return _Live(found, True)
            found.append(output.cut_entry(subtask_id, entry, cursor))
            cursor = entry.last
    return _Live(found, False)


def _item(seq: int, events: bytes) -> bytes:
    return b'{"seq":%d,"events":%b}' % (seq, events)
