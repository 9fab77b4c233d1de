"""Sending, on both databases: once per client id, to where it was meant, refused with the reason."""

import asyncio

import msgspec
import pytest
import sqlalchemy as sa
from support.store_work import Work

from api.store import devices, sending, settle, subtasks, tables
from api.store.store import Store
from wegent.protocol.chat_messages import Send
from wegent.protocol.errors import Code, ProtocolError
from wegent.protocol.states import Event, State


async def refused(work: Work, user: str, **fields: object) -> Code:
    """Send what cannot be sent, see that nothing was written, and return why."""
    before = await work.dump()
    with pytest.raises(ProtocolError) as error:
        await work.send(user, **fields)
    assert await work.dump() == before
    assert error.value.hint
    return error.value.code


async def places(work: Work, *rows: subtasks.SubtaskRow) -> list[int | None]:
    """Return the rows' places in the queue."""
    now = [await work.row(row.id) for row in rows]
    async with work.store.database.read() as connection:
        found = await subtasks.queue_positions(connection, now)
    return [found.get(row.id) for row in now]


async def test_the_same_client_id_again_is_the_same_subtask_even_at_once(work: Work) -> None:
    user = await work.user()
    await work.register(user)
    message = Send(client_id="c-1", prompt="hi", device_id="d-1")
    sent = await asyncio.gather(*(sending.send(work.store, user, message) for _ in range(10)))
    assert len({one.subtask_id for one in sent}) == 1
    assert {(one.state, one.queue_position) for one in sent} == {(State.QUEUED, 1)}
    other = await work.user()
    await work.register(other)
    theirs = await sending.send(work.store, other, message)
    assert theirs.subtask_id != sent[0].subtask_id


async def test_a_resend_is_answered_with_what_became_of_the_first(work: Work) -> None:
    user = await work.user()
    session = await work.register(user)
    message = Send(client_id="c-1", prompt="hi", device_id="d-1")
    first = await sending.send(work.store, user, message)
    (row,) = await work.start(session)
    await work.complete(row)
    await devices.delete(work.store, user, "d-1")
    again = await sending.send(work.store, user, message)
    assert (again.subtask_id, again.state, again.queue_position) == (first.subtask_id, State.COMPLETED, None)


async def test_the_queue_limit_counts_what_waits_per_user(work: Work) -> None:
    settings = msgspec.structs.replace(work.store.settings, queue_limit=3)
    limited = Work(Store(**{**msgspec.structs.asdict(work.store), "settings": settings}))
    user, other = await work.user(), await work.user()
    session = await limited.register(user, slots=1)
    await limited.register(other)
    for _ in range(3):
        await limited.send(user, device_id="d-1")
    assert await refused(limited, user, device_id="d-1") is Code.QUEUE_FULL
    await limited.send(other, device_id="d-1")
    await limited.claim(session)
    await limited.send(user, device_id="d-1")


async def test_what_cannot_be_sent_is_refused_with_its_reason(work: Work) -> None:
    user, other = await work.user(), await work.user()
    await work.register(other, "theirs")
    session = await work.register(user, folders=["/data"])
    assert await refused(work, user, device_id="theirs") is Code.NOT_FOUND
    assert await refused(work, user, task_id="none") is Code.NOT_FOUND
    assert await refused(work, user, device_id="cloud") is Code.NO_CLOUD
    assert await refused(work, user) is Code.NO_CLOUD
    assert await refused(work, user, device_id="d-1", shell="Basic") is Code.SHELL_NOT_OFFERED
    assert await refused(work, user, device_id="d-1", prompt="") is Code.BAD_MESSAGE
    assert await refused(work, user, device_id="d-1", prompt="a\0") is Code.BAD_MESSAGE
    assert await refused(work, user, device_id="d-1", title="a\0") is Code.BAD_MESSAGE
    for workdir in ("/", "/database", "/data/../etc", "data", "/data/..", "\\data\\..\\x"):
        assert await refused(work, user, device_id="d-1", options={"workdir": workdir}) is Code.FORBIDDEN
    for options in ({"timeout_seconds": 0}, {"timeout_seconds": "1"}, {"env": ["a"]}, {"argv": "ls"}):
        assert await refused(work, user, device_id="d-1", options=options) is Code.BAD_MESSAGE
    assert await refused(work, user, device_id="d-1", options={"x": "y" * 300_000}) is Code.TOO_LARGE
    await work.store.presence.clear(session.device.row, session.device.generation)
    assert await refused(work, user, device_id="d-1") is Code.DEVICE_OFFLINE
    waiting = await work.send(user, device_id="d-1", wait=True)
    assert (waiting.state, waiting.device) == (State.QUEUED, session.device.row)
    assert (await work.send(user, device_id="cloud", wait=True)).is_cloud


