"""What is over: offers nobody answered, places in a queue, stops nobody confirmed, logs, files, codes, tokens."""

import logging
from collections.abc import Awaitable, Callable

from api.store import device_codes, files, settle, subtasks, tokens
from api.store.clock import now_ms
from api.store.store import Store
from api.store.subtasks import Moment, SubtaskRow
from wegent.protocol.errors import Code, ProtocolError
from wegent.protocol.states import Event, State

log = logging.getLogger(__name__)

Act = Callable[[SubtaskRow], Awaitable[SubtaskRow | None]]

BATCH = 200
TOKEN_GRACE_MS = 24 * 3600 * 1000
"""Expired tokens are kept this long, so that their holders are told that they expired."""


async def expire_offers(store: Store) -> int:
    """Take back offers whose session did not do it in time: its process died."""

    async def take_back(row: SubtaskRow) -> SubtaskRow | None:
        return await settle.give_back(store, row, "The device did not answer the offer in time.")

    before = now_ms() - int(2 * store.settings.timing.offer * 1000)
    return await _each(store, take_back, State.OFFERED, "offered_at", before)


async def expire_queue(store: Store) -> int:
    """Fail subtasks that waited longer than the queue time."""

    async def fail(row: SubtaskRow) -> SubtaskRow | None:
        return await settle.reject(store, row, settle.task_error(Code.QUEUE_EXPIRED))

    return await _each(store, fail, State.QUEUED, "expires_at", now_ms())


async def expire_stops(store: Store) -> int:
    """Fail subtasks whose stop was not confirmed and whose session is not there to say so."""

    async def fail(row: SubtaskRow) -> SubtaskRow | None:
        error = settle.task_error(Code.STOP_UNCONFIRMED)
        return await settle.settle(store, row.id, Event.LOSE, attempt=row.attempt, error=error)

    timing = store.settings.timing
    before = now_ms() - int((timing.grace + timing.stop_unconfirmed + timing.reread) * 1000)
    return await _each(store, fail, State.CANCELLING, "cancelled_at", before)


async def retain_logs(store: Store) -> int:
    """Drop live logs whose subtask ended longer ago than they are kept, or is gone; keep those of all that go on.

    SQL has all output of what has ended. Redis' own expiry, which appends and this renew, is there for when no
    worker runs.
    """
    before = now_ms() - int(store.settings.timing.log_retention * 1000)
    known = [subtask_id async for subtask_id in store.log.known()]
    dropped = 0
    for batch in (known[start : start + BATCH] for start in range(0, len(known), BATCH)):
        async with store.database.read() as connection:
            ends = await subtasks.ends(connection, batch)
        for subtask_id in batch:
            ended = ends.get(subtask_id, 0)
            if ended is None:
                await store.log.keep(subtask_id)
            elif ended <= before:
                await store.log.forget(subtask_id)
                dropped += 1
    return dropped


async def delete_files(store: Store) -> int:
    """Delete files whose day is over."""
    return await files.delete_expired(store.database)


async def delete_codes(store: Store) -> int:
    """Delete device codes whose time is over."""
    return await device_codes.delete_expired(store.database)


async def delete_tokens(store: Store) -> int:
    """Delete tokens that expired a day ago."""
    return await tokens.delete_expired(store.database, now_ms() - TOKEN_GRACE_MS)


async def _each(store: Store, act: Act, state: State, moment: Moment, before: int) -> int:
    """Do ``act`` with all in ``state`` whose ``moment`` lies before ``before``; return how many changed."""
    total = 0
    while True:
        async with store.database.read() as connection:
            rows = await subtasks.overdue(connection, state, moment, before, BATCH)
        changed = 0
        for row in rows:
            try:
                changed += await act(row) is not None
            except ProtocolError as failure:  # the next round tries again; the others must not wait for it
                log.warning("%s could not be settled: %s", row.id, failure)
        total += changed
        if len(rows) < BATCH or not changed:
            return total
