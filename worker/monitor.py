"""Finds devices that went away: their running subtasks fail, their slots are free at once."""

import logging

from api.store import devices, pubsub, settle, subtasks
from api.store.devices import DeviceRow
from api.store.store import Store
from wegent.protocol.errors import Code
from wegent.protocol.states import Event, State

log = logging.getLogger(__name__)


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
    async with store.database.read() as connection:
        rows = sorted(expired.keys() | await devices.at_work(connection))
    present = await store.presence.read(rows)
    gone = [row for row in rows if row not in present]
    lost = 0
    async with store.database.read() as connection:
        found = await devices.of_rows(connection, gone)
    for device in found:
        lost += await _lose(store, device)
        if device.row in expired:
            await devices.note_seen(store, device.row, expired[device.row] - ttl_ms)
        await store.pubsub.publish(pubsub.user_channel(device.user_id))
    await store.presence.forget([row for row in gone if row in expired])
    return lost


async def _lose(store: Store, device: DeviceRow) -> int:
    async with store.database.read() as connection:
        holding = await subtasks.holding(connection, device.row)
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
