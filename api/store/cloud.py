"""The cloud: the operator's executors that are online, and what waits for one of them."""

import sqlalchemy as sa

from api.store import devices
from api.store.devices import DeviceRow
from api.store.store import Store
from api.store.tables import devices as device_table
from api.store.tables import subtasks
from wegent.protocol.resources import Cloud, Slots
from wegent.protocol.states import State


async def online(store: Store) -> list[DeviceRow]:
    """Return the cloud's executors that are online."""
    async with store.database.read() as connection:
        rows = await devices.select(connection, device_table.c.kind == "cloud")
    present = await store.presence.read([row.row for row in rows])
    return [row for row in rows if row.row in present]


def shells(pool: list[DeviceRow]) -> list[str]:
    """Return the shells that at least one of ``pool`` offers."""
    return sorted({shell for row in pool for shell in row.about.shells})


async def show(store: Store) -> Cloud:
    """Return the pool as REST gives it."""
    pool = await online(store)
    waiting = sa.select(sa.func.count()).where(
        subtasks.c.state == State.QUEUED.value, subtasks.c.is_cloud.is_(True)
    )
    async with store.database.read() as connection:
        loads = await devices.loads(connection, pool) if pool else {}
        queued = await connection.fetch_val(waiting)
    return Cloud(
        executors=len(pool),
        slots=Slots(sum(load.used for load in loads.values()), sum(row.slots for row in pool)),
        queued=queued,
        shells=shells(pool),
    )
