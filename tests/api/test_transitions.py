"""Every pair of state and event in SQL, on both databases, against the one table of states."""

from collections.abc import AsyncIterator

import pytest
from support.store_work import Work, migrated_store

from api.store import tables
from api.store.subtasks import SubtaskRow
from wegent.protocol.states import TERMINAL, TRANSITIONS, Event, State


@pytest.fixture
async def work(database_url: str, redis_url: str) -> AsyncIterator[Work]:
    """A store on an empty database."""
    async with migrated_store(database_url, redis_url) as store:
        yield Work(store)


async def in_state(work: Work, row: SubtaskRow, state: State) -> SubtaskRow:
    """Put a subtask into a state, as if it had always been there, at its second attempt."""
    seq = 3 if state in TERMINAL else None
    values = {"state": state.value, "attempt": 2, "seq": seq, "ended_at": seq, "started_at": None}
    async with work.store.database.write() as connection:
        await connection.execute(tables.subtasks.update().where(tables.subtasks.c.id == row.id).values(values))
    return await work.row(row.id)


async def test_every_pair_of_state_and_event_does_in_sql_what_the_table_says(work: Work) -> None:
    user = await work.user()
    await work.register(user)
    subtask = await work.send(user, device_id="d-1")
    for state in State:
        for event in Event:
            before = await in_state(work, subtask, state)
            changed = await work.happen(before, event)
            after = await work.row(subtask.id)
            assert changed == (after if (state, event) in TRANSITIONS else None), (state, event)
            if (state, event) not in TRANSITIONS:
                assert after == before, (state, event)
                continue
            assert after.state is TRANSITIONS[state, event], (state, event)
            assert after.attempt == 2 + (event is Event.OFFER)
            assert (after.ended_at is not None) == (after.state in TERMINAL), (state, event)
            assert (after.started_at is not None) == (event is Event.ACCEPT), (state, event)


async def test_an_event_of_another_attempt_changes_nothing(work: Work) -> None:
    user = await work.user()
    await work.register(user)
    subtask = await work.send(user, device_id="d-1")
    for state, event in TRANSITIONS:
        before = await in_state(work, subtask, state)
        for attempt in (1, 3):
            assert await work.happen(before, event, attempt=attempt) is None, (state, event)
        assert await work.row(subtask.id) == before
        assert await work.happen(before, event, attempt=2) is not None


async def test_an_event_of_one_subtask_leaves_the_others_alone(work: Work) -> None:
    user = await work.user()
    await work.register(user)
    subtask, other = await work.send(user, device_id="d-1"), await work.send(user, device_id="d-1")
    for state, event in TRANSITIONS:
        untouched = await in_state(work, other, state)
        await work.happen(await in_state(work, subtask, state), event)
        assert await work.row(other.id) == untouched


async def test_what_never_started_ends_with_no_output_at_all(work: Work) -> None:
    user = await work.user()
    await work.register(user)
    subtask = await work.send(user, device_id="d-1")
    for state in (State.QUEUED, State.OFFERED):
        for event in (Event.CANCEL, Event.REJECT):
            ended = await work.happen(await in_state(work, subtask, state), event)
            assert ended is not None
            assert ended.seq == 0
