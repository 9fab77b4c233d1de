"""A device's session takes queued subtasks, while slots are free, in the queue's order."""

from typing import NamedTuple

import asyncpg
import sqlalchemy as sa
from databases.core import Connection

from api.store import devices, labels, settle, subtasks, transitions
from api.store.clock import now_ms
from api.store.database import UNIQUE_VIOLATIONS
from api.store.devices import DeviceRow
from api.store.registration import DeletedError, ReplacedError
from api.store.store import Store
from api.store.subtasks import SubtaskRow
from api.store.tables import devices as device_table
from api.store.tables import subtasks as table
from api.store.tables import tasks
from wegent.protocol.errors import Code, ProtocolError
from wegent.protocol.states import HOLDS_SLOT, Event, State

_HOLDING = [state.value for state in HOLDS_SLOT]

SPARE = 4
"""Candidates beyond the free slots, for those that another device's session takes first."""

TRANSCRIPT_BYTES = 16_384
TRANSCRIPT_TURNS = 20


class Claim(NamedTuple):
    """A subtask that may be offered now, and what its device needs to know of the task's past."""

    row: SubtaskRow
    history_session: str | None
    transcript: str


class Holding(NamedTuple):
    """What holds a device's slots, and whether there is something to claim."""

    rows: list[SubtaskRow]
    may_claim: bool


async def look(store: Store, device: DeviceRow, session: str) -> Holding:
    """Return how a device stands, without taking any lock; raises like :func:`claim`."""
    async with store.database.read() as connection:
        record = await connection.fetch_one(device_table.select().where(device_table.c.row == device.row))
        held = _current(None if record is None else DeviceRow.of(record), session)
        rows = await subtasks.select(connection, table.c.device == device.row, table.c.state.in_(_HOLDING))
        waiting = sa.select(table.c.position).where(_is_waiting(held)).limit(1)
        is_waited_for = len(rows) < held.slots and await connection.fetch_val(waiting) is not None
    return Holding(rows, is_waited_for)


def _current(held: DeviceRow | None, session: str) -> DeviceRow:
    """Return the row if it is the session's."""
    if held is None or held.session is None:  # None: its deletion is under way
        raise DeletedError
    if held.session != session:
        raise ReplacedError
    return held


def _is_waiting(device: DeviceRow) -> sa.ColumnElement[bool]:
    """Return the condition for what waits for a device: its own, and what it has the shell for of the cloud's.

    For a user's own device, in the cloud's place: what waits for any of the user's that has the labels.
    """
    queues = [table.c.device == device.row, labels.suits(device)]
    if device.kind == "cloud":
        queues[1] = sa.and_(
            table.c.is_cloud.is_(True), table.c.device.is_(None), table.c.shell.in_(device.about.shells)
        )
    # Each by its own index: of an OR SQLite would make a walk through all that is queued, whosever it is.
    is_queued = table.c.state == State.QUEUED.value
    return table.c.position.in_(
        sa.union_all(*(sa.select(table.c.position).where(queue, is_queued) for queue in queues))
    )


def _may_take(device: DeviceRow, row: SubtaskRow) -> bool:
    """Whether a row, now that it is locked, waits for a device: it may have been moved since it was found."""
    if row.device is not None:
        return row.device == device.row
    if device.kind == "cloud":
        return row.is_cloud
    return row.labels is not None and row.labels.items() <= device.about.labels.items()


async def claim(store: Store, device: DeviceRow, session: str) -> list[Claim]:
    """Take as many queued subtasks as slots are free; they are offered from then on.

    Raises :class:`ReplacedError` or :class:`DeletedError` where the session is no longer the device's.
    """
    try:
        async with store.database.write() as connection:
            taken = await _take(store, connection, device, session)
            claims = [await _with_history(connection, row) for row in taken]
    except asyncpg.DeadlockDetectedError:
        return []  # two devices claimed turns of the same tasks; the next wake-up claims them
    for row in taken:
        await settle.announce(store, row)
    return claims


