"""A device comes (back): its row, and what becomes of the subtasks that it and SQL say it runs."""

from typing import NamedTuple

import msgspec
from databases.core import Connection

from api.store import devices, pubsub, settle, subtasks, transitions
from api.store.clock import now_ms
from api.store.devices import About, DeviceRow
from api.store.presence import Presence
from api.store.store import Store
from api.store.subtasks import SubtaskRow
from api.store.tables import devices as device_table
from api.store.tables import subtasks as table
from wegent.protocol.device_messages import Register, Resume, Running
from wegent.protocol.errors import Code
from wegent.protocol.states import HOLDS_SLOT, Event, State


class ReplacedError(Exception):
    """A newer connection has the device."""


class DeletedError(Exception):
    """The device was deleted."""


class Reconciled(NamedTuple):
    """What a registration found: rows that go on, rows that changed, rows that run nowhere any more."""

    going_on: list[SubtaskRow]
    changed: list[SubtaskRow]
    lost: list[SubtaskRow]


class Registration(NamedTuple):
    """A device's row after its register, and the answer for each subtask that it listed."""

    device: DeviceRow
    resume: list[Resume]
    going_on: list[SubtaskRow]


async def register(store: Store, user_id: str, message: Register, session: str) -> Registration:
    """Write down a device and reconcile what it lists with what SQL says.

    Raises :class:`ReplacedError` where a later connection of the same executor came first.
    """
    async with store.database.write() as connection:
        device = await _upsert(store, connection, user_id, message, session)
        reconciled = await _reconcile(connection, device, message.running)
    for row in reconciled.lost:
        error = settle.task_error(Code.EXECUTOR_RESTARTED)
        await settle.settle(store, row.id, Event.LOSE, attempt=row.attempt, error=error)
    await store.presence.write(device.row, Presence(device.generation, paused=message.paused))
    await store.pubsub.publish(pubsub.device_channel(device.row), f"{device.generation} {session}")
    await store.pubsub.publish(pubsub.user_channel(user_id))
    for row in reconciled.changed:
        await settle.announce(store, row)
    resume = await _resume(store, device, message.running, reconciled.going_on)
    return Registration(device, resume, reconciled.going_on)


async def _upsert(
    store: Store, connection: Connection, user_id: str, message: Register, session: str
) -> DeviceRow:
    now = now_ms()
    about = msgspec.json.encode(msgspec.convert(msgspec.to_builtins(message), About))
    values = {
        "kind": message.kind,
        "slots": message.slots,
        "about": about,
        "session": session,
        "instance": message.instance,
        "connection": message.connection,
        "last_seen": now,
    }
    await connection.execute(
        store.database.insert_or_ignore(device_table).values(
            user_id=user_id,
            device_id=message.device_id,
            name=message.name,
            is_name_given=False,
            generation=0,
            created_at=now,
            **{**values, "session": None, "instance": "", "connection": 0},
        )
    )
    found = await devices.get(connection, user_id, message.device_id)
    held = await devices.lock(store.database, connection, found.row)
    assert held is not None  # it was found in this transaction; a deletion waits for the lock or came before
    if held.instance and held.instance == message.instance and held.connection > message.connection:
        raise ReplacedError
    if not held.is_name_given:
        values["name"] = message.name
    changed = (
        device_table.update()
        .where(device_table.c.row == held.row)
        .values(**values, generation=held.generation + (held.session != session))
        .returning(*device_table.c)
    )
    return DeviceRow.of(await connection.fetch_one(changed))


async def _reconcile(connection: Connection, device: DeviceRow, listed: list[Running]) -> Reconciled:
    attempts = {(running.subtask_id, running.attempt) for running in listed}
    holding = [state.value for state in HOLDS_SLOT]
    found = Reconciled([], [], [])
    for row in await subtasks.select(connection, table.c.device == device.row, table.c.state.in_(holding)):
        is_listed = (row.id, row.attempt) in attempts
        if row.state is State.OFFERED:
            await _reconcile_offer(connection, row, is_listed, found)
        elif not is_listed:
            found.lost.append(row)
        elif row.state is State.RUNNING:
            found.going_on.append(row)
    return found


async def _reconcile_offer(connection: Connection, row: SubtaskRow, is_listed: bool, found: Reconciled) -> None:
    """The device lists it because it sent its accept: that counts. Otherwise it never got the offer."""
    if is_listed:
        accepted = await transitions.happen(connection, row.id, Event.ACCEPT, attempt=row.attempt)
        if accepted is not None:
            found.going_on.append(accepted)
            found.changed.append(accepted)
    else:
        queued = await transitions.happen(connection, row.id, Event.REQUEUE, attempt=row.attempt)
        if queued is not None:
            found.changed.append(queued)


async def _resume(
    store: Store, device: DeviceRow, listed: list[Running], going_on: list[SubtaskRow]
) -> list[Resume]:
    rows = {row.id: row for row in going_on}
    answers = []
    for running in listed:
        row = rows.get(running.subtask_id)
        if row is not None and row.attempt == running.attempt:
            held = await store.log.open(row.id, row.stored_seq)
            answers.append(Resume(row.id, row.attempt, max(held, row.stored_seq), "continue"))
        else:
            held = await _held(store, device, running)
            answers.append(Resume(running.subtask_id, running.attempt, held, "stop"))
    return answers


async def _held(store: Store, device: DeviceRow, running: Running) -> int:
    """Return up to which number the output of a subtask that is to stop is held; 0 if it is not the device's."""
    async with store.database.read() as connection:
        row = await subtasks.find(connection, running.subtask_id)
        if row is None or row.device != device.row or row.attempt != running.attempt:
            return 0
        if row.is_settled:
            return await subtasks.late_seq(connection, row)
    return max(await store.log.open(row.id, row.stored_seq), row.stored_seq)
