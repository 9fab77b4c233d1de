"""A subtask's output over HTTP: Server-Sent Events that resume, or a JSON document of what there is now."""

import asyncio
from collections.abc import AsyncIterator

import msgspec
from quart import Response

from api.follow import Follower
from api.store import output, subtasks
from api.store.live_log import Entry
from api.store.store import Store
from api.store.subtasks import SubtaskRow
from wegent.protocol.chat_messages import Done

KEEPALIVE_SECONDS = 15.0
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
            async with asyncio.timeout(KEEPALIVE_SECONDS):
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
    if not piece.done() and follower.done() and (error := follower.exception()) is not None:
        piece.cancel()
        raise error
    return await piece


async def events_now(store: Store, row: SubtaskRow, after: int, *, late: bool) -> bytes:
    """Return ``{state, seq, items: [{seq, events}]}``: everything after ``after`` that there is now."""
    items: list[bytes] = []
    cursor = max(after, row.seq or 0) if late else after
    async with store.database.read() as connection:
        while pieces := await output.read(connection, row.id, cursor, late=late):
            for piece in pieces:
                items.append(_item(piece.first, piece.events))
                cursor = piece.last
        now = await subtasks.find(connection, row.id) or row
    if not late and not now.is_settled:
        while entries := await store.log.read(row.id, cursor):
            for entry in entries:
                if entry.first > cursor + 1:
                    break
                fresh = output.cut_entry(row.id, entry, cursor)
                items.append(_item(fresh.first, events_in(fresh)))
                cursor = fresh.last
            else:
                continue
            break
    state = msgspec.json.encode(now.state)
    return b'{"state":%b,"seq":%d,"items":[%b]}' % (state, cursor, b",".join(items))


def _item(seq: int, events: bytes) -> bytes:
    return b'{"seq":%d,"events":%b}' % (seq, events)