async def _take(store: Store, connection: Connection, device: DeviceRow, session: str) -> list[SubtaskRow]:
    held = _current(await devices.lock(store.database, connection, device.row), session)
    used = await connection.fetch_val(
        sa.select(sa.func.count()).where(table.c.device == device.row, table.c.state.in_(_HOLDING))
    )
    taken: list[SubtaskRow] = []
    for candidate in await _candidates(store, connection, held, held.slots - used):
        if len(taken) >= held.slots - used:
            break
        offered = await _offer(store, connection, device, candidate)
        if offered is not None:
            taken.append(offered)
    return taken


async def _candidates(store: Store, connection: Connection, device: DeviceRow, free: int) -> list[SubtaskRow]:
    if free <= 0:
        return []
    active, earlier = table.alias("active"), table.alias("earlier")
    is_earlier_turn = sa.and_(
        earlier.c.task_id == table.c.task_id,
        earlier.c.state == State.QUEUED.value,
        earlier.c.position < table.c.position,
        earlier.c.is_cloud == table.c.is_cloud,
        earlier.c.device.is_not_distinct_from(table.c.device),
        earlier.c.labels.is_not_distinct_from(table.c.labels),
    )
    query = (
        table.select()
        .where(
            _is_waiting(device),
            table.c.expires_at > now_ms(),
            ~sa.exists().where(active.c.task_id == table.c.task_id, active.c.state.in_(_HOLDING)),
            ~sa.exists().where(is_earlier_turn),
        )
        .order_by(table.c.position)
        .limit(free + SPARE)
    )
    query = store.database.locking(query, skip_locked=True)
    found = [SubtaskRow.of(record) for record in await connection.fetch_all(query)]
    return [row for row in found if _may_take(device, row)]


async def _offer(
    store: Store, connection: Connection, device: DeviceRow, candidate: SubtaskRow
) -> SubtaskRow | None:
    """Offer one, unless another turn of its task is at work: the index ``one_active_turn`` refuses that."""
    try:
        async with store.database.savepoint(connection):
            values = {"device": device.row} | ({} if candidate.labels is None else {"device_id": device.device_id})
            return await transitions.happen(
                connection, candidate.id, Event.OFFER, attempt=candidate.attempt, **values
            )
    except UNIQUE_VIOLATIONS:
        return None


async def accept(store: Store, device: DeviceRow, subtask_id: str, attempt: int) -> SubtaskRow | None:
    """Let a device start what it was offered; return the row, or None if it was accepted before.

    Raises ``not_current`` where it is not the device's at this attempt.
    """
    async with store.database.write() as connection:
        accepted = await transitions.happen(
            connection,
            subtask_id,
            Event.ACCEPT,
            table.c.device == device.row,
            attempt=attempt,
            waiting_reason=None,
        )
        row = accepted or await subtasks.find(connection, subtask_id)
    is_its_own = row is not None and row.device == device.row and row.attempt == attempt
    if row is None or not is_its_own or row.state not in (State.RUNNING, State.CANCELLING):
        raise ProtocolError(Code.NOT_CURRENT)
    return accepted


async def _with_history(connection: Connection, row: SubtaskRow) -> Claim:
    task = await connection.fetch_one(tasks.select().where(tasks.c.id == row.task_id))
    assert task is not None  # subtasks reference their task
    if task["history_session"] is not None and task["history_device"] == row.device:
        return Claim(row, task["history_session"], "")
    before = (table.c.position < row.position, table.c.started_at.is_not(None))
    earlier = await subtasks.last_turns(connection, row.task_id, *before, limit=TRANSCRIPT_TURNS)
    return Claim(row, None, _transcript(earlier))


def _transcript(turns: list[SubtaskRow]) -> str:
    """Return what was said before, newest last, bounded: the task comes from another device."""
    parts: list[str] = []
    room = TRANSCRIPT_BYTES
    for turn in reversed(turns):
        answer = (turn.result or {}).get("text")
        part = f"User: {turn.prompt}\n"
        if isinstance(answer, str) and answer:
            part += f"Assistant: {answer}\n"
        size = len(part.encode())
        if size > room:
            break
        room -= size
        parts.append(part)
    return "".join(reversed(parts))
