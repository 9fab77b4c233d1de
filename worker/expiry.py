"""What is over: offers nobody answered, places in a queue, stops nobody confirmed, files, tokens."""

from collections.abc import Awaitable, Callable
from typing import Any

from api.store import files, settle, subtasks, tokens
from api.store.clock import now_ms
from api.store.store import Store
from api.store.subtasks import SubtaskRow
from api.store.tables import subtasks as table
from wegent.protocol.errors import Code
from wegent.protocol.states import Event, State

BATCH = 200
FAILED_OFFERS = 3
TOKEN_GRACE_MS = 24 * 3600 * 1000
"""Expired tokens are kept this long, so that their holders are told that they expired."""


async def expire_offers(store: Store) -> int:
    """Take back offers whose session did not do it in time: its process died."""
    before = now_ms() - int(2 * store.settings.timing.offer * 1000)
    reason = "The device did not answer the offer in time."

    async def take_back(row: SubtaskRow) -> None:
        failed = row.failed_offers + 1
        if failed >= FAILED_OFFERS:
            error = settle.task_error(Code.DECLINED, f"Offered {failed} times, never accepted. {reason}")
            await settle.reject(store, row, error, table.c.attempt == row.attempt)
        else:
            await settle.requeue(store, row, reason=reason, failed_offers=failed)

    return await _each(store, take_back, table.c.state == State.OFFERED.value, table.c.offered_at < before)


async def expire_queue(store: Store) -> int:
    """Fail subtasks that waited longer than the queue time."""
    error = settle.task_error(Code.QUEUE_EXPIRED)

    async def fail(row: SubtaskRow) -> None:
        await settle.reject(store, row, error, table.c.state == State.QUEUED.value)

    return await _each(store, fail, table.c.state == State.QUEUED.value, table.c.expires_at < now_ms())


async def expire_stops(store: Store) -> int:
    """Fail subtasks whose stop was not confirmed and whose session is not there to say so."""
    timing = store.settings.timing
    before = now_ms() - int((timing.grace + timing.stop_unconfirmed + timing.reread) * 1000)
    error = settle.task_error(Code.STOP_UNCONFIRMED)

    async def fail(row: SubtaskRow) -> None:
        await settle.settle(store, row.id, Event.LOSE, attempt=row.attempt, error=error)

    return await _each(store, fail, table.c.state == State.CANCELLING.value, table.c.cancelled_at < before)


async def delete_files(store: Store) -> int:
    """Delete files whose day is over."""
    return await files.delete_expired(store.database)


async def delete_tokens(store: Store) -> int:
    """Delete tokens that expired a day ago."""
    return await tokens.delete_expired(store.database, now_ms() - TOKEN_GRACE_MS)


async def _each(store: Store, act: Callable[[SubtaskRow], Awaitable[None]], *conditions: Any) -> int:
    """Do ``act`` with every subtask that meets ``conditions``, a batch at a time."""
    async with store.database.read() as connection:
        rows = await subtasks.select(connection, *conditions, limit=BATCH)
    for row in rows:
        await act(row)
    return len(rows)
