"""The store on both databases: each test runs once on SQLite and once on PostgreSQL."""

from collections.abc import AsyncIterator

import pytest
from support.store_work import Work, migrated_store


@pytest.fixture
async def work(database_url: str, redis_url: str) -> AsyncIterator[Work]:
    """A store on an empty database and an empty Redis, with hands."""
    async with migrated_store(database_url, redis_url) as store:
        yield Work(store)
