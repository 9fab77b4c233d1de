"""How a subtask ends, on both databases: once, with its output whole, whoever is in the way."""

import asyncio

import pytest
from support.store_work import Session, Work

from api.store import output, settle, tables
from api.store.live_log import LiveLog
from api.store.settle import task_error
from api.store.store import Store
from api.store.subtasks import SubtaskRow
from wegent.protocol.device_messages import Running
from wegent.protocol.errors import Code, ProtocolError
from wegent.protocol.states import Event, State


@pytest.fixture
async def user(work: Work) -> str:
    """A user."""
    return await work.user()


@pytest.fixture
async def session(work: Work, user: str) -> Session:
    """The session of a device of the user's."""
    return await work.register(user)


class Meddled(LiveLog):
    """The live log, with somebody who does something right after it was closed, a number of times."""

    def __init__(self, work: Work, times: int, row: SubtaskRow) -> None:
        super().__init__(work.store.redis, 60)
        self._work, self._row, self.times = work, row, times

    async def close(self, subtask_id: str, stored: int) -> int:
        """Close it, and then reopen it as a session does whose device goes on sending."""
        last = await super().close(subtask_id, stored)
        if self.times > 0:
            self.times -= 1
            async with self._work.store.database.write() as connection:
                await connection.execute(
                    tables.subtasks.update()
                    .where(tables.subtasks.c.id == subtask_id)
                    .values(log_version=tables.subtasks.c.log_version + 1)
                )
            await self.reopen(subtask_id)
            appended = await self._work.append(self._row, last + 1, f"after {last}")
            assert appended.verdict == "ok"
        return last


def with_log(work: Work, log: LiveLog) -> Store:
    """Return the store with another live log."""
    store = work.store
    return Store(store.settings, store.database, store.redis, log, store.presence, store.pubsub)


async def test_the_end_takes_the_output_and_the_result_along(work: Work, user: str, session: Session) -> None:
    row = await work.running(user, session)
    await work.append(row, 1, "a", "b")
    await work.append(row, 3, "c")
    settled = await work.complete(row, result={"n": 3})
    assert settled is not None
    assert (settled.state, settled.seq, settled.stored_seq) == (State.COMPLETED, 3, 3)
    assert settled.result == {"n": 3}
    assert settled.ended_at is not None
    assert await work.stored(row) == ["a", "b", "c"]
    assert (await work.append(row, 4, "late")).verdict == "closed"


@pytest.mark.parametrize("round", range(5))
async def test_of_two_ends_at_once_the_first_wins_for_ever(
    work: Work, user: str, session: Session, round: int
) -> None:
    row = await work.running(user, session)
    await work.append(row, 1, "a")
    lost = settle.settle(work.store, row.id, Event.LOSE, error=task_error(Code.DEVICE_LOST))
    ends = [work.complete(row, result={"n": 1}), lost]
    outcomes = await asyncio.gather(*(ends if round % 2 else reversed(ends)))
    (winner,) = [outcome for outcome in outcomes if outcome is not None]
    assert await work.row(row.id) == winner
    for event in Event:
        assert await settle.settle(work.store, row.id, event) is None
    assert await work.row(row.id) == winner
    assert await work.stored(row) == ["a"]


async def test_an_end_of_another_attempt_or_generation_changes_nothing(
    work: Work, user: str, session: Session
) -> None:
    row = await work.running(user, session)
    assert await settle.settle(work.store, row.id, Event.COMPLETE, attempt=2) is None
    newer = await work.register(user, running=[Running(row.id, 1)])
    generation = session.device.generation
    assert await settle.settle(work.store, row.id, Event.LOSE, generation=generation) is None
    assert (await work.row(row.id)).state is State.RUNNING
    assert await settle.settle(work.store, row.id, Event.LOSE, generation=newer.device.generation) is not None


async def test_waiting_subtasks_are_rejected_and_running_ones_are_not(
    work: Work, user: str, session: Session
) -> None:
    waiting = await work.send(user, device_id="d-1")
    assert await settle.settle(work.store, waiting.id, Event.COMPLETE) is None
    rejected = await settle.reject(work.store, waiting, task_error(Code.QUEUE_EXPIRED))
    assert rejected is not None
    assert (rejected.state, rejected.seq) == (State.FAILED, 0)
    assert rejected.error is not None
    assert rejected.error.code == "queue_expired"
    assert rejected.error.hint
    running = await work.running(user, session)
    assert await settle.reject(work.store, running, task_error(Code.DECLINED)) is None


async def test_spilling_and_ending_keep_the_output_whole(work: Work, user: str, session: Session) -> None:
    row = await work.running(user, session)
    texts = [f"{n}" for n in range(1, 31)]
    for start in range(0, 30, 3):
        await work.append(row, start + 1, *texts[start : start + 3])
        if start % 6 == 0:
            assert await output.spill(work.store.database, work.store.log, row.id) == start + 3
    assert (await work.row(row.id)).stored_seq == 27
    assert [entry.first for entry in await work.store.log.read(row.id, 0)] == [28]
    await work.complete(row)
    assert await work.stored(row) == texts


