"""Devices: rows, how REST shows them, naming, the default, deletion."""

from collections.abc import Collection, Sequence
from typing import Any, NamedTuple, Self

import msgspec
import sqlalchemy as sa
from databases.core import Connection

from api.store import pubsub, subtasks
from api.store.clock import rfc3339
from api.store.database import Database
from api.store.presence import Presence
from api.store.settle import reject, requeue, settle, task_error
from api.store.store import Store
from api.store.subtasks import UNSETTLED
from api.store.tables import devices, users
from api.store.tables import subtasks as subtask_table
from wegent.protocol.errors import Code, ProtocolError
from wegent.protocol.resources import Device, DeviceKind, DeviceStatus, Slots
from wegent.protocol.states import HOLDS_SLOT, Event, State

DELETE_TRIES = 20


class About(msgspec.Struct, frozen=True):
    """What a device says of itself at register."""

    version: str = ""
    platform: str = ""
    shells: list[str] = []
    folders: list[str] = []
    kernels: list[str] = []
    labels: dict[str, str] = {}


class DeviceRow(msgspec.Struct, frozen=True, kw_only=True):
    """One row of ``devices``."""

    row: int
    user_id: str
    device_id: str
    name: str
    is_name_given: bool
    kind: DeviceKind
    slots: int
    about: About
    session: str | None
    generation: int
    instance: str
    connection: int
    last_seen: int
    created_at: int

    @classmethod
    def of(cls, record: Any) -> Self:
        """Read a record of the table."""
        fields = dict(record._mapping)
        fields["about"] = msgspec.json.decode(fields["about"], type=About)
        fields["is_name_given"] = bool(fields["is_name_given"])
        return cls(**fields)


class Load(NamedTuple):
    """What a device has to do: the subtasks that hold a slot, those that run, and how many wait."""

    used: int
    running: list[str]
    queued: int


IDLE = Load(0, [], 0)


def shown(row: DeviceRow, load: Load, presence: Presence | None, default: int | None) -> Device:
    """Return a device as REST gives it."""
    status: DeviceStatus = "offline"
    if presence is not None:
        status = "busy" if load.used >= row.slots else "online"
    return Device(
        device_id=row.device_id,
        name=row.name,
        status=status,
        reconnecting=presence is not None and presence.reconnecting,
        paused=presence is not None and presence.paused,
        slots=Slots(load.used, row.slots),
        queued=load.queued,
        running=load.running,
        is_default=row.row == default,
        kind=row.kind,
        shells=row.about.shells,
        folders=row.about.folders,
        kernels=row.about.kernels,
        labels=row.about.labels,
        load={} if presence is None else presence.load,
        version=row.about.version,
        platform=row.about.platform,
        last_seen=rfc3339(row.last_seen),
        created_at=rfc3339(row.created_at),
    )


async def find(connection: Connection, user_id: str, device_id: str) -> DeviceRow | None:
    """Return a device of the user's by the executor's id, or None."""
    record = await connection.fetch_one(
        devices.select().where(devices.c.user_id == user_id, devices.c.device_id == device_id)
    )
    return None if record is None else DeviceRow.of(record)


async def get(connection: Connection, user_id: str, device_id: str) -> DeviceRow:
    """Return a device of the user's by the executor's id; raise ``not_found``."""
    row = await find(connection, user_id, device_id)
    if row is None:
        raise ProtocolError(Code.NOT_FOUND, "There is no such device.", "`wegent devices` lists yours.")
    return row


async def select(connection: Connection, *conditions: Any) -> list[DeviceRow]:
    """Return the devices that meet ``conditions``, oldest first."""
    records = await connection.fetch_all(devices.select().where(*conditions).order_by(devices.c.row))
    return [DeviceRow.of(record) for record in records]


async def of_rows(connection: Connection, rows: Collection[int]) -> list[DeviceRow]:
    """Return those devices that have these rows."""
    return await select(connection, devices.c.row.in_(rows)) if rows else []


async def at_work(connection: Connection) -> set[int]:
    """Return the rows of the devices that hold slots."""
    holding = [state.value for state in HOLDS_SLOT]
    column = subtask_table.c.device
    query = sa.select(column).where(subtask_table.c.state.in_(holding), column.is_not(None)).distinct()
    return {record[0] for record in await connection.fetch_all(query)}


async def lock(database: Database, connection: Connection, row: int) -> DeviceRow | None:
    """Return a device's row, locked until the transaction ends; None if it was deleted."""
    record = await connection.fetch_one(database.locking(devices.select().where(devices.c.row == row)))
    return None if record is None else DeviceRow.of(record)


async def loads(connection: Connection, rows: Sequence[DeviceRow]) -> dict[int, Load]:
    """Return what each of ``rows`` has to do."""
    unsettled = [state.value for state in UNSETTLED]
    table = subtask_table
    query = (
        sa.select(table.c.device, table.c.id, table.c.state)
        .where(table.c.device.in_([row.row for row in rows]), table.c.state.in_(unsettled))
        .order_by(table.c.position)
    )
    found: dict[int, Load] = {row.row: Load(0, [], 0) for row in rows}
    for record in await connection.fetch_all(query):
        device, subtask_id, state = record[0], record[1], record[2]
        load = found[device]
        if state in (State.RUNNING, State.CANCELLING):
            load.running.append(subtask_id)
        found[device] = load._replace(
            used=load.used + (state in HOLDS_SLOT), queued=load.queued + (state == State.QUEUED)
        )
    return found


