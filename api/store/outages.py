"""What SQL and Redis raise while they are away: worth waiting for, never a reason to give work up."""

import sqlite3

import asyncpg

from api.store.redis import RedisError

OUTAGES: tuple[type[Exception], ...] = (
    RedisError,
    OSError,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.TransactionRollbackError,
    asyncpg.InterfaceError,
    sqlite3.OperationalError,
)
