"""Output in SQL: chunk rows, each a JSON array of consecutive events."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import msgspec
import sqlalchemy as sa
from databases.core import Connection

from api.store.database import Database
from api.store.live_log import Entry, LiveLog
from api.store.subtasks import SubtaskRow, late_seq
from api.store.tables import chunks, subtasks
from wegent.protocol.chat_messages import Chunk
from wegent.protocol.codec import chunk_frame
from wegent.protocol.errors import Code, ProtocolError

CHUNK_BYTES = 256 << 10
READ_CHUNKS = 8


class Piece(NamedTuple):
    """Consecutive events: the numbers of the first and the last, and the JSON array."""

    first: int
    last: int
    events: bytes


class _Frame(msgspec.Struct):
    data: Chunk


_frames = msgspec.json.Decoder(_Frame)
_arrays = msgspec.json.Decoder(list[msgspec.Raw])


def split_events(events: bytes) -> list[msgspec.Raw]:
    """Return the single events of a JSON array."""
    return _arrays.decode(events)


def join_events(events: Sequence[bytes | msgspec.Raw]) -> bytes:
    """Return events as one JSON array."""
    return b"[" + b",".join(map(bytes, events)) + b"]"


def events_of(entry: Entry) -> list[msgspec.Raw]:
    """Return the events that stand in an entry of the live log."""
    return _frames.decode(entry.frame).data.events


def cut(piece: Piece, after: int) -> Piece:
    """Return ``piece`` without the events up to ``after``."""
    if piece.first > after:
        return piece
    rest = split_events(piece.events)[after + 1 - piece.first :]
    return Piece(after + 1, piece.last, join_events(rest))


def cut_entry(subtask_id: str, entry: Entry, after: int) -> Entry:
    """Return ``entry`` without the events up to ``after``."""
    if entry.first > after:
        return entry
    rest = events_of(entry)[after + 1 - entry.first :]
    return Entry(after + 1, entry.last, chunk_frame(subtask_id, after + 1, join_events(rest)))


def _pieces(entries: Iterable[Entry], after: int) -> list[Piece]:
    """Gather what comes after ``after`` into pieces of about ``CHUNK_BYTES``; stop at a gap."""
    pieces: list[Piece] = []
    gathered: list[msgspec.Raw] = []
    size = 0
    first = after + 1
    for entry in entries:
        if entry.first > after + 1:
            break
        fresh = events_of(entry)[after + 1 - entry.first :]
        if gathered and size + len(entry.frame) > CHUNK_BYTES:
            pieces.append(Piece(first, after, join_events(gathered)))
            gathered, size, first = [], 0, after + 1
        gathered += fresh
        size += len(entry.frame)
        after = entry.last
    if gathered:
        pieces.append(Piece(first, after, join_events(gathered)))
    return pieces


async def read_tail(log: LiveLog, subtask_id: str, stored: int) -> list[Piece]:
    """Return what the live log holds after ``stored``, ready to be written to SQL."""
    entries: list[Entry] = []
    after = stored
    while found := await log.read(subtask_id, after):
        entries += found
        after = found[-1].last
    return _pieces(entries, stored)


async def insert(connection: Connection, subtask_id: str, pieces: Iterable[Piece], *, late: bool = False) -> None:
    """Write chunk rows."""
    for piece in pieces:
        await connection.execute(
            chunks.insert().values(
                subtask_id=subtask_id,
                is_late=late,
                first_seq=piece.first,
                last_seq=piece.last,
                events=piece.events,
            )
        )


async def spill(database: Database, log: LiveLog, subtask_id: str) -> int | None:
    """Move the head of a running subtask's live log to SQL; return the last number stored.

    None: the subtask is gone or settled. When somebody else moved the log's head meanwhile, nothing changes and
    what is stored by now is returned.
    """
    async with database.read() as connection:
        query = sa.select(subtasks.c.stored_seq, subtasks.c.log_version, subtasks.c.seq)
        record = await connection.fetch_one(query.where(subtasks.c.id == subtask_id))
    if record is None or record["seq"] is not None:
        return None
    stored, version = int(record["stored_seq"]), record["log_version"]
    pieces = await read_tail(log, subtask_id, stored)
    if not pieces:
        return stored
    async with database.write() as connection:
        moved = await connection.fetch_one(
            subtasks.update()
            .where(subtasks.c.id == subtask_id, subtasks.c.log_version == version, subtasks.c.seq.is_(None))
            .values(stored_seq=pieces[-1].last, log_version=version + 1)
            .returning(subtasks.c.id)
        )
        if moved is None:
            return stored
        await insert(connection, subtask_id, pieces)
    await log.trim(subtask_id, pieces[-1].last)
    return pieces[-1].last


async def read(connection: Connection, subtask_id: str, after: int, *, late: bool = False) -> list[Piece]:
    """Return up to ``READ_CHUNKS`` pieces of stored output after ``after``, in order."""
    query = (
        sa.select(chunks.c.first_seq, chunks.c.last_seq, chunks.c.events)
        .where(chunks.c.subtask_id == subtask_id, chunks.c.is_late.is_(late), chunks.c.last_seq > after)
        .order_by(chunks.c.first_seq)
        .limit(READ_CHUNKS)
    )
    found = await connection.fetch_all(query)
    return [cut(Piece(record[0], record[1], record[2]), after) for record in found]


async def append_late(database: Database, row: SubtaskRow, piece: Piece) -> int:
    """Keep output that came after its subtask had ended; return the number of the last event held.

    ``piece`` must begin no later than right after what is held; otherwise nothing is written. Raises ``not_found``
    when the task was deleted.
    """

    async with database.write() as connection:
        locked = database.locking(sa.select(subtasks.c.id).where(subtasks.c.id == row.id))
        if await connection.fetch_one(locked) is None:
            raise ProtocolError(Code.NOT_FOUND, "The subtask was deleted.")
        held = await late_seq(connection, row)
        if piece.first > held + 1 or piece.last <= held:
            return held
        await insert(connection, row.id, [cut(piece, held)], late=True)
        return piece.last
