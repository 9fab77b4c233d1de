"""The migrations make exactly the tables that the code means, on both databases, however often they run."""

import asyncio
import sqlite3
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy.ext.asyncio import create_async_engine
from support.store_work import Work

from api.store import tables
from api.store.database import UNIQUE_VIOLATIONS
from api.store.migrate import upgrade


async def differences(url: str) -> list[Any]:
    """Return how a database differs from ``tables.py``."""
    driver = "sqlite+aiosqlite" if url.startswith("sqlite") else "postgresql+asyncpg"
    engine = create_async_engine(sa.make_url(url).set(drivername=driver))

    def compare(connection: sa.Connection) -> list[Any]:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return list(compare_metadata(context, tables.metadata))

    async with engine.connect() as connection:
        found = await connection.run_sync(compare)
    await engine.dispose()
    return found


async def test_the_migrations_give_the_tables_of_the_code(database_url: str) -> None:
    await asyncio.to_thread(upgrade, database_url)
    assert await differences(database_url) == []


async def test_migrating_again_and_at_once_is_harmless(database_url: str) -> None:
    await asyncio.gather(*(asyncio.to_thread(upgrade, database_url) for _ in range(4)))
    await asyncio.to_thread(upgrade, database_url)
    assert await differences(database_url) == []


async def test_the_database_itself_refuses_two_active_turns_of_one_task(work: Work) -> None:
    user = await work.user()
    await work.register(user)
    first = await work.send(user, device_id="d-1")
    await work.send(user, task_id=first.task_id)
    with pytest.raises(UNIQUE_VIOLATIONS):
        async with work.store.database.write() as connection:
            await connection.execute(tables.subtasks.update().values(state="running"))


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


async def test_who_reads_after_a_read_was_cancelled_sees_what_was_written_meanwhile(work: Work) -> None:
    count = sa.select(sa.func.count()).select_from(tables.users)

    async def read(query: Any) -> Any:
        async with work.store.database.read() as connection:
            return await connection.fetch_val(query)

    for written in range(1, 61):
        cancelled = [asyncio.create_task(read(tables.users.select())) for _ in range(3)]
        for _ in range(written % 7):
            await asyncio.sleep(0)
        for task in cancelled:
            task.cancel()
        await asyncio.wait(cancelled)
        await work.user()
        assert await asyncio.gather(*(read(count) for _ in range(4))) == [written] * 4


async def test_many_writers_and_readers_at_once_are_all_served(work: Work) -> None:
    user = await work.user()
    await work.register(user)
    rows = await asyncio.gather(*(work.send(user, device_id="d-1") for _ in range(60)))
    assert len({row.position for row in rows}) == 60


def test_sqlite_holds_references_and_survives_a_power_cut(tmp_path: Path, sqlite_url: str) -> None:
    from api.store.database import _SQLiteConnection

    upgrade(sqlite_url)
    with sqlite3.connect(tmp_path / "wegent.db", factory=_SQLiteConnection) as connection:
        pragmas = [connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("foreign_keys", "journal_mode")]
        assert pragmas == [1, "wal"]
        assert connection.execute("PRAGMA synchronous").fetchone()[0] == 2
    connection.close()
