"""The migrations make exactly the tables that the code means, on both databases, however often they run."""

import asyncio
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
