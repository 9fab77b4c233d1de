"""The store: SQL, Redis and what is built on them, opened together."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec

from api.config import Settings
from api.store import redis
from api.store.database import Database
from api.store.live_log import LiveLog
from api.store.presence import PresenceBoard
from api.store.pubsub import PubSub


class Store(msgspec.Struct, frozen=True):
    """What every room that stores something is given."""

    settings: Settings
    database: Database
    redis: redis.Client
    log: LiveLog
    presence: PresenceBoard
    pubsub: PubSub


@asynccontextmanager
async def open_store(settings: Settings) -> AsyncIterator[Store]:
    """Connect to SQL and Redis until the block ends."""
    async with Database.open(settings.database_url) as database, redis.connected(settings.redis_url) as client:
        pubsub = PubSub(client)
        log = LiveLog(client, settings.timing.log_retention)
        try:
            yield Store(
                settings=settings,
                database=database,
                redis=client,
                log=log,
                presence=PresenceBoard(client, settings.timing.online_ttl),
                pubsub=pubsub,
            )
        finally:
            await pubsub.aclose()
            await log.aclose()
