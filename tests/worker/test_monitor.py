"""The monitor: what it fails when a device is gone, and when it keeps its hands off."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
import pytest
from support.processes import eventually
from support.store_work import Session, Work

from api.store import devices, settle, tables
from api.store.presence import DEADLINES, EPOCH, Presence, PresenceBoard
from api.store.store import Store
from wegent.protocol.device_messages import Running
from wegent.protocol.states import Event, State
from worker import monitor


async def gone(work: Work, *sessions: Session) -> None:
    """Wait until the presence of these devices has expired."""
    rows = [session.device.row for session in sessions]

    async def is_gone() -> bool:
        return not await work.store.presence.read(rows)

    await eventually(is_gone, 15)


async def state_of(work: Work, subtask_id: str) -> tuple[State, str | None]:
    """Return a subtask's state and its error's code."""
    row = await work.row(subtask_id)
    return row.state, row.error.code if row.error else None


async def test_a_lost_devices_subtasks_fail_and_what_never_started_waits_on(
    work: Work, user: str, session: Session
) -> None:
    running = await work.running(user, session)
    await work.append(running, 1, "a", "b")
    cancelling = await settle.cancel(work.store, await work.running(user, session))
    offered = await work.send(user, device_id="d-1")
    await work.claim(session)
    queued = await work.send(user, device_id="d-1")
    await gone(work, session)
    assert await monitor.sweep(work.store) == 2
    assert await state_of(work, running.id) == (State.FAILED, "device_lost")
    assert await state_of(work, cancelling.id) == (State.FAILED, "device_lost")
    assert await state_of(work, queued.id) == (State.QUEUED, None)
    back = await work.row(offered.id)
    assert (back.state, back.failed_offers, back.attempt) == (State.QUEUED, 0, 1)
    assert back.waiting_reason is not None
    lost = await work.row(running.id)
    assert lost.error is not None
    assert "d-1 was disconnected" in lost.error.message and "1.5 seconds" in lost.error.message
    assert lost.error.hint
    assert await work.stored(running) == ["a", "b"]
    ((_, shown),) = await devices.show(work.store, user)
    assert (shown.status, shown.slots.used, shown.queued) == ("offline", 0, 2)
    assert await monitor.sweep(work.store) == 0


async def test_a_device_that_is_there_keeps_its_subtasks(work: Work, user: str, session: Session) -> None:
    running = await work.running(user, session)
    await work.store.presence.write(session.device.row, Presence(session.device.generation), ttl_seconds=60)
    # Even where its deadline says otherwise.
    await work.store.redis.zadd(DEADLINES, {str(session.device.row): 1})
    assert await monitor.sweep(work.store) == 0
    assert await state_of(work, running.id) == (State.RUNNING, None)


@pytest.mark.parametrize("is_missing", [True, False])
async def test_nobody_is_lost_while_the_epoch_is_missing_or_young(
    work: Work, user: str, session: Session, is_missing: bool
) -> None:
    running = await work.running(user, session)
    await gone(work, session)
    old = await work.store.redis.get(EPOCH)
    if is_missing:
        await work.store.redis.delete(EPOCH)
    else:
        # It is young for as long as the test takes.
        await work.store.redis.set(EPOCH, f"epoch {await work.store.presence.now_ms() + 10_000}")
    assert await monitor.sweep(work.store) == 0
    assert await state_of(work, running.id) == (State.RUNNING, None)
    await work.store.redis.set(EPOCH, old)
    assert await monitor.sweep(work.store) == 1


async def test_after_a_flush_sql_still_says_who_was_at_work(work: Work, user: str, session: Session) -> None:
    running = await work.running(user, session)
    await gone(work, session)
    await work.store.redis.flushall()
    await work.store.redis.set(EPOCH, f"epoch {await work.store.presence.now_ms() - 3_600_000}")
    assert await monitor.sweep(work.store) == 1
    assert await state_of(work, running.id) == (State.FAILED, "device_lost")


async def test_only_the_lost_device_is_touched(work: Work, user: str, session: Session) -> None:
    other_user = await work.user()
    other = await work.register(other_user, "d-1")
    mine, theirs = await work.running(user, session), await work.running(other_user, other)
    await gone(work, session)
    await work.store.presence.write(other.device.row, Presence(other.device.generation), ttl_seconds=60)
    assert await monitor.sweep(work.store) == 1
    assert await state_of(work, mine.id) == (State.FAILED, "device_lost")
    assert await state_of(work, theirs.id) == (State.RUNNING, None)


async def test_workers_at_once_fail_each_subtask_once(work: Work, user: str, session: Session) -> None:
    for _ in range(3):
        await work.running(user, session)
    await gone(work, session)
    assert sum(await asyncio.gather(*(monitor.sweep(work.store) for _ in range(3)))) == 3


async def test_the_monitor_notes_when_the_device_was_last_heard_and_pokes_its_user(
    work: Work, user: str, session: Session
) -> None:
    heard = await work.store.presence.now_ms()
    await work.store.presence.write(session.device.row, Presence(session.device.generation))
    await gone(work, session)
    assert await monitor.sweep(work.store) == 0
    async with work.store.database.read() as connection:
        row = await devices.get(connection, user, "d-1")
    assert heard <= row.last_seen <= await work.store.presence.now_ms() - 400
    # It is off the list: the next sweep costs nothing.
    assert await work.store.presence.expired() == {}


class Slow(PresenceBoard):
    """Presence, with something that happens just when the monitor reads it."""

    after: Callable[[], Awaitable[Any]] | None = None

    async def read(self, rows: Any) -> dict[int, Presence]:
        found = await super().read(rows)
        if self.after is not None:
            await self.after()
        return found


def slowed(store: Store) -> tuple[Store, Slow]:
    """Return the store with a presence board that a test can break into."""
    board = Slow(store.redis, store.settings.timing.online_ttl)
    return msgspec.structs.replace(store, presence=board), board


async def test_a_device_that_returns_during_the_sweep_keeps_its_subtasks(
    work: Work, user: str, session: Session
) -> None:
    running = await work.running(user, session)
    await gone(work, session)
    store, board = slowed(work.store)

    async def come_back() -> None:
        await work.register(user, running=[Running(running.id, 1)])

    board.after = come_back
    assert await monitor.sweep(store) == 0
    assert await state_of(work, running.id) == (State.RUNNING, None)
    async with work.store.database.read() as connection:
        row = await devices.get(connection, user, "d-1")
    assert row.last_seen > session.device.last_seen
    # Its new deadline stands: when it goes again, the next sweep sees that.
    assert await work.store.redis.zscore(DEADLINES, str(row.row)) is not None


async def test_a_device_whose_register_has_just_been_committed_keeps_its_subtasks(
    work: Work, user: str, session: Session
) -> None:
    running = await work.running(user, session)
    await gone(work, session)
    again = await work.register(user, running=[Running(running.id, 1)])
    # The register is about to write presence: SQL has the one, Redis not yet the other.
    await work.store.presence.clear(again.device.row, again.device.generation)
    assert await monitor.sweep(work.store) == 0
    assert await state_of(work, running.id) == (State.RUNNING, None)


async def test_one_subtask_that_cannot_be_settled_does_not_save_the_others(
    work: Work, user: str, session: Session
) -> None:
    stuck = await work.running(user, session)
    other_user = await work.user()
    other = await work.register(other_user)
    running = await work.running(other_user, other)
    # Redis lost entries of its log, but not the note that they were there.
    await work.append(stuck, 1, "a")
    await work.store.redis.delete(f"log:{{{stuck.id}}}:stream")
    await gone(work, session, other)
    assert await monitor.sweep(work.store) == 1
    assert await state_of(work, running.id) == (State.FAILED, "device_lost")
    # What the log promised is not there: the next sweep settles with what there is.
    assert await monitor.sweep(work.store) == 1
    assert await state_of(work, stuck.id) == (State.FAILED, "device_lost")


async def test_a_lost_cloud_executor_gives_its_offers_back_to_the_cloud(work: Work, user: str) -> None:
    session = await work.register(user, "pool-1", kind="cloud")
    running = await work.send(user, device_id="cloud")
    await work.start(session)
    offered = await work.send(user, device_id="cloud")
    await work.claim(session)
    await gone(work, session)
    assert await monitor.sweep(work.store) == 1
    assert await state_of(work, running.id) == (State.FAILED, "device_lost")
    back = await work.row(offered.id)
    assert (back.state, back.device, back.is_cloud) == (State.QUEUED, None, True)


async def test_a_deleted_devices_deadline_is_forgotten(work: Work, user: str, session: Session) -> None:
    async with work.store.database.write() as connection:
        await connection.execute(tables.devices.delete())
    await gone(work, session)
    assert await monitor.sweep(work.store) == 0
    assert await work.store.presence.expired() == {}


async def test_a_late_success_does_not_turn_a_lost_subtask_back(work: Work, user: str, session: Session) -> None:
    running = await work.running(user, session)
    await gone(work, session)
    await monitor.sweep(work.store)
    before = await work.row(running.id)
    assert await settle.settle(work.store, running.id, Event.COMPLETE, attempt=1) is None
    assert await work.row(running.id) == before
