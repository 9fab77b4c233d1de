"""The migrations make exactly the tables that the code means, on both databases, however often they run."""

import asyncio
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy.ext.asyncio import create_async_engine
from support.store_work import Work

from api.store import tables
from api.store.database import UNIQUE_VIOLATIONS
from api.store.migrate import config, upgrade


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


async def test_what_was_there_before_unread_was_known_counts_as_seen_and_stays(database_url: str) -> None:
    def go(connection: sa.Connection, way: Any, revision: str) -> None:
        configuration = config()
        configuration.attributes["connection"] = connection
        way(configuration, revision)

    driver = "sqlite+aiosqlite" if database_url.startswith("sqlite") else "postgresql+asyncpg"
    engine = create_async_engine(sa.make_url(database_url).set(drivername=driver))
    insert = "INSERT INTO tasks (id, user_id, title, created_at, updated_at) VALUES ('t', 'u', 'x', 1, 2)"
    async with engine.begin() as connection:
        await connection.run_sync(go, command.upgrade, "0001")
        await connection.execute(sa.text(insert))
    await asyncio.to_thread(upgrade, database_url)
    async with engine.connect() as connection:
        kept = (await connection.execute(sa.text("SELECT title, noted_at, seen_at FROM tasks"))).one()
    assert tuple(kept) == ("x", 0, 0)
    async with engine.begin() as connection:
        await connection.run_sync(go, command.downgrade, "0001")
        assert (await connection.execute(sa.text("SELECT id FROM tasks"))).scalar_one() == "t"
    await engine.dispose()
    await asyncio.to_thread(upgrade, database_url)
    assert await differences(database_url) == []
