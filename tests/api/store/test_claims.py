"""Claiming, on both databases: in the queue's order, never beyond the slots, one turn of a task at a time."""

import asyncio

import pytest
from support.store_work import Session, Work

from api.store import claims, devices, settle, subtasks, tables
from api.store.registration import DeletedError, ReplacedError
from wegent.protocol.states import HOLDS_SLOT, Event, State


async def holding(work: Work, session: Session) -> int:
    """Return how many slots of a device are taken."""
    async with work.store.database.read() as connection:
        rows = await subtasks.select(connection, tables.subtasks.c.device == session.device.row)
    return sum(row.state in HOLDS_SLOT for row in rows)


async def test_the_queue_is_served_in_its_order_while_slots_are_free(work: Work) -> None:
    user = await work.user()
    session = await work.register(user, slots=2)
    rows = [await work.send(user, device_id="d-1") for _ in range(5)]
    first = await work.start(session)
    assert [row.id for row in first] == [row.id for row in rows[:2]]
    assert {(row.state, row.attempt) for row in first} == {(State.RUNNING, 1)}
    assert await work.claim(session) == []
    await work.complete(first[1])
    (third,) = await work.start(session)
    assert third.id == rows[2].id


async def test_a_cancelling_subtask_keeps_its_slot(work: Work) -> None:
    user = await work.user()
    session = await work.register(user, slots=1)
    running = await work.running(user, session)
    await work.send(user, device_id="d-1")
    assert (await settle.cancel(work.store, running)).state is State.CANCELLING
    assert await work.claim(session) == []
    await settle.settle(work.store, running.id, Event.STOPPED)
    assert len(await work.claim(session)) == 1


async def test_many_claims_at_once_take_each_subtask_once_and_no_slot_twice(work: Work) -> None:
    user = await work.user()
    session = await work.register(user, slots=5)
    for _ in range(12):
        await work.send(user, device_id="d-1")
    claimed = await asyncio.gather(*(work.claim(session) for _ in range(8)))
    taken = [row.id for rows in claimed for row in rows]
    assert len(taken) == len(set(taken)) == 5
    assert await holding(work, session) == 5


async def test_what_was_put_back_keeps_its_place_and_its_attempts_count_up(work: Work) -> None:
    user = await work.user()
    session = await work.register(user, slots=1)
    rows = [await work.send(user, device_id="d-1") for _ in range(2)]
    (offered,) = await work.claim(session)
    await settle.requeue(work.store, offered, reason="later", failed_offers=1)
    (again,) = await work.claim(session)
    assert (again.id, again.attempt, again.waiting_reason) == (rows[0].id, 2, "later")


async def test_turns_of_one_task_run_one_after_the_other_on_one_device(work: Work) -> None:
    user = await work.user()
    session = await work.register(user)
    first = await work.send(user, device_id="d-1")
    second = await work.send(user, task_id=first.task_id)
    other = await work.send(user, device_id="d-1")
    running = await work.start(session)
    assert [row.id for row in running] == [first.id, other.id]
    await work.complete(running[0])
    assert [row.id for row in await work.claim(session)] == [second.id]


async def test_turns_of_one_task_never_run_on_two_devices_at_once(work: Work) -> None:
    user = await work.user()
    sessions = [await work.register(user, f"d-{n}", slots=8) for n in range(3)]
    tasks = []
    for _ in range(6):
        turn = await work.send(user, device_id="d-0")
        await work.send(user, task_id=turn.task_id, device_id="d-1")
        await work.send(user, task_id=turn.task_id, device_id="d-2")
        tasks.append(turn.task_id)
    claimed = await asyncio.gather(*(work.claim(session) for session in sessions * 3))
    at_work = [row.task_id for rows in claimed for row in rows]
    assert len(at_work) == len(set(at_work))
    for session in sessions:
        at_work += [row.task_id for row in await work.claim(session)]
    assert sorted(at_work) == sorted(tasks)