async def test_spills_and_the_end_at_once_keep_the_output_whole(work: Work, user: str, session: Session) -> None:
    row = await work.running(user, session)
    for n in range(1, 21):
        await work.append(row, n, f"{n}")
    spills = [output.spill(work.store.database, work.store.log, row.id) for _ in range(4)]
    *_, settled = await asyncio.gather(*spills, work.complete(row))
    assert settled is not None
    assert settled.seq == 20
    assert await work.stored(row) == [f"{n}" for n in range(1, 21)]
    assert await output.spill(work.store.database, work.store.log, row.id) is None


async def test_large_output_is_cut_into_rows_of_a_bounded_size(work: Work, user: str, session: Session) -> None:
    row = await work.running(user, session)
    for n in range(1, 11):
        await work.append(row, n, "x" * 100_000)
    await work.complete(row)
    assert len(await work.stored(row)) == 10
    sizes = [len(chunk[4]) for chunk in (await work.dump())["chunks"]]
    assert len(sizes) >= 4
    assert max(sizes) <= output.CHUNK_BYTES


async def test_who_reopens_the_log_makes_the_end_start_over(work: Work, user: str, session: Session) -> None:
    row = await work.running(user, session)
    await work.append(row, 1, "a")
    store = with_log(work, Meddled(work, 2, row))
    settled = await settle.settle(store, row.id, Event.COMPLETE)
    assert settled is not None
    assert settled.seq == 3
    assert await work.stored(row) == ["a", "after 1", "after 2"]


async def test_a_log_that_never_comes_to_rest_is_no_endless_loop(work: Work, user: str, session: Session) -> None:
    row = await work.running(user, session)
    await work.append(row, 1, "a")
    with pytest.raises(ProtocolError) as error:
        await settle.settle(with_log(work, Meddled(work, 1000, row)), row.id, Event.COMPLETE)
    assert error.value.code is Code.UNAVAILABLE
    assert (await work.row(row.id)).state is State.RUNNING


async def test_a_flushed_redis_keeps_what_was_stored_and_refuses_what_does_not_follow(
    work: Work, user: str, session: Session
) -> None:
    row = await work.running(user, session)
    await work.append(row, 1, "a", "b")
    await output.spill(work.store.database, work.store.log, row.id)
    await work.append(row, 3, "c")
    await work.store.redis.flushall()
    assert (await work.append(row, 4, "d")).verdict == "unknown"
    assert await work.store.log.open(row.id, 2) == 2
    assert await work.append(row, 4, "d") == ("gap", 2)
    assert await work.append(row, 2, "b", "c") == ("overlap", 2)
    assert await work.append(row, 3, "c") == ("ok", 3)
    assert await work.append(row, 3, "c") == ("known", 3)
    await work.complete(row)
    assert await work.stored(row) == ["a", "b", "c"]


async def test_late_output_is_kept_apart_in_order_and_changes_nothing_else(
    work: Work, user: str, session: Session
) -> None:
    row = await work.running(user, session)
    await work.append(row, 1, "a")
    settled = await settle.settle(work.store, row.id, Event.LOSE, error=task_error(Code.DEVICE_LOST))
    assert settled is not None
    pieces = [
        output.Piece(2, 3, b'[{"text":"b"},{"text":"c"}]'),
        output.Piece(3, 4, b'[{"text":"c"},{"text":"d"}]'),
    ]
    database = work.store.database
    assert [await output.append_late(database, settled, piece) for piece in pieces] == [3, 4]
    assert await output.append_late(database, settled, output.Piece(9, 9, b'[{"text":"z"}]')) == 4
    assert await output.append_late(database, settled, pieces[0]) == 4
    assert await work.stored(row, late=True) == ["b", "c", "d"]
    assert await work.stored(row) == ["a"]
    assert await work.row(row.id) == settled


async def test_late_output_of_a_deleted_task_is_not_found(work: Work, user: str, session: Session) -> None:
    row = await work.running(user, session)
    settled = await work.complete(row)
    assert settled is not None
    async with work.store.database.write() as connection:
        await connection.execute(tables.tasks.delete())
    with pytest.raises(ProtocolError) as error:
        await output.append_late(work.store.database, settled, output.Piece(1, 1, b'[{"text":"a"}]'))
    assert error.value.code is Code.NOT_FOUND


async def test_cancel_stops_at_once_what_waits_and_asks_what_runs(work: Work, user: str, session: Session) -> None:
    offered = await work.send(user, device_id="d-1")
    await work.claim(session)
    waiting = await work.send(user, task_id=offered.task_id)
    running = await work.running(user, session)
    states = []
    for row in (waiting, offered, running):
        states.append((await settle.cancel(work.store, row)).state)
    assert states == [State.CANCELLED, State.CANCELLED, State.CANCELLING]
    assert await work.happen(offered, Event.ACCEPT) is None
    again = await settle.cancel(work.store, running)
    assert again == await work.row(running.id)
    await settle.settle(work.store, running.id, Event.STOPPED)
    assert (await settle.cancel(work.store, running)).state is State.CANCELLED
