"""The live log takes each number once and in order, and says by its verdict what is wrong with a piece."""

import asyncio

import pytest
from support.store_work import Session, Work

from api.follow import Follower
from api.store.live_log import Entry
from api.store.subtasks import SubtaskRow


@pytest.fixture
async def row(work: Work) -> SubtaskRow:
    """A running subtask whose log is open."""
    user = await work.user()
    session: Session = await work.register(user)
    return await work.running(user, session)


async def test_each_piece_is_judged_by_what_the_log_holds(work: Work, row: SubtaskRow) -> None:
    assert await work.append(row, 1, "a", "b") == ("ok", 2)
    assert await work.append(row, 1, "a", "b") == ("known", 2)
    assert await work.append(row, 2, "b", "c") == ("overlap", 2)
    assert await work.append(row, 4, "d") == ("gap", 2)
    assert await work.append(row, 3, "c") == ("ok", 3)
    assert [entry.first for entry in await work.store.log.read(row.id, 0)] == [1, 3]


async def test_a_closed_log_and_a_forgotten_one_take_nothing(work: Work, row: SubtaskRow) -> None:
    await work.append(row, 1, "a")
    assert await work.store.log.close(row.id, 0) == 1
    assert await work.append(row, 2, "b") == ("closed", 1)
    await work.store.log.reopen(row.id)
    assert await work.append(row, 2, "b") == ("ok", 2)
    await work.store.log.forget(row.id)
    assert await work.append(row, 3, "c") == ("unknown", 0)


class Seen:
    """A viewer that keeps what it is told."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []

    async def chunk(self, entry: Entry) -> None:
        """Keep a piece."""
        self.entries.append(entry)

    async def done(self, row: SubtaskRow) -> None:
        """Nothing ends here."""


async def test_a_push_after_a_gap_makes_the_follower_read_what_is_between(work: Work, row: SubtaskRow) -> None:
    seen = Seen()
    follower = Follower(work.store, row.id, 0, seen)
    await follower._read()
    for number in (1, 2, 3):
        await work.append(row, number, f"{number}")
    (*_, third) = await work.store.log.read(row.id, 0)
    follower._push(third.payload)
    async with asyncio.timeout(5):
        await follower._follow()
        await follower._read()
    assert [entry.first for entry in seen.entries] == [1, 2, 3]
