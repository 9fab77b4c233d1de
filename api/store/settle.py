"""How a subtask ends, whoever ends it: its session, the worker, or the deletion of its device.

The live log is closed, and the rest of the output goes to SQL in one transaction with the state. Between closing
and committing the process may die, or somebody may reopen the log because the subtask still runs: ``log_version``,
which every reopening and every spill moves, makes the commit fail then, and the settling starts over.
"""

from typing import Any

import msgspec
import sqlalchemy as sa
from databases.core import Connection

from api import fault
from api.store import output, pubsub, subtasks, transitions
from api.store.clock import now_ms
from api.store.live_log import channel
from api.store.output import Piece
from api.store.store import Store
from api.store.subtasks import SubtaskRow
from api.store.tables import approvals, devices, tasks
from api.store.tables import subtasks as table
from api.store.tasks import noted
from wegent.protocol.errors import MEANINGS, Code, ProtocolError
from wegent.protocol.inputs import DENY
from wegent.protocol.resources import TaskError
from wegent.protocol.states import TRANSITIONS, Event, State

TRIES = 20
MAX_SESSION_ID = 256
FAILED_OFFERS = 3
"""Declines or expired offers after which a subtask fails."""


class LostOutputError(Exception):
    """Redis lost output that the device still has: it is to be asked for it before the subtask can end."""


def task_error(code: Code, message: str = "") -> TaskError:
    """Return the error that a subtask fails with, its message the list's unless one is given."""
    meaning = MEANINGS[code]
    return TaskError(code, message or meaning.message, meaning.hint)


async def settle(
    store: Store,
    subtask_id: str,
    event: Event,
    *,
    attempt: int | None = None,
    error: TaskError | None = None,
    result: dict[str, Any] | None = None,
    generation: int | None = None,
    at_least: int = 0,
) -> SubtaskRow | None:
    """End a subtask that is running or being cancelled; return it as it is now, or None if it was not so.

    ``attempt`` and ``generation`` (of the device's registration) must still be the present ones where given.
    Raises :class:`LostOutputError` when less than ``at_least`` output events are held, ``unavailable`` when the
    log does not come to rest.
    """
    values = {
        "error": None if error is None else msgspec.json.encode(error),
        "result": None if result is None else msgspec.json.encode(result),
    }
    is_torn = False
    for _ in range(TRIES):
        async with store.database.read() as connection:
            row = await subtasks.find(connection, subtask_id)
        if row is None or (row.state, event) not in TRANSITIONS or attempt not in (None, row.attempt):
            return None
        last = await store.log.close(row.id, row.stored_seq)
        pieces = await output.read_tail(store.log, row.id, row.stored_seq)
        seq = max([row.stored_seq, *(piece.last for piece in pieces)])
        is_torn = seq < last
        if is_torn:
            continue  # somebody moved the log's head to SQL meanwhile
        if seq < at_least:
            raise LostOutputError
        async with store.database.write() as connection:
            if generation is not None and not await _is_generation(store, connection, row.device, generation):
                return None
            settled = await _commit(connection, row, event, pieces, seq, values)
        if settled is not None:
            fault.reached("api-settled")
            await announce(store, settled)
            return settled
    if is_torn:  # nobody moved it: Redis lost a part. What is left begins after what SQL has.
        await store.log.forget(subtask_id)
    raise ProtocolError(Code.UNAVAILABLE, "The subtask's log did not come to rest.")


async def _is_generation(store: Store, connection: Connection, device: int | None, generation: int) -> bool:
    query = sa.select(devices.c.generation).where(devices.c.row == device)
    return bool(await connection.fetch_val(store.database.locking(query)) == generation)


async def _commit(
    connection: Connection, row: SubtaskRow, event: Event, pieces: list[Piece], seq: int, values: dict[str, Any]
) -> SubtaskRow | None:
    """Write the end and the rest of the output, unless somebody touched the log since ``row`` was read."""
    settled = await transitions.happen(
        connection,
        row.id,
        event,
        table.c.log_version == row.log_version,
        attempt=row.attempt,
        seq=seq,
        stored_seq=seq,
        log_version=row.log_version + 1,
        **values,
    )
    if settled is not None:
        await output.insert(connection, row.id, pieces)
        await connection.execute(
            approvals.update()
            .where(approvals.c.subtask_id == row.id, approvals.c.choice.is_(None))
            .values(choice=DENY, answered_at=now_ms())  # nobody can answer it any more
        )
        await _touch_task(connection, settled)
    return settled