async def show(store: Store, user_id: str, device_id: str | None = None) -> list[tuple[DeviceRow, Device]]:
    """Return the user's devices (or the one asked for) with their rows, as REST gives them."""
    conditions = [devices.c.user_id == user_id]
    if device_id is not None:
        conditions.append(devices.c.device_id == device_id)
    async with store.database.read() as connection:
        rows = await select(connection, *conditions)
        found = await loads(connection, rows) if rows else {}
        default = await default_row(connection, user_id)
    present = await store.presence.read([row.row for row in rows])
    missing = [row for row in rows if row.row not in present]
    if missing and await store.presence.is_young(await store.presence.epoch()):
        # The backend was away: who was online then is on the way back, until the monitor speaks.
        were_online = await store.presence.listed([row.row for row in missing])
        expected = [row for row in missing if found[row.row].used or row.row in were_online]
        present |= {row.row: Presence(row.generation, reconnecting=True) for row in expected}
    return [(row, shown(row, found[row.row], present.get(row.row), default)) for row in rows]


async def are_offline(store: Store, rows: Sequence[DeviceRow]) -> bool:
    """Return whether all of these devices of one user are shown as offline."""
    if await store.presence.read([row.row for row in rows]):
        return False
    asked = {row.row for row in rows}
    found = await show(store, rows[0].user_id, rows[0].device_id if len(rows) == 1 else None)
    return all(shown.status == "offline" for row, shown in found if row.row in asked)


async def default_row(connection: Connection, user_id: str) -> int | None:
    """Return the row of the user's default device, None if there is none."""
    row: int | None = await connection.fetch_val(sa.select(users.c.default_device).where(users.c.id == user_id))
    return row


async def set_default(database: Database, user_id: str, device_id: str) -> None:
    """Make a device the user's default; raise ``not_found``."""
    async with database.write() as connection:
        row = await get(connection, user_id, device_id)
        await connection.execute(users.update().where(users.c.id == user_id).values(default_device=row.row))


async def unset_default(database: Database, user_id: str, device_id: str) -> None:
    """Make a device no longer the user's default, if it is; raise ``not_found``."""
    async with database.write() as connection:
        row = await get(connection, user_id, device_id)
        await connection.execute(
            users.update()
            .where(users.c.id == user_id, users.c.default_device == row.row)
            .values(default_device=None)
        )


async def rename(database: Database, user_id: str, device_id: str, name: str) -> None:
    """Give a device a name that later registers leave alone; raise ``not_found``."""
    async with database.write() as connection:
        row = await get(connection, user_id, device_id)
        await connection.execute(
            devices.update().where(devices.c.row == row.row).values(name=name, is_name_given=True)
        )


async def delete(store: Store, user_id: str, device_id: str) -> None:
    """Remove a registration: its unsettled subtasks fail with ``device_deleted``, its socket is closed.

    An executor that still runs registers anew. Raises ``not_found``.
    """
    async with store.database.write() as connection:
        row = await get(connection, user_id, device_id)
        await connection.execute(
            devices.update()
            .where(devices.c.row == row.row)
            .values(session=None, generation=devices.c.generation + 1)
        )
    for _ in range(DELETE_TRIES):
        if await _delete_if_idle(store, row):
            break
        await _fail_all(store, row)
    else:
        raise ProtocolError(Code.UNAVAILABLE, "The device kept getting new subtasks.")
    await store.presence.remove(row.row)
    await store.pubsub.publish(pubsub.device_channel(row.row))
    await store.pubsub.publish(pubsub.user_channel(user_id))


async def _delete_if_idle(store: Store, row: DeviceRow) -> bool:
    unsettled = [state.value for state in UNSETTLED]
    async with store.database.write() as connection:
        await lock(store.database, connection, row.row)
        table = subtask_table
        if await subtasks.select(connection, table.c.device == row.row, table.c.state.in_(unsettled), limit=1):
            return False
        await connection.execute(devices.delete().where(devices.c.row == row.row))
        return True


async def _fail_all(store: Store, row: DeviceRow) -> None:
    error = task_error(Code.DEVICE_DELETED)
    async with store.database.read() as connection:
        unsettled = await subtasks.select(
            connection,
            subtask_table.c.device == row.row,
            subtask_table.c.state.in_([state.value for state in UNSETTLED]),
        )
    for subtask in unsettled:
        if subtask.state in (State.RUNNING, State.CANCELLING):
            await settle(store, subtask.id, Event.LOSE, attempt=subtask.attempt, error=error)
        elif subtask.is_cloud or subtask.labels is not None:
            await requeue(store, subtask, reason=None, failed_offers=subtask.failed_offers)
        else:
            await reject(store, subtask, error)


async def note_seen(store: Store, row: int, when: int) -> None:
    """Write down when a device was last heard of, unless it was heard of later."""
    older = (devices.c.row == row, devices.c.last_seen < when)
    async with store.database.write() as connection:
        await connection.execute(devices.update().where(*older).values(last_seen=when))
