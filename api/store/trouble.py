"""What is wrong with the database or Redis, told in a sentence to the person who started a command."""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager


class TroubleError(Exception):
    """The database or Redis cannot be used; the message says why and what to do."""


@contextmanager
def told(database_url: str, redis_url: str = "") -> Iterator[None]:
    """Turn what a driver raises in the block into a :class:`TroubleError` that shows no password."""
    from asyncpg import InterfaceError, PostgresError
    from redis import RedisError
    from sqlalchemy.exc import DBAPIError

    from api.store.schema import OldSchemaError

    try:
        yield
    except RedisError as error:
        raise TroubleError(
            f"Redis at {_shown(redis_url)} cannot be used: {error}. Start it, or check WEGENT_REDIS_URL."
        ) from None
    except (OSError, sqlite3.Error, PostgresError, InterfaceError, DBAPIError, OldSchemaError) as error:
        reason = getattr(error, "orig", None) or error
        raise TroubleError(
            f"the database {_shown(database_url)} cannot be used: {reason}."
            " Check WEGENT_DATABASE_URL, and bring it up to date: wegent-server migrate"
        ) from None


def _shown(url: str) -> str:
    return re.sub(r"//[^@/]*@", "//", url)
