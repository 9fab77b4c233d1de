"""Connections and transactions, on both databases: nothing that is cancelled or fails stays behind."""

import asyncio
import sqlite3
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from support.store_work import Work

from api.store import tables
from api.store.database import UNIQUE_VIOLATIONS, _SQLiteConnection
from api.store.migrate import upgrade

COUNT = sa.select(sa.func.count()).select_from(tables.users)


async def read(work: Work, query: Any, how: str = "fetch_val") -> Any:
    """Read one value, or in another of a connection's ways."""
    async with work.store.database.read() as connection:
        return await getattr(connection, how)(query)


async def write(work: Work) -> None:
    """Write twice in one transaction."""
    async with work.store.database.write() as connection:
        for now in (1, 2):
            await connection.execute(tables.users.update().values(created_at=now))


async def test_a_write_that_fails_leaves_nothing_behind_and_the_next_one_works(work: Work) -> None:
    with pytest.raises(ZeroDivisionError):
        async with work.store.database.write() as connection:
            await connection.execute(tables.devices.delete())
            raise ZeroDivisionError
    user = await work.user()
    before = await work.dump()

    async def cancelled() -> None:
        async with work.store.database.write() as connection:
            await connection.execute(tables.users.delete())
            await asyncio.sleep(60)

    task = asyncio.create_task(cancelled())
    await asyncio.sleep(0.2)
    task.cancel()
    await asyncio.wait([task], timeout=10)
    assert await work.dump() == before
    await work.register(user)


async def test_a_statement_that_breaks_a_rule_undoes_only_itself(work: Work) -> None:
    user = await work.user("ada")
    database = work.store.database
    async with database.write() as connection:
        await connection.execute(tables.users.update().values(created_at=7))
        with pytest.raises(UNIQUE_VIOLATIONS):
            async with database.savepoint(connection):
                values = {"id": "other", "name": user, "password_hash": "", "is_admin": False, "created_at": 1}
                await connection.execute(tables.users.insert().values(values))
        async with database.savepoint(connection):
            await connection.execute(tables.users.update().values(is_admin=True))
    assert (await work.dump())["users"] == [("ada", "ada", "none", True, None, 7)]


async def test_who_reads_after_a_read_was_cancelled_sees_what_was_written_meanwhile(work: Work) -> None:
    for written in range(1, 64):
        how = ("fetch_val", "fetch_one", "fetch_all")[written % 3]
        cancelled = [asyncio.create_task(read(work, tables.users.select(), how)) for _ in range(3)]
        for _ in range(written % 7):
            await asyncio.sleep(0)
        for task in cancelled:
            task.cancel()
        await asyncio.wait(cancelled)
        await work.user()
        assert await asyncio.gather(*(read(work, COUNT) for _ in range(4))) == [written] * 4


async def test_what_is_cancelled_at_any_moment_gives_its_connection_back(work: Work) -> None:
    await work.user()
    for round in range(150):
        cancelled = [asyncio.create_task(write(work) if n % 2 else read(work, COUNT)) for n in range(4)]
        await asyncio.sleep(0.0004 * (round % 11))
        for task in cancelled:
            task.cancel()
        done, _ = await asyncio.wait(cancelled, timeout=20)
        assert len(done) == 4
        assert not [task for task in done if not task.cancelled() and task.exception()]
    async with asyncio.timeout(20):
        await asyncio.gather(*(read(work, COUNT) for _ in range(30)), *(write(work) for _ in range(30)))


async def test_many_writers_and_readers_at_once_are_all_served(work: Work) -> None:
    user = await work.user()
    await work.register(user)
    rows = await asyncio.gather(*(work.send(user, device_id="d-1") for _ in range(60)))
    assert len({row.position for row in rows}) == 60


def test_sqlite_holds_references_and_survives_a_power_cut(tmp_path: Path, sqlite_url: str) -> None:
    upgrade(sqlite_url)
    with sqlite3.connect(tmp_path / "wegent.db", factory=_SQLiteConnection) as connection:
        pragmas = [connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("foreign_keys", "journal_mode")]
        assert pragmas == [1, "wal"]
        assert connection.execute("PRAGMA synchronous").fetchone()[0] == 2
    connection.close()