async def test_many_waiting_turns_of_one_task_do_not_hide_what_waits_behind_them(work: Work) -> None:
    user = await work.user()
    session = await work.register(user, slots=2)
    first = await work.send(user, device_id="d-1")
    for _ in range(60):
        await work.send(user, task_id=first.task_id)
    behind = await work.send(user, device_id="d-1")
    taken = await work.claim(session) + await work.claim(session)
    assert [row.id for row in taken] == [first.id, behind.id]


async def test_a_replaced_session_claims_nothing(work: Work) -> None:
    user = await work.user()
    old = await work.register(user)
    new = await work.register(user)
    assert new.device.generation == old.device.generation + 1
    await work.send(user, device_id="d-1")
    with pytest.raises(ReplacedError):
        await work.claim(old)
    assert len(await work.claim(new)) == 1


async def test_a_deleted_devices_session_claims_nothing(work: Work) -> None:
    user = await work.user()
    session = await work.register(user)
    await devices.delete(work.store, user, "d-1")
    with pytest.raises(DeletedError):
        await work.claim(session)


async def test_what_waited_too_long_is_not_claimed(work: Work) -> None:
    user = await work.user()
    session = await work.register(user)
    row = await work.send(user, device_id="d-1")
    async with work.store.database.write() as connection:
        await connection.execute(tables.subtasks.update().values(expires_at=1))
    assert await work.claim(session) == []
    assert (await work.row(row.id)).state is State.QUEUED


async def test_any_cloud_executor_takes_what_waits_for_the_cloud_once(work: Work) -> None:
    user, operator = await work.user(), await work.user()
    local = await work.register(user)
    pool = [await work.register(operator, f"cloud-{n}", kind="cloud", slots=2) for n in range(3)]
    rows = [await work.send(user, device_id="cloud") for _ in range(5)]
    assert await work.claim(local) == []
    claimed = await asyncio.gather(*(work.claim(session) for session in pool * 2))
    for session in pool:
        claimed.append(await work.claim(session))
    taken = [row.id for rows in claimed for row in rows]
    assert sorted(taken) == sorted(row.id for row in rows)
    assert all([await holding(work, session) <= 2 for session in pool])
    given_back = await settle.requeue(work.store, await work.row(taken[0]), reason=None, failed_offers=0)
    assert given_back is not None
    assert (given_back.device, given_back.device_id) == (None, "cloud")


async def test_a_task_goes_on_with_the_devices_own_session_elsewhere_with_a_transcript(work: Work) -> None:
    user = await work.user()
    here, there = await work.register(user, "d-1"), await work.register(user, "d-2")
    first = await work.running(user, here, prompt="count")
    await work.complete(first, result={"session_id": "abc", "text": "1 2 3"})
    await work.send(user, task_id=first.task_id, prompt="on")
    (same,) = await claims.claim(work.store, here.device, here.id)
    assert (same.history_session, same.transcript) == ("abc", "")
    await work.happen(same.row, Event.ACCEPT)
    await work.complete(same.row, result={"text": "4"})
    await work.send(user, task_id=first.task_id, device_id="d-2", prompt="go on there")
    (moved,) = await claims.claim(work.store, there.device, there.id)
    assert moved.history_session is None
    assert moved.transcript == "User: count\nAssistant: 1 2 3\nUser: on\nAssistant: 4\n"


async def test_a_transcript_is_bounded_and_keeps_the_newest(work: Work) -> None:
    user = await work.user()
    here, there = await work.register(user, "d-1"), await work.register(user, "d-2")
    row = await work.running(user, here, prompt="the first")
    await work.complete(row, result={"text": "x" * claims.TRANSCRIPT_BYTES})
    await work.send(user, task_id=row.task_id, prompt="the second")
    (row,) = await work.start(here)
    await work.complete(row, result={"text": "short"})
    await work.send(user, task_id=row.task_id, device_id="d-2")
    (moved,) = await claims.claim(work.store, there.device, there.id)
    assert moved.transcript == "User: the second\nAssistant: short\n"


async def test_a_session_id_that_sql_cannot_hold_does_not_keep_a_subtask_from_ending(work: Work) -> None:
    user = await work.user()
    session = await work.register(user)
    row = await work.running(user, session)
    assert await work.complete(row, result={"session_id": "a\0b"}) is not None
    assert (await work.row(row.id)).result == {"session_id": "a\0b"}
