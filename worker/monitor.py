"""Finds devices that went away: their running subtasks fail, their slots are free at once."""

import logging

from api.store import devices, pubsub, settle, subtasks
from api.store.clock import now_ms
from api.store.devices import DeviceRow
from api.store.store import Store
from wegent.protocol.errors import Code, ProtocolError
from wegent.protocol.states import Event, State

log = logging.getLogger(__name__)


async def sweep(store: Store) -> int:
    """Look at every device whose deadline has passed, and at every one that SQL says is at work.

    Nobody is lost while the epoch is missing or younger than the online TTL: then presence may be gone because
    Redis was flushed or no API process lived, not because a device went away. Returns how many subtasks failed.
    """
    epoch = await store.presence.epoch()
    ttl_ms = int(store.settings.timing.online_ttl * 1000)
    if await store.presence.is_young(epoch):
        return 0
    expired = await store.presence.expired()
    async with store.database.read() as connection:
        found = await devices.of_rows(connection, expired.keys() | await devices.at_work(connection))
    # Presence is read last: whoever registers after that has another generation, and settling checks that. Whoever
    # registered just before may be about to write it.
    present = await store.presence.read([device.row for device in found])
    if await store.presence.epoch() != epoch:
        return 0  # Redis was flushed while this looked
    since = now_ms() - ttl_ms
    gone = [device for device in found if device.row not in present and device.last_seen <= since]
    lost = 0
    for device in gone:
        lost += await _lose(store, device)
        if device.row in expired:
            await devices.note_seen(store, device.row, expired[device.row] - ttl_ms)
        await store.pubsub.publish(pubsub.user_channel(device.user_id))
    over = (expired.keys() - {device.row for device in found}) | {device.row for device in gone}
    await store.presence.forget({row: deadline for row, deadline in expired.items() if row in over})
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
        try:
            settled = await settle.settle(
                store,
                row.id,
                Event.LOSE,
                attempt=row.attempt,
                generation=device.generation,
                error=settle.task_error(Code.DEVICE_LOST, message),
            )
        except ProtocolError as failure:  # the next sweep tries again; the others must not wait for it
            log.warning("%s could not be settled: %s", row.id, failure)
            continue
        lost += settled is not None
    if lost:
        log.info("%s went away; %d of its subtasks failed", device.name, lost)
    return lost
