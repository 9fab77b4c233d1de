"""A store with waits short enough to sit through, on both databases, and hands that do what sessions do."""

from collections.abc import AsyncIterator

import pytest
from support.store_work import Session, Work, migrated_store

from api.store.presence import EPOCH

SHORT = {
    "WEGENT_HEARTBEAT_SECONDS": "0.1",
    "WEGENT_ONLINE_TTL_SECONDS": "1.5",
    "WEGENT_OFFER_SECONDS": "0.1",
    "WEGENT_CANCEL_SECONDS": "0.1",
    "WEGENT_TERMINATE_SECONDS": "0.1",
    "WEGENT_STOP_UNCONFIRMED_SECONDS": "0.1",
}


@pytest.fixture
async def work(database_url: str, redis_url: str) -> AsyncIterator[Work]:
    """A store on an empty database and an empty Redis; an API process has lived for an hour."""
    async with migrated_store(database_url, redis_url, **SHORT) as store:
        await store.redis.set(EPOCH, f"epoch {await store.presence.now_ms() - 3_600_000}")
        yield Work(store)


@pytest.fixture
async def user(work: Work) -> str:
    """Somebody."""
    return await work.user()


@pytest.fixture
async def session(work: Work, user: str) -> Session:
    """A device of theirs that has just registered."""
    return await work.register(user)