async def _touch_task(connection: Connection, row: SubtaskRow) -> None:
    now = now_ms()
    values: dict[str, Any] = {"updated_at": now, "noted_at": noted(now)}
    session = (row.result or {}).get("session_id")
    if isinstance(session, str) and 0 < len(session) <= MAX_SESSION_ID and "\0" not in session:
        values |= {"history_session": session, "history_device": row.device}
    await connection.execute(tasks.update().where(tasks.c.id == row.task_id).values(values))


async def reject(store: Store, row: SubtaskRow, error: TaskError) -> SubtaskRow | None:
    """Fail a subtask that never started; return it as it is now, or None if it changed since it was read."""
    unchanged = (table.c.state == row.state.value, table.c.device.is_not_distinct_from(row.device))
    encoded = msgspec.json.encode(error)
    async with store.database.write() as connection:
        failed = await transitions.happen(
            connection, row.id, Event.REJECT, *unchanged, attempt=row.attempt, error=encoded
        )
        if failed is not None:
            await _touch_task(connection, failed)
    if failed is not None:
        await announce(store, failed)
    return failed


async def cancel(store: Store, row: SubtaskRow) -> SubtaskRow:
    """Cancel a subtask that waits, ask the device to stop one that runs; return it as it is now."""
    async with store.database.write() as connection:
        cancelled = await transitions.happen(connection, row.id, Event.CANCEL)
        now = cancelled or await subtasks.get(connection, row.id, row.user_id)
    fault.reached("api-cancelled")
    if cancelled is not None:
        await announce(store, cancelled)
    elif now.state is State.CANCELLING:
        await poke_device(store, now)
    return now


async def give_back(store: Store, row: SubtaskRow, reason: str) -> SubtaskRow | None:
    """Take an offer back that was declined or not answered; after three of those the subtask fails.

    Returns the subtask as it is now, or None if it changed since it was read.
    """
    failed = row.failed_offers + 1
    if failed < FAILED_OFFERS:
        return await requeue(store, row, reason=reason, failed_offers=failed)
    message = f"Offered {failed} times, never accepted. {reason}"
    return await reject(store, row, task_error(Code.DECLINED, message))


async def reopen(store: Store, row: SubtaskRow) -> SubtaskRow:
    """Let the log of a subtask that still runs take output again, and whoever closed it to settle start over.

    Returns the subtask as it is now: it may have been settled meanwhile, and then its log stays closed.
    """
    unsettled = table.c.state.in_([State.RUNNING.value, State.CANCELLING.value])
    async with store.database.write() as connection:
        record = await connection.fetch_one(
            table.update()
            .where(table.c.id == row.id, unsettled)
            .values(log_version=table.c.log_version + 1)
            .returning(*table.c)
        )
        if record is None:
            return await subtasks.get(connection, row.id, row.user_id)
    await store.log.reopen(row.id)
    return SubtaskRow.of(record)


async def requeue(store: Store, row: SubtaskRow, *, reason: str | None, failed_offers: int) -> SubtaskRow | None:
    """Put an offer that was not accepted back into its place in the queue."""
    async with store.database.write() as connection:
        queued = await transitions.happen(
            connection,
            row.id,
            Event.REQUEUE,
            attempt=row.attempt,
            waiting_reason=reason,
            failed_offers=failed_offers,
        )
    if queued is not None:
        await announce(store, queued)
    return queued


def _device_pokes(row: SubtaskRow) -> list[tuple[str, bytes | str]]:
    """Return what wakes the sessions of the devices that a subtask waits for or runs on."""
    pokes: list[tuple[str, bytes | str]] = []
    if row.device is not None:
        pokes.append((pubsub.device_channel(row.device), b""))
    if row.is_cloud and row.state is State.QUEUED:
        pokes.append((pubsub.CLOUD_CHANNEL, b""))
    if row.labels is not None and row.state is State.QUEUED:
        pokes.append((pubsub.devices_channel(row.user_id), b""))
    return pokes


async def poke_device(store: Store, row: SubtaskRow) -> None:
    """Wake the session of the device that a subtask waits for or runs on."""
    await store.pubsub.publish_all(*_device_pokes(row))


async def announce(store: Store, row: SubtaskRow) -> None:
    """Wake all who may care that a subtask's state changed."""
    pokes: list[tuple[str, bytes | str]] = [(pubsub.user_channel(row.user_id), row.id)]
    if row.state not in (State.OFFERED, State.RUNNING):  # which its device's own session brought about
        pokes += _device_pokes(row)
    if row.is_settled:
        pokes.append((channel(row.id), b""))
        async with store.database.read() as connection:
            waiting = await subtasks.select(
                connection, table.c.task_id == row.task_id, table.c.state == State.QUEUED.value, limit=16
            )
        for turn in waiting:
            pokes += _device_pokes(turn)
    await store.pubsub.publish_all(*pokes)
