"""Finds devices that went away: their running subtasks fail, their slots are free at once."""

import logging
from collections.abc import Iterable

import sqlalchemy as sa

from api.store import devices, pubsub, settle, subtasks
from api.store.devices import DeviceRow
from api.store.store import Store
from api.store.tables import devices as device_table
from api.store.tables import subtasks as table
from wegent.protocol.errors import Code
from wegent.protocol.states import HOLDS_SLOT, Event, State

log = logging.getLogger(__name__)

_HOLDING = [state.value for state in HOLDS_SLOT]


async def sweep(store: Store) -> int:
    """Look at every device whose deadline has passed, and at every one that SQL says is at work.

    Nobody is lost while the epoch is missing or younger than the online TTL: then presence may be gone because
    Redis was flushed or no API process lived, not because a device went away. Returns how many subtasks failed.
    """
    epoch = await store.presence.epoch()
    ttl_ms = int(store.settings.timing.online_ttl * 1000)
    if epoch is None or await store.presence.now_ms() - epoch.since_ms < ttl_ms:
        return 0
    expired = await store.presence.expired()
    rows = sorted(expired.keys() | await _at_work(store))
    present = await store.presence.read(rows)
    gone = [row for row in rows if row not in present]
    lost = 0
    for device in await _rows(store, gone):
        lost += await _lose(store, device)
        if device.row in expired:
            await devices.note_seen(store, device.row, expired[device.row] - ttl_ms)
        await store.pubsub.publish(pubsub.user_channel(device.user_id))
    await store.presence.forget([row for row in gone if row in expired])
    return lost


async def _at_work(store: Store) -> set[int]:
    """Return the devices that hold slots, as SQL says: Redis may have lost their deadlines."""
    query = sa.select(table.c.device).where(table.c.state.in_(_HOLDING), table.c.device.is_not(None)).distinct()
    async with store.database.read() as connection:
        return {record[0] for record in await connection.fetch_all(query)}


async def _rows(store: Store, rows: Iterable[int]) -> list[DeviceRow]:
    async with store.database.read() as connection:
        return await devices.select(connection, device_table.c.row.in_(list(rows)))


async def _lose(store: Store, device: DeviceRow) -> int:
    async with store.database.read() as connection:
        holding = await subtasks.select(connection, table.c.device == device.row, table.c.state.in_(_HOLDING))
    lost = 0
    message = (
        f"{device.name} was disconnected: no heartbeat came for {store.settings.timing.online_ttl:g} seconds."
    )
    for row in holding:
        if row.state is State.OFFERED:
            await settle.requeue(store, row, reason=message, failed_offers=row.failed_offers)
            continue
        settled = await settle.settle(
            store,
            row.id,
            Event.LOSE,
            attempt=row.attempt,
            generation=device.generation,
            error=settle.task_error(Code.DEVICE_LOST, message),
        )
        lost += settled is not None
    if lost:
        log.info("%s went away; %d of its subtasks failed", device.name, lost)
    return lost