async def test_work_goes_to_the_folder_that_its_owner_offers(work: Work) -> None:
    user = await work.user()
    await work.register(user, folders=["/data", "C:\\work"])
    for workdir in ("/data", "/data/", "/data/deep/er", "C:\\work\\x"):
        await work.send(user, device_id="d-1", options={"workdir": workdir})


async def test_who_names_no_device_gets_the_tasks_last_then_the_default_then_the_cloud(work: Work) -> None:
    user = await work.user()
    first, second = await work.register(user, "d-1"), await work.register(user, "d-2")
    on_first = await work.send(user, device_id="d-1")
    await devices.set_default(work.store.database, user, "d-2")
    assert (await work.send(user)).device == second.device.row
    follow_up = await work.send(user, task_id=on_first.task_id)
    assert (follow_up.device, follow_up.task_id) == (first.device.row, on_first.task_id)
    moved = await work.send(user, task_id=on_first.task_id, device_id="d-2")
    assert moved.device == second.device.row
    assert (await work.send(user, task_id=on_first.task_id)).device == second.device.row
    cloud = await work.send(user, task_id=on_first.task_id, device_id="cloud", wait=True)
    assert (cloud.is_cloud, cloud.device, cloud.device_id) == (True, None, "cloud")
    assert (await work.send(user, task_id=on_first.task_id, wait=True)).is_cloud
    await devices.unset_default(work.store.database, user, "d-2")
    assert (await work.send(user, wait=True)).is_cloud


async def test_a_tasks_deleted_device_gives_way_to_the_default(work: Work) -> None:
    user = await work.user()
    await work.register(user, "d-1")
    default = await work.register(user, "d-2")
    await devices.set_default(work.store.database, user, "d-2")
    row = await work.send(user, device_id="d-1")
    await devices.delete(work.store, user, "d-1")
    assert (await work.send(user, task_id=row.task_id)).device == default.device.row


async def test_places_in_the_queue_count_per_device_from_1_and_move_up(work: Work) -> None:
    user = await work.user()
    session = await work.register(user, slots=1)
    await work.register(user, "d-2")
    rows = [await work.send(user, device_id="d-1") for _ in range(3)]
    elsewhere = await work.send(user, device_id="d-2")
    assert await places(work, *rows, elsewhere) == [1, 2, 3, 1]
    await work.claim(session)
    assert await places(work, *rows) == [None, 1, 2]
    await settle.cancel(work.store, rows[1])
    assert await places(work, *rows) == [None, None, 1]


async def test_a_queued_subtask_moves_and_nothing_else_does(work: Work) -> None:
    user = await work.user()
    session = await work.register(user, "d-1")
    target = await work.register(user, "d-2", shells=["Command"])
    row = await work.send(user, device_id="d-1", shell="Command")
    await work.claim(session)
    await work.happen(row, Event.REQUEUE, waiting_reason="busy", failed_offers=2)
    moved = await sending.move(work.store, row, "d-2")
    assert (moved.device, moved.device_id, moved.waiting_reason) == (target.device.row, "d-2", None)
    assert moved.failed_offers == 0, "another device's refusals do not count here"
    needs_claude = await work.send(user, device_id="d-1", shell="ClaudeCode")
    with pytest.raises(ProtocolError) as error:
        await sending.move(work.store, needs_claude, "d-2")
    assert error.value.code is Code.SHELL_NOT_OFFERED
    await work.claim(target)
    with pytest.raises(ProtocolError) as error:
        await sending.move(work.store, moved, "d-1")
    assert error.value.code is Code.CONFLICT


async def test_a_device_that_is_deleted_while_somebody_sends_to_it_is_not_found(work: Work) -> None:
    user = await work.user()
    session = await work.register(user)
    async with work.store.database.write() as connection:
        await devices.lock(work.store.database, connection, session.device.row)
        # It has chosen the device, and waits for this transaction to write its row.
        late = asyncio.create_task(work.send(user, device_id="d-1"))
        await asyncio.sleep(0.3)
        await connection.execute(sa.delete(tables.devices).where(tables.devices.c.row == session.device.row))
    with pytest.raises(ProtocolError) as error:
        await late
    assert error.value.code is Code.NOT_FOUND
